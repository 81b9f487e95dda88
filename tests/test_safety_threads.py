"""Threads that call and compile the same functions at once, and processes that fork in the middle of it."""

import pytest

from pathlib import Path

from .safety_support import python

FUNCTIONS = '''
import types
from fractions import Fraction

SOURCE = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def total(l):
    s = l[0]
    for x in l[1:]:
        s = s + x
    return s

def count(n, step):
    i = n * 0
    k = 0
    while i < n:
        i += step
        k += 1
    return k, i

def words(t):
    d = {}
    for w in t.split():
        d[w] = d.get(w, 0) + 1
    return sorted(d.items())

def caught(l):
    n = 0
    for x in l:
        try:
            n += 10 // x
        except ZeroDivisionError:
            n -= 1
        except TypeError as e:
            n += len(str(e))
    return n

class P:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def dot(self, other):
        return self.x * other.x + self.y * other.y

def dots(n):
    s = 0
    ps = [P(i, i + 0.5 if i % 3 else i) for i in range(n)]
    for p in ps:
        s += p.dot(ps[0])
    return s

def closure(n):
    def add(x):
        return x + n
    return [add(i) for i in range(5)]
"""
JOBS = [("fib", (12,)), ("fib", (9.0,)), ("fib", (True,)), ("total", ([1, 2, 3],)), ("total", ([1.5, 2, 3],)), ("total", (["a", "b"],)),
        ("total", ([2**62] * 3,)), ("total", ([[1], [2]],)), ("total", ([Fraction(1, 3)] * 3,)), ("count", (100, 1)), ("count", (100, 0.5)),
        ("count", (100.0, 1)), ("count", (2**64, 2**60)), ("words", ("a b a c b a",)), ("caught", ([1, 0, 2, "x", 0],)), ("caught", ([0] * 5,)),
        ("caught", ([1.5, 2**70],)), ("dots", (6,)), ("closure", (3,)), ("closure", (2.5,)), ("closure", (2**63,))]

def make(decorate):
    namespace = {"__name__": "made"}
    exec(SOURCE, namespace)
    for value in list(namespace.values()):
        if isinstance(value, (type, types.FunctionType)):
            decorate(value)
    return namespace

plain = make(lambda f: f)
EXPECTED = [repr(plain[name](*args)) for name, args in JOBS]

def check(namespace, k):
    name, args = JOBS[k]
    got = repr(namespace[name](*args))
    assert got == EXPECTED[k], (name, args, got, EXPECTED[k])
'''


def test_threads_call_and_compile_the_same_functions():
    python(FUNCTIONS + """
import gc, random, threading
sys.setswitchinterval(1e-6)
failed, made = [], []

def work(namespace, barrier, seed):
    chosen = random.Random(seed)
    barrier.wait()
    try:
        for _ in range(60):
            check(namespace, chosen.randrange(len(JOBS)))
    except BaseException as e:
        failed.append(repr(e))

for round in range(15):
    namespace = make(jit)
    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=(namespace, barrier, 8 * round + k)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
        assert not t.is_alive()
    assert not failed, failed[:3]
    made.append(sum(len(units(f)) for f in namespace.values() if isinstance(f, types.FunctionType)))
assert max(made) > 7, made  # how many of a round's calls find the compiler busy is chance
del namespace, threads, t
for _ in range(4):
    gc.collect()
left = _native.stats()["functions"]
assert left == 0, left
""")


def test_threads_end_while_others_compile():
    python(FUNCTIONS + """
import threading, time
sys.setswitchinterval(1e-6)
failed = []

def short(k):
    try:
        check(make(jit), k % len(JOBS))
    except BaseException as e:
        failed.append(repr(e))

end = time.monotonic() + 4
while time.monotonic() < end:
    threads = [threading.Thread(target=short, args=(k,)) for k in range(len(JOBS))]
    for t in threads:
        t.start()
    for t in threads:
        t.join(20)
        assert not t.is_alive()
assert not failed, failed[:3]
""")


def test_daemon_threads_at_exit():
    for _ in range(5):
        python(FUNCTIONS + """
import threading, time
sys.setswitchinterval(1e-5)

@jit
def forever():
    i = 0
    while True:
        i += 1

def compiling(k):
    while True:
        check(make(jit), k)

for k in range(3):
    threading.Thread(target=forever, daemon=True).start()
    threading.Thread(target=compiling, args=(7 * k,), daemon=True).start()
time.sleep(0.2)
""")


def test_functions_of_another_thread_are_invalidated_while_it_runs():
    """A global that changes, a function that gets another code, a record that is detached: beneath a loop that runs."""
    python("""
import threading, time
sys.setswitchinterval(1e-6)

def one(x): return x + 1
def two(x): return x + 2

@jit
def helper(x):
    return x + STEP

@jit
def loop(n):
    s = 0
    for i in range(n):
        s += helper(i) - i
        if s < 0:
            return None
    return s

STEP = 1
stop = []
failed = []

def run():
    try:
        while not stop:
            s = loop(2000)
            assert 2000 <= s <= 4000, s
    except BaseException as e:
        failed.append(repr(e))

threads = [threading.Thread(target=run) for _ in range(3)]
for t in threads:
    t.start()
from gophersnake import unjit
end = time.monotonic() + 3
k = 0
while time.monotonic() < end:
    k += 1
    STEP = 1 + k % 2
    if k % 50 == 0:
        original = helper.__code__
        helper.__code__ = (one if k % 100 else two).__code__
        time.sleep(0.0005)
        helper.__code__ = original
    if k % 70 == 0:
        unjit(helper if k % 140 else loop)
        time.sleep(0.0005)
        jit(helper), jit(loop)
    globals()[f"name{k % 7}"] = k
    time.sleep(0)
stop.append(1)
for t in threads:
    t.join(20)
    assert not t.is_alive()
assert not failed, failed
""")


FORK = FUNCTIONS + """
import os, signal, threading, time

def in_child(work):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(20)
            work()
            status = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, status

def compiles():
    namespace = make(jit)
    for k in range(len(JOBS)):
        check(namespace, k)
    assert units(namespace["fib"])
"""


def test_forked_children_compile():
    python(FORK + """
in_child(compiles)  # before this process has a compiler
compiles()
in_child(compiles)
in_child(compiles)

def nested(depth):
    compiles()
    if depth:
        in_child(lambda: nested(depth - 1))
    compiles()

nested(4)
""")


def test_children_run_what_was_compiled_before():
    python(FORK + """
namespace = make(jit)
for k in range(0, len(JOBS), 2):
    check(namespace, k)
before = {name: len(units(f)) for name, f in namespace.items() if isinstance(f, types.FunctionType)}

def inherits():
    for _ in range(3):
        for k in range(len(JOBS)):
            check(namespace, k)
    import gc
    namespace.clear()  # code of the parent and of the child ends here
    for _ in range(3):
        gc.collect()
    compiles()

for _ in range(5):
    in_child(inherits)
for k in range(len(JOBS)):
    check(namespace, k)
""")


def test_forks_in_the_middle_of_compiles_of_other_threads():
    python(FORK + """
sys.setswitchinterval(1e-5)
stop = []

def compiling():
    while not stop:
        check(make(jit), 3)

threads = [threading.Thread(target=compiling) for _ in range(2)]
for t in threads:
    t.start()
end = time.monotonic() + 6
while time.monotonic() < end:
    in_child(compiles)
stop.append(1)
for t in threads:
    t.join()
""", timeout=120)


def test_forks_in_native_code():
    python(FORK + """
@jit
def forks(n):
    s = pid = 0
    for i in range(n):
        s += i
        if i == n // 2:
            pid = os.fork()
    return s, pid

for _ in range(4):
    s, pid = forks(1000)
    assert s == 499500
    if pid == 0:
        compiles()
        s, pid = forks(1000)
        if pid == 0:
            os._exit(0)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    assert os.waitpid(pid, 0)[1] == 0
""")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method, tmp_path):
    (tmp_path / "worker.py").write_text("from gophersnake import jit, _native\n\n"
                                        "@jit\ndef total(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n\n"
                                        "def work(n):\n    return total(n), bool(_native.record_info(total)['units'])\n")
    python(f"""
import multiprocessing
sys.path.insert(0, {str(tmp_path)!r})
import worker
worker.total(10)
with multiprocessing.get_context({method!r}).Pool(2) as pool:
    assert pool.map(worker.work, range(200, 220)) == [(n * (n - 1) // 2, True) for n in range(200, 220)]
    assert pool.map(worker.total, [5, 5]) == [10, 10]
""")


STRESS = """
import gc, random, threading

sys.setswitchinterval(1e-6)
TEXT = '''
class Dies:
    def __init__(self, k): self.k = k
    def __del__(self): self.k += 1

def leaf(a, b):
    if a == 7: raise ValueError(a)
    return a + b

def middle(n, d):
    s = 0
    for i in range(n):
        try:
            s += leaf(i, d)
        except ValueError as e:
            s += e.args[0]
        x = Dies(i)
        x = (i, x)
    return s

def deep(n):
    return 1 if n == 0 else deep(n - 1) + 1

def gen(n):
    for i in range(n):
        yield leaf(i if i != 7 else 8, 1)

def uses(n):
    return sum(gen(n)), [k for k in gen(n)], {k: leaf(0, k) for k in range(n)}

def passes(n):
    if n == 0: raise KeyError(n)
    try:
        return passes(n - 1)
    finally:
        l = [n, Dies(n)]

def catches(n):
    try:
        passes(n)
    except KeyError as e:
        return e.args[0] + n
'''
def space():
    s = {}
    exec(TEXT, s)
    for name in ("leaf", "middle", "deep", "gen", "uses", "passes", "catches"): jit(s[name])
    return s
SHARED, failed = [space()], []

def step(rng, s):
    k = rng.randrange(8)
    if k == 0:
        assert s["middle"](12, 1) == sum(range(12)) + 11
    elif k == 1:
        assert s["middle"](12, 1.5) == sum(range(12)) + 11 * 1.5
    elif k == 2:
        assert s["deep"](rng.choice((5, 300))) in (6, 301)
    elif k == 3:
        assert s["uses"](5) == (15, [1, 2, 3, 4, 5], {k: k for k in range(5)})
    elif k == 4:
        assert s["catches"](rng.choice((3, 30))) in (3, 30)
    elif k == 5:
        try:
            s["deep"](10**5)
        except RecursionError:
            return
        raise AssertionError
    elif k == 6:
        SHARED[0] = space()
    else:
        s["leaf"].__code__ = s["leaf"].__code__.replace(co_name="again")
        if rng.random() < 0.1: gc.collect()

def work(seed):
    rng = random.Random(seed)
    try:
        for _ in range(60):
            step(rng, SHARED[0])
    except BaseException as e:
        failed.append(repr(e))
        raise

threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
for t in threads: t.start()
for t in threads: t.join()
assert not failed, failed
"""


@pytest.mark.parametrize("force", ["", "random:7"])
def test_eight_threads_call_compile_change_and_drop_the_same_functions(force):
    """With exceptions through native frames, recursion to the limit, generators and the collector in between; guards are forced to fail, too."""
    python(STRESS, timeout=120, PYTHONMALLOC="debug", GOPHERSNAKE_FORCE_GUARD=force)


def test_what_an_exit_borrows_lives_while_it_compiles():
    """test_importlib: the owner of a lock was loaded, the exit before its comparison compiled and gave the GIL away, and another thread put another owner there."""
    pytest.importorskip("test.test_importlib", reason="this Python came without its tests")
    python(f"""
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
import importlib, unittest
from tests import jit_import_hook

jit_import_hook.install(["test.test_importlib"], jit)
for round in range(8):
    for name in [n for n in sys.modules if n.startswith("test.test_importlib.test_locks")]:
        del sys.modules[name]
    tests = importlib.import_module("test.test_importlib.test_locks")
    for _ in range(3):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(tests.Source_DeadlockAvoidanceTests).run(result)
        assert not result.failures and not result.errors, result
""", timeout=120, PYTHONMALLOC="debug")


def test_who_finds_the_compiler_at_work_may_ask_again():
    """Exits that found another thread compiling counted as compiled continuations: after 64 of them a function had none for good, and was interpreted from each exit on."""
    python("""
import ctypes, threading
from gophersnake import _load
real, entered, go_on = _load.compiler(), threading.Event(), threading.Event()

class Waits:
    def __getattr__(self, name):
        return getattr(real, name)

    def pyext_Compile(self, address, size):
        if threading.current_thread() is thread:
            entered.set()
            assert go_on.wait(60)
        return real.pyext_Compile(address, size)

compiler, thread, handled, known = Waits(), None, [], 0  # no name is new later: the code guards that no global hides range
_load.compiler = lambda: compiler
pend = ctypes.pythonapi.Py_AddPendingCall
pend.argtypes = ctypes.c_void_p, ctypes.c_void_p
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda nothing: handled.append(1) or 0)
pending = ctypes.cast(callback, ctypes.c_void_p)

@jit
def polls(n, do, what):
    for i in range(n):
        do(what, None)
    return n

@jit
def other(x):
    return x

idle = ctypes.pythonapi.PyErr_GivenExceptionMatches
idle.argtypes = ctypes.c_void_p, ctypes.c_void_p
for _ in range(5):
    polls(50, idle, pending)
thread = threading.Thread(target=other, args=(1,))
thread.start()
assert entered.wait(60)
known = len(units(polls))
for _ in range(100):
    assert polls(2, pend, pending) == 2
assert len(units(polls)) == known and len(handled) == 200
go_on.set()
thread.join()
polls(2, pend, pending)
assert len(units(polls)) > known
""")
