"""The kernels of the bench set that are typed from their arguments alone, for the test of what their innermost loops hold. Recorded by
`python3.11 tools/record_snapshot.py compile/testdata` in the checkout's folder.

# snapshot sum_squares: sum_squares(1000)
# snapshot collatz: collatz(1000)
# snapshot gcd_sum: gcd_sum(100)
# snapshot accumulate: accumulate(1000)
# snapshot leibniz: leibniz(1000)
# snapshot count_primes: count_primes(1000)
# snapshot mandelbrot: mandelbrot(24, 16, 50)
# snapshot two_bodies: two_bodies(100)
"""

import importlib
import sys

sys.path.insert(0, "bench")
for module in ("integers", "floats", "primes", "mandelbrot", "nbody"):
    globals().update(vars(importlib.import_module(module)))
