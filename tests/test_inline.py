"""A small callee without effects stands in its caller's code: what fails in it is done again by the call itself, so answers, tracebacks and
limits are the interpreter's."""

import pytest

from .safety_support import same

HEADER = """
import sys, traceback
from gophersnake import jit

def told(f, *args):
    try:
        r = f(*args)
    except Exception as e:
        print(f.__name__, type(e).__name__, e, [(x.name, x.lineno) for x in traceback.extract_tb(e.__traceback__)[1:]])
    else:
        print(f.__name__, repr(r), type(r).__name__)
"""

CASES = {
    "numbers that pass 64 bits, and come back": """
def scaled(x, y):
    return (x + y) * (x + y + 1) // 2 + x

@jit
def total(start, n):
    out = 0
    for i in range(n):
        out += scaled(start + i, i)
    return out

for start in (0, 3, 2**31, 2**62 - 30, -(2**62), 2**63 - 5, -(2**63), 2**64, 5, 2**31 + 7, 2**40):
    for _ in range(6):
        told(total, start, 50)
""",
    "a division by zero in the callee": """
def quotient(x, y):
    return x / (y - 3)

def remainder(x, y):
    return x % (y - 3)

@jit
def each(f, n):
    out = []
    for i in range(n):
        out.append(quotient(float(i), i) + remainder(i, i))
    return out

@jit
def caught(n):
    out = 0
    for i in range(n):
        try:
            out += remainder(7, i)
        except ZeroDivisionError as e:
            out += 1000 + e.__traceback__.tb_next.tb_lineno
    return out

for n in (1, 2, 3, 3, 3, 4, 5, 2, 40):
    told(each, None, n)
for n in (3, 5, 50, 50, 50):
    told(caught, n)
""",
    "several ways to return": """
def kind(x):
    if x < 0:
        return None
    if x < 10:
        return x
    if x < 20:
        return x * 0.5
    return x > 30

@jit
def kinds(n):
    return [kind(i) for i in range(-3, n)], sum(1 for i in range(n) if kind(i)), kind(n)

@jit
def loop(n):
    out = []
    for i in range(-3, n):
        out.append(kind(i))
    return out

for n in (1, 2, 5, 15, 25, 35, 35, 35):
    told(kinds, n)
    told(loop, n)
""",
    "never seen ways of the callee": """
def rare(x):
    if x > 900:
        return x * 2.0 if x != 950 else "950"
    return x + 1

@jit
def f(n):
    out = []
    for i in range(n):
        out.append(rare(i))
    return out[-1], len(out), out[950:952], out[900:902]

for n in (10, 100, 1000, 1000, 1000, 1000, 10):
    told(f, n)
""",
    "the callee becomes another function": """
def step(x):
    return x + 1

def other(x):
    return x * 2

@jit
def f(n):
    global step
    x = 1
    for i in range(n):
        x = step(x)
        if i == 20:
            step.__code__ = other.__code__
        if i == 25:
            step = lambda x: x - 3
    return x

told(f, 5)
told(f, 5)
told(f, 5)
told(f, 40)
told(f, 40)
""",
    "floats of all kinds, and what only looks like a number": """
class Int(int):
    def __add__(self, other):
        return "added"

class Float(float):
    def __mul__(self, other):
        return -1.0

def area(x, y):
    return x * y + x

@jit
def f(x, y):
    total = area(x, y)
    for i in range(5):
        total = area(x, y)
    return total

inf = float("inf")
for x in (1.5, -0.0, 0.0, inf, -inf, float("nan"), 2, True, 2**62, Float(3.0), Int(4), "ab", None):
    for y in (0.0, -0.0, 3, inf, Float(2.0), Int(2), 2**70):
        told(f, x, y)
""",
    "the limit of recursion": """
def leaf(x):
    return x + 1

@jit
def deep(n):
    if n == 0:
        return leaf(n)
    return deep(n - 1) + leaf(n)

@jit
def leaves(n):
    out = 0
    for i in range(n):
        out += leaf(i)
    return out

def at(depth, f, *args):
    return f(*args) if depth == 0 else at(depth - 1, f, *args)

def room():
    n = 0
    def down():
        nonlocal n
        n += 1
        down()
    try:
        down()
    except RecursionError:
        return n

told(deep, 50), told(leaves, 5), told(leaves, 5)
sys.setrecursionlimit(300)
left = room()
for depth in range(left - 6, left + 1):
    try:
        print(depth - left, at(depth, leaves, 3))
    except RecursionError as e:
        print(depth - left, e)
    told(leaves, 3)
""",
    "an argument whose reference nobody else has": """
def first(items, i):
    return items[i] + 1

@jit
def f(n):
    items = list(range(n + 300))
    out = 0
    for i in range(n):
        out += first(items, -i)
        if i == 20:
            items[:] = [2**70] * 3
        if i == 30:
            items.clear()
    return out

for n in (5, 5, 5, 22, 22, 40, 40, 5):
    told(f, n)
""",
}


@pytest.mark.parametrize("name", CASES)
def test_inlined(name):
    same(HEADER + CASES[name])


def test_switch():
    same(HEADER + CASES["several ways to return"], GOPHERSNAKE_OPT="-inline")
