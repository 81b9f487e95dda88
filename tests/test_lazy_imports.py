"""From CPython 3.15 on a name may hold a lazy import, which whoever reads the name replaces by what it stands for."""

import sys

import pytest
from gophersnake import jit, versions

pytestmark = pytest.mark.skipif(sys.version_info < (3, 15), reason="imports are never lazy")

SOURCE = """
lazy import colorsys
lazy import colorsys as again
lazy from colorsys import ONE_THIRD, no_such_name
lazy import no_such_module
lazy import email.errors
def reads(n):
    found = []
    for i in range(n):
        found.append(colorsys.hls_to_rgb(0, i, 0)[0] + ONE_THIRD)
    return found
def calls():
    return again.rgb_to_yiq(1, 1, 1)
def no_module():
    try:
        return no_such_module.x
    except ImportError as e:
        return repr(e)
def no_name():
    try:
        return no_such_name
    except ImportError as e:
        return repr(e)
def submodule():
    return email.errors.MessageError.__name__
def of_module():
    return other.colorsys.__name__
def kinds():
    return [type(globals()[name]).__name__ for name in ("colorsys", "again", "ONE_THIRD", "no_such_name", "no_such_module", "email")]
"""


def outcomes(wrap):
    """What the functions give again and again, and what is left in the namespace."""
    for name in list(sys.modules):
        if name == "colorsys" or name.split(".")[0] == "email":
            del sys.modules[name]
    other = type(sys)("other")
    exec("lazy import colorsys", vars(other))
    namespace = {"__name__": "lazy", "other": other}
    exec(SOURCE, namespace)
    functions = [wrap(namespace[name]) for name in ("reads", "calls", "no_module", "no_name", "submodule", "of_module")]
    found = []
    for _ in range(4):
        found.append([f(3) if f.__name__ == "reads" else f() for f in functions])
        found.append(namespace["kinds"]())
    exec("lazy import bisect as colorsys", namespace)
    with pytest.raises(AttributeError) as raised:
        functions[0](1)
    found += [str(raised.value), namespace["kinds"](), type(vars(other)["colorsys"]).__name__]
    return found, functions


def test_a_name_is_read_as_what_it_stands_for():
    outcomes(lambda f: f)  # a second time some are imported already
    plain, _ = outcomes(lambda f: f)
    jitted, functions = outcomes(jit)
    assert jitted == plain
    assert all(versions(f) for f in functions if not f.__name__.startswith("no_"))  # those begin with what raises
