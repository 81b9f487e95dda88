"""`python -m gophersnake bench`: what a function gains, beside plain Python, with the results compared.

Each function is measured in a process of its own (_bench_worker), where the plain and the jitted copy are called
alternately. The speed-up is the ratio of the two minimums: noise only ever adds time.
"""

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import gophersnake
from gophersnake import _bench_peers, _target
from gophersnake._bench_worker import FASTER, SLOWER
from gophersnake._target import UsageError

METHOD = (
    "each function in a process of its own; plain and jitted copies of its module called alternately; "
    "speed-up = smallest time plain / smallest time jitted; the first call includes compiling"
)


def bench_set():
    """(name, path) of each module of the set that comes with the package."""
    spec = importlib.util.find_spec("gophersnake._benchset")
    if spec is not None:
        folder = Path(spec.origin).parent
    else:
        folder = Path(__file__).resolve().parents[2] / "bench"  # run from a checkout that was not installed
        if not folder.is_dir():
            raise UsageError("this installation has no bench set; name a file or MODULE:FUNCTION.")
    order = _target.load("_benchset", str(folder / "__init__.py"), False).FILES
    return [(name, str(folder / f"{name}.py")) for name in order]


def jobs_of(targets, args_text):
    """One job a function to measure."""
    if args_text is not None and not any(_target.split(t)[1] for t in targets):
        raise UsageError("--args belongs to a function: FILE.py:FUNCTION or MODULE:FUNCTION.")
    if targets:
        found = [(*_target.find(where), function) for where, function in map(_target.split, targets)]
    else:
        found = [(name, path, None) for name, path in bench_set()]
    jobs = []
    for name, path, function in found:
        if function:
            _target.function_of(_target.load(name, path, False), function)  # a mistake is told before the first measurement
            args = _target.arguments(args_text) if args_text is not None else ()
            jobs.append({"name": f"{name}:{function}", "module": name, "path": path, "function": function, "args": args})
            continue
        rows = getattr(_target.load(name, path, False), "BENCH", None)
        if rows is None:
            raise UsageError(f'{path} has no list BENCH = [(name, function, args), ...]; or name a function: {path}:FUNCTION --args "(30,)".')
        for i, row in enumerate(rows):
            if not (isinstance(row, tuple) and len(row) == 3 and callable(row[1]) and isinstance(row[2], tuple)):
                raise UsageError(f"BENCH[{i}] in {path} is not (name, function, tuple of arguments).")
            jobs.append({"name": str(row[0]), "module": name, "path": path, "function": None, "index": i})
    return jobs


def run_job(job, fast, peers=()):
    """The finished row of one function."""
    row = measure_job({**job, "peers": bool(peers)}, fast)
    if peers:
        row["peers"] = {peer: _bench_peers.run(peer, job, row, fast) for peer in peers}
        row.pop("digest", None)
    return row


def measure_job(job, fast):
    job = {**job, "rounds": 3 if fast else 5, "seconds": 0.4 if fast else 0.8}
    done = subprocess.run(
        [sys.executable, "-m", "gophersnake._bench_worker", json.dumps(job)], capture_output=True, text=True, env=_environment()
    )
    row = {"name": job["name"], "file": os.path.basename(job["path"]), "same_result": False, "detail": ""}
    if done.returncode < 0:
        return {**row, "verdict": "crashed", "detail": f"the process died of {signal.Signals(-done.returncode).name}"}
    if done.returncode and "Timeout (" in done.stderr:
        return {**row, "verdict": "hung", "detail": "it runs more than twenty times as long as in plain Python, and was ended"}
    if done.returncode:
        return {**row, "verdict": "crashed", "detail": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    told = json.loads(done.stdout)
    if "usage" in told:
        raise UsageError(told["usage"])
    if "problem" in told:
        raise UsageError(f"{job['name']} cannot be measured: {told['problem']}.")
    if told["difference"]:
        return {**row, "verdict": "different", "detail": told["difference"]}
    plain, jitted = min(told["plain_samples"]), min(told["jit_samples"])
    ratio = plain / jitted
    verdict = "slower" if ratio < SLOWER else "faster" if ratio > FASTER else "no change"
    return {
        **row,
        "same_result": True,
        "verdict": verdict,
        "plain_seconds": plain,
        "jit_seconds": jitted,
        "speedup": ratio,
        **{key: value for key, value in told.items() if key != "difference"},
    }


def _environment():
    """The worker finds the gophersnake that runs here, wherever it was imported from."""
    here = str(Path(gophersnake.__file__).resolve().parents[1])
    path = [here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def geometric_mean(rows):
    return mean([row["speedup"] for row in rows if "speedup" in row])


def beside(rows, peer):
    """How long Gophersnake takes for each second of the peer's, of the functions that both run with Python's results."""
    return [row["peers"][peer]["speedup"] / row["speedup"] for row in rows if "speedup" in row and "speedup" in row["peers"][peer]]


def warming(rows, peer):
    """How much longer the peer's first call takes than its later ones, for each second that Gophersnake's does: mostly what compiling takes."""
    ratios = []
    for row in rows:
        told = row.get("peers", {}).get(peer, {})
        if "speedup" in row and "first_call_seconds" in told:
            theirs, ours = told["first_call_seconds"] - told["seconds"], row["first_call_seconds"] - row["jit_seconds"]
            if theirs > 0 and ours > 0:
                ratios.append(theirs / ours)
    return ratios


def bench(targets, args_text, fast, as_json, console_options, peers=(), plot=None):
    """Run it all and print; the exit status."""
    try:
        import pyperf
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError as e:
        raise UsageError(f'bench needs {e.name}: pip install "gophersnake[bench]".') from e
    if plot:
        try:
            import matplotlib
        except ImportError as e:
            raise UsageError('--plot needs matplotlib: pip install "gophersnake[plot]".') from e
    jobs = jobs_of(targets, args_text)
    rows = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        task = progress.add_task("", total=len(jobs))
        for job in jobs:
            progress.update(task, description=job["name"])
            rows.append(run_job(job, fast, peers))
            progress.advance(task)
    findings = sum(row["verdict"] in ("different", "slower", "crashed", "hung") for row in rows)
    # A Run collects what pyperf knows of the machine: processor, its frequency, the load.
    machine = pyperf.Run([1.0], metadata={"name": "machine"}, collect_metadata=True).get_metadata()
    if as_json:
        keys = "cpu_model_name", "cpu_count", "cpu_config", "platform", "python_version", "load_avg_1min"
        report = {
            "schema": 1,
            "command": "bench",
            "version": gophersnake.__version__,
            "method": METHOD,
            "machine": {key: machine[key] for key in keys if key in machine},
            "benchmarks": rows,
            "geometric_mean": geometric_mean(rows),
            **({"time_beside": {peer: mean(beside(rows, peer)) for peer in peers}, "warming_beside": {peer: mean(warming(rows, peer)) for peer in peers}} if peers else {}),
            "findings": findings,
        }
        print(json.dumps(report, indent=2))
    else:
        console = Console(highlight=False, **console_options)
        show(console, rows, machine, peers)
    if plot:
        draw(plot, rows, peers, machine)
    return 1 if findings else 0


def statistics(samples):
    """pyperf's view of some samples: their spread, and how to write a time."""
    import pyperf

    return pyperf.Benchmark([pyperf.Run([value], metadata={"name": "samples", "unit": "second"}, collect_metadata=False) for value in samples])


STYLE = {"faster": "green", "no change": "dim", "slower": "red", "different": "bold red", "crashed": "bold red", "hung": "bold red"}


def times(ratio):
    return f"{ratio:.{1 if ratio >= 10 else 2}f}×"


def show(console, rows, machine, peers=()):
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, side in ("function", "left"), ("plain Python", "right"), ("Gophersnake", "right"), ("speed-up", "right"), ("first call", "right"):
        table.add_column(heading, justify=side, no_wrap=True)
    for peer in peers:
        table.add_column(_bench_peers.TITLES[peer], justify="right", no_wrap=True)
    table.add_column("same result")
    unsteady = []
    for row in rows:
        style = STYLE[row["verdict"]]
        if "speedup" not in row:
            table.add_row(row["name"], "", "", f"[{style}]{row['verdict']}[/]", "", *[""] * len(peers), f"[{style}]no[/]")
            continue
        gain = row["verdict"] if row["verdict"] == "no change" else times(row["speedup"])
        plain = statistics(row["plain_samples"])
        seconds = plain.format_value
        if plain.median_abs_dev() > 0.1 * plain.median():
            unsteady.append(row["name"])
        others = [row["peers"][peer] for peer in peers]
        cells = [times(told["speedup"]) if "speedup" in told else "" if told["verdict"] == "none" else f"[dim]{told['verdict']}[/]" for told in others]
        table.add_row(
            row["name"], seconds(row["plain_seconds"]), seconds(row["jit_seconds"]), f"[{style}]{gain}[/]", seconds(row["first_call_seconds"]), *cells, "yes"
        )
    console.print(table)
    for row in rows:
        if row["detail"]:
            console.print(f"[bold red]{row['name']}[/]: {row['detail']}", soft_wrap=True)
    whole = geometric_mean(rows)
    if whole is not None and len(rows) > 1:
        console.print(f"\ngeometric mean [bold]{whole:.2f}×[/] over {sum('speedup' in r for r in rows)} functions")
    for peer in peers:
        ratios = beside(rows, peer)
        if ratios:
            console.print(f"beside {_bench_peers.TITLES[peer]}, Gophersnake takes [bold]{mean(ratios):.2f}×[/] the time, over {len(ratios)} functions")
        ratios = warming(rows, peer)
        if ratios:
            console.print(f"{_bench_peers.TITLES[peer]}'s first call costs {mean(ratios):.0f}× what Gophersnake's does, over {len(ratios)} functions", soft_wrap=True)
    if unsteady:
        console.print(f"[yellow]the machine was busy: plain times spread by more than 10 % in {', '.join(unsteady)}[/]", soft_wrap=True)
    console.print(f"[dim]CPython {machine['python_version'].split()[0]}, {machine.get('cpu_model_name', machine['platform'])}. {METHOD}.[/]", soft_wrap=True)


def draw(path, rows, peers, machine):
    """The speed-ups as bars, in a picture of the kind that the file's name ends with."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [row for row in rows if "speedup" in row]
    series = {"Gophersnake": [row["speedup"] for row in rows]}
    for peer in peers:
        series[_bench_peers.TITLES[peer]] = [row["peers"][peer].get("speedup", math.nan) for row in rows]
    figure = Figure(figsize=(8, 1.2 + len(rows) * (0.18 + 0.14 * len(series))), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    thick = 0.8 / len(series)
    for i, (name, values) in enumerate(series.items()):
        axes.barh([y + i * thick for y in range(len(rows))], values, thick, label=name)
    axes.set_yticks([y + 0.4 - thick / 2 for y in range(len(rows))], [row["name"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel(f"times as fast as plain CPython {machine['python_version'].split()[0]}")
    figure.legend(loc="outside lower right", ncols=len(series))
    try:
        figure.savefig(path)
    except (OSError, ValueError) as e:
        raise UsageError(f"{path} cannot be written: {e}.") from e
