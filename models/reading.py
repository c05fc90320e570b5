"""How a text is read: as segments (turns, and the sentences in them), each by itself.

What decides a label usually stands in one sentence of a contact: the complaint, the threat to leave. Averaged over all
the polite rest it fades, so heads look at every segment as well as at the whole. A segment is read alone: its vector
then says what it says and nothing else, a long transcript needs no cutting, and what many customers say in the same
words is read once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
MOST_SEGMENTS = 64
"""What comes after so many segments is not read."""
NO_SEGMENT = -1
_LEAST_WORDS = 3
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True)
class Segmented:
    """Texts as segments: `unique` ones, and `rows` (texts, most segments of a text), the segments of each text in
    their order, filled up with NO_SEGMENT. `lines`, of the same shape, says which line of its text each stands on."""

    unique: list[str]
    rows: Rows
    lines: Rows

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Segmented":
        """Cut each text; a blank one is one blank segment."""
        place: dict[str, int] = {}
        spans = [_spans(text) for text in texts]
        rows = np.full((len(texts), max(map(len, spans), default=1)), NO_SEGMENT)
        lines = rows.copy()
        for number, (text, found) in enumerate(zip(texts, spans, strict=True)):
            rows[number, : len(found)] = [place.setdefault(text[begin:end], len(place)) for begin, end, _ in found]
            lines[number, : len(found)] = [line for _, _, line in found]
        return cls(list(place), rows, lines)


def segment_spans(text: str) -> list[tuple[int, int]]:
    """Begin and end of each segment of a text, at least one and at most MOST_SEGMENTS.

    A turn is a line. Its sentences are segments, but one of only a word or two ("No." "Thank you!") goes with its
    neighbour in the same turn, without which it says little.
    """
    return [(begin, end) for begin, end, _ in _spans(text)]


def _spans(text: str) -> list[tuple[int, int, int]]:
    """Begin, end and line of each segment."""
    spans: list[tuple[int, int, int]] = []
    place = 0
    for number, line in enumerate(text.split("\n")):
        spans += [(place + begin, place + end, number) for begin, end in _sentences(line)]
        if len(spans) >= MOST_SEGMENTS:
            break
        place += len(line) + 1
    return spans[:MOST_SEGMENTS] or [(0, len(text), 0)]


def length_batches(
    lengths: Sequence[int], batch_tokens: int, order: Sequence[int] | None = None
) -> Iterator[list[int]]:
    """Rows in batches of at most `batch_tokens` tokens, padding included, taken in `order`: by length if not given."""
    batch: list[int] = []
    longest = 0
    for row in np.argsort(lengths, kind="stable").tolist() if order is None else order:
        longest = max(longest, lengths[row])
        if batch and longest * (len(batch) + 1) > batch_tokens:
            yield batch
            batch, longest = [], lengths[row]
        batch.append(row)
    if batch:
        yield batch


def _sentences(line: str) -> list[tuple[int, int]]:
    ends = [match.span() for match in _SENTENCE_END.finditer(line)]
    begins = [0, *(end for _, end in ends)]
    found: list[tuple[int, int]] = []
    for begin, end in zip(begins, [*(begin for begin, _ in ends), len(line)], strict=True):
        if not line[begin:end].strip():
            continue
        if found and _words(line, *found[-1]) < _LEAST_WORDS:
            begin = found.pop()[0]
        found.append((begin, end))
    if len(found) > 1 and _words(line, *found[-1]) < _LEAST_WORDS:
        found[-2:] = [(found[-2][0], found[-1][1])]
    return found


def _words(line: str, begin: int, end: int) -> int:
    return len(line[begin:end].split())
