"""The edit distance of two strings, by rows."""


def distance(a, b):
    previous = list(range(len(b) + 1))
    for i in range(len(a)):
        current = [i + 1]
        for j in range(len(b)):
            cost = previous[j]
            if a[i] != b[j]:
                cost += 1
            if previous[j + 1] + 1 < cost:
                cost = previous[j + 1] + 1
            if current[j] + 1 < cost:
                cost = current[j] + 1
            current.append(cost)
        previous = current
    return previous[len(b)]


BENCH = [("levenshtein", distance, ("the quick brown gopher snake " * 20, "a slow green garter snake " * 21))]
