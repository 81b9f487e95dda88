/* bench/spectral_norm.py in C: the vectors are lists of floats. */
#include "python.h"

static double element(int64_t i, int64_t j)
{
    int64_t sum = add(i, j);
    return 1.0 / (double)add(add(floor_div(mul(sum, add(sum, 1)), 2), i), 1);
}

static list_object *zeros(int64_t n)
{
    object *zero = box_float(0.0);
    list_object *l = repeat(zero, n);
    drop(zero);
    return l;
}

static list_object *times(const list_object *v)
{
    int64_t n = v->size;
    list_object *result = zeros(n);
    for (int64_t i = 0; i < n; i++) {
        double total = 0.0;
        for (int64_t j = 0; j < n; j++)
            total += element(i, j) * float_of(ITEM(v, j));
        set_float(result, i, total);
    }
    return result;
}

static list_object *transposed_times(const list_object *v)
{
    int64_t n = v->size;
    list_object *result = zeros(n);
    for (int64_t i = 0; i < n; i++) {
        double total = 0.0;
        for (int64_t j = 0; j < n; j++)
            total += element(j, i) * float_of(ITEM(v, j));
        set_float(result, i, total);
    }
    return result;
}

static list_object *both(list_object *v)
{
    list_object *middle = times(v), *result = transposed_times(middle);
    drop(&middle->head);
    return result;
}

static double spectral_norm(int64_t n, int64_t rounds)
{
    object *one = box_float(1.0);
    list_object *u = repeat(one, n), *v = u;
    own(&v->head);
    drop(one);
    for (int64_t i = 0; i < rounds; i++) {
        drop(&v->head);
        v = both(u);
        drop(&u->head);
        u = both(v);
    }
    double uv = 0.0, vv = 0.0;
    for (int64_t i = 0; i < u->size && i < v->size; i++) {
        double a = float_of(u->items[i]), b = float_of(v->items[i]);
        uv += a * b;
        vv += b * b;
    }
    drop(&u->head);
    drop(&v->head);
    return sqrt(uv / vv);
}

static volatile int64_t n = 130, rounds = 10;
static double result;
static void print(void) { print_float(result); }
static void run(void) { result = spectral_norm(n, rounds); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"spectral norm", run, print}, {0}};
    return measure(kernels, argc, argv);
}
