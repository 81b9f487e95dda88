"""Orbits, laid out in three ways: plain float variables, tuples that are made anew in each step, and lists written in place."""

YEAR = 365.24
SOLAR_MASS = 4 * 3.141592653589793**2


def two_bodies(steps):
    """A planet and its star, all in local variables."""
    x1 = y1 = z1 = vx1 = vy1 = vz1 = 0.0
    x2, y2, z2 = 4.84143144246472090, -1.16032004402742839, -0.103622044471123109
    vx2, vy2, vz2 = 0.606326392995832, 2.81198684491626, -0.0252183616598876
    m1, m2, dt = SOLAR_MASS, 0.0376936749870389, 0.01
    for _ in range(steps):
        dx = x1 - x2
        dy = y1 - y2
        dz = z1 - z2
        distance2 = dx * dx + dy * dy + dz * dz
        force = dt / (distance2 * distance2**0.5)
        vx1 -= dx * m2 * force
        vy1 -= dy * m2 * force
        vz1 -= dz * m2 * force
        vx2 += dx * m1 * force
        vy2 += dy * m1 * force
        vz2 += dz * m1 * force
        x1 += dt * vx1
        y1 += dt * vy1
        z1 += dt * vz1
        x2 += dt * vx2
        y2 += dt * vy2
        z2 += dt * vz2
    return x1, y1, z1, x2, y2, z2


def pull(body, others, dt):
    """The body after a step, as a new tuple."""
    x, y, z, vx, vy, vz, mass = body
    for other in others:
        if other is not body:
            ox, oy, oz, _, _, _, m = other
            dx = x - ox
            dy = y - oy
            dz = z - oz
            distance2 = dx * dx + dy * dy + dz * dz
            force = m * dt / (distance2 * distance2**0.5)
            vx -= dx * force
            vy -= dy * force
            vz -= dz * force
    return x + dt * vx, y + dt * vy, z + dt * vz, vx, vy, vz, mass


def tuples(steps):
    """The planets, each a tuple of seven floats."""
    bodies = tuple((*position, *velocity, mass) for position, velocity, mass in planets())
    for _ in range(steps):
        bodies = tuple([pull(body, bodies, 0.01) for body in bodies])
    return bodies


def planets():
    """(position, velocity, mass) of the sun and the four large planets."""
    return [
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], SOLAR_MASS),
        ([4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
         [0.00166007664274403694 * YEAR, 0.00769901118419740425 * YEAR, -0.0000690460016972063023 * YEAR],
         0.000954791938424326609 * SOLAR_MASS),
        ([8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
         [-0.00276742510726411135 * YEAR, 0.00499852801234917238 * YEAR, 0.0000230417297573763929 * YEAR],
         0.000285885980666130812 * SOLAR_MASS),
        ([12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
         [0.00296460137564761618 * YEAR, 0.00237847173959480950 * YEAR, -0.0000296589568540237556 * YEAR],
         0.0000436624404335156298 * SOLAR_MASS),
        ([15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
         [0.00268067772490389322 * YEAR, 0.00162824170038242295 * YEAR, -0.0000951592254519715870 * YEAR],
         0.0000515138902046611451 * SOLAR_MASS),
    ]


def offset_momentum(system):
    px = py = pz = 0.0
    for _, (vx, vy, vz), mass in system:
        px -= vx * mass
        py -= vy * mass
        pz -= vz * mass
    velocity = system[0][1]
    velocity[0] = px / SOLAR_MASS
    velocity[1] = py / SOLAR_MASS
    velocity[2] = pz / SOLAR_MASS


def energy(system, pairs):
    total = 0.0
    for ((x1, y1, z1), _, m1), ((x2, y2, z2), _, m2) in pairs:
        dx = x1 - x2
        dy = y1 - y2
        dz = z1 - z2
        total -= m1 * m2 / (dx * dx + dy * dy + dz * dz) ** 0.5
    for _, (vx, vy, vz), mass in system:
        total += mass * (vx * vx + vy * vy + vz * vz) / 2.0
    return total


def advance(system, pairs, dt, steps):
    for _ in range(steps):
        for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
            dx = x1 - x2
            dy = y1 - y2
            dz = z1 - z2
            force = dt * (dx * dx + dy * dy + dz * dz) ** -1.5
            f1 = m1 * force
            f2 = m2 * force
            v1[0] -= dx * f2
            v1[1] -= dy * f2
            v1[2] -= dz * f2
            v2[0] += dx * f1
            v2[1] += dy * f1
            v2[2] += dz * f1
        for r, [vx, vy, vz], _ in system:
            r[0] += dt * vx
            r[1] += dt * vy
            r[2] += dt * vz


def lists(steps):
    """The planets, each a position list, a velocity list and a mass, in pairs as the well-known benchmark has them."""
    system = planets()
    pairs = [(system[i], system[j]) for i in range(len(system)) for j in range(i + 1, len(system))]
    offset_momentum(system)
    before = energy(system, pairs)
    advance(system, pairs, 0.01, steps)
    return before, energy(system, pairs)


BENCH = [
    ("nbody (locals)", two_bodies, (60_000,)),
    ("nbody (tuples)", tuples, (6_000,)),
    ("nbody (lists)", lists, (12_000,)),
]
