"""The test suites of packages from PyPI, plain and with every function of the package and of its tests jitted.

    python -m tests.run_packages [--cache DIR] [--rounds N] [--times N] [NAME ...]

Each package has a virtual environment of its own, with the pinned version of its sdist in it. Its suite runs in two
processes, and each test must end the same way in both; the processor time of the two is compared, too.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import gophersnake

HERE = Path(__file__).resolve().parent
PYTEST = "pytest==9.1.1"
SECONDS = int(os.environ.get("PACKAGE_SECONDS", 900))  # for one suite in one process
RESTARTS = 8


@dataclass
class Package:
    version: str
    modules: str  # what is jitted, by its full names
    tests: list  # what pytest is given
    needs: list = field(default_factory=list)  # what the tests import beside pytest
    known: dict = field(default_factory=dict)  # the end of a test's name -> why it may end differently


PACKAGES = {
    "astral": Package("3.2", "astral", ["src/test"], ["freezegun", "pytz"]),
    "attrs": Package("26.1.0", "attr,attrs,tests", ["tests"], ["hypothesis", "cloudpickle"]),
    "bitstring": Package("5.0.0", "bitstring,tests", ["tests", "--ignore=tests/test_fp8.py", "--ignore=tests/test_mxfp.py"], ["hypothesis", "pytest-benchmark"]),  # those two need gfloat, that is numpy
    "boltons": Package("26.2.0", "boltons,tests", ["tests"]),
    "chess": Package("1.11.2", "chess,test", ["test.py"]),
    "click": Package("8.5.1", "click,tests", ["tests"]),
    "ecdsa": Package("0.19.2", "ecdsa", [f"src/ecdsa/test_{what}.py" for what in ("numbertheory", "ellipticcurve", "jacobi", "eddsa", "ecdsa", "der")], ["hypothesis"]),
    "geographiclib": Package("2.1", "geographiclib", [f"geographiclib/test/test_{what}.py" for what in ("geodesic", "sign")]),
    "idna": Package("3.20", "idna,tests", ["tests"], ["hypothesis"]),
    "jinja2": Package("3.1.6", "jinja2,tests", ["tests"], ["trio"]),
    "lark": Package("1.3.1", "lark,tests", ["tests"]),
    "markdown-it-py": Package("4.3.0", "markdown_it,mdurl,tests", ["tests"], ["pytest-regressions"]),
    "more-itertools": Package("11.2.1", "more_itertools,tests", ["tests"], known={"CallbackIterTests::test_exception": "asks for the result of a thread without waiting for it to end"}),
    "mpmath": Package("1.3.0", "mpmath", ["mpmath"]),
    "networkx": Package("3.6.1", "networkx", ["networkx"]),
    "packaging": Package("26.3", "packaging,tests", ["tests"], ["hypothesis", "pretend", "tomli-w"]),
    "pygments": Package("2.21.0", "pygments,tests", ["tests"], ["wcag-contrast-ratio"]),
    "pyparsing": Package("3.3.3", "pyparsing,tests", ["tests"], ["railroad-diagrams", "jinja2"]),
    "sqlparse": Package("0.6.1", "sqlparse,tests", ["tests"], known={"test_nested_case_within_cap_under_1s": "measures how long it takes"}),
    "toolz": Package("1.0.0", "toolz,tlz", ["toolz", "tlz"], known={"test_is_valid_curry": "asks isinstance(f, type(lambda: None)) of a function made by exec: a jitted lambda has a subtype on 3.11"}),
    "uncertainties": Package("3.2.3", "uncertainties,tests", [f"tests/test_{what}.py" for what in ("uncertainties", "umath", "formatting", "power")]),  # the others need numpy
}


def pip(venv, *words):
    command = [venv / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def link_beside(folder):
    """What the child imports beside the package: gophersnake, but nothing else that is installed where this runs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in {
        "gophersnake": Path(gophersnake.__file__).parent,
        "gophersnake_import_hook.py": HERE / "jit_import_hook.py",
        "gophersnake_package_child.py": HERE / "package_child.py",
    }.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)


def prepare(name, cache):
    """(python, folder of the source) of a package: what is not in the cache is downloaded."""
    package = PACKAGES[name]
    place = cache / f"{name}-{package.version}"
    venv, done = place / "venv", place / "done"
    wanted = json.dumps([PYTEST, package.version, package.needs])
    if not done.exists() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        pip(venv, "download", "--no-deps", "--no-binary", name, "--dest", place / "sdist", f"{name}=={package.version}")
        (sdist,) = (place / "sdist").glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(place / "source", filter="data")
        pip(venv, "install", sdist, PYTEST, *package.needs)
        done.write_text(wanted)
    link_beside(place / "beside")
    (source,) = (place / "source").iterdir()
    return venv / "bin" / "python", source, place


@dataclass
class Run:
    outcomes: dict  # test -> [(outcome, detail)]
    seconds: float  # of processor time
    statistics: dict


def run(name, jitted, cache, rounds=1, eager=False, only_collect=False):
    """A suite in one process, as often restarted as tests end it."""
    package = PACKAGES[name]
    python, source, place = prepare(name, cache)
    outcomes, statistics, ended = {}, {}, []
    kept = ["-X", f"pycache_prefix={place / ('jitted' if jitted else 'plain')}"]  # which processes that a test starts do not inherit
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))},
        "PYTHONPATH": str(place / "beside"),
        "PYTHONHASHSEED": "0",
    }
    for _ in range(RESTARTS):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "report"
            words = ["--out", out, "--names", package.modules, "--rounds", str(rounds), *(["--jit"] if jitted else []), *(["--eager"] if eager else []), *(f"--skip={test}" for test in ended)]
            options = ["-q", "-p", "no:cacheprovider", f"--basetemp={folder}/tmp", *(["--collect-only"] if only_collect else []), *package.tests]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            try:
                done = subprocess.run(
                    [python, "-P", *kept, "-m", "gophersnake_package_child", *words, "--", *options],
                    cwd=source,
                    env=environment,
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
                how, code, output = f"took more than {SECONDS} seconds", -1, (e.output or b"").decode(errors="replace")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            fresh, at = {}, None
            for line in out.read_text().splitlines() if out.exists() else ():
                kind, *fields = map(json.loads, line.split("\t"))
                if kind == "begin":
                    at = fields[0]
                elif kind == "end":
                    fresh.setdefault(fields[0], []).append(tuple(fields[1:]))
                else:
                    statistics, at = fields[0], None
        for test in ended:
            fresh[test] = outcomes[test]
        outcomes = fresh
        if 0 <= code <= 1 or only_collect:  # 1: some tests failed
            break
        test = at if at is not None and at not in ended else f"{name} (at {at or 'import'})"
        outcomes[test] = [("crash", f"{how}\n{output[-3000:]}")]
        if test != at:
            break
        ended.append(test)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(outcomes, seconds, statistics)


def compare(name, plain, jitted):
    """[(test, plain outcome, jitted outcome, detail)] of those that end differently and are not known to."""

    def short(told):
        return ", ".join(outcome for outcome, _ in told) or "not run"

    found = []
    for test in sorted({*plain, *jitted}):
        a, b = short(plain.get(test, [])), short(jitted.get(test, []))
        if a != b and not any(test.endswith(known) for known in PACKAGES[name].known):
            found.append((test, a, b, "\n".join(detail for _, detail in [*plain.get(test, []), *jitted.get(test, [])] if detail)))
    return found


@dataclass
class Result:
    tests: int
    found: list
    plain: float
    jitted: float
    statistics: dict


def check(name, cache, rounds=1, times=1, eager=False):
    """Runs a package's suite both ways. The times are of the fastest of several runs, alternately."""
    for jitted in (False, True):
        run(name, jitted, cache, only_collect=True)  # afterwards no module is compiled to bytecode any more
    plains, jits = [], []
    for _ in range(times):
        plains.append(run(name, False, cache, rounds))
        ended = [detail for told in plains[-1].outcomes.values() for outcome, detail in told if outcome == "crash"]
        if ended or not plains[-1].outcomes:
            raise RuntimeError(f"{name} does not run without Gophersnake: {ended[0] if ended else 'it has no tests'}")
        jits.append(run(name, True, cache, rounds, eager))
    found = compare(name, plains[0].outcomes, jits[0].outcomes)
    return Result(len(plains[0].outcomes), found, min(r.seconds for r in plains), min(r.seconds for r in jits), jits[0].statistics)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.run_packages", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(PACKAGES)}")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps what is downloaded; default: a temporary folder")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="run each test so often in one process")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="run each suite so often, for the time")
    parser.add_argument("--eager", action="store_true", help="compile everything in its first call, as if each function were decorated: for errors, not for the time")
    chosen = parser.parse_args()
    unknown = [n for n in chosen.names if n not in PACKAGES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(PACKAGES)}")
    tests = differing = 0
    with tempfile.TemporaryDirectory() as temporary:
        cache = (chosen.cache or Path(temporary)).resolve()
        for name in chosen.names or PACKAGES:
            began = time.monotonic()
            try:
                result = check(name, cache, chosen.rounds, chosen.times, chosen.eager)
            except (RuntimeError, subprocess.CalledProcessError) as e:
                print(f"{name}: {e}\n{getattr(e, 'stderr', '')}", flush=True)
                differing += 1
                continue
            tests += result.tests
            differing += len(result.found)
            numbers = ", ".join(f"{value} {key}" for key, value in result.statistics.items() if isinstance(value, int) and value)
            print(
                f"{name} {PACKAGES[name].version}: {result.tests} tests, {len(result.found)} differ, plain {result.plain:.2f} s, jitted {result.jitted:.2f} s, "
                f"ratio {result.jitted / result.plain:.2f}, in all {time.monotonic() - began:.0f} s  ({numbers})",
                flush=True,
            )
            for test, a, b, detail in result.found:
                print(f"  {test}: {a} -> {b}")
                for line in detail.strip().splitlines()[-12:]:
                    print(f"      {line}")
    print(f"{tests} tests, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
