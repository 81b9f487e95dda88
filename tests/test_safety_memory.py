"""What compiled functions leave behind when they end: nothing. And no page is ever writable and executable."""

from pathlib import Path

from .safety_support import python, same

MEASURE = """
import gc, types, weakref

def mappings():
    return [line.split() for line in open("/proc/self/maps")]

def both_ways():
    return [m for m in mappings() if "w" in m[1] and "x" in m[1]]
"""


def test_throw_away_functions_leave_memory_flat():
    python(MEASURE + '''
def simple(i):
    namespace = {}
    exec(f"def f(n):\\n s = {i}\\n for k in range(n):\\n  s += k\\n return s", namespace)
    f = jit(namespace["f"])
    f(10), f(10)

def handles(i):
    namespace = {}
    exec(f"def f(n):\\n try:\\n  return n // ({i} - n)\\n except ZeroDivisionError:\\n  return 0", namespace)
    f = jit(namespace["f"])
    for k in (i, 1.5, i, "a"):
        try:
            f(k)
        except TypeError:
            pass

def recursive(i):
    namespace = {"jit": jit}
    exec(f"def outer():\\n @jit\\n def fib(n):\\n  return n + {i} if n < 2 else fib(n - 1) + fib(n - 2)\\n return fib", namespace)
    namespace["outer"]()(6)

def outer(a):
    @jit
    def inner(x):
        return x + a
    @jit
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    return inner, fib

def closure(i):
    inner, fib = outer(i)
    inner(1), inner(2), inner(1.5), fib(5)

MODULE = compile("""
import gophersnake
@gophersnake.jit
def a(x):
    return b(x) + 1
@gophersnake.jit
def b(x):
    return x * 2
class C:
    @gophersnake.jit
    def m(self):
        return self.v
    @gophersnake.jit
    def me(self, n):
        return self if n == 0 else self.me(n - 1)
c = C()
c.v = 1
for k in range(4):
    a(k), c.m(), c.me(3)
""", "module", "exec")

def module(i):
    exec(MODULE, types.ModuleType("m").__dict__)

made = 0
for make, times in (simple, 7000), (handles, 3000), (recursive, 2000), (closure, 2000), (module, 1500):
    seen = []
    for part in range(5):
        for i in range(times // 5):
            make(i)
        for _ in range(3):
            gc.collect()
        simple(0)  # a compile frees what ended before it
        gc.collect()
        seen.append((resident(), len(mappings()), sys.getallocatedblocks()))
    stats = _native.stats()
    made += times * (4 if make is module else 2 if make is closure else 1)
    assert stats["functions"] == 0 and stats["units"] == 0, (make.__name__, stats)
    assert seen[4][0] - seen[1][0] < 2_000, (make.__name__, seen)
    assert abs(seen[4][1] - seen[1][1]) < 10, (make.__name__, seen)
    assert seen[4][2] - seen[1][2] < 200, (make.__name__, seen)
    assert not both_ways()
assert made >= 20_000, made
assert _native.stats()["compiles"] > 12_000
''', timeout=300)


def test_the_collector_finds_every_cycle():
    python(MEASURE + """
class Node:
    pass

def cycle_by_constant():
    node = Node()
    @jit
    def f(n):
        return node if n == 0 else f(n - 1)
    node.f = f
    f(3), f(2)
    return node, f

def cycle_by_default():
    node = Node()
    @jit
    def f(n, node=node):
        return node
    node.f = f
    f(1), f(2)
    return node, f

def cycle_by_globals():
    namespace = {}
    exec("def g(x): return x + 1\\ndef f(n): return g(n) + len(keep)\\nkeep = []", namespace)
    f, g = jit(namespace["f"]), jit(namespace["g"])
    namespace["keep"].append(f)
    f(1), f(2), g(1)
    node = namespace["node"] = Node()
    return node, f

def cycle_by_attribute():
    node = Node()
    @jit
    def f(n):
        return n * 2
    f.node, node.f = node, f
    f(1), f(1.5)
    return node, f

def cycle_by_method():
    class C(Node):
        @jit
        def m(self, n):
            return self if n == 0 else self.m(n - 1)
    c = C()
    c.m(4), c.m(3)
    c.c = C
    return c, vars(C)["m"]

for make in cycle_by_constant, cycle_by_default, cycle_by_globals, cycle_by_attribute, cycle_by_method:
    ended = []
    node, f = make()
    assert units(f), make.__name__
    refs = [weakref.ref(node, lambda r: ended.append("node")), weakref.ref(f, lambda r: ended.append("function"))]
    gc.collect()
    assert not ended
    del node, f
    for _ in range(3):
        gc.collect()
    # Callbacks of references that are outside the garbage come; both must.
    assert sorted(ended) == ["function", "node"], (make.__name__, ended)
    assert [r() for r in refs] == [None, None]

# Without a cycle the last reference is enough.
ended = []
def make():
    @jit
    def f(n):
        return n + 1
    return f
f = make()
f(1), f(2)
gc.disable()
ref = weakref.ref(f, lambda r: ended.append(1))
del f
assert ended == [1]
""")


def test_no_page_is_writable_and_executable():
    python(MEASURE + """
import threading
sys.setswitchinterval(1e-6)
stop, looks, failed = [], [0], []

def look():
    while not stop:
        found = both_ways()
        looks[0] += 1
        if found:
            failed.append(found)

watchers = [threading.Thread(target=look) for _ in range(2)]
before = both_ways()
assert not before, before
for t in watchers:
    t.start()
kept = []
for i in range(300):
    namespace = {}
    exec(f"def f(n):\\n s = {i}\\n for k in range(n):\\n  s += k * 1.5\\n return s", namespace)
    f = jit(namespace["f"])
    f(10), f(10.0) if False else f(20)
    kept.append(f)
    if i % 3 == 0:
        kept.pop(0)  # pages are given back, and used again
    if i % 20 == 0:
        gc.collect()
    assert not both_ways()
stop.append(1)
for t in watchers:
    t.join()
assert not failed, failed[0]
assert looks[0] > 50, looks
addresses = [int(m[0].split("-")[0], 16) for m in mappings() if "x" in m[1]]
assert any("x" in m[1] and len(m) < 6 for m in mappings()), "code lies in private anonymous pages"
assert all(m[1][3] == "p" for m in mappings() if "x" in m[1])
""")


def test_units_that_nobody_runs_are_freed():
    """Of functions that learn and learn, while another one is in the middle of code that is older than what it has by then."""
    python('''
from gophersnake import stats
BODY = "".join(f"        t = t + x * {i} - (t if t < {i} else x)\\n" for i in range(80))

def make(jit):
    namespace = {"jit": jit}
    exec(f"@jit\\ndef f(x, k, then):\\n    t = 0\\n    for i in range(k):\\n{BODY}        if i == 3: then()\\n    return t\\n", namespace)
    return namespace["f"]

plain, held = make(lambda f: f), make(jit)

def then():
    """Learns until what was replaced is looked for: every few megabytes."""
    held(x + 1, 9, int), held(0.5, 9, int)
    released = stats()["released"]
    for _ in range(100):
        f = make(jit)
        learning.append(f)
        for y in 1, 2.5, True, 3, 2 ** 70, 1.5, 4:
            for _ in range(6):
                assert f(y, 9, int) == plain(y, 9, int)
        if stats()["released"] > released + 10:
            return
    raise AssertionError(stats())

learning = []
for x in 2, 2.5, 3:
    assert held(x, 6, then) == plain(x, 6, int)
assert not stats()["failures"], stats()
''', timeout=300)


def test_references_at_rest():
    python("""
import gc

class Thing:
    def __init__(self):
        self.v = 3

    def m(self, x):
        return x

class Context:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return True

class Bad:
    def __add__(self, other):
        raise KeyError(1)
    __radd__ = __add__

@jit
def identity(x):
    return x

@jit
def add(a, b):
    return a + b

@jit
def total(l):
    s = 0
    for x in l:
        s += x
    return s

@jit
def store(d, k, v):
    d[k] = v
    return d[k]

@jit
def build(a, b):
    return [a, b, (a, b), {a: b}, {a}]

@jit
def attribute(o):
    o.v = o.v
    return o.m(o.v)

@jit
def handled(x):
    try:
        return x.nope
    except AttributeError as e:
        return e.name

@jit
def raised(x):
    y = [x]
    raise ValueError(x)

@jit
def passed_on(x):
    try:
        try:
            raised(x)
        finally:
            y = [x]
    except KeyError:
        pass

@jit
def divide(a, b):
    return a // b

@jit
def twice(x):
    y = x * 2
    return y + x

@jit
def closure(x):
    def inner():
        return x
    return inner()

@jit
def star(*args, **kw):
    return args, kw

@jit
def default(a, b=(1, 2), *, c=None):
    return a, b, c

@jit
def unpack(t):
    a, b = t
    b, a = a, b
    return a

@jit
def comprehensions(l):
    return [x for x in l if x], {x: x for x in l}, sum(x for x in l if x)

@jit
def managed(c):
    with c as v:
        return v

@jit
def formatted(x):
    return f"{x!r}-{x}"

@jit
def keywords(o):
    return default(o, c=o), star(o, k=o)

@jit
def counted(n, x):
    s = x
    for i in range(n):
        s = s + 1
    return s

@jit
def nested(n, o):
    if n == 0:
        return o
    return nested(n - 1, o)

@jit
def cleaned(o):
    try:
        return o.m(1)
    finally:
        o.v = 5

@jit
def unbound(o):
    x = o
    y = x
    del x
    try:
        return x
    except UnboundLocalError:
        return y

@jit
def outside(l, i):
    try:
        return l[i]
    except IndexError:
        l[0] = l[-1]
        return l[0]

def each(f, *argument_tuples):
    def run():
        for arguments in argument_tuples:
            try:
                f(*arguments)
            except Exception:
                pass
    return f.__name__, run

def one(f, *values):
    return each(f, *((v,) for v in values))

o, big, x, s = Thing(), 2**100, 1e300, "hello" * 3
t, l, mixed, d, c, bad = (o, s), [1, 2, 3], [1, 2.5, big, True], {}, Context(), Bad()
watched = [o, big, x, s, t, l, mixed, d, c, bad, Thing, None, True, 0, KeyError, ValueError]
CASES = [
    one(identity, o, big, x, s, t, 1, None, True),
    each(add, (1, 2), (x, x), (s, s), (big, 1), (l, l), (o, 1), (1, x), (bad, 1), (2**62, 2**62)),
    one(total, l, mixed, t, [x], [o]),
    each(store, (d, s, o), ([1, 2], 0, x), ([1, 2], 5, o), (d, l, 1), (d, 1, big)),
    each(build, (1, 2), (o, x), (s, big), (l, l)),
    one(attribute, o, 1, s),
    one(handled, o, 1, x, s, big),
    one(raised, o, 1, x, s, big),
    one(passed_on, o, 1, x, s, big),
    each(divide, (1, 0), (7, 2), (x, 0.0), (big, 7), (7, -1), (-(2**63), -1), (o, 1)),
    one(twice, 1, x, s, big, l, o, t, True, 2**62),
    one(closure, 1, x, o, big),
    each(star, (1, o, x), (), t),
    each(default, (o,), (1, x), (), (1, 2, 3, 4)),
    one(unpack, (1, 2), t, [x, big], (1,), (1, 2, 3), 5, "ab"),
    one(comprehensions, l, mixed, [o], 5),
    one(managed, c, 1),
    one(formatted, o, 1, x, s, big),
    one(keywords, o, 1, x),
    each(counted, *((5, v) for v in (1, x, big, 2**63 - 3, o, True))),
    each(nested, *((7, v) for v in (o, 1, x, big))),
    one(cleaned, o, 1),
    one(unbound, o, 1, x),
    each(outside, ([o, x], 1), ([o, x], 2), ([1, 2], -3), ([big], 0), (t, 5)),
]

for name, run in CASES:
    for round in range(2):  # the first compiles
        gc.collect()
        counts, blocks = [sys.getrefcount(w) for w in watched], sys.getallocatedblocks()
        for _ in range(20_000 if round else 500):
            run()
        gc.collect()
        grown = sys.getallocatedblocks() - blocks
        moved = [now - before for now, before in zip([sys.getrefcount(w) for w in watched], counts)]
    assert abs(grown) < 100 and max(map(abs, moved)) < 10, (name, grown, moved)
""", timeout=180)


def test_allocations_that_fail():
    """The functions of adversarial/memory.py alone are jitted here. The interpreter had no memory for a cell, and its frame was cleared past its end; a compile
    that had none left the eval breaker set for good, so that every call took an exit."""
    path = Path(__file__).parent / "adversarial" / "memory.py"
    same(f"""
source = open({str(path)!r}).read().replace("good = {{}}", "for f, a, k in CASES: jit(f)\\ngood = {{}}")
exec(compile(source, "memory", "exec"))

@jit
def calls(n):
    for i in range(3):
        n = str(n)
    return n

for n in range(20):
    calls(n)
info = _native.record_info(calls)
exits = info and info["exits"]
for n in range(200):
    calls(n)
print((info and _native.record_info(calls)["exits"] - exits or 0) < 100)
""", GOPHERSNAKE_FORCE_GUARD="all")
