"""Handlers in native code: what they see (sys.exc_info, tracebacks, frames, contexts), what they leave behind, and that a loop that
raises and catches stays native."""

import gc
import os
import subprocess
import sys

import pytest
from gophersnake import jit

SOURCE = """
import sys
class Dies:
    def __init__(s, log): s.log = log
    def __del__(s): s.log.append("dead")
class CtorErr(Exception):
    def __init__(self, *a):
        super().__init__(*a)
        self.seen = sorted(k for k in sys._getframe(1).f_locals if k in "abci")
def thrower(x):
    if x % 3 == 0: raise ValueError(x)
    if x % 3 == 1: return [][x]
    return x
@JIT
def loop(n, keep):
    log = []
    total = 0.5
    for i in range(n):
        a = i + 0.25
        b = [i]
        c = Dies(log)
        try:
            try:
                thrower(i)
                total += a
            finally:
                log.append(("fin", i, repr(sys.exc_info()[1])))
                b.append(a)
        except ValueError as e:
            keep.append(e)
            total += e.args[0]
            log.append((sorted(e.__traceback__.tb_frame.f_locals.keys()), e.__traceback__.tb_frame.f_locals["b"], e.__traceback__.tb_frame.f_locals["a"]))
        except (IndexError, KeyError) as e:
            try:
                raise KeyError(i) from e
            except KeyError as e2:
                log.append((repr(e2.__cause__), repr(e2.__context__), sys.exc_info()[1] is e2))
                for k in range(3):
                    try:
                        int("x" * k)
                    except ValueError as e3:
                        log.append((repr(e3.__context__), k, sys.exc_info()[1] is e3))
                    else: log.append("no")
                log.append(sys.exc_info()[1] is e2)
            log.append(sys.exc_info()[1] is e)
        else:
            log.append("else")
        log.append(sys.exc_info()[1])
    return total, log
@JIT
def small(t):
    try: return int(t)
    except ValueError: return -1
    finally: t = None
@JIT
def leak(n, o):
    for i in range(n):
        x = o
        y = (o, i)
        try:
            [o, x, y, {}[i]]
        except KeyError as e:
            z = [o, e.args]
        try:
            small("q")
            raise KeyError(o)
        except KeyError as e: pass
@JIT
def deep(n):
    try:
        if n == 0: {}["k"]
        return deep(n - 1)
    except KeyError:
        if n < 3: raise
        return n
def frames(e):
    r = []
    tb = e.__traceback__
    while tb:
        r.append((tb.tb_lineno, tb.tb_lasti, tb.tb_frame.f_code.co_name, tb.tb_frame.f_lineno))
        tb = tb.tb_next
    return r
@JIT
def gen_user(n):
    it = iter(range(n))
    out = []
    while True:
        try: out.append(next(it))
        except StopIteration: return out
@JIT
def withs(n, log):
    class C:
        def __init__(s, sup): s.sup = sup
        def __enter__(s): return s
        def __exit__(s, t, v, tb):
            log.append((t, repr(v), tb and tb.tb_lineno, tb and tb.tb_lasti))
            return s.sup
    for i in range(n):
        try:
            with C(i % 2) as c, C(i % 3 == 0):
                if i % 5 != 4: raise ValueError(i)
        except ValueError as e: log.append(("out", i, [x[:2] for x in frames(e)]))
"""


def module(decorator):
    names = {"JIT": decorator}
    exec(compile(SOURCE, "source", "exec"), names)
    return names


@pytest.fixture
def both():
    return module(lambda f: f), module(jit)


def test_a_loop_that_catches(both):
    for n in (3, 10, 60, 60):
        told = []
        for names in both:
            kept = []
            total, log = names["loop"](n, kept)
            told.append((total, log[:]))  # what the kept frames hold dies later
            for e in kept:  # each frame object has what its function's locals were last
                line, _, *place = names["frames"](e)[0]  # the interpreter blames the last cache of an inlined call
                local = sorted((k, repr(v)) for k, v in e.__traceback__.tb_frame.f_locals.items() if k in ("a", "b", "i", "total", "n"))
                told[-1][1].append((line, place, local))
        assert told[0] == told[1]


def test_calls_that_catch(both):
    for text in ["1", "x", None, "", "7"] * 30:
        told = []
        for names in both:
            try:
                told.append(names["small"](text))
            except TypeError as e:
                told.append(repr(e))
        assert told[0] == told[1]


def test_recursion_that_catches(both):
    for n in (0, 1, 2, 3, 10, 50) * 3:
        told = []
        for names in both:
            try:
                told.append(names["deep"](n))
            except KeyError as e:
                told.append([(line, name) for line, _, name, _ in names["frames"](e)[1:]])
        assert told[0] == told[1]


def test_with(both):
    for n in (4, 40, 40):
        told = [], []
        for names, log in zip(both, told):
            names["withs"](n, log)
        assert told[0] == told[1]


def test_stop_iteration(both):
    for _ in range(3):
        assert both[1]["gen_user"](50) == list(range(50))


def test_references(both):
    o = object()
    leak = both[1]["leak"]
    leak(300, o)
    gc.collect()
    references, objects = sys.getrefcount(o), len(gc.get_objects())
    leak(5000, o)
    gc.collect()
    assert sys.getrefcount(o) == references
    assert len(gc.get_objects()) - objects < 20


LOOP = """
from gophersnake import jit
@jit
def f(n):
    found = 0
    table = {i: i for i in range(0, n, 2)}
    for i in range(n):
        try:
            try:
                found += table[i]
            finally:
                found += 1
        except KeyError:
            found -= 1
    return found
for _ in range(4):
    f(1000)
"""


USES = """
from gophersnake import jit
@jit
def f(n):
    text = ""
    for i in range(n):
        try:
            raise ValueError(i)
        except ValueError as e:
            text = str(e)
            found = repr(e.args[0]) + repr(e)
    return text, found
for _ in range(4):
    f(1000)
"""


KEEPS = """
import sys
from gophersnake import jit
frames = []
def look():
    frames[:] = [sys._getframe(1)]
    return 1
@jit
def f(n):
    found = 0
    for i in range(n):
        found += look() + len(str(found))
    return found
for _ in range(4):
    f(1000)
"""


UNBOUND = """
from gophersnake import jit
@jit
def f(n):
    told = []
    for i in range(n):
        if i % 3 == 0:
            x = [i]
        try:
            told.append(len(x))
            del x
        except UnboundLocalError as e:
            told.append((str(e), e.__traceback__.tb_lineno, e.__traceback__.tb_frame.f_locals.get("x")))
        try:
            del y
        except UnboundLocalError as e:
            told.append((str(e), e.__traceback__.tb_lineno, e.__traceback__.tb_frame.f_locals["i"]))
        y = i
        try:
            del y
            y
        except UnboundLocalError as e:
            told.append((str(e), e.__traceback__.tb_lineno, "y" in e.__traceback__.tb_frame.f_locals))
    return told
for _ in range(4):
    f(1000)
"""


def test_unbound_locals():
    told = []
    for source in (UNBOUND.replace("@jit", ""), UNBOUND):
        names = {}
        exec(compile(source, "unbound", "exec"), names)
        told.append(names["f"](50))
    assert told[0] == told[1]


# A traceback's frame object is there while an exception is handled; what a loop calls may keep one, too.
@pytest.mark.parametrize("source, most", [(LOOP, 30), (USES, 30), (KEEPS, 30), (UNBOUND, 300)])
def test_a_loop_with_frame_objects_stays_native(source, most):
    environment = {**os.environ, "GOPHERSNAKE_LOG": "exits"}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr.count("exit: f,") < most


WRITES = """
import ctypes, sys
to_fast = ctypes.pythonapi.PyFrame_LocalsToFast
to_fast.argtypes = [ctypes.py_object, ctypes.c_int]
class Dies:
    def __init__(s, log): s.log = log
    def __del__(s): s.log.append(sorted(k for k in sys._getframe(1).f_locals if k != "e"))
def write(e, at, new, log):
    frame = e.__traceback__.tb_frame
    log.append((frame.f_locals["i"], frame.f_locals["a"], frame.f_lineno, frame is sys._getframe(1)))
    if frame.f_locals["i"] == at:
        frame.f_locals.update(new)
        to_fast(frame, 0)
    return 0
@JIT
def handler(n, at, new):
    log, keep, a, b = [], [], 1, 2.5
    for i in range(n):
        try:
            raise KeyError(i)
        except KeyError as e:
            d = Dies(log)
            write(e, at, new, log)
            a += 1
            b += a
            d = None
            log.append(write(e, -1, None, log))
            if i % 7 == 0:
                keep.append(e)
        a += len(log)
        log.append((a, b))
    return a, b, n, log, [e.__traceback__.tb_frame for e in keep]
"""


def test_locals_that_change_while_an_exception_is_handled():
    both = {}, {}
    for names, decorate in zip(both, (lambda f: f, jit)):
        names["JIT"] = decorate
        exec(compile(WRITES, "writes", "exec"), names)
    for at in (-1, 3, 8, 20):
        for new in {"a": 100}, {"a": 2.5}, {"a": 2**80, "b": -1}, {"n": 12}, {"d": None}:
            told = []
            for names in both:
                *rest, frames = names["handler"](30, at, new)
                told.append((rest, [(f.f_lineno, {k: repr(v) for k, v in f.f_locals.items() if k not in ("log", "keep", "e")}) for f in frames]))
            assert told[0] == told[1]


HANDLED = """
import ctypes, sys
from gophersnake import jit
class Named(str): pass
class Says(ValueError):
    def __str__(self):
        sys._getframe(1).f_locals["seen"] = 1
        return Named("said")
def write(e, n):
    frame = sys._getframe(1)
    if n % 3 == 0:
        frame.f_locals["x"] = -n
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    return e.args[0]
@jit
def f(n):
    out = []
    for i in range(n):
        x = i
        try:
            if i % 2:
                raise KeyError(i)
            raise Says(i, "b")
        except Exception as e:
            out.append((str(e), type(str(e)).__name__, e.args, e.__cause__, write(e, i), x))
            x += 1
        out.append(x)
    try:
        {}[n]
    except KeyError as e:
        e.args = 7, 8
        out.append((e.args, str(e), repr(e)))
    try:
        open("/nowhere/at/all")
    except OSError as e:
        out.append((e.errno, e.filename, e.strerror, e.args, str(e)))
    return out
"""


def test_what_a_handler_asks_of_its_exception():
    told = []
    for source in (HANDLED.replace("@jit", ""), HANDLED):
        names = {}
        exec(compile(source, "handled", "exec"), names)
        told.append([names["f"](n) for n in (1, 2, 3, 40, 40, 40)])
    assert told[0] == told[1]


LEAVES = """
import sys
class Dies:
    def __init__(s, name, log): s.name, s.log = name, log
    def __del__(s):
        f, names = sys._getframe(1), []
        while f and len(names) < 6 and f.f_code.co_filename == "leaves":
            names.append(f.f_code.co_name)
            f = f.f_back
        s.log.append((s.name, names[:1], repr(sys.exc_info()[1])))
class Own(Exception):
    def __init__(s, a, b):
        s.a, s.b = a, b
@JIT
def deepest(i, log, x):
    y = i + 0.5
    d = Dies("deepest", log)
    if i % 5 == 0:
        raise ValueError(i)
    if i % 5 == 1:
        return len([Dies("item", log), x], i)
    if i % 5 == 2:
        raise Own(i, y) from KeyError(i)
    if i % 5 == 3:
        return {}[y]
    return int(y)
@JIT
def cleans(i, log):
    text = str(i)
    try:
        return deepest(i, log, text)
    finally:
        log.append((text, repr(sys.exc_info()[1])))
@JIT
def handles(i, log):
    z = [i]
    try:
        return cleans(i, log)
    except ValueError:
        raise
    except Own as e:
        raise e
    except TypeError as e:
        e.add_note("noted")
        raise RuntimeError(z) from e
@JIT
def loop_in(i, log):
    for k in (1, 2.5, "x"):
        d = Dies("loop", log)
        total = handles(i, log)
    return total
class Method:
    @JIT
    def call(self, i, log, *rest, **more):
        def inner(): return i
        return loop_in(i, log) + inner()
@JIT
def outer(n, log):
    m, out, kept = Method(), [], []
    for i in range(n):
        try:
            out.append(m.call(i, log, 1, a=2))
        except Exception as e:
            kept.append(e)
            out.append(sys.getrefcount(e))
        log.append(i)
    return out, kept
def told(e):
    if e is None:
        return None
    entries, tb = [], e.__traceback__
    while tb:
        f = tb.tb_frame
        local = {k: repr(v) for k, v in f.f_locals.items() if k not in ("log", "kept", "out", "e", "d", "m", "inner", "self")}
        entries.append((f.f_code.co_name, tb.tb_lineno, f.f_lineno, local, sorted(f.f_locals), f.f_back and f.f_back.f_code.co_name))
        tb = tb.tb_next
    return repr(e), getattr(e, "__notes__", None), entries, told(e.__cause__), told(e.__context__)
def run(n):
    log = []
    out, kept = outer(n, log)
    seen = [told(e) for e in kept]
    counts = [(sys.getrefcount(e.__traceback__), sys.getrefcount(e.__traceback__.tb_next.tb_frame)) for e in kept]
    before = len(log)
    while kept:
        kept.pop(0)
        log.append("popped")
    return out, seen, counts, log
"""


def test_what_leaves_native_code_by_an_exception():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(compile(LEAVES, "leaves", "exec"), names)
        told.append([names["run"](n) for n in (2, 3, 40, 40, 40)])
    for plain, jitted in zip(*told):
        for name, p, j in zip(("results", "tracebacks", "counts", "log"), plain, jitted):
            assert p == j, name


LEAVING = """
from gophersnake import jit
source = '''
def deepest(i):
    if i >= 0: raise ValueError(i)
def middle(i): return deepest(i) + 1
def item(i): return [].pop(i)
def f(n):
    k = 0
    for i in range(n):
        try:
            middle(i)
        except ValueError:
            k += 1
        try:
            item(i)
        except IndexError:
            k += 1
    return k
'''
for _ in range(20):
    names = {}
    exec(source, names)
    jit(names["f"])
    for _ in range(4):
        assert names["f"](250) == 500
"""


# Twenty times: whether code is outdated was told by a sum of what the profile says in which two flags could cancel, for one function in ten.
def test_an_exception_passes_native_callers_without_exits():
    environment = {**os.environ, "GOPHERSNAKE_LOG": "exits"}
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr.count("exit: ") < 20 * 40


VALUELESS = """
from gophersnake import jit
def boom(x):
    raise ValueError(x)

@jit
def comprehends(l):
    a = 1
    boom([i for i in l])

@jit
def deletes(l):
    a = 1
    del a
    boom(l)

@jit
def forks(l):
    if l is None:
        z = 1
    boom(l)

kept = []
for f in comprehends, deletes, forks:
    for n in range(300):
        try:
            f([1, 2])
        except ValueError as e:
            kept.append(e)
            told = e.__traceback__.tb_next.tb_frame.f_locals
            assert "a" in told if f is comprehends else "a" not in told and "z" not in told
            del kept[:-7]
kept.clear()
"""


def test_what_leaves_native_code_by_an_exception_has_locals_without_a_value():
    """The frame object that the traceback holds takes the frame over as it is: 3.14 has a word for no value that is not 0."""
    subprocess.run([sys.executable, "-X", "faulthandler", "-c", VALUELESS], check=True)


PASSED_ON = """
import sys
class Dies:
    def __init__(s, log): s.log = log
    def __del__(s): s.log.append((sys._getframe(1).f_lineno, repr(sys.exc_info()[1])))
class Other(Exception): pass
@JIT
def again(): raise
@JIT
def f(n, log):
    seen = []
    for i in range(n):
        try:
            for k in [Dies(log), 2]:
                try:
                    try:
                        if i % 4 == 0:
                            raise KeyError(i)
                        if i % 4 == 1:
                            [][i]
                        if i % 4 == 2:
                            raise Other(i) from None
                        int("no")
                    except Other as e:
                        e.__traceback__ = None
                        raise
                    except (KeyError, TypeError) as e:
                        if i % 8:
                            raise e.with_traceback(None)
                        raise
                    finally:
                        log.append((i, repr(sys.exc_info()[1])))
                except IndexError:
                    try:
                        raise
                    except KeyError:
                        log.append("no")
        except Exception as e:
            tb, lines = e.__traceback__, []
            while tb:
                lines.append((tb.tb_lineno, tb.tb_frame.f_lineno, tb.tb_frame.f_code.co_name))
                tb = tb.tb_next
            seen.append((lines, repr(e), repr(e.__context__), e.__suppress_context__, sys.getrefcount(e), sys.exc_info()[1] is e))
    try:
        again()
    except RuntimeError as e:
        seen.append(str(e))
    try:
        try:
            raise ValueError(n)
        except ValueError:
            again()
    except ValueError as e:
        seen.append((repr(e), repr(e.__context__), e.__traceback__.tb_next.tb_frame.f_code.co_name))
    return seen, sys.exc_info()
def run(n):
    log = []
    return f(n, log), log
"""


def test_exceptions_that_are_passed_on_to_other_handlers():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(compile(PASSED_ON, "passed_on", "exec"), names)
        told.append([names["run"](n) for n in (1, 2, 5, 60, 60, 60)])
    assert told[0] == told[1]


# In a long function: where an exception was raised is an int that has an object of its own.
IN_HANDLERS = {
    "finally": "finally: z = 1",
    "no handler is for it": "except ValueError: z = 1",
    "bare raise": "except ZeroDivisionError: raise",
    "bare raise of a name": "except ZeroDivisionError as e: raise",
    "raised in a handler": "except ZeroDivisionError as e: z = 1 // (x - 1)",
    "raised in finally": "finally: z = 1 // (x - 1)",
}


@pytest.mark.parametrize("handler", IN_HANDLERS.values(), ids=IN_HANDLERS)
def test_what_is_passed_on_leaves_no_memory_behind(handler):
    names = {}
    lines = [f"    y{i} = x + {i}" for i in range(120)]
    exec("\n".join(["def f(x):", *lines, "    try:", "        try: 1 // (x - 1)", f"        {handler}", "    except Exception: pass"]), names)
    f = jit(names["f"])

    def blocks():
        for _ in range(1000):
            f(1)
        gc.collect()
        return sys.getallocatedblocks()

    blocks()
    before = blocks()
    assert blocks() - before < 300  # one of each call were a thousand
