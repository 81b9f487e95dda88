# Every operator with the numbers at the edges of 64 bits and of floats.
import math, operator
ints = [0, 1, -1, 2, -2, 3, 7, 63, 64, 65, -63, 2 ** 31, -2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 53 + 1, 2 ** 62, -2 ** 62, 2 ** 63 - 1, -2 ** 63, 2 ** 63, -2 ** 63 - 1, 2 ** 64 - 1, 2 ** 64, 2 ** 100, -2 ** 100, True, False]
floats = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 1000000000000000.0, 1e+16, 4503599627370498.0, 9007199254740992.0, 2.0 ** 62, 2.0 ** 63, -2.0 ** 63, 1e+300, -1e+300, 5e-324, 1e+308 * 10, -1e+308 * 10, math.nan]

def add(a, b):
    return a + b

def sub(a, b):
    return a - b

def mul(a, b):
    return a * b

def tdiv(a, b):
    return a / b

def fdiv(a, b):
    return a // b

def mod(a, b):
    return a % b

def pw(a, b):
    return a ** b

def shl(a, b):
    return a << b

def shr(a, b):
    return a >> b

def and_(a, b):
    return a & b

def or_(a, b):
    return a | b

def xor(a, b):
    return a ^ b

def lt(a, b):
    return a < b

def eq(a, b):
    return a == b

def mn(a, b):
    return (min(a, b), max(a, b))

def dm(a, b):
    return divmod(a, b)

def rnd(a, b):
    return round(a, b)

def isin(a, b):
    return (a in (b, 1), a is b)

def neg(a):
    return -a

def inv(a):
    return ~a

def pos(a):
    return +a

def ab(a):
    return abs(a)

def fl(a):
    return float(a)

def it(a):
    return int(a)

def bl(a):
    return (bool(a), not a)

def r1(a):
    return round(a)

def flo(a):
    return (math.floor(a), math.ceil(a), math.trunc(a))

def sq(a):
    return math.sqrt(a)

def ml(a):
    return (math.log(a), math.exp(a), math.sin(a), math.cos(a), math.fabs(a))

def isq(a):
    return (a * a, a ** 2, a ** 3, a ** 0.5, a ** (-1), a ** (-2))

def step(a):
    s = a
    for i in range(70):
        s = s + s if i % 3 else s - 1
    return s

def step2(a):
    s = 1
    for i in range(1, 25):
        s = s * a // i + a % i
    return s

def same(x):
    return (type(x).__name__, repr(x)) if not isinstance(x, tuple) else tuple(map(same, x))

def shown(x):
    s = str(same(x)) if not (isinstance(x, int) and abs(x) > 10 ** 60) else f'{x % 1000003} {x.bit_length()}'
    return s
two = [add, sub, mul, tdiv, fdiv, mod, shl, shr, and_, or_, xor, lt, eq, mn, dm, isin]
one = [neg, inv, pos, ab, fl, it, bl, r1, flo, sq, ml, isq, step, step2]
import itertools

def go():
    out = []
    for f in two:
        for a, b in itertools.chain(itertools.product(ints, ints), itertools.product(ints, floats), itertools.product(floats, ints), itertools.product(floats, floats)):
            if f is shl and b > 1000:
                continue
            try:
                x = shown(f(a, b))
            except Exception as e:
                x = f'{type(e).__name__} {e}'
            out.append(x)
        print(f.__name__, hash_(out), len(out))
        out.clear()
    for f in (pw, rnd):
        for a in ints + floats:
            for b in (0, 1, 2, 3, -1, -2, 5, 0.5, -0.5, 2.0, True, 10, math.nan, math.inf):
                try:
                    x = shown(f(a, b))
                except Exception as e:
                    x = f'{type(e).__name__} {e}'
                out.append(x)
        print(f.__name__, hash_(out), len(out))
        out.clear()
    for f in one:
        for a in ints + floats + ['s', None, 1j]:
            try:
                x = shown(f(a))
            except Exception as e:
                x = f'{type(e).__name__} {e}'
            out.append(x)
        print(f.__name__, hash_(out), len(out), out[:3])
        out.clear()
import zlib

def hash_(out):
    return zlib.crc32('\n'.join(out).encode())
go()
go()

def fresh(src):
    ns = {'math': math, '__gophersnake_jit__': J}
    exec(src, ns)
    return J(ns['f'])
import builtins
J = getattr(builtins, '__gophersnake_jit__', lambda f: f)
out = []
for op in ('+', '-', '*', '/', '//', '%', '**', '<<', '>>', '&', '<', '=='):
    for a, b in itertools.product(ints[:6] + [2 ** 62, 2 ** 63 - 1, -2 ** 63, 2 ** 63] + floats[:4] + [math.nan], [0, -1, 3, 63, -2 ** 63, 2 ** 63 - 1, 0.0, -0.5, 2.0, math.inf]):
        if op in ('<<', '**') and abs(b) > 100:
            continue
        f = fresh(f'def f(a, b, n):\n r = []\n for i in range(n):\n  try: x = a {op} b; r.append(x)\n  except Exception as e: r.append(str(e))\n return r')
        r = (f(a, b, 3), f(b, a, 2) if not (op in ('<<', '**') and abs(a) > 100) else 0, f(a, a, 2) if not (op in ('<<', '**') and abs(a) > 100) else 0, f(1, 1, 1))
        out.append(str(r))
print(len(out), zlib.crc32('\n'.join(out).encode()))
