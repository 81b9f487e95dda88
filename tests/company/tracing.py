"""Tracers and profilers that begin and end in the middle of native loops, jump, and raise."""

import cProfile
import io
import pstats
import signal
import sys
import threading
import warnings

from gophersnake import jit

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from 3.15 on it warns
    import profile

LOG = []


def tracer(frame, event, arg):
    if frame.f_code.co_name in NAMES:
        LOG.append(
            (
                frame.f_code.co_name,
                event,
                frame.f_lineno - frame.f_code.co_firstlineno,
                {k: getattr(v, "__name__", v) for k, v in frame.f_locals.items()},
                arg if event == "return" else None,
            )
        )
    return tracer


def prof(frame, event, arg):
    if frame.f_code.co_name in NAMES:
        LOG.append((frame.f_code.co_name, event, getattr(arg, "__name__", arg)))


NAMES = {"hot", "hot2", "leaf", "hot3", "nested", "lo"}


def flush(t):
    print(t, len(LOG))
    for e in LOG:
        print(" ", *e)
    LOG.clear()


@jit
def leaf(x):
    y = x + 1
    return y


@jit
def hot(n, at, how):
    s = 0
    for i in range(n):
        s += i
        if i == at:
            how()
        s += leaf(i)
    return s


def trace_here():
    sys.settrace(tracer)
    f = sys._getframe(1)
    while f:
        f.f_trace = tracer
        f = f.f_back


def trace_global():
    sys.settrace(tracer)


def prof_here():
    sys.setprofile(prof)


def off():
    sys.settrace(None)
    sys.setprofile(None)


def nothing():
    pass


for k in range(3):
    hot(10, 5, nothing)
for how in (trace_here, trace_global, prof_here):
    r = hot(6, 3, how)
    off()
    print(r)
    flush(how.__name__)
for on in (trace_global, prof_here):
    on()
    r = hot(6, 3, off)
    off()
    print(r)
    flush("off " + on.__name__)


# while loop without calls, trace set from signal handler
@jit
def hot2(n):
    s = 0
    i = 0
    while not flag and i < n:
        i += 1
        s += i & 3
    return "done"


flag = False


def h(s, f):
    trace_here_from(f)


def trace_here_from(f):
    global flag
    sys.settrace(tracer)
    f.f_trace = tracer
    flag = True


signal.signal(signal.SIGALRM, h)
signal.setitimer(signal.ITIMER_REAL, 0.05)
print(hot2(10**9))
off()
print([e[1] for e in LOG][-3:])
LOG.clear()


# direct settrace within the function
@jit
def nested(n):
    t = 0
    for i in range(n):
        if i == 2:
            sys.settrace(tracer)
        t += leaf(i)
        if i == 4:
            sys.settrace(None)
    return t


for k in range(3):
    print(nested(7))
    flush("nested")


@jit
def lo(n):
    t = 0
    for i in range(n):
        if i == 2:
            sys.setprofile(prof)
        t += leaf(i) + len([i])
        if i == 4:
            sys.setprofile(None)
    return t


for k in range(3):
    print(lo(7))
    flush("lo")


# tracer that raises, that changes f_lineno
@jit
def jump(n):
    a = 0
    for i in range(n):
        a += 1
        a += 10
        a += 100
    return a


def jt(frame, event, arg):
    if frame.f_code is jump.__code__ and event == "line" and frame.f_lineno == frame.f_code.co_firstlineno + 5:
        frame.f_lineno += 1
    return jt


for k in range(3):
    print(jump(3))
    sys.settrace(jt)
    r = jump(3)
    sys.settrace(None)
    print(r)


def rt(frame, event, arg):
    if frame.f_code is leaf.__code__ and event == "line" and frame.f_locals.get("x") == 4:
        raise KeyError("tr")
    return rt


for k in range(3):
    sys.settrace(rt)
    try:
        print(hot(9, 99, nothing))
    except KeyError as e:
        print(repr(e), sys.gettrace())
    sys.settrace(None)
# cProfile & profile
for P in (cProfile.Profile, profile.Profile):
    for k in range(2):
        p = P()
        r = p.runcall(hot, 10, 5, nothing)
        st = pstats.Stats(p, stream=io.StringIO())
        print(sorted((key[2], v[:2]) for key, v in st.stats.items() if key[2] in NAMES | {"nothing"}))


# runctx from within jitted code
@jit
def inner_prof(n):
    p = cProfile.Profile()
    s = 0
    for i in range(n):
        if i == 3:
            p.enable()
        s += leaf(i)
        if i == 6:
            p.disable()
    return sorted((k[2], v[:2]) for k, v in pstats.Stats(p, stream=io.StringIO()).stats.items())


for k in range(3):
    print(inner_prof(10))
# threading.settrace for new threads
threading.settrace(tracer)
t = threading.Thread(target=hot, args=(3, 1, nothing))
t.start()
t.join()
threading.settrace(None)
flush("thread")


# sys.settrace in another thread doesn't affect
def other():
    sys.settrace(tracer)
    leaf(3)
    sys.settrace(None)


t = threading.Thread(target=other)
t.start()
t.join()
flush("other")
print(hot(5, 9, nothing))
flush("none")


# f_trace_opcodes, f_trace_lines
def ops(frame, event, arg):
    if frame.f_code is leaf.__code__:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        LOG.append((event, frame.f_lasti))
    return ops


sys.settrace(ops)
leaf(3)
sys.settrace(None)
flush("ops")
