"""Greenlets beneath deep recursion, switched by destructors and signal handlers, in threads, left behind."""

import gc
import random
import signal
import sys
import threading
from greenlet import getcurrent, greenlet as G

from gophersnake import jit

main = getcurrent()
sys.setrecursionlimit(10**6)


@jit
def rec(n, at):
    if n == at:
        main.switch(n)
    if n == 0:
        return 0
    return rec(n - 1, at) + 1


# deep: short of C stack in several greenlets at once (they share the C stack, sliced)
for k in range(3):
    gs = [G(rec) for _ in range(3)]
    print([g.switch(30000, 29000 - 10000 * i) for i, g in enumerate(gs)])
    o = [2, 0, 1]
    print([gs[i].switch() for i in o])
    print([g.dead for g in gs])


# from deep inside natives, start greenlets
@jit
def deepstart(n, g):
    if n == 0:
        return g.switch(60, 30)
    return deepstart(n - 1, g)


@jit
def back(g):
    return g.switch()


for k in range(3):
    g = G(rec)
    r = deepstart(5000, g)
    print(r, back(g), g.dead)


# __del__ that switches
class D:
    def __init__(self, g):
        self.g = g

    def __del__(self):
        if not self.g.dead:
            LOG.append(self.g.switch())


LOG = []


@jit
def other(n):
    s = 0
    for i in range(n):
        s += i
        getcurrent().parent.switch(s)
    return s


@jit
def drops(n, g):
    t = 0.0
    for i in range(n):
        d = D(g)
        t += i * 1.5
        d = None
        if i == 5:
            t = int(t)
    return t


for k in range(4):
    g = G(other)
    g.switch(8)
    print(drops(12, g), LOG[-9:], g.dead)
# signals: handler switches
cnt = 0
pool = []


def handler(s, f):
    global cnt
    cnt += 1
    if pool:
        g = pool[cnt % len(pool)]
        if not g.dead and g is not getcurrent() and getcurrent() is main:
            g.switch()


signal.signal(signal.SIGALRM, handler)


@jit
def spin(n):
    t = 0
    for i in range(n):
        t += i & 7
        if i % 1000 == 0:
            main.switch()
    return t


@jit
def mainspin(n):
    t = 0
    for i in range(n):
        t += i & 3
    return t


pool = [G(spin) for _ in range(4)]
for i, g in enumerate(pool):
    g.switch(5000)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
r = set()
while cnt < 20:
    r.add(mainspin(300_000))
signal.setitimer(signal.ITIMER_REAL, 0)
print(r)


# threads each with greenlets
def th(k, out):
    def body(n):
        m = getcurrent().parent

        @jit
        def f(n):
            s = 0
            for i in range(n):
                s += i
                m.switch(s)
            return s

        return f(n)

    gs = [G(body) for _ in range(5)]
    acc = [g.switch(20) for g in gs]
    rnd = random.Random(k)
    while not all(g.dead for g in gs):
        g = rnd.choice([g for g in gs if not g.dead])
        acc.append(g.switch())
    out[k] = sum(acc)


out = {}
ts = [threading.Thread(target=th, args=(k, out)) for k in range(6)]
[t.start() for t in ts]
[t.join() for t in ts]
print(sorted(out.items()))
# leave suspended at exit
left = [G(rec) for _ in range(4)]
for g in left:
    g.switch(50, 20)


@jit
def fin(n):
    try:
        main.switch(n)
    finally:
        print("finally", n)


gs = [G(fin) for _ in range(3)]
for i, g in enumerate(gs):
    g.switch(i)
del gs, g
gc.collect()
print("end")
