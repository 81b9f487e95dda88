"""Programs that once did something else jitted than plain, as random programs (programs.py) showed; reduced."""

import textwrap

import pytest
from gophersnake import jit

from tests import program_support

FOUND = {
    "a traceback's frame goes on natively in a handler": (
        """
        @JIT
        def f(a, v):
            local = 2
            try:
                a = a + 1
            finally:
                local = v
            while unbound < 7:
                unbound += 1
        """,
        ["('x', 0)", "('x', 1)", "('x', 2)"],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name):
    source, arguments = FOUND[name]
    assert not program_support.difference(textwrap.dedent(source), [("f", a) for a in arguments], jit)
