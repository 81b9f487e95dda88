"""Tests with jit on every part: assertions that pytest rewrote, fixtures, parameters, marks."""

import sys
import warnings

import pytest

from gophersnake import jit


@jit
def total(n):
    s = 0
    for i in range(n):
        s += i
    return s


@jit
def check(n):
    x = [total(n)]
    assert x == [n], "msg %d" % n
    return x


@jit
def test_one():
    for k in range(5):
        assert total(k) == k * (k - 1) // 2


@jit
def test_fails():
    a = {"x": 1, "y": [1, 2, 3]}
    b = {"x": 1, "y": [1, 2, total(4)]}
    assert a == b


@jit
def test_fails2():
    check(1)


@pytest.fixture
@jit
def fix(tmp_path):
    return total(5)


@pytest.fixture
@jit
def gen():
    yield total(6)


@jit
def test_fix(fix, gen):
    assert (fix, gen) == (10, 15)


@pytest.mark.parametrize("n", [1, 2, 3])
@jit
def test_par(n):
    assert total(n) < 3, f"n={n}"


@jit
@pytest.mark.xfail
def test_x():
    assert total(3) == 4


class TestC:
    @jit
    def setup_method(self, m):
        self.v = total(3)

    @jit
    def test_m(self, capsys):
        print(self.v)
        assert capsys.readouterr().out == "3\n"

    @classmethod
    @jit
    def setup_class(cls):
        cls.w = 1


@jit
def test_raises():
    with pytest.raises(ZeroDivisionError, match="division") as e:
        total(1) // 0
    assert e.traceback[-1].name == "test_raises"


@jit
def test_warn():
    with pytest.warns(UserWarning):
        warnings.warn("x")


@jit
def test_monkey(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "total", lambda n: 7)
    assert total(3) == 7


@jit
def test_after():
    assert total(3) == 3


@jit
async def test_async():
    pass
