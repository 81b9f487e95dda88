"""Jits modules as they are imported: every function of theirs, nested ones and lambdas too.

For running code that nobody wrote for Gophersnake, such as CPython's own tests.
"""

import builtins
import sys
from importlib.machinery import PathFinder, SourceFileLoader

from gophersnake._rewrite import NAME, rewrite


class JitLoader(SourceFileLoader):
    def get_code(self, fullname):
        # Past the cache: a .pyc holds the module as it is.
        path = self.get_filename(fullname)
        return rewrite(self.get_data(path), path)


class CachingJitLoader(SourceFileLoader):
    """Keeps what it makes in .pyc files, as every import does: for who has given it a place of its own for them (sys.pycache_prefix)."""

    def source_to_code(self, data, path, fullname=None, *, _optimization=-1):  # 3.15 names the module
        return rewrite(data, path)


def covered(name, names):
    """Whether a module is one of those named, or in a package that is."""
    return any(name == n or name.startswith(f"{n}.") for n in names)


class JitFinder:
    """Finds the given modules, by their full names, and what is in those that are packages, as sys.path does."""

    def __init__(self, names, loader):
        self.names = frozenset(names)
        self.loader = loader

    def find_spec(self, name, path=None, target=None):
        if not covered(name, self.names):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = self.loader(spec.loader.name, spec.loader.path)
        return spec


def install(names, jit, cached=False):
    """From now on imports of these modules are jitted."""
    setattr(builtins, NAME, jit)
    sys.meta_path.insert(0, JitFinder(names, CachingJitLoader if cached else JitLoader))
