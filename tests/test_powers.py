"""x ** c for floats and small constant c, which is computed without the C library's pow where that must give the same: bit for bit the
interpreter's results and errors, at random, on borders, and halfway between two floats, where only pow can tell."""

import itertools
import math
import os
import random
import struct
import subprocess
import sys

import pytest
from gophersnake import jit

HALVES = [n / 2 for n in range(-10, 11)]
EXPONENTS = [*HALVES, *(n for n in range(-5, 6)), 0.25, 1e300, -1e300, math.inf]

BORDERS = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 4.0, 9.0, 0.1, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, -1e-310,
           sys.float_info.min, sys.float_info.max, -sys.float_info.max, 1e-160, 1e160, 1e100, -1e100, 1e-100, 2.0**53 + 2]
for e in range(-420, 421, 7):  # results between 2**-100 and 2**100 are computed
    BORDERS += [2.0**e, math.nextafter(2.0**e, 0), math.nextafter(2.0**e, math.inf), -(2.0**e)]
for e, c in itertools.product((-101, -100, -99, 99, 100, 101), HALVES):
    if c:
        x = 2.0 ** (e / c)
        BORDERS += [x, math.nextafter(x, 0), math.nextafter(x, math.inf), -x]


def bits(x):
    return struct.pack("d", x) if type(x) is float else repr(x)


def outcome(f, *args):
    try:
        return bits(f(*args))
    except ArithmeticError as error:
        return type(error), error.args


def functions(exponent):
    """(plain, jitted) pairs of: one power; the powers of a list."""
    c = repr(exponent).replace("inf", "1e999")
    source = f"def one(x):\n return x ** {c}\n\ndef all(xs, out):\n for x in xs:\n  out.append(x ** {c})\n return out"
    plain, other = {}, {}
    exec(source, plain)
    exec(source, other)
    return [(plain[name], jit(other[name])) for name in ("one", "all")]


@pytest.mark.parametrize("exponent", EXPONENTS, ids=repr)
def test_borders(exponent):
    one, _ = functions(exponent)
    for x in BORDERS:
        assert outcome(one[1], x) == outcome(one[0], x), x
    for x in BORDERS:  # once more: what raised or gave a complex number before has made the site a general one
        assert outcome(one[1], x) == outcome(one[0], x), x


@pytest.mark.parametrize("exponent", EXPONENTS[:-3], ids=repr)
def test_random(exponent):
    r = random.Random(exponent)
    xs = [math.ldexp(1 + r.random(), r.randrange(-10, 10)) for _ in range(5000)]
    xs += [math.ldexp(1 + r.random(), r.randrange(-190, 190)) for _ in range(500)]
    # Integers of 27 bits: their squares, and some of their cubes, are halfway between two floats.
    xs += [float(r.randrange(94906267, 2**27, 2)) for _ in range(500)]
    # One above a square of 26 bits, or below: roots that are hardly off a float, or off the middle of two.
    xs += [float(r.randrange(2**25, 2**26) ** 2 + r.choice((-1, 1))) for _ in range(500)]
    # Squares of what is halfway between two floats, rounded.
    xs += [float((2 * r.randrange(2**52, 2**53) + 1) ** 2) for _ in range(500)]
    if exponent == int(exponent):
        xs += [-x for x in xs]
    _, every = functions(exponent)
    every[1](xs[:10], [])
    plain = every[0](xs, [])
    assert [bits(x) for x in every[1](xs, [])] == [bits(x) for x in plain]


def test_operand_that_is_no_float():
    @jit
    def root(x):
        return x**0.5

    @jit
    def square(x):
        x **= 2.0
        return x

    for x in (2, 3, 0, True, 2**53 + 1, 10**18 + 1, 2**70, -4):
        assert outcome(root, x) == outcome(lambda x: x**0.5, x)
        assert outcome(square, x) == outcome(lambda x: x**2.0, x)


def test_values_that_live_across_a_power():
    def f(n):
        a, b, c, d, e, g, h, i, j, k = 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5
        m = p = 0
        for m in range(n):
            p ^= m
            x = (a * b + c) ** 0.5
            y = (d * e - g) ** 2 + x**-1.5
            a, b, c, d, e = b + 0.125, c, d, e, a + x / 64
            g, h, i, j, k = h, i + y / 1e5, j, k, g
            if k > 1e4:
                k = d = 1.0
        return a, b, c, d, e, g, h, i, j, k, m, p

    plain = f(4000)
    compiled = jit(f)
    compiled(10)
    assert compiled(4000) == plain


@pytest.mark.parametrize("name", ["pow", "math.pow"])
def test_functions(name):
    wide = [*BORDERS[:26], 3, -2, 0, 10**10, 2**70, True, 1.5, 2.5, -1.5]
    for exponent in (2, 0.5, -1, 1.5, 3, 0, 1, -0.5, 2.0, 1e300, math.inf, -math.inf, math.nan, 7, True):
        c = "math.nan" if exponent != exponent else repr(exponent).replace("inf", "math.inf")
        source = f"def f(x):\n return {name}(x, {c})\ndef g(x, y):\n return {name}(x, y)"
        plain, other = {"math": math}, {"math": math}
        exec(source, plain)
        exec(source, other)
        f, g = jit(other["f"]), jit(other["g"])
        for x in [*wide, *wide]:
            assert raised(f, x) == raised(plain["f"], x), (x, exponent)
            assert raised(g, x, exponent) == raised(plain["g"], x, exponent), (x, exponent)


def raised(f, *args):
    try:
        return outcome(f, *args)
    except ValueError as error:
        return type(error), error.args


def test_the_first_power_is_another_object():
    def f(x):
        y = x * 3
        return y**1 is y, y**1, pow(y, 1) is y, x**1 is x, x**2, x**0

    compiled = jit(type(f)(f.__code__, f.__globals__))
    for x in (10**10, -(10**10), 5, 0, -1, 300, True):
        for _ in range(3):
            assert compiled(x) == f(x)


def test_without_the_pass():
    script = (
        "from tests.test_powers import *\n"
        "for c in (0.5, 2, -1.5):\n"
        "    test_borders(c)\n"
        "    test_random(c)\n"
        "test_operand_that_is_no_float()\n"
    )
    env = {**os.environ, "GOPHERSNAKE_OPT": "-powers"}
    subprocess.run([sys.executable, "-c", script], check=True, env=env, cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
