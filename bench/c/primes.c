/* bench/primes.py in C. */
#include "python.h"

static int is_prime(int64_t n)
{
    if (n < 2)
        return 0;
    if (floor_mod(n, 2) == 0)
        return n == 2;
    for (int64_t d = 3; mul(d, d) <= n; d = add(d, 2))
        if (floor_mod(n, d) == 0)
            return 0;
    return 1;
}

static int64_t count_primes(int64_t limit)
{
    int64_t count = 0;
    for (int64_t n = 0; n < limit; n++)
        if (is_prime(n))
            count = add(count, 1);
    return count;
}

static int64_t sieve(int64_t limit)
{
    list_object *flags = repeat(BOOL(1), limit);
    set(flags, 0, own(BOOL(0)));
    set(flags, 1, own(BOOL(0)));
    int64_t last = (int64_t)sqrt((double)limit);
    for (int64_t n = 2; n <= last; n++)
        if (truth(ITEM(flags, n)))
            for (int64_t multiple = mul(n, n); multiple < limit; multiple += n)
                set(flags, multiple, own(BOOL(0)));
    int64_t count = 0;
    for (int64_t i = 0; i < flags->size; i++)
        if (truth(flags->items[i]))
            count = add(count, 1);
    drop(&flags->head);
    return count;
}

static volatile int64_t n;
static int64_t result;
static void print(void) { printf("%" PRId64, result); }
static void run_primes(void) { n = 120000, result = count_primes(n); }
static void run_sieve(void) { n = 1500000, result = sieve(n); }

int main(int argc, char **argv)
{
    static const kernel kernels[] = {{"is_prime", run_primes, print}, {"sieve", run_sieve, print}, {0}};
    return measure(kernels, argc, argv);
}
