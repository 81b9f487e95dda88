"""Which calls are compiled, how often, and by which version each is answered, against a compiler made by hand.

Each test is a program of its own, because a process has one compiler.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gophersnake import info

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)

PROLOGUE = """
import gc, sys, threading, weakref
import fake_compiler
from gophersnake import GophersnakeError, explain, jit, stats, unjit, versions, _native
FINAL, RECORDING, GENERAL = 0, 1, 2
NAMES = {1: "obj", 5: "bool", 6: "None", 7: "int", 8: "float", 0: "-"}
fake = fake_compiler.install(lambda f, kinds, mode, off: "native " + " ".join(NAMES[k[0]] for k in kinds))
def types(): return [tuple(t.__name__ for t in v.types) for v in versions(f)]
def modes(): return [r[1] for r in fake.requests]
"""


def program(text):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    code = PROLOGUE + textwrap.dedent(text)
    ran = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, env=env, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran


def test_one_version_for_each_types():
    program("""
    @jit
    def f(a, b): return "plain"
    assert f(1, 2) == f(3, 4) == "native int int"
    assert f(1, 2.5) == "native int float" and f(True, None) == "native bool None" and f("", []) == "native obj obj"
    assert f(10**18, 1) == "native int int"
    class Int(int): pass
    assert f(Int(1), 1) == "native obj int"
    assert types() == [("int", "int"), ("int", "float"), ("bool", "NoneType"), ("str", "list"), ("Int", "int")], types()
    assert modes() == [RECORDING] + 4 * [FINAL]
    assert [v.calls for v in versions(f)] == [3, 1, 1, 1, 1]
    """)


def test_no_room_is_no_failure():
    program("""
    g = jit(lambda a: "plain")
    @jit
    def f(a): return "plain"
    assert g(1) == "native int"
    fake.room = False
    for i in range(2500):
        assert f(1) == "plain"
    assert len(fake.requests) == 2 # nothing was released since: it is not even asked
    fake.room = True
    del g
    gc.collect(), gc.collect()
    for i in range(2500):
        if f(1) != "plain":
            break
    assert f(1) == "native int" and len(fake.released) == 1
    """)


def test_after_eight_versions_one_for_all():
    program("""
    @jit
    def f(a): return "plain"
    for i in range(8):
        assert f(type(f"T{i}", (), {})()) == "native obj"
    assert modes() == [RECORDING] + 7 * [FINAL]
    fake.flags = 2
    fake.any_class = True
    assert f(1) == "native int" and modes()[-1] == GENERAL
    n = len(fake.requests)
    f([]), f({})
    assert len(fake.requests) == n
    """)


def test_a_recording_version_is_compiled_again():
    program("""
    @jit
    def f(a): return "plain"
    fake.flags = 1
    f(1)
    assert modes() == [RECORDING]
    f(1), f(1), f(1), f(1), f(1)
    assert modes() == [RECORDING, FINAL, FINAL, FINAL], modes()
    assert types() == [("int",)]
    """)


def test_binds_for_the_stub():
    program("""
    @jit
    def f(a, b=2, *args, c=3.5, **kw): return "plain"
    assert f(1) == f(1, 2, 3, 4, c=1.5, z=1) == f(b=1, a=2) == f(1, (2,).__len__()) == "native int int float obj obj"
    assert f(1, (2,)) == "native int obj float obj obj"
    for call in (lambda: f(), lambda: f(1, a=1), lambda: f(1, **{1: 2})):
        try: call()
        except TypeError as e: assert "f()" in str(e) or "keywords must be strings" in str(e), e
        else: assert False
    assert len(fake.requests) == 2
    """)


def test_default_of_a_simple_function():
    program("""
    @jit
    def f(a, b=2): return "plain"
    assert f(1) == f(a=1) == f(1, b=3) == f(b=1, a=1) == f(1, 2) == "native int int"
    f.__defaults__ = (2.5,)
    assert f(1) == "native int float" and f(1, 2) == "native int int"
    assert len(fake.requests) == 2
    """)


def test_new_code_is_compiled_anew():
    program("""
    @jit
    def f(a): return "plain"
    assert f(1) == "native int"
    f.__code__ = (lambda x, y: "other").__code__
    # The stub of this fake does not look at the code: the record is found by the next miss.
    assert f(1, 2) == "native int int"
    """)


def test_what_cannot_be_compiled_is_plain_from_then_on():
    program("""
    fake.answer = lambda *a: None
    @jit
    def f(a): return "plain"
    assert f(1) == f(2) == "plain"
    assert len(fake.requests) == 1 and not _native.is_attached(f)
    assert type(f) is type(types)
    assert "runs interpreted: the fake does not want to" in explain(f)
    def make():
        @jit
        def g(): return "plain"
        return g
    kept = [make(), make()]
    assert [g() for g in kept] == ["plain", "plain"] and type(kept[1]) is type(types)
    assert type(make()) is type(types)
    """)


def test_passing_failures_are_tried_again():
    program("""
    def no_memory(*a): raise MemoryError
    real, fake.answer = fake.answer, no_memory
    @jit
    def f(a): return "plain"
    assert f(1) == "plain" and len(fake.requests) == 1
    fake.answer = real
    for i in range(2000):
        if f(1) != "plain": break
    assert 900 < i < 1100, i
    """)


def test_strict_names_the_failure():
    program("""
    fake.answer = lambda *a: None
    @jit(strict=True)
    def f(a): return "plain"
    for _ in range(3):
        try: f(1)
        except GophersnakeError as e: assert str(e) == "f: the fake does not want to", e
        else: assert False
    """)


def test_tools_see_the_plain_function():
    program("""
    @jit
    def f(a): return "plain"
    sys.setprofile(lambda *a: None)
    try: assert f(1) == "plain"
    finally: sys.setprofile(None)
    assert not fake.requests
    assert f(1) == "native int"
    """)


def test_one_compile_at_a_time():
    program("""
    entered, go_on = threading.Event(), threading.Event()
    def wait():
        entered.set()
        assert go_on.wait(30)
    fake.before_return = wait
    @jit
    def f(a): return "plain"
    @jit
    def g(a): return "plain"
    first = []
    thread = threading.Thread(target=lambda: first.append(f(1)))
    thread.start()
    assert entered.wait(30)
    assert f(1) == g(1) == "plain"
    unjit(g)
    go_on.set()
    thread.join()
    fake.before_return = None
    assert first == ["native int"] and f(1) == "native int" and len(fake.requests) == 1
    """)


def test_unjit_during_the_compile():
    program("""
    @jit
    def f(a): return "plain"
    fake.before_return = lambda: unjit(f)
    assert f(1) == f(1) == "plain"
    """)


def test_units_end_with_their_function_and_are_freed_by_the_next_compile():
    program("""
    def make():
        namespace = {}
        exec("def f(a): return 1", namespace)
        return jit(namespace["f"])
    f = make()
    f(1), f(2.5)
    assert stats()["units"] == 2
    del f
    gc.collect()
    assert stats()["units"] == 0 and not fake.released
    f = make()
    f(1)
    assert len(fake.released) == 2 and stats()["released"] == 2 and len(fake.units) == 1
    """)


def test_a_unit_holds_what_it_embeds_and_cycles_through_it_are_collected():
    program("""
    class Thing: pass
    def make():
        namespace = {}
        exec("def f(a): return 1", namespace)
        return jit(namespace["f"])
    f, thing = make(), Thing()
    thing.f = f
    fake.embed = [thing]
    f(1)
    fake.embed = []
    fake.kept = None
    gone, count = weakref.ref(thing), sys.getrefcount(thing)
    assert count == 3
    del thing
    assert gone() is not None
    del f
    gc.collect()
    assert gone() is None and stats()["units"] == 0
    """)


def test_a_function_that_embeds_itself_makes_no_cycle():
    program("""
    def make():
        def f(a): return f
        return jit(f)
    f = make()
    before = sys.getrefcount(f)
    fake.embed = [f]
    assert f(1) == "native int -"
    fake.embed, fake.kept = [], None
    assert sys.getrefcount(f) == before
    gone = weakref.ref(f)
    other = type(types)(f.__code__, f.__globals__, "f", None, f.__closure__)
    jit(other)
    assert other(1) == "native int -" and len(fake.requests) == 1
    f.__closure__[0].cell_contents = None
    del f
    assert gone() is None
    assert other(1) == "native int -" and len(fake.requests) == 2  # the unit with the dead function's address serves nobody
    """)


def test_closures_keep_the_code_of_their_source():
    program("""
    def make():
        @jit
        def f(a): return 1
        return f
    for _ in range(5):
        assert make()(1) == "native int"
    assert len(fake.requests) == 1
    del make
    gc.collect(), gc.collect(), gc.collect()
    import time; time.sleep(0)
    gc.collect()
    assert stats()["functions"] == 0
    """)


def test_retired_code_stays_while_its_function_lives():
    program("""
    def make():
        namespace = {}
        exec("def f(a): return 1", namespace)
        return jit(namespace.pop("f"))
    f = make()
    f(1)
    unjit(f)
    assert f(1) == 1 and stats()["units"] == 1
    del f
    gc.collect()
    assert stats()["units"] == 0
    """)


def test_logs():
    ran = program("""
    _native.configure(True, True)
    @jit
    def f(a): return "plain"
    f(1)
    """)
    assert "gophersnake: compile: f, bytecode 0, recording: " in ran.stderr


def test_layout_is_tested():
    program("""
    assert _native.unusable() == "" and _native.header_address() == _native.header_address()
    """)
