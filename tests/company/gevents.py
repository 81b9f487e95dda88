"""gevent: sleeping, waiting and being killed in native code."""

import gevent
import gevent.pool
import gevent.queue

from gophersnake import jit


@jit
def worker(k, n, q):
    t = 0
    for i in range(n):
        t += i * k
        if i % 3 == 0:
            gevent.sleep(0)
        q.put((k, t))
    return t


@jit
def consumer(q, n):
    s = 0.0
    for i in range(n):
        k, t = q.get()
        s += k * t
    return s


@jit
def fibr(n):
    if n < 2:
        gevent.sleep(0)
        return n
    return fibr(n - 1) + fibr(n - 2)


for rounds in range(4):
    q = gevent.queue.Queue()
    ws = [gevent.spawn(worker, k, 20, q) for k in range(8)]
    c = gevent.spawn(consumer, q, 160)
    gevent.joinall(ws + [c])
    print([w.value for w in ws], c.value)
    fs = [gevent.spawn(fibr, n) for n in range(5, 12)]
    gevent.joinall(fs)
    print([f.value for f in fs])
    with gevent.Timeout(0.2, False):

        @jit
        def forever():
            i = 0
            while True:
                gevent.sleep(0)
                i += 1

        forever()
    print("timed out")
    g = gevent.spawn(forever)
    gevent.sleep(0.01)
    g.kill()
    print(g.successful(), g.dead)
    p = gevent.pool.Pool(3)
    print(p.map(fibr, range(8)))
    print(gevent.get_hub().threadpool.apply(fibr if False else (lambda n: n + 1), (5,)))
