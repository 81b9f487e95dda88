"""Writes the measured parts of docs/performance.md and README.md: what stands between <!-- name --> and <!-- end -->.

sh tools/performance [PART...] runs it in an environment where this checkout is installed.
"""

import importlib.metadata
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "docs" / "performance.md", ROOT / "README.md"]

RUNS = 3  # of the bench

# The milestone's goals: a speed-up at least.
GOALS = {
    "fib": 12,
    "sum of squares": 30,
    "float sum": 20,
    "leibniz pi": 30,
    "collatz": 18,
    "mandelbrot": 20,
    "nbody (locals)": 12,
    "is_prime": 10,
}
LEAST = 0.95  # for all others
C_MOST, C_GOAL = 1.5, 1.3  # times of C: of each kernel, and their geometric mean
# The milestone's kernels for the goal to be ahead of the faster of Numba and PyPy. The others are told beside them.
AHEAD = "is_prime", "gcd", "nbody (locals)", "nbody (tuples)", "nbody (lists)", "spectral norm", "fannkuch", "queens (bits)", "queens (lists)", "collatz", "levenshtein"
IMPORT_GOAL = 15  # milliseconds

README_ROWS = "fib", "sum of squares", "collatz", "float sum", "mandelbrot", "nbody (locals)", "sieve", "matmul", "richards", "word count"


def python(*words, check=True):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tempfile.gettempdir())
    if check and done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done


def bench(*words, middle=lambda row: row["speedup"]):
    """The report of several runs of the command: of each function the run with the middle speed-up, or what else is asked for."""
    reports = []
    for _ in range(RUNS):
        done = python("-m", "gophersnake", "bench", "--json", *words, check=False)
        if not done.stdout:
            sys.exit(done.stderr)
        reports.append(json.loads(done.stdout))
    report = reports[0]
    rows = zip(*(r["benchmarks"] for r in reports))
    # One that has no speed-up, because its results differ or it crashed, comes before all others.
    report["benchmarks"] = [next((r for r in runs if "speedup" not in r), None) or sorted(runs, key=middle)[RUNS // 2] for runs in rows]
    for row, runs in zip(report["benchmarks"], zip(*(r["benchmarks"] for r in reports))):
        for key in ("first_call_seconds", "first_compile_seconds") if "speedup" in row else ():  # one sample in each run, which whatever else the machine does makes longer
            row[key] = min(r[key] for r in runs)
    ratios = [row["speedup"] for row in report["benchmarks"] if "speedup" in row]
    report["geometric_mean"] = mean(ratios)
    return report


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def digits(x):
    """Three of them, as a decimal number."""
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def ms(seconds):
    return f"{digits(seconds * 1e3)} ms"


def times(ratio):
    return f"{digits(ratio)}×"


def bench_table(report, least=LEAST):
    rows = ["| function | plain | jitted | speed-up | goal | first call |", "|---|--:|--:|--:|--:|--:|"]
    for row in report["benchmarks"]:
        goal = GOALS.get(row["name"], least)
        if "speedup" not in row:
            rows.append(f"| {row['name']} | | | {row['verdict']} | {goal}× | |")
            continue
        met = "" if row["speedup"] >= goal else " (missed)"
        rows.append(
            f"| {row['name']} | {ms(row['plain_seconds'])} | {ms(row['jit_seconds'])} | **{times(row['speedup'])}** "
            f"| {goal}×{met} | {ms(row['first_call_seconds'])} |"
        )
    machine = report["machine"]
    return [
        *rows,
        "",
        f"Geometric mean {times(report['geometric_mean'])} over {len(report['benchmarks'])} functions; the results of all agree"
        + (" with plain Python's." if all(r["same_result"] for r in report["benchmarks"]) else " but where the table says so."),
        f"{machine.get('cpu_model_name', 'unknown processor')}, {machine['cpu_count']} processors, load {float(machine['load_avg_1min']):.1f}, "
        f"{platform.system()} on {platform.machine()}, CPython {platform.python_version()}.",
    ]


def c_table(report):
    rows = ["| kernel | plain | jitted | C | jitted beside C | goal |", "|---|--:|--:|--:|--:|--:|"]
    ratios = []
    for row in report["benchmarks"]:
        c = row.get("peers", {}).get("c", {"verdict": row["verdict"]})
        if "speedup" not in row or "seconds" not in c:
            if c["verdict"] != "none":
                rows.append(f"| {row['name']} | | | {c['verdict']} | | |")
            continue
        ratios.append(row["jit_seconds"] / c["seconds"])
        met = "" if ratios[-1] <= C_MOST else " (missed)"
        rows.append(f"| {row['name']} | {ms(row['plain_seconds'])} | {ms(row['jit_seconds'])} | {ms(c['seconds'])} | **{times(ratios[-1])}** | {C_MOST}×{met} |")
    machine = report["machine"]
    compiler = subprocess.run([os.environ.get("CC", "gcc"), "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return [
        *rows,
        "",
        f"Geometric mean {times(mean(ratios))} of C's time over {len(ratios)} kernels (goal {C_GOAL}×); the results agree. {compiler}, {machine.get('cpu_model_name', 'unknown processor')}, "
        f"load {float(machine['load_avg_1min']):.1f}, CPython {platform.python_version()}.",
    ]


def peers_table(report):
    """Numba and PyPy beside us, on the kernels that they run with Python's results."""
    rows = ["| kernel | jitted | Numba | PyPy | the faster of them, beside us | compiling for the first call: jitted | Numba | |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    beside, both, first, ahead = {"numba": [], "pypy": []}, [], [], []
    for row in report["benchmarks"]:
        if "speedup" not in row:
            rows.append(f"| {row['name']} | {row['verdict']} | | | | | | |")
            continue
        found = {peer: told for peer, told in row["peers"].items() if "seconds" in told}
        cells = [row["name"], ms(row["jit_seconds"]), *(ms(told["seconds"]) if "seconds" in told else told["verdict"] for told in row["peers"].values())]
        for peer, told in found.items():
            beside[peer].append(told["seconds"] / row["jit_seconds"])
        fastest = min((told["seconds"] / row["jit_seconds"] for told in found.values()), default=None)
        cells.append(f"**{times(fastest)}**" if fastest else "")
        if fastest and row["name"] in AHEAD:
            ahead.append(fastest)
        if fastest and len(found) == len(row["peers"]):
            both.append(fastest)
        if "numba" in found:
            ours, theirs = row["first_compile_seconds"], found["numba"]["first_call_seconds"] - found["numba"]["seconds"]
            first.append(theirs / ours)
            cells += ms(ours), ms(theirs), f"**{times(first[-1])}**"
        else:
            cells += "", "", ""
        rows.append(f"| {' | '.join(cells)} |")
    machine = report["machine"]
    return [
        *rows,
        "",
        f"Geometric means of their time beside ours: Numba {times(mean(beside['numba']))} over {len(beside['numba'])} kernels, PyPy {times(mean(beside['pypy']))} over {len(beside['pypy'])}; "
        f"the faster of the two {times(mean(both))} over the {len(both)} that both run with Python's results, and {times(mean(ahead))} over {', '.join(AHEAD)} (goal 1×), where it is the faster of those that do. Compiling: Numba {times(mean(first))} of our time, {times(min(first))} at least (goal 50×). "
        f"Numba {importlib.metadata.version('numba')}, {machine.get('cpu_model_name', 'unknown processor')}, load {float(machine['load_avg_1min']):.1f}, CPython {platform.python_version()}.",
    ]


def short_table(report):
    by_name = {row["name"]: row for row in report["benchmarks"]}
    rows = ["| | plain Python | `@jit` | speed-up |", "|---|--:|--:|--:|"]
    for name in README_ROWS:
        row = by_name[name]
        if "speedup" in row:
            rows.append(f"| {name} | {ms(row['plain_seconds'])} | {ms(row['jit_seconds'])} | {times(row['speedup'])} |")
    machine = report["machine"]
    return [*rows, "", f"CPython {platform.python_version()}, {machine.get('cpu_model_name', 'unknown processor')}."]


COMPILE = """
import json, sys, time
from gophersnake import _bench, _native, _target, stats
name, path, index = sys.argv[1], sys.argv[2], int(sys.argv[3])
row = _target.load(name, path, True).BENCH[index]
for _ in range(2):
    row[1](*row[2])
facts = json.loads(_native.describe(0, "stats"))
print(json.dumps(facts))
"""

FIRST = """
import time, gophersnake
@gophersnake.jit
def f(x): return x + 1
@gophersnake.jit
def g(x): return x + 2
a = time.perf_counter(); f(1); b = time.perf_counter(); g(1); c = time.perf_counter()
print(b - a, c - b)
"""


def compile_table():
    from gophersnake import _bench, _target

    total, stages = {"compiles": 0, "total_ns": 0, "code_bytes": 0}, {}
    worst = ("", 0)
    for name, path in _bench.bench_set():
        for index, row in enumerate(_target.load(name, path, False).BENCH):
            facts = json.loads(python("-c", COMPILE, name, path, str(index)).stdout)
            for key in total:
                total[key] += facts[key]
            for stage, ns in facts["stage_ns"].items():
                stages[stage] = stages.get(stage, 0) + ns
            if facts["total_ns"] > worst[1]:
                worst = (f"{row[0]}, {facts['compiles']} compiles", facts["total_ns"])
    first = [tuple(map(float, python("-c", FIRST).stdout.split())) for _ in range(15)]
    share = ", ".join(f"{stage} {ns / total['total_ns']:.0%}" for stage, ns in sorted(stages.items(), key=lambda item: -item[1]))
    return [
        "| | |",
        "|---|--:|",
        f"| compiles for two calls of each function of the bench set | {total['compiles']} |",
        f"| time of a compile, mean (with all callees) | {ms(total['total_ns'] / total['compiles'] / 1e9)} |",
        f"| most for one function ({worst[0]}) | {ms(worst[1] / 1e9)} |",
        f"| machine code of a compile, mean | {total['code_bytes'] / total['compiles'] / 1024:.1f} KB |",
        f"| first call of the process: `x + 1`, compiler loaded (fastest of {len(first)}) | {ms(min(a for a, _ in first))} |",
        f"| first call of a second such function (fastest of {len(first)}) | {ms(min(b for _, b in first))} |",
        "",
        f"By stage: {share}.",
    ]


LARGE = """
import json, resource, runpy, sys, time
import gophersnake
shapes = runpy.run_path(sys.argv[1])
source = "def f(x, y):\\n    z = x\\n    " + "\\n    ".join(shapes[sys.argv[2]](int(sys.argv[3]))) + "\\n    return x, y, z\\n"
args = {"floats": (3.0, 4.0), "lists": (3, list(range(10)))}.get(sys.argv[2], (3, 4))
exec(source, shapes)
gophersnake.jit(lambda x: x)(1)
f = gophersnake.jit(shapes["f"])
told = {"first": [], "compiling": [], "fails": ""}
before = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
open("/proc/self/clear_refs", "w").write("5")  # the peak of making the source is forgotten
for _ in range(4):
    was, begin = gophersnake.stats()["compile_ns"], time.process_time()
    f(*args)
    told["first"].append(time.process_time() - begin)
    told["compiling"].append((gophersnake.stats()["compile_ns"] - was) / 1e9)
told["bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
said = str(gophersnake.explain(f)).split("runs interpreted: ")
print(json.dumps({**told, "fails": said[1].splitlines()[0] if len(said) > 1 and not gophersnake.versions(f) else ""}))
"""

LARGE_LINES = 10_000
SHAPES = {
    "straight": "integer arithmetic, four operations each",
    "floats": "float arithmetic, three operations each",
    "lists": "stores into a list of ten, of what it holds and a sum",
    "ifs": "`if … else`, 4 lines each",
    "continues": "`if … continue` in one loop, 3 lines each",
    "loops": "`for` loops, 3 lines each",
    "nested": "nests of nine loops and ifs, 20 lines each",
    "calls": "calls of a function",
}


def large_table():
    lines = ["| lines of | the first call | the most that a call compiles for | memory | |", "|---|--:|--:|--:|---|"]
    for shape, what in SHAPES.items():
        told = json.loads(python("-c", LARGE, str(ROOT / "compile" / "testdata" / "growth.py"), shape, str(LARGE_LINES)).stdout)
        lines.append(f"| {what} | {ms(told['first'][0])} | {'' if told['fails'] else ms(max(told['compiling']))} | {told['bytes'] / 1e6:.0f} MB | {'interpreted: ' + told['fails'] if told['fails'] else ''} |")
    return lines


PASS_OFF = """
import gc, json, sys, time
from gophersnake import _target
name, path, index = sys.argv[1], sys.argv[2], int(sys.argv[3])
import copy
row = _target.load(name, path, True).BENCH[index]
def call():
    args = copy.deepcopy(row[2])
    gc.collect()
    begin = time.thread_time()
    row[1](*args)
    return time.thread_time() - begin
for _ in range(4):
    call()
best, end = [], time.perf_counter() + 0.15
while len(best) < 5 or time.perf_counter() < end:
    best.append(call())
print(min(best))
"""


# gcc's own vectors, for any gain it sees; and none.
VECTORS = {"scalar": "-fno-tree-vectorize", "vectors": "-ftree-vectorize -fvect-cost-model=unlimited -mavx2"}


def vectors_table():
    """What vectors could win at most: the C program of each kernel built without and with them, run alternately."""
    from gophersnake import _bench_peers, _target

    rows, ratios = ["| kernel in C | scalar | AVX2 | scalar beside AVX2 |", "|---|--:|--:|--:|"], []
    for path in with_c:
        programs = {}
        for kind, flags in VECTORS.items():
            os.environ["CC"] = f"gcc {flags}"
            _bench_peers._program.cache_clear()
            programs[kind] = _bench_peers._program(path.parent / "c" / f"{path.stem}.c")
        for name, *_ in _target.load(path.stem, str(path), False).BENCH:
            seconds = {kind: [] for kind in programs}
            for _ in range(5):
                for kind, (_, program) in programs.items():
                    done = subprocess.run([program, name, "0.2"], capture_output=True, text=True)
                    if done.returncode == 0:
                        seconds[kind].append(float(done.stdout.partition("\n")[0]))
            if seconds["scalar"]:
                scalar, vectors = (min(seconds[kind]) for kind in VECTORS)
                ratios.append(scalar / vectors)
                rows.append(f"| {name} | {ms(scalar)} | {ms(vectors)} | **{times(ratios[-1])}** |")
    del os.environ["CC"]
    return [*rows, "", f"Geometric mean {times(mean(ratios))} over {len(ratios)} kernels."]


def passes_table():
    """What a function's time becomes without a pass: each function alternately with it and without, in processes of their own."""
    from gophersnake import _bench, _target

    names = subprocess.run([sys.executable, "-c", "import gophersnake; gophersnake.jit(lambda: 1)()"], capture_output=True, text=True,
                           env={**os.environ, "GOPHERSNAKE_OPT": "-none"}).stderr  # fmt: skip
    names = re.search(r"passes are ([a-z, ]+)", names)[1].split(", ")
    slower = {off: [] for off in [*names, "all of them"]}
    for name, path in _bench.bench_set():
        for index, row in enumerate(_target.load(name, path, False).BENCH):

            def seconds(off, name=name, path=path, index=index):
                os.environ["GOPHERSNAKE_OPT"] = ",".join(f"-{x}" for x in off)
                return float(python("-c", PASS_OFF, name, path, str(index)).stdout)

            whole = min(seconds([]) for _ in range(2))
            for off, found in slower.items():
                found.append((seconds(names if off == "all of them" else [off]) / whole, row[0]))
    del os.environ["GOPHERSNAKE_OPT"]
    rows = ["| without | geometric mean | most for |", "|---|--:|---|"]
    for off, found in slower.items():
        most = ", ".join(f"{name} {times(ratio)}" for ratio, name in sorted(found, reverse=True)[:3])
        rows.append(f"| {off} | {times(mean([ratio for ratio, _ in found]))} | {most} |")
    return [*rows, "", f"Times of {len(found)} functions of the bench set, against all passes. CPython {platform.python_version()}, {platform.machine()}."]


def import_table():
    """Interpreters with and without the import, started alternately."""
    seconds = {"pass": [], "import gophersnake": []}
    for _ in range(40):
        for code, found in seconds.items():
            begin = time.perf_counter()
            python("-c", code)
            found.append(time.perf_counter() - begin)
    bare, with_it = (min(found) for found in seconds.values())
    traced = []
    for _ in range(10):
        lines = python("-X", "importtime", "-c", "import gophersnake").stderr.splitlines()
        traced.append(next(int(line.split("|")[1]) for line in lines if line.split("|")[-1].strip() == "gophersnake"))
    return [
        "| | | goal |",
        "|---|--:|--:|",
        f"| `python -c pass` | {ms(bare)} | |",
        f"| `python -c 'import gophersnake'` | {ms(with_it)} | |",
        f"| the import | {ms(with_it - bare)} | {IMPORT_GOAL} ms |",
        f"| the import, by `-X importtime` | {ms(min(traced) / 1e6)} | |",
    ]


def build_table():
    def wheel(folder):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, str(ROOT)], check=True)
        return time.perf_counter() - begin

    with tempfile.TemporaryDirectory() as folder:
        wheel(folder)
        seconds = min(wheel(folder) for _ in range(3))
        (made,) = Path(folder).iterdir()
        size = made.stat().st_size
    return [
        "| | |",
        "|---|--:|",
        f"| wheel | {size / 1e6:.1f} MB |",
        f"| `pip wheel .` where it was built before | {seconds:.1f} s |",
    ]


def write(parts):
    for document in DOCUMENTS:
        text = document.read_text()
        for name, lines in parts.items():
            text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, lines=lines: m[1] + "\n".join(lines) + "\n" + m[2], text, flags=re.S)
        document.write_text(text)


def bench_parts():
    report = bench()
    return {"bench": bench_table(report), "bench-short": short_table(report)}


def beside_c(row):
    c = row.get("peers", {}).get("c", {})
    return row["jit_seconds"] / c["seconds"] if "seconds" in c else 0.0


def beside_peers(row):
    seconds = [told["seconds"] for told in row["peers"].values() if "seconds" in told]
    return row["jit_seconds"] / min(seconds) if seconds else 0.0


PEERS = "numba", "pypy"
with_c = [path for path in sorted((ROOT / "bench").glob("*.py")) if (ROOT / "bench" / "c" / f"{path.stem}.c").exists()]
PARTS = {
    "bench": bench_parts,
    "everyday": lambda: {"everyday": bench_table(bench(str(ROOT / "bench" / "everyday.py")))},
    "c": lambda: {"c": c_table(bench("--peers", "c", *map(str, with_c), middle=beside_c))},
    "peers": lambda: {"peers": peers_table(bench("--peers", ",".join(PEERS), *map(str, with_c), middle=beside_peers))},
    "untuned": lambda: {"untuned": bench_table(bench(str(ROOT / "bench" / "untuned.py")), 1)},
    "vectors": lambda: {"vectors": vectors_table()},
    "passes": lambda: {"passes": passes_table()},
    "compile": lambda: {"compile": compile_table()},
    "large": lambda: {"large": large_table()},
    "import": lambda: {"import": import_table()},
    "build": lambda: {"build": build_table()},
}


def main():
    for part in sys.argv[1:] or [part for part in PARTS if part != "peers"]:
        write(PARTS[part]())


if __name__ == "__main__":
    main()
