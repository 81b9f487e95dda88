"""The spectral norm of an infinite matrix whose elements are computed where they are used."""

from math import sqrt


def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(v):
    n = len(v)
    result = [0.0] * n
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += element(i, j) * v[j]
        result[i] = total
    return result


def transposed_times(v):
    n = len(v)
    result = [0.0] * n
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += element(j, i) * v[j]
        result[i] = total
    return result


def spectral_norm(n, rounds):
    u = [1.0] * n
    v = u
    for _ in range(rounds):
        v = transposed_times(times(u))
        u = transposed_times(times(v))
    uv = vv = 0.0
    for a, b in zip(u, v):
        uv += a * b
        vv += b * b
    return sqrt(uv / vv)


BENCH = [("spectral norm", spectral_norm, (130, 10))]
