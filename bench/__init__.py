"""The functions that `python -m gophersnake bench` measures; installed as gophersnake._benchset.

Each file is ordinary Python with a list BENCH of (name, function, arguments). Nothing here knows of
Gophersnake: the command runs each file twice, once as it is and once with everything jitted.
"""

# The order of the table: arithmetic first, then data structures, then objects and text.
FILES = (
    "integers",
    "floats",
    "primes",
    "mandelbrot",
    "nbody",
    "spectral_norm",
    "fannkuch",
    "matmul",
    "nqueens",
    "levenshtein",
    "points",
    "richards",
    "text",
)
