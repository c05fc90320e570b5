"""The whole of a day: once, twice, killed, with a bad file, with nothing there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voc.cli import app
from voc.data.demo import taxonomy_toml
from voc.data.locks import alone
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.inference.daily import STEPS, DailySummary, Ending, daily
from voc.inference.score import score
from voc.inference.themes import themes
from voc.training.exporting import export

TableOf = Callable[[Workspace, str, str], str]
RESULTS = (
    ("scores", "model_version, contact_id"),
    ("theme_assignments", "contact_id"),
    ("signals", "kind, group_id, day"),
    ("alerts", "alert_id"),
)
NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


def endings(summary: DailySummary) -> list[str]:
    """Of all steps but the first, which finds nothing to tidy in a young lake."""
    assert [step.step for step in summary.steps] == list(STEPS)
    assert summary.steps[0].ending == Ending.NOTHING
    return [str(step.ending) for step in summary.steps[1:]]


def contact(name: str, text: str = "Račun mi je viši nego prošli mjesec.") -> str:
    row = {"contact_id": name, "customer_id": f"k-{name}", "started_at": "2026-06-30T10:00:00+02:00"}
    return json.dumps(row | {"channel": "chat", "text": text}, ensure_ascii=False) + "\n"


def written(path: Path, *lines: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def runs(workspace: Workspace) -> list[tuple[str, str, int]]:
    rows = workspace.lake.query("SELECT inputs, counts FROM runs WHERE step = 'daily' ORDER BY started_at").to_pylist()
    found = [(json.loads(row["inputs"]), json.loads(row["counts"])) for row in rows]
    return [(inputs["step"], counts["ending"], counts["rows"]) for inputs, counts in found]


def with_inbox(workspace: Workspace) -> Workspace:
    with (workspace.root / "voc.toml").open("a", encoding="utf-8") as file:
        file.write('[daily]\ninbox = "inbox"\n')
    (workspace.root / "inbox").mkdir()
    return Workspace.open(workspace.root)


def test_a_day_and_the_same_again_and_the_next(trained: Workspace, tmp_path: Path, table_of: TableOf) -> None:
    total = trained.lake.dataset("contacts").count_rows()
    file = written(tmp_path / "new" / "contacts.jsonl", contact("n1"), contact("n2", "Интернет не ради од јутрос."))
    first = daily(trained, [file], now=NOW)
    assert endings(first) == ["done", "done", "done", "done", "left out", "done"]
    rows = {step.step: step.rows for step in first.steps}
    assert rows["ingest"] == 2 and rows["score"] == rows["themes"] == total + 2 and rows["signals"] > 0
    assert sum(first.share(step) for step in first.steps) == pytest.approx(1)
    assert [name for name, _, _ in runs(trained)] == ["ingest", "score", "themes", "signals", "marts"]
    before = [table_of(trained, *table) for table in RESULTS]
    versions = trained.lake.versions(*(name for name, _ in RESULTS), "contacts", "themes", "quarantine")
    again = daily(trained, [file], now=NOW)
    assert endings(again) == ["done", "nothing new", "nothing new", "nothing new", "left out", "nothing new"]
    assert again.steps[1].rows == 0  # all there already
    assert trained.lake.versions(*(name for name, _ in RESULTS), "contacts", "themes", "quarantine") == versions
    assert [table_of(trained, *table) for table in RESULTS] == before

    file = written(tmp_path / "next" / "contacts.jsonl", contact("n3"))
    fitted = "SELECT inputs FROM runs WHERE step = 'themes' ORDER BY started_at"
    third = daily(trained, [file], now=datetime.now(UTC) + timedelta(days=1))
    assert endings(third) == ["done", "done", "done", "done", "left out", "done"]
    assert {step.step: step.rows for step in third.steps}["score"] == 1
    daily(trained, now=datetime.now(UTC) + timedelta(days=8))
    refits = [json.loads(inputs)["refit"] for inputs in trained.lake.query(fitted)["inputs"].to_pylist()]
    assert refits == [True, False, True]  # never fitted; assigned; a week has passed


def test_a_bad_file_keeps_no_other_out(workspace: Workspace, tmp_path: Path) -> None:
    good = written(tmp_path / "in" / "contacts-a.jsonl", contact("a1"))
    bad = written(tmp_path / "in" / "contacts-b.xyz", "what is this\n")
    worse = written(tmp_path / "in" / "contacts-c.jsonl", contact("c1"), "{broken\n")
    summary = daily(workspace, [good, bad, worse, tmp_path / "in" / "gone.csv"], now=NOW)
    found = summary.steps[1]
    assert (found.ending, found.rows, summary.quarantined) == (Ending.FAILED, 2, 1)
    assert "contacts-b.xyz" in found.note and "(and 1 more)" in found.note and "\n" not in found.note
    assert runs(workspace)[0] == ("ingest", "failed", 2)
    stored = workspace.lake.query("SELECT contact_id FROM contacts WHERE contact_id IN ('a1', 'c1') ORDER BY ALL")
    assert stored["contact_id"].to_pylist() == ["a1", "c1"]


def test_of_the_inbox_only_what_is_new_is_read(workspace: Workspace) -> None:
    opened = with_inbox(workspace)
    inbox = opened.root / "inbox"
    assert endings(daily(opened, now=NOW))[0] == "nothing new"
    written(inbox / "contacts-1.jsonl", contact("i1"))
    written(inbox / "contacts-2.xyz", "what is this")
    written(inbox / ".contacts-3.jsonl", "half a fi")
    first = daily(opened, now=NOW)
    assert endings(first)[0] == "failed" and first.steps[1].rows == 1
    (inbox / "contacts-2.xyz").unlink()
    assert endings(daily(opened, now=NOW))[0] == "nothing new"
    written(inbox / "contacts-1.jsonl", contact("i1"), contact("i2"))  # it has grown
    assert daily(opened, now=NOW).steps[1].rows == 1
    (inbox / ".contacts-3.jsonl").rename(inbox.parent / "elsewhere")
    inbox.rename(inbox.with_name("gone"))
    assert "inbox under [daily] in voc.toml names, got none" in daily(opened, now=NOW).steps[1].note


def test_a_step_that_fails_leaves_out_what_rests_on_it_and_no_more(trained: Workspace, tmp_path: Path) -> None:
    file = written(tmp_path / "in" / "contacts.jsonl", contact("a1"))
    with alone(trained.lake.root, "score"):
        summary = daily(trained, [file], now=NOW)
    assert endings(summary) == ["done", "failed", "left out", "left out", "left out", "done"]
    assert "expected no other score" in summary.failed[0].note
    assert summary.steps[3].note == "needs the step score"
    themes_broken = trained.root / "themes"
    themes_broken.write_text("a file where a folder is expected", encoding="utf-8")
    summary = daily(trained, now=NOW)
    assert endings(summary) == ["nothing new", "done", "failed", "left out", "left out", "done"]
    assert isinstance(summary.failed[0].error, OSError)  # nobody foresaw it, and it is told all the same
    themes_broken.unlink()
    assert endings(daily(trained, now=NOW)) == ["nothing new", "nothing new", "done", "done", "left out", "done"]


def test_files_that_no_table_has_had_for_long_are_deleted_once_a_week(trained: Workspace) -> None:
    daily(trained, now=NOW)
    left, young = (trained.lake.root / "contacts" / f"{name}.parquet" for name in ("left", "young"))
    for file in (left, young):
        file.write_bytes(b"of a write that never ended")
    before = trained.lake.query("SELECT * FROM contacts ORDER BY contact_id")
    os.utime(left, (0, 0))
    first = daily(trained, now=datetime.now(UTC)).steps[0]
    assert (first.step, first.ending, first.rows) == ("tidy", Ending.DONE, 1)
    assert young.exists() and not left.exists()
    assert trained.lake.query("SELECT * FROM contacts ORDER BY contact_id") == before
    left.write_bytes(b"again")
    os.utime(left, (0, 0))
    assert daily(trained, now=datetime.now(UTC)).steps[0].ending == Ending.NOTHING and left.exists()
    assert daily(trained, now=datetime.now(UTC) + timedelta(days=7)).steps[0].rows == 1 and not left.exists()


def test_two_at_once_is_one_line(trained: Workspace) -> None:
    with alone(trained.lake.root, "daily"), pytest.raises(InputError, match="expected no other daily"):
        daily(trained)


def test_an_empty_workspace_says_what_it_needs(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "ws", "", taxonomy_toml())
    done = CliRunner().invoke(app, ["daily", "-w", str(tmp_path / "ws")], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert line.startswith("voc: score: ") and line.endswith("no model yet; train one with: voc train")
    assert "needs the step score" in done.stdout


def test_quarantined_rows_are_exit_code_1_and_the_summary_has_shares(trained: Workspace, tmp_path: Path) -> None:
    file = written(tmp_path / "in" / "contacts.jsonl", contact("a1"), "{broken\n")
    done = CliRunner().invoke(app, ["daily", str(file), "-w", str(trained.root)], env={"COLUMNS": "200"})
    assert done.exit_code == 1, done.output
    lines = [line for line in done.stdout.splitlines() if any(line.startswith(f"│ {step} ") for step in STEPS)]
    assert len(lines) == len(STEPS) and sum("%" in line for line in lines) >= 4
    assert "1 stored, 0 already there, 1 quarantined, of 1 files" in done.stdout


@contextmanager
def stopped_at(name: str, stop: str) -> Iterator[Callable[[str, float], None]]:
    if name == stop:
        raise KeyboardInterrupt
    yield lambda what, share: None


@pytest.mark.parametrize("stop", ["Scoring", "Looking for what rises"])
def test_stopped_before_a_step_and_called_again(trained: Workspace, tmp_path: Path, stop: str) -> None:
    file = written(tmp_path / "in" / "contacts.jsonl", contact("a1"))
    with pytest.raises(KeyboardInterrupt):
        daily(trained, [file], lambda name: stopped_at(name, stop), now=NOW)
    again = daily(trained, [file], now=NOW)
    left = {"Scoring": 3, "Looking for what rises": 1}[stop]
    assert endings(again)[1:4] == ["nothing new"] * (3 - left) + ["done"] * left


def test_killed_and_called_again_ends_in_the_same_tables(trained: Workspace, tmp_path: Path, table_of: TableOf) -> None:
    export(trained, precision="fp32")  # torch's last digits differ from one process to the next
    file = written(tmp_path / "in" / "contacts.jsonl", contact("a1"), contact("a2"))
    command = [sys.executable, "-m", "voc.cli", "daily", str(file), "-w", str(trained.root)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while trained.lake.version("scores") < 1 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    summary = daily(trained, [file], now=NOW)
    assert endings(summary)[1:4] == ["done"] * 3
    assert summary.steps[2].rows < trained.lake.dataset("contacts").count_rows()  # it was killed in between
    killed = [table_of(trained, *table) for table in RESULTS]
    for name in ("scores", "theme_assignments", "themes", "theme_events", "signals", "alerts"):
        trained.lake.replace(name, trained.lake.dataset(name).schema.empty_table())
    assert endings(daily(trained, now=NOW))[1:4] == ["done"] * 3
    assert [table_of(trained, *table) for table in RESULTS] == killed


def test_themes_that_somebody_looked_for_himself_count(trained: Workspace) -> None:
    score(trained)
    themes(trained)
    later = daily(trained, now=datetime.now(UTC) + timedelta(days=6))
    assert " assigned," in later.steps[3].note
