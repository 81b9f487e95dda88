# Generators, coroutines and threads that call and are called by compiled functions.
import asyncio, threading, sys, contextlib, itertools, queue, functools

def pipeline(n):

    def src():
        for i in range(n):
            yield i

    def dbl(g):
        for x in g:
            yield (x * 2.5)

    def flt(g, p):
        for x in g:
            if p(x):
                yield x
    return (sum(flt(dbl(src()), lambda x: x % 5 == 0)), max(dbl(src()), default=None), sorted(flt(src(), lambda x: x & 1), key=lambda x: -x)[:3])
for n in (0, 3, 50, 200):
    print(pipeline(n), pipeline(n))

def tree(d):
    if d:
        yield from tree(d - 1)
        yield d
        yield from tree(d - 1)

def usetree(d):
    s = 0
    for v in tree(d):
        s = s * 3 + v if s < 2 ** 80 else v
    return s
for d in (1, 4, 7, 3):
    print(usetree(d))

def sendy():
    tot = 0
    while True:
        x = (yield tot)
        if x is None:
            return tot
        tot += x

def driver(vals):
    g = sendy()
    next(g)
    r = []
    for v in vals:
        try:
            r.append(g.send(v))
        except StopIteration as e:
            r.append(('stop', e.value))
            break
        except TypeError as e:
            r.append(str(e))
            break
    return r
for vals in ([1, 2, 3], [1, 2.5, 2 ** 63, None, 5], ['a'], [True, None]):
    print(driver(vals), driver(vals))

def deleg(vals):

    def outer():
        r = (yield from sendy())
        yield ('r', r)
    g = outer()
    out = [next(g)]
    for v in vals:
        out.append(g.send(v))
    return out
print(deleg([1, 2, None]), deleg([2.5, None]))

def reent():

    def g():
        yield next(it)
    it = g()
    try:
        next(it)
    except ValueError as e:
        return str(e)
print(reent(), reent())

def early(n):
    log = []

    def g():
        try:
            for i in itertools.count():
                yield i
        except GeneratorExit:
            log.append('exit')
            raise
        finally:
            log.append('fin')
    for x in g():
        if x >= n:
            break
    log.append('after')
    it = g()
    next(it)
    del it
    log.append('deleted')
    return log
for n in (0, 3):
    print(early(n))

def genexc(n):

    def g():
        for i in range(n):
            try:
                yield i
            except KeyError as e:
                yield ('k', str(e))

    def use():
        it = g()
        r = []
        for x in it:
            try:
                if x == 1:
                    raise KeyError('z')
                r.append(x)
            except KeyError as e:
                r.append(it.throw(e))
                r.append(sys.exc_info()[0].__name__)
        r.append(sys.exc_info()[0])
        return r
    return use()
for n in (1, 3, 5):
    print(genexc(n))

async def aw(n):
    for i in range(n):
        await asyncio.sleep(0)
    return n * 2

async def agen(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)

class ACM:

    def __init__(self, log):
        self.log = log

    async def __aenter__(self):
        self.log.append('ae')
        return self

    async def __aexit__(self, t, v, tb):
        self.log.append(t and t.__name__)
        return t is KeyError

async def amain(k):
    log = []
    rs = await asyncio.gather(*(aw(i) for i in range(4)), return_exceptions=True)
    async for x in agen(4):
        if x == 2:
            continue
        log.append(x)
    log.append([y async for y in agen(3) if y])
    async with ACM(log) as c:
        raise KeyError(k)
    try:
        async with asyncio.timeout(0.001):
            while True:
                await asyncio.sleep(0)
                spin(50)
    except TimeoutError:
        log.append('to')
    t = asyncio.create_task(aw(100000))
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
    except asyncio.CancelledError:
        log.append('cancelled')
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(bad(1))
            tg.create_task(bad(2))
            tg.create_task(aw(3))
    except* ValueError as g:
        log.append(sorted((str(e) for e in g.exceptions)))
    return (rs, log)

async def bad(n):
    await asyncio.sleep(0)
    if n % 2:
        raise ValueError(n)
    return spin(n)

def spin(n):
    s = 0
    for i in range(n):
        s += i * 2
    return s
for k in range(3):
    print(asyncio.run(amain(k)))

def producer(q, n):
    for i in range(n):
        q.put(i if i % 3 else float(i))
    q.put(None)

def consumer(q, out):
    s = 0
    while (x := q.get()) is not None:
        s += x
    out.append(s)

def threads(n):
    q = queue.Queue(5)
    out = []
    ts = [threading.Thread(target=producer, args=(q, n)), threading.Thread(target=consumer, args=(q, out))]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    return out
for n in (10, 300):
    print(threads(n))
lock = threading.Lock()
total = 0

def incr(n):
    global total
    for i in range(n):
        with lock:
            total += 1

def par():
    global total
    total = 0
    ts = [threading.Thread(target=incr, args=(500,)) for _ in range(6)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    return total
print(par(), par())

def texc(k):
    if k % 3 == 0:
        raise KeyError(k)
    return texc(k - 1) + 1
caught = []
threading.excepthook = lambda a: caught.append((a.exc_type.__name__, str(a.exc_value)))
ts = [threading.Thread(target=texc, args=(k,)) for k in range(9)]
[t.start() for t in ts]
[t.join() for t in ts]
print(sorted(caught))
loc = threading.local()

def tl(k, out):
    loc.x = k
    for i in range(300):
        loc.x += i % 3
    out[k] = loc.x

def tls():
    out = {}
    ts = [threading.Thread(target=tl, args=(k * 1.5 if k % 2 else k, out)) for k in range(6)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    return sorted(out.items())
print(tls(), tls())

@functools.lru_cache(maxsize=None)
def lc(n):
    return n if n < 2 else lc(n - 1) + lc(n - 2)
print(lc(100), lc.cache_info())

@functools.singledispatch
def sd(x):
    return 'obj'

@sd.register
def _(x: int):
    return 'int' + str(x)

@sd.register(list)
def _(x):
    return [sd(y) for y in x]

def usd():
    return [sd(v) for v in (1, True, 'x', [1, 2.5, [None]], 2 ** 70)]
for _ in range(3):
    print(usd())
