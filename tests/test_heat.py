"""When functions are compiled that nobody chose, because everything around them was jitted; against a compiler made by hand."""

import textwrap
import types

import pytest

from gophersnake import info, jit, stats
from gophersnake._jit import jit_casually
from tests.test_dispatch import program as dispatch_program

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)


def program(text):
    dispatch_program("from gophersnake._jit import jit_casually\n" + text)


WORK = """
import time
def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
"""


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
    """The compile takes so long that the budget is filled again only after five seconds of work."""
    program(WORK + """if 1:
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
    answer, fake.answer = fake.answer, lambda *a: work(.3) or answer(*a)
    assert f([]) == "native obj -"
    fake.answer = answer
    assert [g([]) for _ in range(1000)] == ["plain"] * 1000
    assert f([]) == "native obj -" and h([]) == "native obj"
    """)


MODULE = WORK + """
import types
def module(text):
    m = types.ModuleType("imported")
    m.jit_casually = jit_casually
    exec(text, vars(m))
    return m
"""


BUSY = "\\n".join([
    "import time",
    "@jit_casually",
    "def {0}(a):",
    "    a += time.thread_time()",
    "    while time.thread_time() < a: pass",
    "    return 'plain'",
    "",
])


def test_of_an_imported_module_a_function_has_to_take_time():
    program(MODULE + f"""if 1:
    m = module("{BUSY}".format("f"))
    assert m.f(.03) == "plain" and not fake.requests
    assert m.f(0) == "native int"
    m = module("{BUSY}".format("f"))
    assert [m.f(0) for _ in range(50)] == ["plain"] * 50
    """)


def test_of_an_imported_module_what_a_callee_took_is_not_the_callers():
    program(MODULE + f"""if 1:
    m = module("{BUSY}".format("f") + "@jit_casually\\ndef g(a): f(a)\\n")
    m.g(.03)
    assert not fake.requests and m.g(0) is None
    (request,) = fake.requests
    assert request[0] == "f"
    """)


def test_of_an_imported_module_each_compile_is_earned():
    program(MODULE + f"""if 1:
    m = module("{BUSY}".format("f"))
    m.f(.03)
    assert m.f(0) == "native int"
    assert [m.f(.0) for _ in range(10)] == ["plain"] * 10
    while len(fake.requests) == 1: m.f(.001)
    assert m.f(.0) == "native float" and m.f(0) == "native int"
    """)


PARKED = MODULE + f"""
import gophersnake._native as native
m = module("".join("{BUSY}".format(name) for name in "fgh"))
answer, fake.answer = fake.answer, lambda *a: work(.3) or answer(*a)
m.f(.03)
assert m.f(0) == "native int" # and now there is no budget for 28 seconds of work
fake.answer = answer
m.g(.03), m.h(.03)
assert m.g(0) == m.h(0) == "plain"
"""


def test_what_waits_for_a_budget_is_plain_but_for_one_that_looks():
    program(PARKED + """if 1:
    assert [native.is_attached(f) for f in (m.f, m.g, m.h)] == [True, False, True]
    assert m.g.__gophersnake__ if hasattr(m.g, "__gophersnake__") else not vars(m.g)
    assert len(fake.requests) == 1 and m.f(0) == "native int"
    """)


def test_who_chooses_one_that_waits_has_it_compiled():
    program(PARKED + """if 1:
    assert jit(m.g) is m.g and m.g(0) == "native int"
    """)


def test_closures_of_what_waits_are_plain_too():
    program(MODULE + f"""if 1:
    import gophersnake._native as native
    text = "{BUSY}".format("f") + "def make():\\n    " + "{BUSY}".format("g").replace("import time\\n", "").replace("\\n", "\\n    ") + "return g\\n"
    m = module(text + "{BUSY}".format("h"))
    answer, fake.answer = fake.answer, lambda *a: work(.3) or answer(*a)
    m.f(.03)
    assert m.f(0) == "native int"
    fake.answer = answer
    m.make()(.03), m.h(.03)
    first = m.make()
    assert first(0) == m.h(0) == "plain"
    assert not native.is_attached(first) and not native.is_attached(m.make())
    """)


def test_native_code_calls_what_has_not_earned_its_compile():
    """It says of its arguments that it owns them: the interpreter knows nothing of that."""
    m = types.ModuleType("imported")
    exec("def f(a, b=2): return a, b\ndef g(a, b=3): return a, b", vars(m))
    functions = [jit_casually(m.f), jit_casually(m.g)]

    @jit
    def call(functions, n):
        return [f(i) for i in range(n) for f in functions] + [f(*t) for t in [(n, n)] for f in functions]

    for n in [*range(10), 1000]:
        assert call(functions, n) == [(i, b) for i in range(n) for b in (2, 3)] + [(n, n)] * 2


def test_a_call_with_defaults_is_compiled_when_it_has_earned_it():
    program(MODULE + """if 1:
    m = module("@jit_casually\\ndef f(a, b=.5):\\n a += time.thread_time()\\n while time.thread_time() < a: pass\\n return 'plain'")
    m.time = time
    while not fake.requests: m.f(.001)
    assert m.f(.001) == "native float float"
    """)


def test_callees_of_what_nobody_chose_pay_too():
    """A comprehension of 3.11 is a function that nobody could have chosen; what surprises in it was compiled at once."""
    m = types.ModuleType("imported")
    m.jit_casually = jit_casually
    exec(
        textwrap.dedent("""
        import time
        @jit_casually
        def f(seconds, items):
            seconds += time.thread_time()
            while time.thread_time() < seconds: pass
            return sum([len(i) for i in items])
        """),
        vars(m),
    )
    before = stats()["compiles"]
    for seconds in [0.03] + 60 * [0]:
        assert m.f(seconds, [[1], "ab", (1, 2, 3)]) == 6
    assert stats()["compiles"] - before <= 2
