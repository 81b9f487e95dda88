"""How a function travels that is pickled by value, as cloudpickle and dill do it: as the plain function, with a marker in
its __dict__ that jits it where it arrives. No machine code travels. (By name, nothing of ours does.)"""

import sys
from types import FunctionType

from . import _jit
from ._jit import _native

# Evaluated where it arrives, so that a place without Gophersnake can say what is missing there.
_ARRIVE = """(
    __import__('gophersnake._travel')._travel.arrive(*sent)
    if __import__('importlib.util').util.find_spec('gophersnake')
    else (_ for _ in ()).throw(ModuleNotFoundError(
        "a function decorated with Gophersnake's @jit was sent here, and this Python (" + __import__('sys').executable + ") has no "
        "Gophersnake: install it here (pip install gophersnake), or send the function after gophersnake.unjit()", name='gophersnake'))
)"""
_ARRIVE = " ".join(_ARRIVE.split())


def depart(*sent):
    """What a marker is reduced to."""
    return eval, (_ARRIVE, {"sent": sent})


def arrive(function, strict, reason, code):
    """The marker of what has arrived: a function to jit, or the code of one that stays interpreted."""
    if _jit._problem:
        return None
    if function is None:
        return _native.marker(code, reason, strict) if code else None
    _jit._attach(function, False)
    if strict and _native.is_attached(function):
        _native.attach(function, True)
    return vars(function).get("__gophersnake__")


def reduce_function(function):
    """Picklers take a function by its name; dill's have a table of types, and ours must stand in it."""
    if "dill" in sys.modules and know_dill():
        import copy

        return copy.copy, (function,)  # which is the function itself: the pickler meets it once more, and knows it now
    return function.__qualname__


def know_dill():
    """Makes dill take jitted functions for functions: whether it did not before."""
    import pickle

    dispatch, kind = sys.modules["dill"].Pickler.dispatch, _native.FunctionType
    if kind in dispatch:
        return False
    for table in dispatch, pickle._Pickler.dispatch:  # dill extends that, too
        table[kind] = table[FunctionType]
    return True
