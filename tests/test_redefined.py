"""What is assumed of the world changes between two calls, or in the middle of one: the next look finds what is there now."""

import textwrap

import pytest
from gophersnake import jit

# Each makes f, which is called with (i, note) for each i up to 60 before and after CHANGES[i]; change(i) may be called by f itself.
PROGRAMS = {
    "a global function": """
        def g(x): return x + 1
        def f(i): return g(i), g(2.5)
        def other(x): return -x
        CHANGES = [lambda: globals().update(g=other), lambda: globals().update(g=len and (lambda x: x * 2)), lambda: globals().pop("g"), lambda: globals().update(g=max and abs)]
    """,
    "a global's code": """
        def g(x, y=1): return x + y
        def h(x, y=2): return x - y
        def f(i): return g(i), g(i, 3), g(i, y=4), g(x=i)
        CHANGES = [lambda: setattr(g, "__code__", h.__code__), lambda: setattr(g, "__defaults__", (7,)), lambda: setattr(g, "__defaults__", None),
                   lambda: setattr(g, "__defaults__", (1, 2)), lambda: setattr(g, "__kwdefaults__", {"y": 5})]
    """,
    "a builtin, shadowed and not": """
        import builtins
        def f(i): return len([i]), abs(-i), isinstance(i, int), str(i).upper(), max(i, 3)
        CHANGES = [lambda: globals().update(len=lambda x: 77), lambda: globals().pop("len"), lambda: setattr(builtins, "abs", lambda x: "abs"), lambda: setattr(builtins, "abs", ABS),
                   lambda: setattr(builtins, "isinstance", lambda a, b: "is"), lambda: setattr(builtins, "isinstance", ISINSTANCE),
                   lambda: globals().update(max=min), lambda: globals().pop("max")]
        ABS, ISINSTANCE = abs, isinstance
    """,
    "a builtin, in the middle of a loop": """
        def change(k):
            if k == 5: globals()["len"] = lambda x: 100
            if k == 8: del globals()["len"]
        def f(i): return [(len([k]), change(k)) for k in range(10)], [(change(k), len((k, k))) for k in range(10)]
        CHANGES = []
    """,
    "a method": """
        class A:
            def m(self, x=1): return x
            @staticmethod
            def s(x): return x
            @classmethod
            def c(cls, x): return cls.__name__, x
            @property
            def p(self): return 1
        class B(A): pass
        b = B()
        def f(i): return b.m(), b.m(i), b.m(x=i), b.s(i), B.s(i), b.c(i), B.c(i), b.p
        CHANGES = [lambda: setattr(A, "m", lambda self, x=2: -x), lambda: setattr(B, "m", lambda self, x=3: x * 2), lambda: delattr(B, "m"),
                   lambda: b.__dict__.update(m=lambda x=5: x + 100), lambda: b.__dict__.clear(), lambda: setattr(A, "s", staticmethod(lambda x: [x])),
                   lambda: setattr(A, "c", classmethod(lambda cls, x: (x, cls.__name__))), lambda: setattr(B, "s", 3 .__add__),
                   lambda: setattr(A, "p", 7), lambda: setattr(B, "p", property(lambda self: 8)), lambda: setattr(B, "__bases__", (C,))]
        class C(A):
            def m(self, x=9): return "C", x
    """,
    "a class attribute beside an instance's": """
        class A:
            def __init__(self): self.x = 1
        a = A()
        class Data:
            def __get__(self, o, t=None): return "data"
            def __set__(self, o, v): SEEN.append(v)
        class NonData:
            def __get__(self, o, t=None): return "nondata"
        SEEN = []
        def f(i):
            a.x = i
            return a.x, len(SEEN)
        CHANGES = [lambda: setattr(A, "x", 5), lambda: setattr(A, "x", NonData()), lambda: setattr(A, "x", Data()), lambda: delattr(A, "x"),
                   lambda: setattr(A, "x", property(lambda self: "p", lambda self, v: SEEN.append(v))), lambda: delattr(A, "x")]
    """,
    "a descriptor's class": """
        class D:
            def __get__(self, o, t=None): return "get"
            def __repr__(self): return "D"
        class A:
            d = D()
            def __init__(self): self.x = 1
        a = A()
        a.__dict__["d"] = "own"
        def f(i): return a.d, a.x, A.d
        CHANGES = [lambda: setattr(D, "__set__", lambda self, o, v: None), lambda: delattr(D, "__get__"), lambda: delattr(D, "__set__"),
                   lambda: setattr(D, "__get__", lambda self, o, t=None: "again")]
    """,
    "__getattr__, __getattribute__, __setattr__, __delattr__ added later": """
        class A:
            def __init__(self): self.x = 1
            def m(self): return "m"
        a = A()
        LOG = []
        def f(i):
            a.x = i
            try: missing = a.nothing
            except AttributeError: missing = None
            return a.x, missing, a.m(), len(LOG)
        def store(self, name, value):
            LOG.append(name)
            object.__setattr__(self, name, value + 1)
        CHANGES = [lambda: setattr(A, "__getattr__", lambda self, n: ("got", n)), lambda: setattr(A, "__setattr__", store),
                   lambda: setattr(A, "__getattribute__", lambda self, n: (lambda: n) if n == "m" else n), lambda: delattr(A, "__getattribute__"),
                   lambda: delattr(A, "__setattr__"), lambda: delattr(A, "__getattr__")]
    """,
    "an instance's class": """
        class A:
            def __init__(self): self.x, self.y = 1, 2
            def m(self): return "A"
        class B:
            def m(self): return "B"
            @property
            def y(self): return "property"
        a = A()
        def f(i):
            a.x = i
            return a.m(), a.x, a.y, isinstance(a, A), type(a) is B
        CHANGES = [lambda: setattr(a, "__class__", B), lambda: setattr(a, "__class__", A), lambda: setattr(B, "z", 1), lambda: setattr(a, "__class__", B)]
    """,
    "an instance's class, in the middle of a loop": """
        class A:
            def __init__(self): self.x = 1
            def m(self): return "A"
        class B:
            def m(self): return "B"
        a = A()
        def change(k):
            if k % 4 == 3: a.__class__ = B if a.__class__ is A else A
            return k
        def f(i):
            out = []
            for k in range(12):
                out.append((a.m(), change(k), a.m(), a.x))
                a.x += k
            return out
        CHANGES = []
    """,
    "keys of instances: order, splitting, many, deleted": """
        class A: pass
        def make(names):
            a = A()
            for n in names: setattr(a, n, len(a.__dict__))
            return a
        a = make("xyz")
        def f(i):
            a.x = i
            a.y += 1
            return a.x, a.y, a.z, list(a.__dict__), vars(a) == a.__dict__
        def put(b): globals()["a"] = b
        CHANGES = [lambda: put(make("zyx")), lambda: put(make("yzx")), lambda: a.__dict__.update(w=1), lambda: put(make(["k%d" % k for k in range(40)] + list("xyz"))),
                   lambda: (delattr(a, "x"), setattr(a, "x", 3)), lambda: setattr(a, "__dict__", {"z": 1, "x": 2, "y": 3}), lambda: a.__dict__.update({5: 6}),
                   lambda: a.__dict__.pop("z") and setattr(a, "z", "late"), lambda: put(make("xyz"))]
    """,
    "a metaclass": """
        class M(type):
            def m(cls): return "M", cls.__name__
        class N(type):
            def m(cls): return "N"
        class A(metaclass=M):
            k = 1
        def f(i): return A.m(), A.k, isinstance(3, A), A().__class__.__name__
        CHANGES = [lambda: setattr(A, "k", 2), lambda: setattr(M, "k", property(lambda cls: "from M")), lambda: setattr(A, "__class__", N),
                   lambda: setattr(N, "__instancecheck__", lambda cls, o: "yes"), lambda: setattr(N, "__call__", lambda cls: 5)]
    """,
    "operators of a class": """
        class A:
            def __add__(self, o): return "add", o
            def __len__(self): return 3
            def __getitem__(self, i): return i
            def __contains__(self, i): return True
            def __iter__(self): return iter((1, 2))
            def __bool__(self): return True
            def __call__(self): return "call"
        a = A()
        def f(i): return a + i, len(a), a[i], i in a, list(a), [x for x in a], not a, a(), 1 if a else 2
        CHANGES = [lambda: setattr(A, "__add__", lambda s, o: o), lambda: setattr(A, "__len__", lambda s: 9), lambda: setattr(A, "__getitem__", lambda s, i: -i),
                   lambda: delattr(A, "__contains__"), lambda: setattr(A, "__iter__", lambda s: iter("ab")), lambda: delattr(A, "__bool__"), lambda: setattr(A, "__call__", lambda s: 4)]
    """,
    "slots": """
        class A:
            __slots__ = ("x", "y")
        class B(A):
            __slots__ = ("z",)
        b = B()
        b.x = b.y = b.z = 0
        def f(i):
            b.x = i
            b.y += 1
            return b.x, b.y, b.z
        CHANGES = [lambda: setattr(B, "x", 5) or setattr(B, "x", A.__dict__["x"]), lambda: setattr(B, "z", A.__dict__["y"]), lambda: setattr(A, "y", A.__dict__["x"])]
    """,
    "a module's attribute": """
        import math, types
        mod = types.ModuleType("mod")
        mod.k, mod.g = 1, lambda x: x
        def f(i): return mod.k, mod.g(i), math.floor(2.5)
        CHANGES = [lambda: setattr(mod, "k", 2.5), lambda: setattr(mod, "g", lambda x: -x), lambda: setattr(mod, "__getattr__", lambda n: n), lambda: delattr(mod, "k"),
                   lambda: setattr(mod, "__class__", Late)]
        class Late(types.ModuleType):
            k = property(lambda self: "late")
    """,
    "super's class": """
        class A:
            def m(self): return "A"
        class B(A):
            def m(self): return "B" + super().m()
        b = B()
        def f(i): return b.m()
        CHANGES = [lambda: setattr(A, "m", lambda self: "A2"), lambda: setattr(B, "__bases__", (C,)), lambda: setattr(C, "m", lambda self: "C2")]
        class C:
            def m(self): return "C"
    """,
    "an abstract class takes others in": """
        import collections.abc
        class S:
            def __len__(self): return 2
            def __getitem__(self, i): return (7, 8)[i]
        s = S()
        def f(i):
            match s:
                case [a, b]: return "sequence", a, b
                case {}: return "mapping"
            return isinstance(s, collections.abc.Sequence), isinstance(s, (int, collections.abc.Mapping))
        CHANGES = [lambda: collections.abc.Sequence.register(S)]
    """,
}


def run(source, decorator):
    names = {}
    exec(textwrap.dedent(source), names)
    import types

    for name, value in list(names.items()):
        if isinstance(value, types.FunctionType):
            decorator(value)
        elif isinstance(value, type) and value.__module__ != "types":
            for member in list(vars(value).values()):
                if isinstance(member, types.FunctionType):
                    decorator(member)
    told = []

    def call(i):
        try:
            told.append(repr(names["f"](i)))
        except Exception as e:
            told.append(repr(e))

    for change in [None, *names["CHANGES"]]:
        try:
            told.append(change and repr(change() and None))
        except Exception as e:
            told.append(repr(e))
        for i in range(30):
            call(i)
    return told


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_next_look_finds_it(name):
    assert run(PROGRAMS[name], jit) == run(PROGRAMS[name], lambda f: f)
