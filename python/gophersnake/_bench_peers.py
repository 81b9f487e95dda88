"""`bench --peers`: the same functions by other means, in the same run, with their results compared.

numba and pypy take the file as it is. c is the program of the same name in the folder c beside the file, which takes a kernel's name
and how many seconds to measure, and prints the seconds of a call and its result (bench/c/python.h has how).
"""

import ast
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from gophersnake import _bench_peer
from gophersnake._target import UsageError, nearest

TITLES = {"c": "C", "numba": "Numba", "pypy": "PyPy"}
LONGEST = 120  # seconds for a function by a peer


def chosen(text):
    """The peers of the option; a mistake if one is unknown or not there."""
    peers = [word.strip() for word in text.split(",")]
    for peer in peers:
        if peer not in TITLES:
            raise UsageError(f"there is no peer {peer}.{nearest(peer, TITLES)} The peers are {', '.join(TITLES)}.")
    if "numba" in peers and importlib.util.find_spec("numba") is None:
        raise UsageError("--peers numba needs Numba: pip install numba.")
    if "pypy" in peers and not shutil.which("pypy3"):
        raise UsageError("--peers pypy needs the command pypy3 on PATH.")
    if "c" in peers:
        _compiler()
    return peers


def _compiler():
    for command in filter(None, (os.environ.get("CC"), "gcc", "cc")):
        if shutil.which(shlex.split(command)[0]):
            return shlex.split(command)
    raise UsageError("--peers c needs a C compiler: gcc on PATH, or CC.")


def run(peer, job, row, fast):
    """How the peer does, beside the finished row: seconds and speed-up, or why there are none."""
    if "digest" not in row:
        return {"verdict": "not compared"}
    wanted = {"rounds": 3 if fast else 5, "seconds": 0.1 if fast else 0.5}
    try:
        told = _c(job, wanted["seconds"]) if peer == "c" else _python(peer, {**job, **wanted})
    except subprocess.TimeoutExpired:
        told = {"problem": f"it takes more than {LONGEST} s"}
    if not told:
        return {"verdict": "none", "detail": "there is no such program"}
    if "problem" in told:
        return {"verdict": "fails", "detail": told["problem"]}
    if told["digest"] != row["digest"]:
        return {"verdict": "different", "detail": "it returns something else than plain Python"}
    del told["digest"]
    return {"verdict": "same", "speedup": row["plain_seconds"] / told["seconds"], **told}


def _python(peer, job):
    interpreter = "pypy3" if peer == "pypy" else sys.executable
    words = [interpreter, _bench_peer.__file__, json.dumps({"function": None, "index": None, "args": (), **job, "numba": peer == "numba"})]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads(done.stdout)


@cache
def _program(source):
    folder = tempfile.TemporaryDirectory(prefix="gophersnake-bench-")
    program = Path(folder.name, source.stem)
    version = f"-DPYTHON={sys.version_info[0]}{sys.version_info[1]}"
    # Python rounds after each operation, and so must C.
    command = [*_compiler(), "-O2", "-ffp-contract=off", "-w", version, "-o", str(program), str(source), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UsageError(f"{source.name} cannot be compiled: {(done.stderr.strip().splitlines() or ['no message'])[0]}.")
    return folder, program  # the folder lives as long as the cache


def _c(job, seconds):
    source = Path(job["path"]).parent / "c" / (Path(job["path"]).stem + ".c")
    if job["function"] or not source.exists():
        return {}
    done = subprocess.run([_program(source)[1], job["name"], str(seconds)], capture_output=True, text=True, timeout=LONGEST)
    if done.returncode == 2:
        return {}
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    seconds, _, result = done.stdout.partition("\n")
    return {"seconds": float(seconds), "digest": _bench_peer.digest(ast.literal_eval(result.strip()))}
