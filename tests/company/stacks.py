"""traceback, logging, warnings, threads: who is told to be the caller."""

import io
import logging
import sys
import threading
import traceback
import warnings

from gophersnake import jit


# traceback.extract_stack, print_stack, stack_info
@jit
def ex(n):
    if n:
        return ex(n - 1)
    return [(f.name, f.lineno, f.line, f.locals) for f in traceback.extract_stack()]


@jit
def es2():
    return [(s.name, s.lineno, s.locals) for s in traceback.StackSummary.extract(traceback.walk_stack(None), capture_locals=True)][:1]


for k in range(4):
    print(ex(2))
    print(es2())
log = logging.getLogger("x")
buf = io.StringIO()
h = logging.StreamHandler(buf)
h.setFormatter(logging.Formatter("%(funcName)s:%(lineno)d:%(filename)s:%(message)s"))
log.addHandler(h)
log.propagate = False


@jit
def lg(n):
    log.warning("w")
    log.warning("s2", stacklevel=2)
    try:
        1 // n
    except ZeroDivisionError:
        log.exception("ex", stack_info=True)
    return log.findCaller()


@jit
def lg2(n):
    return lg(n)


for k in (1, 1, 0, 0, 1):
    print(lg2(k)[1:3])
print(buf.getvalue())


# warnings registry / filters by module and lineno
@jit
def dep(n):
    warnings.warn("dep %d" % n, DeprecationWarning, stacklevel=2)


@jit
def dep2():
    for i in range(3):
        dep(1)
    dep(2)


with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("default")
    for k in range(3):
        dep2()
print([(str(x.message), x.lineno, x.filename) for x in w])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        dep2()
    except DeprecationWarning as e:
        print(repr(e), [(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)])


# traceback formatting w/ carets
@jit
def carets(a, b):
    x = a.foo + (b / 0)
    return x


class F:
    foo = 3


for args in ((F, 1), (F, 1), (1, 2), (F, 1)):
    try:
        carets(*args)
    except Exception:
        print(traceback.format_exc())


# exception notes, groups, chaining, __context__ in native
@jit
def chain(n):
    try:
        try:
            return 10 // n
        except ZeroDivisionError as e:
            e.add_note("note %d" % n)
            raise KeyError(n) from e
    except KeyError as k:
        raise ValueError("v")
    finally:
        n += 1


for k in (1, 0, 0):
    try:
        print(chain(k))
    except ValueError:
        print(traceback.format_exc())


@jit
def eg(n):
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError as e:
        r = e.exceptions
    except* TypeError as e:
        n += 1
    return n


for k in range(3):
    print(eg(k))
# threading.settrace / setprofile, sys._current_frames, excepthook
th = []


@jit
def thr(n):
    s = 0
    for i in range(n):
        s += i
    return s


def prof(f, e, a):
    if f.f_code is thr.__code__:
        th.append(e)


threading.setprofile(prof)
t = threading.Thread(target=thr, args=(5,))
t.start()
t.join()
threading.setprofile(None)
print(th)
threading.excepthook = lambda a: print("hook", a.exc_type, [f.name for f in traceback.extract_tb(a.exc_traceback)][-1])
t = threading.Thread(target=jit(lambda: 1 // 0))
t.start()
t.join()
