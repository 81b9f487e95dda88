"""Pancake flipping over all permutations: short integer lists, reversed and rotated."""


def fannkuch(n):
    permutation = list(range(n))
    counts = list(range(1, n + 1))
    checksum = most_flips = 0
    sign = 1
    while True:
        if permutation[0]:
            stack = permutation[:]
            flips = 0
            first = stack[0]
            while first:
                low = 0
                high = first
                while low < high:
                    stack[low], stack[high] = stack[high], stack[low]
                    low += 1
                    high -= 1
                flips += 1
                first = stack[0]
            if flips > most_flips:
                most_flips = flips
            checksum += sign * flips
        if sign == 1:
            permutation[0], permutation[1] = permutation[1], permutation[0]
            sign = -1
            continue
        permutation[1], permutation[2] = permutation[2], permutation[1]
        sign = 1
        for i in range(2, n):
            counts[i] -= 1
            if counts[i] != 0:
                break
            if i == n - 1:
                return checksum, most_flips
            counts[i] = i + 1
            moved = permutation[0]
            for k in range(i + 1):
                permutation[k] = permutation[k + 1]
            permutation[i + 1] = moved


BENCH = [("fannkuch", fannkuch, (8,))]
