# When objects die, in which order, and what frames show of it.
import sys, gc, weakref, inspect, traceback
log = []

class T:

    def __init__(self, n):
        self.n = n

    def __del__(self):
        log.append(self.n)

    def __add__(self, o):
        return T(f"({self.n}+{getattr(o, 'n', o)})")

    def __radd__(self, o):
        return T(f'({o}+{self.n})')

    def __eq__(self, o):
        return T('eq')

    def __lt__(self, o):
        return False

    def __iter__(self):
        yield T(self.n + 'i0')
        yield T(self.n + 'i1')

    def __getitem__(self, k):
        return T(f'{self.n}[{k}]')

    if sys.version_info[:2] == (3, 14):  # whose fast instruction for it gives the operands up in another order than the one it takes the place of

        def __getitem__(self, k, *none):
            return T(f'{self.n}[{k}]')

    def __call__(self, *a, **k):
        return T(self.n + '()')

    def __enter__(self):
        return T(self.n + 'e')

    def __exit__(self, *a):
        return True

    def __getattr__(self, n):
        if n.startswith('_') or n == 'n' and sys.version_info >= (3, 12):  # which have another limit for recursion by way of C
            raise AttributeError(n)
        return T(self.n + '.' + n)

    def __bool__(self):
        return True

def f1():
    a = T('a')
    b = T('b')
    c = a + b
    log.append('|')
    a = c + 1
    log.append('|')
    a = b = c = None
    log.append('|')

def f2(n):
    for i in range(n):
        x = T(f'x{i}')
        y = [x, T(f'y{i}')]
        if i == 1:
            continue
        z = (T('t1'), T('t2'))[0]
        log.append('|')
    log.append('end')

def f3():
    for x in T('it'):
        log.append('|')
    log.append('loop')
    a, b = T('u')
    a, b = (b, a)
    log.append('swap')
    del a
    log.append('del')

def f4():
    try:
        a = T('a')
        with T('w') as w:
            raise ValueError(T('arg'))
        log.append('with')
    finally:
        log.append('fin')
    try:
        raise KeyError(T('k'))
    except KeyError as e:
        log.append('h')
    log.append('after')
    if T('c') == T('d'):
        log.append('eq')
    if T('c') < T('d'):
        pass
    else:
        log.append('lt')
    while T('w'):
        log.append('w')
        break
    assert T('as')
    log.append('end')

def f5():
    T('f')(T('x'), T('y'), k=T('k')).attr[T('i')].z
    log.append('stmt')
    [T('l'), T('m')][0]
    log.append('stmt')
    {T: T('v')}[T]
    f"{T('s').n}{T('t').n}"
    log.append('stmt')
    (lambda x: x.n)(T('lam'))
    log.append('stmt')
    not T('not')
    T('a1') is T('a2')
    T('o') or T('p')
    T('q') and T('r')
    log.append('stmt')
    T('b') if T('c') else T('d')
    x = y = T('xy')
    x.foo = T('foo')
    x.foo = 1
    log.append('stmt')
    x.__dict__.clear()

def f6(a):
    del a
    log.append('argdel')

def f7(a):
    a = None
    log.append('argnone')
    return T('ret')

def f8(n):
    if n == 0:
        return T('deep')
    x = T(f'r{n}')
    r = f8(n - 1)
    log.append(f'u{n}')
    return r

def f9():
    l = [T(f'l{i}') for i in range(4)]
    l[1] = 0
    log.append('|')
    del l[0]
    log.append('|')
    l[:] = []
    log.append('|')
    d = {i: T(f'd{i}') for i in range(3)}
    d[0] = d[1]
    log.append('|')
    d.pop(1)
    log.append('|')
    d = 0
    log.append('|')
    s = {T for _ in range(2)}

    def inner():
        return c
    c = T('cell')
    c = T('cell2')
    log.append('|')
    inner = None
    log.append('|')
for k in range(5):
    for f, a in ((f1, ()), (f2, (3,)), (f3, ()), (f4, ()), (f5, ()), (f7, (5,)), (f8, (3,)), (f9, ())):
        log.clear()
        f(*a)
        log.append('RET')
        gc.collect()
        print(f.__name__, log)

def counts(x):
    a = [sys.getrefcount(x)]
    y = x
    a.append(sys.getrefcount(x))
    l = [x] * 3
    a.append(sys.getrefcount(x))
    t = (x, y)
    a.append(sys.getrefcount(x))
    del y, t
    a.append(sys.getrefcount(x))
    l.clear()
    for i in range(3):
        z = x
        a.append(sys.getrefcount(x))
    return a

def wrap():
    if sys.version_info >= (3, 14):  # there a local's copy of a parameter that the caller lent is not counted either, a known limit
        return counts(object())
    o = object()
    return counts(o)
for _ in range(4):
    r = wrap()
    print([c - r[0] for c in r])

def leak(f, *a):
    f(*a)
    f(*a)
    f(*a)
    gc.collect()
    n = len(gc.get_objects())
    for _ in range(50):
        f(*a)
    gc.collect()
    return len(gc.get_objects()) - n < 20
print([leak(f, *a) for f, a in ((f1, ()), (f2, (3,)), (f3, ()), (f4, ()), (f5, ()), (f8, (3,)), (f9, ()))])

def frames(n, x=2.5):
    y = x * n
    z = n * 3
    if n == 0:
        return [(f.function, f.lineno - frames.__code__.co_firstlineno, {k: v for k, v in f.frame.f_locals.items()}) for f in inspect.stack()[:4] if f.function == 'frames']
    w = frames(n - 1, x + 1)
    return w
for _ in range(3):
    print(frames(3))

def keepframe(n):
    fs = []
    for i in range(n):
        j = i * 1.5
        fs.append(sys._getframe())
        k = [i]
    return (fs[0].f_locals, fs[0] is fs[-1])
for n in (1, 4, 1):
    print(keepframe(n))

def tb(n):
    q = n * 2
    if n == 3:
        raise ValueError(q)
    m = q / 4
    return tb(n + 1)

def usetb():
    try:
        tb(0)
    except ValueError as e:
        t = e.__traceback__
        r = []
        while t:
            r.append((t.tb_frame.f_code.co_name, t.tb_lineno - t.tb_frame.f_code.co_firstlineno, sorted(((k, repr(v)) for k, v in t.tb_frame.f_locals.items() if k not in ('e', 'r', 't')))))
            t = t.tb_next
        return r
for _ in range(4):
    print(usetb())

def clearf():
    try:
        tb(0)
    except ValueError as e:
        traceback.clear_frames(e.__traceback__)
        return [f.f_locals for f, _ in traceback.walk_tb(e.__traceback__)][1:]
for _ in range(3):
    print(clearf())

class Obs:

    def __del__(self):
        f = sys._getframe(1)
        log.append((f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno, sorted(((k, repr(v)[:12]) for k, v in f.f_locals.items() if not isinstance(v, Obs)))))

def obs(n):
    a = n * 2
    b = Obs()
    c = n / 2
    b = None
    a = a + c
    l = [Obs(), Obs()]
    l.pop()
    a += 1
    l[0] = a
    return a
for n in (1, 2, 2.5, 3):
    log.clear()
    print(obs(n), log)
