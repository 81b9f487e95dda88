"""Items of strings, whose ASCII characters are objects that exist once: compared by their codes, and made where somebody wants them."""

import pytest

from .safety_support import same

HEADER = """
import sys
from gophersnake import jit

def told(f, *args):
    try:
        r = f(*args)
    except Exception as e:
        print(f.__name__, type(e).__name__, e)
    else:
        print(f.__name__, ascii(r), type(r).__name__)

class Str(str):
    def __getitem__(self, i):
        return "item of a subclass"
    def __eq__(self, other):
        return "equal"
    __hash__ = str.__hash__

TEXTS = ["", "a", "abcabc", "a\\0b", "\\x7f\\x80", "caf\\xe9", "\\u20ac uro", "x\\U0001f600y", "abc" * 100, Str("abc"), "".join(map(chr, range(256)))]
"""

CASES = {
    "each item, in all orders": """
@jit
def items(s):
    out = []
    for i in range(len(s)):
        c = s[i]
        out.append((c, c == "a", c != "b", c < "b", c <= "b", c > "\\x80", c >= "\\xe9", "a" < c, c == "ab", c == ""))
    return out

for s in TEXTS * 3:
    told(items, s)
""",
    "two strings": """
@jit
def common(s, t):
    n = 0
    for i in range(min(len(s), len(t))):
        if s[i] == t[i]:
            n += 1
        if s[i] < t[-1]:
            n += 100
        if s[-1] >= t[i]:
            n += 10000
    return n

for s in TEXTS:
    for t in TEXTS:
        told(common, s, t)
for s in TEXTS:
    told(common, s, s)
""",
    "indices out of range": """
@jit
def at(s, i):
    return s[i]

@jit
def caught(s, n):
    out = []
    for i in range(-n, n):
        try:
            out.append(s[i])
        except IndexError as e:
            out.append(str(e))
    return out

for s in TEXTS[:8]:
    for i in (0, 1, -1, 2, -2, 7, -7, 2**62, -(2**63), 2**63, True, None, 1.0):
        told(at, s, i)
for s in TEXTS[:8]:
    told(caught, s, 4)
    told(caught, s, 9)
""",
    "the object is the one that exists": """
@jit
def known(s, c):
    found = []
    for i in range(len(s)):
        d = s[i]
        found.append(d is c)
        found.append(s[i] is d)
        found.append({d: i}[s[i]])
    return found, d

for s in ("abc", "cabc", "\\xe9c\\xe9", "abc"):
    told(known, s, "c")
    told(known, s, "b")
before = [sys.getrefcount(c) for c in "abc"]
for _ in range(50):
    known("abcabc" * 20, "a")
print([sys.getrefcount(c) - n for c, n in zip("abc", before)])
""",
    "a string that grows in place": """
@jit
def grow(n):
    s = "x"
    same = 0
    for i in range(n):
        s += "ab\\xe9"[i % 3 if i > 50 else i % 2]
        if s[i] == s[-1]:
            same += 1
    return same, s

for n in (1, 5, 40, 80, 80):
    told(grow, n)
""",
    "what comes after is something else": """
@jit
def mixed(values, i):
    out = []
    for s in values:
        c = s[i]
        out.append(c == "a")
        out.append(c != values[0][i])
    return out

for _ in range(4):
    told(mixed, ["abc", "bca", "aaa"], 1)
    told(mixed, ["abc", ["a", "b"], ("a", "a", "b"), b"aaa", Str("abc"), "\\xe9a\\xe9"], 1)
""",
}


@pytest.mark.parametrize("name", CASES)
def test_characters(name):
    same(HEADER + CASES[name])
