"""The decorator: finds the functions in what it is given, and attaches to each in place.

`jit(f) is f`: there is no wrapper. Nothing here runs when a function is called.
"""

import atexit
import os
import sys
from types import FunctionType, MethodType

_PREFIX = "GOPHERSNAKE_"
_CHOICES = {"LOG": ("compile", "exits"), "DUMP": ("decode", "build", "opt", "asm")}
_VARIABLES = ("DISABLE", *_CHOICES, "FORCE_GUARD", "OPT", "PERF", "VERIFY")  # the compiler reads the last four itself


def _warn(text):
    import warnings

    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _nearest(name, known):
    from difflib import get_close_matches

    return get_close_matches(name, known, 1, 0.0)[0]


def _disabled():
    value = os.environ.get("GOPHERSNAKE_DISABLE", "")
    if value not in ("", "0", "1"):
        _warn(f"GOPHERSNAKE_DISABLE={value} is ignored: it is 0 or 1")
    return value == "1"


def _choices(name):
    """What an environment variable lists; a word that is unknown is warned of and left out."""
    known, chosen = _CHOICES[name], []
    for word in os.environ.get(_PREFIX + name, "").replace(",", " ").split():
        if word in known:
            chosen.append(word)
        else:
            _warn(f"{_PREFIX}{name}: {word!r} is not one of {', '.join(known)}")
    return chosen


def _no_native():
    """Why there is no native code."""
    from ._supported import why_interpreted

    return why_interpreted() or "it was installed without native code (pip install -v tells why, when it is installed again)"


for _variable in os.environ:
    if _variable.startswith(_PREFIX) and _variable[len(_PREFIX) :] not in _VARIABLES:
        _warn(f"{_variable} is no variable of Gophersnake; the nearest is {_PREFIX}{_nearest(_variable[len(_PREFIX) :], _VARIABLES)}")

try:
    import gophersnake._native as _native
except ImportError as e:
    _native = None
    _problem = _no_native() if isinstance(e, ModuleNotFoundError) else f"its native code cannot be loaded ({e})"

    class GophersnakeError(Exception):
        """What strict=True asked for could not be done."""

else:
    from . import _load  # noqa: F401 - for _native, which must not import it late: its text says why

    GophersnakeError = _native.GophersnakeError
    _problem = _native.unusable()

if _disabled():
    _problem = "GOPHERSNAKE_DISABLE is set"

# The class statement treats functions of these names in its own way, but only plain ones.
_PLAIN = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_OPTIONS = ("strict",)

if not _problem:
    _log = _choices("LOG")
    atexit.register(_native.ending)
    _native.configure("compile" in _log, "exits" in _log, ",".join(_choices("DUMP")) or None)


def jit(function=None, /, *, strict=False, **unknown):
    """Let calls of a function run as machine code. It stays the same object, and means the same.

    For functions, methods, staticmethod, classmethod, property and functools.cached_property, and for classes (all
    functions of theirs). strict=True: GophersnakeError where a line stays interpreted.
    """
    if unknown:
        _unknown_option(next(iter(unknown)))
    if function is None:
        return lambda function: jit(function, strict=strict)
    if not _attach(function, strict):
        raise TypeError(_refusal(function))
    return function


# For whoever puts it on every function there is (_rewrite): in C, for a closure may be made as often as others are called.
jit_casually = (lambda function: function) if _problem else _native.jit_casually


def unjit(function, /):
    """Undo jit: the function, or the class's functions, are as if it had never been."""
    if not _each(function, _detach):
        raise TypeError(_refusal(function).replace("jit()", "unjit()"))
    return function


def _unknown_option(name):
    raise TypeError(f"jit() has no option {name!r}; the nearest is {_nearest(name, _OPTIONS)!r}")


def _refusal(o):
    if isinstance(o, (str, bytes, int, float)):
        return f"jit() takes a function, and this is {o!r}; it wants no signature, types are found out by calls"
    if type(o).__name__ in ("builtin_function_or_method", "method_descriptor", "wrapper_descriptor", "method-wrapper"):
        return f"jit() takes a function written in Python, and {o.__name__!r} is built in: it is machine code already"
    inner = getattr(o, "__wrapped__", None) or getattr(o, "func", None)
    if isinstance(inner, FunctionType):
        return f"jit() takes a function, and this is a {type(o).__name__} around {inner.__qualname__!r}: put @jit beneath it, next to the def"
    return f"jit() takes a function or a class, not {type(o).__name__!r} objects"


def _each(o, do, *more):
    """Calls do with each function of an object, and more: whether it is of a kind that has any."""
    if isinstance(o, FunctionType):
        do(o, *more)
    elif isinstance(o, (staticmethod, classmethod, MethodType)):
        return _each(o.__func__, do, *more)
    elif isinstance(o, property):
        for f in (o.fget, o.fset, o.fdel):
            if isinstance(f, FunctionType):
                do(f, *more)
    elif isinstance(o, type):
        for member in list(vars(o).values()):
            if not isinstance(member, type):  # a class within has its own decorator, or none
                _each(member, do, *more)
    else:
        functools = sys.modules.get("functools")  # who has a cached_property has imported it
        if functools is None or not isinstance(o, functools.cached_property):
            return False
        return _each(o.func, do, *more)
    return True


def _attach(o, strict):
    return _each(o, _attach_function, strict, isinstance(o, type))  # no closure: CPython 3.12 that has no memory to make one frees its code


def _attach_function(f, strict, whole_class):
    if _problem:
        if strict:
            raise GophersnakeError(f"{f.__qualname__}: {_problem}")
    elif not whole_class and f.__name__ in _PLAIN:
        _decline(f, strict, "the class statement treats a function of this name in its own way")
    elif not _native.attach(f, strict) and strict:
        raise GophersnakeError(f"{f.__qualname__}: {f.__gophersnake__.reason}")


def _decline(f, strict, reason):
    if strict:
        raise GophersnakeError(f"{f.__qualname__}: {reason}")
    _native.decline(f, reason)


def _detach(f):
    if _native is not None:
        _native.detach(f)


def stats():
    """Counts of the process: functions, compiles, bytes of code, exits."""
    return _native.stats() if _native is not None else {}


def info():
    """What is installed, and whether functions are compiled here."""
    from . import __version__

    facts = {"gophersnake": __version__, "python": sys.version.split()[0], "platform": f"{sys.platform} {os.uname().machine}"}
    facts["compiles"] = not _problem
    if _problem:
        facts["why_not"] = _problem
    if _native is not None:
        facts["native"] = _native.__file__
    for variable in os.environ:
        if variable.startswith(_PREFIX):
            facts[variable] = os.environ[variable]
    return facts
