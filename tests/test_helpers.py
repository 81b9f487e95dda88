"""Helpers of emitted code: raw arithmetic to the last bit, and the interpreter's own errors."""

import math
import random
import re
import struct
import sys

import pytest

from gophersnake import info

from tests.test_exits import NATIVE, driver, outcome  # noqa: F401

pytestmark = pytest.mark.skipif(not info()["compiles"], reason="no native code here")

LEAST, MOST = -(2**63), 2**63 - 1
INTS = [0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 63, 64, 2**31, -(2**31), 2**32 + 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, LEAST, LEAST + 1, MOST, MOST - 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, 1e-300, -1e-300, 5e-324, 1e300, -1e300, 2.0**53, 2.0**53 + 2, 2.0**62, 2.0**63, -(2.0**63),
          2.0**63 - 1024, 2.0**64, math.inf, -math.inf, math.nan, 0.1, 1 / 3, 2.675, 1e15 + 0.5, 1e22, 123456789.987654321]


def random_ints(n, seed=1):
    r = random.Random(seed)
    return [r.choice([-1, 1]) * r.getrandbits(r.randrange(1, 64)) for _ in range(n)]


def random_floats(n, seed=2):
    r = random.Random(seed)
    wild = [struct.unpack("<d", r.randbytes(8))[0] for _ in range(n // 2)]
    return wild + [r.uniform(-1000, 1000) for _ in range(n // 2)]


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("<d", a) == struct.pack("<d", b)
    return type(a) is type(b) and a == b


def expect(f, *args, kind):
    """Python's own result, or None where it raises or is of another kind."""
    try:
        result = f(*args)
    except (ArithmeticError, ValueError):
        return None
    if type(result) is not kind or (kind is int and not LEAST <= result <= MOST):
        return None
    return result


def pairs(values, extra):
    return [(a, b) for a in values for b in values] + list(zip(extra, extra[1:]))


@pytest.mark.parametrize(
    "name, shape, f",
    [("gs_int_floordiv", "ii>i", lambda a, b: a // b), ("gs_int_mod", "ii>i", lambda a, b: a % b), ("gs_int_truediv", "ii>f", lambda a, b: a / b)],
)
def test_int_division(driver, name, shape, f):  # noqa: F811
    for a, b in pairs(INTS, random_ints(5000)):
        if b != 0 and (a, b) != (LEAST, -1):
            assert same(driver.call(name, shape, a, b), f(a, b)), (a, b)


@pytest.mark.parametrize("name, f", [("gs_int_pow", pow), ("gs_int_lshift", lambda a, n: a << n if n < 2000 or not a else LEAST * 4), ("gs_int_gcd", math.gcd)])
def test_int_results_that_may_not_fit(driver, name, f):  # noqa: F811
    few = [n for n in INTS if abs(n) < 100] + list(range(5, 66))
    for a, b in [(a, b) for a in INTS for b in (INTS if name == "gs_int_gcd" else few)]:
        expected = expect(f, a, b, kind=int)
        assert driver.call(name, "ii>?i", a, b) == expected, (a, b)


def test_right_shift(driver):  # noqa: F811
    for a in INTS:
        for n in (0, 1, 5, 62, 63, 64, 200, MOST):
            assert driver.call("gs_int_rshift", "ii>i", a, n) == a >> n


def test_comparing_ints_with_floats(driver):  # noqa: F811
    near = [float(n) for n in INTS] + [math.nextafter(float(n), math.inf) for n in INTS] + [math.nextafter(float(n), -math.inf) for n in INTS]
    for n in INTS:
        for x in FLOATS + near:
            expected = 2 if math.isnan(x) else (n > x) - (n < x)
            assert driver.call("gs_compare_int_float", "if>i", n, x) == expected, (n, x)


@pytest.mark.parametrize("name, f", [("gs_float_floordiv", lambda a, b: a // b), ("gs_float_mod", lambda a, b: a % b)])
def test_float_division(driver, name, f):  # noqa: F811
    for a, b in pairs(FLOATS, random_floats(5000)):
        if b:
            assert same(driver.call(name, "ff>f", a, b), f(a, b)), (a, b)


def test_float_power(driver):  # noqa: F811
    for a, b in pairs(FLOATS + [-8.0, 9.0, 1 / 3], random_floats(5000)):
        expected = expect(pow, a, b, kind=float)
        got = driver.call("gs_float_pow", "ff>?f", a, b)
        assert got is expected is None or same(got, expected), (a, b)


@pytest.mark.parametrize("name, f", [("gs_float_to_int", int), ("gs_float_floor", math.floor), ("gs_float_ceil", math.ceil), ("gs_float_round", round)])
def test_floats_to_ints(driver, name, f):  # noqa: F811
    for x in FLOATS + random_floats(2000) + [n + 0.5 for n in range(-10, 10)]:
        assert driver.call(name, "f>?i", x) == expect(f, x, kind=int), x


def test_rounding_to_digits(driver):  # noqa: F811
    for x in FLOATS + random_floats(2000) + [2.675, 1.005, 0.125, 1.7976931348623157e308]:
        for digits in (0, 1, 2, 3, 10, 15, 22, 50, 323, 324, 2**40, -1, -2, -300, -308, -309, -(2**40)):
            expected = expect(round, x, digits, kind=float)
            got = driver.call("gs_float_round_digits", "fi>?f", x, digits)
            assert got is expected is None or same(got, expected), (x, digits)


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "log2", "log10"])
def test_math(driver, name):  # noqa: F811
    for x in FLOATS + random_floats(500):
        expected = expect(getattr(math, name), x, kind=float)
        got = driver.call(f"gs_math_{name}", "f>?f", x)
        assert got is expected is None or same(got, expected), x


# ---- Objects ----


class Bad:
    def __iter__(self):
        raise LookupError("iter")

    def keys(self):
        raise AttributeError("keys")

    def __exit__(self):
        pass


class Manager:
    def __enter__(self):
        return "entered"

    def __exit__(self, *what):
        return what[0] is KeyError


def compare(plain, helper):
    a, b = outcome(plain, None), outcome(helper, None)
    if not isinstance(a, str):
        a = a[0][:2]
    if not isinstance(b, str):
        b = b[0][:2]
    assert a == b


@pytest.mark.parametrize("value", [(1, 2), [1, 2], (1,), (1, 2, 3), "ab", iter("a"), iter("abc"), 5, None, Bad()], ids=repr)
def test_unpacking(driver, value):  # noqa: F811
    def plain(v):
        a, b = v
        return [a, b]

    def starred(v):
        a, *b, c = v
        return [a, b, c]

    import copy

    again = copy.copy(value)
    compare(lambda: plain(copy.copy(value)), lambda: driver.call("gs_unpack_sequence", "oi>o*", again, 2))
    again = copy.copy(value)
    compare(lambda: starred(copy.copy(value)), lambda: driver.call("gs_unpack_ex", "oii>o*", again, 1, 1))


def func(*args, **kw):
    return args, kw


def test_calls_and_their_errors(driver):  # noqa: F811
    for args, kw in [((1,), {"a": 2}), ([1], {}), ("ab", None), (5, {}), ((), 5), ((), Bad()), ({1}, {"x": 1})]:
        compare(lambda: func(*args, **kw) if kw is not None else func(*args), lambda: driver.call("gs_call_ex", "ooo>o", func, args, kw))
    assert driver.call("gs_call", "oa>o", None, [func, 1, 2]) == ((1, 2), {})  # method, self
    assert driver.call("gs_call", "oa>o", ("b", "c"), [func, 1, 2, 3]) == ((1,), {"b": 2, "c": 3})
    assert driver.call("gs_load_method", "oo>o2", "x", "upper")[1] == "x"
    loaded = driver.call("gs_load_method", "oo>o2", sys, "intern")
    assert loaded == ((sys.intern, None) if sys.version_info >= (3, 13) else (None, sys.intern))
    compare(lambda: "x".no, lambda: driver.call("gs_load_method", "oo>o2", "x", "no"))


class Base:
    def who(self):
        return "base", self


class Derived(Base):
    def who(self):
        return "derived", self

    def __enter__(self):
        return self

    __exit__ = property(lambda self: 1 / 0)


def test_what_later_bytecodes_need(driver):  # noqa: F811
    items = [1, 2, 3, 4]
    assert driver.call("gs_binary_slice", "ooo>o", items, 1, 3) == [2, 3]
    compare(lambda: 5[1:2], lambda: driver.call("gs_binary_slice", "ooo>o", 5, 1, 2))
    assert driver.call("gs_store_slice", "oooo>s", items, 1, 3, "ab") == 0 and items == [1, "a", "b", 4]
    compare(lambda: exec("t[1:2] = 3", {"t": ()}), lambda: driver.call("gs_store_slice", "oooo>s", (), 1, 2, 3))
    o = Derived()
    for arguments in (0, 1):
        assert driver.call("gs_load_super_attr", "ooooi>o", super, Derived, o, "who", arguments)() == ("base", o)
    assert driver.call("gs_load_super_attr", "ooooi>o", lambda *args: Base if args else Derived, Derived, o, "who", 0) is Derived.who
    compare(lambda: super(Derived, o).no, lambda: driver.call("gs_load_super_attr", "ooooi>o", super, Derived, o, "no", 1))
    assert driver.call("gs_super_method", "ooo>?oo", Derived, o, "who") == (Base.who, o)
    assert driver.call("gs_super_method", "ooo>?oo", Derived, o, "no") is None and driver.call("gs_super_method", "ooo>?oo", int, o, "who") is None
    assert driver.call("gs_load_special", "oi>?oo", o, 0) == (Derived.__enter__, o)
    assert driver.call("gs_load_special", "oi>?oo", o, 1) is None  # a property: Python code
    assert driver.call("gs_load_special", "oi>?oo", 5, 0) is None


def test_displays_and_their_errors(driver):  # noqa: F811
    assert driver.call("gs_build_list", "a>o", [1, 2]) == [1, 2]
    assert driver.call("gs_build_tuple", "a>o", [1, 2]) == (1, 2)
    assert driver.call("gs_build_set", "a>o", [1, 2, 1]) == {1, 2}
    assert list(driver.call("gs_build_map", "a>o", ["b", 1, "a", 2]).items()) == [("b", 1), ("a", 2)]
    assert driver.call("gs_build_const_key_map", "oa>o", ("x", "y"), [1, 2]) == {"x": 1, "y": 2}
    assert driver.call("gs_build_string", "a>o", ["a", "é", "c"]) == "aéc"
    assert driver.call("gs_build_slice", "ooo>o", 1, 2, None) == slice(1, 2)
    for n in range(0, 60):
        exec(f"plain = {{{', '.join(f'{i!r}: {i}' for i in range(n))}}}", space := {})
        assert sys.getsizeof(space["plain"]) == sys.getsizeof(driver.call("gs_build_map", "a>o", [v for i in range(n) for v in (i, i)])), n
    compare(lambda: {[]}, lambda: driver.call("gs_build_set", "a>o", [[]]))
    compare(lambda: {[]: 1}, lambda: driver.call("gs_build_map", "a>o", [[], 1]))
    compare(lambda: [*5], lambda: driver.call("gs_list_extend", "oo>s", [], 5))
    compare(lambda: [*Bad()], lambda: driver.call("gs_list_extend", "oo>s", [], Bad()))
    compare(lambda: {**5}, lambda: driver.call("gs_dict_update", "oo>s", {}, 5))
    for other in (5, {"a": 2}, Bad()):
        compare(lambda: func(**{"a": 1}, **other), lambda: driver.call("gs_dict_merge", "ooo>s", {"a": 1}, other, func))


@pytest.mark.parametrize("conversion, letter", [(0, ""), (1, "!s"), (2, "!r"), (3, "!a")])
@pytest.mark.parametrize("format", [None, ">9", "q"])
def test_formatting(driver, conversion, letter, format):  # noqa: F811
    for value in (5, "é", 2.5, [1]):
        text = f"f'{{value{letter}{'' if format is None else ':' + format}}}'"
        compare(lambda: eval(text, {"value": value}), lambda: driver.call("gs_format_value", "ooi>o", value, format, conversion))


def test_names_and_their_errors(driver):  # noqa: F811
    def reader():
        return not_there  # noqa: F821

    def closure():
        def inner():
            return free

        if reader is None:
            free = 1
        return inner

    inner = closure()
    compare(reader, lambda: driver.call("gs_load_global", "oo>o", reader, "not_there"))
    with pytest.raises(NameError) as info:
        driver.call("gs_load_global", "oo>o", reader, "not_there")
    assert info.value.name == "not_there"
    assert driver.call("gs_load_global", "oo>o", reader, "len") is len
    assert driver.call("gs_load_global", "oo>o", reader, "math") is math
    compare(lambda: exec("del not_there", {}), lambda: driver.call("gs_delete_global", "oo>s", reader, "not_there"))
    compare(inner, lambda: driver.call("gs_load_deref", "ooi>o", inner.__code__, inner.__closure__[0], 0))
    import test.support

    compare(lambda: __import__("nowhere"), lambda: driver.call("gs_import_name", "oooo>o", reader, "nowhere", None, 0))
    assert driver.call("gs_import_name", "oooo>o", reader, "os.path", None, 0).__name__ == "os"
    exec("def f():\n from math import nope", space := {})
    compare(space["f"], lambda: driver.call("gs_import_from", "oo>o", math, "nope"))
    exec("def f():\n from test import support as s\n return s.__name__", space)
    assert driver.call("gs_import_from", "oo>o", test, "support") is test.support
    assert driver.call("gs_load_build_class", "o>o", reader) is __build_class__  # noqa: F821


def test_raising(driver):  # noqa: F811
    def cause(exc, because):
        raise exc from because

    def plain(exc):
        raise exc

    class Odd(Exception):
        def __new__(cls):
            return 5

    for exc in (ValueError, ValueError("x"), 5, Odd):
        compare(lambda: plain(exc), lambda: driver.call("gs_raise", "oo>e", exc, ...))
        for because in (KeyError, KeyError("k"), None, 7):
            compare(lambda: cause(exc, because), lambda: driver.call("gs_raise", "oo>e", exc, because))
    try:
        driver.call("gs_raise", "oo>e", ValueError, KeyError)
    except ValueError as e:
        assert isinstance(e.__cause__, KeyError)

    def bare():
        raise

    compare(bare, lambda: driver.call("gs_raise", "oo>e", None, ...))

    def unbound():
        if unbound is None:
            x = 1
        return x

    compare(unbound, lambda: driver.call("gs_unbound_local", "oi>e", unbound.__code__, 0))


def test_matching_and_with(driver):  # noqa: F811
    e = KeyError("k")
    assert driver.call("gs_check_exc_match", "oo>s", e, LookupError) == 1
    assert driver.call("gs_check_exc_match", "oo>s", e, (OSError, ValueError)) == 0

    def catching(what):
        try:
            raise e
        except what:
            return 1

    for wrong in (5, (KeyError, 5), int):
        with pytest.raises(TypeError) as info:
            driver.call("gs_check_exc_match", "oo>s", e, wrong)
        with pytest.raises(TypeError) as plain:
            catching(wrong)
        assert str(info.value) == str(plain.value)
    assert driver.call("gs_with_except_start", "ooo>o", Manager().__exit__, e, None) is True


def test_ranges(driver):  # noqa: F811
    assert driver.call("gs_make_range", "iii>o", 1, 10, 2) == range(1, 10, 2)
    assert list(driver.call("gs_make_range_iter", "iii>o", MOST, 1, 1)) == [MOST]


def test_every_row_can_be_read():
    text = (NATIVE / "helpers.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    rows = re.findall(r"^GS_(?:HELPER|WIDE)\((\w+), (\w+), \(([\w, ]*)\), (\w+), (\w+)\) *$", text, flags=re.M)
    assert len(rows) == len([line for line in text.splitlines() if line.strip()]) > 100
    assert len({r[0] for r in rows}) == len(rows)
    kinds = {"obj", "obj_or_null", "i64", "u64", "f64", "i32", "array", "out", "inout", "i64_out", "f64_out", "site", "frame", "unit", "regs", "none"}
    for name, result, arguments, error, python in rows:
        assert {result, *arguments.split(", ")} <= kinds, name
        assert error in {"null", "end", "negative", "raises", "nothing"} and python in {"yes", "gc", "no"}, name
        assert (error == "null") <= (result in {"obj", "frame"}), name
