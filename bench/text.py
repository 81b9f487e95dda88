"""Text: a string built piece by piece, and words counted in a dict."""


def build(n):
    out = ""
    pieces = []
    for i in range(n):
        out += chr(97 + i % 26)
        if i % 7 == 0:
            pieces.append(str(i))
            out += "-"
    return len(out), out[-20:], ",".join(pieces)[-20:]


WORDS = "the snake saw the gopher and the gopher saw the snake so the snake left".split()


def count_words(rounds):
    counts = {}
    for i in range(rounds):
        for word in WORDS:
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
            key = len(word)
            counts[key] = counts.get(key, 0) + i
    return counts


BENCH = [
    ("string building", build, (350_000,)),
    ("word count", count_words, (20_000,)),
]
