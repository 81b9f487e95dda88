"""Kernels of the bench set, for the test of what their innermost loops hold. Recorded by
`python3.11 tools/record_snapshot.py compile/testdata` in the checkout's folder.

# snapshot sum_squares: sum_squares(1000)
# snapshot collatz: collatz(1000)
# snapshot gcd_sum: gcd_sum(100)
# snapshot accumulate: accumulate(1000)
# snapshot leibniz: leibniz(1000)
# snapshot count_primes: count_primes(1000)
# snapshot mandelbrot: mandelbrot(24, 16, 50)
# snapshot two_bodies: two_bodies(100)

Where values come out of lists, the profile says what they are, as of a second compile:

# snapshot levenshtein: distance("kitten" * 9, "sitting" * 9)  site=39:list  site=113:int  site=147:int  site=176:int  site=240:int
# snapshot sieve: sieve(1000)  site=4:list  site=11:bool  site=15:bool  site=56:bool  site=87:bool  site=95:bool
# snapshot matmul: matmul(matrix(4, 3), matrix(4, 5))  site=40:list  site=74:list  site=99:list  site=111:int  site=120:int  site=144:float  site=151:list  site=157:float  site=171:list  site=177:float
# snapshot fannkuch: fannkuch(8)  site=23:list  site=55:list  site=70:int  site=90:int  site=110:int  site=117:int  site=129:int  site=154:int  site=186:int  site=193:int  site=205:int  site=212:int  site=219:int  site=231:int  site=257:int  site=308:int  site=339:int  site=346:int  site=355:int
# snapshot queens_lists: queens_lists(8)  site=4:list  site=10:list  site=19:list  site=28:list  site=53:bool  site=64:bool  site=78:bool  site=97:bool  site=108:bool  site=122:bool  site=137:int  site=175:bool  site=183:bool  site=193:bool  site=216:int  site=226:bool  site=234:bool  site=244:bool
# snapshot spectral_times: times([1.0, 2.0])  site=19:list  site=76:float  site=90:float
"""

import importlib
import sys

sys.path.insert(0, "bench")
for module in ("integers", "floats", "primes", "mandelbrot", "nbody", "levenshtein", "matmul", "fannkuch", "nqueens", "spectral_norm"):
    globals().update(vars(importlib.import_module(module)))
