"""The record of every batch step: what went in, what came out, which versions, how long it took."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from voc.data.contracts import RUNS
from voc.data.lake import Lake


def record_run(
    lake: Lake,
    step: str,
    started_at: datetime,
    seconds: float,
    *,
    counts: Mapping[str, object],
    inputs: Mapping[str, object] | None = None,
    versions: Mapping[str, object] | None = None,
) -> str:
    """Append one row to `runs` and return its id. Values must be plain JSON and hold no personal data."""
    run_id = uuid.uuid4().hex
    row = {
        "run_id": run_id,
        "step": step,
        "started_at": started_at,
        "seconds": seconds,
        "inputs": json.dumps(inputs or {}),
        "counts": json.dumps(counts),
        "versions": json.dumps(versions or {}),
    }
    lake.append("runs", pa.Table.from_pylist([row], schema=RUNS.schema))
    return run_id


@dataclass(frozen=True)
class Run:
    """One row of the table `runs`."""

    step: str
    started_at: datetime
    seconds: float
    inputs: Mapping[str, Any]
    counts: Mapping[str, Any]
    versions: Mapping[str, Any]


_LATEST = """
    SELECT step, started_at, seconds, inputs, counts, versions FROM runs
    WHERE $step IS NULL OR step = $step
    QUALIFY row_number() OVER (PARTITION BY step ORDER BY started_at DESC, run_id) <= $each
    ORDER BY started_at DESC, run_id
"""


def latest_runs(lake: Lake, each: int, step: str | None = None) -> tuple[Run, ...]:
    """The latest `each` runs of every step (or of this one), newest first."""
    rows = lake.query(_LATEST, {"each": each, "step": step}).to_pylist()
    texts = ("inputs", "counts", "versions")
    return tuple(Run(**row | {name: json.loads(row[name]) for name in texts}) for row in rows)
