"""CPython's own tests, plain and with every function of the tests and of what they test jitted.

    python -m tests.run_stdlib [test_heapq ...]

Each module runs in two processes of its own, and each of its tests must end the same way in both. A test that
crashes or hangs its process is named, and the rest is run without it.
"""

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.stdlib_known import KNOWN

ROOT = Path(__file__).resolve().parents[1]

# The test module -> the modules in Python that it tests.
MODULES = {
    "test_grammar": [],
    "test_int": [],
    "test_float": [],
    "test_bool": [],
    "test_range": [],
    "test_list": ["test.list_tests", "test.seq_tests"],
    "test_tuple": ["test.seq_tests"],
    "test_dict": ["test.mapping_tests"],
    "test_iter": [],
    "test_generators": [],
    "test_exceptions": [],
    "test_raise": [],
    "test_with": [],
    "test_scope": [],
    "test_extcall": [],
    "test_heapq": ["heapq"],
    "test_bisect": ["bisect"],
    "test_statistics": ["statistics", "fractions", "random", "heapq", "bisect"],
    "test_fractions": ["fractions"],
    "test_random": ["random"],
    "test_sys_settrace": [],
    "test_inspect": ["inspect", "test.inspect_fodder", "test.inspect_fodder2"],
    "test_functools": ["functools"],
    "test_typing": ["typing"],
}
SECONDS = 300  # for one module in one process
RESTARTS = 8


def child(module, jitted, out, skipped):
    """Runs one module here; writes a line when a test begins and one when it ends."""
    import unittest

    import gophersnake

    from tests import jit_import_hook

    names = [f"test.{module}", *MODULES[module]]
    if jitted:
        jit_import_hook.install(names, gophersnake.jit)
    for name in names:
        # What was imported on the way here is imported anew, in the plain process, too.
        sys.modules.pop(name, None)
    import test.support

    test.support.use_resources = ()
    test.support.verbose = 0
    report = open(out, "a", buffering=1)
    counts = {}

    def identity(case):
        name = case.id() if hasattr(case, "id") else str(case)
        # Some cases share a name; they run in the same order in both processes.
        return name if counts.get(name, 0) < 2 else f"{name}#{counts[name]}"

    class Result(unittest.TestResult):
        def startTest(self, case):
            super().startTest(case)
            counts[case.id()] = counts.get(case.id(), 0) + 1
            report.write(f"begin\t{identity(case)}\n")

        def told(self, case, outcome, detail=""):
            report.write(f"end\t{identity(case)}\t{outcome}\t{json.dumps(detail)}\n")

        def addSuccess(self, case):
            self.told(case, "ok")

        def addFailure(self, case, error):
            self.told(case, "fail", self._exc_info_to_string(error, case))

        def addError(self, case, error):
            self.told(case, "error", self._exc_info_to_string(error, case) if hasattr(case, "failureException") else str(error[1]))

        def addSkip(self, case, reason):
            self.told(case, "skip")

        def addExpectedFailure(self, case, error):
            self.told(case, "expected failure")

        def addUnexpectedSuccess(self, case):
            self.told(case, "unexpected success")

        def addSubTest(self, case, subtest, error):
            if error is not None:
                self.told(case, "fail", f"{subtest}: {self._exc_info_to_string(error, case)}")

    def flat(suite):
        for part in suite:
            if isinstance(part, unittest.TestSuite):
                yield from flat(part)
            else:
                yield part

    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"test.{module}"))
    skipped = set(skipped)
    seen = {}
    for case in flat(suite):
        name = case.id()
        seen[name] = seen.get(name, 0) + 1
        if (name if seen[name] < 2 else f"{name}#{seen[name]}") in skipped:
            setattr(case, case._testMethodName, lambda: case.skipTest("it ended the process before"))
    suite.run(Result())
    report.write(f"stats\t{json.dumps(gophersnake.stats())}\n")


def run(module, jitted):
    """({test: [(outcome, detail)]}, statistics) of a module, as often restarted as tests end its process."""
    outcomes = {}
    statistics = {}
    ended = []
    for _ in range(RESTARTS):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "report")
            words = ["--child", module, "--out", out, *(["--jit"] if jitted else []), *(f"--skip={name}" for name in ended)]
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "tests.run_stdlib", *words],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    timeout=SECONDS,
                )
                how = f"ended the process by {signal.Signals(-done.returncode).name}" if done.returncode < 0 else f"exit status {done.returncode}"
                code, output = done.returncode, done.stdout
            except subprocess.TimeoutExpired as e:
                how, code, output = f"took more than {SECONDS} seconds", 1, str(e.output or "")
            fresh, at = {}, None
            for line in Path(out).read_text().splitlines() if os.path.exists(out) else ():
                kind, *fields = line.split("\t")
                if kind == "begin":
                    at = fields[0]
                elif kind == "end":
                    fresh.setdefault(fields[0], []).append((fields[1], json.loads(fields[2])))
                else:
                    statistics = json.loads(fields[0])
                    at = None
        for name in ended:
            fresh[name] = outcomes[name]
        outcomes = fresh
        if code == 0:
            break
        name = at if at is not None and at not in outcomes else f"{module} (at {at or 'import'})"
        outcomes[name] = [("crash", f"{how}\n{output[-1500:]}")]
        if name != at:
            break
        ended.append(name)
    return outcomes, statistics


def compare(module, plain, jitted):
    """[(test, plain outcome, jitted outcome, detail)] of those that end differently and are not known to."""

    def short(told):
        return ", ".join(sorted(outcome for outcome, _ in told)) or "not run"

    found = []
    for name in sorted({*plain, *jitted}):
        a, b = short(plain.get(name, [])), short(jitted.get(name, []))
        if a != b and name not in KNOWN:
            found.append((name, a, b, "\n".join(detail for _, detail in jitted.get(name, []) if detail)))
    return found


def check(module):
    """(number of tests, differences, statistics) of a module."""
    plain, _ = run(module, False)
    ended = [detail for told in plain.values() for outcome, detail in told if outcome == "crash"]
    if ended or not plain:
        raise RuntimeError(f"{module} does not run without Gophersnake: {ended[0] if ended else 'it has no tests'}")
    jitted, statistics = run(module, True)
    return len(plain), compare(module, plain, jitted), statistics


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.run_stdlib", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="test_MODULE", help="default: all of the list")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("--jit", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--skip", action="append", default=[], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.jit, chosen.out, chosen.skip)
        return 0
    unknown = [m for m in chosen.modules if m not in MODULES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MODULES)}")
    tests = differing = 0
    for module in chosen.modules or MODULES:
        began = time.monotonic()
        count, found, statistics = check(module)
        tests += count
        differing += len(found)
        numbers = ", ".join(f"{value} {key}" for key, value in statistics.items() if isinstance(value, int) and value)
        print(f"{module}: {count} tests, {len(found)} differ, {time.monotonic() - began:.0f} s  ({numbers})", flush=True)
        lost = [name for name, _, b, _ in found if b == "not run"]
        if lost:
            print(f"  {len(lost)} were not run, because the process ended; the first: {lost[0]}")
        for name, a, b, detail in found:
            if b == "not run":
                continue
            print(f"  {name}: {a} -> {b}")
            for line in detail.strip().splitlines()[-12:]:
                print(f"      {line}")
    print(f"{tests} tests, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
