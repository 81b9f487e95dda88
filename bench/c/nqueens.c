/* bench/nqueens.py in C. */
#include "python.h"

/* x << 1 */
static inline int64_t twice(int64_t x) { return add(x, x); }

static int64_t place(int64_t row_mask, int64_t columns, int64_t left, int64_t right)
{
    ENTER();
    int64_t count = 0;
    if (columns == row_mask) {
        count = 1;
    } else {
        int64_t open = row_mask & ~(columns | left | right);
        while (open) {
            int64_t bit = open & sub(0, open);
            open = sub(open, bit);
            count = add(count, place(row_mask, columns | bit, twice(left | bit), (right | bit) >> 1));
        }
    }
    LEAVE();
    return count;
}

static list_object *first;

static int64_t queens_lists(int64_t n)
{
    object *zero = box_int(0);
    list_object *position = repeat(zero, n), *columns = repeat(BOOL(0), n), *up = repeat(BOOL(0), 2 * n), *down = repeat(BOOL(0), 2 * n);
    drop(zero);
    int64_t count = 0, row = 0, column = 0;
    if (first)
        drop(&first->head);
    first = NULL;
    while (row >= 0) {
        while (column < n && (truth(ITEM(columns, column)) || truth(ITEM(up, add(row, column))) || truth(ITEM(down, add(sub(row, column), n)))))
            column = add(column, 1);
        if (column < n) {
            set(position, row, box_int(column));
            if (row == n - 1) {
                count = add(count, 1);
                if (!first)
                    first = copy(position);
                column = add(column, 1);
                continue;
            }
            set(columns, column, own(BOOL(1)));
            set(up, add(row, column), own(BOOL(1)));
            set(down, add(sub(row, column), n), own(BOOL(1)));
            row = add(row, 1);
            column = 0;
        } else {
            row = sub(row, 1);
            if (row >= 0) {
                column = int_of(ITEM(position, row));
                set(columns, column, own(BOOL(0)));
                set(up, add(row, column), own(BOOL(0)));
                set(down, add(sub(row, column), n), own(BOOL(0)));
                column = add(column, 1);
            }
        }
    }
    drop(&position->head);
    drop(&columns->head);
    drop(&up->head);
    drop(&down->head);
    return count;
}

static volatile int64_t n;
static int64_t result;
static void print_bits(void) { printf("%" PRId64, result); }

static void print_lists(void)
{
    printf("(%" PRId64 ", ", result);
    print_object(&first->head);
    printf(")");
}

static void run_bits(void) { n = 11, result = place(((int64_t)1 << n) - 1, 0, 0, 0); }
static void run_lists(void) { n = 10, result = queens_lists(n); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"queens (bits)", run_bits, print_bits}, {"queens (lists)", run_lists, print_lists}, {0}};
    return measure(kernels, argc, argv);
}
