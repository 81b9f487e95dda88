"""Values that native code does not have and frames show: counters that are computed from another one, and ints that nobody but a frame asks for, which
are moved about as objects. Exits, exceptions and frames in every round, at the ends of 64 bits, and with ints of any size."""

import sys

import pytest
from gophersnake import jit, versions

BIG = 2**70
RANGES = [
    (0, 9), (5, 5), (7, 3), (-4, 4), (0, 9, 2), (9, 0, -1), (9, -9, -3), (2**63 - 6, 2**63 - 1), (-(2**63), -(2**63) + 5), (2**63 - 3, 2**63 + 3),
    (-(2**63) + 3, -(2**63) - 3, -1), (2**62, -(2**62), -(2**61)),
]  # fmt: skip


def at_each(bounds, at):
    """Leaves in round `at` by a division, and says where it was."""
    total = rounds = 0
    i = None
    try:
        for i in range(*bounds):
            rounds += 1
            total += 100 // (rounds - at)
    except ZeroDivisionError:
        pass
    return i, total, rounds


def nested(start, stop, at):
    seen = []
    for i in range(start, stop):
        for j in range(i, stop):
            if i ^ j == at:
                seen.append((i, j))
    return seen


def countdown(n, at):
    up = 0
    down = n
    while down > 0:
        up += 1
        down -= 1
        up ^= 7 // (up - at) & 1024
    return up, down


def rotate(items, rounds):
    for _ in range(rounds):
        low = 0
        high = len(items) - 1
        while low < high:
            items[low], items[high] = items[high], items[low]
            low += 1
            high -= 1
        first = items[0]
        for k in range(len(items) - 1):
            items[k] = items[k + 1]
        items[-1] = first
    return items


def carry(items, index):
    """A load whose value is shown when a later subscript raises."""
    last = None
    for k in range(len(items)):
        last = items[k]
        items[k] = items[index + k]
    return last


def fresh(f):
    return type(f)(f.__code__.replace(), f.__globals__, f.__name__)


def shown(f, *args):
    """What f returns, or its locals where it raised."""
    try:
        return f(*args)
    except (IndexError, ZeroDivisionError) as error:
        frame = error.__traceback__.tb_next.tb_frame
        return {k: repr(v) for k, v in frame.f_locals.items()}, error.__traceback__.tb_next.tb_lineno


@pytest.mark.parametrize("bounds", RANGES, ids=repr)
def test_loops_left_in_each_round(bounds):
    native = jit(fresh(at_each))
    for at in range(0, 12):
        for _ in range(5):
            assert native(bounds, at) == at_each(bounds, at), at


def test_counters():
    native, down = jit(fresh(nested)), jit(fresh(countdown))
    for at in range(-3, 12):
        for start, stop in [(0, 8), (-5, 5), (2**63 - 5, 2**63 - 1), (2**63 - 3, 2**63 + 2), (-(2**63), -(2**63) + 4)]:
            assert native(start, stop, at) == nested(start, stop, at)
        for n in (0, 1, 9, 7):
            assert shown(down, n, at) == shown(countdown, n, at)


def test_frames_in_each_round():
    def look(seen):
        frame = sys._getframe(1)
        seen.append(sorted((k, repr(v)) for k, v in frame.f_locals.items() if k not in ("seen", "look")))

    def loop(look, start, stop, seen):
        total = 0
        for i in range(start, stop):
            for j in range(stop - 1, start, -2):
                total ^= i * j
                look(seen)
        return total

    native = jit(fresh(loop))
    for start, stop in [(0, 5), (-3, 2), (2**62, 2**62 + 3), (2**63 - 2, 2**63 + 2)]:
        for _ in range(3):
            seen, wanted = [], []
            assert native(look, start, stop, seen) == loop(look, start, stop, wanted)
            assert seen == wanted


LISTS = [[1, 2, 3, 4, 5], [BIG, 2, -BIG, 4, 2**63], [True, 2, False, 4, 2**63 - 1], [-(2**63), -(2**63) - 1, 0, 1, 2], [1, "a", 3, 2.5, None], [7], [300, 300, 300]]


@pytest.mark.parametrize("first", LISTS[:3], ids=repr)
def test_items_of_any_size(first):
    native = jit(fresh(rotate))
    assert native(first[:], 3) == rotate(first[:], 3)
    for items in LISTS:
        for rounds in (1, 2, 5, 50):
            mine, wanted = items[:], items[:]
            native(mine, rounds)
            rotate(wanted, rounds)
            assert list(map(id, mine)) == list(map(id, wanted)), (items, rounds)


@pytest.mark.parametrize("first", LISTS[:3], ids=repr)
def test_items_shown(first):
    native = jit(fresh(carry))
    for _ in range(3):
        assert shown(native, first[:], 0) == shown(carry, first[:], 0)
    for items in LISTS:
        for index in (1, 2, 4, -3, 0):
            for _ in range(3):
                mine, wanted = items[:], items[:]
                assert shown(native, mine, index) == shown(carry, wanted, index)
                assert mine == wanted


def test_no_exit_for_a_large_item():
    native = jit(fresh(rotate))
    native([3, 2, 1, 5], 4)
    native([3, 2, 1, 5], 4)
    before = sum(v.exits for v in versions(native))
    items = [3, BIG, 1, -BIG]
    native(items, 40)
    assert items == rotate([3, BIG, 1, -BIG], 40)
    assert sum(v.exits for v in versions(native)) == before
