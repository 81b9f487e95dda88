"""Decorated functions where C calls back: hooks, handlers, keys, threads that Python did not start."""

import bisect
import codecs
import ctypes
import functools
import gc
import heapq
import itertools
import json
import operator
import re
import signal
import sqlite3
import sys
import threading
import weakref
import xml.parsers.expat

from gophersnake import jit

LOG = []


@jit
def work(n):
    s = 0
    for i in range(n):
        s += i
    return s


@jit
def key(x):
    return -x % 7, x


@jit
def note(*args, **kw):
    LOG.append((len(args), sorted(kw), work(len(args))))


for _ in range(4):
    print(sorted(range(12), key=key), max(range(9), key=key), min(range(9), key=key), [1, 5, 3].sort(key=key))
    print(list(map(jit(lambda a, b: a * b), range(5), range(5))), list(filter(jit(lambda a: a % 2), range(9))))
    print(functools.reduce(jit(lambda a, b: a + b), range(20), 0.5), sorted([3, 1, 2], key=functools.cmp_to_key(jit(lambda a, b: b - a))))
    print(bisect.bisect([1, 4, 9, 16], 10, key=jit(lambda x: x + 1)), list(heapq.merge([1, 4], [3, 2], key=key)))
    print(
        [(k, list(g)) for k, g in itertools.groupby(range(9), jit(lambda x: x // 4))],
        list(itertools.accumulate(range(6), jit(lambda a, b: a * 2 + b))),
    )
    print(re.sub(r"\d+", jit(lambda m: str(work(int(m[0])))), "a5 b60 c7"), operator.call(work, 9))
    print(json.loads('{"a": {"b": 1.5}}', object_hook=jit(lambda d: sorted(d.items())), parse_float=jit(lambda s: float(s) * 2)))
    print(json.dumps({1: {2, 3}}, default=jit(lambda o: sorted(o))))

# SQLite
base = sqlite3.connect(":memory:")
base.create_function("work", 1, work)
base.create_collation("backwards", jit(lambda a, b: (a < b) - (a > b)))


@jit
class Sum:
    def __init__(self):
        self.total = 0.0

    def step(self, x):
        self.total += x

    def finalize(self):
        return self.total


base.create_aggregate("total_of", 1, Sum)
base.execute("create table t (x, y)")
base.executemany("insert into t values (?, ?)", ((i, str(i)) for i in range(30)))
for _ in range(3):
    print(
        base.execute("select sum(work(x)), total_of(x) from t").fetchall(),
        base.execute("select y from t order by y collate backwards limit 3").fetchall(),
    )
base.create_function("fails", 1, jit(lambda x: 1 // x))
try:
    base.execute("select fails(0)").fetchall()
except sqlite3.OperationalError as e:
    print(e)

# expat, codecs
parser = xml.parsers.expat.ParserCreate()
parser.StartElementHandler = jit(lambda name, attributes: LOG.append((name, work(len(attributes)))))
parser.Parse("<a x='1'><b/><b y='1' z='2'/></a>", True)
codecs.register_error("marked", jit(lambda e: ("?" * work(3), e.end)))
print(LOG, ["aé€b".encode("ascii", "marked") for _ in range(4)])
LOG.clear()


# hooks of the interpreter
@jit
def tracer(frame, event, arg):
    if frame.f_code is work.__code__:
        LOG.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


@jit
def profiler(frame, event, arg):
    if frame.f_code is work.__code__:
        LOG.append(event)


for _ in range(3):
    sys.settrace(tracer)
    work(2)
    sys.settrace(None)
    sys.setprofile(profiler)
    work(2)
    sys.setprofile(None)
    print(LOG)
    LOG.clear()
sys.unraisablehook = jit(lambda u: LOG.append((u.exc_type.__name__, work(5))))
sys.excepthook = jit(lambda *a: print("excepthook", a[0].__name__))
threading.excepthook = jit(lambda a: LOG.append(("thread", a.exc_type.__name__)))


class Fails:
    @jit
    def __del__(self):
        raise KeyError(work(3))


for _ in range(3):
    Fails()
    thread = threading.Thread(target=jit(lambda: work("x")))
    thread.start()
    thread.join()


class Thing:
    pass


ended = jit(lambda ref: LOG.append(("ended", work(6))))
refs = [weakref.ref(Thing(), ended) for _ in range(3)]
weakref.finalize(Thing(), note, 1, b=2)
collected = jit(lambda phase, info: LOG.append((phase, work(4))))
gc.callbacks.append(collected)
gc.collect()
gc.callbacks.remove(collected)
signal.signal(signal.SIGUSR1, jit(lambda number, frame: LOG.append((number == signal.SIGUSR1, work(7)))))
for _ in range(3):
    signal.raise_signal(signal.SIGUSR1)
print(LOG)
LOG.clear()

# ctypes: called from C, and from a thread that C started
native = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(work)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(jit(lambda a, b: a[0] - b[0]))
libc = ctypes.CDLL(None)
for _ in range(4):
    numbers = (ctypes.c_int * 6)(5, 3, 9, 1, 7, 2)
    libc.qsort(numbers, 6, ctypes.sizeof(ctypes.c_int), compare)
    print(native(10), list(numbers))


@jit
def deep(n):
    return deep(n - 1) + 1 if n else 0


@jit
def in_thread(argument):
    s = 0
    for i in range(2000):
        s += work(i & 15)
    LOG.append((s, deep(300)))
    return 0


start = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(in_thread)
for _ in range(3):
    threads = [ctypes.c_ulong() for _ in range(3)]
    for t in threads:
        assert libc.pthread_create(ctypes.byref(t), None, start, None) == 0
    for t in threads:
        libc.pthread_join(t, None)
print(LOG)
print(operator.methodcaller("append", 1)(LOG), functools.partial(work, 5)())
sys.addaudithook(jit(lambda event, args: LOG.append(event) if event == "gophersnake.test" else None))
sys.audit("gophersnake.test", 1)
print(LOG[-1])
