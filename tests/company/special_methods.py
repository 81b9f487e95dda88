"""Context managers, metaclasses, special methods."""

import contextlib

from gophersnake import jit


@contextlib.contextmanager
@jit
def cm(n):
    yield n


@jit
def usecm(n):
    with cm(n) as x, contextlib.suppress(KeyError):
        {}[x]
    return x


for k in range(4):
    print(usecm(k))


class CD(contextlib.ContextDecorator):
    @jit
    def __enter__(self):
        return self

    @jit
    def __exit__(self, *a):
        print("exit", a[0])
        return True


@CD()
@jit
def dec(n):
    return 1 // n


for k in (1, 0, 2):
    print(dec(k))


# descriptors, metaclass, __init_subclass__, __class_getitem__, __set_name__
class M(type):
    @jit
    def __call__(cls, *a, **k):
        o = super().__call__(*a, **k)
        o.made = True
        return o

    @jit
    def __new__(m, name, bases, ns, **kw):
        return super().__new__(m, name, bases, ns)

    @jit
    def __init__(cls, name, bases, ns, **kw):
        super().__init__(name, bases, ns)
        cls.kw = kw


class WM(metaclass=M, z=1):
    @jit
    def __new__(cls, *a):
        return super().__new__(cls)

    @jit
    def __init__(self, *a):
        self.args = a

    @jit
    def __init_subclass__(cls, **kw):
        super().__init_subclass__()
        cls.sub = True

    @jit
    def __class_getitem__(cls, i):
        return cls, i

    @jit
    def __getattr__(self, n):
        if n.startswith("x"):
            return n
        raise AttributeError(n)

    @jit
    def __call__(self, *a, **k):
        return a, k

    @jit
    def __eq__(self, o):
        return isinstance(o, WM)

    @jit
    def __hash__(self):
        return 7

    @jit
    def __len__(self):
        return 3

    @jit
    def __getitem__(self, i):
        if i > 3:
            raise IndexError(i)
        return i

    @jit
    def __contains__(self, x):
        return x == 2

    @jit
    def __bool__(self):
        return False

    @jit
    def __repr__(self):
        return "WM()"

    @jit
    def __format__(self, s):
        return "F" + s

    @jit
    def __add__(self, o):
        return NotImplemented

    @jit
    def __radd__(self, o):
        return ("radd", o)

    @jit
    def __index__(self):
        return 2

    @jit
    def __iter__(self):
        return iter((1, 2))


class WS(WM, q=3):
    pass


for k in range(4):
    w = WS(1, 2)
    print(
        w.made,
        w.args,
        WM.kw,
        WS.kw,
        WS.sub,
        WM[3],
        w.xyz,
        w(1, a=2),
        w == WM(),
        hash(w),
        len(w),
        w[2],
        2 in w,
        bool(w),
        repr(w),
        f"{w:>3}",
        5 + w,
        [1, 2, 3][w],
        list(w),
    )
    try:
        w.nope
    except AttributeError as e:
        print(e)
    try:
        w + 1
    except TypeError as e:
        print(e)
