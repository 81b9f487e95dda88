"""Native loops and recursion let signals, asynchronous exceptions and other threads have their turn, and go on afterwards."""

import pytest

from .safety_support import python, same

# What a signal from another process, or an exception from another thread, must end. (name of the function, its arguments)
LOOPS = """
def empty():
    while True: pass

def spin():
    i = 0
    while True:
        i += 1

def nested():
    n = 0
    while True:
        for i in range(10**9):
            n += i & 3

def floats():
    x = 0.0
    while True:
        x = x * 1.5 + 1.0
        if x > 1e300:
            x = 0.0

def big():
    x = 3**100
    while True:
        x = x ^ 12345

def short(n):
    i = 0
    while i < n:
        i += 1
    return i

def calls():
    while True:
        short(1000)

def leaf(x):
    return x + 1

def calls_leaf():
    x = 0
    while True:
        x = leaf(x) & 7

def handles():
    n = 0
    while True:
        try:
            [][n]
        except IndexError:
            n += 1

def lists():
    l = [1] * 100
    while True:
        for x in l:
            if x == 2:
                return

def recursion(n=60):
    return 0 if n == 0 else recursion(n - 1) + recursion(n - 1)

class Tree:
    def method(self, n=60):
        if n == 0:
            return 0
        return self.method(n - 1) + self.method(n - 1)

method = Tree().method

def ping(n=60):
    return 0 if n == 0 else pong(n - 1) + pong(n - 1)

def pong(n):
    return 0 if n == 0 else ping(n - 1) + ping(n - 1)

def by_map(n=60):
    return 0 if n == 0 else sum(map(by_map, (n - 1, n - 1)))

for name, f in list(globals().items()):
    if isinstance(f, type(lambda: 0)) and f.__module__ == "__main__" and name not in ("units", "pong"):
        jit(f)
Tree.method = jit(Tree.method)
"""
NAMES = "empty spin nested floats big calls calls_leaf handles lists recursion method ping by_map".split()

INTERRUPT = (
    LOOPS
    + """
import os, subprocess, sys, time
for name in NAMES:
    f = globals()[name]
    late = []
    for _ in range(3):  # also when all versions are there
        killer = subprocess.Popen([sys.executable, "-S", "-c", f"import os, signal, time; time.sleep(0.1); print(time.monotonic(), flush=True); os.kill({os.getpid()}, signal.SIGINT)"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            f()
        except KeyboardInterrupt:
            came = time.monotonic()
        late.append(came - float(killer.communicate()[0]))
    assert sorted(late)[1] < 0.2 * PATIENCE, (name, late)  # one may have waited for a processor
    assert units(f), name
"""
)


@pytest.mark.parametrize("names", [NAMES[:5], NAMES[5:9], NAMES[9:]], ids=lambda n: n[0])
def test_ctrl_c_arrives(names):
    python(f"NAMES = {names}" + INTERRUPT)


def test_a_handler_in_the_function_catches_it():
    python("""
import _thread, signal, threading, time

@jit
def work(n, rounds):
    caught = i = 0
    while caught < rounds:
        try:
            while True:
                i += 1
        except KeyboardInterrupt:
            caught += 1
        finally:
            i += 10
    return caught, i > rounds, sum(k for k in range(n))

def interrupts():
    for _ in range(4):
        time.sleep(0.05 * PATIENCE)
        signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else _thread.interrupt_main()

assert work(10, 0) == (0, False, 45)  # an interrupt while the first call is compiled would come before the try
for _ in range(2):
    t = threading.Thread(target=interrupts)
    t.start()
    assert work(10, 4) == (4, True, 45)
    t.join()
assert units(work)
""")


def test_a_loop_goes_on_natively_behind_a_handler_that_does_not_raise():
    python("""
import signal, time
seen = []

def handler(number, frame):
    if frame.f_code is work.__code__:
        seen.append((type(frame.f_locals["i"]), frame.f_locals["n"]))

signal.signal(signal.SIGALRM, handler)

@jit
def work(n):
    i = s = 0
    while i < n:
        i += 1
        s += i & 7
    return s

N = 10**8
expected = N // 8 * 28
work(1000)
for _ in range(2):
    before = _native.record_info(work)
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    assert work(N) == expected
    signal.setitimer(signal.ITIMER_REAL, 0)
    after = _native.record_info(work)
    assert len(seen) > 3 and set(seen) == {(int, N)}
    assert after["interpreted"] == before["interpreted"]
    assert len(after["units"]) <= 3
    seen.clear()
""")


def test_a_signal_that_comes_while_the_compiler_is_loaded_is_handled_in_the_loop():
    """It waits until then, and must be met by the first poll: else a loop that never ends could not be stopped."""
    python("""
import signal
import gophersnake._load as loader

class Stop(Exception): pass

def handler(number, frame): raise Stop

signal.signal(signal.SIGUSR1, handler)
plain = loader.compiler
def compiler():
    signal.raise_signal(signal.SIGUSR1)
    for _ in range(1000): pass  # where the interpreter looks, too
    return plain()
loader.compiler = compiler

@jit
def spin():
    i = 0
    while i < 10**9: i += 1

try:
    spin()
except Stop:
    assert units(spin)
else:
    assert False
""", timeout=60)


def test_a_handler_may_raise_into_any_round():
    python("""
import dis, signal

class Alarm(Exception): pass

def handler(number, frame):
    line = frame.f_lineno - frame.f_code.co_firstlineno
    if frame.f_code is work.__code__ and line in (5, 6, 7):
        raise Alarm(line)

signal.signal(signal.SIGALRM, handler)

@jit
def work(n):
    raised = []
    i = 0
    while i < n:
        try:
            while i < n:
                i += 1
        except Alarm as e:
            raised.append(e.args[0])
    return i, raised

for _ in range(3):
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    try:
        i, raised = work(10**8)
        came = None
    except Alarm as e:
        came = e
    signal.setitimer(signal.ITIMER_REAL, 0)
    if sys.version_info[:2] != (3, 13):
        assert i == 10**8 and raised and set(raised) <= {5, 6, 7} and len(raised) > 2, raised
    else:  # the jump back, where the handler runs, is outside of the try
        last = came.__traceback__.tb_next
        assert came.args == (6,) and last.tb_frame.f_locals["raised"] == [] and last.tb_frame.f_locals["i"] > 0
        assert dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "JUMP_BACKWARD"
""")


def test_exceptions_thrown_from_other_threads():
    python(LOOPS + """
import ctypes, threading, time

class Thrown(Exception): pass

def throw(ident):
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Thrown)) == 1

for f in (spin, nested, recursion, calls, method, handles):
    for _ in range(2):
        came = []
        def work():
            try:
                f()
            except Thrown:
                came.append(time.monotonic())
        t = threading.Thread(target=work)
        t.start()
        time.sleep(0.05)
        sent = time.monotonic()
        throw(t.ident)
        t.join(5 * PATIENCE)
        assert came and came[0] - sent < 0.2 * PATIENCE, f
        main = threading.get_ident()
        threading.Timer(0.05, throw, (main,)).start()
        try:
            f()
        except Thrown:
            pass
""")


def test_other_threads_run_beside_a_loop():
    python(LOOPS + """
import threading, time
for f in (spin, nested, recursion, method):
    threading.Thread(target=f, daemon=True).start()
longest, last = 0, time.monotonic()
for _ in range(20):
    time.sleep(0.001)
    now = time.monotonic()
    longest, last = max(longest, now - last), now
assert longest < 1, longest
""")


def test_handlers_see_the_instruction_that_the_interpreter_blames():
    same("""
import signal
places = set()
signal.signal(signal.SIGALRM, lambda number, frame: places.add((frame.f_code.co_name, frame.f_lasti, frame.f_lineno - frame.f_code.co_firstlineno)))

@jit
def test_at_end(n):
    i = 0
    while i < n:
        i += 1
        i += (
            2
        )

@jit
def endless(n):
    i = 0
    while True:
        i += 1
        if i > n:
            break
        i += 2

@jit
def ranges(n):
    s = 0
    for i in range(n):
        s += i
        s &= 255

for f in test_at_end, endless, ranges:
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    while not any(p[0] == f.__name__ and p[1] for p in places):
        f(4 * 10**6)
    signal.setitimer(signal.ITIMER_REAL, 0)
print(sorted(p for p in places if p[1] and p[0] in ("test_at_end", "endless", "ranges")))
""")


@pytest.mark.parametrize("whose", ["nobody's", "a sleeper's"])
def test_an_exception_that_is_not_this_thread_s(whose):
    """Thrown into another thread that sleeps, or called off: the interpreter goes on with its eval breaker set. A loop came back to the same poll for ever."""
    same(f"""
import ctypes, threading

throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
end, began = threading.Lock(), threading.Event()

@jit
def calls(n):
    s = ""
    for i in range(n):
        s = str(i)
    return s

@jit
def counts(n):
    s = 0
    for i in range(n):
        s += i & 3
    return s

def sleeper():
    try:
        began.set()
        end.acquire()
        while True:
            pass
    except KeyError:
        print("thrown")

for _ in range(4):
    print(calls(10), counts(10))
if {whose == "nobody's"}:
    throw(ctypes.c_ulong(threading.get_ident()), None)
else:
    end.acquire()
    thread = threading.Thread(target=sleeper)
    thread.start()
    began.wait()
    throw(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyError))
print(calls(20), counts(20), calls(1000), counts(100_000), calls(10**5))
if {whose != "nobody's"}:
    end.release()
    thread.join()
print(calls(20), counts(20))
""", timeout=30)


def test_a_poll_at_the_end_of_a_long_loop_goes_on_in_the_interpreter():
    """From 3.13 on the interpreter goes on at the jump back itself, which has a prefix if the loop is long: without it the jump went elsewhere."""
    body = "".join(f"        a{i} = l[{i % 3}] + {i}\n" for i in range(80))
    same(f"""
@jit
def turns(l, n):
    s = 0
    for i in range(n):
{body}        s += a3 + a79
    return s

for _ in range(8):
    print(turns([1, 2, 3], 9), turns([1, 2.5, 3], 9))
""", GOPHERSNAKE_FORCE_GUARD="all")


def test_a_signal_in_enter():
    manager = getattr(pytest.importorskip("_testinternalcapi"), "SelfInterruptingContextManager", None)
    if not manager:
        pytest.skip("CPython brings that context manager from 3.15 on")
    same("""
import signal
from _testinternalcapi import SelfInterruptingContextManager
signal.signal(signal.SIGINT, signal.default_int_handler)

@jit
def f():
    cm = SelfInterruptingContextManager()
    try:
        with cm:
            cm.within()
    except KeyboardInterrupt:
        return cm.within()

for _ in range(4): print(f())
""")
