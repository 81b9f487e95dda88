"""Numeric programs that nobody has tuned the compiler for, of the kind that the benchmarks game, Rosetta Code and Project Euler have.

They are not part of the bench set: `python -m gophersnake bench bench/untuned.py` measures them, and docs/performance.md
reports them as they are.
"""

from math import sqrt


def amicable(limit):
    """The sum of the amicable numbers below limit, by a sieve of the sums of divisors."""
    sums = [1] * limit
    for d in range(2, limit // 2):
        for n in range(2 * d, limit, d):
            sums[n] += d
    total = 0
    for n in range(2, limit):
        other = sums[n]
        if n < other < limit and sums[other] == n:
            total += n + other
    return total


def mod_power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def witnesses(limit):
    """How many odd numbers below limit are strong probable primes to the bases 2 and 3."""
    count = 0
    for n in range(5, limit, 2):
        d, r = n - 1, 0
        while d % 2 == 0:
            d //= 2
            r += 1
        for a in (2, 3):
            x = mod_power(a, d, n)
            if x == 1 or x == n - 1:
                continue
            for _ in range(r - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                break
        else:
            count += 1
    return count


def julia(size, cx, cy):
    """How many points of a grid stay bounded for 60 rounds."""
    inside = 0
    for row in range(size):
        for column in range(size):
            x, y = 3.0 * column / size - 1.5, 3.0 * row / size - 1.5
            rounds = 0
            while x * x + y * y <= 4.0 and rounds < 60:
                x, y = x * x - y * y + cx, 2.0 * x * y + cy
                rounds += 1
            if rounds == 60:
                inside += 1
    return inside


def triangle_divisors(most):
    """The first triangle number with more than so many divisors."""
    n = total = 1
    while True:
        divisors = 0
        d = 1
        while d * d < total:
            if total % d == 0:
                divisors += 2
            d += 1
        if d * d == total:
            divisors += 1
        if divisors > most:
            return total
        n += 1
        total += n


def xorshift_pi(points):
    """Pi by random points, the random numbers made by shifts of 64 bits."""
    state = 88172645463325252
    inside = 0
    for _ in range(points):
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
        x = (state & 0xFFFFFFFF) / 4294967296.0
        y = (state >> 32) / 4294967296.0
        if x * x + y * y < 1.0:
            inside += 1
    return 4.0 * inside / points


def simpson(steps):
    """The integral of a rational function, by Simpson's rule."""

    def f(x):
        return (x * x + 3.0) / (1.0 + x * x * x)

    a, b = 0.0, 2.0
    h = (b - a) / steps
    total = f(a) + f(b)
    for i in range(1, steps):
        x = a + i * h
        if i % 2:
            total += 4.0 * f(x)
        else:
            total += 2.0 * f(x)
    return total * h / 3.0


def digit_powers(limit):
    """The sum of the numbers that are the sum of the fifth powers of their digits."""
    found = 0
    for n in range(10, limit):
        total, rest = 0, n
        while rest:
            digit = rest % 10
            total += digit * digit * digit * digit * digit
            rest //= 10
        if total == n:
            found += n
    return found


def game_of_life(size, rounds):
    """The living cells of an R-pentomino on a torus after some rounds; the grid is one list."""
    grid = [0] * (size * size)
    middle = size // 2
    for x, y in ((1, 0), (2, 0), (0, 1), (1, 1), (1, 2)):
        grid[(middle + y) * size + middle + x] = 1
    for _ in range(rounds):
        new = [0] * (size * size)
        for y in range(size):
            up, down = (y - 1) % size * size, (y + 1) % size * size
            here = y * size
            for x in range(size):
                left, right = (x - 1) % size, (x + 1) % size
                near = (
                    grid[up + left] + grid[up + x] + grid[up + right]
                    + grid[here + left] + grid[here + right]
                    + grid[down + left] + grid[down + x] + grid[down + right]
                )  # fmt: skip
                if near == 3 or near == 2 and grid[here + x]:
                    new[here + x] = 1
        grid = new
    return sum(grid)


def runge_kutta(steps):
    """A pendulum's angle and speed, by the classical method of Runge and Kutta, with the series of the sine."""
    angle, speed, h = 1.0, 0.0, 0.001

    def pull(x):
        s = x * x
        return -9.81 * x * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0)))

    for _ in range(steps):
        a1, s1 = speed, pull(angle)
        a2, s2 = speed + h / 2 * s1, pull(angle + h / 2 * a1)
        a3, s3 = speed + h / 2 * s2, pull(angle + h / 2 * a2)
        a4, s4 = speed + h * s3, pull(angle + h * a3)
        angle += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        speed += h / 6 * (s1 + 2 * s2 + 2 * s3 + s4)
    return angle, speed


def right_triangles(limit):
    """The perimeter up to limit that most right triangles with whole sides have."""
    best = most = 0
    for p in range(12, limit + 1, 2):
        count = 0
        for a in range(1, p // 3):
            for_b = p * (p - 2 * a)
            if for_b % (2 * (p - a)) == 0:
                b = for_b // (2 * (p - a))
                c = int(sqrt(a * a + b * b))
                if a < b and c * c == a * a + b * b:
                    count += 1
        if count > most:
            best, most = p, count
    return best


BENCH = [
    ("amicable numbers", amicable, (60_000,)),
    ("strong pseudoprimes", witnesses, (30_000,)),
    ("julia set", julia, (120, -0.4, 0.6)),
    ("triangle numbers", triangle_divisors, (110,)),
    ("pi by xorshift", xorshift_pi, (150_000,)),
    ("simpson's rule", simpson, (400_000,)),
    ("digit powers", digit_powers, (150_000,)),
    ("game of life", game_of_life, (64, 12)),
    ("pendulum", runge_kutta, (40_000,)),
    ("right triangles", right_triangles, (1_000,)),
]
