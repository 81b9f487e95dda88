"""Calls of functions that no name tells: closures, functions that are made anew in each round, functions that were passed. Their code is guarded
and compiled with the caller; whatever else comes gets an ordinary call."""

import gc
import os
import subprocess
import sys
import types

import pytest
from gophersnake import jit

SOURCE = """
import sys, types
def adder(k):
    def add(x): return x + k
    return add
def counter():
    total = 0
    def count(by):
        nonlocal total
        total += by
        return total
    return count
def decorated(fn):
    def wrapper(x): return fn(x) + 1
    return wrapper
@decorated
def twice(x): return 2 * x
def raising(k):
    def inner(x):
        if x == k: raise ValueError(x, k)
        return x
    return inner
def where():
    return [sys._getframe(n).f_code.co_name for n in range(3)]
def looking(log):
    def inner(x):
        log.append(where())
        return sorted(sys._getframe(1).f_locals)
    return inner
def defaults(k):
    def inner(x, y=k, *, z=3): return x, y, z
    return inner
def generating(k):
    def inner(x):
        yield x
        yield k
    return inner
def recursing():
    def fact(n): return n * fact(n - 1) if n else 1
    return fact
def deleting():
    box = [1]
    def inner(x):
        nonlocal box
        if x % 50 == 49: del box
        elif x % 50 == 0: box = [x]
        return box
    return inner
@JIT
def use(n, f):
    out = []
    for i in range(n):
        try: out.append(f(i))
        except Exception as e:
            names = []
            tb = e.__traceback__
            while tb: names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno)); tb = tb.tb_next
            out.append((repr(e), names))
    return out
@JIT
def made(n):
    out = []
    for i in range(n):
        f = adder(i)
        out.append(f(1) + adder(2 * i)(3))
        g = lambda x, y=i: (x, y, i)
        out.append(g(1))
        out.append(g(1, 2))
        out.append(g(y=1, x=2))
    return out
@JIT
def several(n, fs):
    out = []
    for i in range(n):
        out.append(fs[i % len(fs)](i))
    return out
"""


@pytest.fixture
def both():
    made = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate, "__name__": "passed"}
        exec(compile(SOURCE, "passed", "exec"), names)
        made.append(names)
    return made


def alike(both, run):
    told = [run(names) for names in both]
    assert told[0] == told[1]


@pytest.mark.parametrize("make", [
    "adder(3)", "adder(2.5)", "adder('x')", "counter()", "twice", "raising(60)", "looking([])", "defaults(7)", "recursing()", "deleting()", "len", "str", "adder",
    "generating(1)", "types.MethodType(lambda s, x: (s, x), 5)", "lambda *a, **k: (a, k)", "lambda: 1", "lambda x, y: x", "None", "type('C', (), {'__call__': lambda s, x: x})()"])
def test_whatever_is_passed(both, make):
    def run(names):
        f = eval(make, names)
        out = [names["use"](n, f) for n in (3, 100, 100, 100)]
        return [[list(x) if isinstance(x, types.GeneratorType) else x if not callable(x) else x(1) for x in some] for some in out]
    alike(both, run)


def test_made_in_each_round(both):
    for n in (5, 200, 200):
        alike(both, lambda names: names["made"](n))


def test_another_function_comes(both):
    def run(names):
        use, adder = names["use"], names["adder"]
        out = []
        for f in (adder(1), adder(2**70), adder(2), names["counter"](), adder(1), int, adder(1.5)):
            out += [use(50, f), use(50, f)]
        elsewhere = types.FunctionType(names["where"].__code__, {"sys": sys, "__name__": "elsewhere"})
        out.append(names["several"](100, [adder(1), adder(2), names["counter"](), abs, adder(0.5), lambda x: elsewhere()]))
        return out
    alike(both, run)


def test_the_same_code_with_other_globals(both):
    def run(names):
        exec("def reads(x): return x + K", names)
        names["K"] = 1
        code, out = names["reads"].__code__, []
        for k in (1, 1, 2, 2.5, "s"):
            other = types.FunctionType(code, {"K": k})
            for f in (names["reads"], other) if isinstance(k, int) else (other,):
                try:
                    out += [names["use"](60, f), names["use"](60, f)]
                except TypeError as e:
                    out.append(repr(e))
        other = types.FunctionType(code, {"__builtins__": {"K": 5}})
        out += [names["use"](60, other), names["use"](60, names["reads"])]
        return out
    alike(both, run)


def test_the_function_is_changed(both):
    def run(names):
        use, out = names["use"], []
        exec("def f(x, y=1): return x + y\ndef g(x, y=2): return x * y", names)
        f, g = names["f"], names["g"]
        out += [use(50, f), use(50, f)]
        f.__defaults__ = (10,)
        out += [use(50, f), use(50, f)]
        f.__defaults__ = None
        out += [use(50, f)]
        f.__defaults__ = (2, 3)
        out += [use(50, f)]
        f.__code__ = g.__code__
        out += [use(50, f), use(50, f)]
        return out
    alike(both, run)


def test_it_is_attached_later(both):
    names = both[1]
    f = names["adder"](3)
    assert names["use"](50, f) == names["use"](50, f)
    jit(f)
    assert names["use"](50, f) == names["use"](50, f) == [x + 3 for x in range(50)]


LIVES = """
import weakref
log = []
class Dies:
    def __init__(s, name): s.name = name
    def __del__(s): log.append(s.name)
def maker(o):
    def inner(x): return o is x
    return inner
@JIT
def f(n):
    for i in range(n):
        g = maker(Dies(("o", i)))
        w = weakref.ref(g, lambda r, i=i: log.append(("g", i)))
        log.append(g(Dies(("x", i))))
        log.append(("called", i))
        g = None
        log.append(("end", i))
for _ in range(4): f(30)
"""


def test_what_dies_when():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(LIVES, names)
        told.append(names["log"])
    assert told[0] == told[1]


def test_memory(both):
    names = both[1]
    names["made"](2000)
    gc.collect()
    before = len(gc.get_objects())
    names["made"](5000)
    gc.collect()
    assert len(gc.get_objects()) - before < 20


LOOPS = """
from gophersnake import jit
def compose(f, g): return lambda x: f(g(x))
@jit
def f(n):
    h = compose(lambda x: x + 1, lambda x, y=2: x * y)
    total = 0
    for i in range(n):
        total += h(i)
    return total
for _ in range(4):
    f(1000)
"""


def test_such_a_loop_stays_native():
    environment = {**os.environ, "GOPHERSNAKE_LOG": "exits"}
    done = subprocess.run([sys.executable, "-c", LOOPS], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr.count("exit: ") < 40
