"""What a first call compiles: each compile is paid while the caller waits, so a function is not compiled for each part of it that is met."""

import copy
import types

import pytest

from gophersnake import info, jit, stats

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)

from gophersnake import _native


class Rows:
    """What slots hold is not guessed."""

    __slots__ = ("rows",)

    def __init__(self, rows):
        self.rows = rows


def test_a_loop_in_a_loop_is_recorded_whole():
    def nested(o):
        total = 0
        for row in o.rows:
            for x in row:
                if x > 2:
                    total += x
            total -= 1
        return total

    rows = Rows([[1, 2, 3, 4]] * 2)
    plain = nested(rows)
    f, before = jit(nested), stats()["compiles"]
    assert f(rows) == plain
    assert stats()["compiles"] - before == 1  # three where the inner loop was compiled anew before the outer one had gone round
    assert f(rows) == plain
    assert stats()["compiles"] - before == 2


def compiles(function, *calls):
    """How often it is compiled in each of the calls, whose results are compared."""
    jitted, counts = jit(types.FunctionType(function.__code__, function.__globals__)), []
    for args in calls:
        before = stats()["compiles"]
        assert repr(jitted(*copy.deepcopy(args))) == repr(function(*copy.deepcopy(args)))
        counts.append(stats()["compiles"] - before)
    return counts


def test_what_a_list_holds_is_guessed_from_how_it_is_made():
    def made(n):
        floats, flags, ints, rows = [0.0] * n, [False] * n, list(range(n)), [[1, 2] for _ in range(n)]
        for i in range(n):
            floats[i] += ints[i] * 0.5
            flags[i] = ints[-1] > i
            rows[i][0] += ints[i] << 1
        kept = ints[1:] + [7]
        kept.append(len(floats))
        return floats, flags, [r[0] + sum(r) for r in rows], sorted(kept), max(ints), kept.pop()

    assert compiles(made, (5,), (30,)) == [1, 0]


def test_what_an_argument_holds_is_guessed_from_the_live_object():
    def takes(points, names, table):
        total = 0
        for x, y in points:
            total += x * 3 - int(y)
        for i, name in enumerate(names):
            total += i * len(name)
        for key in table:
            total += len(key) * table[key]
        return total

    args = [(1, 2.5), (3, 4.5)], ["ab", "c"], {"k": 1, "l": 2}
    assert compiles(takes, args, args) == [1, 0]


def twice(items):
    return [x + x for x in items]


def test_guesses_go_through_calls():
    def calls(n):
        u = [1.5] * n
        v = twice(twice(u))
        return v[0] + v[-1] * 2

    assert compiles(calls, (4,), (50,)) == [1, 0]


def test_what_was_guessed_serves_the_callers():
    """The callee was compiled by itself, with guesses from its argument; its caller knows nothing of what that holds."""

    def caller(o, function):
        total = 0
        for _ in range(100):
            total += function(o.rows)
        return total

    def callee(rows):
        total = 0
        for row in rows:
            total += row[0]
        return total

    g = jit(callee)
    rows = Rows([[1], [2]])
    assert g(rows.rows) == 3
    assert [s[2] for s in _native.record_info(g)["profile"] if s[1] == id(int)] == [GUESSED]
    f = jit(caller)
    assert f(rows, g) == caller(rows, callee)


GUESSED, POLY = _native.constants()["GS_SITE_GUESSED"], _native.constants()["GS_SITE_POLY"]


def sites(function):
    return {site: (kind, flags) for site, kind, flags, _ in _native.record_info(function)["profile"]}


def test_a_wrong_guess_is_taken_back():
    """The first items of a list are ints, a later one is a float: the site learns what it met, and one that meets both is told so by the next surprise."""

    def total(items):
        s = 0
        for x in items:
            s = s + x
        return s

    f = jit(total)
    assert f(list(range(20))) == 190
    assert [k for k, flags in sites(f).values() if flags & GUESSED] == [id(int)]
    mixed = list(range(20)) + [0.5] * 20
    for _ in range(10):
        assert f(mixed) == total(mixed)
    assert not [k for k, flags in sites(f).values() if flags & GUESSED]
    assert f(list(range(20))) == 190 and f([0.5] * 3) == 1.5


def test_a_wrong_guess_of_what_a_store_replaces():
    def fills(n, first):
        items = [0] * n
        for k in range(2):
            for i in range(n):
                first(items, i)
                items[i] = i
        return items

    class Other:
        gone = 0

        def __del__(self):
            Other.gone += 1

    def spoils(items, i):
        if i % 3 == 0:
            items[i] = Other()

    f = jit(fills)
    assert f(30, spoils) == fills(30, spoils) == list(range(30))
    assert Other.gone == 40
    for _ in range(5):
        assert f(30, lambda items, i: None) == list(range(30))
        assert f(30, spoils) == list(range(30))


def test_a_function_whose_lists_hold_themselves():
    def knots(n):
        a, b = [1], [2]
        for i in range(n):
            a.append(b)
            b.append(a)
            a, b = b[-1], a
        c = [a]
        c[0] = c
        return len(a), len(b), c[0] is c

    assert compiles(knots, (3,), (9,))[1] <= 2


class Counter:
    def __init__(self, start):
        self.count = start
        self.seen = []

    def add(self, n):
        self.count += n
        self.seen.append(n)
        return self.count


def test_what_attributes_hold_is_guessed():
    def counts(counter, n):
        for i in range(n):
            counter.add(i)
        total = counter.count
        for x in counter.seen:
            total += x
        return total

    f, before = jit(types.FunctionType(counts.__code__, globals())), stats()["compiles"]
    assert f(Counter(5), 10) == counts(Counter(5), 10)
    assert f(Counter(1), 100) == counts(Counter(1), 100)
    assert stats()["compiles"] - before == 1


def test_what_init_stores_is_guessed():
    def counts(n):
        counter = Counter(0)
        total = 0
        for i in range(n):
            total += counter.add(i) + counter.count
        return total

    counts(1)  # instances have a place for each attribute from the first one on
    assert compiles(counts, (10,), (100,))[0] == 1


def test_a_function_made_where_it_is_called():
    def outer(n, k):
        def step(x):
            return x * x + k

        total = 0
        for i in range(n):
            total += step(i)
        return total

    assert compiles(outer, (10, 2), (300, 3)) == [1, 0]


def test_a_dict_of_different_functions():
    table = {"a": lambda x: x + 1, "b": lambda x: str(x), "c": lambda x: [x]}

    def calls(n):
        return [table["abc"[i % 3]](i) for i in range(n)]

    f = jit(calls)
    for _ in range(6):
        assert f(20) == calls(20)


def test_an_attribute_that_a_loop_adds():
    """What was guessed of what a store replaces was wrong: there was nothing."""

    def adds(counters):
        for c in counters:
            c.extra = len(c.seen)
            c.count = c.extra + 0.5
        return [(c.extra, c.count) for c in counters]

    f = jit(adds)
    for _ in range(6):
        assert f([Counter(i) for i in range(10)]) == adds([Counter(i) for i in range(10)])
        assert f([Counter("s") for i in range(10)]) == adds([Counter("s") for i in range(10)])


def test_a_class_that_had_no_instance_when_it_was_compiled():
    """Where attributes lie is known with the first instance: code that was compiled before is not what stays."""

    class Pair:
        def __init__(self, x, y):
            self.x = x
            self.y = y

        def both(self):
            return self.x + self.y

    def pairs(n):
        total = 0
        for i in range(n):
            p = Pair(i, 1)
            total += p.both() * p.x
        return total

    f = jit(types.FunctionType(pairs.__code__, globals(), closure=pairs.__closure__))
    for _ in range(5):
        assert f(50) == pairs(50)
    assert not [flags for kind, flags in sites(f).values() if flags & FAILED]
    before = stats()
    assert f(50) == pairs(50)
    assert (stats()["exits"], stats()["compiles"]) == (before["exits"], before["compiles"])


FAILED = _native.constants()["GS_SITE_FAILED"]


def test_more_classes_than_a_snapshot_has_codes():
    names = {}
    exec("\n".join(f"class C{i}:\n    def __init__(self, x):\n        self.x = x\n" for i in range(50)), names)
    exec("def makes(n):\n    total = 0\n    for i in range(n):\n" + "".join(f"        total += C{i}(i).x\n" for i in range(50)) + "    return total\n", names)
    plain = names["makes"](30)
    f = jit(names["makes"])
    for _ in range(4):
        assert f(30) == plain
    info = _native.record_info(f)
    assert info["compiles"] and not info["failures"]


def table():
    return [1, 2, 3]


def test_a_callee_without_locals():
    def sums(n):
        total = 0
        for _ in range(n):
            for x in table():
                total += x
        return total

    assert compiles(sums, (3,), (20,)) == [1, 0]


def test_an_attribute_that_is_added_to_was_there():
    """Its old object is known to be a float that only the instance has, so the sum is put into it: no code remains that may have to add the attribute."""
    class Point:
        def __init__(self, x):
            self.x = x

        def move(self, by):
            self.x += by

    point, f = Point(0.5), jit(Point.move)
    for _ in range(3):
        f(point, 0.25)
    assert point.x == 1.25
    (unit,) = _native.record_info(f)["units"]
    listing = _native.describe(unit["address"], "ir")
    assert "ReboxFloat" in listing and "gs_value_added" not in listing
    missing = Point(1.0)
    del missing.x
    with pytest.raises(AttributeError):
        f(missing, 1.0)
