"""Generated functions: one of ten thousand lines is compiled, and one that is too large runs interpreted and says so."""

import pytest
from gophersnake import _native, explain, jit


def generated(lines, before="z = 1"):
    source = f"def f(x, y):\n    {before}\n"
    for i in range(lines):
        a, b, c = "xyz"[i % 3], "yzx"[i % 3], "zxy"[i % 3]
        source += f"    {a} = ({b} * {i % 7 + 1} + {c} - {i}) & 65535\n"
    names = {}
    exec(source + "    return x, y, z\n", names)
    return names["f"]


@pytest.mark.parametrize("before", ["z = 1", "z = [1][0]", "z = ([1] * 3)[0]"])  # the first needs no recording; the general code of all lines was larger than a unit may be
def test_ten_thousand_lines_are_compiled(before):
    plain, f = generated(10000, before), jit(generated(10000, before))
    for args in (3, 4), (2**70, 5), (3, 4), (1.5, 2):
        told = []
        for function in plain, f:
            try:
                told.append(function(*args))
            except TypeError as e:
                told.append(str(e))
        assert told[0] == told[1]
    assert _native.record_info(f)["units"]


@pytest.mark.parametrize("lines", [20000])
def test_too_large_is_interpreted(lines):
    f = jit(generated(lines))
    assert f(3, 4) == generated(lines)(3, 4)
    assert not _native.record_info(f)
    assert "runs interpreted: it is too long" in str(explain(f))


def test_a_callee_that_is_found_late_is_known():
    """The call in the branch that recording did not come to met its callee in code that leaves right after it, and stayed a call of whatever it is."""
    def total(n):
        def double(x):
            return x + x

        out = 0.0
        for i in range(n):
            if i < 10:
                out += 1.0
            else:
                out += double(i * 0.5)
        return out

    plain, f = total, jit(total)
    for n in (3, 300, 300, 300, 300):
        assert f(n) == plain(n)
    newest = _native.record_info(f)["units"]
    assert any("gs_call]" not in _native.describe(unit["address"], "ir") for unit in newest)
