"""Which of the customer's words a decision rests on, as a place in the transcript."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voc.data.text import turn_numbers
from voc.models.reading import segment_spans

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Evidence:
    """Words of a customer: a span of the characters of one turn's text; turns are counted from 0."""

    turn: int
    begin: int
    end: int


def evidence(turns: Sequence[Mapping[str, Any]], speakers: str, text: str) -> list[Evidence]:
    """Where each segment of `text` stands; `text` is what data.text.contact_text made of the turns. Empty where nobody
    whose words are read says anything."""
    numbers = turn_numbers(turns, speakers)
    found = []
    for begin, end in segment_spans(text) if numbers else ():
        number = numbers[text.count("\n", 0, begin)]
        line = text.rfind("\n", 0, begin) + 1
        found.append(Evidence(number, *_as_written(turns[number]["text"], begin - line, end - line)))
    return found


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
