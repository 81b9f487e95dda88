"""The Mandelbrot set with real and imaginary parts as floats."""


def escape(cr, ci, limit):
    zr = zi = 0.0
    for n in range(limit):
        rr = zr * zr
        ii = zi * zi
        if rr + ii > 4.0:
            return n
        zi = 2.0 * zr * zi + ci
        zr = rr - ii + cr
    return limit


def mandelbrot(width, height, limit):
    total = 0
    for row in range(height):
        ci = 2.0 * row / height - 1.0
        for column in range(width):
            total += escape(3.0 * column / width - 2.0, ci, limit)
    return total


BENCH = [("mandelbrot", mandelbrot, (240, 160, 100))]
