"""Decorated functions sent elsewhere: pickled by name and by value, to processes and threads, copied. Each arrives jitted
wherever the plain function arrives. Scripts run as files, because workers look at what __main__ is."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests.safety_support import python

# A script and, with other names, a module beside it.
FUNCTIONS = """
import functools, sys
from gophersnake import jit, _native

@jit
def total(n):
    s = 0
    for i in range(n):
        s += i
    return s

class Shape:
    def __init__(self, k): self.k = k
    @jit
    def method(self, n): return self.k + n
    @classmethod
    @jit
    def of_class(cls, n): return cls.__name__, n
    @staticmethod
    @jit
    def of_none(n): return n * 2

@jit
class Whole:
    def one(self, n): return n - 1

def make(k):
    @jit
    def closure(n): return closure(n - 1) + k if n else 0
    return closure

triple = jit(lambda n: n * 3)

@jit
def generates(n): yield n

def native(f):
    info = _native.record_info(getattr(f, "__func__", f))
    return info is not None and bool(info["units"])

def work(f, n):
    return f(n), native(f)

by_name = [total, Shape(3).method, Shape.of_class, Shape.of_none, Whole().one]
by_value = [*by_name, make(4), triple]
answers = [10, 8, ("Shape", 5), 10, 4, 20, 15]
"""


def script(folder, source, *arguments):
    (folder / "beside.py").write_text(FUNCTIONS)
    (folder / "main.py").write_text(FUNCTIONS + source)
    try:
        ran = subprocess.run([sys.executable, "main.py", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired as e:
        pytest.fail(f"hangs\n{e.stdout}\n{e.stderr}")
    assert ran.returncode == 0 and not ran.stderr, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("called", [False, True], ids=["sent first", "called first"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(tmp_path, method, called):
    script(tmp_path, """
import beside, multiprocessing
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    for module in sys.modules["__main__"], beside:
        if sys.argv[2] == "True":
            for f in module.by_name:
                f(7)
        wanted = [(a, True) for a in answers[:5]]
        with context.Pool(2) as pool:
            assert pool.starmap(module.work, [(f, 5) for f in module.by_name]) == wanted
            assert pool.map(module.total, range(50)) == [n * (n - 1) // 2 for n in range(50)]
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            assert [pool.submit(module.work, f, 5).result() for f in module.by_name] == wanted
            assert pool.submit(functools.partial(module.total, 5)).result() == 10
        queue = context.SimpleQueue()
        process = context.Process(target=module.total, args=(5,))
        process.start()
        process.join()
        assert process.exitcode == 0
""", method, str(called))


def test_threads(tmp_path):
    script(tmp_path, """
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

for pool in ThreadPoolExecutor(3), ThreadPool(3):
    with pool:
        for f, answer in zip(by_value, answers):
            assert list(pool.map(f, [5] * 9)) == [answer] * 9
""")


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])  # threads interpret while another one compiles
def test_joblib(tmp_path, backend):
    pytest.importorskip("joblib")
    script(tmp_path, """
import beside, joblib

if __name__ == "__main__":
    for module in sys.modules["__main__"], beside:
        everything = module.by_name if sys.argv[1] == "multiprocessing" else module.by_value
        parallel = joblib.Parallel(2, backend=sys.argv[1])
        worked = parallel(joblib.delayed(module.work)(f, 5) for f in everything)
        assert worked == [(a, sys.argv[1] != "threading" or native) for a, (_, native) in zip(answers, worked)]
        assert len(worked) == len(everything)
        assert parallel(joblib.delayed(f)(5) for f in everything) == answers[:len(everything)]
""", backend)


def test_joblib_remembers(tmp_path):
    """Memory finds the source of what it caches, and its hash is the plain function's."""
    pytest.importorskip("joblib")
    source = """
import joblib
memory = joblib.Memory("cache", verbose=0)
cached = memory.cache(total)
assert cached(5) == 10 and cached.check_call_in_cache(5) and not cached.check_call_in_cache(6)
print(joblib.hash(total), joblib.hash([make, Whole]), sorted(cached.func_id), cached.func_id)
"""
    jitted = script(tmp_path, source)
    assert jitted == script(tmp_path, source.replace("import joblib", "import joblib, gophersnake\nfor f in total, Whole: gophersnake.unjit(f)"))


@pytest.mark.parametrize("pickler", ["cloudpickle", "dill", "dill, late"])
def test_by_value_to_another_process(tmp_path, pickler):
    pickles = pytest.importorskip(pickler.partition(",")[0])
    module = pickles.__name__
    try:
        pickles.dumps(lambda: 0)
    except AttributeError as e:  # dill 0.4.1 asks for what code objects no longer have in 3.15
        pytest.skip(f"{module} {pickles.__version__} pickles no function here: {e}")
    (tmp_path / "receive.py").write_text(f"import {'pickle' if module == 'cloudpickle' else module} as pickle" + """
from gophersnake import _native, explain
sent = pickle.load(open("sent", "rb"))
for f, answer in zip(sent["by_value"], sent["answers"]):
    assert _native.is_attached(getattr(f, "__func__", f)), f.__dict__
    assert [f(5), f(5)] == [answer] * 2
    marker = f.__gophersnake__
    assert marker.owner is getattr(f, "__func__", f)
assert "generator function" in explain(sent["generates"]) and list(sent["generates"](2)) == [2]
try:
    sent["strict"](1)
except Exception as e:
    assert type(e).__name__ == "GophersnakeError", repr(e)
else:
    raise AssertionError("strict=True was lost")
""")
    source = """
exec("def strict(n):\\n" + "".join(f"    local_{k} = n\\n" for k in range(3000)))  # not compiled
jit(strict, strict=True)

for called in range(2):
    with open("sent", "wb") as file:
        pickler.dump(dict(by_value=by_value, answers=answers, generates=generates, strict=strict, total=total), file)
    for f in by_value:
        f(7)
    import subprocess
    subprocess.run([sys.executable, "receive.py"], check=True)
"""
    imports = f"import {module} as pickler\n"
    script(tmp_path, source.replace("for called", imports + "for called") if "late" in pickler else imports + source)


def test_a_place_without_gophersnake_says_what_is_missing(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    (tmp_path / "cloudpickle").symlink_to(pathlib.Path(cloudpickle.__file__).parent)
    script(tmp_path, """
import cloudpickle
from gophersnake import unjit
open("closure", "wb").write(cloudpickle.dumps(make(4)))
open("plain", "wb").write(cloudpickle.dumps(unjit(make(4))))
""")
    code = "import pickle; print(pickle.load(open('plain', 'rb'))(5)); pickle.load(open('closure', 'rb'))"
    ran = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                         env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert ran.stdout == "20\n" and ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: ") and "Gophersnake" in last
    assert "pip install gophersnake" in last and "gophersnake.unjit()" in last and sys.executable in last


def test_where_nothing_is_compiled_it_arrives_plain(tmp_path):
    pytest.importorskip("cloudpickle")
    script(tmp_path, """
import cloudpickle, os, subprocess
open("sent", "wb").write(cloudpickle.dumps([make(4), generates]))
code = "import pickle; f, g = pickle.load(open('sent', 'rb')); assert f(5) == 20 and list(g(1)) == [1]"
subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "GOPHERSNAKE_DISABLE": "1"})
""")


def test_two_ways_and_many_times():
    """Sent on by the receiver, sent inside of what holds it, and in a cycle with itself."""
    pytest.importorskip("cloudpickle")
    python("""
import cloudpickle, pickle
def make():
    @jit
    def f(n): return n + len(held)
    held = [f]
    f.held = held
    return f
f = make()
for _ in range(5):
    f = pickle.loads(cloudpickle.dumps(f))
    assert f(1) == 2 and f.held[0] is f and units(f) and f.__gophersnake__.owner is f
    assert f.held is f.__closure__[0].cell_contents
a, b = pickle.loads(cloudpickle.dumps([f, f]))
assert a is b
class C:
    @jit
    def m(self): return __class__
    p = property(jit(lambda self: self.m() is C))
D = pickle.loads(cloudpickle.dumps(C))
assert _native.is_attached(D.m) and _native.is_attached(D.p.fget) and D().m() is D
""")


def test_copies():
    python("""
import copy
@jit
def f(n): return n + 1
f(1)
assert copy.copy(f) is f and copy.deepcopy([f])[0] is f
class C:
    @jit
    def m(self): return self
c = C()
assert copy.copy(c.m)() is c and copy.deepcopy(c.m)() is not c and copy.deepcopy(c.m).__func__ is C.m
d = copy.deepcopy(vars(f))
assert d["__gophersnake__"].owner is f
import types
g = types.FunctionType(f.__code__, f.__globals__, "g", f.__defaults__, f.__closure__)
assert g(1) == 2 and not _native.is_attached(g) and jit(g)(2) == 3 and units(g)
""")
