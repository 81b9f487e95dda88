"""Bytecodes of statements that few functions have: patterns, except*, what passes exceptions on, classes in functions. Plain and jitted
they give the same, down to the tracebacks' instructions."""

import types

import pytest
from gophersnake import explain, jit, versions

SOURCE = """
import sys
class P:
    __match_args__ = ("x", "y")
    def __init__(s, x, y): s.x, s.y = x, y
class Bad:
    __match_args__ = ["x"]
class Bad2:
    __match_args__ = (1,)
class Dup:
    __match_args__ = ("a", "a")
    a = 1
@JIT
def m(v):
    match v:
        case Bad(3): return "bad"
        case Bad2(3): return "bad"
        case Dup(1, 1): return "dup"
        case int(): return "int"
        case str(s) if len(s) > 3: return s
        case P(0, y=q): return ("P0", q)
        case P(a, b): return ("P", a, b)
        case P(z=1): return "z"
        case {"k": k, 1: o, **rest}: return k, o, rest
        case {"k": k}: return k
        case [1, *r, 2]: return r
        case [a, b]: return a, b
        case (): return "empty"
        case None | True | False: return "single"
        case 1.5 | 2.5: return "f"
    return "none"
@JIT
def eg(errs, clause):
    log = []
    try:
        try:
            if errs: raise errs
        except* clause as g:
            log.append(("c1", repr(g), repr(sys.exc_info()[1]), g.__cause__, repr(g.__context__)))
            if len(g.exceptions) > 2: raise KeyError("in")
        except* TypeError as g:
            log.append(("c2", repr(g)))
            raise
        else:
            log.append("else")
        finally:
            log.append("fin")
    except BaseException as e:
        log.append(repr(e)); log.append(repr(e.__context__)); log.append(repr(e.__cause__))
        tb = e.__traceback__
        while tb: log.append((tb.tb_lineno, tb.tb_lasti)); tb = tb.tb_next
    return log
@JIT
def reraise(n):
    log = []
    for i in range(n):
        try:
            try:
                try:
                    if i % 3 == 0: raise ValueError(i)
                    if i % 3 == 1: [][i]
                finally:
                    log.append((i, repr(sys.exc_info()[1])))
            except ValueError as e:
                e.add_note("n%d" % i)
                log.append(("v", repr(sys.exc_info()[1])))
                raise
            except IndexError as e:
                log.append(("i", repr(sys.exc_info()[1])))
                raise KeyError(i) from e
        except Exception as e:
            tb = e.__traceback__
            log.append((repr(e), repr(e.__cause__), repr(e.__context__), getattr(e, "__notes__", None), e.__suppress_context__))
            while tb: log.append((tb.tb_lineno, tb.tb_lasti)); tb = tb.tb_next
        log.append(sys.exc_info()[1])
    return log
@JIT
def bare():
    raise
@JIT
def cls(n):
    out = []
    for i in range(n):
        class A(P):
            y: int = i
            def f(self): return __class__, super().__init__
        out.append((A.y, A.__name__, A(1,2).f()[0] is A, A.__annotations__))
    return out
"""


def told(f, *args):
    try:
        return repr(f(*args))
    except BaseException as e:
        return [repr(e), repr(e.__context__), repr(e.__cause__), *places(e.__traceback__.tb_next)]


def places(tb):
    while tb:
        # In a plain caller of a plain function it is the last cache of the call, of any other the call itself.
        yield tb.tb_lineno, tb.tb_frame.f_code.co_filename == "source" and tb.tb_lasti
        tb = tb.tb_next


def module(decorator):
    names = {"JIT": decorator}
    exec(compile(SOURCE, "source", "exec"), names)
    return names


def patterns(names):
    P = names["P"]
    subjects = [1, "ab", "abcd", P(0, 5), P(1, 2), {"k": 1, 1: 2, "z": 3}, {"k": 9}, {}, [1, 2], [1, 5, 6, 2], (), (3, 4), (1, 2, 3)]
    subjects += [None, True, 1.5, 7.5, b"ab", names["Bad"](), names["Bad2"](), names["Dup"](), range(2), set()]
    for _ in range(6):
        for subject in subjects:
            yield told(names["m"], subject)


def groups(names):
    g = ExceptionGroup
    nested = g("g", [ValueError(1), g("h", [ValueError(2), OSError(3)]), ValueError(9)])
    pair = g("g", [ValueError(1), TypeError(2)])
    for _ in range(6):
        for error in [None, ValueError(1), TypeError(2), OSError(3), g("g", [ValueError(1)]), pair, nested, g("g", [TypeError(1), OSError(4)])]:
            for clause in (ValueError, (ValueError, OSError), ExceptionGroup, 3, (ValueError, ExceptionGroup)):
                if error:
                    error.__traceback__ = error.__context__ = None
                yield told(names["eg"], error, clause)


def raising_again(names):
    def handling():
        try:
            1 / 0
        except ZeroDivisionError:
            names["bare"]()

    for _ in range(8):
        yield told(names["reraise"], 12)
        yield told(names["bare"])
        yield told(handling)


def classes(names):
    for _ in range(3):
        yield told(names["cls"], 5)


@pytest.mark.parametrize("what", [patterns, groups, raising_again, classes])
def test_as_plain(what):
    assert list(what(module(jit))) == list(what(module(lambda f: f)))


def test_they_are_compiled():
    names = module(jit)
    for what in [patterns, groups, raising_again, classes]:
        list(what(names))
    for function in ("m", "eg", "reraise", "bare", "cls"):
        assert versions(names[function]), function
        lines = str(explain(names[function])).splitlines()
        over = [i for i, line in enumerate(lines) if "guard: not compiled" in line]
        assert all("PREP_RERAISE_STAR" in lines[i - 1] for i in over), function


def test_what_suspends_costs_what_it_cost():
    """It is not attached: a call of it is the interpreter's own."""

    def generator(n):
        yield n

    async def coroutine():
        return 1

    async def asynchronous():
        yield 1

    for f in (generator, coroutine, asynchronous):
        assert type(jit(f)) is types.FunctionType
