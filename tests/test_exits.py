"""Frames and exits of the C runtime, without a compiler: tests/native_driver plays the native code."""

import dis
import gc
import importlib.util
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import pytest

from gophersnake import info

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent / "pyext" / "native"
OURS = ["frame", "activation", "raise", "exits", "finalise", "bytecode", "stack", "values", *(path.stem for path in NATIVE.glob("helpers*.c"))]
OURS += [path.stem for path in NATIVE.glob("cpython_*.c")]

pytestmark = [
    pytest.mark.skipif(not info()["compiles"], reason="no native code here"),
    pytest.mark.skipif(sys.version_info[:2] in ((3, 12), (3, 13)), reason="these interpreters keep their stack to themselves while they trace"),
]

RESUME, RAISE, POLL, RECOMPILE, TOUCHED, INTERPRET = range(6)
NULL = ("!null",)


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


programs = load("programs", HERE / "native_driver" / "programs.py")


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    out = tmp_path_factory.mktemp("driver") / "native_driver.so"
    sources = [HERE / "native_driver" / "driver.c"] + [NATIVE / f"{name}.c" for name in OURS]
    command = [(sysconfig.get_config_var("CC") or "cc").split()[0], "-shared", "-fPIC", "-O1", "-g", "-DNDEBUG", "-Wall", "-Werror", "-Wno-deprecated-declarations", f"-I{sysconfig.get_path('include')}",
               f"-I{NATIVE}", *map(str, sources), "-o", str(out), "-lm"]
    subprocess.run(command, check=True)
    return load("native_driver", out)


# ---- What a run did ----


def lines(traceback, code):
    """The lines of one function in a traceback."""
    found = []
    while traceback:
        if traceback.tb_frame.f_code is code:
            found.append(traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def chain(e):
    return (type(e).__name__, str(e), e and chain(e.__cause__), e and chain(e.__context__)) if e is not None else None


def outcome(run, code):
    try:
        return repr(run())
    except Exception as e:
        return chain(e), lines(e.__traceback__, code)


class Stop(BaseException):
    pass


def at_instruction(function, k, act):
    """Runs a function to its k-th instruction, and there calls act with the frame. None if it ends before."""
    code, left, result = function.__code__, k, []

    def trace(frame, event, arg):
        nonlocal left
        if frame.f_code is not code:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0 and not result:
                result.append(None)
                result[0] = act(frame)
                raise Stop
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except BaseException:
        pass
    finally:
        sys.settrace(before)
    return result


def state(driver, frame):
    """Where a frame is, with the prefixes of its instruction, and what it has."""
    off, local, stack = driver.state(frame)
    while off and frame.f_code.co_code[2 * off - 2] == dis.EXTENDED_ARG:
        off -= 1
    return off, local, stack


def every_instruction(function, act, most=400):
    for k in range(most):
        result = at_instruction(function, k, act)
        if not result:
            assert k > 1
            return
        yield k, result[0]
    pytest.fail("it has no end")


@pytest.mark.parametrize("native", [0, 1, 2])
@pytest.mark.parametrize("function", programs.PROGRAMS, ids=lambda f: f.__name__)
def test_resume_at_every_instruction(driver, function, native):
    expected = outcome(function, function.__code__)

    def act(frame):
        off, local, stack = state(driver, frame)
        return outcome(lambda: driver.leave(function, off, local, stack, native=native), function.__code__)

    for k, got in every_instruction(function, act):
        if isinstance(expected, str) or isinstance(got, str):
            assert got == expected, k
        else:
            assert (got[0][:2], got[1]) == (expected[0][:2], expected[1]), k


def injected(function, k):
    """What CPython does if the k-th instruction raises, also in a handler's first and last, where nothing can raise: the thread would handle what
    was caught there for ever. A generator has an exception state of its own."""

    def inside():
        yield raised_at(function, k)

    return next(inside())


def raised_at(function, k):
    code, left, context = function.__code__, k, []

    def trace(frame, event, arg):
        nonlocal left
        if frame.f_code is not code:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0 and not context:
                context.append(1)
                raise ValueError("injected")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return outcome(function, code)
    finally:
        sys.settrace(before)


def without_repeats(found):
    return [line for i, line in enumerate(found) if not i or found[i - 1] != line]


RERAISING = {"RERAISE", "RAISE_VARARGS"}


@pytest.mark.parametrize("native", [0, 2])
@pytest.mark.parametrize("function", programs.PROGRAMS, ids=lambda f: f.__name__)
def test_raise_at_every_instruction(driver, function, native):
    opname = {i.offset // 2: i.opname for i in dis.get_instructions(function)}

    def act(frame):
        off, local, stack = state(driver, frame)
        if opname.get(off) in RERAISING:
            return None
        return outcome(lambda: driver.leave(function, off, local, stack, kind=RAISE, exc=ValueError("injected"), native=native), function.__code__)

    tried = 0
    for k, got in every_instruction(function, act):
        expected = injected(function, k)
        if got is None:
            continue
        tried += 1
        if isinstance(expected, str) or isinstance(got, str):
            assert got == expected, k
        else:  # the tracer's own entry repeats the line
            assert (got[0][:2], without_repeats(got[1])) == (expected[0][:2], without_repeats(expected[1])), k
    assert tried > 1


def test_a_reraise_adds_no_traceback_entry(driver):
    def f():
        try:
            int("x")
        except ValueError:
            raise

    bare = next(i.offset // 2 for i in dis.get_instructions(f) if i.opname == "RAISE_VARARGS")
    plain = outcome(f, f.__code__)

    def act(frame):
        off, local, stack = state(driver, frame)
        if off != bare:
            return None
        e = sys.exc_info()[1]
        return outcome(lambda: driver.leave(f, off, local, stack, kind=RAISE, exc=e), f.__code__)

    results = [got for _, got in every_instruction(f, act) if got]
    assert results and all(got[1] == plain[1] for got in results)


# ---- Raw values ----


def tell(*values):
    return values


def pick(a, b, c, d):
    return tell(a, b, c, d)


@pytest.mark.parametrize(
    "slot, expected",
    [
        (("!int", 5), 5),
        (("!int", -(2**63)), -(2**63)),
        (("!int", 2**63 - 1), 2**63 - 1),
        (("!float", 2.5), 2.5),
        (("!float", float("inf")), float("inf")),
        (("!bool", 1), True),
        (("!bool", 0), False),
        (("!none",), None),
        (("!origin", 10**15), 10**15),
        (("!origin", 1.5), 1.5),
        (("!dyn", 3, 12), 12),
        (("!dyn", 4, 0.5), 0.5),
        (("!dyn", 5, 1), True),
        (("!dyn", 6), None),
        (("!or_null", "there"), "there"),
        (("!borrowed", "b"), "b"),
        (("!range", 1, 10, 3), range(1, 10, 3)),
        (("!range", 2**63 - 1, -(2**63), -(2**62)), range(2**63 - 1, -(2**63), -(2**62))),
    ],
)
@pytest.mark.parametrize("native", [0, 1, 2])
def test_slots_become_objects(driver, slot, expected, native):
    got = driver.leave(pick, 0, [1, slot, ("!float", 0.25), ("!int", 7)], [], native=native)
    assert got == (1, expected, 0.25, 7)
    assert type(got[1]) is type(expected)


@pytest.mark.parametrize(
    "next_, step, left",
    [(0, 1, 5), (5, -2, 3), (2**63 - 3, 1, 2), (2**63 - 1, 1, 1), (-(2**63) + 5, -5, 2), (-(2**63), -1, 1), (7, 3, 0), (2**62, 2**62 - 1, 2)],
)
def test_range_iterators(driver, next_, step, left):
    got = driver.leave(pick, 0, [1, ("!range_iter", next_, step, left), 0, 0], [])
    assert list(got[1]) == [next_ + i * step for i in range(left)]
    assert got[1].__length_hint__() == 0


def test_one_value_in_two_slots_is_one_object(driver):
    a, b, c, d = driver.leave(pick, 0, [("!float", 2.5), ("!same", 0), ("!range", 0, 3, 1), ("!same", 2)], [])
    assert a is b and c is d
    # Those of two loops in their first round, whose state is the same: the loops advance them one by one.
    a, b, _, _ = driver.leave(pick, 0, [("!range_iter", 0, 1, 3), ("!same", 0), 0, 0], [])
    assert a is not b
    a, b, c, d = driver.leave(pick, 0, [("!float", 2.5), ("!float", 2.5), ("!int", 2**40), ("!same", 2)], [])
    assert a is not b and c is d


def test_results_of_callees(driver):
    def f(a):
        return tell(a)[0]

    after = max(i.offset // 2 for i in dis.get_instructions(f) if i.opname in ("LOAD_CONST", "LOAD_SMALL_INT"))
    for tag, raw, expected in [(1, "object", "object"), (3, 4, 4), (4, 2.5, 2.5), (5, 1, True), (6, 0, None)]:
        wrapped = (expected,)
        if tag == 1:
            raw = wrapped
            assert driver.leave(f, after, [0], [("!result", tag, raw)]) == expected
    with pytest.raises(ZeroDivisionError) as info:
        driver.leave(f, after, [0], [("!result", 0, 0)], exc=ZeroDivisionError("callee"))
    assert lines(info.tb, f.__code__) == [f.__code__.co_firstlineno + 1]


def test_the_profile_learns(driver):
    def f(a):
        return a

    driver.leave(f, 0, [("!int", 3)], [], site=1, site_slot=0, reason=0)
    assert driver.profile(f, 1) == (int, 4, 1)
    driver.leave(f, 0, [2.5], [], site=1, site_slot=0, reason=5)
    assert driver.profile(f, 1) == (int, 5, 2)
    driver.leave(f, 0, [1], [], site=2, reason=1)
    assert driver.profile(f, 2)[1] == 2 | 4
    driver.leave(f, 0, [1], [], site=2, reason=2)
    assert driver.profile(f, 2)[1] == 2 | 4 | 8


# ---- Frames ----


def look():
    f = sys._getframe(1)
    return f.f_code.co_name, f.f_lineno, dict(f.f_locals)


def stack_of():
    f, seen = sys._getframe(1), []
    while f and len(seen) < 4:
        seen.append((f.f_code.co_name, f.f_lineno, dict(f.f_locals)))
        f = f.f_back
    return seen


def inner(x):
    return stack_of()


def outer(p, q):
    return inner(p)


def outermost(r):
    return outer(r, 0)


def looker(x):
    y = x + 1
    return look()


def body(function, k=0):
    """Where the k-th instruction lies from RESUME on."""
    offsets = [(i.offset // 2, i.opname) for i in dis.get_instructions(function)]
    return offsets[[name for _, name in offsets].index("RESUME") + k][0]


@pytest.mark.parametrize("native", [0, 1, 2])
@pytest.mark.parametrize("own", [False, True])
def test_callers_without_a_linked_frame_are_seen(driver, native, own):
    before = driver.counts()[2]
    seen = driver.leave(
        inner, 0, [("!borrowed", 5)], [], native=native, frame=own,
        callers=((outer, body(outer, 1), [("!obj", 5), ("!int", 2**50)]), (outermost, body(outermost, 1), [("!float", 2.5)])),
    )
    names = [s[0] for s in seen]
    if own and not native:  # a function with a frame has linked callers: nothing is added. One that begins anew drops it
        assert names[0] == "inner" and names[1].startswith("test_")
        return
    assert names[:3] == ["inner", "outer", "outermost"] and names[3].startswith("test_")
    assert seen[1] == ("outer", outer.__code__.co_firstlineno + 1, {"p": 5, "q": 2**50})
    assert seen[2] == ("outermost", outermost.__code__.co_firstlineno + 1, {"r": 2.5})
    assert sys._getframe().f_code.co_name.startswith("test_")
    assert driver.counts()[2] == before + (native == 2 and not own) # what has a frame is run where its callers are linked: by the interpreter


def leaf(x):
    return look(), x


def bad_leaf(x):
    return x / 0


def middle(y):
    z = leaf(y)
    return z, y


def top(w):
    got = middle(w)
    return got


def after_call(function):
    return next(i.offset // 2 for i in dis.get_instructions(function) if i.opname == "STORE_FAST")


def test_inlined_activations_go_on_in_their_callers(driver):
    before = driver.recursion_remaining()
    parents = ((middle, after_call(middle), [("!int", 3), NULL], []), (top, after_call(top), [("!int", 3), NULL], []))
    for native in (0, 1, 2):
        got = driver.leave(leaf, 0, [("!int", 3)], [], recursion=3, native=native, parents=parents)
        assert got == ((("leaf", leaf.__code__.co_firstlineno + 1, {"x": 3}), 3), 3)
        with pytest.raises(ZeroDivisionError) as info:
            driver.leave(bad_leaf, 0, [("!int", 3)], [], native=native, parents=parents)
        assert [len(lines(info.tb, f.__code__)) for f in (bad_leaf, middle, top)] == [1, 1, 1]
        assert info.traceback[-1].frame.f_locals == {"x": 3}
    assert driver.recursion_remaining() == before


def test_an_inlined_activation_sees_its_callers(driver):
    parents = ((outer, body(outer, 1), [("!int", 3), ("!int", 4)], []), (outermost, body(outermost, 1), [("!int", 3)], []))
    seen = driver.leave(inner, 0, [("!int", 3)], [], parents=((top, after_call(top), [("!int", 3), NULL], []),) + parents[:0])
    assert [s[0] for s in seen[:2]] == ["inner", "top"]


def test_a_kept_frame_keeps_its_locals(driver):
    def f(a):
        try:
            raise KeyError(a)
        except KeyError as e:
            frame = e.__traceback__.tb_frame
        return frame

    for native in (0, 1, 2):
        frame = driver.leave(f, 0, [("!int", 2**45), NULL, NULL], [], native=native)
        assert frame.f_locals["a"] == 2**45 and frame.f_back is sys._getframe()
        frame.clear()


def test_recursion_is_given_back(driver):
    before = driver.recursion_remaining()
    driver.leave(looker, 0, [1, NULL], [], recursion=1)
    with pytest.raises(TypeError):
        driver.leave(looker, 0, ["s", NULL], [], recursion=1)
    assert driver.recursion_remaining() == before


# ---- Polls ----


def spin(n):
    total = 0
    while n:
        n -= 1
        total += n
    return total


def header(function):
    jump = [i for i in dis.get_instructions(function) if "BACKWARD" in i.opname][-1]
    return jump.argval // 2, jump.offset // 2


@pytest.mark.parametrize("native", [0, 1, 2])
@pytest.mark.parametrize("callers", [(), ((looker, 0, [("!obj", 1), NULL]),)])
def test_a_poll_delivers_signals(driver, native, callers):
    off, jump = header(spin)
    seen = []

    def handler(number, frame):
        seen.append((number, frame.f_code.co_name, dict(frame.f_locals), frame.f_lineno))

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        got = driver.leave(spin, off, [("!int", 3), ("!int", 100)], [], kind=POLL, raise_off=jump, before="signal", native=native, callers=callers)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert got == 103
    line = spin.__code__.co_firstlineno
    assert [s[:3] for s in seen] == [(signal.SIGUSR1, "spin", {"n": 3, "total": 100})]
    assert line < seen[0][3] <= line + 4


def test_a_handler_that_raises(driver):
    def guarded(n):
        total = 0
        try:
            while n:
                n -= 1
        except KeyError as e:
            return "caught", str(e), n
        return total

    def handler(number, frame):
        raise KeyError("signal")

    off, jump = header(guarded)
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        got = driver.leave(guarded, off, [("!int", 3), 0, NULL], [], kind=POLL, raise_off=jump, before="signal")
        assert got == ("caught", "'signal'", 3)
        off, jump = header(spin)
        with pytest.raises(KeyError) as info:
            driver.leave(spin, off, [("!int", 3), 0], [], kind=POLL, raise_off=jump, before="signal")
        assert len(lines(info.tb, spin.__code__)) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_asynchronous_exceptions(driver):
    off, jump = header(spin)
    with pytest.raises(KeyboardInterrupt):
        driver.leave(spin, off, [("!int", 3), 0], [], kind=POLL, raise_off=jump, before="async")
    assert spin(3) == 3  # nothing is left pending


def test_other_threads_get_their_turn(driver):
    off, jump = header(spin)
    turns, stop = [], False

    def other():
        while not stop:
            turns.append(1)
            time.sleep(0)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    thread = threading.Thread(target=other)
    thread.start()
    try:
        before, end = len(turns), time.monotonic() + 20
        while len(turns) < before + 5 and time.monotonic() < end:
            driver.leave(spin, off, [("!int", 3), 0], [], kind=POLL, raise_off=jump)
    finally:
        stop = True
        thread.join()
        sys.setswitchinterval(interval)
    assert len(turns) >= before + 5


def test_a_profiler_that_was_set_in_between_is_told_of_the_end(driver):
    events = []

    def handler(number, frame):
        sys.setprofile(lambda f, event, arg: events.append((f.f_code.co_name, event)))

    off, jump = header(spin)
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        driver.leave(spin, off, [("!int", 3), 0], [], kind=POLL, raise_off=jump, before="signal", native=2)
    finally:
        sys.setprofile(None)
        signal.signal(signal.SIGUSR1, before)
    assert ("spin", "return") in events


# ---- Frames that somebody looked at ----


def three(a, b, c):
    return tell(a, b, c)


@pytest.mark.parametrize("native", [0, 1, 2])
@pytest.mark.parametrize("kind", [TOUCHED, RESUME, INTERPRET])
def test_written_locals_count(driver, native, kind):
    a, b, c, new = Thing(), Thing(), Thing(), Thing()
    for write in ({}, {0: new}, {1: new, 2: None}, {2: 10**30}):
        before = [sys.getrefcount(o) for o in (a, b, c, new)]
        got = driver.leave(three, body(three, 1), [("!borrowed", a), b, c], [], kind=kind, native=native, write=write)
        assert got == tuple(write.get(i, v) for i, v in enumerate((a, b, c)))
        del got
        assert [sys.getrefcount(o) for o in (a, b, c, new)] == before


def test_written_locals_count_when_raising(driver):
    def f(a, b):
        try:
            tell(a)
        except KeyError:
            return a, b

    call = next(i.offset // 2 for i in dis.get_instructions(f) if i.opname == "CALL")
    assert driver.leave(f, call, [("!borrowed", 1), 2], [], kind=RAISE, exc=KeyError(), write={0: "new"}) == ("new", 2)


def test_a_version_that_leaves_at_once_is_not_entered_for_ever(driver):
    assert driver.stuck(three, [("!int", 2**40), ("!borrowed", 2), ("!float", 3.0)]) == (2, (2**40, 2, 3.0))


def test_a_return_is_left_to_the_interpreter(driver):
    end = max(i.offset // 2 for i in dis.get_instructions(three) if i.opname == "RETURN_VALUE")
    before = driver.counts()[1]
    assert driver.leave(three, end, [1, 2, 3], ["result"], kind=TOUCHED, native=2, write={}) == "result"
    assert driver.counts()[1] == before


# ---- The stack ----


def test_each_thread_has_its_own_stack_limit(driver):
    seen = []

    def look_at_stack():
        seen.append(driver.stack_cells(2**64 - 1, 0))

    look_at_stack()
    size = threading.stack_size(256 * 1024)  # no version takes less for less
    try:
        thread = threading.Thread(target=look_at_stack)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert [s[:2] for s in seen] == [(True, 0), (True, 0)]
    assert seen[1][2] < 256 * 1024 < seen[0][2]


# ---- Counting ----


class Thing:
    pass


def work(a, b):
    c = [a, b]
    try:
        if b is None:
            raise KeyError(a)
        for x in c:
            x = x
    except KeyError as e:
        return str(type(e))
    return len(c)


@pytest.mark.parametrize("native", [0, 1, 2])
@pytest.mark.parametrize("kind", [RESUME, RAISE, POLL, INTERPRET, TOUCHED])
def test_references_are_exact(driver, kind, native):
    a, b = Thing(), Thing()
    exc = KeyError("k")
    callers = ((looker, 0, [("!obj", a), NULL]),)

    def once():
        try:
            driver.leave(work, body(work), [("!borrowed", a), b, NULL, NULL, NULL], [], kind=kind, native=native,
                         exc=KeyError("k") if kind == RAISE else None, frame=kind == TOUCHED, callers=() if kind == TOUCHED else callers)
        except KeyError:
            pass
        try:
            driver.leave(work, body(work), [("!obj", exc), ("!borrowed", None), NULL, ("!float", 1e300), ("!range_iter", 1, 1, 3)], [], kind=kind,
                         native=native, exc=KeyError("k") if kind == RAISE else None)
        except KeyError:
            pass

    once()
    gc.collect()
    watched = [a, b, exc, work, work.__code__, looker, looker.__code__, Thing, KeyError]
    before, blocks = [sys.getrefcount(o) for o in watched], sys.getallocatedblocks()
    for _ in range(1000):
        once()
    gc.collect()
    assert [sys.getrefcount(o) for o in watched] == before
    assert abs(sys.getallocatedblocks() - blocks) < 200


def deep(leave, function, n):
    if not n:
        return 0
    return 1 + leave(function, 0, [leave, function, n - 1], [])


def test_deep_frames_leave_the_data_stack_whole(driver):
    for _ in range(20):
        assert deep(driver.leave, deep, 200) == 200
    assert [spin(i) for i in range(5)] == [0, 0, 1, 3, 6]
