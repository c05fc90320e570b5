"""What a model folder keeps of its quality on the contacts it was judged on: figures, intervals, calibration.

Read without the model; written once, when the model is made.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voc.errors import ModelFolderError
from voc.models.manifest import QUALITY, read_manifest
from voc.models.storage import verify


@dataclass(frozen=True)
class Figure:
    """A figure with the bounds of its 95 % interval, and on how many contacts it rests."""

    value: float
    low: float
    high: float
    contacts: int


@dataclass(frozen=True)
class Bin:
    """Answers whose probability lies in one range: how many, what was said on average, how many were right."""

    answers: int
    said: float
    right: int


@dataclass(frozen=True)
class TaskFigures:
    """One task: macro-F1 over all contacts and in each written form, F1 of each label, calibration.

    `labels` are those that occur in the truth or in the answers; the contacts of their figures are those that have the
    label. `ece` is the expected calibration error, over all contacts and by written form.
    """

    whole: Figure
    languages: Mapping[str, Figure]
    labels: Mapping[str, Figure]
    ece: float
    language_ece: Mapping[str, float]
    reliability: tuple[Bin, ...]


@dataclass(frozen=True)
class Quality:
    """All tasks that have labels in the split `split`, and how many contacts each split of the labelled set had."""

    split: str
    contacts: Mapping[str, int]
    tasks: Mapping[str, TaskFigures]
    synthetic: bool = False
    """Whether the contacts were generated."""

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Quality":
        """Read what `to_json` gave."""
        tasks = {
            name: TaskFigures(
                Figure(**task["whole"]),
                {language: Figure(**each) for language, each in task["languages"].items()},
                {label: Figure(**each) for label, each in task["labels"].items()},
                task["ece"],
                dict(task["language_ece"]),
                tuple(Bin(**each) for each in task["reliability"]),
            )
            for name, task in values["tasks"].items()
        }
        return cls(**{**values, "tasks": tasks})


def read_quality(folder: Path) -> Quality | None:
    """What the model in `folder` keeps of its quality; None for one that keeps nothing.

    Raises ModelFolderError where the folder is no model, or the file has changed or cannot be read.
    """
    digest = read_manifest(folder).files.get(QUALITY)
    if digest is None:
        return None
    verify(folder, {QUALITY: digest})
    try:
        return Quality.of(json.loads((folder / QUALITY).read_text(encoding="utf-8")))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ModelFolderError(
            f"{folder / QUALITY}: expected figures of quality as this version writes them, got those of another; "
            "train the model anew to have them"
        ) from None
