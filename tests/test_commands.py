"""The commands from outside: what they print, and their exit status: 0 fine, 1 a finding, 2 a mistake in the command line."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

import gophersnake
from gophersnake import _bench, _bench_peer, _bench_peers, _bench_worker, _target

pytest.importorskip("pyperf")
pytest.importorskip("rich")
COMPILES = gophersnake.info()["compiles"]


def command(*words, cwd=None):
    return subprocess.run([sys.executable, "-m", "gophersnake", *words], capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def work(tmp_path):
    (tmp_path / "mine.py").write_text(
        textwrap.dedent(
            """
            import gophersnake

            class Point:
                def __init__(self, x): self.x = x
                def twice(self): return self.x * 2

            @gophersnake.jit
            def total(n):
                t = 0
                for i in range(n): t += Point(i).twice()
                return t

            def fill(items, n):
                for i in range(n): items.append(i)
                return items

            BENCH = [("total", total, (300,)), ("fill", fill, ([], 50))]
            """
        )
    )
    return tmp_path


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["bnech"], "there is no command bnech. Did you mean bench?"),
        (["--verison"], "there is no option --verison. Did you mean --version?"),
        (["bench", "--fats"], "bench knows no option --fats. Did you mean --fast?"),
        (["bench", "mien.py"], "there is no file mien.py. Did you mean mine.py?"),
        (["bench", "no_such_module:f"], "there is no module no_such_module"),
        (["bench", "mine.py:totle"], "mine has no function totle. Did you mean total?"),
        (["bench", "mine.py:total", "--args", "x"], "--args must be Python literals"),
        (["bench", "mine.py", "--args", "3"], "--args belongs to a function"),
        (["bench", "mine.py:total", "--args", "'x'"], "cannot be measured: it raises TypeError without Gophersnake too"),
        (["bench", "heapq"], "has no list BENCH"),
        (["bench", "--peers", "c,nubma"], "there is no peer nubma. Did you mean numba? The peers are c, numba, pypy."),
        (["explain", "mine.py"], "explain needs a function: mine.py:FUNCTION."),
        (["info", "--color", "red"], "invalid choice: 'red'"),
        (["info", "more"], "info knows no argument more."),
    ],
)
def test_mistakes_are_one_sentence(work, words, sentence):
    done = command(*words, cwd=work)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_no_command_shows_what_there_is():
    done = command()
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("bench", "explain", "info", "run"))


def test_bench_of_a_file(work):
    done = command("bench", "mine.py", "--fast", "--json", cwd=work)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert (told["schema"], told["command"]) == (1, "bench")
    assert [row["name"] for row in told["benchmarks"]] == ["total", "fill"]
    for row in told["benchmarks"]:
        assert row["same_result"], row
        assert row["speedup"] == min(row["plain_samples"]) / min(row["jit_samples"])
        assert row["first_call_seconds"] > row["first_compile_seconds"] > 0


def test_bench_table(work):
    done = command("bench", "mine.py:total", "--args", "(100,)", "--fast", "--color", cwd=work)
    assert "mine:total" in done.stdout and "\033[" in done.stdout
    assert "\033[" not in command("bench", "mine.py:total", "--args", "100", "--fast", cwd=work).stdout


C_PROGRAM = """
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "three") == 0)
        return 2;
    printf("1e-6\\n[%d, 2.5]\\n", strcmp(argv[1], "two") == 0 ? 4 : 3);
    return 0;
}
"""


def test_peers_are_compared(tmp_path):
    """A program in C, and modules and commands in the places of Numba and PyPy: what they do is the caller's matter, here."""
    names = "one", "two", "three"
    (tmp_path / "it.py").write_text(
        "import sys\n"
        "def f(n): return [n + ('numba' in sys.modules and sys.modules['numba'].wrong), 2.5]\n"
        f"BENCH = [(name, f, (3,)) for name in {names}]\n"
    )
    (tmp_path / "c").mkdir()
    (tmp_path / "c/it.c").write_text(C_PROGRAM)
    (tmp_path / "numba.py").write_text("wrong = 0\ndef njit(f):\n    global wrong\n    wrong = 1\n    return f\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pypy3").write_text(f"#!/bin/sh\nexec {sys.executable} \"$@\"\n")
    (tmp_path / "bin/pypy3").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-m", "gophersnake", "bench", "it.py", "--fast", "--peers", "c,numba,pypy"]
    done = subprocess.run([*words, "--json"], capture_output=True, text=True, cwd=tmp_path, env=env, timeout=300)
    told = json.loads(done.stdout)
    assert [row["peers"]["c"]["verdict"] for row in told["benchmarks"]] == ["same", "different", "none"]
    assert {row["peers"]["pypy"]["verdict"] for row in told["benchmarks"]} == {"same"}
    assert {row["peers"]["numba"]["verdict"] for row in told["benchmarks"]} == {"different"}
    first = told["benchmarks"][0]
    assert first["peers"]["c"]["seconds"] == 1e-6
    assert set(told["warming_beside"]) == {"c", "numba", "pypy"} and told["warming_beside"]["c"] is None
    assert told["time_beside"]["c"] == pytest.approx(first["peers"]["c"]["speedup"] / first["speedup"])
    assert told["time_beside"]["numba"] is None
    table = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=300).stdout
    assert "beside PyPy, Gophersnake takes" in table and "beside Numba" not in table


def test_a_picture_of_the_speed_ups(work):
    pytest.importorskip("matplotlib")
    done = command("bench", "mine.py", "--fast", "--plot", "out.png", cwd=work)
    assert done.returncode in (0, 1), done.stderr
    assert (work / "out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name, path", _bench.bench_set())
def test_the_c_programs_compute_what_python_does(name, path, monkeypatch):
    monkeypatch.delenv("C_INCLUDE_PATH", raising=False)  # where arm64 is emulated it names another machine's headers
    for index, row in enumerate(_target.load(name, path, False).BENCH):
        job = {"name": row[0], "path": path, "function": None, "index": index}
        told = _bench_peers._c(job, 0)
        if told:
            assert told["digest"] == _bench_peer.digest(row[1](*row[2])), row[0]


@pytest.mark.parametrize(
    "breaks, verdict, detail",
    [
        ("f.__code__ = (lambda n: n + 1).__code__", "different", "the first call returned 6 where plain Python returns 5"),
        ("f.__code__ = (lambda n: 5.0).__code__", "different", "the first call returned 5.0"),
        ("f.__code__ = (lambda n: 1 // 0).__code__", "different", "raised ZeroDivisionError"),
        ("f.__code__ = (lambda n: __import__('os').kill(__import__('os').getpid(), 11)).__code__", "crashed", "SIGSEGV"),
        ("f.__code__ = (lambda n: __import__('time').sleep(0.01) or 5).__code__", "slower", ""),
    ],
)
def test_bench_finds(tmp_path, monkeypatch, breaks, verdict, detail):
    """With a package in gophersnake's place whose jit does harm."""
    from pathlib import Path

    fake = tmp_path / "gophersnake"
    fake.mkdir()
    (fake / "__init__.py").write_text(f"__version__ = '0'\ndef jit(f):\n    if f.__name__ == 'f': {breaks}\n    return f\ndef stats(): return {{'compile_ns': 0}}\n")
    for module in (_bench, _bench_peer, _bench_peers, _bench_worker, _target):
        (fake / Path(module.__file__).name).write_text(Path(module.__file__).read_text())
    (fake / "__main__.py").write_text(Path(_bench.__file__).with_name("__main__.py").read_text())
    (tmp_path / "it.py").write_text("def f(n):\n    for i in range(100): n + i\n    return n\nBENCH = [('f', f, (5,))]\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = command("bench", "it.py", "--fast", "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (row,) = json.loads(done.stdout)["benchmarks"]
    assert row["verdict"] == verdict and detail in row["detail"]


def test_plain_copy_is_plain(work):
    """Also where the source asks for jit itself."""
    plain = _target.load("mine", str(work / "mine.py"), False)
    jitted = _target.load("mine", str(work / "mine.py"), True)
    assert not hasattr(plain.total, "__gophersnake__")
    assert not hasattr(plain.Point.twice, "__gophersnake__")
    if COMPILES:
        assert hasattr(jitted.total, "__gophersnake__")
        assert hasattr(jitted.Point.twice, "__gophersnake__")


@pytest.mark.parametrize(
    "a, b, equal",
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ([1, [2]], [1, [2]], True),
        ([1, [2]], [1, [2.0]], False),
        ({1: 2, 3: 4}, {3: 4, 1: 2}, False),
        ([10**6000], [10**6000], True),  # more digits than repr writes
        ([10**6000], [10**6000 + 1], False),
        ((1,), [1], False),
    ],
)
def test_same(a, b, equal):
    assert _bench_worker.same(a, b) is equal


KNOWN = {
    "fib": 832040,
    "sum of squares": sum(i * i for i in range(1_500_000)),
    "collatz": (17647, 279),
    "is_prime": 11301,
    "sieve": 114155,
    "fannkuch": (1616, 22),
    "queens (bits)": 2680,
    "queens (lists)": (724, [0, 2, 5, 7, 9, 4, 8, 1, 3, 6]),
    "richards": (46492, 18594),
    "leibniz pi": 3.1415919869232103,
    "spectral norm": 1.2742222097429006,
}


def rows():
    for name, path in _bench.bench_set():
        for row in _target.load(name, path, False).BENCH:
            yield pytest.param(*row, id=row[0])


@pytest.mark.parametrize("name, function, args", list(rows()))
def test_bench_set_computes_what_it_says(name, function, args):
    result = function(*args)
    if name in KNOWN:
        assert result == KNOWN[name]
    elif name == "gcd":
        import math

        n = args[0]
        assert result == sum(math.gcd(a, b) for a in range(1, n) for b in range(1, n))
    elif name == "float sum":
        assert abs(result - 1 / 3) < 1e-6
    elif name == "nbody (locals)":
        # No force from outside: the centre of mass moves on in a straight line.
        m1, m2 = function.__globals__["SOLAR_MASS"], 0.0376936749870389
        assert abs(m1 * result[0] + m2 * result[3] - m2 * (4.84143144246472090 + 0.01 * args[0] * 0.606326392995832)) < 1e-9
    elif name == "nbody (tuples)":
        planets = function.__globals__["planets"]()
        for axis in range(3):
            momentum = sum(velocity[axis] * mass for _, velocity, mass in planets)
            assert abs(sum(body[3 + axis] * body[6] for body in result) - momentum) < 1e-12
    elif name == "nbody (lists)":
        assert abs(result[0] - -0.169075164) < 1e-9 and abs(result[0] - result[1]) < 1e-4
    elif name == "matmul":
        assert result[3][5] == sum(args[0][3][k] * args[1][k][5] for k in range(120))


def test_explain(work):
    done = command("explain", "mine.py:total", "--args", "100", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "total" in done.stdout
    told = json.loads(command("explain", "mine.py:total", "--args", "100", "--json", cwd=work).stdout)
    assert (told["schema"], told["command"], told["function"]) == (1, "explain", "total")
    assert bool(told["versions"]) == COMPILES


def test_info():
    done = command("info", "--json")
    assert done.returncode == (0 if COMPILES else 1)
    told = json.loads(done.stdout)
    assert told["schema"] == 1 and told["compiles"] == COMPILES
    assert "compiles" in command("info").stdout


def test_run(tmp_path):
    (tmp_path / "beside.py").write_text("answer = 42\n")
    (tmp_path / "script.py").write_text(
        "import sys, pickle, beside\nfrom gophersnake import _native\n"
        "class A:\n    def __eq__(self, other): return isinstance(other, A)\n"
        "def f(n): return (lambda m: m * 2)(n)\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv[1:], f(3), beside.answer, pickle.loads(pickle.dumps(A())) == A(), bool(_native and _native.is_attached(f)))\n"
        "    sys.exit(7)\n"
    )
    done = command("run", "script.py", "--json", "x", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (7, f"['--json', 'x'] 6 42 True {COMPILES}\n"), done.stderr


SCRIPT = """
import inspect, sys, traceback

def total(n):
    s = 0
    for i in range(n):
        s += i
    return s

def fails(n):
    try:
        return total(n) // 0
    except ZeroDivisionError as e:
        raise ValueError("deep") from e

print(sorted(name for name in globals() if not name.startswith("__gophersnake")), globals().get("__annotations__"), globals().get("__cached__"), __loader__.name, __spec__)
print(inspect.getsource(total), __loader__.get_source("__main__")[:5])
if sys.argv[1:] == ["hook"]:
    sys.excepthook = lambda kind, e, tb: print(kind, e, [f.name for f in traceback.extract_tb(tb)], sys.last_value is e)
if sys.argv[1:] == ["interrupt"]:
    raise KeyboardInterrupt
fails(3)
"""


@pytest.mark.parametrize("words", [[], ["hook"], ["interrupt"]], ids=str)
def test_run_ends_as_python_does(tmp_path, words):
    (tmp_path / "script.py").write_text(SCRIPT)
    plain = subprocess.run([sys.executable, "script.py", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    done = command("run", "script.py", *words, cwd=tmp_path)
    # Python's traceback has the path as it was given.
    assert (done.stdout, done.stderr.replace(f"{tmp_path}{os.sep}", "")) == (plain.stdout, plain.stderr.replace(f"{tmp_path}{os.sep}", ""))
    assert (done.returncode, plain.returncode) == ((130, -2) if words == ["interrupt"] else (1, 1))


def test_run_of_a_script_that_is_wrong(tmp_path):
    (tmp_path / "script.py").write_text("def f(:\n")
    plain = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    done = command("run", "script.py", cwd=tmp_path)
    assert (done.returncode, done.stderr.replace(f"{tmp_path}{os.sep}", "")) == (1, plain.stderr.replace(f"{tmp_path}{os.sep}", ""))
    assert command("run").stderr == "gophersnake: the following arguments are required: script.\n"
