"""Generated functions of 100 and of 800 lines, for the test that compiles grow with what is compiled and no faster. Recorded by
`python3.11 tools/record_snapshot.py compile/testdata`.

# snapshot straight100: straight100(3, 4)
# snapshot straight800: straight800(3, 4)
# snapshot floats100: floats100(3.0, 4.0)
# snapshot floats800: floats800(3.0, 4.0)
# snapshot loops100: loops100(3, 4)
# snapshot loops800: loops800(3, 4)
# snapshot ifs100: ifs100(3, 4)
# snapshot ifs800: ifs800(3, 4)
# snapshot elifs100: elifs100(3, 4)
# snapshot elifs800: elifs800(3, 4)
# snapshot continues100: continues100(3, 4)
# snapshot continues800: continues800(3, 4)
# snapshot nested100: nested100(3, 4)
# snapshot nested800: nested800(3, 4)
# snapshot calls100: calls100(3, 4)
# snapshot calls800: calls800(3, 4)
# snapshot lists100: lists100(3, list(range(10)))  mode=general
# snapshot lists800: lists800(3, list(range(10)))  mode=general
"""


def called(x, y):
    return (x + y) & 65535


def straight(n):
    for i in range(n):
        x, y, z = "xyz"[i % 3], "yzx"[i % 3], "zxy"[i % 3]
        yield f"{x} = ({y} * {i % 7 + 1} + {z} - {i}) & 65535"


def floats(n):
    for i in range(n):
        yield f"{'xyz'[i % 3]} = {'yzx'[i % 3]} * 0.5 + {'zxy'[i % 3]} - {i}.5"


def loops(n):
    for i in range(n // 3):
        yield f"for i in range({i % 5 + 2}):"
        yield f"    x = (x * 3 + i + {i}) & 65535"
        yield "    y = y ^ x"


def ifs(n):
    for i in range(n // 4):
        yield f"if x & {i % 8 + 1}:"
        yield f"    x = (x + {i}) & 65535"
        yield "else:"
        yield "    y = (y + x) & 65535"


def elifs(n):
    for i in range(n // 2):
        yield f"{'elif' if i else 'if'} x == {i}:"
        yield f"    y += {i}"


def continues(n):
    yield "for i in range(30):"
    for i in range(n // 3):
        yield f"    if x == {i}:"
        yield f"        x = (x + {i} + y) & 65535"
        yield "        continue"


def nested(n):
    for _ in range(n // 20):
        for depth in range(9):
            yield "    " * depth + ("if x > y:", f"for i{depth} in range(2):", "while y & 3:")[depth % 3]
        for k in range(2):
            yield "    " * 9 + f"x = (x * 3 + y + {k}) & 65535"
        for depth in range(8, -1, -1):
            yield "    " * depth + "    y = (y + x + 1) & 4095"


def calls(n):
    for i in range(n):
        yield f"x = called(x, {i})"


def lists(n):
    for i in range(n):
        yield f"y[{i % 10}] = y[{(i + 3) % 10}] + x"


for shape in (straight, floats, loops, ifs, elifs, continues, nested, calls, lists):
    for lines in (100, 800):
        name = f"{shape.__name__}{lines}"
        exec(f"def {name}(x, y):\n    z = x\n    " + "\n    ".join(shape(lines)) + "\n    return x, y, z\n")
