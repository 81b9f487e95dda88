"""Items of dicts by keys that compare without Python code, which native code finds by itself; all other keys, by the interpreter's ways."""

import random
import sys

import pytest

from gophersnake import jit

PLAIN = """
class Same:
    def __init__(self, n): self.n = n
    def __hash__(self): return hash(self.n)
    def __eq__(self, other):
        log.append(("eq", self.n))
        return other == self.n if self.n != 13 else 1 / 0
class Text(str): pass
class Number(int): pass
class Missing(dict):
    def __missing__(self, key): return "missing", key
def get(table, keys):
    out = []
    for k in keys:
        try:
            out.append(table[k])
        except Exception as e:
            out.append((type(e), e.args, e.__traceback__.tb_lineno))
    return out
def by_int(table, first, last, step):
    out = []
    for i in range(first, last, step):
        try:
            out.append(table[i])
        except Exception as e:
            out.append((type(e), e.args))
    return out
def change(table, n):
    out = 0
    for i in range(n):
        out += table[i]
        del table[i]
        table[i + n] = i
    return out, len(table)
"""
TABLES = {
    "of ints": "{i: -i for i in range(40)}",
    "large": "{i * 7919: i for i in range(300)}",
    "very large": "{i: i for i in range(70_000)}",
    "wide ints": "{i << 70: i for i in range(-40, 40)}",
    "of strs": "{str(i): i for i in range(40)}",
    "mixed": "{**{i: i for i in range(20)}, **{str(i): i for i in range(20)}, (1,): 2, None: 3}",
    "floats and bools": "{1.0: 'float', True: 'bool', 0.0: 'zero', 2.5: 'half', 2: 'two'}",
    "with an __eq__": "{**{Same(i): i for i in range(12)}, 5: 'five'}",
    "with one that raises": "{Same(13): 1, 14: 2}",
    "of subclasses": "{Text('1'): 1, Number(2): 2, '3': 3, 4: 4}",
    "with __missing__": "Missing({1: 2, 'a': 3})",
    "with holes": "(lambda d: [d.pop(i) for i in range(0, 60, 3)] and d)({i: i for i in range(60)})",
    "empty": "{}",
    "of attributes": "vars(type('C', (), {})()) | {'1': 1}",
}


def made(compiled):
    names = {"log": []}
    exec(compile(PLAIN, "dicts.py", "exec"), names)
    if compiled:
        for f in ("get", "by_int", "change"):
            jit(names[f])
    return names


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "calls",
    ["get(t, [1, 2, 5, 1, 13, 14])", "get(t, ['1', '2', 'x', '3'])", "get(t, [1, '1', None, 1.0, True, 2.5, Same(5), Text('1'), Number(2), [], 1 << 70, -(3 << 70)])",
     "by_int(t, -3, 45, 1)", "by_int(t, 0, 70_000, 7919)", "by_int(t, 13, 15, 1)"],
)  # fmt: skip
def test_items(table, calls):
    results = []
    for compiled in (False, True):
        names = made(compiled)
        exec(f"t = {TABLES[table]}", names)
        results.append([(eval(calls, names), names["log"][:], names["log"].clear()) for _ in range(12)])
    assert results[0] == results[1]


def test_changes_while_it_is_read():
    assert [made(compiled)["change"]({i: i * 3 for i in range(500)}, 500) for compiled in (False, True)] == [(374250, 500)] * 2


def test_random_keys():
    """Tables with many collisions."""
    names = made(True)
    for seed in range(30):
        r = random.Random(seed)
        keys = [r.choice([r.randrange(-50, 50), r.randrange(64) << r.randrange(70), (1 << 61) - 1 + r.randrange(3)]) for _ in range(r.randrange(1, 200))]
        table = {k: i for i, k in enumerate(keys)}
        table[None] = 0
        for k in r.sample(sorted(set(keys)), len(set(keys)) // 3):
            del table[k]
        asked = keys + [r.randrange(-(1 << 64), 1 << 64) for _ in range(20)]
        assert names["get"](table, asked) == [table[k] if k in table else (KeyError, (k,), 16) for k in asked]


def test_references_stay_flat():
    get, o = made(True)["get"], object()
    table = {**{i: o for i in range(300)}, "a": o, None: o}
    keys = [1, 2, 299, "a"] * 50
    get(table, keys)
    before = sys.getrefcount(o)
    for _ in range(50):
        get(table, keys)
    assert sys.getrefcount(o) == before
