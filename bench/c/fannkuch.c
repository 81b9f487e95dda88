/* bench/fannkuch.py in C: lists of ints. */
#include "python.h"

static inline void swap(list_object *l, int64_t i, int64_t j)
{
    object **a = slot(l, i), **b = slot(l, j), *kept = *a;
    *a = *b;
    *b = kept;
}

static int64_t most_flips;

static int64_t fannkuch(int64_t n)
{
    list_object *permutation = new_list(n), *counts = new_list(n);
    for (int64_t i = 0; i < n; i++) {
        permutation->items[i] = box_int(i);
        counts->items[i] = box_int(i + 1);
    }
    int64_t checksum = 0, sign = 1;
    most_flips = 0;
    for (;;) {
        if (int_of(ITEM(permutation, 0))) {
            list_object *stack = copy(permutation);
            int64_t flips = 0, first = int_of(ITEM(stack, 0));
            while (first) {
                for (int64_t low = 0, high = first; low < high; low = add(low, 1), high = sub(high, 1))
                    swap(stack, low, high);
                flips = add(flips, 1);
                first = int_of(ITEM(stack, 0));
            }
            if (flips > most_flips)
                most_flips = flips;
            checksum = add(checksum, mul(sign, flips));
            drop(&stack->head);
        }
        if (sign == 1) {
            swap(permutation, 0, 1);
            sign = -1;
            continue;
        }
        swap(permutation, 1, 2);
        sign = 1;
        for (int64_t i = 2; i < n; i++) {
            int64_t left = sub(int_of(ITEM(counts, i)), 1);
            set(counts, i, box_int(left));
            if (left != 0)
                break;
            if (i == n - 1) {
                drop(&permutation->head);
                drop(&counts->head);
                return checksum;
            }
            set(counts, i, box_int(add(i, 1)));
            object *moved = own(ITEM(permutation, 0));
            for (int64_t k = 0; k < i + 1; k++)
                set(permutation, k, own(ITEM(permutation, k + 1)));
            set(permutation, i + 1, moved);
        }
    }
}

static volatile int64_t n = 8;
static int64_t result;
static void print(void) { printf("(%" PRId64 ", %" PRId64 ")", result, most_flips); }
static void run(void) { result = fannkuch(n); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"fannkuch", run, print}, {0}};
    return measure(kernels, argc, argv);
}
