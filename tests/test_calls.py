"""Calls of known functions with every sort of arguments: bound when they are compiled, as the interpreter binds them."""

import sys

from gophersnake import jit

SOURCE = """
def target(a=1, b=2, c=3): return a, b, c
def star(a, *args, k=4): return a, args, k
def both(a, /, b=5, *args, **kw): args2 = args; kw["z"] = 1; return a, b, args2, kw
def stores(*args, **kw):
    args = args + (1,)
    kw = dict(kw)
    return args, kw
class M:
    def m(self, a, b=2, *args, **kw): return a, b, args, kw
def frame(*args, **kw): return sorted(locals().items())
def boom(*args, **kw): raise ValueError(args, kw)
@JIT
def f(n, o):
    out = []
    for i in range(n):
        out.append(target(i, c=i * 2))
        out.append(target(c=1, b=o, a=i))
        out.append(target(b=1.5))
        out.append(star(i, i + 1, o))
        out.append(star(1))
        out.append(star(1, 2))
        out.append(both(i))
        out.append(both(i, 2, 3, a=4, y=o))
        out.append(both(i, b=o))
        out.append(both(1, *[2, 3], **{"q": 1}))
        out.append(stores(i, o, x=i))
        out.append(stores())
        m = M()
        out.append(m.m(i, b=2))
        out.append(m.m(a=i, q=3))
        out.append(m.m(1, 2, 3.5, o, z=o))
        out.append(frame(i, o, w=2))
        try: boom(i, x=o)
        except ValueError as e: out.append(repr(e))
        try: target(1, a=2)
        except TypeError as e: out.append(repr(e))
        try: target(1, d=2)
        except TypeError as e: out.append(repr(e))
        try: star(k=2)
        except TypeError as e: out.append(repr(e))
        if i == n // 2: target.__defaults__ = (7, 8, 9)
    target.__defaults__ = (1, 2, 3)
    return out
@JIT
def leak(n, o):
    for i in range(n):
        both(o, 2, o, x=o)
        star(o, o, o)
        stores(o, a=o)
        target(c=o)
    return None
"""


def module(decorator):
    names = {"JIT": decorator}
    exec(SOURCE, names)
    return names


def test_each_parameter_gets_its_argument():
    plain, jitted = module(lambda f: f), module(jit)
    for args in [(5, "s"), (40, "s"), (40, 2), (40, [1]), (3, None)]:
        assert jitted["f"](*args) == plain["f"](*args)


def test_references():
    leak = module(jit)["leak"]
    o = object()
    leak(1000, o)
    before = sys.getrefcount(o)
    leak(20_000, o)
    assert sys.getrefcount(o) == before


BUILTINS = """
class Meta(type):
    def __instancecheck__(cls, o): return o == 7
class Odd(metaclass=Meta): pass
class Liar:
    @property
    def __class__(self): return int
class Base: pass
class Derived(Base): pass
VALUES = [7, True, 2.5, "s", None, [1], (1, 2), {"k": 1}, Derived(), Liar(), Odd()]
@JIT
def checks(n):
    out = []
    for i in range(n):
        for v in VALUES:
            out.append((isinstance(v, int), isinstance(v, (str, float, Base)), isinstance(v, Base), isinstance(v, Odd), isinstance(v, int | str)))
            out.append((isinstance(v, ((int,), list)), isinstance(v, object)))
        try: isinstance(i, 3)
        except TypeError as e: out.append(repr(e))
    return out
@JIT
def slices(n):
    out = []
    data, text, pair, raw = list(range(9)), "abcdefghi", tuple(range(9)), b"abcdefghi"
    for i in range(-n, n):
        for j in (None, -12, -3, 0, 4, 12, 2**70, True):
            out.append((data[i:j], text[i:j], pair[i:j], raw[i:j], data[j:i], text[j:i], pair[j:i], data[i:], text[:i], pair[i:]))
    out.append(pair[:] is pair); out.append(text[:] is text); out.append(data[:] is data)
    return out
@JIT
def methods(n):
    out = []
    for i in range(n):
        s = "Some, words " + str(i)
        out.append((s.upper(), s.split(","), s.split(sep=" "), s.find("o", 2), s.replace("o", "0", 1), s.startswith(("S", "x")), s.encode()))
        out.append((s.partition(","), s.join("ab"), "-".join(s.split()), "{} {x}".format(i, x=2.5), s.count("o"), "o" in s, i in (1, 2, 3), s in ("a", None)))
        for wrong in (3, None, 2.5):
            try: s.find(wrong)
            except TypeError as e: out.append(repr(e))
            try: wrong in s
            except TypeError as e: out.append(repr(e))
        d = {"a": 1}
        out.append((d.get("a"), d.get(i, i), d.pop("a", None), d.setdefault(i, []), sorted(d.items()), {1, i}.union([i + 1]), (i, i).count(i)))
    return out
"""


def test_builtins_do_as_plain():
    plain, jitted = {"JIT": lambda f: f}, {"JIT": jit}
    exec(BUILTINS, plain)
    exec(BUILTINS, jitted)
    for name, n in ("checks", 9), ("slices", 14), ("methods", 12):
        for _ in range(4):
            assert jitted[name](n) == plain[name](n)


COMPREHENSIONS = """
class Dies:
    def __init__(self, log): self.log = log
    def __del__(self): self.log.append("dead")
@JIT
def f(row, k):
    log = []
    a = [x * x for x in row if x]
    b = {x: y for x, y in enumerate(row)}
    c = {x + k for x in row}
    d = [[y + x + k for y in row] for x in row]
    e = [x for x in row for y in row if y > x]
    h = [Dies(log) for x in row]
    h = [(len(log), x) for x in row]
    try: g = [1 // x for x in row]
    except ZeroDivisionError as ex:
        g, tb = [repr(ex)], ex.__traceback__
        while tb:
            g.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
            tb = tb.tb_next
    return a, b, c, d, e, h, g
@JIT
def locals_of(n):
    return [sorted(locals()) for x in range(n)]
"""


def test_comprehensions():
    plain, jitted = {"JIT": lambda f: f}, {"JIT": jit}
    exec(COMPREHENSIONS, plain)
    exec(COMPREHENSIONS, jitted)
    for _ in range(60):
        for row, k in [([0, 1, 2, 3], 1), ((1, 2.5, 3), 2), (range(3), 1.5), ([], 0), ({1: 2}, 3), ([2**70, True], 1)]:
            assert repr(jitted["f"](row, k)) == repr(plain["f"](row, k))
        assert jitted["locals_of"](3) == plain["locals_of"](3)


UNPACKED = """
class Text(str): pass
class Dict(dict): pass
def target(a=1, b=2, c=3): return a, b, c
def needs(a, b, /, c, d=4): return a, b, c, d
def many(%s): return p0, p29
@JIT
def call(f, args, kwargs):
    try: return f(*args, **kwargs)
    except TypeError as e: return repr(e)
@JIT
def wrapper(f, **kw): return f(**kw)
""" % ", ".join(f"p{i}={i}" for i in range(30))


def test_unpacked_arguments():
    told = []
    for decorate in (lambda f: f, jit):
        names = {"JIT": decorate}
        exec(UNPACKED, names)
        target, needs, many, call, wrapper = (decorate(names[name]) for name in ("target", "needs", "many", "call", "wrapper"))
        Text, Dict = names["Text"], names["Dict"]
        out = []
        for _ in range(4):
            for args in (), (1,), (1, 2), (1, 2, 3, 4, 5), [1, 2]:
                for kwargs in ({}, {"a": 5}, {"c": 5}, {"b": 1, "c": 2.5}, {"x": 1}, {1: 2}, {Text("c"): 1}, {"".join("c"): 1}, Dict(c=9), {"c": 1, "d": 2, "e": 3},
                               {f"p{i}": -i for i in range(30)}, {"a": 1, "deleted": 2}):
                    kwargs.pop("deleted", None)
                    out += [call(f, args, kwargs) for f in (target, needs, many)]
            out += [wrapper(target, a=1, b=2.5), wrapper(target), wrapper(many, p0=7)]
        told.append(out)
    assert told[0] == told[1]
