"""The command line as people meet it: exit codes, one-line errors, and a whole demo."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from voc.data.workspace import Workspace
from voc.experiments.demo import TO_REVIEW, demo, truth


def voc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-m", "voc.cli", *arguments], capture_output=True, text=True
    )


def good(number: int) -> str:
    return json.dumps(
        {
            "contact_id": f"c{number}",
            "customer_id": "k1",
            "started_at": "2026-05-04T10:00:00+02:00",
            "channel": "chat",
            "text": "Internet ne radi od jutros.",
        }
    )


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    done = voc("init", str(tmp_path / "ws"))
    assert done.returncode == 0, done.stderr
    return tmp_path / "ws"


def test_good_rows_exit_with_0_and_a_second_time_too(empty: Path, tmp_path: Path) -> None:
    source = tmp_path / "contacts.jsonl"
    source.write_text(good(1) + "\n" + good(2) + "\n", encoding="utf-8")
    for _ in range(2):
        done = voc("ingest", "-w", str(empty), str(source))
        assert done.returncode == 0, done.stderr
    assert Workspace.open(empty).lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py() == 2


def test_bad_rows_exit_with_1_are_named_and_the_rest_is_stored(empty: Path, tmp_path: Path) -> None:
    source = tmp_path / "contacts.jsonl"
    source.write_text(good(1) + "\n{broken\n" + good(2) + "\n", encoding="utf-8")
    done = voc("ingest", "-w", str(empty), str(source))
    assert done.returncode == 1
    assert re.search(r"contacts\.jsonl:2: ", done.stdout)
    lake = Workspace.open(empty).lake
    assert lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py() == 2
    assert lake.query("SELECT line FROM quarantine")["line"].to_pylist() == [2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "-w", "/no/such/place"),
        ("ingest", "-w", "{ws}", "/no/such/file.csv"),
        ("ingest", "-w", "{ws}", "--kind", "letters", "x.csv"),
        ("train", "-w", "{ws}"),
        ("score", "-w", "{ws}"),
        ("themes", "-w", "{ws}"),
        ("promote", "v9", "-w", "{ws}"),
        ("rollback", "-w", "{ws}"),
        ("serve", "-w", "{ws}"),
        ("serve-token", "two words", "-w", "{ws}"),
        ("sweep", "-w", "{ws}"),
        ("bench", "quality", "--suite", "star", "--data", "/no/such/folder"),
        ("bench", "tea"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_errors_are_one_line_and_exit_with_2(empty: Path, arguments: tuple[str, ...]) -> None:
    done = voc(*(argument.format(ws=empty) for argument in arguments))
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("voc: ")


def test_unknown_setting_names_the_nearest(empty: Path) -> None:
    with (empty / "voc.toml").open("a", encoding="utf-8") as file:
        file.write("[training]\nepoch = 3\nbatch_size = 0\n")
    done = voc("train", "-w", str(empty))
    assert done.returncode == 2
    assert "training.epoch: unknown key, did you mean 'epochs'?" in done.stderr
    assert "training.batch_size: Input should be greater than or equal to 1, got 0" in done.stderr


@contextmanager
def silent(name: str) -> Iterator[Callable[[str, float], None]]:
    yield lambda what, share: None


def test_demo_runs_through_and_a_second_time_only_what_is_left(tmp_path: Path, tiny_encoder: Path) -> None:
    settings = (
        f'[company]\nname = "Demo"\nsynthetic = true\n[encoder]\nname = "{tiny_encoder}"\n'
        '[training]\nepochs = 1\nmax_tokens = 48\nbf16 = "no"\nmax_train_contacts = 150\n'
        "seed_forms = 0\nswitched_forms = 0\n[themes]\nmin_theme_size = 8\n"
    )
    first = demo(tmp_path / "demo", 700, silent, settings)
    assert first.generated is not None and first.generated.contacts == 700
    assert first.ingested.closes and first.ingested.quarantined == 0
    assert first.training is not None and first.training.rows["train"] == 150
    assert first.scored.contacts == first.found.contacts == 700
    assert set(first.training.test.tasks["reason"].by_language) >= {"en", "hr", "sl", "sr-Cyrl", "sr-Latn"}
    assert truth(tmp_path / "demo")["synthetic"] is True
    assert 0 < first.to_review <= TO_REVIEW
    second = demo(tmp_path / "demo", 700, silent, settings)
    assert second.to_review == 0
    assert second.generated is None and second.training is None
    assert second.ingested.stored == 0
    assert second.scored.contacts == 0
    assert second.found.themes == first.found.themes
