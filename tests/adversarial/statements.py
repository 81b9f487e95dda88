# Strings, formats, comparisons of unlike numbers, globals, imports, classes made in functions, one long function.
import sys, types, importlib, operator, enum, dataclasses, collections, decimal, fractions

def sadd(n):
    s = ''
    t = s
    for i in range(n):
        s += chr(97 + i % 26)
        if i == 5:
            t = s
        if i == 10:
            s2 = s
    return (s, t, s is t, hash(s) == hash(''.join(list(s))))
for n in (3, 6, 12, 40):
    print(sadd(n))

def fmt(x, w=8, p=2):
    out = []
    for spec in ('', 'd', 'f', 's', '>5', 'x', 'e', '%', 'c', 'n', ',', '_'):
        try:
            out.append(format(x, spec))
        except Exception as e:
            out.append(type(e).__name__)
        try:
            out.append(f'{x:{w}.{p}}{x!r:>{w}}{x!s}{x!a}')
        except Exception as e:
            out.append(str(e))
    try:
        out.append('%s %r %5s' % (x, x, x))
        out.append('%d' % x)
        out.append('%.3f' % x)
    except Exception as e:
        out.append(str(e))
    try:
        out.append(f'x={x!r}x + 1={x + 1:}')
    except Exception as e:
        out.append(str(e))
    return out
for x in (1, -5, 2.5, True, 'str', None, 2 ** 70, b'x', [1], 1j, float('nan'), -0.0, decimal.Decimal('1.10'), fractions.Fraction(1, 3), types):
    try:
        print(fmt(x)) if x is not types else None
    except TypeError as e:
        print(e)

def eqs(a, b):
    return (a == b, a != b, a is b, a < b if type(a) is type(b) and (not isinstance(a, (dict, complex, type(None)))) else None, hash(a) == hash(b) if a.__hash__ and b.__hash__ else None)
vals = [0, 0.0, False, -0.0, 1, 1.0, True, 'a', 'a' * 2, '', b'', None, (), (1,), (1.0,), [1], 2 ** 53, 2.0 ** 53, 2 ** 53 + 1, 2 ** 63, 2.0 ** 63, 1j, 1 + 0j, float('inf'), 10 ** 400, -10 ** 400, -float('inf'), decimal.Decimal(1), fractions.Fraction(1)]
for a in vals:
    print([eqs(a, b) for b in vals])

def intfloat(a, b):
    return (a < b, a <= b, a == b, a > b, a >= b, a != b)
for a in (2 ** 53 + 1, 2 ** 63 - 1, -2 ** 63, 2 ** 63, 10 ** 30, 0, 9007199254740993):
    for b in (2.0 ** 53, 2.0 ** 63, -2.0 ** 63, float('nan'), float('inf'), 1e+30, -0.0, 0.5):
        print(intfloat(a, b), intfloat(b, a))

def globs(n):
    global GV
    r = []
    for i in range(n):
        try:
            r.append(GV)
        except NameError as e:
            r.append(str(e))
        GV = i * 1.5 if i % 2 else i
        if i == 3:
            del GV
        if i == 5:
            globals()['GV'] = 'dict'
        if i == 6:
            exec("GV = 'exec'", globals())
        if i == 7:
            sys.modules[__name__].GV = 'attr'
    globals().pop('GV', None)
    return r
for n in (2, 10, 4):
    print(globs(n))

def imports(n):
    for i in range(n):
        import os.path as p, math
        from collections import OrderedDict as OD, deque
        try:
            from math import nosuch
        except ImportError as e:
            m = str(e)[:30]
        try:
            import nosuchmodule.x
        except ModuleNotFoundError as e:
            m += e.name
        from os import path
    return (p is path, OD.__name__, math.pi, m)
for n in (1, 3):
    print(imports(n))

def classes(n):
    r = []
    for i in range(n):

        class C:
            x = i
            y = [x for _ in range(2)] if False else x

            def m(self):
                return (self.x, __class__.__name__)

            def __init_subclass__(cls, **k):
                r.append(sorted(k.items()))

        class D(C, tag=i):
            x = C.x + 1
            z = i
        r.append((C().m(), D().m(), D.z, D.__qualname__))
    return r
for n in (1, 3):
    print(classes(n))

class Color(enum.Enum):
    R = 1
    G = 2

    @property
    def low(self):
        return self.name.lower()

class Fl(enum.IntFlag):
    A = 1
    B = 2
    C = 4

def enums():
    r = []
    for c in Color:
        r.append((c.low, c.value, c is Color(c.value), c in {Color.R}))
    x = Fl.A
    for f in Fl:
        x |= f
        r.append((x, x & ~f, x + 1, x == 7, f < 3))
    return r
for _ in range(3):
    print(enums())

@dataclasses.dataclass(order=True)
class DC:
    a: int
    b: float = 2.5
    c: list = dataclasses.field(default_factory=list, compare=False)

    def tot(self):
        return self.a + self.b + len(self.c)

@dataclasses.dataclass(frozen=True, slots=True)
class FZ:
    a: int

    def with_(self, n):
        return dataclasses.replace(self, a=self.a + n)

def dcs(n):
    l = [DC(i % 3, i * 0.5) for i in range(n)]
    l.sort()
    f = FZ(1)
    for d in l:
        d.c.append(1)
        d.a += 1
        f = f.with_(d.a)
    try:
        f.a = 3
    except dataclasses.FrozenInstanceError as e:
        m = str(e)
    return (sum((d.tot() for d in l)), f, m, l[0] if l else None)
for n in (0, 3, 10):
    print(dcs(n))
NT = collections.namedtuple('NT', 'x y')

def nts(n):
    p = NT(1, 2.5)
    r = []
    for i in range(n):
        p = p._replace(x=p.y, y=p.x + i)
        a, b = p
        r.append(p.x * b + a + p[0] + p[-1])
        r.append(p == (a, b))
    return (r, p)
for n in (2, 5):
    print(nts(n))

def dec(n):
    d = decimal.Decimal('0.1')
    f = fractions.Fraction(1, 3)
    c = 1 + 2j
    for i in range(n):
        d = d * 3 + i
        f = f + d.__class__(0) if False else f * 2 + i
        c = c * 1j + i
    return (d, f, c, d > 3, f < i, -d, abs(c))
for n in (1, 5):
    print(dec(n))

def chained(a, b, c):
    return (a < b < c, a == b == c, a < b == c, not a < b, a if a < b < c else c, a in [b] in [[c]])
for t in ((1, 2, 3), (1, 1, 1), (3, 2.5, 1), (1, 2.5, 'x') if 0 else (1, 2 ** 63, 2 ** 64), (float('nan'),) * 3, ('a', 'b', 'c'), (True, 1, 1.0)):
    print(chained(*t), chained(*t))
big = 'def bigf(x):\n t = 0\n' + ''.join((f' t += x * {i}\n if t > {10 ** 9 + i}: t -= {i}\n' for i in range(700))) + ' return t\n'
ns = {}
exec(compile(big, 'big', 'exec'), ns)
bigf = __gophersnake_jit__(ns['bigf']) if '__gophersnake_jit__' in vars(__builtins__ if isinstance(__builtins__, types.ModuleType) else types.SimpleNamespace(**__builtins__)) else ns['bigf']
print([bigf(x) for x in (1, 2.5, 2 ** 40, True, 3)])

def walrus(n):
    r = []
    while (n := (n - 1)) > 0:
        r.append([(y := n), y ** 2, (z := (y + 1))])
    if any(((w := x) and x[0] == 2 for x in r)):
        r.append(w)
    return r
for n in (1, 5):
    print(walrus(n))

def asserts(x):
    try:
        assert x, f'msg {x}'
    except AssertionError as e:
        return str(e)
    try:
        assert not x
    except AssertionError as e:
        return repr(e)
for x in (0, 1, [], 'a', 2.5):
    print(asserts(x), asserts(x))

def deln(n):
    for i in range(n):
        x = i
        if i == 2:
            del x
        try:
            y = x
        except UnboundLocalError as e:
            return (str(e), i)
    return y
for n in (1, 2, 5, 5, 2):
    print(deln(n))

def cond(a, b):
    return (a and b, a or b, not a, a if b else None, [a and 1, b or 2], bool(a) + 1, a and b or a, not (a and (not b)))
for a in (0, 1, 2.5, '', 'x', None, [], [0], 0.0, float('nan'), 2 ** 70, True):
    print([cond(a, b) for b in (0, 'y', None, 2.5)])

def rng(a, b, c):
    r = []
    try:
        for i in range(a, b, c):
            r.append(i)
        rr = range(a, b, c)
        r.append((len(rr), rr[0] if len(rr) else None, 3 in rr, rr[::-1], list(reversed(rr))[:2]))
        for i in rr:
            i += 1
            if len(r) > 20:
                break
        r.append(i)
    except Exception as e:
        r.append(repr(e))
    return r
for t in ((0, 5, 1), (5, 0, -2), (0, 0, 1), (2 ** 63 - 3, 2 ** 63 + 2, 1), (-2 ** 63 - 1, -2 ** 63 + 2, 1), (0, 10, 2 ** 64), (0, 5, 0), (1.5, 2, 1), (True, 4, True), (2 ** 62, 2 ** 62 + 5, 3), (0, -5, 1), (2 ** 63 - 2, 2 ** 63 - 1, 5)):
    print(rng(*t), rng(*t))
