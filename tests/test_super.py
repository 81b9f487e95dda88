"""super() without arguments, which native code translates together with the method that is taken from it."""

import sys
import traceback

import pytest

from gophersnake import jit

SOURCE = """
import sys
class Base:
    def m(self, x=0): return "base", x
    @classmethod
    def c(cls): return "class", cls.__name__
    @staticmethod
    def s(): return "static"
    @property
    def p(self): return lambda: "property"
    def who(self): return sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno
    def __len__(self): return 3
class Middle(Base):
    pass
class Other(Base):
    def m(self, x=0): return "other", super().m(x)
class Derived(Middle):
    def m(self, x=0): return super().m(x)
    def c(self): return super().c()
    def s(self): return super().s()
    def p(self): return super().p()
    def who(self): return super().who()
    def length(self): return super().__len__()
    def missing(self): return super().missing()
    def itself(self): return super().__class__().__self__ is self
    def builtin(self): return super().__repr__().startswith("<")
    def rebound(self, o):
        self = o
        return super().m()
    def cell(self):
        return super().m(), (lambda: self)
    def deleted(self):
        del self
        return super().m()
    def split(self):
        f = super().m
        return f()
    @classmethod
    def of_class(cls): return super().c()
class Both(Derived, Other):
    def m(self, x=0): return "both", super().m(x + 1)
class Plain:
    m = Derived.m
    c = Derived.c
class List(list):
    def append(self, x): return super().append(x + 1)
def shadowed(self):
    class A(Base):
        def m(self):
            super = lambda: Other()
            return super().m()
    return A().m()
"""
CALLS = [
    "Derived().m(2)", "Derived().c()", "Derived().s()", "Derived().p()", "Derived().who()", "Derived().length()",
    "Derived().missing()", "Derived().itself()", "Derived().builtin()", "Derived().rebound(Both())", "Derived().rebound(3)", "Derived().cell()[0]",
    "Derived().deleted()", "Derived().split()", "Derived.of_class()", "Both().m(1)", "Derived.m(Plain())", "Plain().m()", "Derived.m(Derived)", "Derived.m(1)",
    "(lambda l: (l.append(1), l))(List())", "shadowed(1)",
]  # fmt: skip


def outcome(call, names):
    try:
        return eval(call, names)
    except Exception as e:
        frames = traceback.extract_tb(e.__traceback__)[1:]
        return type(e), str(e), [(f.name, f.lineno) for f in frames]


def made(compiled):
    names = {}
    exec(compile(SOURCE, "super.py", "exec"), names)
    if compiled:
        for value in list(names.values()):
            if isinstance(value, type) or callable(value):
                jit(value)
    return names


@pytest.mark.parametrize("call", CALLS)
def test_super(call):
    plain, jitted = made(False), made(True)
    for _ in range(30):
        assert outcome(call, jitted) == outcome(call, plain), call


@pytest.mark.parametrize(
    "change",
    ["Base.m = lambda self, x=0: 'new'", "Middle.m = lambda self, x=0: 'new'", "Derived.__bases__ = (Other,)", "del Base.m", "Base.m = 3",
     "Base.m = property(lambda self: lambda x: 'p')", "Derived.m.__closure__[0].cell_contents = Base", "Derived.m.__closure__[0].cell_contents = 3",
     "o.m = 3", "super = lambda: Other()"],
)  # fmt: skip
def test_super_after_a_change(change):
    results = []
    for compiled in (False, True):
        names = made(compiled)
        exec("o = Derived()", names)
        told = [outcome("Derived.m(o, 2)", names) for _ in range(30)]
        exec(change, names)
        told += [outcome("Derived.m(o, 2)", names) for _ in range(30)]
        results.append(told)
    assert results[0] == results[1]


def test_references_stay_flat():
    names = made(True)
    exec("o = Both()\ndef run(n):\n    for i in range(n): o.m(i)", names)
    jit(names["run"])(100)
    before = [sys.getrefcount(names[n]) for n in ("o", "Base", "Derived")] + [sys.getrefcount(names["Base"].m)]
    names["run"](1000)
    assert [sys.getrefcount(names[n]) for n in ("o", "Base", "Derived")] + [sys.getrefcount(names["Base"].m)] == before
