"""When functions are compiled that nobody chose, because everything around them was jitted; against a compiler made by hand."""

import pytest

from gophersnake import info
from tests.test_dispatch import program as dispatch_program

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)


def program(text):
    dispatch_program("from gophersnake._jit import jit_casually\n" + text)


def test_straight_code_has_to_be_called_often():
    program("""if 1:
    @jit_casually
    def f(a): return "plain"
    assert [f(1) for _ in range(2000)] == ["plain"] * 2000 and not fake.requests
    assert f(1) == "native int" and len(fake.requests) == 1
    """)


def test_a_loop_is_compiled_in_its_first_call():
    program("""if 1:
    @jit_casually
    def f(a):
        for i in a: pass
        return "plain"
    assert f([]) == "native obj -"
    """)


def test_whoever_is_decorated_is_compiled_in_its_first_call():
    program("""if 1:
    @jit_casually
    def f(a): return "plain"
    assert f(1) == "plain"
    assert jit(f) is f and f(1) == "native int"
    @jit
    @jit_casually
    def f(a): return "plain"
    assert f(1) == "native int"
    @jit_casually
    @jit
    def f(a): return "plain"
    assert f(1) == "native int"
    """)


def test_closures_warm_up_together():
    program("""if 1:
    def make(): return jit_casually(lambda a: "plain")
    assert [make()(1) for _ in range(2000)] == ["plain"] * 2000
    assert make()(1) == "native int"
    """)


def test_compiles_are_paid_from_a_budget():
    """The compile takes so long that the budget is filled again only after 18 seconds."""
    program("""if 1:
    import time
    @jit_casually
    def f(a):
        for i in a: pass
        return "plain"
    @jit_casually
    def g(a):
        for i in a: pass
        return "plain"
    @jit
    def h(a): return "plain"
    answer, fake.answer = fake.answer, lambda *a: time.sleep(1) or answer(*a)
    assert f([]) == "native obj -"
    fake.answer = answer
    assert [g([]) for _ in range(1000)] == ["plain"] * 1000
    assert f([]) == "native obj -" and h([]) == "native obj"
    """)


MODULE = """
import types
def module(text):
    m = types.ModuleType("imported")
    m.jit_casually = jit_casually
    exec(text, vars(m))
    return m
"""


def test_of_an_imported_module_a_loop_has_to_be_called_often_too():
    program(MODULE + """if 1:
    m = module("@jit_casually\\ndef f(a):\\n for i in a: pass\\n return 'plain'")
    assert [m.f([]) for _ in range(100)] == ["plain"] * 100 and not fake.requests
    assert m.f([]) == "native obj -"
    """)


def test_of_an_imported_module_each_compile_is_earned():
    program(MODULE + """if 1:
    m = module("@jit_casually\\ndef f(a): return 'plain'")
    assert [m.f(1) for _ in range(2000)] == ["plain"] * 2000
    assert m.f(1) == "native int"
    assert [m.f("") for _ in range(2000)] == ["plain"] * 2000 and m.f(1) == "native int"
    assert m.f("") == "native obj"
    """)
