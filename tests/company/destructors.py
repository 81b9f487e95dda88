"""Destructors, and warnings of files that nobody closed, tell who let go."""

import sys
import warnings

from gophersnake import jit


class D:
    def __del__(self):
        f = sys._getframe(1)
        print(f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno)


@jit
def f(n):
    for i in range(n):
        d = D()
        x = i * 2.5
        d = None
        y = [D()]
        y.clear()
        y = [D()]
        y = 3
    return x


@jit
def g(l):
    l[0] = 1
    del l
    return 2


@jit
def h():
    d = D()
    return 5


for k in range(4):
    f(2)
    g([D()])
    h()


@jit
def leaves_open(n):
    for i in range(n):
        open("/dev/null")
    x = open("/dev/null")
    x = None
    return n


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for k in range(4):
        leaves_open(2)
print([(w.category.__name__, w.lineno - leaves_open.__code__.co_firstlineno) for w in caught])
