"""Scoring of the lake: every contact that the current model has not read yet, a day a commit."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import tee
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from voc.data.columns import day_groups, forms_of, vectors_column
from voc.data.contracts import SCORES
from voc.data.lake import Lake
from voc.data.locks import alone
from voc.data.runs import record_run
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.engine import EngineName, Texts, open_engine
from voc.inference.evidence import Evidence, evidence
from voc.labels import ChurnDirection, TaskName
from voc.models.compatibility import taxonomy_gap
from voc.models.facts import Facts, read_facts
from voc.models.predictions import Predictions
from voc.models.tasks import Floats, Task

Progress = Callable[[int, int], None]
_EvidenceOf = Callable[[int, str, int], dict[str, int] | None]
_SURE_DIRECTION = 0.8
CHUNK = 2048  # contacts that are read together: what several of them say in the same words is read once

_PENDING_DAYS = """
    SELECT day, count(*) AS contacts
    FROM contacts ANTI JOIN (SELECT contact_id FROM scores WHERE model_version = $version) USING (contact_id)
    GROUP BY day ORDER BY day
"""
_PENDING = """
    SELECT contact_id, day, language, script, turns
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


def score(
    workspace: Workspace, progress: Progress = lambda done, total: None, engine: EngineName = "auto"
) -> ScoreSummary:
    """Score every contact that the current model has not read yet.

    Whole days arrive in one commit, so a run that is killed anywhere and started again leaves the same table as one
    that was not. Raises WorkspaceError without a model, or where the taxonomy has changed since it was made, and
    InputError while another run is scoring here.
    """
    version = workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model yet; train one with: voc train")
    folder = workspace.models / version
    gap = taxonomy_gap(folder, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(
            f"model {version} was made for other contact reasons: {gap}; "
            f"train one for these with: voc train -w {workspace.root}, and then voc promote"
        )
    with alone(workspace.lake.root, "score"):
        return _score(workspace, read_facts(folder), progress, engine)


def _score(workspace: Workspace, facts: Facts, progress: Progress, engine: EngineName) -> ScoreSummary:
    lake, settings = workspace.lake, workspace.config.scoring
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    days = {row["day"]: row["contacts"] for row in lake.query(_PENDING_DAYS, {"version": facts.version}).to_pylist()}
    total, done, abstained, used = sum(days.values()), 0, 0, "none"
    if days:
        groups = day_groups(days, settings.commit_contacts)
        with open_engine(workspace.models / facts.version, settings, engine, total) as reader:
            used = reader.name
            rows: list[pa.Table] = []
            mine, theirs = tee(_parts(lake, facts, groups))
            for part, found in zip(mine, reader.read(each.texts for each in theirs), strict=True):
                rows.append(_Rows(facts, part, found).table())
                done += part.contacts.num_rows
                if part.closes:
                    scores = pa.concat_tables(rows)
                    lake.append("scores", scores)
                    abstained += pc.sum(scores["abstained"]).as_py() or 0
                    rows.clear()
                progress(done, total)
    summary = ScoreSummary(facts.version, len(days), done, abstained, time.perf_counter() - begin)
    counts = {"days": summary.days, "contacts": summary.contacts, "abstained": summary.abstained}
    versions = {"model": facts.version, "engine": used}
    record_run(lake, "score", started_at, summary.seconds, counts=counts, versions=versions)
    return summary


@dataclass(frozen=True)
class _Part:
    """Contacts (contact_id, day, language, script, turns) that are read together; `closes` a group of whole days."""

    contacts: pa.Table
    turns: Sequence[Sequence[Mapping[str, Any]]]
    texts: Texts
    closes: bool


def _parts(lake: Lake, facts: Facts, groups: Sequence[tuple[date, date]]) -> Iterator[_Part]:
    for first, last in groups:
        contacts = lake.query(_PENDING, {"first": first, "last": last, "version": facts.version})
        for start in range(0, contacts.num_rows, CHUNK):
            part = contacts.slice(start, CHUNK)
            turns = part["turns"].to_pylist()
            texts = Texts([contact_text(spoken, facts.speakers) for spoken in turns], forms_of(part))
            yield _Part(part, turns, texts, start + CHUNK >= contacts.num_rows)


class _Rows:
    """What a model says about contacts, as rows of `scores`."""

    def __init__(self, facts: Facts, part: _Part, found: Predictions) -> None:
        self.facts = facts
        self.part = part
        self.found = found
        self.tasks = {task.name: task for task in facts.tasks}

    def table(self) -> pa.Table:
        """One row a contact, by the contract."""
        contacts, found, texts = self.part.contacts, self.found, self.part.texts.texts
        count = contacts.num_rows

        @cache
        def places(row: int) -> list[Evidence]:
            return evidence(self.part.turns[row], self.facts.speakers, texts[row])

        def evidence_of(row: int, task: str, output: int) -> dict[str, int] | None:
            segment = int(found.spoken[task][row, output])
            return asdict(places(row)[segment]) if places(row) else None

        columns: dict[str, Any] = {
            "contact_id": contacts["contact_id"],
            "model_version": pa.repeat(self.facts.version, count),
            "day": contacts["day"],
            "embedding": vectors_column(found.embeddings),
            **self._reasons(found.probabilities, evidence_of),
            **self._sentiment(found.probabilities),
            **self._churn(found.probabilities, evidence_of),
        }
        empty = {name: pa.nulls(count, SCORES.schema.field(name).type) for name in SCORES.schema.names}
        return pa.table({**empty, **columns}, schema=SCORES.schema)

    def _reasons(self, probabilities: Mapping[str, Floats], evidence_of: _EvidenceOf) -> dict[str, Any]:
        if TaskName.REASON not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.REASON], probabilities[TaskName.REASON]
        decided = self.facts.decisions.decide(task, values)
        top = values.argmax(axis=1)
        return {
            "reasons": [
                [
                    {
                        "reason": task.labels[label],
                        "probability": float(values[row, label]),
                        "evidence": evidence_of(row, task.name, int(label)),
                    }
                    for label in np.flatnonzero(decided[row])[np.argsort(-values[row, decided[row]], kind="stable")]
                ]
                for row in range(len(values))
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

    def _churn(self, probabilities: Mapping[str, Floats], evidence_of: _EvidenceOf) -> dict[str, Any]:
        if TaskName.CHURN_INTENT not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.CHURN_INTENT], probabilities[TaskName.CHURN_INTENT]
        leaving = self.facts.decisions.decide(task, values)[:, 1]
        columns: dict[str, Any] = {
            "churn_intent": leaving,
            "churn_probability": values[:, 1],
            "churn_evidence": [evidence_of(row, task.name, 0) if said else None for row, said in enumerate(leaving)],
        }
        if TaskName.CHURN_DIRECTION in self.tasks:
            direction = self.tasks[TaskName.CHURN_DIRECTION]
            columns["churn_direction"] = directions(direction, probabilities[direction.name], leaving)
        return columns


def directions(task: Task, probabilities: Floats, leaving: npt.NDArray[np.bool_]) -> list[str]:
    """Where each customer stands: leaving where the intent says so, else another direction that is sure, else none.

    Two heads answer two questions; this way they never contradict each other. Directions are learnt from the seed
    corpus alone, where they are far more frequent than in a company's contacts, so only a sure one counts.
    """
    other = probabilities.copy()
    other[:, task.labels.index(ChurnDirection.LEAVING)] = -1
    other[:, task.labels.index(ChurnDirection.NONE)] = _SURE_DIRECTION
    found = [task.labels[label] for label in other.argmax(axis=1)]
    return [ChurnDirection.LEAVING if said else label for said, label in zip(leaving, found, strict=True)]
