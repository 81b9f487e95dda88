# Descriptors with side effects, metaclasses, slots, classes and methods that change under way.
import sys, weakref, gc, types
log = []

class D:

    def __init__(self, n):
        self.n = n

    def __set_name__(self, o, name):
        self.name = name

    def __get__(self, o, t):
        log.append(('get', self.name, o is None))
        if o is not None and self.n == 2:
            o.__dict__['x' + self.name] = 1
        return self.n

    def __set__(self, o, v):
        log.append(('set', self.name, v))
        self.n = v

    def __delete__(self, o):
        log.append(('del', self.name))

class ND:

    def __get__(self, o, t):
        return 'nd'

class Meta(type):

    def __call__(cls, *a, **k):
        log.append(('call', cls.__name__))
        return super().__call__(*a, **k)

    def __getattr__(cls, name):
        return ('meta', name)

    def __instancecheck__(cls, o):
        return o == 5 or super().__instancecheck__(o)

    def __len__(cls):
        return 7

    def __getitem__(cls, k):
        return (cls.__name__, k)

    def __iter__(cls):
        return iter('abc')

    def __contains__(cls, x):
        return x == 1

    def __add__(cls, o):
        return 'meta+'

class A(metaclass=Meta):
    a = D(1)
    b = D(2)
    c = ND()

    def __init__(self, v=0):
        self.v = v

    def m(self):
        return self.v

    @property
    def p(self):
        log.append('p')
        return self.v

    @p.setter
    def p(self, v):
        self.v = v + 1

class B(A):
    __slots__ = ('s', 't')

class S(metaclass=Meta):
    __slots__ = ('s', 't', '__weakref__')

    def get(self):
        return self.s

def use(o):
    r = []
    for i in range(3):
        r.append(o.a)
        r.append(o.b)
        o.a = i
        r.append(o.a)
        o.p = i
        r.append(o.p)
        r.append(o.c)
        r.append(o.m())
        try:
            r.append(o.zz)
        except AttributeError as e:
            r.append(str(e))
        del o.a
    return r
for o in (A(), B(), A(3), B(5)):
    print(use(o), log)
    log.clear()

def useslots(o, v):
    r = []
    for i in range(3):
        try:
            r.append(o.s)
        except AttributeError as e:
            r.append(str(e))
        o.s = v
        r.append(o.s)
        r.append(o.get() if hasattr(o, 'get') else None)
        o.s += v
        del o.s
        try:
            del o.s
        except AttributeError as e:
            r.append(str(e))
        try:
            o.u = 1
            r.append(o.u)
            del o.u
        except AttributeError as e:
            r.append(str(e))
    return r
for v in (1, 2.5, 'x', [1], 2 ** 70):
    print(useslots(S(), v), useslots(B(), v))

def metas(c):
    r = []
    for i in range(3):
        r += [len(c), c['k'], list(c), 1 in c, 2 in c, c + 1, c.nosuch, isinstance(5, c), isinstance(c(), c), issubclass(B, c)]
    return r
for _ in range(3):
    print(metas(A), metas(B))

def call(o, n):
    r = []
    for i in range(n):
        r.append(o.m())
        if i == 3:
            type(o).m = lambda self: 'patched'
        if i == 5:
            o.m = lambda: 'inst'
        if i == 7:
            del o.m
            type(o).m = ND()
        if i == 8:
            type(o).m = property(lambda self: lambda: 'prop')
    return r

def orig(self):
    return self.v
for k in range(3):
    A.m = orig
    A.__dict__
    try:
        print(call(A(k), 10))
    except Exception as e:
        print(type(e), e)
A.m = orig

def classchange(n):

    class X:
        v = 1

        def f(self):
            return 'X'

    class Y:
        v = 2.5

        def f(self):
            return 'Y'
    o = X()
    r = []
    for i in range(n):
        r.append((o.v, o.f()))
        if i % 3 == 1:
            o.__class__ = Y if type(o) is X else X
        if i == 4:
            X.v = 's'
        if i == 6:
            Y.f = X.f
    return r
for n in (3, 10, 12):
    print(classchange(n))

def bases(n):

    class P:

        def f(self):
            return 'P'

    class Q:

        def f(self):
            return 'Q'

        def __getattr__(self, n):
            return 'ga' + n

    class O:
        pass

    class X(P, O):
        pass
    o = X()
    r = []
    for i in range(n):
        r.append(o.f())
        try:
            r.append(o.zz)
        except AttributeError as e:
            r.append('ae')
        if i == 2:
            X.__bases__ = (Q, O)
        if i == 4:
            X.__bases__ = (P, O)
    return r
for n in (3, 7, 9):
    print(bases(n))

def weak(n):
    r = []
    for i in range(n):
        o = A(i)
        w = weakref.ref(o, lambda w: r.append('dead'))
        p = weakref.proxy(o)
        r.append(p.v)
        o = None
        r.append(w())
        try:
            p.v
        except ReferenceError as e:
            r.append('ref')
    return r
for n in (1, 4):
    print(weak(n))
    log.clear()

class GA:

    def __getattribute__(self, n):
        log.append(n)
        if n == 'bad':
            raise AttributeError('no bad')
        return object.__getattribute__(self, n)

    def __getattr__(self, n):
        return 'ga:' + n

    def __setattr__(self, n, v):
        log.append(('set', n))
        object.__setattr__(self, n, v)

    def __delattr__(self, n):
        log.append(('del', n))
        object.__delattr__(self, n)

    def m(self):
        return 1

def ga(o):
    r = []
    for i in range(3):
        o.x = i
        r.append(o.x)
        o.x += 1
        r.append(o.x)
        r.append(o.bad)
        r.append(o.m())
        del o.x
        r.append(o.x)
    return r
for _ in range(3):
    print(ga(GA()), log)
    log.clear()

def add_getattr(n):

    class X:
        pass
    o = X()
    r = []
    for i in range(n):
        try:
            r.append(o.q)
        except AttributeError:
            r.append(None)
        if i == 2:
            X.__getattr__ = lambda s, n: n
        if i == 4:
            X.q = 5
        if i == 6:
            o.q = 6
        if i == 7:
            del X.__getattr__, o.q
        if i == 8:
            del X.q
    return r
for _ in range(3):
    print(add_getattr(11))

def hidden(n):

    class X:

        def __init__(self):
            self.a = 1
    o = X()
    r = []
    for i in range(n):
        r.append(o.a)
        if i == 1:
            o.__dict__ = {'a': 2}
        if i == 2:
            o.__dict__['a'] = 3.5
        if i == 3:
            vars(o).clear()
            o.a = 's'
        if i == 4:
            X.a = property(lambda s: 'p')
        if i == 5:
            del X.a
        if i == 6:
            o.__dict__ = type('dd', (dict,), {'__getitem__': lambda s, k: 'never'})(a=9)
    return r
for _ in range(3):
    print(hidden(9))

class Cnt:

    def __init__(self):
        self.n = 0

    def __call__(self, *a):
        self.n += 1
        return self.n

    def __len__(self):
        self.n += 1
        return self.n

    def __bool__(self):
        self.n += 1
        return self.n % 2 == 0

    def __iter__(self):
        self.n += 1
        return iter(range(self.n))

    def __contains__(self, x):
        self.n += 1
        return self.n if x else 0

    def __getitem__(self, k):
        self.n += 1
        return (self.n, k)

    def __setitem__(self, k, v):
        self.n += v

    def __delitem__(self, k):
        self.n -= 1

    def __eq__(self, o):
        self.n += 1
        return [self.n]

    def __lt__(self, o):
        self.n += 1
        return ''

    def __hash__(self):
        return 1

    def __format__(self, s):
        return f'<{s}>'

    def __enter__(self):
        self.n += 10
        return self

    def __exit__(self, *a):
        return True

def cnt(c):
    r = []
    for i in range(3):
        r += [c(), len(c), bool(c), list(c), 1 in c, 0 in c, 0 not in c, c[i], c[i:2], c == 1, c != 1, c < 1, f'{c:>{i}}', 't' if c else 'f']
        c[1] = 2
        del c[1]
        c[0] += 3 if False else ()
        with c as d:
            raise KeyError
        while c:
            r.append('w')
            break
        r.append(not c)
    return r
for _ in range(3):
    try:
        print(cnt(Cnt()))
    except TypeError as e:
        print(e)

def supers():

    class P:

        def f(self, x=1):
            return ('P', x)

        @classmethod
        def g(cls):
            return cls.__name__

        def __getattr__(self, n):
            return n

    class X(P):

        def f(self, x=2):
            r = []
            for i in range(3):
                r.append(super().f(i))
                r.append(super(X, self).g())

            def inner():
                return super(X, self).f('in')
            r.append(inner())
            try:
                super().nosuch
            except AttributeError as e:
                r.append(str(e))
            return r

        @classmethod
        def g(cls):
            return super().g() + 'x'

        @staticmethod
        def h():
            try:
                return super().f()
            except RuntimeError as e:
                return str(e)

        def l(self):
            del self
            try:
                return super().f()
            except (RuntimeError, UnboundLocalError) as e: # which of them, is a matter of the version
                return str(e)

        def z(self, o):
            self = o
            try:
                return super().f()
            except TypeError as e:
                return str(e)
    return (X().f(), X.g(), X.h(), X().l(), X().z(5), X().z(X()))
for _ in range(3):
    print(supers())
