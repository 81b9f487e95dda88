"""The planets' orbits: each body is a position list, a velocity list and a mass."""

YEAR = 365.24
SOLAR_MASS = 4 * 3.141592653589793**2


def bodies():
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


def energy(system):
    total = 0.0
    for i, (r1, v, m1) in enumerate(system):
        total += 0.5 * m1 * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        for r2, _, m2 in system[i + 1:]:
            dx = r1[0] - r2[0]
            dy = r1[1] - r2[1]
            dz = r1[2] - r2[2]
            total -= m1 * m2 / (dx * dx + dy * dy + dz * dz) ** 0.5
    return total


def advance(system, pairs, dt, steps):
    for _ in range(steps):
        for (r1, v1, m1), (r2, v2, m2) in pairs:
            dx = r1[0] - r2[0]
            dy = r1[1] - r2[1]
            dz = r1[2] - r2[2]
            force = dt * (dx * dx + dy * dy + dz * dz) ** -1.5
            f1 = m1 * force
            f2 = m2 * force
            v1[0] -= dx * f2
            v1[1] -= dy * f2
            v1[2] -= dz * f2
            v2[0] += dx * f1
            v2[1] += dy * f1
            v2[2] += dz * f1
        for r, (vx, vy, vz), _ in system:
            r[0] += dt * vx
            r[1] += dt * vy
            r[2] += dt * vz


def nbody(steps):
    system = bodies()
    pairs = [(system[i], system[j]) for i in range(len(system)) for j in range(i + 1, len(system))]
    offset_momentum(system)
    before = energy(system)
    advance(system, pairs, 0.01, steps)
    return before, energy(system)


BENCH = [("nbody", nbody, (25_000,))]
