"""Branches in loops that only compute a few numbers, which become straight code (pass flatten): the same answers as plain Python's at the ends of
64 bits, in either arm, with ints, bools and big ints, and the same lines to whoever traces."""

import itertools
import random
import sys

import pytest
from gophersnake import jit, versions

TOP = 2**63 - 1
EDGES = sorted(
    {s * e + d for e in (0, 2**31, 2**32, TOP // 9, TOP // 5, TOP // 3, TOP // 2, 2**62, 2**63, 2**64) for s in (1, -1) for d in (-2, -1, 0, 1, 2)}
)


def halve_or_triple(n, rounds):
    for _ in range(rounds):
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
    return n


def triple_the_even(n, rounds):
    steps = 0
    while steps < rounds:
        if n & 1:
            n >>= 1
        else:
            n = n * 5 - 3
        steps += 1
    return n, steps


def add_or_not(n, rounds):
    total = n
    for i in range(rounds):
        n = n * 5 + i & 1023
        if n & 1:
            total += n
    return total, n


def add_the_large(n, rounds):
    total = count = n
    x = n
    for i in range(rounds):
        x = x ^ i * 77
        if x > n:
            total += x
            count += 1
    return total, count, x


def up_or_down(n, rounds):
    total = n
    x = 1
    for _ in range(rounds):
        x = x * 1103515245 + 12345 & 0xFFFF
        if x < 0x8000:
            total += 3
        else:
            total -= 5
    return total


def negated(n, rounds):
    x = n
    for i in range(rounds):
        if x & 2:
            x = -x
        else:
            x = i - x
    return x


def product(n, rounds):
    x = n
    for i in range(rounds):
        if x & 4:
            x = x * n
        else:
            x = x * 9 + i
        x &= TOP
    return x


def exchanged(n, rounds):
    a, b = n, 12345
    for _ in range(rounds):
        if a < b:
            a, b = b, a
        a -= b
    return a, b


def nested(n, rounds):
    x = n
    for _ in range(rounds):
        if x & 1:
            if x & 2:
                x += 7
            else:
                x -= 9
        else:
            x >>= 1
    return x


def truth(n, rounds):
    flag = n
    total = 0
    for i in range(rounds):
        if flag & 1:
            total += flag
            flag = i
        else:
            flag = i > 3
    return total, flag, type(flag)


def bits(n, rounds):
    total = 0
    for i in range(rounds):
        x = n + i
        while x > 0:
            if x & 1:
                total += 1
            x >>= 1
    return total


def crc(n, rounds):
    for _ in range(rounds):
        if n & 1:
            n = n >> 1 ^ 0xEDB88320
        else:
            n >>= 1
    return n


FUNCTIONS = [halve_or_triple, triple_the_even, add_or_not, add_the_large, up_or_down, negated, product, exchanged, nested, truth, bits, crc]


def fresh(f):
    """A copy, which has no code yet."""
    return type(f)(f.__code__.replace(), f.__globals__, f.__name__)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("warm", [7, -7, True, 2**70], ids=repr)
def test_edges(f, warm):
    native = jit(fresh(f))
    native(warm, 9)
    native(warm, 9)
    for n, rounds in itertools.product([*EDGES, True, False], (1, 2, 3, 40)):
        assert native(n, rounds) == f(n, rounds), (n, rounds)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_each_edge_first(f):
    for n in EDGES:
        native = jit(fresh(f))
        assert native(n, 40) == f(n, 40), n
        assert native(n, 40) == f(n, 40), n


def test_at_random():
    r = random.Random(3)
    natives = [(f, jit(fresh(f))) for f in FUNCTIONS]
    for _ in range(300):
        n = r.choice([1, -1]) * r.getrandbits(r.randrange(1, 66))
        rounds = r.randrange(90)
        for f, native in natives:
            assert native(n, rounds) == f(n, rounds), (f, n, rounds)


def test_no_exit_where_the_other_arm_is_chosen():
    """3 * n + 1 does not fit, but it is never computed."""

    def halve(n):
        rounds = 0
        while n > 1:
            if n % 2 == 0:
                n //= 2
            else:
                n = 3 * n + 1
            rounds += 1
        return rounds

    native = jit(halve)
    assert native(64) == 6
    for _ in range(50):
        assert native(2**62) == 62
    assert not any(v.exits for v in versions(native))


def test_lines():
    def lines(f):
        seen = []

        def trace(frame, event, arg):
            if frame.f_code is f.__code__:
                seen.append((event, frame.f_lineno))
                return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            f(27, 20)
        finally:
            sys.settrace(before)
        return seen

    native = jit(fresh(halve_or_triple))
    native(27, 200)
    assert lines(native) == lines(halve_or_triple)
