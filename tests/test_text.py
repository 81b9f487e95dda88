"""Characters of strings and comparisons of builtin values: what native code does without the general functions, and what it must still raise."""
import itertools
import types

import pytest

from gophersnake import jit

STRINGS = ["", "a", "abc", "ab\0", "ab", "\xe9t\xe9", "\u20ac", "\u20acuro", "\U0001f40d", "a\U0001f40d", "\udc80", "z" * 300]
OTHERS = [0, 1, True, False, 1.0, float("nan"), None, b"abc", b"", 2**70]


def twin(f):
    """A jitted copy, and the function itself."""
    return jit(types.FunctionType(f.__code__, globals(), f.__name__)), f


def outcome(f, *args):
    try:
        return f(*args)
    except Exception as e:
        return type(e), str(e), e.__traceback__.tb_next.tb_lineno - f.__code__.co_firstlineno


def item(s, i):
    return s[i]


def characters(s):
    found = []
    for i in range(-len(s), len(s)):
        found.append(s[i])
    return found


def first_missing(s):
    i = 0
    try:
        while True:
            s[i]
            i += 1
    except IndexError as e:
        return i, str(e)


def below(s, i):
    try:
        return s[i - 1]
    except IndexError:
        return "none"


def test_items():
    jitted, plain = twin(item)
    for s, i in itertools.product(STRINGS, [0, 1, -1, 2, -3, 299, 300, -300, -301, True, False, 2**62, -2**63, 2**63, 2**70, -2**70]):
        for _ in range(3):
            assert outcome(jitted, s, i) == outcome(plain, s, i)
    for f in characters, first_missing:
        jitted, plain = twin(f)
        for s in STRINGS * 3:
            assert jitted(s) == plain(s)
    jitted, plain = twin(below)
    for i in range(-5, 6):
        assert jitted("abc", i) == plain("abc", i)


def test_items_are_the_interpreters_objects():
    jitted, _ = twin(item)
    s = "a\xe9" * 3
    for _ in range(5):
        assert jitted(s, 1) is s[1] and jitted(s, 2) is s[0]


def test_a_subclass_has_its_own_items():
    class Odd(str):
        def __getitem__(self, i):
            return "odd", i

    jitted, _ = twin(item)
    assert [jitted(s, 1) for s in ("abc", Odd("abc"), "abc", Odd("x"))] == ["b", ("odd", 1), "b", ("odd", 1)]


def eq(x, y):
    return x == y


def ne(x, y):
    return x != y


def lt(x, y):
    return x < y


def ge(x, y):
    return x >= y


def branches(x, y):
    if x == y:
        return "same"
    elif x != y and not x < y:
        return "more"
    return "less"


@pytest.mark.parametrize("f", [eq, ne, lt, ge, branches])
def test_comparisons(f):
    values = STRINGS + OTHERS
    for x, y in itertools.product(values, values):
        jitted, plain = twin(f)
        for _ in range(3):
            assert outcome(jitted, x, y) == outcome(plain, x, y)
    jitted, plain = twin(f)
    for x, y in itertools.product(values, values):
        assert outcome(jitted, x, y) == outcome(plain, x, y)


def count(a, b):
    same = 0
    for i in range(len(a)):
        for j in range(len(b)):
            if a[i] == b[j]:
                same += 1
            same += a[i] != b[-1]
    return same


def test_in_loops():
    jitted, plain = twin(count)
    for a, b in itertools.product(STRINGS[1:], STRINGS[1:]):
        assert jitted(a, b) == plain(a, b)


class Raises(str):
    def __eq__(self, other):
        raise LookupError("no comparison")

    __hash__ = str.__hash__


def test_comparisons_of_a_subclass_are_its_own():
    jitted, plain = twin(eq)
    for x, y in [("a", "a"), ("a", Raises("a")), (Raises("a"), "a"), ("a", "b")]:
        assert outcome(jitted, x, y) == outcome(plain, x, y)
