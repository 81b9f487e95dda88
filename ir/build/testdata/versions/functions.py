# What compiles to other bytecode in each CPython version. tools/record_snapshot.py turns each snapshot line into a file, under each of them.


# snapshot swap: swap(3, 50)
def swap(a, n):
    b = 1
    while b < n:
        a, b = b, a + b
    return a


# snapshot pairs: pairs([("a", 1), ("b", 2)])
def pairs(items):
    total = 0
    for name, number in items:
        if name and number > 1 or not total:
            total += number
    else:
        total -= 1
    return total


# snapshot squares: squares(range(9), 3)
def squares(values, x):
    return [x * x for x in values if x != 2], {x: 1 for x in values}, x


# snapshot keywords: keywords(3)
def keywords(x):
    return callee(x, scale=2) + callee(*[x], **{"scale": 3}) + callee(*(x,))


def callee(value, scale=1):
    return value * scale


class Base:
    def area(self):
        return 2

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


# snapshot super_area: Derived.area(Derived())
# snapshot method: Derived.twice(Derived())
class Derived(Base):
    def area(self):
        return super().area() + super(Derived, self).area()

    def twice(self):
        return self.area() * 2


# snapshot slices: slices([1, 2, 3], 1)
def slices(values, n):
    values[:n] = values[n:]
    return values[0], values[1:2], "text"[n:]


# snapshot manager: manager(Base())
def manager(m):
    with m as other:
        return other.area()


# snapshot text: text(3, "x")
def text(n, s):
    return f"{n} {s!r:>5} {s!s}" + f"{n:03}"


# snapshot compare: compare(3, 4.5, "x")
def compare(a, b, c):
    if 1 < a < b and c == "x":
        return None if c is None else not a
    return a if c else bool(b)


# snapshot handlers: handlers([1, 2], 1)
def handlers(values, i):
    try:
        return values[i]
    except (IndexError, KeyError) as e:
        raise ValueError(i) from e
    finally:
        del i


# snapshot groups: groups(3)
def groups(x):
    try:
        x()
    except* ValueError:
        return_value = 1
    return return_value


# snapshot maker: maker(3)
def maker(n):
    def inner(a, b: int = n, *, c=n) -> int:
        return a + b + c + n

    return inner, lambda x=1: x, (n for n in (1, 2))


# snapshot unbound: unbound(0)
def unbound(x):
    if x:
        y = 1
    assert x >= 0, "negative"
    del x
    return y


# snapshot imports: imports()
def imports():
    import math
    from os import path as p
    return math, p


# snapshot matches: matches({"a": 1})
def matches(x):
    match x:
        case {"a": a, **rest}:
            return a, rest
        case [first, *others]:
            return first, others
        case int(real=3):
            return 1
    return -1, 12345, True, ()


# snapshot builtins_called: builtins_called([1, 2])
def builtins_called(values):
    return all(v > 0 for v in values), any(v > 2 for v in values), tuple(v for v in values), max(len(values), 3), +len(values)
