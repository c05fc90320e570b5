"""What a model says of each turn by itself, as if the turn were the whole contact.

A contact is read in segments, and no segment goes beyond a turn. So what the heads need for a turn is there once the
contact has been read: the encoder reads nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voc.labels import TaskName
from voc.models.calibration import Scalings, calibrated
from voc.models.reading import NO_SEGMENT, Rows, Segmented
from voc.models.tasks import Floats, Task

BY_TURN: tuple[str, ...] = (TaskName.SENTIMENT,)
"""Tasks that are asked of turns: how somebody feels changes while they talk, what they want hardly does."""


@dataclass(frozen=True)
class Turns:
    """The turns of texts in their order: the text and the line that each is, (turns,), and its own segments as
    `Segmented.rows` has those of a text, (turns, most segments of a turn). A turn that is not read is not there."""

    texts: Rows
    lines: Rows
    rows: Rows

    @classmethod
    def of(cls, read: Segmented) -> "Turns":
        """Out of the segments of texts."""
        texts, columns = np.nonzero(read.rows != NO_SEGMENT)
        lines = read.lines[texts, columns]
        begins = np.ones(len(texts), dtype=np.bool_)
        begins[1:] = (np.diff(texts) != 0) | (np.diff(lines) != 0)
        first = np.flatnonzero(begins)
        turn = begins.cumsum() - 1
        place = np.arange(len(texts)) - first[turn]
        rows = np.full((len(first), int(place.max(initial=0)) + 1), NO_SEGMENT)
        rows[turn, place] = read.rows[texts, columns]
        return cls(texts[first], lines[first], rows)

    def probabilities(
        self, task: Task, logits: Floats, scalings: Scalings, languages: Sequence[str] | None, count: int
    ) -> Floats:
        """(turns, outputs) logits to calibrated probabilities of `count` texts, (count, most lines, labels).

        NaN where a text has no such line, or it was not read. `languages` are those of the texts.
        """
        spoken = None if languages is None else np.asarray(languages)[self.texts].tolist()
        found = np.full((count, int(self.lines.max(initial=0)) + 1, len(task.labels)), np.nan, dtype=np.float32)
        found[self.texts, self.lines] = calibrated(task, logits, scalings, spoken)
        return found
