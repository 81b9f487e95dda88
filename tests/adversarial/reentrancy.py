# Functions that are called again from within: by destructors, comparisons, C libraries, tracers; odd globals, fork.
import sys, ctypes, threading, types, gc, os, signal, time

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

class E:

    def __init__(self, v):
        self.v = v

    def __eq__(self, o):
        return fib(5) == 5 and self.v == getattr(o, 'v', o)

    def __hash__(self):
        return hash(self.v) & 3

    def __lt__(self, o):
        return fib(self.v % 5) < fib(o.v % 5)

    def __del__(self):
        dels.append(fib(6))
dels = []

def reenter(n):
    d = {}
    for i in range(n):
        d[E(i)] = fib(i % 7)
        if E(i - 1) in d:
            d.pop(E(i - 1))
    return (sorted((e.v for e in d)), len(sorted([E(k) for k in range(n)])))
for n in (2, 9, 15):
    print(reenter(n), len(dels))
CB = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
calls = [0]

def cmp(a, b):
    calls[0] += 1
    return (a[0] > b[0]) - (a[0] < b[0])

def qs(l):
    arr = (ctypes.c_int * len(l))(*l)
    ctypes.CDLL(None).qsort(arr, len(l), 4, CB(cmp))
    return list(arr)
for _ in range(3):
    print(qs([5, 2, 9, -1, 0, 3] * 5), calls)

def cbexc():

    def bad(a, b):
        raise KeyError('in callback')
    import io, contextlib
    seen = []
    old = sys.unraisablehook
    sys.unraisablehook = lambda u: seen.append((u.exc_type.__name__, str(u.exc_value)))
    try:
        arr = (ctypes.c_int * 2)(2, 1)
        ctypes.CDLL(None).qsort(arr, 2, 4, CB(bad))
    finally:
        sys.unraisablehook = old
    return seen
for _ in range(3):
    print(cbexc())

def waits(flag, out):
    n = 0
    try:
        flag.set()
        while True:
            n += 1
    except KeyError as e:
        out.append('KeyError')
    finally:
        out.append('fin')

def asyncexc():
    flag, out = (threading.Event(), [])
    t = threading.Thread(target=waits, args=(flag, out))
    t.start()
    flag.wait()
    time.sleep(0.02)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(t.ident), ctypes.py_object(KeyError))
    t.join()
    return out
for _ in range(3):
    print(asyncexc())

def profiled():
    ev = []

    def prof(f, e, a):
        ev.append((e, f.f_code.co_name if not e.startswith('c_') else a.__name__))

    def inner(n):
        s = 0
        for i in range(n):
            s += abs(i)
            if i == 2:
                sys.setprofile(prof)
            if i == 5:
                sys.setprofile(None)
            leaf(i)
        return s
    inner(8)
    return ev

def leaf(i):
    return len(str(i))
for _ in range(3):
    print(profiled())

def traced(n):
    ev = []

    def tr(f, e, a):
        if f.f_code.co_name in ('t_inner', 't_leaf'):
            ev.append((e, f.f_lineno - f.f_code.co_firstlineno, f.f_code.co_name))
        return tr

    def t_leaf(x):
        y = x + 1
        if y == 2:
            raise KeyError(y)
        return y

    def t_inner(n):
        s = 0
        for i in range(n):
            try:
                s += t_leaf(i)
            except KeyError:
                s -= 1
        return s
    for k in range(4):
        t_inner(n)
    sys.settrace(tr)
    try:
        t_inner(n)
    finally:
        sys.settrace(None)
    t_inner(n)
    return ev
print(traced(3))

def other_globals():
    src = 'def g(n):\n s = 0\n for i in range(n): s += A + len(B)\n return s'
    r = []

    class D(dict):

        def __missing__(self, k):
            return {'A': 7, 'B': 'xyz'}.get(k) or self.nope(k)

        def nope(self, k):
            raise KeyError(k)
    for g in ({'A': 1, 'B': 'x'}, {'A': 2.5, 'B': [1, 2]}, {'A': 1}, {'A': 1, 'B': '', '__builtins__': {'range': range, 'len': lambda x: 100}}, {'A': 1, 'B': 1, '__builtins__': {}}, D(), D(A=3)):
        exec('', {})
        base = {}
        exec(src, base)
        f = J(types.FunctionType(base['g'].__code__, g))
        for _ in range(3):
            try:
                r.append(f(4))
            except Exception as e:
                r.append((type(e).__name__, str(e)))
    return r
import builtins
J = getattr(builtins, '__gophersnake_jit__', lambda f: f)
for _ in range(2):
    print(other_globals())

def evals():
    r = []

    def h():
        return 1
    g = {'A': 1}
    for b in (builtins, vars(builtins), {'len': len}, {'__build_class__': __build_class__, '__name__': 'z', 'print': print}):
        g['__builtins__'] = b
        try:
            exec('def f(x):\n class Q: pass\n return len([x]), Q.__name__', g)
            f = J(g['f'])
            r += [f(1), f(2.5), f(1)]
        except Exception as e:
            r.append((type(e).__name__, str(e)))
    return r
for _ in range(2):
    print(evals())

def replaced():

    def f(a, b=2):
        s = 0
        for i in range(a):
            s += b * i
        return s
    r = [f(3), f(3), f(4)]
    c = f.__code__
    f.__code__ = c.replace(co_consts=tuple((100 if k == 0 and type(k) is int else k for k in c.co_consts)))
    r += [f(3), f(4)]
    f.__code__ = c.replace(co_varnames=('x',) + c.co_varnames[1:])
    r.append(f(x=3))
    try:
        f(a=3)
    except TypeError as e:
        r.append(str(e))
    f.__code__ = c.replace(co_name='zzz', co_qualname='q.zzz', co_firstlineno=1000)
    try:
        f('x')
    except TypeError as e:
        r.append((e.__traceback__.tb_next.tb_frame.f_code.co_name, e.__traceback__.tb_next.tb_lineno))
    try:
        f()
    except TypeError as e:
        r.append(str(e))
    f.__code__ = (lambda a, b: (yield a)).__code__
    r.append(list(f(5)))
    f.__code__ = (lambda *a, **k: (a, k)).__code__
    r.append(f(1, z=2))
    f.__code__ = c
    r.append(f(5))
    try:
        f.__code__ = (lambda: f).__code__
    except ValueError as e:
        r.append(str(e))
    return r
for _ in range(3):
    print(replaced())

def forks():
    out = []
    for i in range(6):
        if i == 3:
            r, w = os.pipe()
            pid = os.fork()
            if pid == 0:
                s = fib(12) + sum((fib(k) for k in range(5)))
                os.write(w, str((i, s)).encode())
                os._exit(0)
            os.waitpid(pid, 0)
            out.append(os.read(r, 100))
            os.close(r)
            os.close(w)
        out.append(fib(i))
    return out
for _ in range(2):
    print(forks())

def sortmut():
    l = [3, 1, 2]

    def key(x):
        l.append(x)
        return -x
    try:
        l.sort(key=key)
    except ValueError as e:
        return (str(e), l)
for _ in range(3):
    print(sortmut())

def sorter(l, rev):
    return (sorted(l, key=lambda t: (t[1], -t[0]), reverse=rev), max(l, key=lambda t: t[1] % 3), min(l, key=lambda t: fib(t[0])))
for _ in range(3):
    print(sorter([(i, i * 7 % 5) for i in range(8)], _ % 2 == 0))

def keyexc(n):

    def k(x):
        if x == n:
            raise ZeroDivisionError(x)
        return -x
    try:
        return sorted(range(5), key=k)
    except ZeroDivisionError as e:
        return str(e)
print([keyexc(n) for n in (2, 9, 0, 9)])

class Acc:

    def __init__(self):
        self.held = 0
        self.max = 0

    def __enter__(self):
        self.held += 1
        return self

    def __exit__(self, *a):
        self.held -= 1

def interrupted(acc, n):
    for i in range(n):
        with acc:
            x = [i] * 3
            x.append(fib(4))

def ki():
    acc = Acc()
    got = 0

    def h(s, f):
        raise KeyboardInterrupt
    old = signal.signal(signal.SIGALRM, h)
    for k in range(25):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.002 + k * 0.0003)
            interrupted(acc, 10 ** 7)
        except KeyboardInterrupt:
            got += 1
    signal.signal(signal.SIGALRM, old)
    return got
print(ki())

def setattrs_during():

    class X:
        pass

    class Y(X):

        def __setattr__(self, n, v):
            object.__setattr__(self, n, (v, fib(4)))
    r = []
    for c in (X, Y, X):
        o = c()
        for i in range(3):
            o.a = i
            o.b = o.a
            o.a = o.b
            r.append((o.a, o.b))
            if i == 1 and c is X:
                X.__setattr__ = lambda s, n, v: object.__setattr__(s, n, 'patched')
        X.__setattr__ = object.__setattr__
        del X.__setattr__
    return r
for _ in range(3):
    print(setattrs_during())

def many_attrs(n):

    class X:
        pass
    o = X()
    for i in range(n):
        setattr(o, f'a{i}', i)
    t = 0
    for i in range(n):
        o.a0 += 1
        t += o.a0
        if i == 40:
            o.__dict__['a0'] = 2.5
        if i == 45:
            delattr(o, 'a0')
            o.a0 = 7
    p = X()
    p.a0 = 'p'
    p.z = 1
    return (t, p.a0 + str(o.a0), len(vars(o)))
for n in (5, 50, 60):
    print(many_attrs(n))
