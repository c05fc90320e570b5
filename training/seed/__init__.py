"""The seed corpus: contacts written for this project, each in English, Croatian, Slovenian and Serbian.

A company has labels for its reasons, seldom for who is leaving, and hardly ever in all languages. So `voc` brings
contacts of invented customers of invented companies in many businesses, labelled with sentiment and with where the
customer stands. A model learns from them what it means to leave (and what only sounds like it) and that a text and its
translation lie in one place. They are synthetic, and no figure of quality is ever measured on them.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from voc.config import TrainingSettings
from voc.data.splits import split_of
from voc.data.text import to_latin
from voc.labels import ChurnDirection, Sentiment, Split, TaskName
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet, target_column

FORMS = ("en", "hr", "sl", "sr-Cyrl", "sr-Latn")


@dataclass(frozen=True)
class SeedContact:
    """One contact in all written forms."""

    direction: ChurnDirection
    sentiment: Sentiment
    texts: dict[str, str]

    @property
    def split(self) -> Split:
        """Fixed by the English text: train, or dev where a company has no dev labels of its own for a task."""
        return Split.DEV if split_of(self.texts["en"]) == Split.DEV else Split.TRAIN


@cache
def seed_contacts() -> tuple[SeedContact, ...]:
    """All of the corpus, in a fixed order."""
    folder = files(__package__)
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".csv"))
    return tuple(contact for name in names for contact in _read((folder / name).read_text(encoding="utf-8")))


@cache
def seed_digest() -> str:
    """Fingerprint of the corpus: the same digest means the same contacts and labels."""
    return hashlib.sha256(repr(seed_contacts()).encode()).hexdigest()[:12]


def with_seed(own: LabelledSet, tasks: Sequence[Task], settings: TrainingSettings) -> LabelledSet:
    """A company's own training contacts and, in `seed_forms` forms each, those of the corpus."""
    return _joined(own, _rows(Split.TRAIN, settings), tasks, set())


def for_decisions(dev: LabelledSet, tasks: Sequence[Task], settings: TrainingSettings) -> LabelledSet:
    """What calibration and thresholds are chosen on: the company's dev contacts first, then those of the corpus, the
    latter only for tasks of which the company has no dev label."""
    labelled = {task.name for task in tasks if not np.isnan(dev.targets(task)).all()}
    return _joined(dev, _rows(Split.DEV, settings), tasks, labelled)


def assumed_shares(dev: LabelledSet, tasks: Sequence[Task], settings: TrainingSettings) -> dict[str, float]:
    """How frequent a yes is taken to be, by task, where the corpus decides about the threshold: see `for_decisions`."""
    return {
        task.name: settings.leaving_share
        for task in tasks
        if task.name == TaskName.CHURN_INTENT and np.isnan(dev.targets(task)).all()
    }


def _joined(
    own: LabelledSet, rows: Sequence[tuple[SeedContact, str]], tasks: Sequence[Task], without: set[str]
) -> LabelledSet:
    taught = [task for task in tasks if task.name in _LABELS and task.name not in without]
    if not rows or (without and not taught):
        return own
    columns: dict[str, list[object]] = {
        "contact_id": [f"seed-{number}" for number in range(len(rows))],
        "split": [own.split.value] * len(rows),
        "language": [form for _, form in rows],
        "text": [contact.texts[form] for contact, form in rows],
    }
    for task in tasks:
        label = _LABELS[task.name] if task in taught else lambda contact: None
        columns[target_column(task)] = [task.target(label(contact)) for contact, _ in rows]
    return own.extended(columns, [contact.texts["en"] for contact, _ in rows])


_LABELS: Mapping[str, Callable[[SeedContact], object]] = {
    TaskName.SENTIMENT: lambda contact: contact.sentiment,
    TaskName.CHURN_INTENT: lambda contact: contact.direction == ChurnDirection.LEAVING,
    TaskName.CHURN_DIRECTION: lambda contact: contact.direction,
}


def _rows(split: Split, settings: TrainingSettings) -> list[tuple[SeedContact, str]]:
    draw = np.random.default_rng(settings.seed)
    return [
        (contact, FORMS[form])
        for contact in seed_contacts()
        for form in draw.permutation(len(FORMS))[: settings.seed_forms]
        if contact.split == split
    ]


def _read(text: str) -> Iterator[SeedContact]:
    for row in csv.DictReader(io.StringIO(text, newline="")):  # a chat's turns are lines within a field
        texts = {form: row[form] for form in ("en", "hr", "sl")}
        texts |= {"sr-Cyrl": row["sr"], "sr-Latn": to_latin(row["sr"])}
        yield SeedContact(ChurnDirection(row["direction"]), Sentiment(row["sentiment"]), texts)
