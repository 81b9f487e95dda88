# Objects whose special methods raise, or return what they must not.
import warnings
warnings.simplefilter('ignore')
import sys, math, operator

def mk(**kw):
    return type('X', (), kw)()

def R(e):

    def f(*a):
        raise e
    return f

def C(v):

    def f(*a):
        return v
    return f

def shown(x):
    if type(x) in (list, tuple):
        return [shown(y) for y in x]
    return x if type(x) in (int, float, str, bool, type(None)) else type(x).__name__

def attempts(o):
    r = []

    def t(f):
        try:
            x = f()
            r.append(shown(x))
        except BaseException as e:
            r.append((type(e).__name__, str(e)))
    for i in range(2):
        t(lambda: len(o))
        t(lambda: bool(o))
        t(lambda: 1 if o else 2)
        t(lambda: not o)
        t(lambda: o and 1)
        t(lambda: hash(o) in (1, 0) or 'h')
        t(lambda: {o: 1})
        t(lambda: {o})
        t(lambda: list(o))
        t(lambda: [x for x in o])
        t(lambda: [*o])
        t(lambda: (lambda a, b: 0)(*o))
        t(lambda: 1 in o)
        t(lambda: o in [1, 2])
        t(lambda: o == 1)
        t(lambda: o < 1)
        t(lambda: 1 < o)
        t(lambda: o + 1)
        t(lambda: 1 + o)
        t(lambda: o[0])
        t(lambda: [1, 2][o])
        t(lambda: 'abc'[o:])
        t(lambda: range(o))
        t(lambda: int(o))
        t(lambda: float(o))
        t(lambda: math.sqrt(o))
        t(lambda: abs(o))
        t(lambda: -o)
        t(lambda: round(o))
        t(lambda: f'{o}')
        t(lambda: f'{o!r}')
        t(lambda: '%s' % o)
        t(lambda: str(o))
        t(lambda: o())
        t(lambda: o.attr)
        t(lambda: min(o, 1))
        t(lambda: max(1, o))
        t(lambda: sum([o]))
        t(lambda: 1.5 * o)
        t(lambda: [1] * o)
        t(lambda: 2 << o)
        t(lambda: pow(2, o))
        t(lambda: (lambda **k: k)(**o))
        t(lambda: {**o})
        t(lambda: isinstance(1, o))
        t(lambda: math.floor(o))
        t(lambda: range(3)[o])
        t(lambda: sorted([o, o]))
        t(lambda: divmod(o, 2))
        t(lambda: o @ o)
        t(lambda: round(1.5, o))
        t(lambda: bool([o]))

        def w():
            with o:
                return 'w'
        t(w)

        def s():
            o[0] = 1
        t(s)

        def d():
            del o[0]
        t(d)

        def sa():
            o.x = 1
            return o.x
        t(sa)

        def da():
            del o.x
        t(da)

        def ia():
            x = o
            x += 1
            return x
        t(ia)

        def un():
            a, b = o
            return a
        t(un)

        def un2():
            a, *b = o
            return a
        t(un2)

        def fo():
            n = 0
            for x in o:
                n += 1
                if n > 3:
                    return 'many'
            return n
        t(fo)

        def ma():
            match o:
                case [a]:
                    return 'seq'
                case {'a': 1}:
                    return 'map'
                case int():
                    return 'int'
                case _:
                    return 'no'
        t(ma)

        def rs():
            raise o
        t(rs)

        def ex():
            try:
                raise KeyError
            except o:
                return 'caught'
        t(ex)

        def stars():
            return [*o, *o]
        t(stars)
    return r
objs = {'empty': mk(), 'neglen': mk(__len__=C(-1)), 'hugelen': mk(__len__=C(2 ** 64)), 'strlen': mk(__len__=C('x')), 'lenraise': mk(__len__=R(KeyError('len')), __iter__=C(iter(()))), 'boolint': mk(__bool__=C(1)), 'boolraise': mk(__bool__=R(ZeroDivisionError('b'))), 'hashstr': mk(__hash__=C('s')), 'hashbig': mk(__hash__=C(2 ** 70)), 'hashraise': mk(__hash__=R(ValueError('h'))), 'iter5': mk(__iter__=C(5)), 'iterraise': mk(__iter__=R(OSError('it'))), 'iternone': type('X', (), {'__iter__': None})(), 'containsnone': type('X', (), {'__contains__': None, '__iter__': C(iter([1]))})(), 'nextraise': mk(__iter__=lambda s: s, __next__=R(LookupError('n'))), 'getitem': mk(__getitem__=R(IndexError('gi'))), 'getitemstop': mk(__getitem__=R(StopIteration('gi'))), 'eqraise': mk(__eq__=R(ValueError('eq'))), 'eqni': mk(__eq__=C(NotImplemented), __lt__=C(NotImplemented)), 'eqobj': mk(__eq__=C([]), __lt__=C('lt')), 'index': mk(__index__=C(1)), 'indexstr': mk(__index__=C('1')), 'indexbig': mk(__index__=C(2 ** 65)), 'indexbool': mk(__index__=C(True)), 'indexraise': mk(__index__=R(RuntimeError('ix'))), 'intfloat': mk(__int__=C(1.5)), 'floatint': mk(__float__=C(1)), 'trunc': mk(__trunc__=C(3)), 'addni': mk(__add__=C(NotImplemented), __radd__=C(NotImplemented)), 'addraise': mk(__add__=R(KeyError('a')), __radd__=R(KeyError('ra')), __iadd__=R(KeyError('ia'))), 'str': mk(__str__=C(5), __repr__=C(None), __format__=C(3)), 'strraise': mk(__str__=R(ValueError('s')), __format__=R(ValueError('f'))), 'enter': mk(__enter__=C(1)), 'exit': mk(__exit__=C(True)), 'enterraise': mk(__enter__=R(ValueError('en')), __exit__=C(True)), 'exitraise': mk(__enter__=C(1), __exit__=R(ValueError('exx'))), 'keys': mk(keys=C(['a']), __getitem__=lambda s, k: [7, 8][k] if isinstance(k, int) else 7), 'keysbad': mk(keys=C(5), __getitem__=lambda s, k: [7][k]), 'keysint': mk(keys=C([1]), __getitem__=lambda s, k: [7, 8][k]), 'lencount': mk(__len__=C(2), __getitem__=lambda s, i: [5, 6][i]), 'hint': mk(__iter__=lambda s: iter([1, 2]), __length_hint__=R(ValueError('hint'))), 'hintneg': mk(__iter__=lambda s: iter([1, 2]), __length_hint__=C(-5)), 'classlie': type('X', (), {'__class__': property(lambda s: int)})(), 'callnone': type('X', (), {'__call__': None})(), 'ga': mk(__getattr__=R(KeyError('ga'))), 'gattr': mk(__getattribute__=R(ValueError('gattr'))), 'sysexit': mk(__add__=R(SystemExit(3)), __bool__=R(GeneratorExit()), __iter__=R(StopIteration(1)), __call__=R(StopAsyncIteration()))}
for k, o in objs.items():
    for i, x in enumerate(attempts(o)):
        print(k, i, x)
