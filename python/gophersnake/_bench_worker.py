"""Measures one function in a process of its own, so that a crash costs one row of the table.

`python -m gophersnake._bench_worker JOB` prints one JSON object. Two copies of the module are made from its source,
plain and jitted, and called alternately in the same process: what disturbs the machine disturbs both.
"""

import contextlib
import copy
import faulthandler
import gc
import inspect
import json
import re
import sys
import time

import gophersnake
from gophersnake import _target
from gophersnake._bench_peer import SAMPLE, digest

# What else runs on the machine gets at a long sample more easily than at a short one: the jitted samples are as long as the plain
# ones, up to this.
SAMPLE_MOST = 0.1
# A speed-up between these is called no change.
SLOWER, FASTER = 0.95, 1.05


def same(a, b):
    """Equal in type, value and text. The classes of the two copies of a module are equal by name only."""
    work = [(a, b)]
    seen = set()
    while work:
        a, b = work.pop()
        if type(a).__qualname__ != type(b).__qualname__:
            return False
        if isinstance(a, (list, tuple, dict)) or hasattr(a, "__dict__"):
            if (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
        if isinstance(a, (list, tuple)):
            if len(a) != len(b):
                return False
            work.extend(zip(a, b))
        elif isinstance(a, dict):
            if len(a) != len(b):  # dicts keep their order, and so must the jitted function
                return False
            work.extend(zip(a, b))
            work.extend(zip(a.values(), b.values()))
        elif hasattr(a, "__dict__") and not callable(a):
            work.append((vars(a), vars(b)))
        elif _text(a) != _text(b):
            return False
    return True


def _text(value):
    if isinstance(value, int):
        return hex(value)  # repr refuses very long integers
    return re.sub(r"0x[0-9a-f]+", "0x", repr(value))


class Side:
    """One of the two copies of the function: how it is called, and what was measured."""

    def __init__(self, function, args):
        self.function = function
        self.args = args
        self.constant = all(x is y for x, y in zip(copy.deepcopy(args), args))
        self.drain = inspect.isgeneratorfunction(function)
        self.loops = 1
        self.samples = []

    def sample(self):
        """(seconds a call, the last call's result, its arguments afterwards)."""
        sets = [self.args if self.constant else copy.deepcopy(self.args) for _ in range(self.loops)]
        function, drain = self.function, self.drain
        gc.collect()
        start = time.perf_counter()
        if drain:
            for args in sets:
                result = list(function(*args))
        else:
            for args in sets:
                result = function(*args)
        return (time.perf_counter() - start) / self.loops, result, args

    def calibrate(self, wanted=SAMPLE):
        """Sets how many calls a sample has; gives its length."""
        while True:
            length = self.sample()[0] * self.loops
            if length >= 0.8 * wanted or self.loops >= 1 << 20:
                return length
            self.loops = max(self.loops + 1, min(100 * self.loops, int(self.loops * wanted / max(length, 1e-9))))


def measure(job):
    modules = [_target.load(job["module"], job["path"], jitted) for jitted in (False, True)]
    sides = []
    for module in modules:
        if job["function"]:
            sides.append(Side(_target.function_of(module, job["function"]), tuple(job["args"])))
        else:
            sides.append(Side(*module.BENCH[job["index"]][1:3]))
    plain, jitted = sides
    try:
        plain_seconds, expected, expected_args = plain.sample()
    except Exception as e:
        return {"problem": f"it raises {type(e).__name__} without Gophersnake too: {e}"}

    def run(side):
        """Seconds a call, or the sentence that says how the result differs."""
        # Not a signal: code that hangs may be code that lets no signal through.
        faulthandler.dump_traceback_later(10 + 20 * plain_seconds, exit=True, file=sys.__stderr__)
        seconds, result, args = side.sample()
        faulthandler.cancel_dump_traceback_later()
        if not same(result, expected):
            return f"returned {_short(result)} where plain Python returns {_short(expected)}"
        if not same(args, expected_args):
            return f"left its arguments as {_short(args)} where plain Python leaves {_short(expected_args)}"
        return seconds

    answer = {"difference": None}
    if job["peers"] and not plain.drain:
        answer["digest"] = digest(expected)
    try:
        first = run(jitted)
        if isinstance(first, str):
            return {"difference": "the first call " + first}
        answer["first_call_seconds"] = first
        answer["first_compile_seconds"] = gophersnake.stats()["compile_ns"] / 1e9
        jitted.calibrate(min(plain.calibrate(), SAMPLE_MOST))
        end = time.perf_counter() + job["seconds"]
        rounds = 0
        wanted = job["rounds"]
        while rounds < wanted or time.perf_counter() < end:
            # Turn and turn about, so that neither is always the one after the other.
            for side in (plain, jitted) if rounds % 2 else (jitted, plain):
                seconds = run(side)
                if isinstance(seconds, str):
                    if side is plain:
                        return {"problem": f"it does not return the same twice: a later call {seconds}"}
                    return {"difference": "a later call " + seconds}
                side.samples.append(seconds)
            rounds += 1
            # Whatever looks like a small change is believed only when four times the rounds have not made it go away.
            ratio = min(plain.samples) / min(jitted.samples)
            if rounds == wanted == job["rounds"] and (ratio < SLOWER or FASTER < ratio < 1.2):
                wanted *= 4
    except Exception as e:
        return {"difference": f"raised {type(e).__name__}: {e}"}
    answer.update(plain_samples=plain.samples, jit_samples=jitted.samples)
    answer.update(plain_loops=plain.loops, jit_loops=jitted.loops)
    return answer


def _short(value):
    try:
        text = repr(value)
    except ValueError:
        text = _text(value)
    return text if len(text) < 80 else text[:77] + "..."


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # what the measured function prints is not the answer
        try:
            told = measure(json.loads(sys.argv[1]))
        except _target.UsageError as e:
            told = {"usage": str(e)}
    print(json.dumps(told))
