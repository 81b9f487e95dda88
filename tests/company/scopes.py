"""eval and exec, locals(), super(), globals that come and go."""

import sys

from gophersnake import jit

# exec/eval
G = 5


@jit
def ev(a, n):
    b = a * 2
    s = 0
    for i in range(n):
        s += eval("a + b + i + G")
    exec("b = 1000; global G; G += 1")
    ns = {}
    exec("z = a * 3", globals(), ns2 := dict(locals()))
    return s, b, ns2["z"], sorted(locals()), eval("[q for q in range(n)]", {"n": n}), eval("locals()") == locals(), (lambda: sorted(locals()))()


for k in range(4):
    print(ev(k, 3))


class Sup:
    def f(self, x):
        return ("sup", x)

    @classmethod
    def g(cls):
        return cls.__name__


class Sub(Sup):
    @jit
    def f(self, x):
        return super().f(x), super(Sub, self).f(x), __class__.__name__

    @classmethod
    @jit
    def g(cls):
        return super().g()

    @jit
    def h(self):
        def inner():
            return super(Sub, self).f(1)

        return inner(), [super(Sub, self).f(i) for i in range(2)]

    @jit
    def bad(self):
        del self
        return super().f(1)


for k in range(4):
    print(Sub().f(k), Sub.g(), Sub().h())
    try:
        Sub().bad()
    except (RuntimeError, UnboundLocalError) as e:
        print(e)


@jit
def nos():
    return super().x


try:
    nos()
except (RuntimeError, UnboundLocalError) as e:
    print(e)


@jit
def clos(n):
    c = 0

    def inc(k):
        nonlocal c
        c += k
        return c

    for i in range(n):
        inc(i)
    del inc
    try:
        inc
    except UnboundLocalError as e:
        return c, str(e)


for k in range(4):
    print(clos(k + 3))


@jit
def gl():
    global NEW
    NEW = 1
    globals()["NEW2"] = NEW + 1
    r = NEW2
    del NEW
    try:
        NEW
    except NameError as e:
        return r, str(e)


for k in range(3):
    print(gl())


@jit
def walrus(n):
    return [(y := i * 2, y) for i in range(n) if (z := i)] and (y, z)


for k in range(3):
    print(walrus(4))


@jit
def fst(a, *args, k=3, **kw):
    return f"{a!r:>5}{args}{k:{a}}{kw}"


for k in range(3):
    print(fst(5, 1, 2, k=k, z=1))
for bad in ((), (1, 2)):
    try:
        fst(*bad, a=2)
    except TypeError as e:
        print(e)
