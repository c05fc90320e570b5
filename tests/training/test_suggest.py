"""What is worth labelling next: uncertain, different, of every language; and sheets that nobody can be harmed by."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from voc.cli import app
from voc.data.contracts import SCORES
from voc.data.ingest import ingest
from voc.data.sheets import safe_cell, safe_id, write_sheet
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.models.tasks import Floats
from voc.training.suggest import Suggestion, choose, suggest, write_suggestions

VERSION = "v1"


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def unit(rows: int, width: int = 16, seed: int = 1) -> Floats:
    """Random directions: none near another."""
    drawn = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def around(centres: Floats, spread: float, seed: int = 2) -> Floats:
    drawn = centres + spread * np.random.default_rng(seed).normal(size=centres.shape)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def names(rows: int) -> list[str]:
    return [f"text {row}" for row in range(rows)]


def test_uncertain_contacts_are_chosen() -> None:
    uncertainty = np.where(np.arange(200) % 10 == 0, 0.9, 0.01)
    chosen = choose(unit(200), uncertainty, ["en"] * 200, names(200), 20, seed=1)
    assert len(set(chosen)) == 20
    assert sum(row % 10 == 0 for row in chosen) >= 18  # 2 by chance


def test_different_contacts_are_chosen_rather_than_the_most_uncertain_ones_alone() -> None:
    """Of ten subjects, one is a little more uncertain and has 118 of 300 contacts: alone it would fill the sheet."""
    subject = np.where(np.arange(300) < 100, 0, np.arange(300) % 10)
    vectors = around(unit(10)[subject], 0.06)
    chosen = choose(vectors, np.where(subject == 0, 0.8, 0.7), ["en"] * 300, names(300), 10, seed=1)
    assert len(set(subject[chosen])) >= 8


def test_languages_take_turns_until_one_has_no_contact_left() -> None:
    languages = ["en"] * 90 + ["hr"] * 60 + ["sr-Cyrl"] * 4
    chosen = choose(unit(154), np.full(154, 0.5), languages, names(154), 24, seed=1)
    assert Counter(languages[row] for row in chosen) == {"en": 10, "hr": 10, "sr-Cyrl": 4}


def test_near_duplicates_count_as_one() -> None:
    vectors = np.repeat(unit(5), 10, axis=0)
    vectors[::2] = around(vectors[::2], 0.005)
    chosen = choose(vectors, np.full(50, 0.5), ["en"] * 50, names(50), 50, seed=1)
    assert sorted(row // 10 for row in chosen) == [0, 1, 2, 3, 4]


def test_equal_texts_count_as_one_whatever_their_vectors() -> None:
    chosen = choose(unit(40), np.full(40, 0.5), ["en", "hr"] * 20, [f"text {row % 7}" for row in range(40)], 40, seed=1)
    assert len(chosen) == 7


def test_no_uncertainty_and_no_difference_is_no_reason_to_fail() -> None:
    assert len(choose(unit(6), np.zeros(6), ["en"] * 6, names(6), 4, seed=1)) == 4
    assert choose(np.ones((3, 4), np.float32) / 2, np.ones(3), ["en"] * 3, names(3), 3, seed=1) == [0]


def test_same_seed_same_choice() -> None:
    choices = [choose(unit(80), np.linspace(0.1, 1, 80), ["en"] * 80, names(80), 12, seed) for seed in (1, 1, 2)]
    assert choices[0] == choices[1] != choices[2]


def scored(workspace: Workspace, **columns: Any) -> list[str]:
    """Write scores of all contacts, sure ones but for `columns` (by name, the place of a contact to its value)."""
    contacts = workspace.lake.query("SELECT contact_id, day FROM contacts ORDER BY contact_id")
    vectors = unit(contacts.num_rows)
    sure = {
        "model_version": VERSION, "reasons": [{"reason": "bill_higher", "probability": 0.99}], "abstained": False,
        "top_reason": "bill_higher", "top_probability": 0.99, "sentiment": "neutral", "sentiment_probability": 0.99,
        "churn_intent": False, "churn_probability": 0.01,
    }  # fmt: skip
    rows = []
    for place, contact in enumerate(contacts.to_pylist()):
        given = {name: values[place] for name, values in columns.items() if place in values}
        rows.append(sure | contact | {"embedding": vectors[place].tolist()} | given)
    workspace.lake.append("scores", pa.Table.from_pylist(rows, schema=SCORES.schema))
    (workspace.models / VERSION).mkdir(parents=True)
    workspace.make_current(VERSION)
    return [str(identity) for identity in contacts["contact_id"].to_pylist()]


def without_labels(workspace: Workspace) -> list[int]:
    """Places of the contacts that nobody labelled, in the order of their ids."""
    rows = workspace.lake.query(
        "SELECT labels.contact_id IS NULL AS free FROM contacts LEFT JOIN labels USING (contact_id) "
        "ORDER BY contacts.contact_id"
    )
    return [place for place, free in enumerate(rows["free"].to_pylist()) if free]


def test_each_kind_of_uncertainty_counts_and_labelled_contacts_do_not(workspace: Workspace) -> None:
    free = without_labels(workspace)
    likely, second, mood, leaving = free[0], free[10], free[20], free[30]
    labelled = next(place for place in range(900) if place not in set(free))
    both = [{"reason": "bill_higher", "probability": 0.99}, {"reason": "payment_failed", "probability": 0.55}]
    ids = scored(
        workspace,
        reasons={likely: [], second: both},
        top_probability={likely: 0.3, labelled: 0.1},
        sentiment_probability={mood: 0.34},
        churn_probability={leaving: 0.5, labelled: 0.5},
    )
    found = {one.contact_id: one for one in suggest(workspace, 30)}
    assert {ids[place] for place in (likely, second, mood, leaving)} <= set(found)
    assert ids[labelled] not in found
    assert found[ids[likely]].uncertainty == pytest.approx((0.7 + 0.015 + 0.02) / 3, abs=0.001)
    assert found[ids[second]].uncertainty == pytest.approx((0.9 + 0.015 + 0.02) / 3, abs=0.001)
    assert found[ids[mood]].uncertainty == pytest.approx((0.02 + 0.99 + 0.02) / 3, abs=0.001)
    assert found[ids[leaving]].uncertainty == pytest.approx((0.02 + 0.015 + 1) / 3, abs=0.001)
    assert found[ids[likely]].reasons == ("bill_higher",)  # abstained: the likeliest
    assert found[ids[second]].reasons == ("bill_higher", "payment_failed")
    assert {one.language for one in found.values()} >= {"en", "hr", "sl", "sr-Cyrl", "sr-Latn"}
    assert found[ids[likely]].text not in repr(found[ids[likely]])


def test_a_task_that_the_model_was_not_asked_does_not_count(workspace: Workspace) -> None:
    nothing = dict.fromkeys(range(900))
    scored(workspace, reasons=nothing, top_reason=nothing, top_probability=nothing, churn_probability=nothing,
           churn_intent=nothing)  # fmt: skip
    (one, *_) = suggest(workspace, 5)
    assert one.reasons is None and one.churn_intent is None and one.sentiment == "neutral"
    assert one.uncertainty == pytest.approx(0.015, abs=0.001)


def test_only_the_current_model_counts(workspace: Workspace) -> None:
    scored(workspace)
    (workspace.models / "v2").mkdir()
    workspace.make_current("v2")
    with pytest.raises(WorkspaceError, match="expected contacts without labels that model v2 scored, got none"):
        suggest(workspace, 5)


def test_no_model_is_one_line(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model yet"):
        suggest(workspace, 5)


def test_sheets_go_round_to_labels(workspace: Workspace, tmp_path: Path) -> None:
    """As a person would: read one sheet, fill in the other, ingest its folder; rows left empty become no labels."""
    scored(workspace)
    found = suggest(workspace, 6)
    path = tmp_path / "sheets" / "labels-next.csv"
    reading = write_suggestions(found, path)
    rows, proposals = sheet(path), sheet(reading)
    assert [row["contact_id"] for row in rows] == [row["contact_id"] for row in proposals]
    assert [row["contact_id"] for row in rows] == [one.contact_id for one in found]
    assert {cell for row in rows for name, cell in row.items() if name != "contact_id"} == {""}
    filled = [row | {name: one[name] for name in ("reasons", "sentiment", "churn_intent")} | {"labelled_by": "ana"}
              for row, one in zip(rows, proposals, strict=True)]  # fmt: skip
    write_sheet(path, list(rows[0]), [*filled[:4], *rows[4:]])
    summary = ingest(workspace, [path.parent])
    assert (summary.read, summary.stored, summary.quarantined) == (6, 4, 2)
    stored = workspace.lake.query("SELECT * FROM labels WHERE source = 'ana' ORDER BY contact_id").to_pylist()
    assert [row["contact_id"] for row in stored] == sorted(one.contact_id for one in found[:4])
    assert stored[0]["reasons"] == ["bill_higher"]
    assert stored[0]["sentiment"] == "neutral" and stored[0]["churn_intent"] is False


def test_the_customers_words_are_written_only_if_asked_for(tmp_path: Path) -> None:
    one = Suggestion("c1", "hr", 0.5, ("bill_higher",), None, True, "Račun je\nprevisok.")
    path = tmp_path / "labels.csv"
    without = write_suggestions([one], path)
    assert "previsok" not in path.read_text() + without.read_text()
    (row,) = sheet(write_suggestions([one], path, with_text=True))
    assert row["text"] == "Račun je previsok." and row["churn_intent"] == "true" and row["sentiment"] == ""
    assert "previsok" not in path.read_text()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", " =1+1"),
        ("+385 1 234", " +385 1 234"),
        ("-5 °C", " -5 °C"),
        ("@ana", " @ana"),
        ("\t=1", " =1"),
        ("\r\n\x00=1", " =1"),
        ("\ufeff=1", " =1"),
        ("＝1", " ＝1"),
        ("bad;=1", "bad; =1"),
        ('bad,"=1', 'bad," =1'),
        ("a\n=1\x07b", "a =1 b"),
        ("1 + 1 = 2", "1 + 1 = 2"),
        (None, ""),
        (0.5, "0.5"),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: str) -> None:
    assert safe_cell(value) == cell
    assert safe_cell(cell)[:2] in {cell[:2], cell.lstrip()[:2], f" {cell.lstrip()[:1]}"}


@pytest.mark.parametrize("identity", ["=1+1", "-12", "@a  b;=c", "+385", "plain  id", "\x01x"])
def test_an_id_comes_back_from_the_sheet_as_it_was(workspace: Workspace, tmp_path: Path, identity: str) -> None:
    assert safe_id(identity)[0] not in "=+-@\x01"
    path = tmp_path / "labels.csv"
    write_sheet(path, ["contact_id", "sentiment"], [{"contact_id": identity, "sentiment": "neutral"}])
    assert ingest(workspace, [path]).stored == 1
    stored = workspace.lake.query("SELECT count(*) AS n FROM labels WHERE contact_id = $id", {"id": identity})
    assert stored["n"].to_pylist() == [1]


def test_the_command(workspace: Workspace, tmp_path: Path) -> None:
    scored(workspace)
    path = tmp_path / "labels-next.csv"
    done = CliRunner().invoke(
        app, ["suggest", "-w", str(workspace.root), "--count", "7", "--out", str(path), "--with-text"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.startswith("7 contacts (") and "next: voc ingest" in done.output
    assert len(sheet(path)) == 7
    assert all(row["text"] for row in sheet(tmp_path / "_labels-next-to-read.csv"))
