"""The decorator from outside: what it takes, that it changes nothing one can see, and what it answers.

None of these tests asks whether a function was compiled: the answers must be the same either way.
"""

import asyncio
import functools
import inspect
import os
import subprocess
import sys
import warnings

import pytest

import gophersnake
from gophersnake import GophersnakeError, explain, info, jit, stats, unjit, versions


def python(code, **env):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **env}, timeout=60)


def test_is_the_function_itself():
    def f(n):
        return n + 1

    assert jit(f) is f
    assert jit(jit(f)) is f
    assert jit()(f) is f
    assert jit(strict=False)(f) is f
    assert f(1) == 2
    assert unjit(f) is f
    assert f(1) == 2


def test_keeps_what_a_function_shows():
    @jit
    def f(a: int, b=2, *args, c=3, **kw) -> int:
        """Doc."""
        return a + b

    assert f.__name__ == "f" and f.__doc__ == "Doc." and f.__module__ == __name__
    assert f.__class__ is type(lambda: 0) and isinstance(f, type(lambda: 0)) and inspect.isfunction(f)
    assert str(inspect.signature(f)) == "(a: int, b=2, *args, c=3, **kw) -> int"
    assert repr(f).startswith("<function test_keeps_what_a_function_shows.<locals>.f at ")
    assert f.__defaults__ == (2,) and f.__kwdefaults__ == {"c": 3} and f.__annotations__ == {"a": int, "return": int}


def arguments():
    def none():
        return ()

    def simple(a, b):
        return a, b

    def defaults(a, b=10, *, c=20):
        return a, b, c

    def everything(a, /, b, c=3, *args, d, e=5, **kw):
        return a, b, c, args, d, e, kw

    def cells(a, *, b=1):
        return (lambda: (a, b))()

    calls = [(), (1,), (1, 2), (1, 2, 3, 4)], [{}, {"b": 1}, {"c": 7}, {"d": 4}, {"d": 4, "z": 1, "b": 2}, {"a": 9, "d": 1}, {"b": 2, "d": 1, "a": 3}]
    for f in none, simple, defaults, everything, cells:
        for args in calls[0]:
            for kw in calls[1]:
                yield pytest.param(f, args, kw, id=f"{f.__name__}-{len(args)}-{'-'.join(kw)}")


def outcome(f, args, kw):
    try:
        return f(*args, **kw)
    except TypeError as e:
        return str(e)


@pytest.mark.parametrize("f, args, kw", list(arguments()))
def test_binds_arguments_as_ever(f, args, kw):
    expected = outcome(f, args, kw)
    jit(f)
    for _ in range(3):
        assert outcome(f, args, kw) == expected
    unjit(f)
    assert outcome(f, args, kw) == expected


def test_methods_in_any_order():
    class C:
        base = 1

        @jit
        def method(self, n):
            return self.base + n

        @jit
        @staticmethod
        def outer_static(n):
            return n + 1

        @staticmethod
        @jit
        def inner_static(n):
            return n + 2

        @jit
        @classmethod
        def outer_class(cls, n):
            return cls.base + n

        @classmethod
        @jit
        def inner_class(cls, n):
            return cls.base + n

        @jit
        @property
        def outer_property(self):
            return self.base

        @property
        @jit
        def inner_property(self):
            return self.base

        @inner_property.setter
        @jit
        def inner_property(self, value):
            self.base = value

        @jit
        @functools.cached_property
        def outer_cached(self):
            return [self.base]

        @functools.cached_property
        @jit
        def inner_cached(self):
            return [self.base]

        @jit
        def __call__(self, n):
            return n * 2

        @jit
        def __getitem__(self, n):
            return n * 3

        @jit
        def __new__(cls):
            return super().__new__(cls)

        @jit
        def __init_subclass__(cls, mark=0):
            cls.mark = mark

        @jit
        def __class_getitem__(cls, item):
            return cls, item

    c = C()
    for _ in range(3):
        assert [c.method(1), c.outer_static(1), c.inner_static(1), c.outer_class(1), c.inner_class(1)] == [2, 2, 3, 2, 2]
        assert [c.outer_property, c.inner_property, c(4), c[4]] == [1, 1, 8, 12]
        assert c.outer_cached is c.outer_cached and c.inner_cached is c.inner_cached
    c.inner_property = 5
    assert c.inner_property == 5

    class D(C, mark=3):
        pass

    assert D.mark == 3 and C[int] == (C, int)
    assert jit(c.method)(2) == 7


def test_class():
    @jit
    class C:
        def __init__(self, n):
            self.n = n

        def __new__(cls, n):
            return super().__new__(cls)

        @staticmethod
        def s():
            return "s"

        @classmethod
        def c(cls):
            return cls

        @property
        def p(self):
            return self.n

        def g(self):
            yield self.n

        async def a(self):
            return self.n

        Inner = dict

    o = C(3)
    for _ in range(3):
        assert (o.s(), o.c(), o.p, list(o.g()), asyncio.run(o.a())) == ("s", C, 3, [3], 3)
    assert unjit(C) is C
    assert C(4).p == 4


def test_generators_and_coroutines_run_interpreted_and_say_so():
    @jit
    def generator(n):
        yield from range(n)

    @jit
    async def coroutine(n):
        return n

    @jit
    async def async_generator(n):
        yield n

    assert list(generator(3)) == [0, 1, 2] and asyncio.run(coroutine(3)) == 3
    assert type(generator) is type(coroutine) is type(unjit)
    assert "runs interpreted: generator function" in explain(generator)
    assert "runs interpreted: coroutine function" in explain(coroutine)
    assert "runs interpreted: asynchronous generator function" in explain(async_generator)


def test_lambdas_and_nested_functions():
    double = jit(lambda n: n * 2)
    assert [double(n) for n in (1, 1.5, "a", [0])] == [2, 3.0, "aa", [0, 0]]

    def outer(k):
        @jit
        def inner(n):
            nonlocal k
            k += n
            return k

        return inner

    f, g = outer(1), outer(10)
    assert [f(1), f(1), g(1), f(1), g(2)] == [2, 3, 11, 4, 13]


@pytest.mark.parametrize(
    "thing, words",
    [
        (len, "'len' is built in"),
        ([].append, "'append' is built in"),
        (str.join, "'join' is built in"),
        ("int32(int32)", "no signature"),
        (7, "takes a function"),
        (object(), "not 'object' objects"),
        (functools.partial(print), "not 'partial' objects"),
        (functools.lru_cache(lambda: 0), "put @jit beneath it"),
    ],
)
def test_refuses_what_is_no_function(thing, words):
    with pytest.raises(TypeError, match="jit") as caught:
        jit(thing)
    assert words in str(caught.value)


def test_unknown_option_names_the_nearest():
    with pytest.raises(TypeError, match="no option 'strickt'; the nearest is 'strict'"):
        jit(strickt=True)
    with pytest.raises(TypeError, match="'nopython'"):
        jit(lambda: 0, nopython=True)


def test_strict_raises_where_nothing_can_be_compiled():
    def g():
        yield 1

    with pytest.raises(GophersnakeError, match="generator function"):
        jit(g, strict=True)
    assert list(g()) == [1]


def test_wraps_copies_a_marker_that_counts_for_nothing():
    def decorator(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args)

        return wrapper

    @decorator
    @jit
    def f(n):
        return n

    assert f(1) == 1
    assert "is not jitted" in explain(f)
    assert jit(f) is f and f(1) == 1
    assert unjit(f) is f and f(2) == 2


def test_changes_of_code_and_defaults_take_effect():
    @jit
    def f(n, k=1):
        return n + k

    def other(n, k=1):
        return n * k + 100

    def generator(n, k=1):
        yield n

    assert f(1) == 2
    f.__defaults__ = (5,)
    assert f(1) == 6
    f.__code__ = other.__code__
    assert [f(2), f(2)] == [110, 110]
    f.__defaults__ = None
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'k'"):
        f(1)
    f.__code__ = generator.__code__
    assert list(f(1, 2)) == [1]

    @jit
    def g(*, k=1):
        return k

    assert g() == 1
    g.__kwdefaults__ = {"k": 2}
    assert g() == 2
    g.__kwdefaults__["k"] = 3
    assert g() == 3


def test_tracers_see_calls_lines_and_returns():
    def f(n):
        for i in range(n):
            n += i
        return n

    def traced():
        events = []

        def tracer(frame, event, arg):
            if frame.f_code is f.__code__:
                events.append((event, frame.f_lineno, arg if event == "return" else None))
            return tracer

        sys.settrace(tracer)
        try:
            f(2)
        finally:
            sys.settrace(None)
        profiled = []
        sys.setprofile(lambda frame, event, arg: profiled.append(event) if frame.f_code is f.__code__ else None)
        try:
            f(2)
        finally:
            sys.setprofile(None)
        return events, profiled

    plain = traced()
    jit(f)
    assert traced() == plain
    assert f(2) == 3
    assert traced() == plain


def test_questions():
    @jit
    def f(n):
        return n + 1

    assert "not called" in explain(f) or "interpreted" in explain(f)
    f(1)
    text = explain(f)
    assert isinstance(text, str) and f.__qualname__ in text
    assert text._repr_html_().startswith("<pre>")
    for version in versions(f):
        assert version.types and version.bytes > 0
    namespace = {}
    exec("def g(n): return n\ng2 = lambda n: n", namespace)
    assert "g" in explain(jit(namespace["g"])) and versions(namespace["g2"]) == []
    assert "is not jitted" in explain(lambda: 0)
    with pytest.raises(TypeError, match="explain"):
        explain(3)
    assert set(info()) >= {"gophersnake", "python", "compiles"}
    assert stats().get("functions", 0) >= 0
    assert gophersnake.Version is type(gophersnake.Version((), 0, 0.0, 0, 0))


def test_environment_turns_it_off():
    code = "from gophersnake import jit, explain, info\nf = jit(lambda n: n + 1)\nprint(type(f).__dict__.get('__call__') is type(info).__dict__.get('__call__'), f(1), f.__dict__)\nprint(explain(f))\nprint(info()['compiles'])"
    ran = python(code, GOPHERSNAKE_DISABLE="1")
    assert ran.returncode == 0 and "2 {}" in ran.stdout and "GOPHERSNAKE_DISABLE is set" in ran.stdout and "False" in ran.stdout
    assert python("import gophersnake; print(gophersnake.info()['compiles'])", GOPHERSNAKE_DISABLE="0").returncode == 0


def test_misspelt_environment_warns():
    if not gophersnake.info()["compiles"]:
        pytest.skip("nothing to turn on here")
    for variables, warning in (
        (dict(GOPHERSNAKE_LOG="compiles"), "GOPHERSNAKE_LOG: 'compiles' is not one of compile, exits"),
        (dict(GOPHERSNAKE_DUMP="asm,decod"), "GOPHERSNAKE_DUMP: 'decod' is not one of decode, build, opt, asm"),
        (dict(GOPHERSNAKE_DISABLE="no"), "GOPHERSNAKE_DISABLE=no is ignored: it is 0 or 1"),
        (dict(GOPHERSNAKE_DISABLED="1"), "GOPHERSNAKE_DISABLED is no variable of Gophersnake; the nearest is GOPHERSNAKE_DISABLE"),
        (dict(GOPHERSNAKE_VERIFY="yes"), "GOPHERSNAKE_VERIFY=yes is ignored: it is 0 or 1"),
        (dict(GOPHERSNAKE_PERF="on"), "GOPHERSNAKE_PERF=on is ignored: it is 0 or 1"),
        (dict(GOPHERSNAKE_OPT="-gnv"), "GOPHERSNAKE_OPT=-gnv is ignored: \"-gnv\" is not -PASS; passes are "),
    ):
        ran = python("from gophersnake import jit, versions; f = jit(lambda n: n + 1); f(1); print(len(versions(f)))", **variables)
        assert ran.returncode == 0 and warning in ran.stderr, ran.stderr
        assert ran.stdout.splitlines()[-1] == "1"


def test_import_is_light():
    package = os.path.dirname(os.path.dirname(gophersnake.__file__))
    code = "import sys; before = set(sys.modules); import gophersnake; print(*sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": package})
    assert ran.returncode == 0, ran.stderr
    heavy = {"typing", "inspect", "dis", "ctypes", "threading", "subprocess", "warnings", "importlib.util", "importlib.machinery"}
    assert "gophersnake._load" in ran.stdout.split()  # imported late, it hangs children of a fork in the middle
    assert not heavy & set(ran.stdout.split())


def test_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert jit(lambda: 1)() == 1


def test_every_way_of_calling_reaches_native_code():
    """Sites that the interpreter has specialised long since, too: it runs no attached function inline."""

    class C:
        def __init__(self, v):
            self.v = v

        def method(self, x):
            return x

        @property
        def p(self):
            return 1

        def __getitem__(self, i):
            return i

    class D(C):
        pass

    class E(C, Exception):
        pass

    def plain(a, b=2):
        return a

    o, n = C(1), 2000
    ways = {
        plain: [lambda: plain(1), lambda: plain(1, b=3), lambda: plain(*(1,)), lambda: plain(**{"a": 1})],
        C.__init__: [lambda: C(1), lambda: D(1), lambda: E(1)],
        C.method: [lambda: o.method(1), lambda: o.method(x=1)],
        C.p.fget: [lambda: o.p],
        C.__getitem__: [lambda: o[1]],
    }
    for function, calls in ways.items():
        for call in calls:
            for _ in range(100):
                call()
        jit(function)
        for call in 50 * calls:  # until no surprise compiles it anew
            call()
        for call in calls:
            before = sum(v.calls for v in versions(function))
            for _ in range(n):
                call()
            assert sum(v.calls for v in versions(function)) >= before + n, function
