"""Gophersnake: put @jit on a function and it runs as machine code, with Python's exact meaning.

    from gophersnake import jit

    @jit
    def f(n): ...

explain(f) tells what became of it. Everything that only questions need is imported by the first one.
"""

from ._jit import GophersnakeError, info, jit, stats, unjit

__version__ = "0.1.0"
__all__ = ["GophersnakeError", "Version", "explain", "info", "jit", "stats", "unjit", "versions"]


def explain(function, *, asm=False):
    """What became of a function: its versions, and beside each line the types and guards of its bytecode, as text.

    A notebook shows it as HTML. asm=True adds the machine code.
    """
    from ._explain import explain

    return explain(function, asm)


def versions(function):
    """The compiled versions of a function: a list of Version(types, bytes, compile_seconds, calls, exits)."""
    from ._explain import versions

    return versions(function)


def __getattr__(name):
    if name == "Version":
        from ._explain import Version

        return Version
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
