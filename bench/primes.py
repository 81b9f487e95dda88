"""Primes twice: by trial division, and by a sieve that writes to a list."""


def is_prime(n):
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    d = 3
    while d * d <= n:
        if n % d == 0:
            return False
        d += 2
    return True


def count_primes(limit):
    count = 0
    for n in range(limit):
        if is_prime(n):
            count += 1
    return count


def sieve(limit):
    flags = [True] * limit
    flags[0] = flags[1] = False
    for n in range(2, int(limit**0.5) + 1):
        if flags[n]:
            for multiple in range(n * n, limit, n):
                flags[multiple] = False
    count = 0
    for flag in flags:
        if flag:
            count += 1
    return count


BENCH = [
    ("is_prime", count_primes, (120_000,)),
    ("sieve", sieve, (1_500_000,)),
]
