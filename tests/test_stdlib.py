"""CPython's own tests end the same way with everything jitted; `python -m tests.run_stdlib` shows more."""

import importlib.util
import sys
import textwrap

import pytest

pytest.importorskip("test.test_int", reason="this Python came without its tests")

from gophersnake import _rewrite
from tests import run_stdlib


@pytest.mark.parametrize("module", [*run_stdlib.MODULES, *run_stdlib.SHARE])
def test_module(module):
    if sys.version_info >= (3, 12) and not importlib.util.find_spec(f"test.{module}"):
        pytest.skip("what it tests has left this version's library")
    found = run_stdlib.check(module, rounds=3).found
    assert not found, "\n".join(f"{name}: {a} -> {b}\n{detail[-1500:]}" for name, a, b, detail in found)


SOURCE = textwrap.dedent(
    '''
    """The module's text."""
    import functools


    @functools.lru_cache
    def cached(n):
        "its text"
        return (lambda m: m + n)(1)


    class C:
        def __new__(cls):
            return super().__new__(cls)

        def __init_subclass__(cls):
            cls.sub = True

        def __class_getitem__(cls, item):
            return item

        @property
        def p(self):
            def inner():
                return __class__
            return inner


    def boom():
        yield 1 // 0


    async def a(): pass
    '''
)


def run(seen):
    namespace = {"__name__": "m", _rewrite.NAME: lambda f: seen.append(f) or f}
    exec(_rewrite.rewrite(SOURCE, "m.py"), namespace)
    return namespace


def test_rewrite_reaches_every_function():
    seen = []
    m = run(seen)
    assert m["cached"](2) == 3
    assert m["C"]().p() is m["C"]
    assert [f.__qualname__ for f in seen] == ["cached", "C.p", "boom", "a", "cached.<locals>.<lambda>", "C.p.<locals>.inner"]


def test_rewrite_leaves_what_the_class_statement_wraps():
    m = run([])
    assert m["C"][5] == 5
    assert type("D", (m["C"],), {}).sub


def test_rewrite_keeps_lines_and_text():
    m = run([])
    plain = {}
    exec(compile(SOURCE, "m.py", "exec"), plain)
    assert m["__doc__"] == plain["__doc__"]
    for name in ("boom", "a"):
        assert m[name].__code__.co_firstlineno == plain[name].__code__.co_firstlineno
    assert m["cached"].__wrapped__.__code__.co_firstlineno == plain["cached"].__wrapped__.__code__.co_firstlineno
    assert m["cached"].__doc__ == "its text"
    assert list(m["boom"].__code__.co_positions()) == list(plain["boom"].__code__.co_positions())


@pytest.mark.skipif(sys.platform != "linux", reason="signals by number")
def test_a_crash_names_its_test_and_the_rest_runs(tmp_path, monkeypatch):
    """Against a package that stands in for gophersnake and kills the process in one test."""
    fake = tmp_path / "gophersnake"
    fake.mkdir()
    (fake / "__init__.py").write_text(
        "import os\ndef jit(f):\n"
        "    if f.__name__ == 'test_repr': f.__code__ = (lambda self: __import__('os').kill(__import__('os').getpid(), 11)).__code__\n"
        "    if f.__name__ == 'test_str': f.__code__ = (lambda self: 1 / 0).__code__\n"
        "    return f\ndef stats(): return {}\n"
    )
    (fake / "_rewrite.py").write_text(open(_rewrite.__file__).read())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    count, found, _, _ = run_stdlib.check("test_bool")
    assert count > 20
    assert [(name.rpartition(".")[2], a, b) for name, a, b, _ in found] == [("test_repr", "ok", "crash"), ("test_str", "ok", "error")]


def test_the_list_tells_what_differs_and_why():
    rows = {
        "test_bool": (30, 55, 103, {}, {}),
        "test_heapq": (51, 69, 651, {"test.test_heapq.A.test_x": "the reason"}, {"test.test_heapq.A.test_y": "ok -> fail"}),
        "test_ssl": (0, 1, 1, {}, {}),
    }
    text = run_stdlib.recorded(rows, 3)
    assert "2 modules, 81 tests; 1 differ that should not, 1 differ by design." in text
    assert "| test_heapq | `heapq` | 51 | 69 | 651 | 1 by design, **1 not explained** |" in text
    assert "The reason:\n- `test.test_heapq.A.test_x`" in text and "- `test.test_heapq.A.test_y`: ok -> fail" in text
    assert "test_ssl" not in text
