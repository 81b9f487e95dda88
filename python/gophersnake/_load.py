"""Loads gophersnake._compiler, the Go half, at the first compile and once more in each forked child.

A Go runtime does not survive fork: its threads are gone, and the next call into it
hangs. So a child never calls the runtime that it inherited. It loads a private copy
of the shared object, from memory, under a path no ancestor used: the dynamic linker
and CPython both answer a path they know with what they have. What was compiled before
the fork is plain machine code in memory and goes on working.

The extension is loaded by its file, past sys.meta_path, so that no import hook of the
user runs in the middle of a compile. CPython puts it into sys.modules all the same, and
there a child still finds its parent's: so everyone asks compiler(), nobody imports it.

This module is imported with the package, not at the first compile: a thread that forks
while another imports leaves the child with that module's lock held for ever.
"""

import os
from _frozen_importlib import ModuleSpec  # importlib.machinery has the same three, and costs an import
from _frozen_importlib_external import ExtensionFileLoader, PathFinder
from _thread import allocate_lock

import gophersnake._native as _native

_NAME = "gophersnake._compiler"


class _State:
    """What is loaded in which process."""

    def __init__(self, generation):
        self.pid = os.getpid()
        self.lock = allocate_lock()  # a lock held by another thread of the parent stays locked in the child
        self.generation = generation  # how many runtimes this process and its ancestors began to load
        self.module = None
        self.problem = None


_state = _State(0)


def _renew():
    global _state
    _state = _State(_state.generation)


os.register_at_fork(after_in_child=_renew)


def compiler():
    """The extension module that this process may call. ImportError if there is none, with the reason.

    The first call of a process loads it; a failure is remembered, so that it costs its time once.
    """
    state = _state
    if state.pid != os.getpid():  # forked by C code that does not run Python's hooks
        _renew()
        state = _state
    if state.module is not None:
        return state.module
    with state.lock:
        if state.module is None:
            if state.problem is not None:
                raise ImportError(state.problem, name=_NAME)
            try:
                state.module = _load(state)
            except Exception as e:
                state.problem = f"the compiler could not be loaded, functions are interpreted: {e}"
                raise ImportError(state.problem, name=_NAME) from e
        return state.module


def _load(state):
    found = PathFinder.find_spec(_NAME, [os.path.dirname(__file__)])
    if found is None or not isinstance(found.loader, ExtensionFileLoader):
        raise ImportError("this installation has no native code (python -m gophersnake info tells why)")
    first = state.generation == 0
    state.generation += 1  # before the load: a thread may fork while it is under way
    if first:
        return _module(found.origin)
    fd = _native.memory_file("gophersnake-compiler")
    try:
        with open(found.origin, "rb") as source:
            while os.sendfile(fd, source.fileno(), None, 1 << 30):
                pass
        # The "./" count the generations: a process number, and with it the rest of the path, can come round again.
        return _module(f"/proc/{'./' * state.generation}{state.pid}/fd/{fd}")
    finally:
        os.close(fd)  # the mapping stays


def _module(path):
    loader = ExtensionFileLoader(_NAME, path)
    module = loader.create_module(ModuleSpec(_NAME, loader, origin=path))
    loader.exec_module(module)
    return module
