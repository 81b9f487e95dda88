"""Caches, single dispatch, properties."""

import functools

from gophersnake import jit


@functools.lru_cache(maxsize=None)
@jit
def fibc(n):
    return n if n < 2 else fibc(n - 1) + fibc(n - 2)


for k in range(3):
    print(fibc(100), fibc.cache_info(), fibc.__wrapped__.__name__)
fibc.cache_clear()
print(fibc(30), fibc.cache_info())
try:
    jit(functools.lru_cache(lambda n: n))
except TypeError as e:
    pass


@functools.singledispatch
@jit
def sd(x):
    return "obj", x


@sd.register
@jit
def _(x: int):
    return "int", x + 1


@sd.register(list)
@jit
def sdl(x):
    return "list", [sd(i) for i in x]


@sd.register(float)
@jit
def sdf(x):
    return "float", x * 2


for k in range(5):
    print(sd(1), sd([1, 2.5, "x", [3]]), sd(None), sd.dispatch(bool).__name__, sorted(c.__name__ for c in sd.registry))


class SM:
    @functools.singledispatchmethod
    @jit
    def m(self, x):
        return "any", x

    @m.register
    @jit
    def _(self, x: int):
        return "i", self.m(str(x))

    @functools.singledispatchmethod
    @classmethod
    @jit
    def c(cls, x):
        return cls.__name__, x

    pm = functools.partialmethod(jit(lambda self, a, b: (a, b)), 5)


for k in range(4):
    print(SM().m(3), SM().m(2.5), SM.c(1), SM().pm(6))


class P:
    calls = 0

    def __init__(self, a):
        self.a = a

    @property
    @jit
    def p(self):
        "doc of p"
        return self.a * 2

    @p.setter
    @jit
    def p(self, v):
        self.a = v

    @p.deleter
    @jit
    def p(self):
        del self.a

    @functools.cached_property
    @jit
    def cp(self):
        "doc of cp"
        P.calls += 1
        return self.a + 1

    @jit
    @property
    def q(self):
        return self.a

    @jit
    @functools.cached_property
    def cq(self):
        return self.a + 5


for k in range(5):
    o = P(k)
    o.p = 4.5 * k
    print(o.p, o.cp, o.cp, P.calls, o.q, o.cq, vars(o))
    del o.p
    try:
        o.p
    except AttributeError as e:
        print(e)
print(P.p.__doc__, P.cp.__doc__)
