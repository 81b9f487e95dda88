"""Random programs, plain against jitted. The big run is `python -m tests.programs`.

The volume runs in processes of their own, where a crash is a report; Hypothesis then looks on in this one, because it
shrinks better.
"""

import gc
import os
import random
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gophersnake
from tests import program_numbers, program_support, programs

VOLUME = 5000


@pytest.mark.in_each_share
def test_volume_of_seeded_programs(tmp_path, capsys, parts):
    differing = programs.big_run(VOLUME // parts, "ci", os.cpu_count(), tmp_path, 3, True)
    assert differing == 0, capsys.readouterr().out


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(st.randoms(use_true_random=False))
def test_programs_with_shrinking(rng):
    made = program_numbers.Program(rng)
    found = program_support.difference(made.source, made.calls, gophersnake.jit)
    assert found is None, f"{found}\n{made.source}\n{made.calls}"


def test_program_is_the_same_for_its_number():
    assert programs.program("7", 11).source == programs.program("7", 11).source
    assert programs.program("7", 11).source != programs.program("7", 12).source


def test_program_is_the_same_in_each_process():
    """The order of a set of names is another one with each seed of their hashes: --only must make what the run has made."""
    text = "from tests import programs; print(*(programs.program('ci', n).source for n in range(400)))"
    made = [subprocess.run([sys.executable, "-c", text], cwd=programs.ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "12"]
    assert made[0] == made[1]


# What the comparison must notice: each of these stands for a sort of miscompile.


def _wrapped(change):
    def jit(function):
        def wrapper(*args, **keywords):
            return change(function, args, keywords)

        return wrapper

    return jit


KEPT = []


def _wrong_value(f, args, kw):
    result = f(*args, **kw)
    return result + 1 if type(result) is int else result


def _other_zero(f, args, kw):
    result = f(*args, **kw)
    return 0.0 if type(result) is float and result == 0 else result


def _bool_for_int(f, args, kw):
    result = f(*args, **kw)
    return int(result) if type(result) is bool else result


def _leaks_argument(f, args, kw):
    KEPT.append(args)
    return f(*args, **kw)


def _fresh_object(f, args, kw):
    result = f(*args, **kw)
    return result + 0.0 if type(result) is float and result == result and result != 0 else result


def _other_error(f, args, kw):
    try:
        return f(*args, **kw)
    except ZeroDivisionError as e:
        raise ValueError(*e.args) from None


def _lost_effect(f, args, kw):
    result = f(*args, **kw)
    if program_support.LOG:
        program_support.LOG.pop()
    return result


def _leaks_block(f, args, kw):
    KEPT.extend([object(), object(), object()])  # more than what else in the process is freed meanwhile
    return f(*args, **kw)


@pytest.mark.parametrize(
    "change, source, arguments, what",
    [
        (_wrong_value, "def f(a): return a * 1000", "(5,)", "returned"),
        (_other_zero, "def f(a): return a * -1.0", "(0.0,)", "returned"),
        (_bool_for_int, "def f(a): return a > 1", "(2,)", "returned"),
        (_leaks_argument, "def f(a): return 1", "([1.5],)", "reference counts"),
        (_fresh_object, "def f(a): return a", "(2.5,)", "returned"),
        (_other_error, "def f(a): return 1 // a", "(0,)", "raised"),
        (_lost_effect, "def f(a): log(a)", "(1,)", "log"),
        (_leaks_block, "def f(a): return 1", "(1,)", "memory blocks"),
        (_leaks_argument, "def g(a): return 1\ndef f(n): return g(Dies(n))", "(1,)", "log"),
    ],
)
def test_the_comparison_notices(change, source, arguments, what):
    KEPT.clear()
    for _ in range(4):  # what earlier programs left is freed now, not while blocks are counted
        gc.collect()
    found = program_support.difference("@JIT\n" + source, [("f", arguments)], _wrapped(change), leaks=True)
    assert found is not None and what in found


@pytest.mark.parametrize(
    "replacement, what",
    [
        ("def f(a):\n\n\n    return 1 // a", "raised"),  # another line
        ("def f(b):\n    return 1 // b", "raised"),  # another local in the traceback's frame
        ("def f(a):\n    try: return 1 // a\n    except ArithmeticError: raise ZeroDivisionError('integer division or modulo by zero')", "raised"),  # another context
    ],
)
def test_the_comparison_notices_in_tracebacks(replacement, what):
    namespace = {}
    exec(compile(replacement, program_support.FILE, "exec"), namespace)

    def jit(function):
        function.__code__ = namespace["f"].__code__
        return function

    found = program_support.difference("@JIT\ndef f(a):\n    return 1 // a", [("f", "(0,)")], jit)
    assert found is not None and what in found


def test_an_argument_that_dies_later_is_counted_only():
    """The caller of an attached function holds its arguments (docs/design.md, section 2)."""

    def jit(function):
        def wrapper(a):
            held = [a]
            del a
            return function(*held)

        return wrapper

    source = "@JIT\ndef g(a):\n    a = 1\n    log(a)\ndef f(n): g(Dies(n))"
    assert program_support.difference(source, [("f", "(1,)")], jit) is None
    assert source in program_support.LATE


@pytest.mark.parametrize("function", ["os.kill(os.getpid(), 11)", "time.sleep(100)", "exec('while True: pass')"])
def test_a_crash_and_a_hang_are_found(function, tmp_path, monkeypatch):
    """The process that checks dies: its parent must know with which program."""
    fake = tmp_path / "gophersnake"
    fake.mkdir()
    (fake / "__init__.py").write_text(f"import os, time\ndef jit(f):\n    if f.__name__ == 'f': {function}\n    return f\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(programs, "ASLEEP", 5)
    found = programs.outcome("@JIT\ndef f(): pass\n", [["f", "()"]], False, 2)
    assert found.startswith(("crash: SIGSEGV", "hang"))


def test_values_of_programs_stay_small():
    """A program that explodes would measure the machine: no plain run may take long or make huge integers."""
    for number in range(96):
        made = programs.program("small", number)
        run = program_support.Run(made.source, lambda f: f)
        for call in made.calls:
            told = run.call(*call)
            assert len(repr(told)) < 2_000_000
