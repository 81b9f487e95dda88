"""Float arithmetic in plain loops."""


def accumulate(n):
    total = 0.0
    step = 1.0 / n
    x = 0.0
    for _ in range(n):
        total += x * x * step
        x += step
    return total


def leibniz(n):
    total = 0.0
    sign = 1.0
    for i in range(n):
        total += sign / (2 * i + 1)
        sign = -sign
    return 4.0 * total


BENCH = [
    ("float sum", accumulate, (1_500_000,)),
    ("leibniz pi", leibniz, (1_500_000,)),
]
