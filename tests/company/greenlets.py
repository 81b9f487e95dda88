"""Native frames on C stacks that are switched, and resumed in another order."""

import gc
import random
from greenlet import getcurrent, greenlet as G

from gophersnake import jit

LOG = []
main = getcurrent()


@jit
def switcher(k, n, depth):
    s = 0
    l = [k]
    if depth:
        return switcher(k, n, depth - 1) + depth
    for i in range(n):
        s += i * k
        x = main.switch((k, i, s))
        if x is not None:
            s += x
        l.append(s)
    return s, len(l)


@jit
def outer(k, n, depth):
    try:
        r = 0
        for j in range(2):
            a = inner(k + j, n, depth)
            r += a[0]
        return r
    finally:
        LOG.append(("fin", k))


@jit
def inner(k, n, depth):
    if depth:
        r = inner(k, n, depth - 1)
        return (r[0] + depth, r[1])
    s = 0
    for i in range(n):
        s += i * k
        x = main.switch((k, i, s))
        if x is not None:
            s += x
    return (s, n)


def run(seed, count):
    rnd = random.Random(seed)
    gs = [G(outer) for _ in range(count)]
    live = []
    for k, g in enumerate(gs):
        live.append((k, g))
    out = []
    started = set()
    while live:
        i = rnd.randrange(len(live))
        k, g = live[i]
        if k not in started:
            started.add(k)
            r = g.switch(k, rnd.randrange(1, 8), rnd.randrange(0, 6))
        elif rnd.random() < 0.05:
            try:
                r = g.throw(ValueError("v%d" % k))
            except ValueError as e:
                tb = e.__traceback__
                names = []
                while tb:
                    names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
                    tb = tb.tb_next
                r = repr(e), names
        elif rnd.random() < 0.03:
            del live[i]
            del g, gs[:]
            gc.collect()
            continue
        else:
            r = g.switch(rnd.choice([None, 1, 2.5, 10**20, 7]))
        out.append((k, r, g.dead))
        if g.dead:
            live.remove((k, g))
    return out


for seed in range(60):
    print(seed, run(seed, 6), LOG[-3:])


def deep(n):
    "recursion limit in a greenlet"
    return rec(n)


@jit
def rec(n):
    if n == 0:
        main.switch("bottom")
        return 0
    return rec(n - 1) + 1


for k in range(3):
    gs = [G(rec) for _ in range(5)]
    print([g.switch(500 + 30 * i) for i, g in enumerate(gs)])
    print([g.switch() for g in reversed(gs)])

    def lim(n):
        try:
            return rec(n)
        except RecursionError as e:
            return str(e)

    gs = [G(lim) for _ in range(3)]
    print([g.switch(2000) for g in gs])
