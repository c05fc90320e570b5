"""STAR as texts: the customer's first turn of single-task dialogues, and dialogues about several tasks at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voc.data.splits import split_of
from voc.data.text import contact_text
from voc.experiments.sets import Row
from voc.experiments.suites.star import dialogues, identity_of, is_complete, is_single
from voc.labels import Speaker, Split, TaskName


def first_turns(data: Path) -> Iterator[Row]:
    """What the customer said first in each complete single-task dialogue; the split is that of the suite star."""
    for dialogue in filter(is_single, dialogues(data)):
        said = (turn for turn in dialogue["turns"] if turn["speaker"] == Speaker.CUSTOMER)
        yield _row(dialogue, contact_text([next(said)]), split_of(identity_of(dialogue)))


def several_tasks(data: Path, speakers: str) -> Iterator[Row]:
    """Complete single-task dialogues as train and dev, and those of two to five tasks as test.

    The single-task ones that are test in the suite star are in none: both suites learn from the same rows.
    """
    for dialogue in filter(is_complete, dialogues(data)):
        text = contact_text(dialogue["turns"], speakers)
        if not is_single(dialogue):
            yield _row(dialogue, text, Split.TEST)
        elif (split := split_of(identity_of(dialogue))) != Split.TEST:
            yield _row(dialogue, text, split)


def _row(dialogue: Mapping[str, Any], text: str, split: Split) -> Row:
    return Row(identity_of(dialogue), text, {TaskName.REASON: tuple(dialogue["tasks"])}, split)
