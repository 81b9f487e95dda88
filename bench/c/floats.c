/* bench/floats.py in C. */
#include "python.h"

static double accumulate(int64_t n)
{
    double total = 0.0, step = 1.0 / (double)n, x = 0.0;
    for (int64_t i = 0; i < n; i++) {
        total += x * x * step;
        x += step;
    }
    return total;
}

static double leibniz(int64_t n)
{
    double total = 0.0, sign = 1.0;
    for (int64_t i = 0; i < n; i++) {
        total += sign / (double)add(mul(2, i), 1);
        sign = -sign;
    }
    return 4.0 * total;
}

static volatile int64_t n = 1500000;
static double result;
static void print(void) { print_float(result); }
static void run_sum(void) { result = accumulate(n); }
static void run_leibniz(void) { result = leibniz(n); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"float sum", run_sum, print}, {"leibniz pi", run_leibniz, print}, {0}};
    return measure(kernels, argc, argv);
}
