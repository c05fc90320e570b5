"""docs/data-contracts.md: its examples are ingested, and it names what the code has."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from voc.data.contracts import CONTRACTS
from voc.data.ingest import Kind, ingest
from voc.data.staging import LAYOUTS
from voc.data.workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data-contracts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    taxonomy = (ROOT / "data" / "demo" / "taxonomy.toml").read_text(encoding="utf-8")
    return Workspace.create(tmp_path / "workspace", "", taxonomy)


@pytest.mark.parametrize(
    ("ending", "kind", "text"),
    BLOCKS,
    ids=[f"{number}-{kind}.{ending}" for number, (ending, kind, _) in enumerate(BLOCKS, 1)],
)
def test_an_example_is_stored_whole(workspace: Workspace, tmp_path: Path, ending: str, kind: str, text: str) -> None:
    path = tmp_path / f"example.{ending}"
    path.write_text(text, encoding="utf-8")
    summary = ingest(workspace, [path], Kind(kind), NOW)
    assert summary.problems == ()
    assert summary.stored == summary.read > 0


def test_each_kind_has_an_example_in_csv_and_in_jsonl() -> None:
    assert {(ending, kind) for ending, kind, _ in BLOCKS} >= {
        (ending, kind) for ending in ("csv", "jsonl") for kind in Kind
    }


def test_the_parquet_example(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert pq.read_metadata(tmp_path / "contacts.parquet").num_rows == 1
    assert ingest(workspace, [tmp_path / "contacts.parquet"], now=NOW).stored == 1


def section(heading: str) -> str:
    (found,) = re.findall(rf"^### {heading}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def named(heading: str) -> set[str]:
    """Names in the first column of the tables of a section."""
    first = [line.split("|")[1] for line in section(heading).splitlines() if line.startswith("|")]
    return {name for cell in first for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_column_of_every_table_is_described(name: str) -> None:
    assert named(name) == set(CONTRACTS[name].schema.names)


@pytest.mark.parametrize("kind", Kind)
def test_every_field_of_every_source_is_described(kind: Kind) -> None:
    other_names = {"text": "turns", "labelled_by": "source"}
    fields = {other_names.get(name, name) for name in named(kind.capitalize())}
    assert fields == set(LAYOUTS[kind].record.model_fields)
