"""What holds on to what: an attached function lives, is copied, sent, collected and forgotten like a plain one."""

import copy
import functools
import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref

import pytest

from gophersnake import explain, info, jit, stats, unjit

native = pytest.importorskip("gophersnake._native") if info()["compiles"] else pytest.skip("no native code here", allow_module_level=True)


@jit
def by_name(n):
    """Its own words."""
    return n + 1


def test_type_is_a_twin_of_function():
    f = jit(lambda: 0)
    assert f.__class__ is type(test_type_is_a_twin_of_function)
    assert native.is_attached(f) and not native.is_attached(unjit(f)) and type(f) is type(test_type_is_a_twin_of_function)
    attached = type(by_name)
    assert attached.__name__ == "function" and attached.__module__ == "builtins" and issubclass(attached, type(f))
    assert by_name.__doc__ == "Its own words." and jit(lambda: 0).__doc__ is None
    with pytest.raises(TypeError) as plain:
        f.__class__ = int
    with pytest.raises(TypeError) as ours:
        jit(f).__class__ = int
    assert str(ours.value) == str(plain.value)


def test_copies_and_pickles_are_the_function():
    assert copy.copy(by_name) is by_name and copy.deepcopy([by_name])[0] is by_name
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(by_name, protocol)) is by_name
        assert pickle.loads(pickle._dumps(by_name, protocol)) is by_name

    def local():
        pass

    def message():
        with pytest.raises((pickle.PicklingError, AttributeError)) as caught:
            pickle.dumps(local)
        return str(caught.value)

    plain = message()
    jit(local)
    assert message() == plain


def test_sent_by_value_it_is_jitted_where_it_arrives(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")

    def make(k):
        @jit
        def f(n):
            return f(n - 1) + k if n else 0

        return f

    f = make(3)
    assert f(2) == 6
    sent = tmp_path / "f"
    sent.write_bytes(cloudpickle.dumps(f))
    code = f"""
import pickle
f = pickle.loads(open({str(sent)!r}, 'rb').read())
from gophersnake import _native
assert _native.is_attached(f), f.__dict__
assert f.__gophersnake__.owner is f
assert [f(3), f(4)] == [9, 12]
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_marker_names_its_owner():
    @jit
    def f():
        pass

    @functools.wraps(f)
    def wrapper():
        pass

    assert f.__gophersnake__.owner is f and wrapper.__gophersnake__.owner is f
    assert not native.is_attached(wrapper)
    marker = f.__gophersnake__
    unjit(f)
    assert marker.owner is None and not hasattr(f, "__gophersnake__")
    jit(f)
    marker = f.__gophersnake__
    del f, wrapper
    gc.collect()
    assert marker.owner is None


def test_dies_by_its_last_reference():
    gc.disable()
    try:
        for n in range(3):

            @jit
            def f(k):
                return k

            for _ in range(n):
                f(1)
            gone = weakref.ref(f)
            del f
            assert gone() is None
    finally:
        gc.enable()


def test_reference_count_is_the_plain_one():
    def f(n):
        return n and f(n - 1)

    plain = sys.getrefcount(f)
    jit(f)
    assert sys.getrefcount(f) == plain
    f(3), f(3)
    assert sys.getrefcount(f) == plain


def cyclic_garbage():
    def closure():
        @jit
        def f(n):
            return f(n - 1) if n else 0

        return f

    def module():
        namespace = {"jit": jit}
        exec("@jit\ndef f(n):\n    return f(n - 1) if n else 0", namespace)
        return namespace["f"]

    def attribute():
        @jit
        def f(n):
            return n

        f.itself = f
        return f

    def method():
        @jit
        class C:
            def f(self, n):
                return self, C, n

        return C().f.__func__

    return closure, module, attribute, method


@pytest.mark.parametrize("make", cyclic_garbage(), ids=lambda make: make.__name__)
@pytest.mark.parametrize("calls", [0, 1, 3])
def test_cycles_are_collected(make, calls):
    gone = []
    for _ in range(5):
        f = make()
        for _ in range(calls):
            f(*[2] * f.__code__.co_argcount)
        gone.append(weakref.ref(f))
    del f
    gc.collect()
    assert [ref() for ref in gone] == [None] * 5


def test_many_throw_away_functions_leave_nothing():
    def some(n):
        for i in range(n):
            namespace = {}
            exec(f"def f(n): return n + {i}\ndef g(n): return [n]", namespace)
            assert jit(namespace["f"])(1) == i + 1
            jit(namespace["g"])

    some(10)
    gc.collect()
    before = stats()
    some(2000)
    gc.collect()
    after = stats()
    assert after["functions"] <= before["functions"]
    assert after["units"] <= before["units"]


def test_unjit_while_it_runs():
    @jit
    def f(n):
        if n == 3:
            unjit(f)
        return f(n - 1) + 1 if n else 0

    assert [f(6), f(6)] == [6, 6]
    assert not native.is_attached(f)
    jit(f)

    def dropped():
        @jit
        def g(n):
            nonlocal g
            del g
            gc.collect()
            return n + 1

        return g

    assert [dropped()(1) for _ in range(3)] == [2, 2, 2]


NAMESPACE = """
@jit
def f(n): return n + len(y)
@jit
def g(n):
    s = 0
    for i in range(n): s += f(i)
    return s
@jit
def outer(k):
    @jit
    def inner(n): return n + k
    return inner(1)
y = [1]
for k in range(5): g(10), f(k), outer(k)
"""


@pytest.mark.parametrize("then", [
    "pass", "unjit(f)", "unjit(f), unjit(g), jit(f), f(1), g(3)", "f.__code__ = (lambda n: 2 * n).__code__; f(3); g(3)",
    "f.__code__ = (lambda n: (yield)).__code__; f(1)", "unjit(f); unjit(f)", "h = wraps(f)(lambda: 0); unjit(f); unjit(h)",
])
def test_what_was_compiled_ends_with_the_namespace(then):
    """Detached with code that may be running, too: it is kept where the collector sees it."""
    class Thing:
        pass

    def make():
        namespace = {"jit": jit, "unjit": unjit, "wraps": functools.wraps, "thing": Thing()}
        exec(NAMESPACE, namespace)
        exec(then, namespace)
        return [weakref.ref(namespace[name]) for name in ("thing", "f", "g")]

    alive = [make() for _ in range(3)]
    for _ in range(4):  # records idle for two full collections
        gc.collect()
    assert [[ref() for ref in refs] for refs in alive] == [[None] * 3] * 3


def test_a_function_that_cannot_be_compiled_ends_with_its_namespace():
    ran = run("""
import gc, weakref
from gophersnake import jit, explain, _load
def broken(): raise ImportError("broken on purpose")
_load.compiler = broken
class Thing: pass
def make():
    namespace = {"jit": jit, "thing": Thing()}
    exec("f = jit(lambda n: n)", namespace)
    assert namespace["f"](1) == 1 and "broken on purpose" in explain(namespace["f"])
    return weakref.ref(namespace["thing"])
refs = [make() for _ in range(3)]
gc.collect()
assert [ref() for ref in refs] == [None] * 3
""")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("take", ["del f.__gophersnake__", "f.__dict__.clear()", "f.__dict__ = {}", "vars(f).update(__gophersnake__=0)"])
def test_detached_while_it_runs_and_the_marker_taken_away(take):
    ran = run(f"""
import gc
from gophersnake import jit, unjit, _native
def away():
    unjit(f)
    assert "off" in repr(f.__gophersnake__)
    {take}
    for _ in range(50):
        gc.collect()
        jit(lambda n: n + 1)(1)  # a compile frees what has ended
@jit
def f(n, at):
    s = 0.5
    for i in range(n):
        s += i
        if i == at:
            away()
    return s
for _ in range(3):
    f(10, -1)
assert _native.record_info(f)["units"]
assert f(100, 50) == 4950.5
assert not _native.is_attached(f)
jit(f)
assert f(100, 50) == 4950.5
""")
    assert ran.returncode == 0, ran.stderr


def test_closures_of_one_code_share_and_stay_apart():
    def make(k):
        @jit
        def f(n):
            return n * k

        return f

    fs = [make(k) for k in range(50)]
    assert [f(2) for f in fs] == [2 * k for k in range(50)]
    unjit(fs[0])
    assert [f(2) for f in fs] == [2 * k for k in range(50)]
    del fs
    assert make(7)(3) == 21


def test_weak_references_and_sets():
    @jit
    def f():
        return 1

    assert weakref.ref(f)() is f and f in {f} and {f: 1}[f] == 1
    jit(unjit(f))
    assert weakref.ref(f)() is f


def test_threads_attach_call_and_drop():
    problems = []

    def work(k):
        try:
            for i in range(200):
                namespace = {}
                exec("def f(n):\n    return n + k", namespace)
                namespace["k"] = k
                f = jit(namespace["f"])
                assert f(i) == i + k and f(i) == i + k and f(1.5) == 1.5 + k
                if i % 3 == 0:
                    unjit(f)
                    assert f(i) == i + k
        except BaseException as e:
            problems.append(e)

    @jit
    def shared(n):
        return n * 2

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    threads += [threading.Thread(target=lambda: [shared(n) for n in range(2000)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not problems


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_goes_on_in_a_forked_child():
    assert by_name(1) == 2
    pid = os.fork()
    if pid == 0:
        ok = by_name(2) == 3 and by_name(2.5) == 3.5 and jit(lambda n: n * 2)(4) == 8
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_why_not_is_remembered():
    def g():
        yield

    jit(g)
    assert g.__gophersnake__.reason == "generator function" and not native.is_attached(g)
    assert unjit(g) is g and not g.__dict__
    assert "is not jitted" in explain(g)


def run(code):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60)


def test_first_compile_at_the_recursion_limit():
    ran = run("""
from gophersnake import explain, jit
@jit
def f(n): return n + 1
def deep(n): return deep(n - 1) if n else f(1)
for n in range(970, 1001):
    try: deep(n)
    except RecursionError: pass
assert f(1) == 2
assert "could not be loaded" not in explain(f), explain(f)
""")
    assert ran.returncode == 0, ran.stderr


INTERPRETERS = "_xxsubinterpreters" if sys.version_info < (3, 13) else "_interpreters"


def test_subinterpreters_interpret():
    pytest.importorskip(INTERPRETERS)
    ran = run(f"import {INTERPRETERS} as interpreters" + """
import gophersnake
assert gophersnake.jit(lambda: 2)() == 2
interpreters.run_string(interpreters.create(), '''
import gophersnake
assert not gophersnake.info()["compiles"] and "subinterpreter" in gophersnake.info()["why_not"]
assert gophersnake.jit(lambda: 3)() == 3
print("ran")
''')
""")
    assert ran.returncode == 0 and ran.stdout == "ran\n", ran.stderr


@pytest.mark.parametrize("ends", ["first", "last"])
def test_a_subinterpreter_may_import_it_first(ends):
    pytest.importorskip(INTERPRETERS)
    ran = run(f"""
import gc, {INTERPRETERS} as interpreters
sub = interpreters.create()
interpreters.run_string(sub, '''
import gophersnake
f = gophersnake.jit(lambda n: n + 1)
assert f(1) == 2 and "subinterpreter" in gophersnake.explain(f)
try:
    gophersnake.jit(f, strict=True)
except gophersnake.GophersnakeError:
    print("refused")
gophersnake.unjit(f)
''')
if {ends!r} == "first":
    interpreters.destroy(sub)
gc.collect()
from gophersnake import GophersnakeError, jit, unjit, versions
f = jit(lambda n: sum(range(n)))
assert [f(4) for _ in range(3)] == [6] * 3 and versions(f)
def g():
    yield
try:
    jit(g, strict=True)
except GophersnakeError:
    pass
unjit(f), unjit(g)
del f, g
if {ends!r} == "last":
    interpreters.destroy(sub)
gc.collect()
assert [jit(lambda n: n * 2)(k) for k in range(3)] == [0, 2, 4]
""")
    assert ran.returncode == 0 and ran.stdout == "refused\n", ran.stderr
