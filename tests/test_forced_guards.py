"""Every guard's exit is taken once although what the guard checks holds (GOPHERSNAKE_FORCE_GUARD): most guards never fail in a test, and
a wrong frame state is a wrong answer on the day that one does.

What is forced goes the whole way: the state is read, the activation goes on in the interpreter or in a continuation, and the answer must
be CPython's. An exit that nothing can lead to is no guard, and must not be there. LONG=1 tries each guard of the bench set, else it is
every sixteenth part of a unit.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gophersnake import info

from . import programs

pytestmark = pytest.mark.skipif(not info()["compiles"], reason="no native code here")
ROOT = Path(__file__).resolve().parents[1]

# Each number is a process of its own, forked before the compiler is loaded. The compiler reads the environment that the process was started
# with: the child writes the number into that, digit by digit.
SCRIPT = """
import ctypes, importlib, os, sys, traceback, types
from gophersnake import jit, _native

SMALL = {
    "fib": (9,), "sum of squares": (30,), "collatz": (40,), "gcd": (9,), "float sum": (30,), "leibniz pi": (30,), "is_prime": (60,), "sieve": (60,),
    "mandelbrot": (8, 4, 12), "nbody (locals)": (5,), "nbody (tuples)": (4,), "nbody (lists)": (4,), "spectral norm": (5, 2), "fannkuch": (5,),
    "matmul": ([[1.0, 2.0], [3.5, -1.0]], [[2.0, 0.5], [1.0, 1.5]]), "queens (bits)": (5,), "queens (lists)": (5,),
    "levenshtein": ("snake", "a gopher"), "point walk": (30,), "nearest points": (8,), "richards": (1,), "string building": (30,), "word count": (5,),
}

def functions(module):
    return [v for v in vars(module).values() if isinstance(v, (types.FunctionType, type)) and v.__module__ == module.__name__]

def outcome(f, *args):
    try:
        return repr(f(*args))
    except Exception as e:
        return traceback.format_exc().partition(f.__code__.co_filename)[2]  # from the function's own line on

def all_outcomes(cases):
    return [(name, outcome(f, *args)) for _ in range(3) for name, f, args in cases]

def exits(f):
    f = f.__dict__.values() if isinstance(f, type) else [f]
    infos = [_native.record_info(g) for g in f if isinstance(g, types.FunctionType)]
    return max((len(u["exits"]) for info in infos if info for u in info["units"]), default=0)

def child(modules, cases, plain, force):
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    ctypes.memmove(libc.getenv(b"GOPHERSNAKE_FORCE_GUARD"), force, len(force))
    for f in [f for m in modules for f in functions(m)]:
        jit(f)
    got = all_outcomes(cases)
    assert got == plain, (force, [(a, b) for a, b in zip(plain, got) if a != b])
    most = max(exits(f) for m in modules for f in functions(m))
    assert most, "nothing was compiled"
    return most

def run(modules, cases):
    plain = all_outcomes(cases)
    number, most, failed = 0, 1, 0
    while number < most:
        come, go = os.pipe()
        pid = os.fork()
        if not pid:
            status = 1
            try:
                os.write(go, b"%d" % child(modules, cases, plain, b"%06d" % number))
                status = 0
            except BaseException:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)
        os.close(go)
        status = os.waitpid(pid, 0)[1]
        if status:
            print("guard", number, "status", status, file=sys.stderr)
            failed += 1
        most = max(most, int(os.read(come, 20) or 0))
        os.close(come)
        number += 1 if os.environ.get("LONG") else max(1, most // 16)
    print(most, "exits")
    assert not failed

where = sys.argv[1]
if where == "programs":
    module = importlib.import_module("tests.native_driver.programs")
    run([module], [(f.__name__, f, ()) for f in module.PROGRAMS])
else:
    module = importlib.import_module("bench." + where)
    run([module], [(name, f, SMALL.get(name) or tuple(min(a, 12) for a in args)) for name, f, args in module.BENCH])
"""

BENCHES = sorted(path.stem for path in (ROOT / "bench").glob("[a-z]*.py"))


@pytest.mark.parametrize("where", ["programs", *BENCHES])
def test_every_guard_in_turn(where):
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-W", "ignore:'return':SyntaxWarning", "-c", SCRIPT, where], capture_output=True, text=True, timeout=300, cwd=ROOT,
                          env={**os.environ, programs.FORCE: "000000", "PYTHONMALLOC": "debug"})
    assert done.returncode == 0 and not done.stderr, done.stdout[-1000:] + done.stderr[-4000:]


@pytest.mark.parametrize("force", ["all", "random:ci"])
def test_random_programs(force, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(programs.FORCE, force)
    differing = programs.big_run(250, "forced", 1, tmp_path, 3, True)
    assert differing == 0, capsys.readouterr().out


def test_compiles_do_not_fail_for_it():
    """What is not compiled differs in nothing."""
    code = "from tests import programs, program_support\nfrom gophersnake import jit\nfor number in range(12):\n    made = programs.program('forced', number)\n    program_support.difference(made.source, made.calls, jit)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={**os.environ, programs.FORCE: "random:ci", "GOPHERSNAKE_LOG": "compile"})
    told = [line for line in done.stderr.splitlines() if line.startswith("gophersnake: compile:")]
    assert len(told) > 30 and not [line for line in told if "bytes in" not in line], done.stderr[-3000:]


def test_a_method_of_super_is_not_lost():
    """A helper has given references when its guard is made to fail: that exit would lose them, so it is not forced."""
    code = """
import sys
from gophersnake import _native, jit

class A:
    pass

class B(A):
    @jit
    def __init__(self, x=1):
        super().__init__(x)

b = B.__new__(B)
before = sys.getrefcount(b)
for i in range(12):
    try:
        B.__init__(b)
    except TypeError:
        pass
assert sys.getrefcount(b) == before
assert _native.record_info(B.__init__)["units"]
"""
    for number in range(24):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, programs.FORCE: str(number)})
        assert not done.stderr, f"{number}: {done.stderr}"
