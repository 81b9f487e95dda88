"""Integer arithmetic: recursion, and loops whose values stay small or pass 64 bits."""


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def sum_squares(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def collatz(limit):
    """The start below limit whose sequence is longest, and its length."""
    best = best_length = 0
    for start in range(1, limit):
        n = start
        length = 1
        while n != 1:
            if n % 2 == 0:
                n //= 2
            else:
                n = 3 * n + 1
            length += 1
        if length > best_length:
            best, best_length = start, length
    return best, best_length


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def gcd_sum(n):
    total = 0
    for a in range(1, n):
        for b in range(1, n):
            total += gcd(a, b)
    return total


BENCH = [
    ("fib", fib, (30,)),
    ("sum of squares", sum_squares, (1_500_000,)),
    ("collatz", collatz, (20_000,)),
    ("gcd", gcd_sum, (600,)),
]
