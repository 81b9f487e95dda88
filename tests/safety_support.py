"""Scripts in processes of their own, for what would take the test process down with it: crashes, hangs, fork, exit, recursion."""

import difflib
import os
import subprocess
import sys

import pytest

SMALLEST = 128 if os.uname().machine == "aarch64" else 64  # kilobytes that the C library lets a thread's stack have

# What every script has: jit, which GOPHERSNAKE_DISABLE=1 makes do nothing, a look at what became of a function, and how much memory there is.
PRELUDE = """
import os, sys
from gophersnake import jit, _native

PATIENCE = 20 if "EMULATED" in os.environ else 1  # seconds for each that it takes here (tools/arm64)

def units(f):
    info = _native.record_info(getattr(f, "__func__", f))
    return info["units"] if info else []

def resident():
    "In kilobytes. An emulator (tools/arm64) keeps its own form of all code that ran, which is resident: there, what is mapped."
    if "EMULATED" not in os.environ:
        return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
    ranges = [line.split()[0].split("-") for line in open("/proc/self/maps") if " r" in line]
    return sum(int(end, 16) - int(begin, 16) for begin, end in ranges) // 1024
"""


def python(source, timeout=60, **env):
    """What a script prints. It must end well, and not complain."""
    # From 3.12 on CPython warns of a fork beside other threads, and the compiler has some.
    command = [sys.executable, "-X", "faulthandler", "-W", "ignore:This process:DeprecationWarning", "-c", PRELUDE + source]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env={**os.environ, **env})
    except subprocess.TimeoutExpired as e:
        pytest.fail(f"still running after {timeout} s\n{(e.stdout or b'').decode()}\n{(e.stderr or b'').decode()[-4000:]}")
    if done.returncode or done.stderr:
        pytest.fail(f"status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}", pytrace=False)
    return done.stdout


def same(source, timeout=60, **env):
    """A script prints the same with functions compiled as with plain ones."""
    plain = python(source, timeout, GOPHERSNAKE_DISABLE="1", **env)
    assert plain.strip()
    jitted = python(source, timeout, **env)
    if jitted != plain:
        pytest.fail("\n".join(difflib.unified_diff(plain.splitlines(), jitted.splitlines(), "plain", "jitted", lineterm="")), pytrace=False)
    return plain
