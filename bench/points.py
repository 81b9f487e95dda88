"""Small objects: attributes read and written, methods called in a loop."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def distance(self, other):
        dx = self.x - other.x
        dy = self.y - other.y
        return (dx * dx + dy * dy) ** 0.5

    def move(self, dx, dy):
        self.x += dx
        self.y += dy


def walk(steps):
    home = Point(0.0, 0.0)
    walker = Point(3.0, 4.0)
    farthest = 0.0
    for i in range(steps):
        walker.move(0.5, -0.25 if i % 2 else 0.75)
        away = walker.distance(home)
        if away > farthest:
            farthest = away
    return farthest, walker.x, walker.y


def nearest(n):
    points = [Point(i * 7 % 101, i * 13 % 103) for i in range(n)]
    total = 0.0
    for p in points:
        best = 1e9
        for q in points:
            if p is not q:
                d = p.distance(q)
                if d < best:
                    best = d
        total += best
    return total


BENCH = [
    ("point walk", walk, (250_000,)),
    ("nearest points", nearest, (500,)),
]
