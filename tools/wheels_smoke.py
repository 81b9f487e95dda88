"""What an installed wheel must do on the machine that it is for; tools/wheels and cibuildwheel run it with the Python that has the wheel."""

import os
import sys
import traceback
import warnings

from gophersnake import __version__, info, jit, stats, versions

assert info()["compiles"], info()


@jit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@jit
def grow(n):
    product = 1
    for i in range(n):
        product *= i + 1
    return product


@jit
def mean(numbers):
    total = 0.0
    for x in numbers:
        total += x
    return total / len(numbers)


assert [fib(n) for n in (0, 1, 20)] == [0, 1, 6765]
assert [grow(n) for n in (3, 20, 30)] == [6, 2432902008176640000, 265252859812191058636308480000000]
assert mean([1.5, 2.5]) == 2.0 and mean([1, 2, 3]) == 2.0
try:
    mean([])
except ZeroDivisionError as e:
    assert [f.name for f in traceback.extract_tb(e.__traceback__)][-1] == "mean"
else:
    raise AssertionError("mean([]) raises nothing")
assert all(map(versions, (fib, grow, mean)))
compiles = stats()["compiles"]

warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on of a fork beside the compiler's threads
child = os.fork()  # which loads a compiler of its own
if child == 0:

    @jit
    def square(x):
        return x * x

    os._exit(0 if [square(n) for n in range(9)][-1] == 64 and versions(square) else 1)
assert os.waitpid(child, 0)[1] == 0
print(f"gophersnake {__version__} compiles on CPython {sys.version.split()[0]}, {os.uname().machine}: {compiles} compiles")
