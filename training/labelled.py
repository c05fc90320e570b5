"""Labelled contacts out of the lake as memory-mapped training sets."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import Dataset, concatenate_datasets

from voc.data.columns import form_of
from voc.data.corrections import corrected_labels
from voc.data.lake import Lake
from voc.data.text import contact_text
from voc.errors import TrainingError
from voc.labels import Split, TaskName
from voc.models.tasks import Task

# What people corrected lies over the labels, task by task. A contact that had no label is learnt from, never chosen or
# judged on: people review what the model is unsure of, and a dev set of those would lead calibration astray.
_LABELLED = """
    WITH learnt AS (FROM corrected ANTI JOIN (FROM labels WHERE split = 'test') USING (contact_id)),
    merged AS (
        SELECT contact_id, coalesce(c.reasons, l.reasons) AS reasons, coalesce(c.sentiment, l.sentiment) AS sentiment,
               coalesce(c.churn_intent, l.churn_intent) AS churn_intent, coalesce(split, 'train') AS split,
               c.contact_id IS NOT NULL AS corrected
        FROM labels AS l FULL JOIN learnt AS c USING (contact_id))
    SELECT contact_id, language, script, turns, reasons, sentiment, churn_intent, split, corrected
    FROM merged JOIN contacts USING (contact_id)
    WHERE $split IS NULL OR split = $split
    ORDER BY contact_id
"""

_UNLABELLED = """
    SELECT language, script, turns FROM contacts ANTI JOIN labels USING (contact_id)
    ORDER BY hash(contact_id), contact_id LIMIT $most
"""

TARGET = "target_"


@dataclass(frozen=True)
class LabelledSet:
    """Rows of one split. `dataset` has the columns contact_id, language, text and a target a task; a translation also
    has its original as `anchor`."""

    split: Split
    dataset: Dataset

    @property
    def texts(self) -> Sequence[str]:
        """What the model reads, a row each."""
        return list(self.dataset["text"])

    @property
    def anchors(self) -> Sequence[str]:
        """The text beside which each text should lie: itself, or for a translation its original."""
        return list(self.dataset["anchor"]) if "anchor" in self.dataset.column_names else self.texts

    @property
    def languages(self) -> Sequence[str]:
        """Language of each row; Serbian says its script as well, since quality is reported for each."""
        return list(self.dataset["language"])

    @property
    def digest(self) -> str:
        """Fingerprint of texts and labels: the same digest means the same training."""
        hashed = hashlib.sha256()
        for batch in self.dataset.with_format("arrow").iter(10_000):
            hashed.update(repr(batch.to_pydict()).encode())
        return hashed.hexdigest()[:16]

    def targets(self, task: Task) -> npt.NDArray[np.float32]:
        """(rows, width) targets of a task; NaN where a row has no label."""
        column = self.dataset.with_format("numpy")[target_column(task)]
        return np.asarray(column[:], dtype=np.float32).reshape(len(self.dataset), task.outputs)

    def sample(self, rows: int, seed: int) -> "LabelledSet":
        """A seeded sample of at most so many rows."""
        if rows >= len(self):
            return self
        return LabelledSet(self.split, self.dataset.shuffle(seed=seed).select(range(rows)))

    def extended(self, columns: Mapping[str, Sequence[object]], anchors: Sequence[str]) -> "LabelledSet":
        """These rows and others after them: their `columns` (those of `dataset` that are kept) and anchors."""
        dataset = self.dataset.select_columns(list(columns))
        others = Dataset.from_dict(dict(columns), features=dataset.features)
        joined = concatenate_datasets([dataset, others])
        return LabelledSet(self.split, joined.add_column("anchor", [*self.anchors, *anchors]))

    def __len__(self) -> int:
        return len(self.dataset)


def unlabelled_texts(lake: Lake, most: int, speakers: str) -> list[tuple[str, str]]:
    """Text and written form of a sample of the lake's contacts without labels, the same each time; those in which
    nobody speaks are left out."""
    return [
        (text, form_of(row["language"], row["script"]))
        for row in lake.query(_UNLABELLED, {"most": most}).to_pylist()
        if (text := contact_text(row["turns"], speakers)).strip()
    ]


def target_column(task: Task) -> str:
    """Column of a training set that holds a task's targets."""
    return f"{TARGET}{task.name}"


def labelled_table(lake: Lake, split: Split | None = None) -> pa.Table:
    """Labelled contacts as they lie in the lake, of one split or of all: what `labelled_rows` takes.

    With what people corrected in the app, which `corrected` tells; the test split is as it was labelled.
    """
    with lake.connect("labels", "contacts") as connection:
        connection.register("corrected", corrected_labels(lake))
        table: pa.Table = connection.sql(_LABELLED, params={"split": split}).to_arrow_table()
        return table


def labelled_sets(lake: Lake, tasks: Sequence[Task], speakers: str) -> dict[Split, LabelledSet]:
    """All labelled contacts by split. Raises TrainingError where a split is empty."""
    return split_sets(labelled_table(lake), tasks, speakers)


def split_sets(rows: pa.Table, tasks: Sequence[Task], speakers: str) -> dict[Split, LabelledSet]:
    """Rows with turns, labels and split as training sets. Raises TrainingError where a split is empty."""
    if rows.num_rows == 0:
        raise TrainingError(
            "labels: expected labelled contacts, got none; store some with: voc ingest labels.csv, or make a first "
            "model from taxonomy.toml with: voc train --few-shot"
        )
    prepared = labelled_rows(rows, tasks, speakers)
    splits = np.asarray(prepared["split"])
    found = {}
    for split in Split:
        places = np.flatnonzero(splits == split)
        if len(places) == 0:
            raise TrainingError(f"labels: expected labelled contacts in the split {split.value!r}, got none")
        found[split] = LabelledSet(split, prepared.select(places))
    return found


def labelled_rows(rows: pa.Table, tasks: Sequence[Task], speakers: str) -> Dataset:
    """Rows with turns and labels as one data set with the columns that LabelledSet names."""
    whole = Dataset(rows)
    return whole.map(lambda batch: _prepare(batch, tasks, speakers), batched=True, remove_columns=whole.column_names)


def _prepare(batch: Mapping[str, list[Any]], tasks: Sequence[Task], speakers: str) -> dict[str, list[Any]]:
    labels = {
        TaskName.REASON: batch["reasons"],
        TaskName.SENTIMENT: batch["sentiment"],
        TaskName.CHURN_INTENT: batch["churn_intent"],
        # Companies label whether somebody leaves, not where else they stand: the seed contacts teach that.
        TaskName.CHURN_DIRECTION: [None] * len(batch["churn_intent"]),
    }
    return {
        "contact_id": batch["contact_id"],
        "split": batch["split"],
        "language": [form_of(*pair) for pair in zip(batch["language"], batch["script"], strict=True)],
        "text": [contact_text(turns, speakers) for turns in batch["turns"]],
        **{target_column(task): _targets(task, labels[TaskName(task.name)]) for task in tasks},
    }


def _targets(task: Task, values: Sequence[Any]) -> list[list[float]]:
    try:
        return [task.target(value) for value in values]
    except ValueError as error:
        raise TrainingError(f"labels: {error}; put it back into taxonomy.toml, or ingest these labels anew") from None
