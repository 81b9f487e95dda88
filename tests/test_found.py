"""Programs that once did something else jitted than plain, as random programs (programs.py) showed; reduced."""

import textwrap
import warnings

import pytest
from gophersnake import _native, jit

from tests import program_support

from .safety_support import same

FOUND = {
    "a traceback's frame goes on natively in a handler": (
        """
        @JIT
        def f(a, v):
            local = 2
            try:
                a = a + 1
            finally:
                local = v
            while unbound < 7:
                unbound += 1
        """,
        ["('x', 0)", "('x', 1)", "('x', 2)"],
    ),
    "one float in two locals, one of which was boxed for the frame, at an exit": (
        """
        @JIT
        def f(a, call, n):
            v = a * 2.0
            call()
            w = v
            n = n + 1
            return v is w, n
        """,
        ["(1.5, dict, 3)", "(1.5, dict, 3)", "(1.5, dict, 3)", "(1.5, dict, 2**63 - 1)"],
    ),
    "one float in two locals, behind a join": (
        """
        @JIT
        def f(a):
            v = w = a * 2.0
            for i in range(3):
                a += i
            return v, w
        """,
        ["(1.5,)", "(1.5,)"],
    ),
    "one float in two locals, one of which is stored": (
        """
        @JIT
        def f(a, many):
            v = w = a * 2.0
            if many:
                v = a
            l = [v]
            if a:
                l.append(w)
            return v, w, l
        """,
        ["(1.5, False)", "(1.5, False)", "(1.5, True)"],
    ),
    "a constant that was handed out, behind a join": (
        """
        @JIT
        def f(a):
            v = 3.75e10
            l = [v]
            if a:
                a += 1
            return v is l[0]
        """,
        ["(1,)", "(1,)", "(0,)"],
    ),
    "a global's value, behind a join": (
        """
        G0 = 3.75e10
        @JIT
        def f(a):
            v = G0
            if a:
                a += 1
            return v is G0
        """,
        ["(1,)", "(1,)", "(0,)"],
    ),
    "a float handed to an operator in Python": (
        """
        class C:
            def __add__(self, other):
                self.other = other
                return 1
        @JIT
        def f(a):
            c = C()
            v = a * 2.0
            c + v
            return v is c.other
        """,
        ["(1.5,)", "(1.5,)"],
    ),
    "a global that is bound to something else dies": (
        """
        G0 = Dies(7)
        @JIT
        def g():
            return G0
        @JIT
        def f(a):
            global G0
            g()
            G0 = a
        """,
        ["(1,)", "(1,)", "(Dies(8),)", "(2,)"],
    ),
    "the dict of locals after an exception is that of before": (
        """
        @JIT
        def f(a):
            cell = 1
            [1 for q in {} if cell]
            try:
                raise look()
            except Exception:
                pass
            k = 0
            while k < 3:
                k += 1
                try:
                    del unbound[2]
                except Exception:
                    look()
                finally:
                    unbound = 1
        """,
        ["(1,)", "(1,)"],
    ),
    "a string of a cell, an item, an attribute or a global that is added to leaks": (
        """
        G0 = "a global" * 3
        class C:
            pass
        @JIT
        def f(text, items, o):
            o.text = text
            for i in range(3):
                text += "a"
                o.text += text
                items[0] += text
                items[1] = items[0] + text
                items[2] = G0 + text
            return lambda: text
        """,
        ["('a', ['b', None, None], C())"] * 4,
    ),
    "what a clause of except* raises alone is raised as it is": (
        """
        @JIT
        def f(n):
            caught = []
            for i in range(n):
                try:
                    try:
                        raise ExceptionGroup("g", [ValueError(i), TypeError(i)])
                    except* ValueError:
                        pass
                    except* TypeError:
                        raise OSError(i)
                except Exception as e:
                    caught.append(repr(e))
            return caught
        """,
        ["(1,)", "(8,)", "(8,)"],
    ),
    "a destructor on the way from a reraise to a handler sees where it was raised": (
        """
        def late():
            try:
                yield 1
            finally:
                yield 2
        @JIT
        def f(text):
            try:
                for v in late():
                    with Ctx(False):
                        v += len(text)
            except TypeError: pass
        """,
        ["(5,)"] * 4,
    ),
    "a constant is one object to all activations of a callee": (
        """
        @JIT
        def f(a, b, *, z=3):
            return (f(-1.5 // 1e10, 2**62 + 2**61, z=z - 1) if z else 0), a, b
        """,
        ["(1.25, 2)"] * 4,
    ),
    "one float in two locals, in a loop that goes on elsewhere": (
        """
        @JIT
        def f(a, l):
            v = w = a * 2.0
            total = 0
            for x in l:
                total += x
            return v is w, [v][0] is w, total
        """,
        ["(1.5, [1, 2, 3])", "(1.5, [1, 2, 3])", "(1.5, [1] * 9 + [2.5] + [1] * 9)", "(1.5, [1] * 9 + [2**64] + [1] * 9)"],
    ),
    "a raw number that a callee keeps": (
        """
        class C:
            pass
        def keep(l, v):
            l.append(v)
        def attribute(o, v):
            o.v = v
        def deep(n, l, v):
            if n:
                deep(n - 1, l, v)
            if n == 1:
                l[0] = v
        def even(n, l, v):
            if n:
                odd(n - 1, l, v)
            l.append(v)
        def odd(n, l, v):
            if n:
                even(n - 1, l, v)
            l.append(v)
        def shown(v):
            return log(v)
        def two(v, w):
            return v is w
        @JIT
        def f(a, l, o):
            nan = a * math.inf - a * math.inf
            keep(l, nan)
            x, n = a * 2.0, int(a * 1e6)
            attribute(o, x)
            deep(3, l, n)
            y = a * 3.0
            even(3, l, y)
            return l[-1] is y, l[-3] is y, nan in l, x is o.v, n is l[0], shown(y) is y, two(y, y), [nan] == [nan]
        """,
        ["(1.5, [], C())"] * 5,
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name):
    source, arguments = FOUND[name]
    assert not program_support.difference(textwrap.dedent(source), [("f", a) for a in arguments], jit, leaks=True)


def test_unbound_names_are_those_of_the_code_that_runs():
    """The function was given another code meanwhile, which has other names, or fewer."""
    same("""
TEXT = '''
def outer():
    def f(n):
        def inner(): return own, late
        if n < 0: own = local = 1
        for i in range(n):
            if i == CHANGES: f.__code__ = replacement.__code__
            try:
                STATEMENT
            except NameError as e:
                print(type(e), e)
    if not outer: late = f = 1
    def replacement(n): return f, late, replacement
    return f
'''
for statement in "local", "del local", "own", "del own", "late", "del late":
    for changes in 0, 3, 8:
        space = {}
        text = TEXT.replace("STATEMENT", statement).replace("CHANGES", str(changes))
        if statement == "del late": text = text.replace("def f(n):", "def f(n):\\n        nonlocal late")
        exec(text, space)
        for _ in range(2):
            f = jit(space["outer"]())
            f(12)
""")


def test_a_callable_that_is_none_is_compiled():
    """lark: the compiler failed where the callable was known to be None, a bool or a number."""

    @jit
    def wanted(predicate, items):
        return [x for x in items if not predicate or predicate(x)]

    @jit
    def called(f):
        try:
            return f(1)
        except TypeError as e:
            return str(e)

    for _ in range(4):
        assert (wanted(None, [0, 1]), wanted(bool, [0, 1])) == ([0, 1], [1])
        assert [called(f) for f in (None, 3, 2.5, True, str)] == [f"'{t}' object is not callable" for t in ("NoneType", "int", "float", "bool")] + ["1"]
    assert called.__gophersnake__.reason is None
    assert _native.record_info(wanted)["failures"] == 0


def test_an_exception_in_loops_over_ranges():
    """The iterators of the loops around become objects on the way to the handler, whose making may fail. (Program 3617 of seed ci, which the compiler did not
    end on, is among those of test_hypothesis.)"""
    same("""
@jit
def f(values, d):
    caught = 0
    for i in range(len(values)):
        for k in range(4):
            try:
                if i in values:
                    raise IndexError(min(i, k))
                caught += d[k]
            except IndexError as e:
                caught += e.args[0]
            except KeyError:
                caught -= 1
        for v in values if i % 2 else range(3):
            try:
                caught += d[v]
            except (KeyError, TypeError):
                caught += 100
    return caught

for n in range(12):
    print(f([1, 2.5, None, -3, "x"][: n % 6], {1: 5, 2: 7}))
""")


def test_a_range_that_a_match_statement_copies():
    """It was released twice: freed memory shows as such."""
    same("""
@jit
def f(n):
    for i in range(n):
        match range(i + 300, 2**40):
            case 3:
                pass
            case (first, *_) if first > 10**6:
                return first
            case [] | [_]:
                print(i)

for n in range(4):
    print(f(n))
""", PYTHONMALLOC="debug")


def test_a_callee_that_is_too_large_is_called():
    """test_strptime: _strptime.py was compiled with each of its callers, which then were too large as well, and stayed interpreted."""
    same("""
import _strptime

jit(_strptime._strptime)
jit(_strptime._strptime_time)

def make():
    @jit
    def year(text, form):
        return _strptime._strptime_time(text, form).tm_year
    return year

CASES = [("1999-12-31", "%Y-%m-%d"), ("31 Dec 99", "%d %b %y"), ("12:30:59 PM", "%I:%M:%S %p"), ("2001 300", "%Y %j"), ("2001 5 3", "%Y %U %w"),
         ("2004-01-01 +0200", "%Y-%m-%d %z"), ("1999", "%y")]
for k in range(4):
    year = make()
    year.__code__ = year.__code__.replace(co_firstlineno=k)
    for case in CASES:
        for _ in range(4):
            try:
                print(year(*case))
            except ValueError as e:
                print(e)
    info = _native.record_info(year)
    if info and info["failures"] or getattr(getattr(year, "__gophersnake__", None), "reason", None):
        print(k, info, year.__gophersnake__)
""")


def test_the_truth_of_ints_that_are_objects():
    """On 3.12 and later 0 has no size of its own: its tag is no 0."""
    same("""
@jit
def truths(values):
    return [(1 if v else 0, not v, v and 5) for v in values]

for _ in range(30):
    print(truths([2**70, 0, -(2**70), 0, 1, -1, 2**30, True, False]))
""")


def test_a_constant_is_returned_where_something_looked():
    """3.12's RETURN_CONST: the exit before it, where a traceback has left a frame object, went on natively at the same place, for ever."""
    same("""
class Raises:
    def __enter__(self):
        raise RuntimeError

    def __exit__(self, *error):
        return None

@jit
def enters(manager, log):
    try:
        with manager as m, Raises():
            log.append(m)
    except RuntimeError:
        pass
    else:
        log.append("no exception")
    log.append(1)
    return None

class Quiet(Raises):
    def __enter__(self):
        return 5

@jit
def none(manager):
    log = []
    return enters(manager, log), log

for _ in range(30):
    print(none(Quiet()))
""")


def test_arguments_in_a_tuple_stay_there():
    """3.14: what a constant or a local holds was taken out of it by the call that it was unpacked for."""
    same("""
@jit
def unpacks(k, given):
    def made(a, b, c=1, *rest):
        return a, b, c, rest
    kept = (k, k + 0.5, [k])
    return made(*(1, 2, 3, 4)), made(*kept), kept, made(*given), given

for k in range(30):
    print(unpacks(k, (k, "x")))
""")


def test_who_compiles_does_not_look_a_name_up_where_a_key_would_be_told():
    """A class's namespace has a key that is no str, of the same hash as an attribute's name: its __eq__ is called by a lookup, and by no compile."""
    text = """
        def look(i):
            class Key:
                def __hash__(self): return hash("mykey")
                def __eq__(self, other): C.__bases__ = (Second,)
            class First: mykey = other = 1
            class Second: mykey = other = 2
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # from 3.13 on, of the key
                C = type("C", (First,), {Key(): 5})
            return C.mykey, C.other
    """
    space = {"warnings": warnings}
    exec(textwrap.dedent(text), space)
    jit(space["look"])
    assert {space["look"](i) for i in range(50)} == {(1, 2)}
