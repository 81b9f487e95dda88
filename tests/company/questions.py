"""doctest, inspect, pydoc, typing."""

import doctest
import inspect
import pydoc
import sys
import types
import typing

from gophersnake import jit


@jit
def doc(n):
    """Words.

    >>> doc(3)
    6
    >>> doc("x")
    'xx'
    >>> doc(None)
    Traceback (most recent call last):
        ...
    TypeError: unsupported operand type(s) for *: 'NoneType' and 'int'
    """
    return n * 2


class K:
    @jit
    def m(self):
        """
        >>> K().m()
        5
        """
        return 5

    @property
    @jit
    def p(self):
        """
        >>> K().p
        6
        """
        return 6

    @staticmethod
    @jit
    def s():
        """
        >>> K.s()
        7
        """
        return 7


for k in range(3):
    print(doctest.testmod(sys.modules["__main__"], verbose=False))
print(
    [t.name for t in doctest.DocTestFinder().find(sys.modules["__main__"])], [t.lineno for t in doctest.DocTestFinder().find(sys.modules["__main__"])]
)


def plainf():
    pass


print(
    inspect.getsource(doc),
    inspect.getsourcelines(K.m),
    inspect.getfile(doc),
    inspect.getdoc(doc),
    inspect.signature(doc),
    inspect.isfunction(doc),
    inspect.isroutine(doc),
    inspect.getmodule(doc).__name__,
    inspect.isbuiltin(doc),
    inspect.ismethod(K().m),
    callable(doc),
    inspect.getfullargspec(doc),
    inspect.unwrap(doc) is doc,
    inspect.getclosurevars(doc),
    inspect.ismethoddescriptor(doc),
)
print([n for n, _ in inspect.getmembers(K, inspect.isfunction)], [a[:2] for a in inspect.classify_class_attrs(K) if a.name in "mps"])
print(pydoc.render_doc(doc, renderer=pydoc.plaintext), pydoc.render_doc(K, renderer=pydoc.plaintext))
print(pydoc.describe(doc))
import typing


@jit
def ann(a: int, b: "str" = "x", *c: float, d: list[int] | None = None, **e) -> dict:
    return a


print(typing.get_type_hints(ann), inspect.signature(ann), ann.__annotations__)
print(
    repr(doc).split(" at ")[0],
    str(type(doc)),
    doc.__class__,
    isinstance(doc, types.FunctionType),
    type(doc).__name__,
    sorted((set(dir(doc)) - {"__gophersnake__"}) ^ set(dir(plainf))),
)
