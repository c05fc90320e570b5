"""`voc score-outcomes`: the outcome head's probability for every scored contact, in a table of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from voc.data.columns import day_groups
from voc.data.contracts import OUTCOME_SCORES
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.models.outcome import contact_features, current_head

_COMMIT = 20_000
_PENDING_DAYS = """
    SELECT day, count(*) AS contacts FROM scores
    WHERE model_version = $classifier AND embedding IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM outcome_scores
        WHERE outcome_scores.contact_id = scores.contact_id AND outcome_scores.model_version = $version
    )
    GROUP BY day ORDER BY day
"""
_DONE = "SELECT contact_id FROM outcome_scores WHERE model_version = $version AND day BETWEEN $first AND $last"


@dataclass(frozen=True)
class OutcomeScoring:
    """What a run wrote."""

    version: str
    days: int
    contacts: int
    seconds: float


def score_outcomes(
    workspace: Workspace, progress: Callable[[int, int], None] = lambda done, total: None
) -> OutcomeScoring:
    """Give every contact that the current model scored its probability of the current outcome head, once.

    Whole days arrive in one commit, so a run that was stopped is finished by the next. Raises WorkspaceError without a
    head for the current model.
    """
    classifier = workspace.required_model()
    head = current_head(workspace.models, classifier)
    lake = workspace.lake
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    pending = lake.query(_PENDING_DAYS, {"classifier": classifier, "version": head.version}).to_pylist()
    days = {row["day"]: row["contacts"] for row in pending}
    total, done = sum(days.values()), 0
    for first, last in day_groups(days, _COMMIT):
        contacts = contact_features(lake, classifier, first, last)
        there = lake.query(_DONE, {"version": head.version, "first": first, "last": last})["contact_id"].to_pylist()
        if there:
            known = set(there)
            contacts = contacts.filter(pa.array([one not in known for one in contacts["contact_id"].to_pylist()]))
        count = contacts.num_rows
        columns = {
            "contact_id": contacts["contact_id"],
            "model_version": pa.repeat(head.version, count),
            "day": contacts["day"],
            "outcome_probability": pa.array(head.probabilities(contacts), pa.float32()),
            "horizon_days": pa.array(np.full(count, head.manifest.horizon_days), pa.int16()),
        }
        lake.append("outcome_scores", pa.table(columns, schema=OUTCOME_SCORES.schema))
        done += count
        progress(done, total)
    summary = OutcomeScoring(head.version, len(days), done, time.perf_counter() - begin)
    counts = {"days": summary.days, "contacts": summary.contacts}
    versions = {"model": classifier, "outcome_head": head.version}
    record_run(lake, "score-outcomes", started_at, summary.seconds, counts=counts, versions=versions)
    return summary
