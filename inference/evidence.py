"""Which of the customer's words a decision rests on, as a place in the transcript."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from voc.data.text import turn_numbers
from voc.models.reading import segment_spans

_WORD = re.compile(r"\S+")

Evidence = dict[str, int]
"""`turn`, counted from 0, and `begin` and `end` among the characters of its text."""


def evidence(turns: Sequence[Mapping[str, Any]], speakers: str, text: str, segment: int) -> Evidence | None:
    """Where segment number `segment` of `text` stands; `text` is what data.text.contact_text made of the turns."""
    spans = segment_spans(text)
    if not 0 <= segment < len(spans):
        return None
    begin, end = spans[segment]
    line = text.count("\n", 0, begin)
    numbers = turn_numbers(turns, speakers)
    if line >= len(numbers):
        return None
    start_of_line = text.rfind("\n", 0, begin) + 1
    spoken = turns[numbers[line]]["text"]
    first, last = _as_written(spoken, begin - start_of_line, end - start_of_line)
    return {"turn": numbers[line], "begin": first, "end": last}


def _as_written(text: str, begin: int, end: int) -> tuple[int, int]:
    """A span of `" ".join(text.split())` as a span of `text`."""
    place, first, last = 0, 0, len(text)
    for word in _WORD.finditer(text):
        length = word.end() - word.start()
        if place <= begin <= place + length:
            first = word.start() + begin - place
        if place < end <= place + length:
            last = word.start() + end - place
            break
        place += length + 1
    return first, last
