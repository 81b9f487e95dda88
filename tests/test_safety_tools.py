"""Tracers, profilers, debuggers, coverage, and whoever looks at frames see what they see in plain Python."""

import os
import subprocess
import sys

import pytest

from .safety_support import same

EVENTS = r"""
import sys, functools
LOG=[]
def rel(f): return f.f_lineno - f.f_code.co_firstlineno
NAMES={'loop','callee','raises','handler','outer','method','gen','__init__','clos','inner','finally_','withs','switcher','comp','<listcomp>','after','deepcall','leaf','mid','top','catches'}
def tr(frame, event, arg):
    if frame.f_code.co_name not in NAMES: return None
    LOG.append((frame.f_code.co_name, event, rel(frame), repr(arg) if event in('return',) else (arg[0].__name__ if event=='exception' else None), sorted(frame.f_locals) ))
    return tr
def pr(frame, event, arg):
    LOG.append(('P', frame.f_code.co_name, event, rel(frame), getattr(arg,'__name__',None) if event.startswith('c_') else (repr(arg) if event=='return' else None)))
@jit
def callee(x):
    y = x + 1
    return y * 2
@jit
def loop(n):
    s = 0
    for i in range(n):
        s += callee(i)
        if s > 5:
            s -= 1
    return s
@jit
def raises(x):
    y = 1
    return y // x
@jit
def handler(n):
    try:
        return raises(n)
    except ZeroDivisionError as e:
        z = 3
    finally:
        w = 4
    return z + w
class C:
    @jit
    def __init__(self, v):
        self.v = v
    @jit
    def method(self):
        return self.v + 1
@jit
def outer(n):
    l = [C(i).method() for i in range(n)]
    k = 0
    while k < n:
        k += 1
    return l, len(l), sorted(l), sum(x for x in l)
@jit
def leaf(x):
    if x == 3:
        hook()
    return x + 1
@jit
def mid(x):
    a = leaf(x)
    a += 1
    return a
@jit
def top(n):
    t = 0
    for i in range(n):
        t += mid(i)
        t += 0
    return t
hook=lambda: None
@jit
def switcher(n):
    a = 1
    hook()
    b = 2
    for i in range(n):
        a += b
    return a
@jit
def catches(n):
    r = 0
    for i in range(n):
        try:
            mid2(i)
        except ValueError:
            r += 1
    return r
@jit
def mid2(i):
    hook2(i)
    return i
def hook2(i):
    if i == 2:
        hook()
        raise ValueError
ALL=[(loop,(3,)),(handler,(0,)),(handler,(2,)),(outer,(2,)),(top,(2,))]
def warm():
    for _ in range(6):
        for f,a in ALL+[(switcher,(5,)),(catches,(5,)),(top,(5,))]: f(*a)
warm()
def section(name):
    print('==',name)
    for e in LOG: print(e)
    LOG.clear()
sys.settrace(tr)
for f,a in ALL: f(*a)
sys.settrace(None); section('trace')
sys.setprofile(pr)
for f,a in ALL: f(*a)
sys.setprofile(None); section('profile')
def on():
    sys.settrace(tr); sys._getframe(1).f_trace=tr
    f=sys._getframe(1)
    while f:
        f.f_trace=tr; f=f.f_back
for name,f,a in (('sw',switcher,(3,)),('top',top,(5,)),('catches',catches,(5,))):
    hook=on
    r=f(*a); sys.settrace(None); print(r); section('switch on in callee '+name)
    hook=lambda: sys.setprofile(pr)
    r=f(*a); sys.setprofile(None); print(r); section('profile on in callee '+name)
    hook=lambda: sys.settrace(None)
    sys.settrace(tr); r=f(*a); sys.settrace(None); print(r); section('off in callee '+name)
    hook=lambda: None
warm()
# opcodes
def tro(frame, event, arg):
    if frame.f_code.co_name not in NAMES: return None
    frame.f_trace_opcodes=True
    # The interpreter leaves a caller at the end of its CALL's caches if it ran the callee inline.
    LOG.append((frame.f_code.co_name, event, frame.f_lasti if event != "exception" else frame.f_lineno))
    return tro
sys.settrace(tro)
for f,a in ALL: f(*a)
sys.settrace(None); section('opcodes')
"""


def test_tracers_and_profilers_get_the_same_events():
    """Switched on and off outside, and in a callee, beneath native activations."""
    assert len(same(EVENTS).splitlines()) > 400


LOOKS = r"""
import sys, inspect, traceback, warnings, logging, io, gc
def where(depth=1):
    f=sys._getframe(depth); out=[]
    while f and len(out)<12:
        out.append((f.f_code.co_name, f.f_lineno-f.f_code.co_firstlineno, {k:repr(v) for k,v in f.f_locals.items()} if f.f_code.co_name!='<module>' else None))
        f=f.f_back
    return out
@jit
def lev0(x, want):
    y = x * 2
    if want:
        return where()
    return y
@jit
def lev1(x, want):
    a = x + 1
    r = lev0(a, want)
    b = a
    return r
@jit
def lev2(x, want):
    z = [x]
    for i in range(3):
        r = lev1(x + i, want)
        z.append(i)
    return r
def plainmid(x, want):
    return lev2(x, want)
@jit
def lev3(x, want):
    return plainmid(x, want)
for _ in range(5): lev3(1, False)
for d in range(3): print(lev3(1, True))
for d in range(3): print(lev3(1.5, True))
# frameless leaf raising
@jit
def div(a,b):
    return a//b
@jit
def mid(a,b):
    q = a + b
    return div(a,b) + q
@jit
def top(l):
    s = 0
    for x in l:
        s += mid(10, x)
    return s
for _ in range(5): top([1,2,3])
def tbs(f,*a):
    try: f(*a)
    except BaseException as e:
        out=[]
        tb=e.__traceback__
        while tb:
            if tb.tb_frame.f_code.co_name!='tbs':
                out.append((tb.tb_frame.f_code.co_name, tb.tb_lineno-tb.tb_frame.f_code.co_firstlineno, dict(tb.tb_frame.f_locals), tb.tb_frame.f_back.f_code.co_name))
            tb=tb.tb_next
        return repr(e), out, repr(e.__context__), repr(e.__cause__)
for k in range(4): print(tbs(top,[5,1,0,3]))
# inspect.stack
@jit
def st():
    return [(i.function, i.lineno-i.frame.f_code.co_firstlineno) for i in inspect.stack()][:4]
@jit
def st1():
    x=1
    return st()
for _ in range(4): print(st1())
# warnings
@jit
def warner(n):
    warnings.warn("w%d"%n, UserWarning, stacklevel=n)
@jit
def warner2(n):
    a = n
    warner(a)
def warner3(n):
    warner2(n)
@jit
def warner4(n):
    warner3(n)
for _ in range(4):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter('always')
        for n in (1,2,3,4,5): warner4(n)
    print([(str(x.message), x.lineno) for x in w])
# logging
buf=io.StringIO(); h=logging.StreamHandler(buf); h.setFormatter(logging.Formatter('%(funcName)s %(lineno)d %(message)s')); lg=logging.getLogger('t'); lg.addHandler(h); lg.propagate=False
@jit
def lg1(n):
    lg.warning("hey %d", n)
    return n
@jit
def lg2(n):
    for i in range(n):
        lg1(i)
for _ in range(3): lg2(2)
print(buf.getvalue())
# locals
@jit
def loc(a, b=2):
    c = a + b
    d = locals()
    for i in range(3):
        c += i
    e = dict(locals()); e.pop('d')
    return d is locals(), e, sorted(locals())
for k in (1,1.5,'x',1):
    try: print(loc(k, k))
    except TypeError as e: print(e)
def peek(): return sys._getframe(1).f_locals
@jit
def loc2(n):
    t = 0.5
    for i in range(n):
        t = t * 2 + i
        if i == n - 1:
            m = peek()
    return m, t, dir(), vars()['n'], eval('t+n')
for k in range(4): print(loc2(4))
@jit
def unb(flag):
    if flag: x = 1
    m = peek()
    return x
for k in (1,1,0,1): 
    try: print(unb(k))
    except UnboundLocalError as e: print(e)
# frame kept alive after return; locals final
@jit
def keepf(n):
    f = sys._getframe()
    x = n
    for i in range(n):
        x += i
    return f
for k in range(4):
    f=keepf(5); print(f.f_locals['x'], f.f_lineno-f.f_code.co_firstlineno, f.f_back and f.f_back.f_code.co_name, sorted(f.f_locals))
@jit
def keepf2(n, l):
    l.append(sys._getframe())
    x = n * 2.5
    y = [x]
    return y
for k in range(4):
    l=[]; keepf2(5,l); f=l[0]; print({k:v for k,v in f.f_locals.items() if k!='l'}, f.f_back and f.f_back.f_code.co_name)
# write locals through debugger
import ctypes
def poke(name, value):
    f=sys._getframe(1); f.f_locals[name]=value; ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(f), ctypes.c_int(0))
@jit
def poked(n, how):
    s = 0
    t = 1
    for i in range(n):
        s += t
        if i == 3:
            poke('t', how)
    return s, t, n
for how in (10, 2.5, 10, [1], 2**80, 7):
    try: print(poked(8, how))
    except TypeError as e: print(e)
@jit
def poked2(n, how):
    s = 0
    for i in range(n):
        if i == 2: poke('n', how)
        s += n
    return s, n
for how in (10, 2.5, 10): print(poked2(4, how))
# generators
@jit
def usesgen(n):
    def g():
        for i in range(n):
            yield where(2)[0][0]
    return list(g())
for k in range(3): print(usesgen(2))
@jit
def class_body(n):
    class A:
        x = n
        y = sorted(locals())
        z = [k for k in range(n)]
        def f(self): return __class__
    return A.x, A.y, A.z, A().f() is A
for k in range(3): print(class_body(3))
"""


def test_frames_look_the_same():
    """sys._getframe, inspect.stack, tracebacks, warnings, logging, locals(), written locals: at several depths."""
    assert len(same(LOOKS).splitlines()) > 50


PROGRAM = """
from gophersnake import jit

@jit
def callee(x):
    y = x + 1
    return y * 2

@jit
def loop(n):
    s = 0
    t = 1
    for i in range(n):
        s += callee(i) * t
        if s > 50:
            s -= 1
    return s

@jit
def stops(n):
    a = 1
    for i in range(n):
        if i == 3:
            breakpoint()
        a += i
    return a

for _ in range(4):
    loop(10)
print(stops(3))
print(stops(6))
print(loop(6))
"""
OUTSIDE = """b callee, x == 4
b {file}:15
c
p i, s
w
up
p n
!t = 100
down
c
p s, t
u
n
n
s
s
r
cl 1
cl 2
tbreak 25
c
n
n
p a, i
!a = 1000
n
s
c
c
q
"""
INSIDE = """n
n
p a, i
!a = 1000
w
up
n
s
s
b callee
c
n
!y = 50
c
c
cl 1
c
"""


@pytest.mark.parametrize("commands, options", [(OUTSIDE, ["-m", "pdb"]), (INSIDE, [])], ids=["begun by pdb", "breakpoint()"])
def test_pdb_sees_the_same(tmp_path, commands, options):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def session(disable):
        done = subprocess.run([sys.executable, *options, str(program)], input=commands.format(file=program), capture_output=True, text=True, timeout=60,
                              env={**os.environ, "GOPHERSNAKE_DISABLE": disable})
        return done.stdout, done.stderr, done.returncode

    plain = session("1")
    assert len(plain[0].splitlines()) > 25
    assert session("0") == plain


def test_cprofile_counts_the_same():
    same("""
import cProfile, pstats

@jit
def callee(x):
    return abs(x) + 1

@jit
def length(x):
    return len(str(x))

@jit
def work(n):
    l = []
    for i in range(n):
        l.append(callee(i))
    return sorted(l, key=length)

@jit
def profiles_itself(n):
    p = cProfile.Profile()
    p.enable()
    work(n)
    p.disable()
    return p

for _ in range(4):
    work(10)
    inside = profiles_itself(10)
outside = cProfile.Profile()
outside.enable()
work(10)
outside.disable()
for p in inside, outside:
    for place, row in sorted(pstats.Stats(p).stats.items(), key=str):
        print(place[1:], row[:2], sorted((caller[2], n[:2]) for caller, n in row[4].items()))
""")


def test_coverage_finds_every_line_and_branch(tmp_path):
    pytest.importorskip("coverage")
    program = tmp_path / "covered.py"
    program.write_text("""
from gophersnake import jit

@jit
def f(n):
    s = 0
    for i in range(n):
        if i % 2:
            s += i
        elif i > 100:
            s = 0
        else:
            try:
                s += 10 // i
            except ZeroDivisionError:
                s -= 1
    return s

@jit
def g(x):
    return h(x)

def h(x):
    if x:
        return 1
    return 2

for k in range(5):
    f(10)
    g(k)
""")

    def report(disable, core):
        environment = {**os.environ, "GOPHERSNAKE_DISABLE": disable, "COVERAGE_CORE": core, "COVERAGE_FILE": str(tmp_path / "data")}
        run = [sys.executable, "-m", "coverage"]
        subprocess.run([*run, "run", "--branch", "--include", str(program), str(program)], check=True, env=environment, timeout=60)
        return subprocess.run([*run, "report", "-m"], check=True, env=environment, timeout=60, capture_output=True, text=True).stdout

    for core in "ctrace", "pytrace":
        plain = report("1", core)
        assert "covered.py" in plain
        assert report("0", core) == plain


@pytest.mark.skipif(sys.version_info < (3, 15), reason="profilers outside of the process have no cache")
def test_a_sampling_profiler_sees_who_calls():
    """It takes over what it knows of the frames below the innermost one that it saw last: that one's end is told to it."""
    child = """
import sys
from gophersnake import jit

def wait():
    print("ready", flush=True)
    sys.stdin.readline()

@jit
def f(): wait()

def one(): f()
def two(): f()

for _ in range(3):
    one()
    two()
"""
    remote = pytest.importorskip("_remote_debugging")
    with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        try:
            profiler, seen = None, []
            for _ in range(6):
                p.stdout.readline()
                try:
                    profiler = profiler or remote.RemoteUnwinder(p.pid, cache_frames=True)
                except PermissionError as e:
                    pytest.skip(f"no process may look into another one here: {e}")
                (thread,) = [t for i in profiler.get_stack_trace() for t in i.threads if t.frame_info]
                seen.append([f.funcname for f in thread.frame_info])
                p.stdin.write("\n")
                p.stdin.flush()
        finally:
            p.stdin.close()
    assert seen == 3 * [["wait", "f", caller, "<module>"] for caller in ("one", "two")]


@pytest.mark.in_each_share
@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of 3.12")
def test_events_of_one_function_are_told():
    same("""
import sys
M = sys.monitoring
E = M.events
LOG = []

@jit
def callee(n):
    s = 0
    for i in range(n):
        s += i
    return s

@jit
def caller(n):
    return [callee(i) for i in range(n)]

@jit
def within(n):
    s = 0
    for i in range(n):
        if i == 50:
            M.set_local_events(3, within.__code__, E.LINE)
        if i == 52:
            M.set_local_events(3, within.__code__, 0)
        s += i
    return s

def look(title):
    LOG.clear()
    print(title, caller(4), LOG)

M.use_tool_id(3, "a tool")
for _ in range(5):
    caller(8), within(60)
for name in "PY_START", "PY_RETURN", "LINE":
    M.register_callback(3, getattr(E, name), lambda code, at, *rest, name=name: LOG.append((name, code.co_name, at)))
look("none")
M.set_local_events(3, callee.__code__, E.LINE | E.PY_START | E.PY_RETURN)
look("of the callee")
M.set_local_events(3, callee.__code__, 0)
look("none again")
M.set_local_events(3, caller.__code__, E.PY_RETURN)
look("of the caller")
M.set_local_events(3, caller.__code__, 0)
for _ in range(3):
    LOG.clear()
    print(within(60), LOG)

def later(n):
    return n + 1
M.set_local_events(3, later.__code__, E.PY_RETURN)
later = jit(later)
LOG.clear()
print([later(i) for i in range(5)], LOG)
M.free_tool_id(3)
look("no tool")
""")


@pytest.mark.in_each_share
@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of 3.12")
def test_calls_of_attached_functions_are_none_of_functions_in_c():
    """A tool that is told of what C functions return is told of no others."""
    same("""
import gc
import sys
import weakref
M = sys.monitoring
E = M.events
LOG = []
STARS = sys.version_info >= (3, 13)  # a known limit of 3.12

@jit
def f(x):
    return x + 1

@jit
def raising(x):
    raise ValueError(x)

class C:
    @jit
    def method(self, x=0, *, k=0):
        return x

class Tool:
    def __init__(self, name):
        self.name = name

    def __call__(self, code, at, callable, first):
        LOG.append((self.name, code.co_name, at, callable.__name__, type(first).__name__))

def calls():
    c = C()
    bound = c.method
    f(1), f(x=1), c.method(2), c.method(k=3), bound(4), bound(*(5,)), (lambda: 0)()
    len("s"), len(*("s",)), sorted([2, 1], key=f), list(map(f, [1]))
    for call in lambda: raising("x"), lambda: int("x"), lambda: int(*("x",)), *([lambda: raising(*("x",))] if STARS else []):
        try:
            call()
        except ValueError:
            pass
    if STARS:
        f(*(1,)), f(**{"x": 1})

for _ in range(5):
    calls()
M.use_tool_id(3, "a tool")
names = "CALL", "C_RETURN", "C_RAISE"
tools = [Tool(name) for name in names]
for name, tool in zip(names, tools):
    print(M.register_callback(3, getattr(E, name), tool))
M.set_events(3, E.CALL)
calls()
M.set_events(3, 0)
print(*LOG, sep="\\n")
print([M.register_callback(3, getattr(E, name), None) is tool for name, tool in zip(names, tools)])
print([M.register_callback(3, getattr(E, name), None) for name in names])
M.free_tool_id(3)
refs = [weakref.ref(tool) for tool in tools]
del tools, tool
gc.collect()
print([r() for r in refs])
for wrong in (), (3, E.CALL), (9, E.CALL, None), (3, 3, None), ("3", E.CALL, None):
    try:
        M.register_callback(*wrong)
    except Exception as e:
        print(type(e), e)
""")


@pytest.mark.in_each_share
@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of 3.12")
def test_so_is_a_tool_told_that_was_there_before():
    source = """
import sys
M = sys.monitoring
log = []
M.use_tool_id(2, "a tool")
M.register_callback(2, M.events.C_RETURN, lambda code, at, callable, first: log.append(callable.__name__))
from gophersnake import jit

@jit
def f(x):
    return len(x)

def calls():
    f("x"), len("y")

M.set_events(2, M.events.CALL)
calls()
M.set_events(2, 0)
print(log)
"""
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout == "['len', 'len']\n"
