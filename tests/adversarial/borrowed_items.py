# Locals that hold items of a tuple which a parameter leads to: their references may be left out, but for what counts them.
import re, sys, gc, traceback
rc = sys.getrefcount

class E(Exception): pass

class Obj:
    def __init__(s, v): s.v = v
    def __add__(s, o): return 1000.0
    def __del__(s): LOG.append(("del", s.v))
LOG = []

def sums(t):
    a = b = c = 0.0
    for o in t:
        x, y = o
        a += x * y
        if x > 3: b = x
        c = y
    return a, b, c, x, y, o

def nested(t):
    n = 0
    for o in t:
        for p in o:
            q = p
            n += 1
        for p in o:
            r = p
    return n, p, q, r

def raises(t, k):
    try:
        for o in t:
            x, y = o
            if x == k: raise E
            z = x + y
    except E as e:
        f = e.__traceback__.tb_frame.f_locals
        return x, y, o, sorted(f), f["x"] is x
    return x, y, z

def escapes(t, k):
    for o in t:
        x, y = o
        if x == k: raise E

def counts(t):
    r = []
    for o in t:
        x, y = o
        z = o[0]
        r += [rc(x) - rc(z), rc(o), rc(x), rc(y)]; r.append(type(x) in (float, tuple) and rc(x))
    return r

def later(t):
    for o in t:
        x, y = o
        z = x
    a = rc(x), rc(o), rc(z)
    w = o
    return a, rc(o), rc(w)

def keeps(t, l):
    for o in t:
        x, y = o
        l.append(x); l[0] = y
        l.append(o)
    return l

def rebinding(t, n):
    u = t
    s = 0.0
    while n:
        for o in u:
            x, y = o
            s += x
        u = ((float(n), y), o, (x, x))
        n -= 1
    return s, u, o

def subscripts(t, n):
    s = 0
    for i in range(n):
        o = t[i % len(t)]
        x = o[0]
        y = o[1]
        if x is o[0] and y is o[1] and o is t[i % len(t)]: s += 1
        p = (x, y, o)
    return s, p

def shown(t):
    for o in t:
        x, y = o
        d = sorted(locals())
    return d, locals()["x"] is x, locals()["o"] is t[-1]

def deletes(t):
    for o in t:
        x, y = o
        del x
        if y: z = y; del z
    return y, o

def star(*t):
    for o in t:
        x, *y = o
    a, b = o
    return x, y, a, b

def inner(a, b): return a is b

def calls(t):
    r = []
    for o in t:
        x, y = o
        r.append(inner(x, o))
        x2 = x
        r.append(inner(x2, y))
    return r

def swaps(t):
    x, y = t[0]
    for o in t:
        x, y = y, x
        a, b = o
        x = a
    return x, y, a, b

def finals(t, n):
    for o in t:
        x, y = o
        d = Obj(n)
        x = d
        d = None
        n += 1
    return x is not None, y

def mixed(t):
    s = []
    for o in t:
        x, y = o
        if type(x) is float: x = x + 1
        elif type(x) is str: x = x + "a"
        else: x = y
        s.append(x)
    return s, x, y

def concat(t):
    for o in t:
        x, y = o
        z = x
        z += "b"
        x += "c"
    return x, y, z, o

def unpack2(t):
    (a, b), (c, d) = t[0], t[1]
    n = 0
    while n < 30:
        n += 1
        a, c = c, a
        (a, b), e = t[n % 2], b
    return a, b, c, d, e
F = [1.5 * i + 0.25 for i in range(12)]

def pairs(): return tuple((F[i], F[i + 1]) for i in range(0, 12, 2))

def mix(): return ((F[3], F[0] + 1), (G * 3, F[2]), (H * 2, F[1]), ([F[4]], F[5]), ((F[6],), F[0] * 2), (F[1] / 2, [F[7]]))
G, H = "q", 2**70

def strs(): return tuple(("s%d" % i, "t") for i in range(9))

def tups(): return tuple(((F[i], F[i + 1]), F[i]) for i in range(0, 8, 2))
CASES = [(sums, lambda: (pairs(),)), (nested, lambda: (pairs(),)), (nested, lambda: (mix(),)), (raises, lambda: (pairs(), F[6])), (raises, lambda: (pairs(), -1)),
 (escapes, lambda: (pairs(), F[8])), (counts, lambda: (pairs(),)), (counts, lambda: (mix(),)), (later, lambda: (pairs(),)), (later, lambda: (mix(),)), (keeps, lambda: (pairs(), [0])), (keeps, lambda: (mix(), [0])),
 (rebinding, lambda: (pairs(), 4)), (subscripts, lambda: (pairs(), 40)), (subscripts, lambda: (mix(), 40)), (shown, lambda: (pairs(),)), (deletes, lambda: (pairs(),)), (deletes, lambda: (mix(),)),
 (star, lambda: pairs()), (calls, lambda: (pairs(),)), (calls, lambda: (mix(),)), (swaps, lambda: (pairs(),)), (finals, lambda: (pairs(), 5)), (mixed, lambda: (mix(),)), (mixed, lambda: (strs(),)),
 (concat, lambda: (strs(),)), (unpack2, lambda: (pairs(),)), (unpack2, lambda: (mix(),)), (sums, lambda: (mix()[:1] * 20,)), (nested, lambda: (tups(),)), (unpack2, lambda: (((1, 2), (2.5, 4)),)), (sums, lambda: (((1, 2), (2.5, 4), (True, 3)),))]
for c, (f, make) in enumerate(CASES):
    seen = []; gc.collect()
    for k in range(30):
        LOG.clear()
        args = make()
        flat = []
        def walk(o, d=0):
            if type(o) is tuple or type(o) is list:
                for i in o: walk(i, d + 1)
            flat.append(o)
        for a in args: walk(a)
        ids = [o for o in flat]
        before = [rc(o) for o in ids]
        try:
            r = f(*args)
            text = repr(r)
            del r
        except Exception as e:
            text = type(e).__name__ + str(e)
            tb = traceback.extract_tb(e.__traceback__)
            text += str([(t.name, t.lineno) for t in tb])
        gc.collect()
        after = [rc(o) for o in ids]
        seen.append((text, [b - a if type(o) is not int and o is not None and type(o) is not bool else 0 for a, b, o in zip(before, after, ids)] if f is not keeps else 0, list(LOG)))
        del flat, ids; gc.collect(0)
    if f in (counts, later, calls):
        seen = [(re.sub(r"[0-9]{5,}", "many", s[0]), *s[1:]) for s in seen]
    print(f.__name__, c, len(set(map(str, seen))), " ".join(map(str, sorted(set(map(str, seen))))))
