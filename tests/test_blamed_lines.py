"""Tracebacks out of native code blame the lines and columns that plain ones blame, in expressions over several lines too."""

from .safety_support import same

# Each expression raises at another place for each x: the operand of that number is bad.
EXPRESSIONS = {
    "f-string": 'f"{give(0)}-"\n    f"{give(1)!r}"\n    f"{give(2):>{give(3)}}"',
    "chained calls": "o\n    .me(give(0))\n    .me(\n        give(1),\n    ).me(give(2)).bad(\n        give(3))",
    "subscript": "[\n    give(0),\n    give(1)\n][\n    give(2) + give(3)\n]",
    "comparison": "(give(0)\n    < give(1)\n    <= give(2)\n    != give(3) < None)",
    "arithmetic": "(give(0) +\n    give(1) * (\n    give(2) // i)\n    - give(3))",
    "call": "two(\n    give(0),\n    b=give(1),\n    **{\n        'c': give(2)},\n    d=\n    give(3))",
    "boolean": "(give(0) and\n    give(1)\n    or give(2)) if (\n    give(3)) else (None\n    + 1)",
    "displays": "{give(0): [\n    give(1)],\n    (give(2),\n    ): {give(3): 1 // i}}",
    "comprehension": "[\n    give(0) +\n    k // i\n    for k in (\n        give(1), give(2))\n    if give(3) or\n    k]",
    "lambda": "(lambda a,\n    b=give(0): (a\n    // b + give(1)))(\n    give(2) + give(3))",
    "attribute": "(o\n    .me(give(0))\n    .missing\n    .more(give(1)))",
    "unpacked": "two(*[\n    give(0),\n    give(1)], *(\n    give(2), give(\n    3), 5, 6))",
}


SCRIPT = """
import itertools

class Odd(Exception):
    pass

def give(k):
    if k == BAD: raise Odd(k)
    return k if k != 3 else NUMBER

class O:
    def me(self, *a): return self

def two(a, b, c=1, d=2):
    return a + b + c

def decorate(*a):
    return lambda f: f

TEXT = '''
def f(n, o):
    out = []
    for i in range(n):
        i = n - 1 - i
        try:
            out.append(
    EXPRESSION
            )
        except Odd as e:
            out.append(e.args)
            if BAD == 2: raise
    return out

def decorated(n, o):
    for i in range(n):
        @decorate(give(0),
            give(1))
        @decorate(
            give(2))
        @(
            decorate(give(3) // i))
        def g(a=
            give(1),
            b=give(2)): pass
    return n

def statements(n, o):
    l, total = [0], 0
    for i in range(n):
        (a,
         l[give(0)]) = (
            i, give(1))
        l[
            give(2) - 2
        ] += (
            give(3) // (n -
                        1 - i))
        assert (give(0) <
            5), (
            give(1))
        del (a,
             l[i])
        l.append(1)
    return n
'''

def places(e):
    told, tb = [type(e).__name__, str(e)], e.__traceback__.tb_next
    while tb:
        code = tb.tb_frame.f_code
        told.append((code.co_name, tb.tb_lineno, next(itertools.islice(code.co_positions(), tb.tb_lasti // 2, None))))
        tb = tb.tb_next
    return told

done = 0
for name, expression in EXPRESSIONS.items():
    space = globals()
    exec(compile(TEXT.replace("EXPRESSION", expression), "blamed", "exec"), space)
    for f in [space["f"]] + ([space["decorated"], space["statements"]] if not done else []):
        jit(f)
        for n in (4, 4, 9):
            for bad in (None, 0, 1, 2, 3):
                for number in (3, 0, "s", 2.5, 2**70):
                    space["BAD"], space["NUMBER"] = bad, number
                    try:
                        print(name, f.__name__, n, bad, number, repr(f(n, O()))[:80].partition(" at ")[0])
                    except Exception as e:
                        print(name, f.__name__, n, bad, number, places(e))
        assert units(f) or not hasattr(f, "__gophersnake__"), name
    done += 1
"""


def test_the_same_lines_are_blamed_as_plain():
    same(f"EXPRESSIONS = {EXPRESSIONS!r}\n" + SCRIPT, timeout=120)
