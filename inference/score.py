"""Scoring of the lake: every contact that the current model has not read yet, a day a commit."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from voc.data.contracts import SCORES
from voc.data.lake import Lake
from voc.data.runs import record_run
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.labels import TaskName
from voc.models.folder import Model, load_model
from voc.models.predict import Predictions, Predictor
from voc.models.tasks import Floats

Progress = Callable[[int, int], None]
CHUNK = 1024  # contacts that go through the model between two looks at the clock

_PENDING_DAYS = """
    SELECT day, count(*) AS contacts
    FROM contacts ANTI JOIN (SELECT contact_id FROM scores WHERE model_version = $version) USING (contact_id)
    GROUP BY day ORDER BY day
"""
_PENDING = """
    SELECT contact_id, day, turns
    FROM contacts ANTI JOIN (
        SELECT contact_id FROM scores WHERE model_version = $version AND day BETWEEN $first AND $last
    ) USING (contact_id)
    WHERE day BETWEEN $first AND $last ORDER BY day, contact_id
"""


@dataclass(frozen=True)
class ScoreSummary:
    """What a scoring run did."""

    model_version: str
    days: int
    contacts: int
    abstained: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Contacts a second."""
        return self.contacts / self.seconds if self.seconds else 0.0


def score(workspace: Workspace, progress: Progress = lambda done, total: None) -> ScoreSummary:
    """Score every contact that the current model has not read yet.

    Whole days arrive in one commit, so a run that is killed anywhere and started again leaves the same table as one
    that was not. Raises WorkspaceError without a model.
    """
    version = workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model yet; train one with: voc train")
    lake = workspace.lake
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    pending = lake.query(_PENDING_DAYS, {"version": version}).to_pylist()
    total, done, abstained = sum(row["contacts"] for row in pending), 0, 0
    settings = workspace.config.scoring
    scorer = _Scorer(load_model(workspace.models / version), settings.batch_tokens) if pending else None
    for first, last in _groups(pending, settings.commit_contacts):
        assert scorer is not None
        scores = _score_days(lake, scorer, first, last, partial(_advance, progress, done, total))
        lake.append("scores", scores)
        done += scores.num_rows
        abstained += pc.sum(scores["abstained"]).as_py() or 0
        progress(done, total)
    summary = ScoreSummary(version, len(pending), done, abstained, time.perf_counter() - begin)
    counts = {"days": summary.days, "contacts": summary.contacts, "abstained": summary.abstained}
    record_run(lake, "score", started_at, summary.seconds, counts=counts, versions={"model": version})
    return summary


class _Scorer:
    """A loaded model that turns contacts into rows of `scores`."""

    def __init__(self, model: Model, batch_tokens: int) -> None:
        self.model = model
        self.tasks = {task.name: task for task in model.classifier.tasks}
        self.speakers = model.classifier.config.speakers
        self.predictor = Predictor(model.classifier, model.tokenizer, batch_tokens)

    def rows(self, contacts: pa.Table) -> pa.Table:
        """Contacts (contact_id, day, turns) to a table by the contract; identical texts are read once."""
        texts = [contact_text(turns, self.speakers) for turns in contacts["turns"].to_pylist()]
        unique = list(dict.fromkeys(texts))
        place = {text: row for row, text in enumerate(unique)}
        order = np.fromiter((place[text] for text in texts), dtype=np.int64, count=len(texts))
        read = self.predictor.predict(unique)
        found = Predictions(
            {name: values[order] for name, values in read.probabilities.items()}, read.embeddings[order]
        )
        count = contacts.num_rows
        columns: dict[str, Any] = {
            "contact_id": contacts["contact_id"],
            "model_version": pa.repeat(self.model.version, count),
            "day": contacts["day"],
            "embedding": vectors_column(found.embeddings),
            **self._reasons(found.probabilities),
            **self._sentiment(found.probabilities),
            **self._churn(found.probabilities),
        }
        empty = {name: pa.nulls(count, SCORES.schema.field(name).type) for name in SCORES.schema.names}
        return pa.table({**empty, **columns}, schema=SCORES.schema)

    def _reasons(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.REASON not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.REASON], probabilities[TaskName.REASON]
        decided = task.decide(values, self.model.decisions.thresholds[task.name])
        top = values.argmax(axis=1)
        return {
            "reasons": [
                [
                    {"reason": task.labels[label], "probability": float(row[label])}
                    for label in np.flatnonzero(chosen)[np.argsort(-row[chosen], kind="stable")]
                ]
                for row, chosen in zip(values, decided, strict=True)
            ],
            "abstained": ~decided.any(axis=1),
            "top_reason": [task.labels[label] for label in top],
            "top_probability": values[np.arange(len(top)), top],
        }

    def _sentiment(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.SENTIMENT not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.SENTIMENT], probabilities[TaskName.SENTIMENT]
        best = values.argmax(axis=1)
        return {
            "sentiment": [task.labels[label] for label in best],
            "sentiment_probability": values[np.arange(len(best)), best],
        }

    def _churn(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.CHURN_INTENT not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.CHURN_INTENT], probabilities[TaskName.CHURN_INTENT]
        decided = task.decide(values, self.model.decisions.thresholds[task.name])
        return {"churn_intent": decided[:, 1], "churn_probability": values[:, 1]}


def vectors_column(vectors: Floats) -> pa.Array:
    """(rows, width) vectors as a list column, without a Python object a number."""
    rows, width = vectors.shape
    offsets = pa.array(np.arange(0, (rows + 1) * width, width, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1)))


def vectors_of(column: pa.ChunkedArray) -> Floats:
    """The list column back as (rows, width)."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(len(column), -1)


def _groups(pending: Sequence[Mapping[str, Any]], contacts: int) -> Iterator[tuple[date, date]]:
    """First and last day of groups of pending days that have at least so many contacts together."""
    first, count = None, 0
    for number, row in enumerate(pending):
        first = first or row["day"]
        count += row["contacts"]
        if count >= contacts or number == len(pending) - 1:
            yield first, row["day"]
            first, count = None, 0


def _advance(progress: Progress, before: int, total: int, count: int) -> None:
    progress(before + count, total)


def _score_days(lake: Lake, scorer: _Scorer, first: date, last: date, progress: Callable[[int], None]) -> pa.Table:
    span = {"first": first, "last": last, "version": scorer.model.version}
    contacts = lake.query(_PENDING, span)
    parts = []
    for start in range(0, contacts.num_rows, CHUNK):
        part = contacts.slice(start, CHUNK)
        parts.append(scorer.rows(part))
        progress(start + part.num_rows)
    return pa.concat_tables(parts)
