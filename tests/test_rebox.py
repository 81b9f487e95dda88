"""A float that takes the place of one that nobody else has is written into that object: nothing but time may tell. Whoever else has the old
one keeps its value: another list, a local variable, a tuple, a constant, an attribute, a default, a frame that goes on in the interpreter."""

import gc
import sys

import pytest
from gophersnake import jit


def grow(items, n):
    for i in range(n):
        items[0] += 0.5
        items[1] -= items[0]
        items[2] = items[2] * 0.5 + items[0]
    return items


def keep_in_local(items, n):
    seen = 0.0
    for i in range(n):
        x = items[0]
        items[0] += 1.5
        seen += x
        if x is items[0]:
            return "the same"
    return seen, x, items


def keep_in_list(items, n):
    kept = []
    for i in range(n):
        kept.append(items[0])
        items[0] += 1.5
        kept.append(items[0])
    return kept, [a is b for a, b in zip(kept, kept[1:])]


def keep_in_tuple(items, n):
    for i in range(n):
        pair = (items[0], items[0])
        items[0] *= 1.25
        items[1] += pair[0] + pair[1]
    return items, pair, pair[0] is pair[1]


def twice_in_a_list(items, n):
    for i in range(n):
        items[1] = items[0]
        items[0] += 1.0
        if items[1] is items[0]:
            return "the same"
    return items


def move(items, n):
    for i in range(n):
        items[0], items[1] = items[1], items[0] + 1.0
        items[2], items[0] = items[0] + items[2], items[2] - 1.0
    return items


def constant(n):
    out = []
    for i in range(n):
        items = [1.5, 2.5]
        items[0] += 1.0
        items[1] += 1.5 + items[0]
        out.append(items[0] + items[1])
        out.append(1.5)
    return out


def default(n, start=[0.25], step=0.125):
    items = [step, step]
    for i in range(n):
        items[0] += step
        start[0] += step
    return items, start, step


def chain(items, n):
    a = items[0]
    for i in range(n):
        b = a
        a = items[0] = items[0] + 1.0
        items[1] = b * 2.0 + items[1]
        items[1] += 1.0
    return a, b, items, a is items[0]


def to_interpreter(items, n):
    last = None
    for i in range(n):
        x = items[0]
        items[0] += 1.0
        y = items[0]
        items[0] += 1.0
        if i % 7 == 6:
            last = [x, y, items[0], dict(x=x, y=y), sorted([x, y], reverse=True)]
            x = y = "other"
    return last, items, x, y


def not_only_floats(items, n):
    for i in range(n):
        items[0] += 1.0
        if i == n // 2:
            items[0] = 7
        elif i == n // 2 + 3:
            items[0] = items[0] * 1.0
    return items


LISTS = [grow, keep_in_local, keep_in_list, keep_in_tuple, twice_in_a_list, move, chain, to_interpreter, not_only_floats]


@pytest.mark.parametrize("f", LISTS, ids=lambda f: f.__name__)
def test_lists(f):
    compiled = jit(type(f)(f.__code__, f.__globals__, f.__name__))
    shared = 3.0
    for n in (1, 3, 20, 60, 61):
        for make in (lambda: [1.0, 2.0, 3.0], lambda: [float("1.25")] * 3, lambda: [shared, shared, float("7.5")], lambda: [float(i) for i in range(3)]):
            plain, other = make(), make()
            same_plain, same_other = list(plain), list(other)
            assert repr(compiled(other, n)) == repr(f(plain, n)), n
            assert other == plain and same_other == same_plain and shared == 3.0


@pytest.mark.parametrize("f", [constant, default], ids=lambda f: f.__name__)
def test_what_the_function_has(f):
    copy = type(f)(f.__code__, f.__globals__, f.__name__, f.__defaults__ and ([0.25], 0.125))
    plain = type(f)(f.__code__, f.__globals__, f.__name__, f.__defaults__ and ([0.25], 0.125))
    compiled = jit(copy)
    for n in (1, 5, 50, 50):
        assert repr(compiled(n)) == repr(plain(n))
    assert repr(compiled.__code__.co_consts) == repr(plain.__code__.co_consts)


class Body:
    mass = 2.5

    def __init__(self, x):
        self.x = x
        self.y = x

    def step(self, n):
        for i in range(n):
            before = self.x
            self.x += self.mass
            self.y += before
            self.x -= 0.5
        return before

    def share(self, other, n):
        for i in range(n):
            other.x = self.x
            self.x += 1.0
            other.y += other.x
        return self.x is other.x


@pytest.mark.parametrize("slots", [False, True])
def test_attributes(slots):
    def make():
        names = {k: v for k, v in vars(Body).items() if not k.startswith("__") or k == "__init__"}
        copies = {k: type(v)(v.__code__, v.__globals__, k) if callable(v) else v for k, v in names.items()}
        return type("Body", (), {**copies, **({"__slots__": ("x", "y")} if slots else {})})

    plain, compiled = make(), make()
    compiled.step, compiled.share = jit(compiled.step), jit(compiled.share)
    for n in (1, 4, 50, 50):
        result = []
        for body in (plain, compiled):
            one, two = body(1.0), body(float(n))
            kept = one.x
            result.append((one.step(n), one.share(two, n), two.step(n), one.x, one.y, two.x, two.y, kept, body.mass))
        assert result[0] == result[1]


def test_no_object_is_lost():
    f = jit(type(grow)(grow.__code__, grow.__globals__, "grow"))
    shared = float("12.5")
    held = sys.getrefcount(shared)  # some versions lend it to the call
    items = [shared, shared, float("3")]
    f(items, 3)
    f(items, 100)
    assert sys.getrefcount(shared) == held
    before = sys.getallocatedblocks()
    for _ in range(50):
        f([1.0, 2.0, shared], 100)
    gc.collect()
    assert sys.getallocatedblocks() - before < 50
    assert sys.getrefcount(shared) == held


def test_a_value_on_its_way_into_a_call():
    def grown(items, x, n):
        for i in range(n):
            items[0] += 1.0
        return x

    def calls(items, n):
        r = []
        for i in range(20):
            a = items[0]
            b = grown(items, a, n)
            r.append((items[0], grown(items, items[0], n), items[0], a, b, a is b))
            r.append(max(items[0], grown(items, items[0], n), items[0]))
            r.append(items[0] + grown(items, 1.0, n) + items[0])
        return r

    plain = [repr(calls([1.5, 2.5], n)) for n in (0, 1, 2, 5)]
    grown = jit(grown)
    calls = jit(calls)
    for _ in range(3):
        assert [repr(calls([1.5, 2.5], n)) for n in (0, 1, 2, 5)] == plain


INTS = """
def look(x): return x
@JIT
def f(n, step, keep, call):
    total, other = 0, 2**31
    for i in range(n):
        total += step
        other -= step
        call(total)
        if i % 3 == 0:
            keep.append(total)
            keep.append((other, total + 1))
    return total, other
"""


def test_ints_that_were_let_go_are_made_anew():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(INTS, names)
        out = []
        for step in (1, -1, 7, 2**29, -(2**29), 2**30 - 1, 2**30, 2**45 + 1, -(2**58), 2**61):
            for call in (names["look"], str, repr, abs):
                kept = []
                out.append((names["f"](200, step, kept, call), kept))
                assert len({id(x) for x in kept if type(x) is int and abs(x) > 300}) == len([x for x in kept if type(x) is int and abs(x) > 300])
        told.append(out)
    assert told[0] == told[1]


def test_rows_that_are_let_go():
    """The items of a list that dies in native code wait for the next boxes, up to those whose end runs Python: in order, and no other is touched."""
    ended = []

    class Ends:
        def __init__(self, k):
            self.k = k

        def __del__(self):
            ended.append(self.k)

    def rows(n, width, kept, between):
        total, row = 0, []
        for i in range(n):
            new = [i * 1000]
            for j in range(width):
                new.append(new[j] + 70000 * j - i)
            new.append(between(i))
            new.append(i * 2**40)
            new.append(kept)
            new.append(i + 0.5)
            new.append(str(i))
            kept = new[i % 7]
            total += new[width] + len(row)
            row = new
        return total, kept, row[:-3]

    plain, compiled = type(rows)(rows.__code__, rows.__globals__), jit(rows)
    for n, width in ((3, 3), (40, 30), (10, 2000), (40, 300)):
        for between in (Ends, lambda i: [Ends((i, k)) for k in range(3)], lambda i: -i * 2**70, lambda i: [i * 5000, True, None]):
            seen = []
            for f in (plain, compiled):
                ended.clear()
                total, kept, row = f(n, width, 2**33, between)
                seen.append((total, kept, [x for x in row if type(x) is int], sys.getrefcount(kept)))
                del kept, row
                seen[-1] += (list(ended),)
            assert seen[0] == seen[1]


def test_spare_ints_are_as_many_as_were_wanted():
    """What others make and native code lets go of does not pile up."""
    def let_go(rows):
        n = 0
        while rows:
            row = rows.pop()
            n += row[0]
        return n

    jit(let_go)
    grown = []
    for _ in range(8):
        before = sys.getallocatedblocks()
        let_go([[int(f"{i}{k}000") for k in range(9)] for i in range(20)])
        gc.collect()
        grown.append(sys.getallocatedblocks() - before)
    assert min(grown[3:]) < 20, grown

    # A list that is emptied in native code fills what was missed before it; a full collection empties that.
    def make(n):
        kept = [n]
        for i in range(n):
            kept.append(i * 1000)
        return 0

    jit(make)
    for _ in range(5):
        make(900)
    before = sys.getallocatedblocks()
    gc.collect()
    assert before - sys.getallocatedblocks() > 700
