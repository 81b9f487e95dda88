/* bench/levenshtein.py in C: the rows are lists of ints, which are longer than the ints that exist once. */
#include "python.h"

static int64_t distance(const char *a, int64_t long_a, const char *b, int64_t long_b)
{
    list_object *previous = new_list(long_b + 1);
    for (int64_t j = 0; j <= long_b; j++)
        previous->items[j] = box_int(j);
    for (int64_t i = 0; i < long_a; i++) {
        list_object *current = new_list(1);
        current->items[0] = box_int(add(i, 1));
        for (int64_t j = 0; j < long_b; j++) {
            int64_t cost = int_of(ITEM(previous, j));
            if (a[i] != b[j])
                cost = add(cost, 1);
            if (add(int_of(ITEM(previous, add(j, 1))), 1) < cost)
                cost = add(int_of(ITEM(previous, add(j, 1))), 1);
            if (add(int_of(ITEM(current, j)), 1) < cost)
                cost = add(int_of(ITEM(current, j)), 1);
            append(current, box_int(cost));
        }
        drop(&previous->head);
        previous = current;
    }
    int64_t result = int_of(ITEM(previous, long_b));
    drop(&previous->head);
    return result;
}

static char one[2000], other[2000];
static int64_t result;
static void print(void) { printf("%" PRId64, result); }
static void run(void) { result = distance(one, (int64_t)strlen(one), other, (int64_t)strlen(other)); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"levenshtein", run, print}, {0}};
    for (int i = 0; i < 20; i++)
        strcat(one, "the quick brown gopher snake ");
    for (int i = 0; i < 21; i++)
        strcat(other, "a slow green garter snake ");
    return measure(kernels, argc, argv);
}
