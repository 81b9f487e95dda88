# Cells in many depths, scopes of comprehensions, arguments of every kind, patterns.
import sys, functools

def deep(a):

    def b(x):
        nonlocal a
        a += x

        def c(y):
            nonlocal a, x
            x, a = (a, y)

            def d(z):
                nonlocal y
                y = z + a + x

                def e():
                    nonlocal a, x, y, z
                    a, x, y, z = (z, y, x, a)
                    return (a, x, y, z)
                return e() + e()
            return d(x) + (y,)
        return c(x * 2) + (x, a)
    return (b(1), b(2.5), a)
for v in (1, 2.5, 2 ** 62, True):
    print(deep(v), deep(v))

def make(n):
    fs = []
    for i in range(n):

        def f(x=i):
            return (x, i)
        fs.append(f)
        fs.append(lambda: i * 2)
    return [f() for f in fs]
for n in (2, 5):
    print(make(n), make(n))

def dele(flag):
    x = 1

    def inner():
        return x
    r = [inner()]
    if flag:
        del x
        try:
            inner()
        except NameError as e:
            r.append(str(e))
        try:
            x
        except NameError as e:
            r.append(str(e))
        x = 'again'
    r.append(inner())
    return r
for _ in range(3):
    print(dele(0), dele(1))

def comp(n):
    x = 10
    l = [x for x in range(n)]
    m = {k: (x, v) for k, v in enumerate(l) if (y := v) % 2}
    s = sum((z * x for z in l))
    t = [[a * b for a in range(b)] for b in range(n)]
    q = [lambda: i for i in range(3)]
    return (l, m, s, t, x, y if n > 0 else None, [f() for f in q])
for n in (1, 3, 5):
    print(comp(n))

def kw(a, b=2, /, c=3, *d, e, f=6, **g):
    return (a, b, c, d, e, f, g)

def calls(n):
    r = []
    for i in range(n):
        for args, k in (((1,), {'e': i}), ((1, 2, 3, 4), {'e': 1, 'a': 2}), ((), {'e': 1}), ((1,), {}), ((1, 2, 3), {'c': 1, 'e': 2}), ((1,), {'e': 1, 'zz': i})):
            try:
                r.append(kw(*args, **k))
            except TypeError as e:
                r.append(str(e))
        r.append(kw(i, e=i))
        r.append(kw(*[i, 2], *(3,), e=1, **{'x': 1}, **{'y': 2}))
        try:
            r.append(kw(1, **{'e': 1}, **{'e': 2}))
        except TypeError as e:
            r.append(str(e))
        try:
            r.append(kw(*5))
        except TypeError as e:
            r.append(str(e))
        try:
            r.append(kw(**5))
        except TypeError as e:
            r.append(str(e))
        try:
            r.append(kw(1, **{1: 2}))
        except TypeError as e:
            r.append(str(e))
    return r
for n in (1, 2, 3):
    print(calls(n))

class K:

    def keys(self):
        seen.append('keys')
        return iter(['e', 'b2'])

    def __getitem__(self, k):
        seen.append(k)
        return k * 2

class It:

    def __iter__(self):
        seen.append('iter')
        yield 1
        yield 2
seen = []

def order(n):
    r = []
    for i in range(n):
        r.append(kw(*It(), **K()))
        r.append([*It(), *It()])
        r.append({**K(), 'z': 1})
        r.append((*It(), i))
        r.append({*It()})
        a, *b = It()
        r.append((a, b))
        *a, b = It()
        r.append((a, b))
        try:
            a, b, c, *d = It()
        except ValueError as e:
            r.append(str(e))
        try:
            a, = It()
        except ValueError as e:
            r.append(str(e))
    return r
for _ in range(3):
    print(order(2), len(seen))

def defaults(a, l=[], d={}):
    l.append(a)
    d[a] = len(l)
    return (list(l), dict(d))
for i in range(5):
    print(defaults(i))

def mutdef(n):

    def f(a=1, *, b=2):
        return (a, b)
    r = []
    for i in range(n):
        r.append(f())
        if i == 1:
            f.__defaults__ = (5,)
        if i == 2:
            f.__kwdefaults__ = {'b': 7}
        if i == 3:
            f.__kwdefaults__['b'] = 8
        if i == 4:
            f.__defaults__ = None
            f.__kwdefaults__ = None
    return r
for n in (3, 5, 6):
    try:
        print(mutdef(n))
    except TypeError as e:
        print(e)

def many(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7 + b8 + b9

def callmany(x):
    s = 0
    for i in range(3):
        s += many(x, 1, 2.5, 3, 4, x, 6, 7, 8.5, 9, x, 1, 2, 3, 4, 5, 6, 7, 8, x)
    return s
for x in (1, 2.5, 2 ** 62, True):
    print(callmany(x))

def fact(f):
    return lambda n: 1 if n == 0 else n * f(n - 1)
Y = lambda f: (lambda x: x(x))(lambda x: f(lambda v: x(x)(v)))
for n in (3, 25, 50):
    print(Y(fact)(n))

def counter():
    n = 0

    def inc(by=1):
        nonlocal n
        n += by
        return n

    def get():
        return n
    return (inc, get)
inc, get = counter()
for by in (1, 2, 2.5, 2 ** 63, 1, 'x'):
    try:
        inc(by)
        print(get())
    except TypeError as e:
        print(e, get())

def celltypes():
    x = 1

    def set_(v):
        nonlocal x
        x = v
    r = []
    for i, v in enumerate((2, 3.5, 's', None, 2 ** 70, [1], True, 4)):
        r.append(x)
        set_(v)
        r.append((x, x is v))
    set_.__closure__[0].cell_contents = 'direct'
    r.append(x)
    return r
for _ in range(3):
    print(celltypes())

def match(x):
    match x:
        case 0 | 1:
            return '01'
        case int(n) if n > 100:
            return ('big', n)
        case [a, b]:
            return ('two', a, b)
        case [a, *r]:
            return ('many', a, r)
        case {'k': v, **rest}:
            return ('map', v, rest)
        case str() as s:
            return ('s', s)
        case complex(real=r, imag=i):
            return (r, i)
        case P(x=1, y=yy):
            return ('P1', yy)
        case P(a, b):
            return ('P', a, b)
        case None:
            return 'none'
        case _:
            return 'other'

class P:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y):
        self.x, self.y = (x, y)
for _ in range(3):
    print([match(v) for v in (0, 1, True, 5, 101, 2 ** 70, [1, 2], (1, 2, 3), [], 'ab', {'k': 1, 'z': 2}, {}, 1.0, 2j, P(1, 2), P(2, 3), None, range(2), b'ab', 0.0)])
P.__match_args__ = ('y', 'x')
print([match(v) for v in (P(1, 2), P(2, 3))])
P.__match_args__ = ['y']
try:
    match(P(2, 3))
except TypeError as e:
    print(e)
