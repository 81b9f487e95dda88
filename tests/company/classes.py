"""Dataclasses, abstract classes, enums, named tuples."""

import abc
import dataclasses
import enum
import typing

from gophersnake import jit


@jit
@dataclasses.dataclass(order=True)
class DC:
    x: int
    y: float = 2.0
    z: list = dataclasses.field(default_factory=list, compare=False)

    def __post_init__(self):
        self.w = self.x + self.y

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class DF:
    a: int
    b: int = 3

    @jit
    def s(self):
        return self.a + self.b

    @jit
    def bad(self):
        self.a = 1


for k in range(5):
    d = DC(k, 1.5)
    print(d, d.norm(), d < DC(3), d == DC(k, 1.5), dataclasses.replace(d, x=9), dataclasses.asdict(d), d.w)
    f = DF(k)
    print(f.s(), hash(f) == hash(DF(k)), dataclasses.astuple(f))
    try:
        f.bad()
    except dataclasses.FrozenInstanceError as e:
        print(repr(e))
    try:
        DC()
    except TypeError as e:
        print(e)


class AB(abc.ABC):
    @abc.abstractmethod
    @jit
    def m(self):
        return "base"

    @property
    @abc.abstractmethod
    @jit
    def p(self): ...
    @jit
    @abc.abstractmethod
    def n(self):
        return 1

    @jit
    def concrete(self):
        return self.m() + "!"


class I(AB):
    @jit
    def m(self):
        return "i" + super().m()

    p = property(jit(lambda self: 5))

    @jit
    def n(self):
        return super().n() + 1


for k in range(4):
    print(I().concrete(), I().p, I().n())
try:
    AB()
except TypeError as e:
    print(e)


@jit
class AC(abc.ABC):
    @abc.abstractmethod
    def m(self):
        pass

    @classmethod
    def __subclasshook__(cls, c):
        return hasattr(c, "quack") or NotImplemented


try:
    AC()
except TypeError as e:
    print(e)


class Q:
    def quack(self):
        pass


print(isinstance(Q(), AC), AC.__abstractmethods__)


class Color(enum.Enum):
    R = 1
    G = 2

    @jit
    def nxt(self):
        return Color.G if self is Color.R else Color.R

    @classmethod
    @jit
    def _missing_(cls, v):
        return cls.R

    @property
    @jit
    def lab(self):
        return self.name.lower()


for k in range(4):
    print(Color.R.nxt(), Color(77), Color.G.lab, list(Color))


class NT(typing.NamedTuple):
    a: int
    b: float = 1.0

    @jit
    def t(self):
        return self.a + self.b


for k in range(4):
    print(NT(k).t())
