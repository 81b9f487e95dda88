# Functions that Go tests compile without Python. tools/record_snapshot.py turns each snapshot line into a file.
import math

SCALE = 2.5
LIMIT = 1000


# snapshot identity: identity(7)
def identity(x):
    return x


# snapshot add_int: add(3, 4)
# snapshot add_float: add(3.0, 4.5)
# snapshot add_mixed: add(3, 4.5)
# snapshot add_str: add("a", "b")
# snapshot add_raw: add(3, 4)  slot=a:int!3  slot=b:int!4
# snapshot add_general: add(3, 4)  mode=general
def add(a, b):
    return a + b


# snapshot constant: constant()
def constant():
    return 3 * LIMIT


# snapshot branch: branch(3)
def branch(x):
    if x < 0:
        return -x
    elif x == 0:
        return 1
    return x


# snapshot sum_range: sum_range(100)
# snapshot sum_range_recording: sum_range(100)  mode=recording
# snapshot sum_range_general: sum_range(100)  mode=general
def sum_range(n):
    total = 0
    for i in range(n):
        total += i
    return total


# snapshot sum_float: sum_float([1.0, 2.0, 3.0])
def sum_float(values):
    total = 0.0
    for v in values:
        total += v
    return total


# snapshot dot: dot([1.0, 2.0], [3.0, 4.0])
def dot(a, b):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


# snapshot while_loop: while_loop(27)
def while_loop(n):
    steps = 0
    while n != 1:
        if n % 2:
            n = 3 * n + 1
        else:
            n //= 2
        steps += 1
    return steps


# snapshot fib: fib(20)
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


# snapshot caller: caller(5)
def helper(x, y=10):
    return x * y


def caller(n):
    return helper(n) + helper(n, 3) + helper(n, y=4)


# snapshot mandel: mandel(0.1, 0.2, 100)
def mandel(re, im, limit):
    x = y = 0.0
    for i in range(limit):
        xx, yy = x * x, y * y
        if xx + yy > 4.0:
            return i
        y = 2.0 * x * y + im
        x = xx - yy + re
    return limit


# snapshot uses_math: uses_math(2.0)
def uses_math(x):
    return math.sqrt(x) * SCALE + math.pi


# snapshot nested: nested([[1, 2], [3, 4]])
def nested(rows):
    total = 0
    for row in rows:
        for item in row:
            total += item
    return total


# snapshot primes: primes(50)
def primes(n):
    sieve = [True] * n
    count = 0
    for i in range(2, n):
        if sieve[i]:
            count += 1
            for j in range(i * i, n, i):
                sieve[j] = False
    return count


# snapshot swap: swap(1, 2)
def swap(a, b):
    a, b = b, a
    return a, b


# snapshot logic: logic(1, 0.0)
def logic(a, b):
    return (a and not b) or (a is None) or a in (1, 2, 3)


# snapshot catch: catch([1, 2], 5)
def catch(items, i):
    try:
        return items[i]
    except IndexError:
        return -1
    finally:
        items.append(i)


# snapshot raises: raises(0)
def raises(x):
    if x == 0:
        raise ValueError("zero")
    return 1 // x


# snapshot closure_outer: closure_outer(3)
def closure_outer(n):
    total = 0

    def inner(k):
        nonlocal total
        total += k * n
        return total

    return inner(1) + inner(2)


def make_adder(n):
    def adder(x):
        return x + n
    return adder


# snapshot adder: add_three(4)
add_three = make_adder(3)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y


# snapshot method: method(Point(1.0, 2.0))
def method(p):
    return p.norm() + p.x


# snapshot construct: construct(1.5)
def construct(x):
    return Point(x, x + 1).y


# snapshot build: build(3)
def build(n):
    squares = [i * i for i in range(n)]
    table = {i: s for i, s in enumerate(squares)}
    return squares, table, f"{n:>4} of {table!r}"


# snapshot count_words: count_words(["a", "b", "a"])
def count_words(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


# snapshot generator: generator(3)
def generator(n):
    for i in range(n):
        yield i


# snapshot with_block: with_block(open)
def with_block(opener):
    with opener("x") as f:
        return f.read()


# snapshot chained: chained(1, 2, 3)
def chained(a, b, c):
    return a < b < c


# snapshot bits: bits(12345)
def bits(n):
    count = 0
    while n:
        count += n & 1
        n >>= 1
    return count ^ (n | 3) & ~1 << 2


# snapshot unbound: unbound(0)
def unbound(x):
    if x:
        y = 1
    del x
    return y


# snapshot star: star(1, 2, 3, key=4)
def star(first, *rest, key=0, **others):
    return helper(*rest, **others) + first + key


# snapshot matrix: matrix([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
def matrix(a, b):
    n = len(a)
    result = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += a[i][k] * b[k][j]
            result[i][j] = s
    return result


# snapshot power: power(3, 200)
def power(base, exponent):
    result = 1
    while exponent > 0:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result
