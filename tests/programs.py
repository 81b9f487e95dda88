"""Random Python programs for comparing the jitted run with the plain one.

    python -m tests.programs --count 20000 --seed 1 --jobs 1

Their grammars are `program_numbers.py` and `program_objects.py`. Program number N of a seed is always the same. Workers
are processes: a crash or a hang is reported with its program.
"""

import argparse
import gc
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import program_support
from tests.program_numbers import Program
from tests.program_objects import Objects

GRAMMAR = "both"  # or "numbers", or "objects"


def program(seed, number):
    """One in eight is of objects, whose many functions take three times as long to compile."""
    rng = random.Random(f"{seed}:{number}")
    grammar = GRAMMAR if GRAMMAR != "both" else "objects" if number % 8 == 7 else "numbers"
    return objects(rng) if grammar == "objects" else Program(rng)


def objects(rng):
    """What the grammar cannot easily avoid, such as a name that is both parameter and nonlocal, is made anew."""
    while True:
        made = Objects(rng)
        try:
            program_support.compiled(made.source)
            return made
        except SyntaxError:
            continue


# ---- reproducing

def script(source, calls, what):
    """A file that shows the difference without this folder."""
    support = Path(program_support.__file__).read_text()
    return f'''"""{what.splitlines()[0]}

A crash may need PYTHONMALLOC=debug to show.{f' Run it with {FORCE}={os.environ[FORCE]}.' if FORCE in os.environ else ''}
"""
import sys
{support}

SOURCE = {source!r}
CALLS = {[tuple(c) for c in calls]!r}

if __name__ == "__main__":
    from gophersnake import jit
    print(SOURCE)
    for call in CALLS:
        print("{{}}{{}}".format(*call))
    found = difference(SOURCE, CALLS, jit, {"memory blocks" in what})
    print(found or "no difference")
    sys.exit(found is not None)
'''


def check(source, calls, leaks=False):
    import gophersnake

    return program_support.difference(source, calls, gophersnake.jit, leaks)


def bounded(command, seconds, **how):
    """A process that ends by SIGXCPU after so much of processor time: on a busy machine a program may well take minutes."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.RLIM_INFINITY))

    return subprocess.run(command, capture_output=True, preexec_fn=limit, timeout=ASLEEP, **how)


def outcome(source, calls, leaks, seconds=20):
    """The difference, found in a process of its own, so that a crash is one as well; None if there is none."""
    job = json.dumps([source, calls, leaks])
    try:
        done = bounded([sys.executable, "-m", "tests.programs", "--one"], seconds, input=job, text=True, cwd=ROOT, env={**os.environ, **DEBUG})
    except subprocess.TimeoutExpired:
        return "hang"
    if done.returncode == -signal.SIGXCPU:
        return "hang"
    if done.returncode < 0:
        return f"crash: {signal.Signals(-done.returncode).name}"
    if done.returncode == 3:
        return done.stdout
    return None if done.returncode == 0 else f"the checker itself failed:\n{done.stderr}"


def plain_runs(source, calls):
    """Whether the program ends well without the JIT: else it is the generator's mistake."""
    text = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom tests import program_support as s\nr = s.Run({source!r}, lambda f: f)\nfor c in {calls!r}: r.call(*c)"
    try:
        return bounded([sys.executable, "-c", text], HANG / 2).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def sort_of(what):
    """Crash, hang, or in what two runs differ: a smaller program must not lead to another bug."""
    lines = what.split("\n")
    return lines[0].split(" ")[0], tuple(line for line in lines if line.startswith("  ") and not line.startswith("    "))


def reduce(source, calls, what, seconds=60):
    """A smaller program that shows a difference of the same sort: fewer calls, then fewer lines."""
    sort = sort_of(what)
    leaks = "memory blocks" in what
    end = time.monotonic() + seconds

    def still(new_source, new_calls):
        nonlocal what
        if time.monotonic() > end:
            return False
        try:
            compile(new_source, "<program>", "exec")
        except SyntaxError:
            return False
        found = outcome(new_source, new_calls, leaks, 5)
        if found is None or sort_of(found) != sort:
            return False
        what = found
        return True

    changed = True
    while changed and time.monotonic() < end:
        changed = False
        for i in range(len(calls) - 1, -1, -1):
            fewer = calls[:i] + calls[i + 1 :]
            if fewer and still(source, fewer):
                calls, changed = fewer, True
        lines = source.splitlines()
        i = len(lines) - 1
        while i >= 0:
            depth = len(lines[i]) - len(lines[i].lstrip())
            last = i + 1
            while last < len(lines) and len(lines[last]) - len(lines[last].lstrip()) > depth:
                last += 1
            candidates = [lines[:i] + lines[last:]]
            if last > i + 1:  # the block without its header
                candidates.append(lines[:i] + [line[4:] for line in lines[i + 1 : last]] + lines[last:])
            for shorter in candidates:
                if still("\n".join(shorter) + "\n", calls):
                    lines, changed = shorter, True
                    source = "\n".join(lines) + "\n"
                    break
            i = min(i - 1, len(lines) - 1)
    return source, calls, what


# ---- the big run

ROOT = Path(__file__).resolve().parents[1]
# Freed memory is poisoned: an object that is freed too early shows in its own program, not in some later one.
DEBUG = {"PYTHONMALLOC": "debug"}
LEAKS_EVERY = 16  # one of numbers, one of objects
HANG = 20  # seconds of processor time for one program
MEMORY = 4 << 30  # as RLIMIT_DATA, not RLIMIT_AS: the Go runtime reserves much more address space than it uses
ASLEEP = 300  # seconds of anybody's time: it waits for something
FORCE = "GOPHERSNAKE_FORCE_GUARD"


def work(seed, start, count, step, status):
    """A worker: programs start, start+step, ...; differences go to standard output, the one at work to the status file."""
    with open(status, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 32)
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.RLIM_INFINITY))
    import gophersnake

    gc.collect()
    gc.freeze()
    gc.disable()
    done = 0
    for number in range(start, count, step):
        shared[:32] = struct.pack("qqqq", number, done, len(program_support.LATE), len(program_support.CHANCE))
        made = program(seed, number)
        found = program_support.difference(made.source, made.calls, gophersnake.jit, number % LEAKS_EVERY in (0, LEAKS_EVERY - 1))
        if found:
            print(json.dumps([number, found]), flush=True)
        done += 1
        # Damage shows here; and a support function that has become hot over many programs would be compiled into each that calls it.
        gc.collect()
    shared[:32] = struct.pack("qqqq", -1, done, len(program_support.LATE), len(program_support.CHANCE))


class Worker:
    def __init__(self, seed, start, count, step):
        self.seed, self.count, self.step = seed, count, step
        self.output = tempfile.TemporaryFile("w+")
        self.errors = tempfile.TemporaryFile("w+")
        self.status = tempfile.NamedTemporaryFile()
        self.start(start)

    def start(self, number):
        self.status.seek(0)
        self.status.write(struct.pack("qqqq", number, 0, 0, 0))
        self.status.flush()
        self.position = number, time.monotonic(), 0
        words = ["--grammar", GRAMMAR, "--worker", self.status.name, "--seed", self.seed, "--start", str(number), "--step", str(self.step), "--count", str(self.count)]
        self.process = subprocess.Popen([sys.executable, "-m", "tests.programs", *words], stdout=self.output, stderr=self.errors, cwd=ROOT, env={**os.environ, **DEBUG})

    def at(self):
        self.status.seek(0)
        return struct.unpack("qqqq", self.status.read(32))

    def used(self):
        """Seconds of processor time."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0  # it has ended
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def poll(self):
        """None while all is well; (number, what) for a crash or a hang; True when finished."""
        number = self.at()[0]
        code = self.process.poll()
        if code is None:
            if number != self.position[0]:
                self.position = number, time.monotonic(), self.used()
            elif self.used() - self.position[2] > HANG or time.monotonic() - self.position[1] > ASLEEP:
                self.process.kill()
                self.process.wait()
                return number, "hang"
            return None
        if code == 0:
            return True
        if code < 0:
            return number, f"crash: {signal.Signals(-code).name}"
        self.errors.seek(0)
        return number, f"the checker itself failed:\n{self.errors.read()[-2000:]}"


def report(seed, number, source, calls, what, folder, shrink, show):
    """Write the reproducing script, of a smaller program if there is one, and print."""
    alone = ""
    if shrink:
        found = outcome(source, calls, True)
        if found is None:
            alone = " (not alone: only after others in the same process)"
        else:
            source, calls, what = reduce(source, calls, found)
    path = Path(folder) / f"program_{seed}_{number}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(source, calls, what))
    print(f"\n--- program {number} of seed {seed}{alone}, script {path}")
    if show:
        print(source + "".join(f"# {f}{a}\n" for f, a in calls))
    print(what)


def tell(seed, number, what):
    """At once: a run of hours may be ended."""
    first, _, rest = what.partition("\n")
    print(f"program {number} of seed {seed} differs: {first} {rest[:60].strip()}", flush=True)


def big_run(count, seed, jobs, folder, most, shrink, start=0):
    """Run programs start to count; the number of those with a difference."""
    began = time.monotonic()
    workers = [Worker(seed, start + i, count, jobs) for i in range(min(jobs, count - start))]
    running = list(workers)
    found = []
    spoiled = 0
    told = 0.0
    try:
        while running and len(found) < most:
            time.sleep(0.05)
            for worker in list(running):
                state = worker.poll()
                if state is None:
                    continue
                if state is True:
                    running.remove(worker)
                    continue
                number, what = state
                made = program(seed, number)
                if plain_runs(made.source, made.calls):
                    found.append((number, what))
                    tell(seed, number, what)
                else:
                    spoiled += 1
                if number + worker.step < count:
                    worker.start(number + worker.step)
                else:
                    running.remove(worker)
            for worker in workers:
                worker.output.seek(getattr(worker, "read_to", 0))
                for line in worker.output.read().splitlines():
                    found.append(tuple(json.loads(line)))
                    tell(seed, *found[-1])
                worker.read_to = worker.output.tell()
            if sys.stderr.isatty() and time.monotonic() - told > 1:
                told = time.monotonic()
                at = [w.at()[0] for w in running]
                print(f"\r{min(at, default=count)} of {count}, {len(found)} differ ", end="", file=sys.stderr, flush=True)
    finally:
        for worker in running:
            worker.process.kill()
            worker.process.wait()
    for worker in workers:
        worker.output.seek(getattr(worker, "read_to", 0))
        found += [tuple(json.loads(line)) for line in worker.output.read().splitlines()]
    seconds = time.monotonic() - began
    for i, (number, what) in enumerate(found):
        made = program(seed, number)
        report(seed, number, made.source, made.calls, what, folder, shrink and i < 3, i < 3)
    stopped = len(found) >= most and running
    print(f"{'stopped early: ' if stopped else ''}{count - start if not stopped else 'some'} programs of seed {seed} in {seconds:.0f} s, "
          f"{len(found)} differ, in {sum(w.at()[2] for w in workers)} only arguments die later, "
          f"in {sum(w.at()[3] for w in workers)} plain runs differ as well, {spoiled} left out because they do not end in plain Python either")
    return len(found)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20000, help="number of the last program, and one")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--grammar", choices=("numbers", "objects", "both"), default="both")
    parser.add_argument("--only", type=int, help="show and check this program of the seed")
    parser.add_argument("--out", default=str(ROOT / "build" / "programs"), help="folder for the reproducing scripts")
    parser.add_argument("--most", type=int, default=10, help="stop after so many differences")
    parser.add_argument("--force-guards", nargs="?", const="random", metavar="WHICH", help="guards fail although what they check holds: random:SEED, all, or a number")
    parser.add_argument("--no-reduce", action="store_true", help="do not make the programs smaller")
    parser.add_argument("--start", type=int, default=0, help="number of the first program")
    for internal in ("--worker", "--step"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    global GRAMMAR
    GRAMMAR = chosen.grammar
    if chosen.force_guards:
        os.environ[FORCE] = f"random:{chosen.seed}" if chosen.force_guards == "random" else chosen.force_guards
    if chosen.worker:
        work(chosen.seed, chosen.start, chosen.count, int(chosen.step), chosen.worker)
        return 0
    if chosen.one:
        gc.disable()
        found = check(*json.load(sys.stdin))
        gc.collect()  # damage may show first to the collector
        print(found or "")
        return 3 if found else 0
    if chosen.only is not None:
        made = program(chosen.seed, chosen.only)
        print(made.source + "".join(f"# {f}{a}\n" for f, a in made.calls))
        found = outcome(made.source, made.calls, True)
        if found:
            report(chosen.seed, chosen.only, made.source, made.calls, found, chosen.out, not chosen.no_reduce, True)
        else:
            print("no difference")
        return 1 if found else 0
    return 1 if big_run(chosen.count, chosen.seed, chosen.jobs, chosen.out, chosen.most, not chosen.no_reduce, chosen.start) else 0


if __name__ == "__main__":
    sys.exit(main())
