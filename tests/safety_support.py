"""Scripts in processes of their own, for what would take the test process down with it: crashes, hangs, fork, exit, recursion."""

import difflib
import os
import subprocess
import sys

import pytest

# What every script has: jit, which GOPHERSNAKE_DISABLE=1 makes do nothing, and a look at what became of a function.
PRELUDE = """
import sys
from gophersnake import jit, _native

def units(f):
    info = _native.record_info(getattr(f, "__func__", f))
    return info["units"] if info else []
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
