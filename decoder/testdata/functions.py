# Functions whose decoding is kept in dump.txtar. tools/record_snapshot.py makes the snapshots.
import math


# snapshot operators: operators(1, 2)
def operators(a, b):
    a += b
    return a // b ** a, a <= b, a is not b, a not in (a, b), -a, not b, a[b:a]


# snapshot keywords: keywords(len, {})
def keywords(f, kw):
    return f(1, key=2, other=3), f(*kw, **kw), f(kw)


# snapshot loops: loops([[1], [2]])
def loops(rows):
    found = 0
    for row in rows:
        n = 0
        while n < len(row):
            if row[n] is None:
                n += 1
                continue
            found = row[n] or found
            n += 1
        else:
            found = n
    return found


# snapshot handlers: handlers([1], 5)
def handlers(items, i):
    result = None
    try:
        result = items[i]
    except (IndexError, KeyError) as e:
        return e
    finally:
        del i
    with items as f:
        result = f
    return result


# snapshot cells: cells(3)
def cells(n):
    total = 0

    def inner(k):
        nonlocal total
        total += k * n
        return total

    return inner


# snapshot generator: generator([1])
def generator(items):
    for item in items:
        yield item
    yield from items


# snapshot far: far(0)
EXPRESSION = " + ".join("x" for _ in range(300))
exec(f"def far(x):\n    while x:\n        x = {EXPRESSION}\n    return x")


# snapshot middle: middle([1.0], 2)  mode=recording  off=12  slot=n:int!2  slot=total:float!0.5  stack=float!0.5  stack=7  site=13:float  site=15:int:overflow:poly
def middle(values, n):
    total = 0.0
    while True:
        total += values[n] * n


class Base:
    shared = 3

    def method(self):
        return self.value


class Point(Base):
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


class Plain:
    def __init__(self):
        self.value = 1
        self.other = 2.0


# snapshot live: live([1, 2], {"a": 1.0}, Plain(), Point(3), [[1.0]], (1, None))
def live(items, table, plain, point, rows, pair, *rest, default=7, **others):
    return (items, table, plain.value, point.x, point.shared, point.method, rows, pair, math.sqrt, math.pi, len, undefined, helper,
            Plain, Base.method, 1 << 70, "text", 2.5, b"b", (1, (2, "x")), ...)


def helper(a, b=1.5, *, c="c"):
    return other_helper(a)


def other_helper(a):
    return helper(a)
