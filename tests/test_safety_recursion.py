"""Recursion ends where it ends in plain Python, and where the C stack is short the interpreter goes on without it."""

import sys

import pytest

from .safety_support import SMALLEST, python, same

SHAPES = """
import functools

def plain_decorator(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args)
    return wrapper

@jit
def itself(box):
    box[0] += 1
    return itself(box) + 1

@jit
def quiet(n):
    return quiet(n + 1) + 1

@jit
def ping(box):
    box[0] += 1
    return pong(box) + 1

def pong(box):
    box[0] += 1
    return ping(box) + 1

@jit
def both(box):
    box[0] += 1
    return other(box) + 1

@jit
def other(box):
    box[0] += 1
    return both(box) + 1

class Tree:
    @jit
    def method(self, box):
        box[0] += 1
        return self.method(box) + 1

    @jit
    def __init__(self, box=None):
        if box is not None:
            box[0] += 1
            self.child = Tree(box)

    @classmethod
    @jit
    def cls(cls, box):
        box[0] += 1
        return cls.cls(box)

    @property
    @jit
    def prop(self):
        self.box[0] += 1
        return self.prop

    @jit
    def __repr__(self):
        self.box[0] += 1
        return repr([self])

    @jit
    def __eq__(self, other):
        self.box[0] += 1
        return self == other

    @jit
    def __getattr__(self, name):
        self.__dict__["box"][0] += 1
        return getattr(self, name + "x")

@jit
def by_map(box):
    box[0] += 1
    return list(map(by_map, [box]))

@jit
def by_sorted(box):
    box[0] += 1
    return sorted([1, 2], key=lambda x: by_sorted(box))

@plain_decorator
@jit
def outside(box):
    box[0] += 1
    return outside(box)

@jit
@plain_decorator
def inside(box):
    box[0] += 1
    return inside(box)

@jit
def star(*args, **kw):
    args[0][0] += 1
    return star(*args, **kw)

@jit
def default(box, n=1, *, k=2):
    box[0] += 1
    return default(box, k=n)

@jit
def closure(box):
    def inner():
        box[0] += 1
        return closure(box)
    return inner()

@jit
def generator(box):
    box[0] += 1
    return [x for x in (generator(box) for _ in range(3))]

@jit
def handler(box):
    try:
        box[0] += 1
        handler(box)
    except RecursionError as e:
        box.append(str(e)[:20])
        raise

@jit
def cleanup(box):
    try:
        box[0] += 1
        cleanup(box)
    finally:
        box.append(len(box))

@jit
def loop(box):
    for i in range(10):  # the arguments are compared when it is made, which counts
        box[0] += 1
        loop(box)

@jit
def exact(n):
    return 0 if n == 0 else exact(n - 1) + 1

def with_box(f, name):
    def run(box):
        t = Tree()
        t.box = box
        return f(t)
    run.__name__ = name
    return run

ALL = [itself, quiet, ping, both, other, Tree().method, Tree, Tree.cls, with_box(lambda t: t.prop, "prop"), with_box(repr, "repr"),
       with_box(lambda t: t == 1, "eq"), with_box(lambda t: t.missing, "getattr"), by_map, by_sorted, outside, inside, star, default, closure,
       generator, handler, cleanup, loop]

if (3, 12) <= sys.version_info < (3, 14):
    # There, calls that come by way of C have a limit of their own, which is there for the C stack: native code asks for that itself.
    ALL = [f for f in ALL if f.__name__ not in ("Tree", "prop", "repr", "eq", "getattr", "by_map", "by_sorted")]
if sys.version_info[:2] == (3, 13):
    # Its fast instruction for calls of functions with *args or defaults does not ask whether recursion allows one more: the call after it is the one that fails.
    ALL = [f for f in ALL if f.__name__ not in ("outside", "inside")]
if sys.version_info >= (3, 14):
    # Its fast instruction for calls of classes counts two, but for where a frame begins another piece of the data stack; native code counts one, so it never ends earlier.
    ALL = [f for f in ALL if f is not Tree]
if sys.version_info[:2] == (3, 15):
    # Nor does its fast instruction for f(*args, **kw): plain 3.15.0 goes on as long as there is memory.
    ALL = [f for f in ALL if f is not star]

def depth(f):
    box = [0]
    try:
        f(0 if f is quiet else box)
        return "no error"
    except RecursionError as e:
        tb, lines = e.__traceback__, 0
        while tb:
            lines += 1
            tb = tb.tb_next
        return box[0], len(box), str(e), lines
"""


def test_it_ends_at_the_same_depth():
    # The interpreter's fast instructions, which it has for what is hot, count less: native code counts like those.
    same(SHAPES + """
for f in ALL:
    for _ in range(6):
        depth(f)
    print(f.__name__, depth(f))
for limit in 150, 1000, 5000:
    sys.setrecursionlimit(limit)
    low, high = 1, limit + 10
    while low < high:
        middle = (low + high) // 2
        try:
            exact(middle)
            low = middle + 1
        except RecursionError:
            high = middle
    print(limit, low)
""")


def test_a_first_call_ends_at_the_same_instruction():
    # A comparison of ints counts until the interpreter has specialised it, as it has by the limit if it runs all calls.
    same("""
class Deep:
    @jit
    def method(self, n=1):
        k = 0
        while (n := 2**63) and k < 4:
            k += 1
            try:
                if sum([1, 2]) == getattr(self, "missing", 1):
                    k = 0
            except Exception:
                pass
        return max(len(self), 1, key=self.method)

    @jit
    def __len__(self):
        return 2

for _ in range(3):
    try:
        Deep().method()
    except RecursionError as e:
        tb, at = e.__traceback__, []
        while tb:
            at.append((tb.tb_lineno, tb.tb_lasti))
            tb = tb.tb_next
        print(len(at), at[-3:], e)
""")


def test_afterwards_nothing_is_left():
    python(SHAPES + """
import ctypes, gc
for f in ALL:
    depth(f), depth(f)
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(5):
        depth(f)
    gc.collect()
    grown = sys.getallocatedblocks() - blocks
    assert grown < 500, (f.__name__, grown)  # one for each of the activations were thousands; some are caches
before = exact(sys.getrecursionlimit() - 10)
""")


DEEP = """
sys.setrecursionlimit(10**6)

@jit
def deep(n):
    return 0 if n == 0 else deep(n - 1) + 1

@jit
def fills(n, l):
    if n == 0:
        return len(l)
    l.append(n)
    return fills(n - 1, l)

@jit
def even(n):
    return True if n == 0 else odd(n - 1)

def odd(n):
    return False if n == 0 else even(n - 1)

class Node:
    @jit
    def method(self, n):
        return 0 if n == 0 else self.method(n - 1) + 1

@jit
def strings(n, s):
    return s if n == 0 else strings(n - 1, s[-3:] + "x")

@jit
def turns(n, x):
    if n == 0:
        return x
    return turns(n - 1, x) + (1 if n % 3 else 0.5)

@jit
def tree(n):
    l = []
    if n > 0:
        l.append(tree(n - 1))
    return l

def height(l):
    h = 0
    while l:
        l, h = l[0], h + 1
    return h

@jit
def endless(n):
    return endless(n + 1) + 1

@jit
def endless_method(n):
    return Node.__len__(Node()) if n < 0 else endless_method(n + 1).real

def run(N):
    node = Node()
    for _ in range(2):
        assert deep(N) == N
        assert fills(N, []) == N
        assert even(N) is (N % 2 == 0)
        assert node.method(N) == N
        assert strings(N, "") == "xxxx"
        assert turns(N, 0) == N - N // 3 * 0.5
        assert height(tree(N // 4)) == N // 4 + 0

def runs_out():
    for f in endless, endless_method:
        for _ in range(2):
            try:
                f(0)
                raise AssertionError
            except RecursionError:
                pass
"""


def test_deep_recursion_does_not_crash():
    python(DEEP + """
for N in 30, 2_000, 200_000:
    run(N)
sys.setrecursionlimit(250_000)
runs_out()
run(200_000)
""")


@pytest.mark.in_each_share
@pytest.mark.skipif(sys.version_info < (3, 12), reason="plain 3.11 crashes")
def test_recursion_by_way_of_c_ends_before_the_stack():
    """Calls into native code take nothing of CPython's count of recursion in C: what is interpreted where the stack is short would have all of it."""
    python("""
import sys
@jit
def f(n):
    return next(map(f, (n - 1,))) if n else 0
sys.setrecursionlimit(100_000)
for _ in range(4):
    try:
        f(90_000)
    except RecursionError:
        continue
    raise AssertionError("no RecursionError")
assert f(100) == 0
""")


@pytest.mark.parametrize("kilobytes", sorted({SMALLEST, 128, 256, 1024}))
def test_small_stacks_do_not_crash(kilobytes):
    python(DEEP + f"""
import threading
threading.stack_size({kilobytes} * 1024)
failed = []

def work():
    try:
        run(20_000)
        sys.setrecursionlimit(1_000 if sys.version_info[:2] == (3, 13) else 20_000)  # plain 3.13 frees a traceback by recursion, on this stack
        runs_out()
        sys.setrecursionlimit(10**6)
        run(3_000)
    except BaseException as e:
        failed.append(repr(e))

for _ in range(2):
    t = threading.Thread(target=work)
    t.start()
    t.join()
run(3_000)  # and the main thread, with versions from the small one
assert not failed, failed
""")


def test_stacks_of_different_threads():
    """The limit of one thread's stack must not be taken for another's, below or above it."""
    python(DEEP + f"smallest = {SMALLEST}" + """
import threading
sys.setswitchinterval(1e-5)
failed = []

def work():
    try:
        for _ in range(10):
            run(2_000)
    except BaseException as e:
        failed.append(repr(e))

threads = []
for size in smallest, 256, smallest, 4096, 128:
    threading.stack_size(size * 1024)
    threads.append(threading.Thread(target=work))
for t in threads:
    t.start()
work()
for t in threads:
    t.join()
assert not failed, failed
""", timeout=300)  # the GIL changes hands every few calls, and takes its time where other processes run


def test_an_exception_leaves_deep_recursion_in_linear_time():
    """Each native activation on its way had frames made for all above it: 20,000 took minutes."""
    python(DEEP + """
import time

def plainly(n):
    if n == 0:
        raise KeyError
    return plainly(n - 1) + 1

@jit
def falls(n):
    if n == 0:
        raise KeyError
    return falls(n - 1) + 1

def took(f, n):
    best = 1e9
    for _ in range(3):
        began = time.process_time()
        try:
            f(n)
        except KeyError as e:
            tb, lines = e.__traceback__, -1
            while tb:
                frame, tb, lines = tb.tb_frame, tb.tb_next, lines + 1
                if tb:
                    assert tb.tb_frame.f_back is frame
            assert lines == n + 1
        best = min(best, time.process_time() - began)
    return best

took(falls, 100)
assert took(falls, 20_000) < 100 * took(plainly, 20_000)  # it was thousands
""")
