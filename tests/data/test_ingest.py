"""Sources into the lake: every row somewhere, every refusal named, the same tables however often it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.conftest import NOW, TAXONOMY, Row, Write, contact
from voc.config import IngestSettings
from voc.data.contracts import CONTRACTS
from voc.data.ingest import IngestSummary, Kind, ingest, kind_of
from voc.data.lake import Lake, Rows
from voc.data.readers import reader_for
from voc.data.records import Contact
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.errors import InputError

CONTEXT = {"zone": ZoneInfo("Europe/Zagreb"), "now": NOW, "limits": IngestSettings()}
TABLES = ("contacts", "customers", "outcomes", "labels", "quarantine")


def run(workspace: Workspace, *sources: Path, kind: Kind | None = None) -> IngestSummary:
    summary = ingest(workspace, sources, kind, NOW)
    assert summary.closes
    return summary


def rows(workspace: Workspace, table: str) -> list[Row]:
    found: list[Row] = workspace.lake.query(f"SELECT * FROM {table}").to_pylist()
    return sorted(found, key=lambda row: str(row[CONTRACTS[table].key[0]]))


def tables(workspace: Workspace) -> dict[str, list[Row]]:
    """All that an ingest writes but the record of the run itself."""
    return {name: rows(workspace, name) for name in TABLES}


def ids(workspace: Workspace, table: str = "contacts") -> list[str]:
    return [row[CONTRACTS[table].key[0]] for row in rows(workspace, table)]


# What is stored


def test_a_contact_as_it_is_stored(workspace: Workspace, write: Write) -> None:
    turns = [
        {"speaker": "customer", "text": "Рачун је већи.", "at": "2026-05-04T23:30:00"},
        {"speaker": "bot", "text": "Može."},
    ]
    started = "2026-05-04T22:15:00Z"
    source = write("a.jsonl", [contact(1, turns=turns, started_at=started, language=None, team="T1", nps=9)])
    summary = run(workspace, source)
    assert summary.counts == {"read": 1, "stored": 1, "already_there": 0, "quarantined": 0}
    (row,) = rows(workspace, "contacts")
    assert row.pop("digest")
    assert row == {
        "contact_id": "c1",
        "customer_id": "k1",
        "started_at": datetime(2026, 5, 4, 22, 15, tzinfo=UTC),
        "day": date(2026, 5, 5),  # in Zagreb
        "channel": "chat",
        "product": None,
        "journey_stage": None,
        "language": "sr",
        "script": "Cyrl",
        "turns": [
            {"speaker": "customer", "text": "Рачун је већи.", "at": datetime(2026, 5, 4, 21, 30, tzinfo=UTC)},
            {"speaker": "bot", "text": "Može.", "at": None},
        ],
        "csat": 4,
        "nps": 9,
        "ces": None,
        "first_response_s": None,
        "duration_s": None,
        "source": "a.jsonl",
        "attributes": '{"team": "T1"}',
        "search_text": "racun je veci. moze.",
    }


def test_the_sources_language_wins(workspace: Workspace, write: Write) -> None:
    said, silent = contact(1, language="hr"), contact(2, language=None)
    run(workspace, write("a.jsonl", [said, silent]))
    assert [row["language"] for row in rows(workspace, "contacts")] == ["hr", "en"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_all_kinds_in_a_folder(workspace: Workspace, write: Write, ending: str) -> None:
    write(f"Chats.{ending}", [contact(number) for number in range(20)])
    write(f"customers.{ending}", [{"customer_id": "k1", "active_from": "2026-01-01", "segment": "home"}])
    write(f"labels_may.{ending}", [{"contact_id": "c1", "reasons": ["bill_higher"], "churn_intent": False}])
    folder = write(f"outcomes.{ending}", [{"customer_id": "k1", "kind": "churned", "churned_at": "2026-05-20"}]).parent
    (folder / ".hidden").write_text("not read")
    summary = run(workspace, folder)
    assert [(source.source.split(".")[0], source.kind, source.stored) for source in summary.sources] == [
        ("Chats", "contacts", 20),
        ("customers", "customers", 1),
        ("labels_may", "labels", 1),
        ("outcomes", "outcomes", 1),
    ]
    (label,) = rows(workspace, "labels")
    assert (label["reasons"], label["churn_intent"], label["split"]) == (
        ["bill_higher"],
        False,
        split_of("c1"),
    )
    (customer,) = rows(workspace, "customers")
    assert (customer["active_from"], customer["active_to"]) == (date(2026, 1, 1), None)
    (outcome,) = rows(workspace, "outcomes")
    assert outcome["churned_at"] == date(2026, 5, 20)
    (record,) = rows(workspace, "runs")
    assert record["step"] == "ingest"
    assert json.loads(record["counts"]) == {"read": 23, "stored": 23, "already_there": 0, "quarantined": 0}


def test_kind_of_a_file() -> None:
    names = ("customers-2026.csv", "Outcomes.jsonl", "labels.parquet", "contacts.csv", "chat_labels.csv")
    assert [kind_of(Path(name)) for name in names] == [
        "customers",
        "outcomes",
        "labels",
        "contacts",
        "contacts",
    ]


def test_a_kind_can_be_named(workspace: Workspace, write: Write) -> None:
    run(
        workspace,
        write("export.csv", [{"customer_id": "k1", "active_from": "2026-01-01"}]),
        kind=Kind.CUSTOMERS,
    )
    assert ids(workspace, "customers") == ["k1"]


# Formats

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
CONTACTS = st.lists(
    st.fixed_dictionaries(
        {
            "turns": st.lists(
                st.fixed_dictionaries({"speaker": st.sampled_from(["customer", "agent", "bot"]), "text": TEXT}),
                max_size=3,
            ).map(lambda turns: [{"speaker": "customer", "text": "words"}, *turns]),
            "csat": st.none() | st.integers(1, 5),
            "product": st.none() | TEXT,
            "team": st.none() | TEXT,
            "started_at": st.datetimes(datetime(1990, 1, 2), datetime(2026, 5, 31)).map(datetime.isoformat),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTACTS)
def test_a_format_does_not_change_the_content(write: Write, changes: list[Row]) -> None:
    contacts = [contact(number, **change) for number, change in enumerate(changes)]
    found = []
    for ending in ("csv", "jsonl", "parquet"):
        path = write(f"same.{ending}", contacts)
        records = [Contact.model_validate(row.values, context=CONTEXT) for row in reader_for(path)(path)]
        assert [turn.text for record in records for turn in record.turns] == [
            turn["text"] for row in contacts for turn in row["turns"]
        ]
        found.append([record.digest for record in records])
    assert found[0] == found[1] == found[2]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTACTS)
def test_any_words_come_back_from_the_lake(
    tmp_path_factory: pytest.TempPathFactory, write: Write, changes: list[Row]
) -> None:
    contacts = [contact(number, **change) for number, change in enumerate(changes)]
    workspace = Workspace.create(tmp_path_factory.mktemp("workspace"), "", TAXONOMY)
    assert run(workspace, write("any.jsonl", contacts)).stored == len(contacts)
    assert [turn["text"] for row in rows(workspace, "contacts") for turn in row["turns"]] == [
        turn["text"] for row in contacts for turn in row["turns"]
    ]


def test_the_same_contacts_in_another_format_are_already_there(workspace: Workspace, write: Write) -> None:
    contacts = [contact(number, product="mobile", team=number) for number in range(9)]
    assert run(workspace, write("a.csv", contacts)).stored == 9
    for name in ("b.jsonl", "c.parquet"):
        assert run(workspace, write(name, contacts)).already_there == 9
    assert {row["source"] for row in rows(workspace, "contacts")} == {"a.csv"}


# What is refused


def test_bad_rows_of_all_sorts(workspace: Workspace, write: Write) -> None:
    good = [contact(number) for number in (1, 2)]
    bad = [
        contact(3, channel="phone"),
        contact(4, csat=9),
        contact(5, duration_s=-1),
        contact(6, started_at="2026-06-02T12:00:00Z"),
        contact(7, turns=[{"speaker": "customer", "text": " "}]),
        contact(8, turns=[{"speaker": "customer", "text": "x" * 2_000_000}]),
        contact(1, csat=1),
    ]
    source = write("day.jsonl", [*good, *bad])
    with source.open("ab") as file:
        file.write(b'{"contact_id": "c9", \n' + b'{"contact_id": "caf\xe9"}\n')
    summary = run(workspace, source)
    assert summary.counts == {"read": 11, "stored": 2, "already_there": 0, "quarantined": 9}
    # What cannot be read or checked comes first, what is there with other content after it.
    assert list(summary.problems) == [
        "day.jsonl:3: channel: expected call, chat, email or ticket, got phone",
        "day.jsonl:4: csat: expected at most 5, got 9",
        "day.jsonl:5: duration_s: expected at least 0, got -1",
        "day.jsonl:6: started_at: expected a time that is not in the future, got 2026-06-02T12:00:00Z",
        "day.jsonl:7: turns: expected at least one customer's turn with words, got none",
        "day.jsonl:8: turns: expected at most 200,000 characters, got 2,000,000",
        "day.jsonl:10: row: expected one JSON object, got EOF while parsing a value at line 2 column 0",
        "day.jsonl:11: row: expected UTF-8, got byte 0xe9",
        "day.jsonl:9: contact_id: already stored with other content (from day.jsonl)",
    ]
    lines = source.read_bytes().splitlines(keepends=True)
    for row in rows(workspace, "quarantine"):
        assert row["raw"] == lines[row["line"] - 1]
        assert (row["kind"], row["source"], row["at"]) == ("contacts", "day.jsonl", NOW)
        assert any(f":{row['line']}: {row['field'] or 'row'}: {row['reason']}" in told for told in summary.problems)
    assert summary.problem_counts["csat", "less_than_equal"] == 1
    assert sum(summary.problem_counts.values()) == summary.quarantined


def test_a_missing_column_is_said_once(workspace: Workspace, write: Write) -> None:
    source = write("a.csv", [contact(number, customer_id=None) for number in range(50)])
    summary = run(workspace, source)
    assert summary.counts == {"read": 50, "stored": 0, "already_there": 0, "quarantined": 50}
    assert summary.problems == (
        "a.csv:2: customer_id: expected this field, got only channel, contact_id, csat, language, started_at, turns",
    )
    assert summary.problem_counts == {("customer_id", "missing"): 50}
    assert (
        b"".join(row["raw"] for row in sorted(rows(workspace, "quarantine"), key=lambda row: row["line"]))
        == (source.read_bytes().split(b"\r\n", 1)[1])
    )


def test_a_header_with_a_name_twice(workspace: Workspace, write: Write) -> None:
    source = write("a.csv", [contact(1), contact(2)])
    source.write_bytes(source.read_bytes().replace(b"csat", b"channel", 1))
    summary = run(workspace, source)
    assert (summary.quarantined, summary.problems) == (
        2,
        ("a.csv:2: channel: expected one column of a name, got channel twice",),
    )


def test_a_ragged_row_and_one_not_in_utf8(workspace: Workspace, write: Write) -> None:
    source = write("a.csv", [contact(1), contact(2)])
    with source.open("ab") as file:
        file.write(b"c3,k3\r\n")
        file.write("c4,k1,2026-05-04T10:15,chat,hr,račun,4\r\n".encode("windows-1250"))
    summary = run(workspace, source)
    assert (summary.stored, summary.problems) == (
        2,
        ("a.csv:4: row: expected 7 cells, got 2", "a.csv:5: turns: expected UTF-8, got byte 0xe8"),
    )


def test_at_most_twenty_messages_but_all_are_counted(workspace: Workspace, write: Write) -> None:
    summary = run(workspace, write("a.jsonl", [contact(number, csat=9) for number in range(50)]))
    assert len(summary.problems) == 20
    assert summary.problem_counts == {("csat", "less_than_equal"): 50}


def test_a_label_outside_the_taxonomy(workspace: Workspace, write: Write) -> None:
    summary = run(workspace, write("labels.jsonl", [{"contact_id": "c1", "reasons": ["bill_hgher"]}]))
    assert summary.problems == (
        'labels.jsonl:1: reasons: expected ids of the taxonomy (nearest: bill_higher), got "bill_hgher"',
    )


def test_no_message_holds_a_customers_words(workspace: Workspace, write: Write) -> None:
    secret = "Ana Horvat 4111111111111111"
    bad = [
        contact(1, turns=[{"speaker": secret * 3, "text": "Hi"}]),
        contact(2, turns=[{"speaker": "customer", "text": [secret]}]),
        contact(3, turns=secret),
        contact(4, turns=[secret]),
        contact(5, channel=f"the customer said: {secret}"),
        contact(6, product=secret * 50),
        contact(7, turns=[{"speaker": "customer", "text": secret * 10_000}]),
        contact(8, turns=None, text=[secret]),
    ]
    summary = run(workspace, write("a.jsonl", bad))
    assert summary.quarantined == len(bad)
    assert not [message for message in summary.problems if "Horvat" in message or "4111" in message]


# Sources as a whole


@pytest.mark.parametrize("name", ["missing.csv", "empty.csv", "notes.txt"])
def test_a_source_that_cannot_be_read_changes_nothing(workspace: Workspace, write: Write, name: str) -> None:
    good = write("a.jsonl", [contact(1)])
    if name != "missing.csv":
        (good.parent / name).write_text("" if name == "empty.csv" else "words")
    with pytest.raises(InputError, match=name):
        run(workspace, good, good.parent / name)
    assert not workspace.lake.exists("contacts")


def test_a_source_that_breaks_off_changes_nothing(workspace: Workspace, write: Write) -> None:
    good, broken = write("a.jsonl", [contact(1)]), write("b.parquet", [contact(2)])
    content = bytearray(broken.read_bytes())
    content[4:200] = bytes(196)
    broken.write_bytes(content)
    with pytest.raises(InputError, match=r"b\.parquet: expected a Parquet file, got"):
        run(workspace, good, broken)
    assert not workspace.lake.exists("contacts")
    assert not list(workspace.lake.root.glob(".ingest-*"))


def test_an_empty_folder(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match="expected files, got an empty folder"):
        run(workspace, tmp_path / "nothing")


def test_a_file_named_twice_is_read_once(workspace: Workspace, write: Write) -> None:
    source = write("a.jsonl", [contact(1)])
    assert run(workspace, source, source.parent, source).read == 1


def test_a_header_without_rows(workspace: Workspace, write: Write) -> None:
    source = write("a.csv", [contact(1)])
    source.write_bytes(source.read_bytes().split(b"\n")[0] + b"\n")
    assert run(workspace, source).counts == {"read": 0, "stored": 0, "already_there": 0, "quarantined": 0}


def test_progress_is_told(workspace: Workspace, write: Write) -> None:
    told: list[tuple[str, int]] = []
    source = write("a.jsonl", [contact(number) for number in range(2500)])
    ingest(workspace, [source], now=NOW, progress=lambda name, read: told.append((name, read)))
    assert told[-1] == ("a.jsonl", 2500)
    assert len(told) > 1


# Again, and once more


def test_the_first_stored_wins(workspace: Workspace, write: Write) -> None:
    first = write("a.csv", [contact(1), contact(1), contact(1, csat=1), contact(2)])
    assert run(workspace, first).counts == {"read": 4, "stored": 2, "already_there": 1, "quarantined": 1}
    second = write("b.csv", [contact(2, csat=2), contact(3)])
    summary = run(workspace, second)
    assert summary.problems == ("b.csv:2: contact_id: already stored with other content (from a.csv)",)
    assert [row["csat"] for row in rows(workspace, "contacts")] == [4, 4, 4]


def test_a_conflict_between_two_files_of_one_run(workspace: Workspace, write: Write) -> None:
    sources = [write("a.csv", [contact(1)]), write("b.csv", [contact(1, csat=1)])]
    summary = run(workspace, *sources)
    assert [(source.stored, source.quarantined) for source in summary.sources] == [(1, 0), (0, 1)]
    assert summary.problems == ("b.csv:2: contact_id: already stored with other content (from a.csv)",)


def test_the_last_customer_wins(workspace: Workspace, write: Write) -> None:
    def customer(**changes: Any) -> Row:
        return {"customer_id": "k1", "active_from": "2026-01-01", "segment": "home"} | changes

    source = write("customers.csv", [customer(), customer(segment="business"), customer(customer_id="k2")])
    assert run(workspace, source).counts == {"read": 3, "stored": 2, "already_there": 1, "quarantined": 0}
    version = workspace.lake.version("customers")
    assert run(workspace, source).counts == {"read": 3, "stored": 0, "already_there": 3, "quarantined": 0}
    assert workspace.lake.version("customers") == version
    left = write("customers2.csv", [customer(segment="business", active_to="2026-05-01")])
    assert run(workspace, left).stored == 1
    assert [(row["segment"], row["active_to"]) for row in rows(workspace, "customers")] == [
        ("business", date(2026, 5, 1)),
        ("home", None),
    ]


def test_a_label_keeps_its_split(workspace: Workspace, write: Write) -> None:
    other = "test" if split_of("c1") != "test" else "dev"
    label = {"contact_id": "c1", "reasons": ["bill_higher"]}
    run(workspace, write("labels1.jsonl", [label | {"split": other}]))
    assert run(workspace, write("labels2.jsonl", [label])).already_there == 1
    corrected = {"contact_id": "c1", "reasons": ["payment_failed"]}
    assert run(workspace, write("labels3.jsonl", [corrected])).stored == 1
    (row,) = rows(workspace, "labels")
    assert (row["reasons"], row["split"]) == (["payment_failed"], other)
    # Named in the run itself, and moved by name.
    moved = write("labels4.jsonl", [corrected | {"split": "train"}, corrected])
    assert run(workspace, moved).stored == 1
    assert rows(workspace, "labels")[0]["split"] == "train"


def mixed(write: Write) -> Path:
    """A folder with all kinds, good rows, repeats, conflicts and bad ones."""
    contacts = [contact(number, csat=number % 5 + 1) for number in range(40)]
    write("a.csv", [*contacts, contact(3), contact(4, csat=9)])
    write("b.jsonl", [contact(number) for number in range(35, 60)] + [contact(7, channel="fax")])
    write("customers.csv", [{"customer_id": f"k{n}", "active_from": "2026-01-01"} for n in (1, 2, 2)])
    write("outcomes.jsonl", [{"customer_id": "k1", "kind": "stayed"}, {"customer_id": "k1", "kind": "gone"}])
    return write("labels.parquet", [{"contact_id": "c1", "sentiment": "negative", "split": None}]).parent


def test_a_rerun_changes_nothing(workspace: Workspace, write: Write) -> None:
    folder = mixed(write)
    first = run(workspace, folder)
    before, versions = tables(workspace), workspace.lake.versions(*TABLES)
    second = run(workspace, folder)
    assert tables(workspace) == before
    assert workspace.lake.versions(*TABLES) == versions
    assert (second.stored, second.read, second.quarantined) == (0, first.read, first.quarantined)
    assert second.already_there == first.stored + first.already_there
    assert second.problems == first.problems


class PowerCut(Exception):
    pass


class FailingLake(Lake):
    """Writes to disk, and dies at its n-th write, before or right after the commit."""

    def __init__(self, root: Path, number: int, after: bool) -> None:
        super().__init__(root)
        self._left = number
        self._after = after

    def append(self, name: str, rows: Rows) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise PowerCut
        super().append(name, rows)
        if self._left == 0:
            raise PowerCut


@dataclass(frozen=True)
class FailingWorkspace(Workspace):
    number: int = 0
    after: bool = False

    @property
    def lake(self) -> Lake:
        return FailingLake(self.root / "lake", self.number, self.after)


@pytest.mark.parametrize(
    ("number", "after"),
    [*((number, False) for number in range(1, 7)), (6, True)],
    ids=lambda value: str(value),
)
def test_a_run_cut_off_at_any_write_is_made_whole_by_the_next(
    workspace: Workspace, write: Write, tmp_path: Path, number: int, after: bool
) -> None:
    # A cut after one commit leaves the same on disk as a cut before the next: only the last is worth both.
    folder = mixed(write)
    undisturbed = Workspace.create(tmp_path / "undisturbed", "", TAXONOMY)
    run(undisturbed, folder)
    with pytest.raises(PowerCut):
        run(FailingWorkspace(workspace.root, workspace.config, workspace.taxonomy, number, after), folder)
    assert sum(map(workspace.lake.exists, CONTRACTS)) == number - (not after)
    run(workspace, folder)
    assert tables(workspace) == tables(undisturbed)


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from voc.data.ingest import ingest
from voc.data.workspace import Workspace
print("started", flush=True)
ingest(Workspace.open(Path(sys.argv[1])), [Path(sys.argv[2])], now=datetime.fromisoformat(sys.argv[3]))
print("done", flush=True)
"""


def child(workspace: Workspace, folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(workspace.root), str(folder), NOW.isoformat()],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def wait_for(seen: "Any", process: "subprocess.Popen[str]") -> None:
    for _ in range(10_000):
        if seen() or process.poll() is not None:
            return
        time.sleep(0.001)


def test_a_killed_process_is_made_whole_by_the_next(workspace: Workspace, write: Write, tmp_path: Path) -> None:
    folder = mixed(write)
    write("c.jsonl", [contact(number) for number in range(100, 3000)])
    undisturbed = Workspace.create(tmp_path / "undisturbed", "", TAXONOMY)
    run(undisturbed, folder)
    root = workspace.lake.root
    moments: Sequence[Any] = (
        lambda: list(root.glob(".ingest-*/contacts.parquet")),  # while rows are checked
        lambda: (root / "contacts").exists(),  # while contacts are written
    )
    for seen in moments:
        process = child(workspace, folder)
        wait_for(seen, process)
        assert seen()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    run(workspace, folder)
    assert tables(workspace) == tables(undisturbed)
    assert not list(root.glob(".ingest-*"))


def test_two_at_once_are_refused(workspace: Workspace, write: Write) -> None:
    import fcntl

    source = write("a.jsonl", [contact(1)])
    workspace.lake.root.mkdir(parents=True)
    with (workspace.lake.root / ".ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="expected no other ingest, got one that is still running"):
            run(workspace, source)
    assert run(workspace, source).stored == 1


def test_many_batches_and_long_rows(workspace: Workspace, tmp_path: Path) -> None:
    turns = [{"speaker": "customer", "text": "words " * 20}]
    path = tmp_path / "big.parquet"
    many = [contact(number, turns=turns, day_of="x") for number in range(5000)]
    pq.write_table(pa.Table.from_pylist(many), path, row_group_size=700)
    assert run(workspace, path).stored == 5000
    assert len(set(ids(workspace))) == 5000
