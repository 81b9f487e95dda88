"""Programs written to break a compiler: each prints the same plain, with every function of it jitted, and with guards that fail
although what they check holds. They repeat what they do, so that what one call taught is compiled in the next."""

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parent / "adversarial").glob("*.py"))

RUN = """
import builtins, sys, types
from gophersnake import jit
from gophersnake._rewrite import NAME, rewrite

path, jitted = sys.argv[1], sys.argv[2] == "jitted"
source = open(path).read()
if jitted:
    setattr(builtins, NAME, jit)
program = sys.modules["__main__"] = types.ModuleType("__main__")
exec(rewrite(source, path) if jitted else compile(source, path, "exec", dont_inherit=True), program.__dict__)
"""


def output(path, how, **env):
    done = subprocess.run(
        # From 3.12 on CPython warns of a fork beside other threads, and the compiler has some.
        [sys.executable, "-X", "faulthandler", "-W", "ignore:This process:DeprecationWarning", "-c", RUN, str(path), how],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONHASHSEED": "0", **env},
    )
    return re.sub("0x[0-9a-f]{6,}", "0x...", f"{done.stdout}{done.stderr}status {done.returncode}")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_adversarial(path):
    plain = output(path, "plain")
    assert plain.endswith("status 0"), plain[-2000:]
    for env in {}, {"GOPHERSNAKE_FORCE_GUARD": "all"}:
        jitted = output(path, "jitted", **env)
        if jitted != plain:
            lines = difflib.unified_diff(plain.splitlines(), jitted.splitlines(), "plain", f"jitted {env}", lineterm="", n=1)
            pytest.fail("\n".join(line[:400] for line in list(lines)[:40]), pytrace=False)
