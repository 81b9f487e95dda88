"""Functions that between them use most bytecodes a function can have. Each is called without arguments, and gives the same each time."""

import contextlib


class Failing:
    def __enter__(self):
        return 5

    def __exit__(self, kind, value, traceback):
        return kind is KeyError

    def __getattr__(self, name):
        raise AttributeError(f"no {name}")


@contextlib.contextmanager
def noting(notes):
    notes.append("in")
    try:
        yield notes
    finally:
        notes.append("out")


def arithmetic():
    a, b = 7, 2.5
    c = a * b - a // 2 + a % 3
    a <<= 70
    return a, c, -a, ~7, +c, not c, a > c, a == a, a is c, 1 in [1, c]


def loops():
    total = 0
    for i in range(5):
        for j in (1, 2, 3):
            if j == i:
                continue
            total += i * j
        else:
            total += 1
    while total > 10:
        total -= 7
        if total == 3:
            break
    return total


def handled():
    seen = []
    for key in ("a", "b", 3):
        try:
            seen.append({"a": 1}[key])
        except KeyError as e:
            seen.append(repr(e))
        else:
            seen.append("fine")
        finally:
            seen.append(key)
    return seen


def unhandled():
    values = [1, 2]
    index = 0
    while True:
        values[index] += 1
        index += 1


def nested_handlers():
    out = []
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            out.append(str(e))
            try:
                [][1]
            except IndexError as inner:
                out.append(inner.__context__ is e)
                raise
            finally:
                out.append("inner")
    except LookupError as e:
        out.append(type(e.__context__).__name__)
        try:
            raise ValueError("new") from e
        except ValueError as v:
            out.append(v.__cause__ is e)
    return out


def reraised():
    try:
        int("x")
    except ValueError:
        try:
            int("y")
        except ValueError:
            pass
        raise


def finally_raises():
    done = []
    try:
        try:
            done.append(1)
            return done[5]
        finally:
            done.append(2)
    except IndexError:
        done.append(3)
        return done


def return_in_finally():
    for i in range(3):
        try:
            return undefined  # noqa: F821
        except NameError:
            continue
        finally:
            if i == 2:
                return "done"


def contexts():
    notes = []
    with noting(notes) as n, Failing() as five:
        n.append(five)
        {}["missing"]
    with Failing():
        notes.append("kept")
    with noting(notes):
        notes[99]


def closures():
    x, y = 1, 2

    def inner(z=3, *, k: int = 4):
        nonlocal x
        x += 1
        return x + y + z + k

    out = [inner(), inner(10), inner(k=1)]
    del y
    try:
        inner()
    except NameError as e:
        out.append(str(e))
    return out, x


def calls():
    def f(a, b=2, *args, c, d=4, **kw):
        return a, b, args, c, d, sorted(kw.items())

    first = f(1, c=3)
    second = f(1, 2, 3, 4, c=5, d=6, e=7)
    args, kw = (1, 2), {"c": 3}
    third = f(*args, **kw)
    fourth = f(0, *args, *[8, 9], c=1, **kw | {"x": 1}) if "c" not in kw else None
    text = "a,b".split(",").__len__()
    return first, second, third, fourth, text, max([3, 1], key=lambda v: -v)


def bad_call():
    def f(a):
        return a

    return f(**{"a": 1}, **{"a": 2})


def displays():
    n = 3
    d = {"a": n, n: [n, *range(n)], **{"z": 1}}
    s = {1, n, *(5, 6)}
    t = (n, *d, n)
    k = {"x": 1, "y": 2}
    return d, sorted(s), t, k, [v * 2 for v in t if v != "a"], {v: i for i, v in enumerate("ab")}, {v for v in "aa"}, f"{n:>4}{n!r}{d}"


def unpacking():
    a, b = "xy"
    (c, *d), e = [(1, 2, 3), 4]
    *f, g = range(4)
    x = [0, 1, 2, 3]
    x[1:3] = a
    del x[0]
    return a, b, c, d, e, f, g, x, x[::-1]


def too_few():
    a, b, c = iter("xy")
    return a, b, c


def matching():
    out = []
    for value in (1, [1, 2, 3], {"k": 5}, "s", None, 2.5):
        match value:
            case 1:
                out.append("one")
            case [x, *rest]:
                out.append((x, rest))
            case {"k": v}:
                out.append(v)
            case str(s):
                out.append(s)
            case None:
                out.append("none")
            case _:
                out.append("other")
    return out


def names():
    import os.path as p
    from math import floor as f

    global made_here
    made_here = f(2.5)
    try:
        from math import not_there  # noqa: F401
    except ImportError as e:
        text = str(e)[:30]
    del made_here
    return p.sep, text


def unbound():
    if not unbound:
        x = 1
    return x


def classes():
    y = 4

    class C:
        z = y
        x: int = 1

        def m(self):
            return __class__.x + self.z

    c = C()
    c.a = 1
    del c.a
    try:
        c.a
    except AttributeError as e:
        return c.m(), str(e)


def asserting():
    n = 2
    assert n == 2
    assert n == 3, f"n is {n}"


def groups():
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2), KeyError(3)])
    except* ValueError as e:
        a = len(e.exceptions)
    except* TypeError:
        b = 2
    return a, b


def generating():
    g = (i * i for i in range(5))
    next(g)
    return list(g), sum(i for i in range(3)), any(i > 1 for i in range(3))


def long_jumps(n=3):
    total = 0
    for i in range(n):
        try:
            total += [1, 2][i]
        except IndexError:
            total -= sum([i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i])
            total -= sum([i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i])
            total -= sum([i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i])
            total -= sum([i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i])
    return total


def wrong_catch():
    try:
        1 / 0
    except 5:
        return 1


def raising_wrong():
    try:
        raise 5
    except TypeError as e:
        text = str(e)
    raise KeyError(text) from None


PROGRAMS = [
    arithmetic, loops, handled, unhandled, nested_handlers, reraised, finally_raises, return_in_finally, contexts, closures, calls, bad_call,
    displays, unpacking, too_few, matching, names, unbound, classes, asserting, groups, generating, long_jumps, wrong_catch, raising_wrong,
]
