"""Everyday code, which mostly calls other code: what must never become slower than in plain Python."""

import heapq
from collections import deque, namedtuple
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def moved(self, dx):
        return Point(self.x + dx, self.y)

    @staticmethod
    def scale(x):
        return x * 2

    @classmethod
    def make(cls, x):
        return cls(x, x)


class Account:
    interest = 3

    def __init__(self, owner):
        self.owner = owner
        self.balance = 0
        self.count = 0
        self.last = None

    @property
    def rich(self):
        return self.balance > 1000

    def deposit(self, amount):
        self.balance += amount
        self.count += 1
        self.last = amount

    def __enter__(self):
        self.count += 1
        return self

    def __exit__(self, kind, value, traceback):
        self.count -= 1
        return False


class Savings(Account):
    def deposit(self, amount):
        super().deposit(amount + self.interest)


def append_chars(n):
    s = ""
    for ch in "abcdefghij" * (n // 10):
        s += ch
    return len(s)


def sort_key(n):
    rows = [(i * 7919 % 1009, str(i)) for i in range(n)]
    rows.sort(key=lambda row: row[0])
    return sorted(rows, key=lambda row: (row[1], row[0]))[:3]


def words(n):
    counts = {}
    for word in "the snake saw the gopher and left".split() * n:
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items())


def try_except(n):
    table = {i: i for i in range(0, n, 2)}
    missed = found = 0
    for i in range(n):
        try:
            found += table[i]
        except KeyError:
            missed += 1
        else:
            found += 1
        finally:
            found -= 1
    return missed, found


def try_finally(n):
    count = 0
    for i in range(n):
        try:
            try:
                if i % 8 == 0:
                    raise ValueError(i)
                count += 1
            finally:
                count += 2
        except ValueError as e:
            count += e.args[0]
    return count


def pieces(n):
    out = []
    for i in range(n):
        out.append(f"{i:04d}-{i % 7!r}-{'x' * (i % 3)}")
    return "".join(out)[-40:]


def wrap_len(x):
    return len(x)


def wrap_method(s):
    return s.upper()


def target(a=1, b=2, c=3):
    return a


def wrap_kwargs(**kw):
    return target(**kw)


def wrap_args(*args):
    return target(*args)


def wrap_keywords(a, b):
    return target(a, c=b)


def call_c_wrapper(n):
    s = "abc"
    for i in range(n):
        wrap_len(s)
    return i


def call_method_wrapper(n):
    s = "abc"
    for i in range(n):
        wrap_method(s)
    return i


def call_kwargs_wrapper(n):
    for i in range(n):
        wrap_kwargs(a=i, c=2)
    return i


def call_args_wrapper(n):
    for i in range(n):
        wrap_args(i, 2)
    return i


def call_keywords(n):
    t = 0
    for i in range(n):
        t += wrap_keywords(i, b=2) + target(b=i)
    return t


def mapped_wrapper(n):
    return sum(map(wrap_len, ["abc"] * n))


def attributes(n):
    accounts = [Account(str(i)) for i in range(10)]
    for i in range(n):
        a = accounts[i % 10]
        a.deposit(i)
        if a.rich and a.owner != "3":
            a.balance -= a.interest
    return [a.balance for a in accounts]


def slots_and_methods(n):
    p = Point(0, 0)
    for i in range(n):
        p = p.moved(1)
        p.y += p.scale(i)
    return p.x, p.y, Point.make(3).x


def super_calls(n):
    s = Savings("me")
    for i in range(n):
        s.deposit(i)
    return s.balance


def squares_of(row):
    return [x * x for x in row if x]


def comprehensions(n):
    total = 0
    row = [0, 1, 2, 3]
    for i in range(n):
        total += len(squares_of(row))
        total += len({k: v for k, v in enumerate(row)})
    return total


def naturals(n):
    i = 0
    while i < n:
        yield i
        i += 1


def consume_generator(n):
    total = 0
    for x in naturals(n):
        total += x
    return total + sum(x for x in range(n) if x % 2) + any(x > n for x in naturals(n))


def with_statement(n):
    a = Account("me")
    for i in range(n):
        with a as b:
            b.balance += i
    return a.balance, a.count


def isinstance_checks(n):
    values = [1, 2.0, "three", None, [4], (5,), Point(1, 2), True]
    total = 0
    for i in range(n):
        v = values[i % 8]
        if isinstance(v, int):
            total += 1
        elif isinstance(v, (float, str)):
            total += 2
        elif v is None:
            total += 3
        elif isinstance(v, Point):
            total += 4
    return total


def str_methods(n):
    total = 0
    for i in range(n):
        s = "  Some, words, Here " + str(i)
        t = s.strip().lower()
        if t.startswith("some") and not t.endswith("x"):
            total += len(t.split(",")) + t.find("here") + t.replace("s", "z").count("z")
    return total


def iterate(n):
    total = 0
    numbers = list(range(n))
    table = dict.fromkeys(numbers, 1)
    for i, x in enumerate(numbers):
        total += i - x
    for a, b in zip(numbers, numbers[1:]):
        total += b - a
    for k in table:
        total += k
    for v in table.values():
        total += v
    for k, v in table.items():
        total += k - v
    for c in "abc" * (n // 3):
        total += c == "a"
    for x in reversed(numbers):
        total -= x
    for x in set(numbers):
        total += x
    return total


def closures(n):
    def adder(k):
        def add(x):
            nonlocal total
            total += k
            return x + k

        return add

    total = 0
    add = adder(3)
    for i in range(n):
        add(i)
        adder(i)(1)
    return total


def partials(n):
    f = partial(target, 1, c=3)
    bound = "a,b".split
    total = 0
    for i in range(n):
        total += f(b=i) + len(bound(","))
    return total + reduce(lambda a, b: a + b, range(n))


def slices(n):
    data = list(range(32))
    text = "abcdefghijklmnop"
    total = 0
    for i in range(n):
        k = i % 16
        total += len(data[k:]) + len(text[:k]) + data[-1]
        data[0:2] = [k, k]
        if k in data and text[k] in text:
            total += 1
    return total


def deletes(n):
    table = {}
    rows = []
    for i in range(n):
        table[i] = i
        rows.append(i)
        if i % 2:
            del table[i - 1]
            del rows[-1]
        x = i
        del x
    return len(table), len(rows)


def patterns(n):
    total = 0
    shapes = [("circle", 3), ("box", 2, 5), {"kind": "dot", "x": 1}, [1, 2, 3, 4], Account("me"), 17]
    for i in range(n):
        match shapes[i % 6]:
            case ("circle", r):
                total += r
            case ("box", w, h):
                total += w * h
            case {"kind": "dot", "x": x}:
                total += x
            case [first, *_, last]:
                total += first + last
            case Account(owner="me", balance=b):
                total += b
            case int(k):
                total += k
    return total


def groups(n):
    caught = 0
    for i in range(n):
        try:
            if i % 16 == 0:
                raise ExceptionGroup("g", [ValueError(i), TypeError(i)])
            caught += 1
        except* ValueError as g:
            caught += len(g.exceptions)
        except* TypeError:
            caught += 3
    return caught


def swallow(text):
    try:
        return int(text)
    except ValueError:
        return -1


def parse(n):
    total = 0
    for text in ["12", "x", "7", "", "-3"] * (n // 5):
        total += swallow(text)
    return total


TREE = {"a": [1, 2, {"b": "text", "c": [3, 4, 5]}], "d": {"e": None, "f": 6}}
OPERATORS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}
Pair = namedtuple("Pair", "x y")


@dataclass
class Item:
    number: int
    name: str = "x"
    price: float = 1.5


class Celsius:
    def __init__(self):
        self._degrees = 0

    @property
    def degrees(self):
        return self._degrees

    @degrees.setter
    def degrees(self, value):
        if value < -273:
            raise ValueError(value)
        self._degrees = value


@contextmanager
def managed(log):
    log.append(1)
    try:
        yield log
    finally:
        log.pop()


def counted(function):
    calls = 0

    def inner(*args, **kwargs):
        nonlocal calls
        calls += 1
        return function(*args, **kwargs)

    return inner


@counted
def add(a, b=2):
    return a + b


def walk(node):
    if isinstance(node, dict):
        return sum(walk(v) for v in node.values())
    if isinstance(node, list):
        return sum([walk(x) for x in node])
    return node if isinstance(node, int) else len(str(node))


def walk_tree(n):
    return sum(walk(TREE) for _ in range(n))


def tokens(text):
    out = []
    i = 0
    while i < len(text):
        c = text[i]
        if c.isdigit():
            j = i
            while j < len(text) and text[j].isdigit():
                j += 1
            out.append(int(text[i:j]))
            i = j
        else:
            if c in "+-*/()":
                out.append(c)
            i += 1
    return out


def tokenize(n):
    return sum(len(tokens("12 + (34*5) - 678/9")) for _ in range(n))


def dispatch(n):
    total = 0
    for i in range(n):
        total += OPERATORS["+-*"[i % 3]](i, 2)
    return total


def named_tuples(n):
    total = 0
    for i in range(n):
        p = Pair(i, 2)
        total += p.x + p.y
    return total


def data_classes(n):
    total = 0
    for i in range(n):
        item = Item(i, price=2.5)
        total += item.number + (item == Item(i))
    return total


def properties(n):
    c = Celsius()
    total = 0
    for i in range(n):
        c.degrees = i
        total += c.degrees
    return total


def context_managers(n):
    log = []
    total = 0
    for i in range(n):
        with managed(log) as entered:
            total += len(entered)
    return total


def decorated(n):
    total = 0
    for i in range(n):
        total += add(i, 1)
    return total


def queues(n):
    queue = deque()
    heap = []
    for i in range(n):
        queue.append(i)
        heapq.heappush(heap, -i % 97)
        if len(queue) > 10:
            queue.popleft()
            heapq.heappop(heap)
    return len(queue) + heap[0]


def memoised(n):
    known = {}

    def fib(k):
        if k not in known:
            known[k] = k if k < 2 else fib(k - 1) + fib(k - 2)
        return known[k]

    total = 0
    for i in range(n):
        known.clear()
        total += fib(20)
    return total


def caught_arguments(n):
    total = 0
    for i in range(n):
        try:
            raise KeyError(i)
        except KeyError as e:
            total += e.args[0] + len(str(e))
    return total


def passed_on(n):
    total = 0
    for i in range(n):
        try:
            try:
                total += TREE[i]
            except KeyError:
                total += 1
                raise
        except LookupError:
            total += 2
    return total


def positive(x):
    if x < 0:
        raise ValueError(x)
    return x


def twice(x):
    return positive(x) * 2


def raised_below(n):
    total = 0
    for i in range(n):
        try:
            total += twice(i if i % 4 else -1)
        except ValueError:
            total += 1
    return total


BENCH = [
    ("s += ch", append_chars, (200_000,)),
    ("sort with a key", sort_key, (10_000,)),
    ("dict word count", words, (20_000,)),
    ("try/except in a loop", try_except, (60_000,)),
    ("try/finally that passes on", try_finally, (60_000,)),
    ("f-strings", pieces, (50_000,)),
    ("wrapper of a C function", call_c_wrapper, (200_000,)),
    ("wrapper of a method", call_method_wrapper, (150_000,)),
    ("wrapper of **kwargs", call_kwargs_wrapper, (80_000,)),
    ("wrapper of *args", call_args_wrapper, (120_000,)),
    ("keyword calls", call_keywords, (100_000,)),
    ("map of a wrapper", mapped_wrapper, (200_000,)),
    ("attributes", attributes, (80_000,)),
    ("slots, static and class methods", slots_and_methods, (80_000,)),
    ("super()", super_calls, (80_000,)),
    ("small comprehensions", comprehensions, (40_000,)),
    ("generator consumers", consume_generator, (80_000,)),
    ("with in a loop", with_statement, (80_000,)),
    ("isinstance", isinstance_checks, (150_000,)),
    ("str methods", str_methods, (30_000,)),
    ("iteration", iterate, (40_000,)),
    ("closures", closures, (60_000,)),
    ("partials, bound methods", partials, (80_000,)),
    ("slices, in", slices, (50_000,)),
    ("del", deletes, (100_000,)),
    ("match", patterns, (60_000,)),
    ("except*", groups, (20_000,)),
    ("catch and return", parse, (50_000,)),
    ("walking a tree", walk_tree, (3_000,)),
    ("tokens", tokenize, (3_000,)),
    ("dispatch by a dict", dispatch, (60_000,)),
    ("named tuples", named_tuples, (40_000,)),
    ("dataclasses", data_classes, (15_000,)),
    ("properties", properties, (60_000,)),
    ("context managers", context_managers, (10_000,)),
    ("decorated", decorated, (40_000,)),
    ("deque, heapq", queues, (30_000,)),
    ("memoised closure", memoised, (1_000,)),
    ("except … as e", caught_arguments, (20_000,)),
    ("bare raise", passed_on, (20_000,)),
    ("raised two calls below", raised_below, (40_000,)),
]
