"""The record of every batch step: what went in, what came out, which versions, how long it took."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

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
