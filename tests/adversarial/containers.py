# Subclasses of containers with methods of their own, containers that change while somebody iterates, odd iterators.
import sys, collections

class L(list):

    def __getitem__(self, k):
        log.append(('gi', k))
        return list.__getitem__(self, k)

    def __len__(self):
        log.append('len')
        return 99

    def __iter__(self):
        log.append('iter')
        return iter('xy')

    def __contains__(self, x):
        return 'c'

    def append(self, x):
        log.append(('app', x))
        list.append(self, x)

    def __iadd__(self, o):
        return ('iadd', o)

    def __add__(self, o):
        return ('add', o)

    def __radd__(self, o):
        return ('radd', o)

    def __eq__(self, o):
        return 'eq'

    def __setitem__(self, k, v):
        log.append(('si', k, v))

class Dc(dict):

    def __getitem__(self, k):
        log.append(('gi', k))
        return dict.get(self, k, 'dflt')

    def __missing__(self, k):
        return ('missing', k)

    def __contains__(self, k):
        return True

    def get(self, *a):
        return 'get'

    def __iter__(self):
        return iter(['k1'])

    def __len__(self):
        return 0

    def items(self):
        return [('i', 1)]

    def __setitem__(self, k, v):
        log.append((k, v))
        dict.__setitem__(self, k, v)

class Ms(dict):

    def __missing__(self, k):
        log.append(k)
        return k * 2

class St(str):

    def __add__(self, o):
        return 'add:' + str.__str__(self)

    def __eq__(self, o):
        return 'streq'

    def __hash__(self):
        return 7

    def __len__(self):
        return 42

    def __iter__(self):
        return iter([1, 2])

    def __getitem__(self, k):
        return 'gi'

    def __mod__(self, o):
        return 'mod'

    def __format__(self, s):
        return 'fmt'

    def __str__(self):
        return 'STR'

    def upper(self):
        return 'UP'

    def join(self, x):
        return 'JOIN'

class T(tuple):

    def __getitem__(self, k):
        return ('t', k)

    def __len__(self):
        return 5

    def __iter__(self):
        return iter((9, 8))
log = []

def seq(x):
    r = []
    for i in range(2):
        for f in (lambda: x[0], lambda: x[-1], lambda: x[0:1], lambda: len(x), lambda: [y for y in x], lambda: 3 in x, lambda: x + x, lambda: [1] + x, lambda: x == x, lambda: bool(x), lambda: 't' if x else 'f', lambda: f'{x}', lambda: x * 2, lambda: [*x], lambda: tuple(x), lambda: '%s' % (x,)):
            try:
                r.append(f())
            except Exception as e:
                r.append(repr(e))
        try:
            a, b = x
            r.append((a, b))
        except Exception as e:
            r.append(repr(e))
        try:
            x[0] = 5
        except Exception as e:
            r.append(repr(e))
        try:
            r.append(x.append(1))
        except Exception as e:
            r.append(repr(e))
        try:
            del x[0]
        except Exception as e:
            r.append(repr(e))
        y = x
        try:
            y += [1]
            r.append(y)
        except Exception as e:
            r.append(repr(e))
        try:
            r.append(x.upper())
            r.append(x.join('ab'))
        except Exception as e:
            r.append(repr(e))
        n = 0
        try:
            for q in x:
                n += 1
                if n > 3:
                    break
            r.append(n)
        except Exception as e:
            r.append(repr(e))
    return r
for mk in (lambda: [1, 2], lambda: L([1, 2]), lambda: (1, 2), lambda: T((1, 2)), lambda: 'ab', lambda: St('ab'), lambda: {0: 1, -1: 2}, lambda: Dc({0: 1, 5: 2}), lambda: Ms(), lambda: b'ab', lambda: bytearray(b'ab'), lambda: range(2), lambda: {1, 2}, lambda: collections.deque([1, 2]), lambda: memoryview(b'ab'), lambda: collections.OrderedDict({0: 1}), lambda: collections.defaultdict(list), lambda: 5, lambda: None, lambda: collections.namedtuple('N', 'a b')(1, 2)):
    import re
    print(re.sub('0x[0-9a-f]+', '', repr(seq(mk()))), log)
    log.clear()

def wordcount(d, words):
    for w in words:
        d[w] = d.get(w, 0) + 1
        if w in d:
            d[w] += 0
    return d
for d in ({}, Dc(), Ms(), collections.Counter(), {}):
    try:
        print(wordcount(d, 'a b a c'.split()), log)
    except Exception as e:
        print(repr(e), log)
    log.clear()

def mutate(l, n):
    r = []
    for x in l:
        r.append(x)
        if x == 2:
            l.remove(1)
        if x == 4:
            l.append(9)
            l.insert(0, 0)
        if len(r) > n:
            break
    return (r, l)
for n in (3, 20):
    print(mutate([1, 2, 3, 4, 5], n), mutate([1, 2.5, 2, 'x', 4], n))

def clearing(l):
    s = 0
    for x in l:
        s += x
        l.clear()
    for x in l:
        s += 100
    l.extend([1, 2, 3])
    it = iter(l)
    for x in it:
        s += x
        next(it, None)
        if x == 1:
            del l[:]
    for x in it:
        s += 1000
    l.append(5)
    for x in it:
        s += 10000
    return s
for _ in range(3):
    print(clearing([1, 2, 3]), clearing([1.5]))

def dictmut(d):
    r = []
    try:
        for k in d:
            r.append(k)
            if k == 2:
                d[100] = 1
    except RuntimeError as e:
        r.append(str(e))
    try:
        for k, v in d.items():
            r.append(v)
            if k == 2:
                del d[2]
                d[3.5] = 1
    except RuntimeError as e:
        r.append(str(e))
    return r
for _ in range(3):
    print(dictmut({1: 1, 2: 2, 3: 3}), dictmut({2: 1}), dictmut({1: 2}))

class EqSide:

    def __init__(self, l):
        self.l = l

    def __eq__(self, o):
        self.l.clear()
        return False

    def __lt__(self, o):
        self.l.append(1) if len(self.l) < 50 else None
        return True
    __hash__ = None

def eqside():
    l = [1, 2, 3]
    l.append(EqSide(l))
    r = [5 in l, len(l)]
    l = [EqSide([]) for _ in range(3)]
    for e in l:
        e.l = l
    try:
        l.sort()
    except ValueError as e:
        r.append(str(e))
    r.append(len(l))
    try:
        hash(l[0])
    except TypeError as e:
        r.append(str(e))
    except IndexError as e:
        r.append(str(e))
    return r
for _ in range(3):
    print(eqside())

class Iter:

    def __init__(self, n, bad=None):
        self.n, self.bad = (n, bad)

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n == self.bad:
            raise KeyError('bad')
        if self.n < 0:
            raise StopIteration(5)
        return self.n

class OldIter:

    def __getitem__(self, i):
        if i > 3:
            raise IndexError
        return i * 1.5

class BadIter:

    def __iter__(self):
        return 5

class NoNext:

    def __iter__(self):
        return self

def iters(mk):
    r = []
    for i in range(3):
        try:
            for x in mk():
                r.append(x)
            else:
                r.append('else')
            a, b, *c = mk()
            r.append((a, b, c))
            r.append(max(mk()))
            r.append(sum(mk()))
            r.append(2 in mk())
            r.append(list(zip(mk(), mk())))
            r.append([x for x in mk() if x])
            r.append(dict(enumerate(mk())))
        except Exception as e:
            r.append(repr(e))
    return r
for mk in (lambda: Iter(4), lambda: Iter(4, 2), OldIter, BadIter, NoNext, lambda: (x for x in (1, 2, 3)), lambda: map(int, '123'), lambda: iter({1: 2, 3: 4}), lambda: reversed([1, 2, 3]), lambda: zip('ab', 'cd'), lambda: {1.5: 2, 2: 3}.values(), lambda: filter(None, [0, 1, 2]), lambda: 5):
    print(iters(mk))

def stopiter():
    r = []
    for i in range(3):
        try:
            r.append(next((x for x in () if x)))
        except StopIteration:
            r.append('si')
        try:
            r.append(list((x for x in (next(iter(())),))))
        except StopIteration as e:
            r.append('raw')

        def g():
            yield next(iter(()))
        try:
            list(g())
        except RuntimeError as e:
            r.append(repr(e.__cause__))
        r.append([*map(lambda x: next(iter([x] * (x < 2))), range(4))])
    return r
for _ in range(3):
    print(stopiter())

def slices(l, a, b, c):
    r = []
    for i in range(2):
        try:
            r.append(l[a:b])
            r.append(l[a:b:c])
            r.append(l[::c])
            r.append(l[a:][:b])
            r.append(l[:])
        except Exception as e:
            r.append(repr(e))
        m = list(l)
        try:
            m[a:b] = 'xyz'
            r.append(m)
            del m[a:b:c]
            r.append(m)
        except Exception as e:
            r.append(repr(e))
    return r

class Ix:

    def __index__(self):
        log.append('ix')
        return 1
for l in ([1, 2, 3, 4], (1, 2.5), 'abc', b'abc'):
    for a, b, c in ((0, 2, 1), (-1, None, -1), (None, None, 2), (1, 1, 1), (5, -9, -2), (Ix(), 2, 1), (1.5, 2, 1), (0, 2 ** 70, 1), (0, 1, 0), ('a', 1, 1)):
        print(slices(l, a, b, c))

def setops(a, b):
    r = [a | b if type(a) is set else None, sorted(a & b), a <= b, a ^ b == b ^ a]
    for x in list(a):
        a.discard(x)
        a.add(x)
    a |= b
    a -= {1}
    a &= b
    return (r, sorted(a))
for _ in range(3):
    print(setops({1, 2, 3}, {2, 3, 4}), setops({1.0, True, 2}, {1}))

def index(l, i):
    return l[i]
for _ in range(2):
    for l in ([1, 2, 3], (1.5, 2.5), 'ab', b'ab', {1: 2, True: 3, 2 ** 63: 4, -1: 5}, L([7])):
        for i in (0, -1, 1, 2, -3, True, False, 2 ** 63, -2 ** 63 - 1, 1.0, None, Ix(), '0'):
            try:
                print(index(l, i), end=' ')
            except Exception as e:
                print(repr(e), end=' ')
    print()

def swap(l, i, j):
    for k in range(3):
        l[i], l[j] = (l[j], l[i])
        l[i] += 1
    return l
for a in ([1, 2, 3], [1.5, 2], [2 ** 63 - 1, 1], ['a', 1], [True, 2.5]):
    for i, j in ((0, 1), (-1, 0), (0, 0), (5, 0), (0, 5)):
        try:
            print(swap(list(a), i, j))
        except Exception as e:
            print(repr(e))
