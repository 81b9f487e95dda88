"""Attributes that native code finds by itself: what a class, its instances and their dicts may do meanwhile."""

import os
import re
import subprocess
import sys

import pytest
from gophersnake import jit

from .safety_support import same

CLASSES = '''
import sys
class Values:
    def __init__(self, n):
        self.a = n
        if n % 3:
            self.b = n * 2.5
        self.c = str(n)
    def get(self): return self.a
class Slots:
    __slots__ = ("a", "b", "c")
    def __init__(self, n):
        self.a = n
        if n % 3:
            self.b = n * 2.5
        self.c = str(n)
    def get(self): return self.c
class Below(Slots):
    __slots__ = ("d",)
class Mixed(Slots):
    def __init__(self, n):
        super().__init__(n)
        self.e = [n]
class Alien:
    a = Slots.a
class Many:
    def __init__(self, n):
        for i in range(40):
            setattr(self, "x%d" % i, n)
        self.a = n
class Property:
    def __init__(self, n): self._a = n
    @property
    def a(self): return self._a * 2
    @a.setter
    def a(self, n): self._a = n + 1
class Getattr:
    def __getattr__(self, name): return name
class Setattr:
    def __setattr__(self, name, value): object.__setattr__(self, name, [value])

def outcome(f, *args):
    try:
        return f(*args)
    except Exception as e:
        return type(e).__name__, str(e)
'''


def test_reads_and_writes_of_every_kind_of_class():
    same(CLASSES + '''
@jit
def reads(o, n):
    s = []
    for i in range(n):
        s.append(o.a)
        s.append(o.b)
    return s

@jit
def writes(o, n):
    for i in range(n):
        o.a = i
        o.b = o.a
        o.new = (i,)
    return o.b

@jit
def deletes(o):
    o.a = 1
    del o.a
    o.a = 2
    return o.a

for round in range(4):
    for cls in (Values, Slots, Below, Mixed, Alien, Many, Property, Getattr, Setattr):
        for n in (1, 3):
            o = cls(n) if cls.__init__ is not object.__init__ else cls()
            print(cls.__name__, outcome(reads, o, 5), outcome(writes, o, 5), outcome(deletes, o), outcome(reads, o, 2), sorted(getattr(o, "__dict__", ())))
''')


def test_the_order_of_attributes_is_that_of_the_stores():
    same(CLASSES + '''
@jit
def make(cls, order):
    o = cls()
    for name in order:
        if name == "x": o.x = 1
        if name == "y": o.y = 2
        if name == "z": o.z = 3
        if name == "X": del o.x
    return o
class C: pass
for order in ("xyz", "zyx", "yxz", "xyXz", "xyXzx", "zzyx") * 20:
    print(order, vars(make(C, order)))
''')


def test_changes_of_class_and_instance_take_effect():
    same(CLASSES + '''
@jit
def use(o, n):
    s = 0
    for i in range(n):
        o.a = o.a + 1
        s = s + o.a
    return s, o.get()

def fresh():
    class C:
        def __init__(self): self.a = 1
        def get(self): return "get"
    return C

def later(o): return "later"
changes = [
    lambda C, o: setattr(C, "a", 7),
    lambda C, o: setattr(C, "a", property(lambda self: 5, lambda self, v: None)),
    lambda C, o: setattr(C, "get", later),
    lambda C, o: setattr(o, "get", lambda: "own"),
    lambda C, o: o.__dict__.update(get=lambda: "dict"),
    lambda C, o: setattr(C, "__getattribute__", lambda self, name: 11 if name == "a" else later.__get__(self)),
    lambda C, o: setattr(C, "__setattr__", lambda self, name, value: None),
    lambda C, o: setattr(o, "__class__", type("D", (), {"get": later})),
    lambda C, o: setattr(o, "__dict__", {"a": 100}),
    lambda C, o: o.__dict__,
    lambda C, o: [setattr(C(), "k%d" % i, i) for i in range(40)],
    lambda C, o: setattr(C(), "get", 3),
    lambda C, o: delattr(o, "a"),
]
for change in changes:
    for warm in (0, 1, 3):
        C = fresh()
        o = C()
        for _ in range(warm):
            use(o, 10)
        print(outcome(use, o, 3))
        change(C, o)
        print(outcome(use, o, 3), outcome(use, C(), 3), outcome(use, o, 3))
''')


def test_what_is_replaced_ends_at_once():
    same(CLASSES + '''
class Noisy:
    def __init__(self, n): self.n = n
    def __del__(self): print("end of", self.n, sys._getframe(1).f_code.co_name)
@jit
def replaces(o, n):
    for i in range(n):
        o.a = Noisy(i) if i % 2 else i
        o.c = i * 0.5
        print(i)
for cls in (Values, Slots):
    for _ in range(3):
        replaces(cls(1), 6)
''')


def test_many_classes_at_one_site():
    same(CLASSES + '''
classes = []
for k in range(300):
    ns = {"__slots__": ("a", "p%d" % (k % 7))} if k % 2 else {}
    classes.append(type("C%d" % k, (), ns))
@jit
def total(objects):
    s = 0
    for o in objects:
        o.a = o.a + 1
        s += o.a
    return s
objects = [c() for c in classes]
for k, o in enumerate(objects): o.a = k
for _ in range(5):
    print(total(objects))
''')


def test_instances_whose_dict_was_made():
    same(CLASSES + '''
class Key(str):
    def __hash__(self): return hash(str(self))
    def __eq__(self, other):
        if raising: raise ValueError("compared")
        return str.__eq__(self, other)
raising = False
class C:
    def method(self): return "method"
class L(list):
    def method(self): return len(self)
@jit
def use(o, n):
    s = []
    for i in range(n):
        o.x = i
        s.append(o.x)
        s.append(o.method())
        o.y = [o.x]
    return s, o.y
def dicts():
    o = C(); vars(o); yield o
    o = C(); o.__dict__ = {"y": 1, "x": 2}; yield o
    o = C(); o.__dict__ = {1: 2, "x": 3}; yield o
    o = C(); vars(o).update({"k%d" % i: i for i in range(100)}); yield o
    o = C(); vars(o)["method"] = lambda: "own"; yield o
    o = C(); o.__dict__ = {Key("method"): lambda: "key"}; yield o
    o = C(); o.__dict__ = {Key("x"): 3}; yield o
    o = L([1]); o.z = 3; yield o
    squares = [C() for _ in range(50)]
    for k, o in enumerate(squares):
        o.x = o.late = k
    for o in squares[-3:]: yield o
for raising in (False, True):
    for _ in range(3):
        for o in dicts():
            print(outcome(use, o, 4), sorted(map(str, vars(o)), key=str) if not raising else "")
''')


@pytest.mark.in_each_share
@pytest.mark.skipif(sys.version_info < (3, 12), reason="nobody can watch a dict")
def test_a_dict_that_shares_the_values_of_an_instance_tells_of_stores():
    pytest.importorskip("_testcapi")
    same(CLASSES + '''
import _testcapi
@jit
def writes(o, n):
    for i in range(n):
        o.a = i
    return o.a
o = Values(1)
writes(o, 9)
watcher = _testcapi.add_dict_watcher(0)
try:
    _testcapi.watch_dict(watcher, vars(o))
    writes(o, 9)
    print(_testcapi.get_dict_watcher_events(), vars(o))
finally:
    _testcapi.clear_dict_watcher(watcher)
''')


DEFAULTS = """
class Plain: pass
class Base: c = 3
class Fields(Base):
    a = 1
    b = "x"
    late = Plain()
class Slotted:
    __slots__ = ("a",)
    b = 2
def told(f):
    try: return f()
    except Exception as e: return repr(e)
@JIT
def fill(o, i):
    o.a = i
    o.b = i + 1
    o.c = (i,)
    o.late = -i
    return o.a, o.b, o.c, o.late
@JIT
def read(o): return o.a, o.b, o.c, o.late
@JIT
def store(o, i):
    o.b = i
    return o.b
def run():
    out = []
    o = Fields()
    for i in range(6):
        out.append(read(o) [:3])
        out.append(fill(o, i))
        out.append(sorted(vars(o).items(), key=str))
        out.append(fill(Fields(), i))
        del o.b
        out.append((o.b, read(o)))
    Plain.__set__ = lambda self, o, value: out.append(("set", value))
    Plain.__get__ = lambda self, o, t: "got"
    out.append(told(lambda: fill(Fields(), 1)))
    del Plain.__set__, Plain.__get__
    out.append(fill(Fields(), 2))
    Fields.b = property(lambda self: "property")
    out.append(told(lambda: fill(Fields(), 3)))
    out.append(told(lambda: read(o)))
    Fields.b = 9
    out.append(fill(o, 4))
    del Fields.b
    out.append(fill(o, 5))
    s = Slotted()
    for i in range(4): out.append(told(lambda: store(s, i)))
    return out
"""


def test_what_a_class_has_too():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(DEFAULTS, names)
        told.append([re.sub("0x[0-9a-f]+", "", repr(x)) for x in names["run"]()])
    assert told[0] == told[1]


def test_instances_of_subclasses_of_builtins_are_known_to_have_no_values():
    source = CLASSES + """
from gophersnake import jit
class Named(dict):
    def __init__(self, a):
        super().__init__()
        self.a = a
    def get_a(self): return self.a
@jit
def f(n):
    total = 0
    for i in range(n):
        d = Named(i)
        d.b = d.a + d.get_a()
        total += d.b + len(vars(d))
    return total
print([f(n) for n in (1, 5, 300, 300)])
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env={**os.environ, "GOPHERSNAKE_LOG": "exits"}, check=True)
    assert done.stdout == f"{[n * (n - 1) + 2 * n for n in (1, 5, 300, 300)]}\n"
    assert "reason 0," not in done.stderr  # GS_WHY_TYPE
