"""Which Pythons get native code. setup.py asks when it builds, and so does the package where it was built without: both say the same."""

import os
import sys

VERSIONS = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))
MACHINES = {"x86_64": "x86-64", "aarch64": "arm64"}


def why_interpreted():
    """Why this interpreter gets no native code, in a sentence without a full stop; "" if it gets it."""
    import sysconfig  # not needed where native code is there

    machine = os.uname().machine if hasattr(os, "uname") else "another machine"
    known = ", ".join("%d.%d" % v for v in VERSIONS)
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
    this = f"{name} {'.'.join(map(str, sys.version_info[:3]))}"
    if sys.implementation.name != "cpython" or sys.version_info[:2] not in VERSIONS:
        return f"native code is made for CPython {known}, and this is {this}"
    if sys.platform != "linux" or machine not in MACHINES or sys.maxsize < 2**32:
        return f"native code is made for 64-bit Linux on {' and '.join(MACHINES.values())}, and this is {sys.platform} on {machine}"
    if sys.version_info[3] != "final":
        return "this is a pre-release of Python, whose bytecode need not be that of the release"
    if "musl" in (sysconfig.get_config_var("SOABI") or ""):
        return "musl cannot load a shared object written in Go"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this is a free-threaded build of Python, and native code relies on the GIL"
    if sysconfig.get_config_var("Py_DEBUG"):
        return "this is a debug build of Python, whose assertions know nothing of native code"
    return ""
