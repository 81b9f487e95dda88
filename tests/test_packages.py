"""Suites of packages from PyPI end the same way with everything jitted; `python -m tests.run_packages` has more of them."""

import subprocess

import pytest

from gophersnake import info
from tests import run_packages

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)


@pytest.mark.parametrize("name", ["toolz"])
def test_package(name, tmp_path):
    cache = tmp_path / "packages"
    try:
        run_packages.prepare(name, cache)
    except subprocess.CalledProcessError as e:
        pytest.skip(f"pip gets no packages here: {(e.stderr or '')[-300:]}")
    result = run_packages.check(name, cache, eager=True)
    assert result.tests > 100
    assert not result.found, "\n".join(f"{test}: {a} -> {b}\n{detail[-1500:]}" for test, a, b, detail in result.found)


def test_a_crash_names_its_test_and_the_rest_runs(tmp_path, monkeypatch):
    """A suite made for it, in this environment: one test kills the process where it is jitted, one fails."""
    source = tmp_path / "source"
    (source / "tests").mkdir(parents=True)
    (source / "tests" / "test_a.py").write_text(
        "import os\n"
        "from gophersnake import _native\n"
        "jitted = _native.is_attached(lambda: 0)\n"
        "def test_first(): pass\n"
        "def test_kills(): jitted and os.kill(os.getpid(), 11)\n"
        "def test_fails(): assert not jitted\n"
        "def test_last(): assert (lambda n: n + 1)(1) == 2\n"
    )
    beside = tmp_path / "beside"
    run_packages.link_beside(beside)
    monkeypatch.setitem(run_packages.PACKAGES, "mine", run_packages.Package("1", "tests", ["tests"]))
    monkeypatch.setattr(run_packages, "prepare", lambda name, cache: (run_packages.sys.executable, source, tmp_path))
    result = run_packages.check("mine", tmp_path)
    assert result.tests == 4
    assert [(test, a, b) for test, a, b, _ in result.found] == [
        ("tests/test_a.py::test_fails", "passed", "failed"),
        ("tests/test_a.py::test_kills", "passed", "crash"),
    ]
