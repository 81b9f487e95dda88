"""What a first call compiles: each compile is paid while the caller waits, so a function is not compiled for each part of it that is met."""

import pytest

from gophersnake import info, jit, stats

if not info()["compiles"]:
    pytest.skip("no native code here", allow_module_level=True)


def test_a_loop_in_a_loop_is_recorded_whole():
    def nested(rows):
        total = 0
        for row in rows:
            for x in row:
                if x > 2:
                    total += x
            total -= 1
        return total

    plain = nested([[1, 2, 3, 4]] * 2)
    f, before = jit(nested), stats()["compiles"]
    assert f([[1, 2, 3, 4]] * 2) == plain
    assert stats()["compiles"] - before == 1  # three where the inner loop was compiled anew before the outer one had gone round
    assert f([[1, 2, 3, 4]] * 2) == plain
    assert stats()["compiles"] - before == 2
