"""Calibration: of the contacts that get 80 %, eight in ten should be right, in every language.

A model that was trained to tell classes apart is nearly always too sure. One slope a task (and for yes-or-no outputs a
shift) learnt on dev puts that right without changing which label comes first. (Temperature scaling: Guo et al. 2017;
for independent outputs Platt 1999.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voc.models.tasks import Floats, Task

ALL = "all"


@dataclass(frozen=True)
class Scaling:
    """Logits times `slope` plus `shift`."""

    slope: float = 1.0
    shift: float = 0.0


Scalings = Mapping[str, Scaling]
"""By language, and under ALL for every other."""
IDENTITY: Scalings = {ALL: Scaling()}


def calibrated(task: Task, logits: Floats, scalings: Scalings, languages: Sequence[str] | None = None) -> Floats:
    """(rows, outputs) logits to (rows, labels) calibrated probabilities."""
    slopes = np.full((len(logits), 1), scalings[ALL].slope, dtype=np.float32)
    shifts = np.full((len(logits), 1), scalings[ALL].shift, dtype=np.float32)
    if languages is not None:
        names = np.asarray(languages)
        for language in set(scalings) - {ALL}:
            slopes[names == language] = scalings[language].slope
            shifts[names == language] = scalings[language].shift
    return task.probabilities(logits * slopes + shifts)
