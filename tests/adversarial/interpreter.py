# Signals that raise, recursion limits, callbacks of the collector, code and builtins replaced, locals written by others.
import sys, signal, gc, threading, time, os, traceback, builtins

class Stop(Exception):
    pass

def handler(s, f):
    raise Stop
signal.signal(signal.SIGALRM, handler)

def spin(l):
    n = 0
    while True:
        n += 1
        l.append(n) if n % 1000000 == 0 else None

def spin2():
    x = 1.5
    for i in range(10 ** 12):
        x = x * 1.0000001
        if x > 1e+300:
            x = 1.5

def spin3(d):
    while 1:
        try:
            d['x'] += 1
        except KeyError:
            d['x'] = 0

def spin4(n):
    if n == 0:
        return 1
    return spin4(n - 1) + spin4(n - 1)

def spin5(g):
    with g:
        for x in iter(int, 1):
            pass

class G:

    def __enter__(self):
        pass

    def __exit__(self, t, v, tb):
        self.t = t
        return False
for f, args in ((spin, ([],)), (spin2, ()), (spin3, ({},)), (spin4, (60,)), (spin5, (G(),))) * 2:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        f(*args)
        print('no?')
    except Stop as e:
        print(f.__name__, 'stopped')

def ok(s, f):
    hits.append(f.f_code.co_name)
hits = []
signal.signal(signal.SIGUSR1, ok)

def sig(n):
    for i in range(n):
        if i % 10 == 3:
            os.kill(os.getpid(), signal.SIGUSR1)
        j = i * 2
    return j
for _ in range(3):
    print(sig(50), len(hits), set(hits))

def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)

def find():
    lo = 0
    try:
        return deep(10 ** 6)
    except RecursionError as e:
        return str(e)

def count(k=[0]):
    k[0] += 1
    count(k)

def even(n):
    return True if n == 0 else odd(n - 1)

def odd(n):
    return False if n == 0 else even(n - 1)

def measured():
    k = [0]
    try:
        count(k)
    except RecursionError:
        pass
    return k[0]
for lim in (100, 1000, 5000, 300):
    sys.setrecursionlimit(lim)
    print(lim, measured(), find(), even(lim - 60), odd(lim // 2))
    for n in (lim - 50, lim + 10):
        try:
            print(deep(n))
        except RecursionError as e:
            print(e)

def setdeep(n):
    if n == 0:
        try:
            sys.setrecursionlimit(20)
            return 'set'
        except RecursionError as e:
            return str(e)
    return setdeep(n - 1)
sys.setrecursionlimit(1000)
for _ in range(3):
    print(setdeep(50))

def setin(n):
    old = sys.getrecursionlimit()
    r = []
    for i in range(n):
        sys.setrecursionlimit(200 + i * 100)
        k = [0]
        try:
            count(k)
        except RecursionError:
            r.append(k[0])
    sys.setrecursionlimit(old)
    return r
for _ in range(3):
    print(setin(5))

def handler_recursion(n):
    try:
        return handler_recursion(n + 1)
    except RecursionError:
        return n > 100
print([handler_recursion(0) for _ in range(3)])

class R:

    def __getattr__(self, n):
        return getattr(self, n + 'x')

    def __eq__(self, o):
        return self == o

    def __repr__(self):
        return repr(self)

    def __hash__(self):
        return hash(self)

    def __len__(self):
        return len(self)

    def __add__(self, o):
        return self + o

    def __call__(self):
        return self()

    def __iter__(self):
        return iter(self)

def each(o):
    r = []
    for f in (lambda o: o.a, lambda o: o == o, repr, hash, len, lambda o: o + 1, lambda o: o(), iter, lambda o: [*o], lambda o: o in [1, R()]):
        try:
            f(o)
            r.append('?')
        except RecursionError as e:
            r.append(str(e)[:40 if sys.version_info < (3, 12) else 32])  # later versions have other limits for recursion by way of C
    return r
for _ in range(3):
    print(each(R()))
gcs = []

def cb(phase, info):
    gcs.append(phase)
    x = [i * 1.5 for i in range(3)]
gc.callbacks.append(cb)

class N:
    pass

def garbage(n):
    for i in range(n):
        a = N()
        b = N()
        a.b = b
        b.a = a
        a.l = [i, a]
        if i % 97 == 0:
            gc.collect()
    return i
for _ in range(3):
    print(garbage(500), len(gcs) >= 6)
gc.callbacks.clear()

class Del:

    def __init__(self, l):
        self.l = l
        self.c = self

    def __del__(self):
        self.l.append(sys.exc_info()[0])
        try:
            raise KeyError
        except KeyError:
            pass

def gcdel(n):
    l = []
    for i in range(n):
        Del(l)
        try:
            raise ValueError
        except ValueError:
            gc.collect()
            l.append(sys.exc_info()[0].__name__)
    return l
for _ in range(3):
    print(gcdel(4))

def f1(x):
    return x + 1

def f2(x):
    return x * 100

def caller(n):
    r = []
    for i in range(n):
        r.append(f1(i))
        if i == 3:
            f1.__code__ = f2.__code__
        if i == 5:
            f1.__defaults__ = (9,)
        if i == 6:
            r.append(f1())
    return r
keep = f1.__code__
for _ in range(3):
    print(caller(8))
    f1.__code__ = keep
    f1.__defaults__ = None

def selfreplace(n):
    if n == 2:
        selfreplace.__code__ = f2.__code__
    if n == 0:
        return 0
    return selfreplace(n - 1) + 1
keep = selfreplace.__code__
for _ in range(3):
    print(selfreplace(5))
    selfreplace.__code__ = keep

def patched(n):
    r = []
    for i in range(n):
        r.append(len('abc'))
        if i == 2:
            builtins.len = lambda x: 'L'
        if i == 4:
            globals()['len'] = lambda x: 'G'
        if i == 6:
            del globals()['len']
        if i == 7:
            builtins.len = olen
    return r
olen = len
for _ in range(3):
    print(patched(10))

def patchint(n):
    r = []
    for i in range(n):
        r.append(int(2.5))
        r.append(isinstance(i, int))
        if i == 2:
            globals()['int'] = float
        if i == 4:
            del globals()['int']
    return r
for _ in range(3):
    print(patchint(7))

def localsw(a):
    b = a * 2
    l = locals()
    l['b'] = 5
    c = b
    exec('b = 7; a = 8')
    return (a, b, c, sorted(locals()))
for _ in range(3):
    print(localsw(3), localsw(2.5))

def tracer(frame, ev, arg):
    if ev == 'line' and frame.f_code.co_name == 'traced' and ('b' in frame.f_locals) and (frame.f_locals['b'] == 4):
        tr.append(frame.f_lineno)
    return tracer
tr = []

def traced(n):
    b = 0
    for i in range(n):
        if i == 3:
            sys.settrace(tracer)
            sys._getframe().f_trace = tracer
        b += 1
        if i == 6:
            sys.settrace(None)
    return b
for _ in range(3):
    print(traced(9), [t - traced.__code__.co_firstlineno for t in tr])
    tr.clear()

def poke(n):
    import ctypes
    for i in range(n):
        x = i * 2
        if i == 3:
            f = sys._getframe()
            f.f_locals['x'] = 'poked'
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(f), 0)
        yield_ = x
    return (x, yield_)
for _ in range(3):
    print(poke(4), poke(6))
