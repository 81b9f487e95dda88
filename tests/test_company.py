"""What decorated functions meet beside other tools: the same is printed with functions compiled as with plain ones. Scripts in
processes of their own; tests/test_safety_tools.py has the tools that look into frames."""

import os
import re
import subprocess
import sys

import pytest

from tests.safety_support import python, same

# ---- the end of the process ----

AT_EXIT = """
import atexit, builtins, threading, time, weakref

@jit
def work(n):
    s = 0
    for i in range(n):
        s += i
    return s

@jit
def never_before(n):
    t = 1.0
    for i in range(n):
        t *= 1.5
    return t

class Noisy:
    def __init__(self, k):
        self.k = k
    @jit
    def __del__(self):
        print("end of", self.k, work(self.k) if work else None)

@jit
def closures(k):
    @jit
    def inner(n):
        return n + k
    return inner(1)

"""


@pytest.mark.parametrize("called", ["", "Noisy(1)", "Noisy(1); work(3); unjit(work)", "[closures(k) for k in range(5)]",
                                    "f = jit(lambda n: n); f(1); f.__code__ = (lambda n: -n).__code__; f(1)"])
def test_destructors_run_at_exit(called):
    same(AT_EXIT + f"""
from gophersnake import unjit
by_main, builtins.by_builtins, sys.modules["a name"] = Noisy(5), Noisy(6), Noisy(7)
cycle = []
cycle.append((cycle, Noisy(8)))
{called}
print("end of the script")
""")


def test_functions_run_at_exit():
    same(AT_EXIT + """
atexit.register(jit(lambda: print("atexit", work(10), never_before(10))))
ended = threading.Event()
threading._register_atexit(jit(lambda: print("threads end", work(3)) or ended.set()))
weakref.finalize(held := Noisy(3), print, "finalized")
def later():
    ended.wait()
    print("thread", work(10), never_before(3))
threading.Thread(target=later).start()
@jit
def leaves(n):
    for i in range(n):
        if i == 50:
            sys.exit(f"code {work(i)}")
try:
    leaves(100)
except SystemExit as e:
    print(e)
work(5)
print("end of the script")
leaves(1)
""")


def test_builtins_of_users_end_when_they_are_taken_away():
    """The compiler's header names builtins; what a user put beside them, as a prompt does with its last result, is his."""
    python("""
import builtins, gc, weakref
class Thing: pass
builtins._ = Thing()
builtins.Thing = Thing
class Fault(Exception): pass
builtins.Fault = Fault
refs = [weakref.ref(builtins._), weakref.ref(Thing), weakref.ref(Fault)]
@jit
def f(n): return n + 1
assert f(1) == 2 and units(f)
del builtins._, builtins.Thing, builtins.Fault, Thing, Fault
gc.collect()
assert [ref() for ref in refs] == [None] * 3
""")


# ---- programs ----

FOLDER = os.path.join(os.path.dirname(__file__), "company")
PROGRAMS = sorted(name for name in os.listdir(FOLDER) if name.endswith(".py") and name != "suite_for_pytest.py")
NEEDS = {"greenlets.py": "greenlet", "greenlets_deep.py": "greenlet", "gevents.py": "gevent", "notebook.py": "IPython"}


def without_addresses(text):
    return re.sub(r"0x[0-9a-f]+", "0x", text)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_print_the_same(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])

    def output(disable):
        ran = subprocess.run([sys.executable, "-X", "faulthandler", name], cwd=FOLDER, capture_output=True, text=True, timeout=120,
                             env={**os.environ, "GOPHERSNAKE_DISABLE": disable, "PYTHONDONTWRITEBYTECODE": "1"})
        assert ran.returncode == 0 and not ran.stderr, ran.stdout[-2000:] + ran.stderr[-6000:]
        return without_addresses(ran.stdout)

    plain = output("1")
    assert len(plain.splitlines()) > 5
    assert output("0") == plain


def test_pytest_reports_the_same(tmp_path):
    """Its own tests: rewritten assertions say the same, with faulthandler on."""

    def report(disable):
        # A folder of its own: in the common one each pytest of the machine tidies up, and warns of what others took away.
        options = [f"--basetemp={tmp_path / 'suite'}", "-p", "no:cacheprovider", "-vv", "-l", "-rA", "-o", "faulthandler_timeout=60", "-o", "addopts="]
        ran = subprocess.run([sys.executable, "-m", "pytest", *options, "suite_for_pytest.py"], cwd=FOLDER, capture_output=True, text=True,
                             timeout=120, env={**os.environ, "GOPHERSNAKE_DISABLE": disable, "PYTHONDONTWRITEBYTECODE": "1"})
        return re.sub(r"\d+\.\d+s", "", without_addresses(ran.stdout)), ran.stderr, ran.returncode

    plain = report("1")
    assert "4 failed" in plain[0] and plain[2] == 1
    assert report("0") == plain
