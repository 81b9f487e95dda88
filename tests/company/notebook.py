"""IPython's shell: cells, magics, functions defined again, modules changed on disk under autoreload."""

import contextlib
import io
import os
import re
import sys
import tempfile

folder = tempfile.mkdtemp()
os.chdir(folder)
sys.path.insert(0, folder)
os.environ["IPYTHONDIR"] = folder
sys.dont_write_bytecode = True  # or a source that changes within a second is not seen
from IPython.core.interactiveshell import InteractiveShell  # noqa: E402

MODULE = """
from gophersnake import jit

@jit
def f(n):
    s = 0
    for i in range(n):
        s += i
    return s

def user(n):
    return f(n)

class C:
    @jit
    def m(self):
        return 1
"""
shell = InteractiveShell.instance()
when = 10**9


def run(cell):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        result = shell.run_cell(cell, store_history=True)
    print(repr(result.result), type(result.error_in_exec).__name__)
    return shown.getvalue()


def write(text):
    global when
    with open("changing.py", "w") as file:
        file.write(text)
    when += 10
    os.utime("changing.py", (when, when))


run("from gophersnake import jit, unjit, explain, versions")
run("@jit\ndef g(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n")
run("g(10), g(10)")
run("import inspect; inspect.getsource(g)")
print("per loop" in run("%timeit -n 10 -r 2 g(100)"), "Wall time" in run("%time g(100)"), "Wall time" in run("%%time\ng(3)"))
run("%prun -q g(10)")
run("@jit\ndef g(n):\n    return n * 100\n")
run("g(10), g(10)")
run("@jit\ndef h(n):\n    return g(n) + 1\n")
run("h(1), h(2)")
run("def g(n): return -n")
run("h(1), h(2)")
run("%load_ext autoreload")
run("%autoreload 2")
write(MODULE)
run("import changing; changing.user(10), changing.user(10), changing.C().m()")
run("from changing import f; c = changing.C()")
write(MODULE.replace("s += i", "s += i * 10").replace("return 1", "return 2"))
for _ in range(3):
    run("changing.user(10), f(10), c.m(), changing.C().m(), f is changing.f")
write(MODULE.replace("s += i", "s += i * 7").replace("    @jit\n", ""))
for _ in range(3):
    run("changing.user(10), f(10), c.m(), changing.C().m(), f is changing.f")
write(MODULE.replace("s += i", "s += i * 7").replace("@jit\ndef", "def"))
run("unjit(f)(3), changing.user(3), jit(f)(4), changing.user(4)")
print(re.sub(r"\x1b\[[0-9;]*m", "", run("def bad(n): return 1 // n\njit(bad)(1), jit(bad)(0)")).count("bad"))
run("@jit\ndef documented(n):\n    'Words.'\n    return n\n")
print(shell.inspector.info(shell.user_ns["documented"])["docstring"], shell.inspector.info(shell.user_ns["documented"])["definition"])
print(shell.complete("documented.__na"))
print(sorted(shell.display_formatter.format(shell.user_ns["explain"](shell.user_ns["documented"]))[0]))
