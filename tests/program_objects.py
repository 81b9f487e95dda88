"""Random programs of objects: classes, closures, exceptions, generators, containers, patterns, finalizers.

`program_numbers.py` has the grammar of numbers. This one is a table of templates: a line of it is what somebody might write, `<k>` in
it an expression of kind k (see KINDS), and a block is generated where `<block>` or `<loop N>` stands alone.
"""

import re

KINDS = {
    "i": "int", "f": "float", "b": "bool", "s": "str", "l": "list", "d": "dict", "e": "set", "t": "tuple", "o": "instance of a class of the program",
    "c": "function of one argument", "g": "iterator", "x": "odd object", "a": "any of these",
}
BUDGET = 900  # statements one call may run, estimated
ERRORS = ["ValueError", "KeyError", "IndexError", "ZeroDivisionError", "TypeError", "AttributeError", "NameError", "LookupError", "StopIteration", "RuntimeError", "Exception", "AssertionError"]
LITERALS = {
    "i": ["0", "1", "2", "3", "5", "-1", "-2", "7", "10", "255", "257", "1000", "2**31", "2**62", "2**63", "-2**63", "10**20"],
    "f": ["0.5", "1.0", "2.5", "-1.5", "0.0", "-0.0", "1e10", "1e300", "float('nan')", "float('inf')"],
    "b": ["True", "False"],
    "s": ["'a'", "''", "'snake'", "'x y'", "'ab,cd'", "'\\u00e9t\\u00e9'", "'k'"],
    "l": ["[1, 2, 3]", "[]", "[0.5, 1]", "[3, 1, 2, 2]", "['a', 'b']", "[None, 1]", "[Dies(6), 2]"],
    "d": ["{'a': 1, 'b': 2}", "{}", "{1: 2, 'k': 0.5}", "{'a': 'b'}", "{0: 1, 1: 2, 2: 3}"],
    "e": ["{1, 2, 3}", "set()", "{'a', 1}", "frozenset((1, 2))"],
    "t": ["(1, 2)", "()", "(1, 'a', 2.5)", "((1, 2), 3)", "(Dies(4), 1)"],
    "c": ["abs", "str", "bool", "type", "(lambda q: q)", "repr"],
    "g": ["iter((1, 2))", "iter('ab')", "Counter(3)", "iter(())", "iter([2, 'a', 0.5])", "Counter(2, True)"],
    "x": ["None", "Dies(1)", "Dies(2)", "Evil('plain')", "Evil('raise')", "Evil('wrong')", "Evil('pass')", "1j", "b'xy'", "True", "2**70", "Ellipsis", "range(3)", "ListSub([1, 2])", "IntSub(5)", "LoudInt(2)", "Ctx(True)"],
}  # fmt: skip


class No(Exception):
    """A template does not fit here."""


def table(text):
    """Lines `weight template`; a weight may carry flags after it, as in `2@gen`."""
    rows = []
    for line in text.strip().splitlines():
        weight, template = line.strip().split(" ", 1)
        weight, _, flag = weight.partition("@")
        rows.append((int(weight), flag, template))
    return rows


# <k> expression of kind k; <vk> a variable of that kind or a literal; <Vk> a variable, which must be there; <!k> one that may be
# assigned; <=k> a name that is bound; <#> a small number; the rest are methods `make_…` of Body.
EXPRESSIONS = {
    "i": table("""
        8 <vi>
        4 <lit_i>
        6 (<i> + <i>)
        4 (<i> - <i>)
        2 ((<i> & 255) * <i>)
        1 (<i> // (<i> | 1))
        2 (<i> % 7)
        1 (<i> % <i>)
        1 (<i> // <#>)
        1 (-<i>)
        1 (~<i>)
        1 abs(<i>)
        1 (<i> >> <#>)
        1 ((<i> & 255) << <#>)
        1 ((<i> & 1023) ** 2)
        1 (<i> ^ <i>)
        1 (<i> | <i>)
        2 len(<l>)
        1 len(<s>)
        1 len(<d>)
        1 len(<e>)
        1 len(<Vo>)
        3 <Vl>[<index>]
        2 <Vt>[<index>]
        1 <Vo>[<index>]
        3 <Vd>.get(<key>, 0)
        3 <Vd>[<key>]
        6 <Vo>.x
        4 <Vo>.y
        2 <Vo>.k
        2 <Vo>.p
        1 <Vo>.missing
        1 <Vo>(<i>)
        6 <method>
        9 <call>
        3 <Vc>(<i>)
        1 int(<s>)
        1 int(<f>)
        2 sum(<l>)
        1 max(<l>)
        1 min(<i>, <i>)
        1 max(<i>, <i>, key=<c>)
        2 (<i> if <b> else <i>)
        1 (<i> and <i>)
        1 (<i> or <i>)
        1 ord(<Vs>[<index>])
        1 <s>.count('a')
        1 <s>.find(<s>)
        1 <Vl>.index(<i>)
        1 <Vl>.count(<i>)
        2 next(<Vg>, 0)
        1 next(<Vg>)
        2 sum(<genexp>)
        1 len(<listcomp>)
        1 max(<genexp>, default=0)
        1 <lambda>(<i>)
        2 <Vd>.setdefault(<key>, <i>)
        1 <Vd>.pop(<key>, 0)
        1 <Vl>.pop()
        2 G0
        1 <cls>.k
        3@walrus (<=i> := <i>)
        2 log(<i>)
        1 look()
        1 stack()
        1@gen (yield <i>)
        1@gen ((yield <i>) or 1)
        1@self type(self).k
        2@self self.x
        1@super super().m0(<i>)
        1 getattr(<Vo>, 'x', 1)
        1 getattr(<Vo>, 'missing', 1)
        1 (<i> + <x>)
        1 (<x> + <i>)
        1 eval('<Vi> + 1')
        1 round(<f>)
        1 divmod(<i>, 3)[1]
        1 (<i>).bit_length()
        1 reduce(lambda q, r: q + r, <l>, 0)
    """),
    "f": table("""
        5 <vf>
        3 <lit_f>
        3 (<f> + <f>)
        3 (<f> - <i>)
        2 (<f> * 0.5)
        2 (<f> * <f>)
        2 (<f> / <f>)
        1 (<i> / 3)
        1 (<i> / <i>)
        1 (<f> // 2)
        1 (<f> % 3.0)
        1 abs(<f>)
        1 (-<f>)
        1 float(<i>)
        1 (<f> if <b> else <f>)
        1 math.sqrt(<f>)
        1 math.floor(<f>) + 0.5
        1 (<f> ** 2)
    """),
    "b": table("""
        3 <vb>
        6 (<i> < <i>)
        4 (<i> == <i>)
        2 (<i> >= <i>)
        2 (<i> != <i>)
        2 (<#> < <i> < <i>)
        2 (<i> <= <f> != <i>)
        1 (<s> == <s>)
        1 (<s> < <s>)
        2 (<i> in <l>)
        1 (<key> in <d>)
        1 (<i> not in <e>)
        1 (<s> in <s>)
        1 (<i> in <Vo>)
        1 (<i> in <Vg>)
        2 (<va> is None)
        1 (<va> is not <va>)
        2 isinstance(<va>, <type>)
        1 issubclass(type(<va>), <type>)
        1 (type(<va>) is <type>)
        2 (not <a>)
        2 (<b> and <b>)
        2 (<b> or <b>)
        1 bool(<a>)
        1 (<o> == <o>)
        1 (<o> < <o>)
        1 (<o> is <o>)
        1 all(<genexp>)
        1 any(<genexp>)
        1 hasattr(<Vo>, 'z')
        1 callable(<va>)
        1 <s>.startswith(<s>)
        1 <s>.isalpha()
        1 (<l> == <l>)
        1 (<l> < <l>)
        1 (<t> != <t>)
        1 (<e> <= <e>)
        1 (<d> == <d>)
        1 (<f> < <f>)
    """),
    "s": table("""
        6 <vs>
        4 <lit_s>
        3 f'{<Vi>}-{<Vs>}'
        2 f'{<Vi>:>4}|{<Vf>!r}|{<Vs>:<3}'
        1 f'{<Va>!s}'
        2 f'{<Vi>:>4}|{<Vi>!r:>6}'
        1 f'{<Va>:{<Vi> & 15}}'
        1 f'{<Vo>}'
        1 f'{<Vo>.x}{<Vi> + 1}'
        2 str(<i>)
        1 str(<Vo>)
        1 repr(<l>)
        3 (<s> + <s>)[:30]
        2 <s>[<slice>]
        1 <Vs>[<index>]
        1 <s>.upper()
        1 <s>.replace('a', <s>)[:30]
        1 <s>.strip()
        1 ','.join(<l>)
        1 '-'.join(map(str, <l>))[:30]
        1 ''.join(<genexp>)
        1 ('%d' % <i>)
        1 ('%s %r' % (<va>, <s>))[:40]
        1 '{} {}'.format(<i>, <s>)
        1 type(<va>).__name__
        1 (<s> * (<i> & 3))[:30]
        1 chr(97 + <i> % 26)
        1 (<s> if <b> else <s>)
        1 <s>.partition('a')[0]
        1 <s>.encode().decode()
    """),
    "l": table("""
        9 <vl>
        3 [<i>, <i>, <i>]
        2 [<a>, <i>]
        1 [<s>, <s>]
        3 <l>[<slice>]
        1 list(<t>)
        1 list(<d>)
        1 list(<d>.items())
        1 list(<d>.values())
        1 sorted(<d>.keys(), key=str)
        2 sorted(<l>)
        1 sorted(<l>, key=<c>)
        1 sorted(<l>, reverse=True)
        5 <listcomp>
        2 [*<l>, <i>][:9]
        1 [*<t>, *<e>]
        2 (<l> + <l>)[:9]
        1 list(<g>)
        1 list(map(<c>, <l>))
        1 list(filter(<c>, <l>))
        1 list(zip(<l>, <s>))
        1 list(enumerate(<l>))
        1 list(reversed(<l>))
        1 <s>.split('a')
        1 [None] * (<i> & 3)
        1 list(range(<i> & 7))
        1 list(<genexp>)
        1 <l>.copy()
        1 sorted(locals())
        1 [<o>, <o>]
        1 [<x>, <x>]
        1 [<lambda>, <lambda>]
    """),
    "d": table("""
        8 <vd>
        3 {'a': <i>, <key>: <a>}
        1 {<s>: <i>}
        3 <dictcomp>
        1 {**<d>, 'k': <i>}
        1 dict(a=<i>, b=<a>)
        1 dict(zip(<s>, <l>))
        1 <d>.copy()
        1 (<d> | <d>)
        1 dict.fromkeys(<s>, <i>)
        1 dict(vars(<Vo>))
        1 dict(<d>, c=<i>)
    """),
    "e": table("""
        6 <ve>
        3 {<i>, <i>}
        1 {<s>, <i>, <s>}
        1 set(<s>)
        2 {<i> for q in <vl>}
        1 (<e> | <e>)
        1 (<e> & {1, 2, <i>})
        1 (<e> - <e>)
        1 frozenset((<i>, <s>))
        1 {*<e>, <i>}
    """),
    "t": table("""
        6 <vt>
        4 (<a>, <i>)
        2 (<i>, <s>, <i>)
        1 (<i>,)
        2 tuple(<l>)
        1 <t>[<slice>]
        1 ((<i>,) + <t>)[:6]
        1 <s>.partition('a')
        1 divmod(<i>, 3)
        1 tuple(<genexp>)
        1 (*<l>, <i>)
        1 (<x>, <x>)
    """),
    "o": table("""
        8 <Vo>
        5 <new>
        1 G3
        1@self self
        1 <Vo>.me()
        1 (<o> if <b> else <o>)
    """),
    "c": table("""
        6 <vc>
        4 <lambda>
        2 <Vo>.m0
        1 <cls>.s0
        1 <cls>
        1 <function>
        1 partial(<lambda>)
        1 <lit_c>
    """),
    "g": table("""
        4 <lit_g>
        4 iter(<l>)
        4 <genexp>
        5 <generator>
        1 zip(<l>, <s>)
        1 enumerate(<l>)
        1 map(<c>, <l>)
        1 filter(<c>, <l>)
        1 reversed(<l>)
        1 iter(<d>)
        1 iter(<d>.items())
        1 iter(<e>)
        1 iter(range(<i> & 7))
        1 iter(<Vo>)
    """),
    "x": table("""
        3 <vx>
        8 <lit_x>
        1 watch(Dies(3), <#>)
        1 <err>(<i>)
        1 (<i>, <s>)
    """),
}

STATEMENTS = """
14
<=i> = <i>
3
<=f> = <f>
3
<=b> = <b>
5
<=s> = <s>
5
<=l> = <l>
4
<=d> = <d>
2
<=e> = <e>
3
<=t> = <t>
6
<=o> = <o>
3
<=c> = <c>
3
<=g> = <g>
3
<=x> = <x>
2
<=i> = <=i> = <i>
1
<=l> = <=a> = <l>
1
<=i>, <=s> = <i>, <s>
2
<=i>, <=i> = <=t> = (<i>, <i>)
1
<=a>, *<=l> = <l>
1
*<=l>, <=a> = <s>
1
<=a>, (<=i>, *<=l>), <=s> = <a>, (<i>, <i>, <a>), <s>
1
[<=a>, <=a>] = <l>[:2]
1
<!i>, <!i> = <Vi>, <Vi>
1
<Vl>[<index>], <!i> = <i>, <Vl>[<index>]
5
<!i> += <i>
2
<!i> -= <i>
1
<!i> |= <i>
1
<!i> //= <#>
1
<!i> += <f>
1
<!f> += <i>
2
if len(<Vs>) < 20: <!s> += <s>
2
<!s> = (<vs> + <s>)[:20]
2
if len(<Vl>) < 9: <!l> += [<a>]
1
<!e> |= {<i>}
1
<!d> |= {<key>: <i>}
3
<Vl>[<index>] += <i>
3
<Vd>[<key>] += <i>
4
<Vo>.x += <i>
3
<Vo>.x = <i>
1
<Vo>.x = <a>
2
<Vo>.y = <i>
1
<Vo>.z = <i>
1
<Vo>.p = <i>
1
<Vo>[<index>] = <i>
1
<Vo>.x, <Vo>.y = <Vo>.y, <Vo>.x
1
<!o> += <i>
1
<!i> = <f>
1
<!i> = <x>
1
<!a> = <a>
2
if <b>: <!i> = <a>
3
if len(<Vl>) < 9: <Vl>.append(<a>)
1
<Vl>.insert(<index>, <i>)
1
<Vl>.extend(<l>[:2])
1
<Vl>.sort()
1
<Vl>.reverse()
1
<Vl>.pop(<index>)
1
<Vl>.remove(<i>)
1
<Vl>.clear()
2
<Vl>[<index>] = <a>
2
<Vl>[<slice>] = <l>
1
<Vl>[<slice>] = <t>
1
del <Vl>[<index>]
1
del <Vl>[<slice>]
3
<Vd>[<key>] = <a>
1
del <Vd>[<key>]
1
<Vd>.update(<d>)
1
<Vd>.clear()
1
<Ve>.add(<i>)
1
<Ve>.discard(<i>)
1
del <Vo>.x
1
del <Vo>[<index>]
1
<delete>
3
log(<va>)
2
log(<a>)
2
look()
1
stack()
1
log(sorted(locals()))
2
<a>
3
<call>
2
<method>
1
<=x> = watch(Dies(<#>), <#>)
1
<=o> = watch(<new>, <#>)
1
<=x> = <err>(<a>)
2
assert <b>
1
assert <b>, <s>
2
if <b>: return <a>
1
return <a>
2 loop
if <b>: break
2 loop
if <b>: continue
1 loop
break
1
raise <err>(<a>)
3
if <b>: raise <err>(<i>)
1
if <b>: raise <err>
1 handler
raise
1 handler
raise <err>(<i>) from <caught>
2 handler
if <b>: raise
1 handler
if <b>: raise <err>(<i>) from <caught>
1
raise <err>(<i>) from None
1
raise <Vx>
1
raise ExceptionGroup('g', [<err>(<i>), <err>(<s>)])
1
if <b>: change(<change>)
1
change(<change>)
3 gen
yield <a>
2 gen
<=a> = yield <a>
2 gen
yield from <g>
1 gen
yield from <l>
1
global G0; G0 = <i>
1
global G0; G0 += 1
1
global G2; G2 = <l>
1
global G3; G3 = <o>
1
from math import floor as <=c>
1
import math as <=a>
2
<inner>
2
<innergen>
1
<innerclass>
7
if <b>:
    <block>
<?elif>
<?else>
2
if (<=i> := <i>) > <#>:
    <block>
<?else>
1
if <a>:
    <block>
<?else>
5
for <=i> in range(<#>):
    <loop 4>
<?else>
2
for <=i> in range(<i> & 7):
    <loop 5>
2
for <=i> in range(<#>, -3, -2):
    <loop 3>
5
for <=a> in <l>:
    <loop 5>
<?else>
1
for <=a> in <t>:
    <loop 4>
2
for <=s> in <s>:
    <loop 8>
2
for <=i>, <=a> in enumerate(<l>):
    <loop 5>
2
for <=a>, <=a> in zip(<l>, <l>):
    <loop 5>
2
for <=s> in <d>:
    <loop 3>
3
for <=s>, <=i> in <d>.items():
    <loop 3>
1
for <=a> in <d>.values():
    <loop 3>
1
for <=a> in list(<d>):
    <loop 3>
1
for <=i> in <e>:
    <loop 3>
4
for <=i> in <generator>:
    <loop 5>
<?else>
2
for <=a> in <Vg>:
    <loop 4>
1
for <=a> in <Vo>:
    <loop 4>
1
for <Vo>.x in <l>:
    <loop 4>
1
for <Vl>[0] in range(3):
    <loop 3>
1
for <=a>, *<=l> in <d>.items():
    <loop 3>
1
for <=a> in map(<c>, <l>):
    <loop 4>
1
for <=a> in reversed(<l>):
    <loop 4>
3
<=k> = 0
while <Vk> < <#>:
    <.k> += 1
    <loop 4>
<?else>
1
<=k> = 0
while (<=i> := <i>) and <Vk> < 4:
    <.k> += 1
    <loop 4>
1
<=k> = 5
while True:
    <.k> -= 1
    if <Vk> < 0: break
    <loop 5>
6
try:
    <block>
<handlers>
<?tryelse>
<?finally>
2
try:
    <block>
finally:
    <block>
1
try:
    <block>
except* <err>:
    <simple>
except* (<err>, <err>) as <=x>:
    <simple>
2
try:
    raise <err>(<a>)
<handlers>
<?finally>
2
with Ctx(<bool>):
    <block>
1
with Ctx(<bool>) as <=i>, Ctx(<bool>) as <=a>:
    <block>
2
with <new> as <=a>:
    <block>
1
with closing(<Vg>) as <=g>:
    <block>
2
match <a>:
    case <#>:
        <block>
    case <pattern>:
        <block>
    case _:
        <block>
2
match <t>:
    case <pattern> if <b>:
        <block>
    case <pattern>:
        <block>
2
match <o>:
    case <cls>(x=<#>):
        <block>
    case <cls>(x=<=a>, y=<=a>):
        <block>
    case object(k=1) | <cls>() as <.last>:
        <block>
1
match <d>:
    case {'a': <=a>, **<=d>}:
        <block>
    case {}:
        <block>
1
match <l>:
    case [<=a>, *<=l>] if <b>:
        <block>
    case [] | [_]:
        <block>
"""


def statements(text):
    """(weight, flag, template) of a text in which a line `weight flag` opens each."""
    rows = []
    for line in text.strip("\n").split("\n"):
        opening = re.fullmatch(r"(\d+)( \w+)?", line)
        if opening:
            rows.append([int(opening[1]), (opening[2] or "").strip(), []])
        else:
            rows[-1][2].append(line)
    return [(weight, flag, "\n".join(lines)) for weight, flag, lines in rows]


STATEMENTS = statements(STATEMENTS)
SIMPLE = [row for row in STATEMENTS if "\n" not in row[2] and not row[2].startswith(("<inner", "return", "raise", "break"))]

# What `change` may do to the program, between two calls and in the midst of one.
CHANGES = """
1
global G0; G0 = <lit_a>
1
global G0; G0 = 3
1
global G0; G0 = IntSub(4)
1
del globals()['G0']
1
global G2; G2 = <lit_l>
1
global G3; G3 = <new>
2
<cls>.k = <lit_a>
1
<cls>.k = property(lambda self: 8)
2
<cls>.m0 = lambda self, q=1, *r, **s: log(<#>)
1
<cls>.m0 = <cls>.m1
1
del <cls>.m0
1
<cls>.x = property(lambda self: <#>, lambda self, q: log(q))
1
<cls>.x = <#>
1
del <cls>.x
1
<cls>.__add__ = lambda self, other: <#>
1
<cls>.__len__ = lambda self: <#>
1
<cls>.__bool__ = lambda self: False
1
<cls>.__getattr__ = lambda self, name: log(name)
1
<cls>.__setattr__ = lambda self, name, q: object.__setattr__(self, name, log(q))
1
<cls>.__eq__ = lambda self, other: log(True)
1
<cls>.__init__ = lambda self, *q, **r: log(<#>)
1
<cls>.__call__ = lambda self, q: log(q)
1
G3.__class__ = <cls>
1
G3.__dict__ = {'x': 7, 'y': 'a'}
1
G3.new = 5
1
G3.m0 = lambda q=1: log('instance')
1
global <func>; <func> = lambda *q, **r: log(<#>)
1
<func>.__defaults__ = (<#>,) * 4
1
<func>.__kwdefaults__ = {'w': 2, 'v': 3}
1
<func>.__code__ = <func>.__code__
1
global len; len = lambda q: log(5)
1
global abs, sum; abs = sum = log
1
globals().pop('len', None)
1
__builtins__['range'] = lambda *q: [1, 'a', 2.5]
1
__builtins__['isinstance'] = lambda q, r: log(False)
1
__builtins__['str'] = lambda q='': log('str')
1
__builtins__['G9'] = <#>
1
G2.clear()
1
G2.append(<lit_a>)
"""
CHANGES = statements(CHANGES)

TOKEN = re.compile(r"<([!=.#?\w]+)>")
BLOCK = re.compile(r"<(block|simple|loop \d+|handlers|\?elif|\?else|\?tryelse|\?finally|inner|innergen|innerclass|delete)>")


class Function:
    def __init__(self, name):
        self.name = name
        self.params = []  # (name, kind, sort): sort of positional, default, keyword, star, stars
        self.cost = 1
        self.generator = False


class Objects:
    """source, and calls: [(function name, text of the argument tuple)]."""

    def __init__(self, rng):
        self.rng = rng
        self.lines = []
        self.indent = 0
        self.count = 0
        self.functions = []
        self.classes = []
        self.changes = 2 + rng.randrange(5)
        self.emit("G0 = 3")
        self.emit("G1 = 'snake'")
        self.emit("G2 = [1, 2, 3]")
        for i in range(1 + rng.randrange(3)):
            self.make_class(i)
        self.emit(f"G3 = {self.one_of(self.classes)}(1, 2)")
        for i in range(1 + rng.randrange(4)):
            self.make_function(f"f{i}", last=False)
        self.make_function("main", last=True)
        self.make_change()
        self.source = "\n".join(self.lines) + "\n"
        self.calls = self.make_calls()

    def chance(self, p):
        return self.rng.random() >= 1 - p

    def one_of(self, options):
        return options[self.rng.randrange(len(options))]

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def make_class(self, number):
        name = "ABC"[number]
        base = self.one_of(self.classes) if self.classes and self.chance(0.75) else ""
        if self.chance(0.1):
            self.emit("@JIT")
        self.emit(f"class {name}({base}):" if base else f"class {name}:")
        self.indent += 1
        if self.chance(0.2):
            self.emit("__slots__ = ('x', 'y', 'z')" if not base else "__slots__ = ()")
        if not base or self.chance(0.3):
            self.emit(f"k = {self.one_of(['1', '7', '0.5', self.one_of(LITERALS['i'])])}")
        if not base:
            self.method("__init__", "x=1, y=2, *rest, **more", ["self.x = x", "self.y = y"])
            self.method("__hash__", "", ["return 11"], jit=False)
            self.method("__repr__", "", [f"return f'{name}:{{type(self).__name__}}'"], jit=0.3)
        elif self.chance(0.5):
            self.method("__init__", "x=1, y=2, *rest, **more", [self.one_of(["super().__init__(x, y)", f"{base}.__init__(self, y, x)", "super().__init__(*rest, x=x, y=y)"]), self.one_of(["self.y = x", "self.x = x + 1", "log(x)", "self.z = y"])])
        if not base or self.chance(0.5):
            self.method("m0", "n=1", None, base=base)
        if not base or self.chance(0.3):
            self.method("m1", self.one_of(["n=2", "n, *rest", "n=1, *, w=3", "n=1, **more"]), None, base=base)
        if not base or self.chance(0.3):
            self.method("me", "", ["return self"])
        if not base or self.chance(0.3):
            self.method("p", "", [self.one_of(["return self.x", "return self.x + 1", "return log(self.y)", "return self.missing"])], decorator="property")
            if self.chance(0.5):
                self.method("p", "n", [self.one_of(["self.x = n", "log(n)", "self.y += n"])], decorator="p.setter")
        if not base or self.chance(0.3):
            self.method("s0", "n=1", ["return n"], decorator="staticmethod", first="")
        if not base or self.chance(0.2):
            self.method("c0", "n=1", [self.one_of(["return cls.k", "return cls(n)", "cls.k = n; return n"])], decorator="classmethod", first="cls")
        special = [
            ("__len__", "", ["return 2", "return self.x", "return log(1)", "raise ValueError(self)"]),
            ("__bool__", "", ["return False", "return self.x", "log('bool'); return True", "return self.x > 1"]),
            ("__eq__", "other", ["return True", "return log(self.x) == 1", "return NotImplemented", "raise KeyError(1)", "return self.x == other.x"]),
            ("__lt__", "other", ["return True", "return self.x < other.x", "return NotImplemented"]),
            ("__add__", "other", ["return self.x", "return self", "return NotImplemented", "self.x += 1; return self.x + other", "raise TypeError('no')", f"return {name}(self.x, other)"]),
            ("__radd__", "other", ["return other", "return self", "return log(other)"]),
            ("__iadd__", "other", ["self.x += 1; return self", "return other", "return NotImplemented"]),
            ("__getitem__", "i", ["if i > 2: raise IndexError(i)\nreturn i", "return self.x", "return (1, 2, 3)[i]", "raise KeyError(i)"]),
            ("__setitem__", "i, n", ["log((i, n))", "self.x = n", "raise IndexError(i)"]),
            ("__delitem__", "i", ["log(i)", "raise KeyError(i)"]),
            ("__contains__", "n", ["return n == 1", "return log(0)", "raise ValueError(n)"]),
            ("__iter__", "", ["return iter((1, 2, self))", "yield 1\nyield self.x", "return self", "yield from (self.x, 2)\nraise ValueError('end')"]),
            ("__next__", "", ["self.y = (self.y & 3) - 1\nif self.y < 0: raise StopIteration\nreturn self.y"]),
            ("__call__", "n=0", ["return n", "return self.x", "return log(n)"]),
            ("__enter__", "", ["return self", "log('in'); return 3", "raise ValueError('enter')"]),
            ("__exit__", "*a", ["log(a[0] and a[0].__name__)", "return True", "return self.x", "log(str(a[1])); raise KeyError('exit')"]),
            ("__getattr__", "name", ["return name", "return log(3)", "raise AttributeError(name)", "raise KeyError(name)"]),
            ("__setattr__", "name, n", ["log(name); object.__setattr__(self, name, n)", "object.__setattr__(self, name, n)"]),
            ("__del__", "", ["gone('del')", f"gone('{name}')", "gone(getattr(self, 'x', None))", "raise ValueError('del')"]),
            ("__str__", "", ["return 'str'", "return str(self.x)", "return 5", "log('s'); return ''"]),
            ("__format__", "spec", ["return spec", "raise ValueError(spec)"]),
            ("__index__", "", ["return 1", "return self.x"]),
        ]
        for method, params, bodies in special:
            if self.chance(0.6 if method in ("__enter__", "__iter__") and not base else 0.16):
                if method == "__del__" and self.chance(0.5):
                    continue
                if method == "__enter__":
                    self.method("__exit__", "*a", [self.one_of(special[15][2])])
                body = self.one_of(bodies)
                self.method(method, params, body.split("\n"))
        self.indent -= 1
        self.classes.append(name)

    def method(self, name, params, body, decorator=None, first="self", jit=0.85, base=""):
        if decorator:
            self.emit(f"@{decorator}")
        if jit and self.chance(jit if body is None else min(jit, 0.3)):
            self.emit("@JIT")
        self.emit(f"def {name}({', '.join(p for p in (first, params) if p)}):")
        self.indent += 1
        if body is None:
            maker = Body(self, Function(name), in_class=True)
            maker.has_super = bool(base)
            maker.vars = {"self": "o", "n": "i"}
            maker.fixed = {"self"}
            maker.most = 4
            maker.functions = False
            at = len(self.lines)
            maker.block(1 + self.rng.randrange(2))
            self.emit(f"return {maker.expr('i', 2)}")
            maker.declare(at)
        else:
            for line in body:
                self.emit(line)
        self.indent -= 1

    def make_function(self, name, last):
        me = Function(name)
        me.generator = not last and self.chance(0.35)
        for i in range(1 + self.rng.randrange(4)):
            me.params.append(["abcdefgh"[i], self.one_of("iiiisldoolte" + "gcxf"), "positional"])
        if self.chance(0.3):
            for p in me.params[-1 - self.rng.randrange(len(me.params)) :]:
                p[2] = "default"
        if self.chance(0.2):
            me.params.append(["rest", "t", "star"])
        if self.chance(0.2):
            me.params.append(["w", "i", "keyword"])
        if self.chance(0.15):
            me.params.append(["more", "d", "stars"])
        texts = []
        starred = False
        for param, kind, sort in me.params:
            if sort == "keyword" and not starred:
                texts.append("*")
            starred |= sort == "star"
            prefix = {"star": "*", "stars": "**"}.get(sort, "")
            default = f"={self.one_of(LITERALS[kind]) if kind in LITERALS and kind not in 'ldexg' else 'None'}" if sort in ("default", "keyword") else ""
            texts.append(prefix + param + default)
        if len(me.params) > 1 and self.chance(0.08) and me.params[0][2] == "positional":
            texts.insert(1, "/")
            me.params[0][2] = "only"
        if self.chance(0.93):
            self.emit("@JIT")
        self.emit(f"def {name}({', '.join(texts)}):")
        self.indent += 1
        body = Body(self, me)
        body.vars = {param: kind for param, kind, sort in me.params}
        body.most = 16 if last else 10
        at = len(self.lines)
        body.block(6 + self.rng.randrange(6) if last else 3 + self.rng.randrange(5), top=True)
        if me.generator:
            self.emit(f"yield {body.expr('i', 1)}")
        if not self.chance(0.1):
            self.emit(f"return {body.expr('a', 2)}" if not self.chance(0.4) else f"return ({body.expr('i', 1)}, {', '.join(list(body.vars)[:5])},)")
        body.declare(at)
        self.indent -= 1
        me.cost = body.cost
        self.functions.append(me)

    def make_change(self):
        self.emit("def change(n):")
        self.indent += 1
        maker = Body(self, Function("change"), in_class=True)
        at = len(self.lines)
        for i in range(self.changes):
            self.emit(f"if n == {i}:")
            self.emit("    " + maker.without_global(maker.pick_text(CHANGES)))
        self.emit("return None")
        maker.declare(at)
        self.indent -= 1

    def argument(self, kind, wrong):
        if self.chance(wrong):
            kind = self.one_of("ifbslxtdo")
        if kind == "o":
            return f"{self.one_of(self.classes)}({self.one_of(LITERALS['i'])}, {self.one_of(LITERALS['i'])})" if not self.chance(0.2) else "G3"
        return self.one_of(LITERALS[kind])

    def make_calls(self):
        calls = []
        wanted = [f for f in self.functions if not f.generator]
        main = wanted[-1]
        repeat = None
        for round_ in range(5 + self.rng.randrange(4)):
            function = main if round_ < 2 or self.chance(0.75) else self.one_of(wanted)
            if repeat is None or function is not main or self.chance(0.6):
                wrong = 0.02 if round_ < 2 else 0.12
                texts = []
                for name, kind, sort in function.params:
                    if sort in ("positional", "only") or sort == "default" and len(texts) == function.params.index([name, kind, sort]) and self.chance(0.6):
                        texts.append(self.argument(kind, wrong))
                    elif sort == "default":
                        break
                if function.params[-1][2] == "star" or any(p[2] == "star" for p in function.params) and self.chance(0.5):
                    if len(texts) >= sum(p[2] in ("positional", "only", "default") for p in function.params):
                        texts += [self.argument("i", wrong) for _ in range(self.rng.randrange(3))]
                arguments = f"({''.join(t + ', ' for t in texts)})"
                if function is main:
                    repeat = arguments
            else:
                arguments = repeat
            calls.append([function.name, arguments])
            if self.chance(0.3):
                calls.append(["change", f"({self.rng.randrange(self.changes)},)"])
        return calls


class Body:
    """The statements of one function."""

    def __init__(self, program, me, in_class=False):
        self.program = program
        self.me = me
        self.chance, self.one_of, self.emit = program.chance, program.one_of, program.emit
        self.vars = {}
        self.maybe = {}
        self.fixed = set()
        self.outer = set()  # names of an enclosing function: read, but not assigned
        self.walrus = not in_class
        self.functions = True
        self.has_super = False
        self.mult = self.cost = 1
        self.loops = self.depth = self.handlers = self.made = 0
        self.most = 12
        self.last = None
        self.pending = []
        self.globals = set()
        self.caught = None

    def allowed(self, flag):
        return (
            not flag
            or flag == "loop" and self.loops > 0
            or flag == "gen" and self.me.generator and self.walrus
            or flag == "walrus" and self.walrus
            or flag == "handler" and self.handlers > 0
            or flag == "self" and "self" in self.vars
            or flag == "super" and self.has_super and "self" in self.vars
        )

    def pick(self, rows):
        total = sum(row[0] for row in rows)
        at = self.program.rng.randrange(total)
        for row in rows:
            at -= row[0]
            if at < 0:
                return row
        raise AssertionError("BUG: no row")

    def pick_text(self, rows):
        while True:
            try:
                return self.text(self.pick(rows)[2], 1)
            except No:
                continue

    # ---- statements

    def block(self, count, top=False, rows=STATEMENTS):
        p = self.program
        start = len(p.lines)
        before = dict(self.vars)
        for _ in range(count):
            if self.made > self.most or self.cost > BUDGET:
                break
            self.statement(rows)
        if len(p.lines) == start:
            self.emit("pass")
        if not top:
            for name in sorted(self.vars.keys() - before.keys()):
                self.maybe[name] = self.vars.pop(name)
            for name, kind in before.items():
                if name not in self.vars:
                    self.maybe.pop(name, None)
                    if self.chance(0.9):
                        self.maybe[name] = kind
                    else:
                        self.vars[name] = kind

    def statement(self, rows):
        p = self.program
        for _ in range(20):
            weight, flag, template = self.pick(rows)
            if not self.allowed(flag):
                continue
            if "\n" in template and (self.depth >= 3 or self.loops and "<loop" in template and self.mult > 20):
                continue
            saved = len(p.lines), p.indent, dict(self.vars), dict(self.maybe), self.cost, set(self.globals), p.count
            self.pending = []
            try:
                self.made += 1
                self.cost += self.mult
                # Most errors are met near by, that programs may get on.
                guarded = self.chance(0.35 if self.depth else 0.75) and not template.startswith(("return", "break", "if <b>: break", "if <b>: continue"))
                if guarded:
                    self.emit("try:")
                    p.indent += 1
                self.run(template)
                if guarded:
                    p.indent -= 1
                    self.emit(f"except {self.one_of(['Exception', 'Exception', 'Exception', self.make_err(0)])}: {self.one_of(['pass', 'log(0)', 'look()', 'pass'])}")
                return
            except No:
                del p.lines[saved[0] :]
                p.indent, self.vars, self.maybe, self.cost, self.globals, p.count = saved[1:]
                self.made -= 1

    def run(self, template):
        p = self.program
        for line in template.split("\n"):
            text = line.lstrip()
            extra = (len(line) - len(text)) // 4
            p.indent += extra
            special = BLOCK.fullmatch(text)
            if special:
                word, _, argument = special[1].partition(" ")
                getattr(self, "block_" + word.strip("?"))(*argument.split())
            else:
                text = self.text(text, 3)
                self.emit(self.without_global(text))
                self.commit()
            p.indent -= extra

    def without_global(self, text):
        """`global` stands at the beginning of a function only."""
        if text.startswith("global "):
            names, text = text[7:].split("; ", 1)
            self.globals.update(names.split(", "))
        return text

    def declare(self, at):
        if self.globals:
            self.program.lines.insert(at, "    " * self.program.indent + "global " + ", ".join(sorted(self.globals)))

    def commit(self):
        for name, kind in self.pending:
            self.vars[name] = kind
            self.maybe.pop(name, None)
        self.pending = []

    def block_block(self):
        self.depth += 1
        self.block(1 + self.program.rng.randrange(3))
        self.depth -= 1

    def block_simple(self):
        self.block(1 + self.program.rng.randrange(2), rows=SIMPLE)

    def block_loop(self, times):
        outer = self.mult
        self.mult *= int(times)
        self.loops += 1
        self.depth += 1
        self.block(1 + self.program.rng.randrange(4))
        self.depth -= 1
        self.loops -= 1
        self.mult = outer

    def block_elif(self):
        while self.chance(0.25):
            self.run("elif <b>:\n    <block>")

    def block_else(self):
        if self.chance(0.3):
            self.run("else:\n    <block>")

    def block_handlers(self):
        for _ in range(1 + self.program.rng.randrange(2)):
            named = self.chance(0.5)
            self.program.count += 1
            name = f"e{self.program.count}"
            what = self.text(self.one_of(["<err>", "<err>", "(<err>, <err>)", "Exception"]), 1)
            self.emit(f"except {what}{' as ' + name if named else ''}:")
            saved = self.caught
            self.caught = name if named else None
            self.program.indent += 1
            if named:
                self.emit(self.one_of([f"log(str({name}))", f"log(type({name}).__name__)", f"log({name}.__context__ is None)", f"log(lines({name}))", "pass"]))
            self.handlers += 1
            self.block_block()
            self.handlers -= 1
            self.program.indent -= 1
            self.caught = saved

    def block_tryelse(self):
        if self.chance(0.2):
            self.run("else:\n    <block>")

    def block_finally(self):
        if self.chance(0.3):
            self.run("finally:\n    <block>")

    def block_delete(self):
        names = [n for n in self.vars if n[0] == "v" and n not in self.outer and n not in self.fixed]
        if not names:
            raise No
        name = self.one_of(names)
        self.emit(f"del {name}")
        self.maybe[name] = self.vars.pop(name)

    def nested(self, generator=False):
        """The maker of a function inside of this one."""
        inner = Body(self.program, Function("inner"))
        inner.me.generator = generator
        inner.vars = dict(self.vars)
        inner.outer = set(self.vars)
        inner.mult = self.mult * 2
        inner.functions = self.functions
        inner.cost = self.cost
        inner.depth = 1
        inner.most = 4
        return inner

    def block_inner(self, generator=False):
        p = self.program
        if self.depth >= 3:
            raise No
        p.count += 1
        name = f"g{p.count}"
        inner = self.nested(generator)
        default = self.one_of(["", "", f"=<i>", ", *r", ", **r", "=1, *, w=<i>"])
        if self.chance(0.7):
            self.emit("@JIT")
        self.emit(f"def {name}(u{self.text(default, 1)}):")
        p.indent += 1
        captured = [n for n in self.vars if self.vars[n] in "ilsd" and n not in ("u", "w") and n not in self.fixed and n not in self.outer and n not in self.globals]
        at = len(p.lines)
        if captured and self.chance(0.5):
            captured = self.one_of(captured)
            self.emit(f"nonlocal {captured}")
            inner.outer.discard(captured)
        inner.vars["u"] = "i"
        inner.block(1 + p.rng.randrange(3), top=True)
        if generator:
            self.emit(f"yield {inner.expr('i', 1)}")
        else:
            self.emit(f"return {inner.expr('i', 2)}")
        inner.declare(at)
        p.indent -= 1
        self.cost = inner.cost
        self.vars[name] = "G" if generator else "c"
        self.fixed.add(name)

    def block_innergen(self):
        self.block_inner(True)

    def block_innerclass(self):
        p = self.program
        if self.depth >= 2 or not p.classes:
            raise No
        p.count += 1
        name = f"K{p.count}"
        self.emit(f"class {name}({self.one_of(p.classes)}):")
        p.indent += 1
        self.emit(f"k = {self.literal('i')}")
        self.emit(self.one_of(["@JIT", "# plain"]))
        self.emit("def m0(self, n=1):")
        inner = self.nested()
        inner.vars.update({"self": "o", "n": "i"})
        self.emit(f"    {self.one_of(['return super().m0(n)', 'self.x = n', 'return __class__.k'])}")
        self.emit(f"    return {inner.expr('i', 2)}")
        p.indent -= 1
        self.program.count += 1
        self.emit(f"v{p.count} = {name}()")
        self.vars[f"v{p.count}"] = "o"

    # ---- text

    def text(self, template, depth):
        return TOKEN.sub(lambda m: self.token(m[1], depth), template)

    def token(self, word, depth):
        if word == "#":
            return str(self.program.rng.randrange(1, 6))
        if word in KINDS or word == "k":
            return self.expr(word, depth - 1)
        first, rest = word[0], word[1:]
        if first == "=":
            return self.target(rest)
        if first == "." and rest == "k":
            return self.variable("k")
        if word == ".last":
            return self.target("o")
        if first == "!":
            return self.variable(rest, True)
        if first == "V" and len(word) == 2:
            return self.variable(rest)
        if first == "v" and len(word) == 2:
            try:
                return self.variable(rest)
            except No:
                return self.literal(rest)
        if word.startswith("lit_"):
            return self.literal(word[4:])
        return getattr(self, "make_" + word)(depth)

    def literal(self, kind):
        if kind == "a":
            kind = self.one_of("iiisfbltdx")
        if kind == "o":
            return self.make_new(0)
        if kind == "k":
            return "0"
        return self.one_of(LITERALS[kind])

    def variable(self, kind, assignable=False):
        if self.maybe and self.chance(0.02):
            names = [n for n, k in self.maybe.items() if k == kind]
            if names and not assignable:
                return self.one_of(names)
        fits = {"a": "ifbsldetoxak", "i": "i" if not self.chance(0.05) else "iak"}.get(kind, kind)
        names = [n for n, k in self.vars.items() if k in fits and not (assignable and (n in self.fixed or n in self.outer))]
        if not names:
            raise No
        if kind == "k":
            return names[-1]
        return self.one_of(names)

    def target(self, kind):
        names = [n for n, k in self.vars.items() if n not in self.fixed and n not in self.outer and (k == kind or self.chance(0.04)) and k != "k"]
        if kind != "k" and names and self.chance(0.4):
            name = self.one_of(names)
        elif self.maybe and self.chance(0.15) and kind != "k":
            name = self.one_of(sorted(self.maybe))
            if name in self.outer or name in self.fixed:
                raise No
        else:
            self.program.count += 1
            name = f"v{self.program.count}" if kind != "k" else f"k{self.program.count}"
        if any(name == n for n, _ in self.pending):
            raise No
        if kind == "k":
            self.fixed.add(name)
        self.pending.append((name, kind))
        return name

    def expr(self, kind, depth):
        if kind == "a":
            kind = self.one_of("iiiisslldtfbeoxa")
            if kind == "a":
                kind = "i"
        if depth <= 0:
            try:
                return self.variable(kind) if not self.chance(0.2) else self.literal(kind)
            except No:
                return self.literal(kind)
        for _ in range(6):
            weight, flag, template = self.pick(EXPRESSIONS[kind])
            if not self.allowed(flag):
                continue
            pending = list(self.pending)
            try:
                return self.text(template, depth)
            except No:
                self.pending = pending
        return self.literal(kind)

    def make_index(self, depth):
        return self.one_of(["0", "0", "1", "-1", "1", "2", "-2", "0", "5"]) if self.chance(0.75) else self.text("<i> % 3", 1)

    def make_key(self, depth):
        return self.one_of(["'a'", "'a'", "'b'", "1", "'k'", "0"]) if self.chance(0.8) else self.text(self.one_of(["<i>", "<s>", "(<i>, 1)"]), 1)

    def make_slice(self, depth):
        return self.one_of([":2", "1:", ":", "-2:", "::2", "::-1", "1:3", ":-1"]) if self.chance(0.8) else self.text("<i>:<i>", 1)

    def make_cls(self, depth):
        return self.one_of(self.program.classes or ["Dies"])

    def make_type(self, depth):
        return self.one_of(["int", "str", "(int, float)", "list", "dict", "bool", "Dies", *self.program.classes])

    def make_err(self, depth):
        return self.one_of(ERRORS)

    def make_bool(self, depth):
        return self.one_of(["False", "True"])

    def make_caught(self, depth):
        return self.caught or "None"

    def make_change(self, depth):
        return str(self.program.rng.randrange(self.program.changes))

    def make_func(self, depth):
        return self.one_of(self.program.functions).name

    def make_new(self, depth):
        if not self.program.classes:
            return "Dies(9)"
        d = max(0, depth - 1)
        return self.make_cls(0) + self.one_of(["()", f"({self.expr('i', d)})", f"({self.expr('i', d)}, {self.expr('i', 0)})", f"(y={self.expr('i', d)})", f"({self.expr('a', d)}, {self.expr('a', 0)})", f"(*{self.expr('t', 0)})"])

    def make_method(self, depth):
        if self.me.name in ("m0", "m1", "inner") and "self" in self.vars:
            raise No  # methods calling methods might never end
        self.cost += 12 * self.mult
        name = self.one_of(["m0", "m0", "m1", "c0", "s0"])
        owner = self.variable("o")
        return f"{owner}.{name}({self.one_of(['', self.expr('i', depth - 1), self.expr('i', 0), 'n=' + self.expr('i', 0), '*' + self.expr('t', 0)])})"

    def scope(self, names, make):
        """Text of an expression with variables of its own, in which nothing can be assigned."""
        saved = self.vars, self.walrus, self.mult, self.has_super
        self.vars, self.walrus, self.mult, self.has_super = {**self.vars, **names}, False, self.mult * 5, False
        try:
            return make()
        finally:
            self.vars, self.walrus, self.mult, self.has_super = saved

    def make_comprehension(self, item, depth):
        source = self.text(self.one_of(["<vl>", "<vl>", "<l>", "range(<#>)", "<vd>", "<vs>", "<Vg>", "<Vt>", "<vd>.values()"]), 1)
        condition = self.one_of(["", "", "if <b>", "if q"])
        second = " for r in <vl>" if self.chance(0.15) else ""
        names = {"q": "i", "r": "i"} if second else {"q": "i"}
        return self.scope(names, lambda: f"{self.text(item, min(depth, 2))} for q in {source}{self.text(second, 1)} {self.text(condition, 1)}".rstrip())

    def make_listcomp(self, depth):
        return f"[{self.make_comprehension(self.one_of(['<i>', '<a>', '(q, <i>)', '<s>']), depth)}]"

    def make_dictcomp(self, depth):
        return "{" + self.make_comprehension(self.one_of(["q: <i>", "<key>: <a>", "str(q): q"]), depth) + "}"

    def make_genexp(self, depth):
        return f"({self.make_comprehension(self.one_of(['<i>', 'q', '<a>', '<i>']), depth)})"

    def make_lambda(self, depth):
        name = self.one_of(["q", "q=1", "q, *r", f"q, r={self.expr('i', 0)}"])
        return self.scope({"q": "i"}, lambda: f"(lambda {name}: {self.expr('i', max(1, depth - 1))})")

    def arguments(self, function, depth):
        texts = []
        named = False
        for name, kind, sort in function.params:
            if sort in ("positional", "default"):
                if sort == "default" and self.chance(0.4):
                    named = True
                    continue
                named |= self.chance(0.06 if sort == "positional" else 0.4)
                texts.append(f"{name}={self.expr(kind, 0)}" if named else self.expr(kind, depth))
            elif sort == "only":
                texts.append(self.expr(kind, depth))
            elif sort == "star" and not named and self.chance(0.4):
                texts.append(f"*{self.expr('t', 0)}")
            elif sort == "keyword" and self.chance(0.6):
                texts.append(f"w={self.expr('i', 0)}")
            elif sort == "stars" and self.chance(0.4):
                texts.append(self.one_of(["**{'q': 1}", f"q={self.expr('i', 0)}"]))
        if len(texts) > 1 and self.chance(0.04):
            plain = [t for t in texts if "=" not in t and t[0] != "*"] or ["1"]
            texts = [f"*({', '.join(plain)},)"]
        return ", ".join(texts)

    def make_call(self, depth, generator=False):
        if not self.functions:
            raise No
        fitting = [f for f in self.program.functions if f.generator == generator and self.cost + f.cost * self.mult < BUDGET * 1.5]
        if generator:
            inner = [n for n, k in self.vars.items() if k == "G"]
            if inner and (not fitting or self.chance(0.5)):
                return f"{self.one_of(inner)}({self.expr('i', 0)})"
        if not fitting:
            raise No
        callee = self.one_of(fitting)
        self.cost += callee.cost * self.mult
        return f"{callee.name}({self.arguments(callee, max(0, depth - 1))})"

    def make_generator(self, depth):
        return self.make_call(depth, True)

    def make_function(self, depth):
        fitting = [f for f in self.program.functions if not f.generator and f.cost * self.mult * 4 + self.cost < BUDGET]
        if not fitting or not self.functions:
            raise No
        callee = self.one_of(fitting)
        self.cost += callee.cost * self.mult * 4
        return callee.name

    def make_pattern(self, depth):
        return self.text(
            self.one_of(
                ["[<=a>, <=a>]", "(<=i>, *_)", "{'a': <=i>}", "<cls>(x=<=a>)", "int() | float()", "str() as <=s>", "[1, <=a>, *<=l>]", "None", "True | 'a'", "{}", "list()", "<cls>() | Dies()", "(1 | 2, <=a>)", "-1 | 2.5", "[[<=a>, *_], _]", "bool(<=b>)"]
            ),
            1,
        )
