"""Measures one function of a bench file in another Python, or compiled by Numba: `PYTHON _bench_peer.py JOB` prints one JSON object.

It runs by its path, where Gophersnake is not installed, and imports nothing of it.
"""

import copy
import gc
import hashlib
import importlib
import json
import re
import sys
import time
import types

SAMPLE = 0.005  # a shorter sample would measure the clock


def digest(value):
    """Equal for equal results, in whatever process they are."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    return hashlib.sha256(re.sub(r"0x[0-9a-f]+", "0x", repr(value)).encode()).hexdigest()


def load(path):
    module = types.ModuleType("bench_file")
    module.__file__ = path
    sys.modules[module.__name__] = module
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), vars(module))
    return module


def compile_all(module):
    """Each function of the module through Numba, as a user would decorate it."""
    numba = importlib.import_module("numba")
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            setattr(module, name, numba.njit(value))


def measure(job):
    module = load(job["path"])
    if job["function"]:
        name, args = job["function"], tuple(job["args"])
    else:
        function, args = module.BENCH[job["index"]][1:3]
        name = function.__name__
    if job["numba"]:
        compile_all(module)
    function = vars(module)[name]
    constant = all(x is y for x, y in zip(copy.deepcopy(args), args))

    def sample(loops):
        sets = [args if constant else copy.deepcopy(args) for _ in range(loops)]
        gc.collect()
        start = time.perf_counter()
        for each in sets:
            result = function(*each)
        return (time.perf_counter() - start) / loops, result

    first, result = sample(1)
    told = digest(result)
    loops = max(1, int(SAMPLE / max(sample(1)[0], 1e-9)))
    end = time.perf_counter() + job["seconds"]
    samples = []
    while len(samples) < job["rounds"] or time.perf_counter() < end:
        seconds, result = sample(loops)
        samples.append(seconds)
        if digest(result) != told:
            return {"problem": "it does not return the same twice"}
    return {"seconds": min(samples), "first_call_seconds": first, "digest": told}


if __name__ == "__main__":
    try:
        answer = measure(json.loads(sys.argv[1]))
    except Exception as e:
        answer = {"problem": type(e).__name__ + ": " + (str(e).strip().splitlines() or [""])[0]}
    print(json.dumps(answer))
