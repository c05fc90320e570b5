"""Words of a search found again in the text as it was written: other script, case and diacritics."""

from collections.abc import Iterable

from voc.data.text import fold

Span = tuple[int, int]


def matches(text: str, folded_words: Iterable[str]) -> list[Span]:
    """Where the words stand in `text`: (start, end), in order, overlaps joined.

    Args:
        text: As it was written, in any script.
        folded_words: Words in the form of `voc.data.text.fold`.
    """
    folded, origin = [], []
    for place, char in enumerate(text):
        for piece in " " if char.isspace() else fold(char):
            folded.append(piece)
            origin.append(place)
    line = "".join(folded)
    spans: list[Span] = []
    for word in folded_words:
        start = line.find(word) if word else -1
        while start >= 0:
            spans.append((origin[start], origin[start + len(word) - 1] + 1))
            start = line.find(word, start + len(word))
    return _joined(spans)


def excerpt(text: str, folded_words: Iterable[str] = (), length: int = 260) -> str:
    """One line of at most about `length` characters, around the first match where there is one."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    found = matches(flat, folded_words)
    start = max(0, min(found[0][0] - length // 3, len(flat) - length)) if found else 0
    if start:
        start = flat.find(" ", start) + 1 or start
    end = start + length
    if end < len(flat):
        end = max(flat.rfind(" ", start, end), start + length // 2)
    return ("… " if start else "") + flat[start:end] + (" …" if end < len(flat) else "")


def pieces(text: str, folded_words: Iterable[str] = (), *evidence: Span) -> list[tuple[str, bool]]:
    """`text` cut at the matches and at the evidence of labels: (piece, whether it is to be marked)."""
    cut: list[tuple[str, bool]] = []
    place = 0
    for start, end in _joined([*matches(text, folded_words), *evidence]):
        cut += [(text[place:start], False), (text[start:end], True)]
        place = end
    cut.append((text[place:], False))
    return [(piece, match) for piece, match in cut if piece]


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span[0] <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span[1]))
        else:
            joined.append(span)
    return joined
