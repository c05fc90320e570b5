"""A small workspace, and sources written in any of the three formats."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voc.data.workspace import Workspace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TAXONOMY = """
version = "1"
[groups.billing]
name = "Billing"
[reasons.bill_higher]
group = "billing"
name = "Bill higher than expected"
definition = "The bill is higher than before."
journey = "pay"
owner = "Billing"
class = "eliminate"
[reasons.payment_failed]
group = "billing"
name = "Payment failed"
definition = "A payment did not arrive."
journey = "pay"
owner = "Billing"
class = "automate"
"""

Row = dict[str, Any]
Write = Callable[[str, Sequence[Mapping[str, Any]]], Path]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace", "", TAXONOMY)


def contact(number: int = 1, **changes: Any) -> Row:
    """A good contact; a change of None takes the field away."""
    row: Row = {
        "contact_id": f"c{number}",
        "customer_id": f"k{number % 7}",
        "started_at": "2026-05-04T10:15:00+02:00",
        "channel": "chat",
        "language": "en",
        "turns": [
            {"speaker": "customer", "text": "My bill is too high."},
            {"speaker": "agent", "text": "Let me look, please."},
        ],
        "csat": 4,
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def cell(value: Any) -> Any:
    """A value as it stands in CSV."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows to a file of the workspace's neighbour folder; the name's ending is the format."""
    folder = tmp_path / "sources"
    folder.mkdir()

    def write_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
        path = folder / name
        names = list(dict.fromkeys(key for row in rows for key in row))
        if name.endswith(".csv"):
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
        elif name.endswith(".jsonl"):
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        else:
            pq.write_table(pa.Table.from_pylist([{key: row.get(key) for key in names} for row in rows]), path)
        return path

    return write_rows
