"""Several themes of one contact: a passage each, counted wherever themes are."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.inference.topics import WORDS, add, without_contacts
from voc.data.text import fold
from voc.data.workspace import Workspace
from voc.inference.emergence.series import slice_series, theme_series
from voc.inference.theme_edits import contacts_saying, dismiss, merge, split
from voc.inference.themes import themes
from voc.models.theme_space import unit

ROUTER, BILL, SIGNAL = (np.eye(16)[topic] for topic in range(3))
NOWHERE = np.eye(16)[9]
TEXT = "My router overheats nightly. Also: račun je dvostruko naplaćen!"
FIRST_PASSAGE, SECOND_PASSAGE = (0, 28), (29, len(TEXT))


@pytest.fixture
def company(tmp_path: Path) -> Workspace:
    """Three topics of sixty contacts, and their themes."""
    workspace = without_contacts(tmp_path / "company", "")
    for topic in WORDS:
        add(workspace, topic, 60)
    themes(workspace)
    return workspace


def tell(workspace: Workspace, name: str, whole: np.ndarray, *passages: np.ndarray, text: str = TEXT) -> None:
    """A contact of a customer of its own with two passages of these vectors, then a run without a refit."""
    contact = workspace.lake.query("SELECT * FROM contacts WHERE contact_id = 'c0-0000'")
    score = workspace.lake.query("SELECT * FROM scores WHERE contact_id = 'c0-0000'")
    turn = {"speaker": "customer", "text": text, "at": None}
    row = contact.to_pylist()[0] | {
        "contact_id": name,
        "customer_id": f"of-{name}",
        "turns": [turn],
        "search_text": fold(text),
    }
    places = [FIRST_PASSAGE, SECOND_PASSAGE][: len(passages)]
    mentions = [
        {"turn": 0, "begin": begin, "end": end, "embedding": vector.tolist()}
        for (begin, end), vector in zip(places, passages, strict=True)
    ]
    mark = score.to_pylist()[0] | {"contact_id": name, "embedding": unit(whole).tolist(), "mentions": mentions or None}
    workspace.lake.append("contacts", pa.Table.from_pylist([row], schema=contact.schema))
    workspace.lake.append("scores", pa.Table.from_pylist([mark], schema=score.schema))
    themes(workspace, refit=False)


def theme_of(workspace: Workspace, topic: int) -> str:
    """The theme that most contacts of a topic are in."""
    rows = workspace.lake.query(
        f"SELECT mode(theme_id) AS theme FROM theme_assignments WHERE contact_id LIKE 'c{topic}-%'"
    )
    return str(rows["theme"][0].as_py())


def row_of(workspace: Workspace, name: str) -> dict[str, Any]:
    (row,) = workspace.lake.query(
        "SELECT * FROM theme_assignments WHERE contact_id = $name", {"name": name}
    ).to_pylist()
    return dict(row)


def counted(workspace: Workspace) -> dict[str, int]:
    return {row["theme_id"]: row["contacts"] for row in workspace.lake.query("SELECT * FROM themes").to_pylist()}


def test_each_passage_has_its_theme_and_counts_there(company: Workspace) -> None:
    router, bill = theme_of(company, 0), theme_of(company, 1)
    before, people = counted(company), theme_series(company.lake)
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    row = row_of(company, "both")
    assert row["theme_id"] == bill  # of the passage that comes first: that of the most probable reason
    assert row["evidence"] == {"turn": 0, "begin": 0, "end": 28}
    (other,) = row["others"]
    assert (other["theme_id"], other["evidence"]) == (router, {"turn": 0, "begin": 29, "end": len(TEXT)})
    assert min(row["similarity"], other["similarity"]) > 0.9
    after = counted(company)
    assert {theme: after[theme] - before[theme] for theme in after} == {router: 1, bill: 1, theme_of(company, 2): 0}
    now = theme_series(company.lake)
    assert now.groups == people.groups
    more = (now.customers - people.customers).sum(axis=1).tolist()
    assert dict(zip(now.groups, more, strict=True)) == {router: 1, bill: 1, theme_of(company, 2): 0}


def test_slices_count_every_theme_of_a_contact(company: Workspace) -> None:
    before = slice_series(company.lake, "language", None, minimum=1)
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    after = slice_series(company.lake, "language", None, minimum=1)
    gained = {
        name: int(after.customers[after.groups.index(name)].sum())
        - (int(before.customers[before.groups.index(name)].sum()) if name in before.groups else 0)
        for name in after.groups
    }
    assert sum(gained.values()) == 2  # the contact is in English: a slice of each of its two themes
    assert {name.split(" | ")[0] for name, more in gained.items() if more} == {
        theme_of(company, 0), theme_of(company, 1)
    }  # fmt: skip


def test_two_passages_about_one_thing_are_one_theme(company: Workspace) -> None:
    tell(company, "twice", ROUTER, ROUTER, ROUTER + 0.1 * BILL)
    row = row_of(company, "twice")
    assert (row["theme_id"], row["others"]) == (theme_of(company, 0), None)


def test_without_a_theme_of_a_passage_the_whole_contact_counts(company: Workspace) -> None:
    tell(company, "odd", SIGNAL, NOWHERE, -NOWHERE)
    row = row_of(company, "odd")
    assert (row["theme_id"], row["evidence"], row["others"]) == (theme_of(company, 2), None, None)


def test_a_contact_in_no_theme_has_one_row(company: Workspace) -> None:
    tell(company, "odd", -ROUTER - BILL - SIGNAL, -ROUTER, -BILL)
    row = row_of(company, "odd")
    assert (row["theme_id"], row["others"]) == (None, None)
    assert company.lake.dataset("theme_assignments").count_rows() == 181


def test_the_same_words_are_in_the_same_theme_as_contact_and_as_passage(company: Workspace) -> None:
    said = "у селу нема сигнала"
    tell(company, "alone", SIGNAL, text=said)
    text = f"My router overheats nightly. {said.upper()}"
    # The vectors say another theme: what decides is the contact that is surest.
    tell(company, "within", ROUTER, ROUTER, BILL + 0.99 * SIGNAL, text=text + " " * (len(TEXT) - len(text)))
    others = row_of(company, "within")["others"]
    assert [other["theme_id"] for other in others] == [theme_of(company, 2)]


def test_split_takes_the_passage_and_leaves_the_rest(company: Workspace) -> None:
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    router, bill = theme_of(company, 0), theme_of(company, 1)
    named = ["both", *(f"c0-{number:04d}" for number in range(4))]
    split(company.lake, router, named, "somebody")
    themes(company, refit=False)
    row = row_of(company, "both")
    assert row["theme_id"] == bill
    assert [other["theme_id"] for other in row["others"]] == [row_of(company, "c0-0001")["theme_id"]]
    assert row["others"][0]["theme_id"] not in (router, bill)


def test_a_named_contact_is_in_the_new_theme_whatever_its_passages_are_in(company: Workspace) -> None:
    tell(company, "both", BILL + SIGNAL, BILL, SIGNAL)
    bill, signal = theme_of(company, 1), theme_of(company, 2)
    split(company.lake, theme_of(company, 0), ["both", *(f"c0-{number:04d}" for number in range(4))], "somebody")
    themes(company, refit=False)
    row = row_of(company, "both")
    new = row_of(company, "c0-0001")["theme_id"]
    assert [row["theme_id"], *(other["theme_id"] for other in row["others"])] == [bill, signal, new]
    assert row["others"][1]["evidence"] is None


def test_words_are_looked_for_in_the_passage(company: Workspace) -> None:
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    router, bill = theme_of(company, 0), theme_of(company, 1)
    assert "both" in contacts_saying(company.lake, bill, "OVERHEATS")
    assert "both" not in contacts_saying(company.lake, router, "overheats")
    assert contacts_saying(company.lake, router, "naplacen") == ("both",)


def test_a_contact_that_was_told_anew_keeps_its_themes_until_it_is_scored(company: Workspace) -> None:
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    before = row_of(company, "both")
    contacts = company.lake.query("SELECT * FROM contacts")
    rows = [row | {"turns": []} if row["contact_id"] == "both" else row for row in contacts.to_pylist()]
    company.lake.replace("contacts", pa.Table.from_pylist(rows, schema=contacts.schema))
    themes(company, refit=False)
    assert row_of(company, "both")["theme_id"] == before["theme_id"]


def test_merged_themes_count_once_and_dismissed_ones_not(company: Workspace) -> None:
    tell(company, "both", BILL + ROUTER, BILL, ROUTER)
    router, bill, signal = (theme_of(company, topic) for topic in range(3))
    merge(company.lake, router, bill, "somebody")
    themes(company, refit=False)
    assert (row_of(company, "both")["theme_id"], row_of(company, "both")["others"]) == (bill, None)
    tell(company, "more", SIGNAL + ROUTER, SIGNAL, ROUTER, text=TEXT[::-1])  # other words
    dismiss(company.lake, signal, "somebody")
    themes(company, refit=False)
    row = row_of(company, "more")
    assert (row["theme_id"], row["others"], row["evidence"]["begin"]) == (bill, None, 29)


@pytest.mark.parametrize("known", [True, False])
def test_a_theme_is_named_by_the_passages_that_tell_the_reason(tmp_path: Path, known: bool) -> None:
    workspace = without_contacts(tmp_path / "company", "")
    for topic in WORDS:
        add(workspace, topic, 60)
    greeting = "Lovely, lovely weather. "
    contacts, scores = (workspace.lake.query(f"SELECT * FROM {name}") for name in ("contacts", "scores"))
    rows = contacts.to_pylist()
    marks = {row["contact_id"]: row for row in scores.to_pylist()}
    for row in rows:
        if row["contact_id"].startswith("c0-"):
            text = greeting + row["turns"][0]["text"]
            row["turns"] = [row["turns"][0] | {"text": text}]
            place = {"turn": 0, "begin": len(greeting), "end": len(text)}
            reason = {"reason": "device_faulty", "probability": 0.9, "evidence": place}
            marks[row["contact_id"]]["reasons"] = [reason] if known else []
    workspace.lake.replace("contacts", pa.Table.from_pylist(rows, schema=contacts.schema))
    workspace.lake.replace("scores", pa.Table.from_pylist(list(marks.values()), schema=scores.schema))
    themes(workspace)
    (row,) = workspace.lake.query(
        "SELECT * FROM themes WHERE theme_id = $theme", {"theme": theme_of(workspace, 0)}
    ).to_pylist()
    assert "overheats" in row["keywords"]
    assert ("lovely" in row["keywords"]) is not known
    assert not known or "lovely" not in row["label"].lower()
