"""Queens on a board: recursion with bit masks, and backtracking on lists."""


def place(row_mask, columns, left, right):
    if columns == row_mask:
        return 1
    count = 0
    free = row_mask & ~(columns | left | right)
    while free:
        bit = free & -free
        free -= bit
        count += place(row_mask, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


def queens_bits(n):
    return place((1 << n) - 1, 0, 0, 0)


def queens_lists(n):
    """All solutions by backtracking without recursion; returns how many and the first."""
    position = [0] * n
    columns = [False] * n
    up = [False] * (2 * n)
    down = [False] * (2 * n)
    count = 0
    first = None
    row = column = 0
    while row >= 0:
        while column < n and (columns[column] or up[row + column] or down[row - column + n]):
            column += 1
        if column < n:
            position[row] = column
            if row == n - 1:
                count += 1
                if first is None:
                    first = position[:]
                column += 1
                continue
            columns[column] = up[row + column] = down[row - column + n] = True
            row += 1
            column = 0
        else:
            row -= 1
            if row >= 0:
                column = position[row]
                columns[column] = up[row + column] = down[row - column + n] = False
                column += 1
    return count, first


BENCH = [
    ("queens (bits)", queens_bits, (11,)),
    ("queens (lists)", queens_lists, (10,)),
]
