/* bench/matmul.py in C: lists of lists of floats. */
#include "python.h"

static list_object *matrix(int64_t n, int64_t seed)
{
    list_object *rows = new_list(n);
    for (int64_t i = 0; i < n; i++) {
        list_object *row = new_list(n);
        for (int64_t j = 0; j < n; j++)
            row->items[j] = box_float((double)((i * seed + j) % 17) / 16.0);
        rows->items[i] = &row->head;
    }
    return rows;
}

static list_object *matmul(const list_object *a, const list_object *b)
{
    int64_t n = a->size, inner = b->size, width = list_of(ITEM(b, 0))->size;
    list_object *result = new_list(n);
    object *zero = box_float(0.0);
    for (int64_t i = 0; i < n; i++)
        result->items[i] = &repeat(zero, width)->head;
    drop(zero);
    for (int64_t i = 0; i < n; i++) {
        const list_object *row = list_of(ITEM(a, i));
        for (int64_t j = 0; j < width; j++) {
            double total = 0.0;
            for (int64_t k = 0; k < inner; k++)
                total += float_of(ITEM(row, k)) * float_of(ITEM(list_of(ITEM(b, k)), j));
            set_float(list_of(ITEM(result, i)), j, total);
        }
    }
    return result;
}

static list_object *a, *b, *result;
static void print(void) { print_object(&result->head); }

static void run(void)
{
    if (result)
        drop(&result->head);
    result = matmul(a, b);
}

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"matmul", run, print}, {0}};
    a = matrix(120, 3), b = matrix(120, 5);
    return measure(kernels, argc, argv);
}
