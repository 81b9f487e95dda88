"""Matrix multiplication on lists of lists."""


def matrix(n, seed):
    return [[(i * seed + j) % 17 / 16.0 for j in range(n)] for i in range(n)]


def matmul(a, b):
    n = len(a)
    inner = len(b)
    width = len(b[0])
    result = [[0.0] * width for _ in range(n)]
    for i in range(n):
        row = a[i]
        for j in range(width):
            total = 0.0
            for k in range(inner):
                total += row[k] * b[k][j]
            result[i][j] = total
    return result


BENCH = [("matmul", matmul, (matrix(120, 3), matrix(120, 5)))]
