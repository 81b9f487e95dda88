"""Pythons that get no native code: the package installs there, functions run interpreted, and info() says why.

What this machine has of other Pythons is asked itself; a version to come and builds of other sorts are feigned, by a module that
changes what the build and the package look at.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

import gophersnake

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a user may do, none of which may fail or warn.
USE = """
import copy, pickle
from gophersnake import GophersnakeError, explain, info, jit, stats, unjit, versions
@jit
def f(n): return n + 1
@jit
class C:
    @property
    def p(self): return 1
    @staticmethod
    def s(*a, **k): return a, k
@jit
def squares(n):
    for i in range(n): yield i * i
assert f(1) == 2 and C().p == 1 and C.s(1, x=2) == ((1,), {"x": 2}) and list(squares(3)) == [0, 1, 4]
assert unjit(f) is f and versions(f) == [] and stats().get("compiles", 0) == 0
assert not info()["compiles"]
try:
    jit(f, strict=True)
except GophersnakeError as e:
    assert str(e) == "f: " + info()["why_not"]
else:
    raise AssertionError("strict=True was taken")
assert explain(f).splitlines()[1:] == ["  runs interpreted: " + info()["why_not"]] == explain(f, asm=True).splitlines()[1:]
assert pickle.loads(pickle.dumps(f)) is f and copy.copy(f) is f
print(info()["why_not"])
"""


def run(*command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **options)


def used(interpreter, folder):
    """What info() says there, of the package in that folder, about why nothing is compiled. -S: not of the one that is installed."""
    ran = run(interpreter, "-S", "-c", USE, cwd="/", env={**os.environ, "PYTHONPATH": str(folder)})
    assert ran.returncode == 0 and not ran.stderr, ran.stderr
    return ran.stdout.rstrip("\n")


@pytest.fixture
def without_native(tmp_path):
    """The package as it is installed where native code is not made."""
    (tmp_path / "gophersnake").mkdir()
    for file in pathlib.Path(gophersnake.__file__).parent.glob("*.py"):
        shutil.copy(file, tmp_path / "gophersnake")
    return tmp_path


def test_here_what_is_not_compiled_says_why():
    if gophersnake.info()["compiles"]:
        pytest.skip("this Python gets native code")
    why = used(sys.executable, pathlib.Path(gophersnake.__file__).parent.parent)
    assert why.startswith("native code is made for CPython 3.11, ") and sys.version.split()[0].split("+")[0] in why


def test_an_installation_without_native_code_says_so(without_native):
    if not gophersnake.info()["compiles"]:
        pytest.skip("this Python gets none anyway")
    assert used(sys.executable, without_native) == "it was installed without native code (pip install -v tells why, when it is installed again)"


def other_pythons():
    """The interpreters of other versions that this machine has, those without native code and those that are too old."""
    told = run("sh", ROOT / "tools/pythons").stdout.splitlines()
    found = {version: path for version, path in map(str.split, told)}
    for path in (shutil.which("python3.10"), *pathlib.Path.home().glob(".pyenv/versions/3.10.*/bin/python3")):
        if path and run(path, "-m", "pip", "--version").returncode == 0:
            found["3.10"] = str(path)
    return found


def test_other_versions_say_why(without_native):
    from gophersnake._supported import VERSIONS

    known = {"%d.%d" % v for v in VERSIONS}
    for version, path in other_pythons().items():
        if version not in known and version != "3.10":
            assert f"and this is CPython {version}." in used(path, without_native)


def test_a_python_that_is_too_old_is_refused_in_one_sentence(tmp_path):
    path = other_pythons().get("3.10")
    if not path:
        pytest.skip("no CPython 3.10 with pip here")
    ran = run(path, "-m", "pip", "install", "--no-deps", "--target", tmp_path, ROOT)
    assert ran.returncode != 0 and "Traceback" not in ran.stderr
    assert "requires a different Python: 3.10." in ran.stderr and "not in '>=3.11'" in ran.stderr


# Each is what the question is asked under.
FEIGNED = {
    "the next version": ("sys, 'version_info', (3, 99, 0)", "and this is CPython 3.99.0"),
    "PyPy": ("sys, 'implementation', types.SimpleNamespace(name='pypy')", "and this is PyPy 3."),
    "pre-release": ("sys, 'version_info', (*sys.version_info[:3], 'candidate', 1)", "this is a pre-release of Python, whose bytecode need not be that of the release"),
    "free-threaded": ("sysconfig, 'get_config_var', {'Py_GIL_DISABLED': 1}.get", "this is a free-threaded build of Python, and native code relies on the GIL"),
    "musl": ("sysconfig, 'get_config_var', {'SOABI': 'cpython-3-x86_64-linux-musl'}.get", "musl cannot load a shared object written in Go"),
    "debug": ("sysconfig, 'get_config_var', {'Py_DEBUG': 1}.get", "this is a debug build of Python, whose assertions know nothing of native code"),
    "another machine": ("os, 'uname', lambda: types.SimpleNamespace(machine='riscv64')", "native code is made for 64-bit Linux on x86-64 and arm64, and this is linux on riscv64"),
}


@pytest.mark.parametrize("sort", FEIGNED)
def test_what_is_not_supported_installs_and_interprets(sort, tmp_path):
    from gophersnake._supported import VERSIONS

    if sys.version_info[:2] not in VERSIONS and sort not in ("the next version", "PyPy"):
        pytest.skip("this Python gets no native code anyway")
    feign, reason = FEIGNED[sort]
    source = tmp_path / "source"
    names = run("git", "ls-files", "-co", "--exclude-standard", "setup.py", "pyproject.toml", "README.md", "LICENSE", "python", "bench", cwd=ROOT)
    for name in names.stdout.splitlines():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    with open(source / "python/gophersnake/_supported.py", "a") as f:
        f.write(
            "import sysconfig, types\nfrom unittest import mock\nreally = why_interpreted\n"
            f"def why_interpreted():\n    with mock.patch.object({feign}):\n        return really()\n"
        )
    options = ["--no-build-isolation", "--no-deps", "--no-cache-dir", "-w", tmp_path / "out"]
    built = run(sys.executable, "-m", "pip", "wheel", "-v", *options, source)
    told = built.stdout + built.stderr
    assert built.returncode == 0, told
    assert "gophersnake: no native code is built, functions will be interpreted: " in told and reason in told
    (wheel,) = (tmp_path / "out").iterdir()
    assert "-none-any" not in wheel.name  # it must not serve a Python that would get native code
    with zipfile.ZipFile(wheel) as z:
        assert not [n for n in z.namelist() if n.endswith(".so")]
        z.extractall(tmp_path / "site")
    why = used(sys.executable, tmp_path / "site")
    assert reason in why and why in told
