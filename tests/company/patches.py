"""unittest.mock in place of callees, builtins and methods; functions whose code and defaults are replaced."""

import math
import sys
import unittest.mock as mock

from gophersnake import jit


class K:
    @jit
    def m(self):
        return 5


@jit
def callee(x):
    return x + 1


@jit
def caller(x):
    s = 0
    for i in range(x):
        s += callee(i)
    return s


import math


@jit
def usesmath(x):
    return math.sqrt(x) + len([x]) + K().m()


for k in range(4):
    print(caller(5), usesmath(4.0))
    with mock.patch("__main__.callee", return_value=100):
        print(caller(5))
    with mock.patch.object(sys.modules["__main__"], "callee", side_effect=lambda x: x * 2.5) as m:
        print(caller(5), m.call_count)
    with mock.patch("math.sqrt", lambda x: -1.0):
        print(usesmath(4.0))
    with mock.patch("builtins.len", lambda x: 50, create=True):
        print(usesmath(4.0))
    with mock.patch.object(K, "m", lambda self: 1000):
        print(usesmath(4.0))
    with mock.patch.object(K, "m", autospec=True) as mm:
        mm.return_value = 3
        print(usesmath(4.0), mm.call_count)
    with mock.patch("__main__.callee", autospec=True) as m:
        m.return_value = 2
        print(caller(3), m.call_args_list)
        try:
            m(1, 2)
        except TypeError as e:
            print(e)
    with mock.patch.dict(globals(), callee=lambda x: 0):
        print(caller(5))
    print(mock.create_autospec(callee)(3) is not None)
print(caller(5), usesmath(4.0))


# code / default mutated
@jit
def leaf(x, k=1):
    return x + k


@jit
def usesleaf(n):
    t = 0
    for i in range(n):
        t += leaf(i)
    return t


for k in range(3):
    print(usesleaf(5))
    leaf.__defaults__ = (k * 10,)
    print(usesleaf(5))
    leaf.__code__ = (lambda x, k=1: x * k).__code__
    print(usesleaf(5))
    leaf.__code__ = (lambda x, k=1: x - k).__code__
    print(usesleaf(5))
