# Locals that others write by f_locals (from 3.13 on that is the frame itself): callees with and without frames, in frame objects that somebody has kept,
# beneath activations that have left for the interpreter, from handlers, closures and other threads.
import sys
import threading

KEPT = []
def grab(): KEPT.append(sys._getframe(1)); return 0
def poke(name, v): KEPT[-1].f_locals[name] = v
def poke_caller(name, v): sys._getframe(1).f_locals[name] = v
def poke_above(name, v): sys._getframe(2).f_locals[name] = v
def between(name, v): poke_above(name, v); return v

def kept(n):
    x = 1; s = 0
    grab()
    for i in range(n):
        s += x
        if i == n // 2: poke("x", 10)
    return s, x

def to_text(n):
    x = 1.5; s = 0.0
    for i in range(n):
        s += x
        if i % 7 == 3: poke_caller("x", "abc" if i > n - 5 else i)
        if isinstance(x, str): break
    return s, x

def through(n):
    x = 1; s = 0
    for i in range(n):
        s += x
        s += between("x", i)
    return s, x

def snapshot(n):
    x = 1
    for i in range(n):
        found = locals()
        found["x"] = 99
        x += 1
    return x, found["x"], sorted(found)

def own(n):
    f = sys._getframe()
    x = 0
    for i in range(n):
        f.f_locals["x"] = x + 2
        f.f_locals["another"] = i
    return x, f.f_locals["another"]

def handler(n):
    r = []
    for i in range(n):
        try:
            x = i
            r.append([x + j for j in range(3)])
            if i % 3 == 0: raise ValueError(x)
        except ValueError as err:
            err.__traceback__.tb_frame.f_locals["x"] = -5
            r.append(x)
    return r[-6:]

def cell(n):
    def more():
        nonlocal x
        x += 1
    x = 0
    f = sys._getframe()
    for i in range(n):
        more()
        f.f_locals["x"] += 1
    return x

def view(n):
    x = 5
    seen = sys._getframe().f_locals
    t = 0
    for i in range(n):
        t += x
        if i == 5: seen["x"] = 7
        if i == 10: seen.update(x=9)
        if i == 15:
            try: del seen["x"]
            except ValueError: t += 1000
    return t, dict(seen).get("x")

def parameters(p, q):
    seen = sys._getframe().f_locals
    seen["p"] = q
    r = p
    seen["q"] = None
    return r, q

def elsewhere(n):
    x = 3
    f = sys._getframe()
    def write(): f.f_locals["x"] = 1000
    s = 0
    for i in range(n):
        s += x
        if i == n // 2:
            t = threading.Thread(target=write); t.start(); t.join()
    return s

def inner(v, w):
    if w: return KEPT[-1].f_locals.__setitem__("x", v)
    return v
def middle(v, w): return inner(v, w), 1
def nested(n):
    x = 0.5; s = 0
    grab()
    for i in range(n):
        s += x
        middle(i, i % 40 == 37)
        s += x
    return s, x

def raising(name, v):
    KEPT[-1].f_locals[name] = v
    raise KeyError(v)
def caught(n):
    x = 1; s = 0
    grab()
    for i in range(n):
        try:
            s += x
            if i % 4 == 3: raising("x", i)
        except KeyError:
            s += x
    return s, x

for f in (kept, to_text, through, snapshot, own, handler, cell, view, elsewhere, nested, caught):
    for n in (10, 10, 50, 1000, 10):
        KEPT.clear()
        try: print(f.__name__, n, f(n))
        except Exception as ex: print(f.__name__, n, repr(ex))
for i in range(20): print(parameters(i, [i]), parameters("a", 2.0))
