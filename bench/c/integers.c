/* bench/integers.py in C. */
#include "python.h"

static int64_t fib(int64_t n)
{
    ENTER();
    int64_t r = n < 2 ? n : add(fib(sub(n, 1)), fib(sub(n, 2)));
    LEAVE();
    return r;
}

static int64_t sum_squares(int64_t n)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        total = add(total, mul(i, i));
    return total;
}

static int64_t best_length;

static int64_t collatz(int64_t limit)
{
    int64_t best = 0;
    best_length = 0;
    for (int64_t start = 1; start < limit; start++) {
        int64_t n = start, length = 1;
        while (n != 1) {
            if (floor_mod(n, 2) == 0)
                n = floor_div(n, 2);
            else
                n = add(mul(3, n), 1);
            length = add(length, 1);
        }
        if (length > best_length) {
            best = start;
            best_length = length;
        }
    }
    return best;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = floor_mod(a, b);
        a = b;
        b = r;
    }
    return a;
}

static int64_t gcd_sum(int64_t n)
{
    int64_t total = 0;
    for (int64_t a = 1; a < n; a++)
        for (int64_t b = 1; b < n; b++)
            total = add(total, gcd(a, b));
    return total;
}

static volatile int64_t n;
static int64_t result;
static void print(void) { printf("%" PRId64, result); }
static void print_collatz(void) { printf("(%" PRId64 ", %" PRId64 ")", result, best_length); }
static void run_fib(void) { n = 30, result = fib(n); }
static void run_squares(void) { n = 1500000, result = sum_squares(n); }
static void run_collatz(void) { n = 20000, result = collatz(n); }
static void run_gcd(void) { n = 600, result = gcd_sum(n); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {
        {"fib", run_fib, print}, {"sum of squares", run_squares, print}, {"collatz", run_collatz, print_collatz}, {"gcd", run_gcd, print}, {0}};
    return measure(kernels, argc, argv);
}
