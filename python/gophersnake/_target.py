"""What a command line names: FILE.py, FILE.py:FUNCTION, MODULE or MODULE:FUNCTION, found and loaded.

A target is executed from its source instead of imported, because the bench needs it twice side by
side: once with `jit` doing nothing, once with everything jitted.
"""

import ast
import difflib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import types

import gophersnake


class UsageError(Exception):
    """What the user asked for cannot be; the text is one sentence for them."""


def nearest(word, known):
    """' Did you mean X?', or '' where nothing is near."""
    found = difflib.get_close_matches(word, list(known), 1)
    return f" Did you mean {found[0]}?" if found else ""


def split(text):
    """'FILE.py:f' → ('FILE.py', 'f'); 'FILE.py' → ('FILE.py', None)."""
    where, colon, function = text.rpartition(":")
    if not colon:
        return text, None
    if not where or not all(part.isidentifier() for part in function.split(".")):
        raise UsageError(f"{text!r} is not FILE.py:FUNCTION or MODULE:FUNCTION.")
    return where, function


def find(where):
    """(module name, path of its source) of a file or a module."""
    if where.endswith(".py") or os.sep in where:
        if not os.path.isfile(where):
            folder = os.path.dirname(where) or "."
            there = os.listdir(folder) if os.path.isdir(folder) else []
            raise UsageError(f"there is no file {where}.{nearest(os.path.basename(where), there)}")
        return os.path.splitext(os.path.basename(where))[0], os.path.abspath(where)
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        spec = importlib.util.find_spec(where)
    except (ImportError, ValueError, AttributeError) as e:
        raise UsageError(f"there is no module {where} ({e}).") from e
    if spec is None:
        raise UsageError(f"there is no module {where}, and a file is named with its .py.{nearest(where, sys.stdlib_module_names)}")
    if not spec.origin or not spec.origin.endswith(".py"):
        raise UsageError(f"{where} has no Python source to run.")
    return where, spec.origin


def _ignored(function=None, /, **options):
    """Stands in for `jit` while the plain copy is made."""
    return function if function is not None else lambda f: f


def load(name, path, jitted):
    """A fresh module made from the source; jitted: its functions and classes, all of them, or none."""
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    module = types.ModuleType(name)
    module.__file__ = path
    module.__package__ = name if os.path.basename(path) == "__init__.py" else name.rpartition(".")[0]
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, origin=path)
    before, real, searched = sys.modules.get(name), gophersnake.jit, sys.path[:]
    sys.path.insert(0, os.path.dirname(path))  # for what a script imports from beside it
    sys.modules[name] = module  # dataclasses and pickle look their module up
    if not jitted:
        gophersnake.jit = _ignored
    try:
        exec(code, vars(module))
        if jitted:
            for key, value in list(vars(module).items()):
                if getattr(value, "__module__", None) == name and (inspect.isfunction(value) or inspect.isclass(value)):
                    setattr(module, key, real(value))
    finally:
        gophersnake.jit = real
        sys.path[:] = searched
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
    return module


def function_of(module, dotted):
    """The function that a dotted name such as Point.distance means in a module."""
    value = module
    for part in dotted.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            names = [n for n, v in vars(value).items() if callable(v)]
            raise UsageError(f"{module.__name__} has no function {dotted}.{nearest(part, names)}") from None
    if not callable(value):
        raise UsageError(f"{dotted} in {module.__name__} is not a function.")
    return value


def arguments(text):
    """The tuple that --args means: a Python literal, where one value alone stands for a call with it."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise UsageError(f'--args must be Python literals such as "(30,)" or "30", not {text!r}.') from None
    return value if isinstance(value, tuple) else (value,)
