# Each allocation of a call fails in turn: MemoryError or the right result, never a crash, and the next call is right.
import sys
sys.unraisablehook = lambda u: None
try:
    import _testcapi
except ImportError:
    print('no _testcapi')
    raise SystemExit

class P:

    def __init__(self, a):
        self.a = a
        self.b = [a]

    def m(self, k=1, *r, z=2):
        return self.a + k

    def __enter__(self):
        return self

    def __exit__(self, *a):
        return a[0] is KeyError

def numbers(n):
    s = 0.5
    k = 2 ** 62
    l = [1.5, 2]
    for i in range(n):
        s = s * 1.5 + i
        k += i
        l[0] = s
        l.append(k * 4)
        t = (s, k, i)
    return (s, k, l, t)

def objs(n):
    r = []
    d = {}
    for i in range(n):
        p = P(i + 1000)
        p.c = i * 2.5
        d[f'k{i}'] = p.m(3, 4, z=p.c)
        r.append([x * 2.5 for x in range(3)])
        a, *b = r[-1]
        c = {**d, 'z': 1}
        s = {a, *b}
        e = lambda: (p, i)
        r.append((e()[1], len(s), str(i) + 'x' * i, b[0:1]))
    return (len(r), sorted(d)[:2])

def excs(n):
    c = []
    for i in range(n):
        try:
            if i % 3 == 0:
                raise KeyError(i)
            elif i % 3 == 1:
                [][i]
            else:
                1 // (i - i)
        except (KeyError, IndexError) as e:
            c.append(type(e).__name__)
        except ZeroDivisionError:
            c.append('z')
        finally:
            c.append(i)
        with P(i):
            raise KeyError(i)
    return c

def rec(n):
    return 1.5 if n == 0 else rec(n - 1) * 1.5 + len([n])

def star(*a, **k):
    f = dict(k)
    f['a'] = a
    return (sum((x for x in a)), (lambda y=f: y)())

def gens(n):
    g = (x * 2.5 for x in range(n))
    return (list(zip(g, map(str, range(n)))), {x: y for x, y in enumerate('abc')})

def matchf(x):
    match x:
        case {'a': [p, *q], **r}:
            return (p, q, r)
        case P(a=1):
            return 1
        case _:
            return None

def groups(n):
    for i in range(n):
        try:
            raise ExceptionGroup('g', [ValueError(i), TypeError(i)])
        except* ValueError as e:
            x = e.exceptions
        except* TypeError:
            pass
    return len(x)

def fn(n):
    global GG
    import os.path as q
    from os import sep
    GG = n

    class K:
        z = n

    def inner(a=[n], *, b=n):
        return (a, b, n)
    return (inner(), K.z, q.sep, sep, f'{n:>5}{n!r}')

def cells(n):
    t = 1.5

    def add(x):
        nonlocal t
        t = t * x + n
        return t
    return ([add(k) for k in range(n)], t)
CASES = [(numbers, (6,), {}), (objs, (4,), {}), (excs, (7,), {}), (rec, (12,), {}), (star, (1, 2.5), {'z': 3}), (gens, (5,), {}), (matchf, ({'a': [1, 2], 'b': 3},), {}), (groups, (3,), {}), (fn, (300,), {}), (cells, (4,), {})]
if sys.version_info[:2] == (3, 13):
    CASES = [c for c in CASES if c[0] is not fn]  # plain 3.13.0 crashes where a class statement's dict cannot grow
if sys.version_info >= (3, 15): # whose instruction for list.append gives up an item twice if the list cannot grow
    CASES = [c for c in CASES if 'append' not in c[0].__code__.co_names]

spare = []

def keep(code):
    # CPython 3.12 gives up a code object twice where it has no memory for its function: each has references to spare.
    for c in code.co_consts:
        if type(c) is type(code):
            spare.append([c] * 10000)
            keep(c)
for f, a, k in CASES:
    keep(f.__code__)
keep(P.m.__code__)

def show(x):
    return repr(x)
good = {}
for f, a, k in CASES:
    for _ in range(1):
        good[f.__name__] = repr(f(*a, **k))
print(good)
bad = []
for span in (1, 1, 2):
    for f, a, k in CASES:
        ended = 0
        for n in range(400):
            result = error = None
            _testcapi.set_nomemory(n, n + span)
            try:
                result = f(*a, **k)
            except BaseException as e:
                error = e
            finally:
                _testcapi.remove_mem_hooks()
            if error is None and repr(result) != good[f.__name__] or (error is not None and type(error) is not MemoryError):
                bad.append((f.__name__, n, repr(result or error)))
            if repr(f(*a, **k)) != good[f.__name__]:
                bad.append((f.__name__, n, 'later'))
            ended = 0 if error else ended + 1
            if ended > 5:
                break
print(bad)
