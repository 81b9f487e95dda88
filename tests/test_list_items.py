"""Stores into lists between loads from them: what native code takes an item for afterwards (opt/distinct.go), where indexes are different, may be one, and
are one, positive or negative, and where two names are one list."""

import itertools
import random

import pytest
from gophersnake import jit


def swap(a, i, j):
    x, y = a[i], a[j]
    a[i] = y
    before = a[j]
    a[j] = x
    return before, a[i], a[j]


def swap_ordered(a, i, j):
    if i < j:
        a[i], a[j] = a[j], a[i]
        return a[i], a[j]
    a[j], a[i] = a[i], a[j]
    return a[j], a[i]


def reverse(a, i, j):
    while i < j:
        a[i], a[j] = a[j], a[i]
        i += 1
        j -= 1
    return a


def meet(a, i, j):
    while i <= j:
        a[i], a[j] = a[j] + 1, a[i]
        i += 1
        j -= 1
    return a


def bubble(a, i, j):
    for n in range(j, i, -1):
        for k in range(i, n):
            if a[k] > a[k + 1]:
                a[k], a[k + 1] = a[k + 1], a[k]
    return a


def neighbours(a, i, j):
    for k in range(i, j):
        x = a[k + 1]
        a[k] = x + a[k - 1]
        a[k - 1] = a[k + 1] - a[k]
    return a


def two_names(a, i, j):
    b = a if i & 1 else a[:]
    x = a[i + 1]
    b[i] = x + 1
    y = a[i + 1]
    b[i + 1] = 7
    return x, y, a[i + 1], a[i], b


def shifted(a, i, j):
    for k in range(i, j):
        a[k] = a[k + 1]
        a[k + 1] = k
        a[k] += a[k + 1]
    return a


FUNCTIONS = [swap, swap_ordered, reverse, meet, bubble, neighbours, two_names, shifted]


def fresh(f):
    return type(f)(f.__code__.replace(), f.__globals__, f.__name__)


def outcome(f, a, i, j):
    try:
        return repr(f(a, i, j)), repr(a)
    except (IndexError, TypeError) as error:
        return type(error), repr(a)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_indexes(f):
    native = jit(fresh(f))
    native(list(range(9)), 1, 5)
    native(list(range(9)), 1, 5)
    r = random.Random(5)
    for i, j in itertools.product(range(-9, 10), repeat=2):
        items = [r.randrange(100) for _ in range(8)]
        assert outcome(native, items[:], i, j) == outcome(f, items[:], i, j), (i, j)
    for items in ([1, 2.5, 3, 4.5, 0, -1.0], [2**70, 1, -(2**80), 5, 2**63, 3], ["b", "a", "d", "c", "f", "e"], [True, 2, False, 0, 1, 5]):
        for i, j in itertools.product(range(-3, 6), repeat=2):
            assert outcome(native, items[:], i, j) == outcome(f, items[:], i, j), (items, i, j)
