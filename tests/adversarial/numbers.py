# Subclasses of numbers with methods of their own, big ints, the identity of nan.
import sys, operator, math, itertools

class I(int):

    def __add__(self, o):
        log.append(('add', int(self), o))
        return I(int.__add__(self, int(o)))

    def __radd__(self, o):
        log.append(('radd', o))
        return I(int.__add__(self, int(o)))

    def __lt__(self, o):
        log.append(('lt', o))
        return int.__lt__(self, o)

    def __bool__(self):
        log.append('bool')
        return False

    def __index__(self):
        log.append('index')
        return 1

    def __eq__(self, o):
        log.append('eq')
        return NotImplemented
    __hash__ = int.__hash__

    def __neg__(self):
        return 'neg'

    def __mul__(self, o):
        return 'mul'

    def __rmul__(self, o):
        return 'rmul'

class F(float):

    def __add__(self, o):
        log.append('fadd')
        return F(float(self) + float(o))

    def __radd__(self, o):
        log.append('fradd')
        return 'radd'

    def __gt__(self, o):
        return 'gt'

    def __float__(self):
        return 42.0

    def __round__(self, n=None):
        return 'rounded'

    def __abs__(self):
        return 'abs'

    def __floor__(self):
        return 'floor'
log = []

def add(a, b):
    return a + b

def iadd(a, b):
    for i in range(3):
        a += b
    return a

def cmp(a, b):
    r = []
    for i in range(3):
        if a < b:
            r.append('<')
        if a > b:
            r.append('>')
        if a == b:
            r.append('==')
        if a != b:
            r.append('!=')
        if a:
            r.append('true')
        if not b:
            r.append('notb')
    return r

def ops(a, b):
    out = []
    for name in ('add', 'sub', 'mul', 'truediv', 'floordiv', 'mod', 'pow', 'lshift', 'rshift', 'and_', 'or_', 'xor'):
        try:
            out.append(getattr(operator, name)(a, b))
        except Exception as e:
            out.append(repr(e))
    try:
        out.append(a - b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a * b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a // b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a % b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(-a)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a / b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a << b)
    except Exception as e:
        out.append(repr(e)[:60])
    try:
        out.append(a >> b)
    except Exception as e:
        out.append(repr(e))
    try:
        out.append(a & b)
        out.append(a | b)
        out.append(a ^ b)
    except Exception as e:
        out.append(repr(e))
    return [(type(x).__name__, repr(x)[:70]) for x in out]

def built(x):
    out = []
    for i in range(2):
        for f in (abs, round, int, float, bool, math.floor, math.sqrt, math.ceil):
            try:
                out.append(f(x))
            except Exception as e:
                out.append(repr(e))
        try:
            out.append(abs(x))
            out.append(round(x))
            out.append(float(x))
            out.append(int(x))
            out.append(bool(x))
            out.append(math.floor(x))
        except Exception as e:
            out.append(repr(e))
        try:
            out.append(min(x, 2))
            out.append(max(2, x))
        except Exception as e:
            out.append(repr(e))
    return [(type(x).__name__, repr(x)) for x in out]
vals = [0, 1, -1, 5, 2 ** 31, 2 ** 62, 2 ** 63 - 1, -2 ** 63, 2 ** 63, 2 ** 64, -2 ** 63 - 1, 10 ** 30, True, False, 0.0, -0.0, 1.5, -2.5, float('inf'), float('nan'), 1e+308, I(3), I(0), F(2.5), F('nan')]
small = [0, 1, -1, 3, 63, 64, True, 2.0, -0.0, float('inf'), I(2), F(1.0), 2 ** 63]
for a in vals:
    print(repr(a), built(a))
    for b in small:
        log.clear()
        try:
            print(repr(add(a, b)), repr(iadd(a, b)), cmp(a, b), log)
        except Exception as e:
            print(repr(e), log)
        print(ops(a, b)) if not (isinstance(b, int) and b > 100) else None
nan = float('nan')

def nans(x, l):
    y = x
    z = x + 0
    return (x is y, y in [x], z in [x], x in l, [x] == [y], (x,) == (z,), l.count(x), x == x, {x: 1}.get(y), {x: 1}.get(z), min(x, 1.0), min(1.0, x), max(x, 1), sorted([2, x, 1]))
for i in range(4):
    print(nans(nan, [nan, 1.0]), nans(float('nan'), [nan]))

def nanloop(l):
    n = 0
    for x in l:
        if x in l:
            n += 1
        if x != x:
            n += 10
        if l.index(x) >= 0:
            n += 100
    return (n, [x is y for x, y in zip(l, list(l))], max(l), min(l))
for i in range(4):
    print(nanloop([nan, 1.0, nan, float('inf')]))

def fact(n):
    r = 1
    for i in range(1, n + 1):
        r *= i
        if r % 7 == 3:
            r -= 1
    return r
for n in (5, 20, 21, 25, 100, 10, 40):
    print(fact(n))

def fib(n):
    a, b = (0, 1)
    while n:
        a, b, n = (b, a + b, n - 1)
    return a
for n in (10, 92, 93, 94, 300, 5):
    print(fib(n))

def wide(a):
    return (a << 62 >> 61, a ** 40, -(-2 ** 63 * a), abs(-2 ** 63) * a, ~a, a * a * a, divmod(a, 7), pow(a, 20, 97))
for a in (1, 2, 3, -5, 2 ** 40, 2 ** 63, -2 ** 63, 0, True):
    print(wide(a))

class Mod:

    def __mod__(self, o):
        return 'mod'

    def __rmod__(self, o):
        return 'rmod'

    def __matmul__(self, o):
        return 'mm'

    def __imatmul__(self, o):
        return 'imm'

    def __ipow__(self, o):
        return 'ipow'

def mods(x, y):
    r = [x % y, y % x]
    x @= y
    r.append(x)
    return r
for i in range(3):
    print(mods(Mod(), 5), mods(Mod(), 2.5), mods(Mod(), '%s'))
