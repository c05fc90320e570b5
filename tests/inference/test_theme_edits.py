"""What people decide about themes holds through every refit, and can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.inference.topics import DAY, WORDS, add, without_contacts
from voc.data.columns import vectors_column
from voc.data.contracts import CONTACTS, SCORES
from voc.data.lake import Lake
from voc.data.workspace import Workspace
from voc.errors import ThemeError
from voc.experiments.suites.theme_stability import theme_stability
from voc.inference.theme_edits import (
    Fixed,
    contacts_saying,
    current_edits,
    dismiss,
    history,
    mark_fixed,
    merge,
    owner,
    rename,
    split,
    split_off,
    undo,
    undo_last,
)
from voc.inference.themes import ThemesSummary, themes
from voc.models.registry import Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def company(tmp_path: Path) -> Workspace:
    """Three topics of 60 contacts each, found: the largest id is T003. None is large enough to be two themes."""
    workspace = without_contacts(tmp_path / "w", "[themes]\nmin_theme_size = 31\nneighbours = 8\n")
    for topic in WORDS:
        add(workspace, topic, 60 - topic)
    themes(workspace)
    return workspace


def row(workspace: Workspace, theme_id: str) -> dict[str, object]:
    found = workspace.lake.query("SELECT * FROM themes WHERE theme_id = $theme", {"theme": theme_id}).to_pylist()
    return dict(found[0])


def theme_of(workspace: Workspace, topic: int) -> dict[str | None, int]:
    """Themes of a topic's contacts, with their number."""
    found = workspace.lake.query(
        "SELECT theme_id, count(*) AS n FROM theme_assignments WHERE contact_id LIKE $like GROUP BY 1 ORDER BY n DESC",
        {"like": f"c{topic}-%"},
    )
    return {line["theme_id"]: line["n"] for line in found.to_pylist()}


def main_theme(workspace: Workspace, topic: int) -> str:
    return str(next(iter(theme_of(workspace, topic))))


def events(workspace: Workspace) -> list[tuple[str, str]]:
    found = workspace.lake.query('SELECT kind, theme_id FROM theme_events ORDER BY "at", theme_id').to_pylist()
    return [(line["kind"], line["theme_id"]) for line in found]


def test_a_refit_of_grown_data_keeps_ids_and_bears_no_twins(company: Workspace) -> None:
    before = {topic: main_theme(company, topic) for topic in WORDS}
    assert len(set(before.values())) == 3
    born = events(company)
    for topic in WORDS:
        add(company, topic, 15, first=100)
    assert themes(company).events == ()
    assert {topic: main_theme(company, topic) for topic in WORDS} == before
    assert events(company) == born


def test_names_and_owners_survive_a_refit(company: Workspace) -> None:
    theme, other = main_theme(company, 1), main_theme(company, 0)
    found_label = row(company, theme)["label"]
    named = rename(company.lake, theme, "  Dvostruka   naplata ", "ana")
    owner(company.lake, theme, "Billing", "ana")
    mark_fixed(company.lake, theme, "ana", day=date(2026, 2, 1))
    mark_fixed(company.lake, other, "ana", release="2.4")
    add(company, 1, 20, first=200)
    themes(company)
    assert row(company, theme)["label"] == "Dvostruka naplata"
    assert (row(company, theme)["owner"], row(company, theme)["fixed_on"]) == ("Billing", date(2026, 2, 1))
    assert row(company, other)["fixed_release"] == "2.4"
    released = current_edits(company.lake).fixed[other]
    assert (released.day, released.release) == (None, "2.4")
    both = mark_fixed(company.lake, other, "ana", day=date(2026, 2, 1), release="2.4 beta")
    assert current_edits(company.lake).fixed[other] == Fixed(date(2026, 2, 1), "2.4 beta", both.edit_id, both.at)
    undo(company.lake, named.edit_id, "ivo")
    themes(company)
    assert row(company, theme)["label"] == found_label


def test_a_merge_survives_a_refit_and_can_be_undone(company: Workspace) -> None:
    small, large = main_theme(company, 2), main_theme(company, 0)
    done = merge(company.lake, small, large, "ana")
    for _ in range(2):
        themes(company)
        assert main_theme(company, 2) == large
        assert (row(company, small)["status"], row(company, small)["merged_into"]) == ("merged", large)
    undo(company.lake, done.edit_id, "ana")
    themes(company)
    assert main_theme(company, 2) == small
    assert row(company, small)["status"] == "active"


def test_what_is_not_a_theme_stays_away(company: Workspace) -> None:
    theme = main_theme(company, 2)
    done = dismiss(company.lake, theme, "ana")
    add(company, 2, 40, first=300)
    summary = themes(company)
    assert list(theme_of(company, 2)) == [None]
    assert row(company, theme)["status"] == "dismissed"
    assert theme not in {line.theme_id for line in summary.themes}
    assert summary.events == ()
    undo(company.lake, done.edit_id, "ana")
    themes(company, refit=False)
    assert main_theme(company, 2) == theme


def test_a_split_makes_a_theme_of_contacts_and_can_be_undone(company: Workspace) -> None:
    # Contacts of two topics counted as one theme: a person takes one of them out by a few examples.
    small, large = main_theme(company, 2), main_theme(company, 0)
    merge(company.lake, small, large, "ana")
    themes(company)
    done = split(company.lake, large, [f"c2-{number:04d}" for number in range(8)], "ana")
    new = done.other_theme_id
    assert new == "T004"
    themes(company)
    assert row(company, str(new))["status"] == "active"
    named = company.lake.query(
        "SELECT DISTINCT theme_id FROM theme_assignments WHERE contact_id LIKE 'c2-%' AND contact_id < 'c2-0008'"
    )
    assert named["theme_id"].to_pylist() == [new]
    assert theme_of(company, 2)[new] > 8  # and others like them
    undo(company.lake, done.edit_id, "ana")
    themes(company)
    assert main_theme(company, 2) == large
    assert row(company, str(new))["status"] == "merged"


def add_twin(workspace: Workspace, contact_id: str, vector: np.ndarray) -> None:
    """A contact `twin` with the words of another, in capitals, and a vector of its own."""
    query = "SELECT * FROM contacts WHERE contact_id = $id"
    (row,) = workspace.lake.query(query, {"id": contact_id}).to_pylist()
    turn = {**row["turns"][0], "text": row["turns"][0]["text"].upper()}
    twin = row | {"contact_id": "twin", "turns": [turn]}
    workspace.lake.append("contacts", pa.Table.from_pylist([twin], schema=CONTACTS.schema))
    scored = {"contact_id": "twin", "model_version": "m1", "day": DAY, "embedding": vector.tolist()}
    workspace.lake.append("scores", pa.Table.from_pylist([scored], schema=SCORES.schema))


def test_what_says_the_same_as_a_contact_split_off_goes_with_it(company: Workspace) -> None:
    add_twin(company, "c2-0001", np.eye(16)[2])
    new = split(company.lake, main_theme(company, 2), ["c2-0001", "c0-0001"], "ana").other_theme_id
    themes(company, refit=False)
    found = company.lake.query("SELECT theme_id FROM theme_assignments WHERE contact_id IN ('twin', 'c2-0001')")
    assert found["theme_id"].to_pylist() == [new, new]


def test_undo_of_an_undo_lets_the_edit_hold_again(company: Workspace) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    named = rename(company.lake, "T001", "Ruter", "ana", start)
    taken = undo(company.lake, named.edit_id, "ivo", start + timedelta(1))
    assert current_edits(company.lake).labels == {}
    undo(company.lake, taken.edit_id, "ana", start + timedelta(2))
    assert current_edits(company.lake).labels == {"T001": "Ruter"}
    assert [edit.who for edit in history(company.lake)] == ["ana", "ivo", "ana"]


def test_the_last_edit_that_holds_is_undone_first(company: Workspace) -> None:
    lake = company.lake
    rename(lake, "T001", "Ruter", "ana")
    merge(lake, "T002", "T001", "ana")
    owner(lake, "T003", "Billing", "ana")
    assert undo_last(lake, "T001", "ivo").value == history(lake)[1].edit_id  # the merge concerns T001 as well
    undo_last(lake, "T001", "ivo")
    found = current_edits(lake)
    assert (found.merged, found.labels, found.owners) == ({}, {}, {"T003": "Billing"})
    with pytest.raises(ThemeError, match="theme T001: expected an edit that holds, got none to undo"):
        undo_last(lake, "T001", "ivo")


@pytest.mark.parametrize(
    ("topic", "words", "said"),
    [(0, "ROUTER aaa", 6), (1, "naplacen AAA", 6), (2, "селу aaa", 6), (2, "selu aaa", 6), (2, "100% aaa", 0)],
)
def test_a_split_by_words_takes_those_who_say_them(company: Workspace, topic: int, words: str, said: int) -> None:
    theme = main_theme(company, topic)
    found = contacts_saying(company.lake, theme, words)
    assert len(found) == said
    if not said:
        with pytest.raises(ThemeError, match=r"words that some of its .* contacts say, got none of them"):
            split_off(company.lake, theme, "ana", words=words)
        return
    assert split_off(company.lake, theme, "ana", words=words).contact_ids == found
    both = split_off(company.lake, theme, "ana", [found[-1]], words).contact_ids
    assert both[0] == found[-1] and sorted(both) == sorted(found)


def test_words_of_the_agent_split_nothing(company: Workspace) -> None:
    query = "SELECT * FROM contacts WHERE contact_id = 'c0-0001'"
    (row,) = company.lake.query(query).to_pylist()
    answer = {"speaker": "agent", "text": "Please restart it", "at": None}
    row |= {"turns": [*row["turns"], answer], "search_text": "router overheats please restart it"}
    company.lake.upsert("contacts", pa.Table.from_pylist([row], schema=CONTACTS.schema))
    assert contacts_saying(company.lake, main_theme(company, 0), "restart") == ()


def test_of_many_people_at_once_no_edit_is_lost_and_no_id_given_twice(company: Workspace) -> None:
    def decide(name: str) -> None:
        lake = Lake(company.lake.root)
        for number in range(3):
            split(lake, "T001", ["c0-0001"], name)
            rename(lake, "T001", f"{name} {number}", name)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(decide, ("ana", "ivo", "eva")))
    found = history(company.lake)
    assert len(found) == 18
    assert len({edit.other_theme_id for edit in found if edit.kind == "split"}) == 9


def test_a_split_during_a_run_that_finds_themes_is_not_mixed_up(company: Workspace) -> None:
    add(company, 3, 40)
    new = []

    def meanwhile(what: str) -> None:
        if what == "assigning contacts":
            new.append(split(company.lake, "T001", ["c0-0001", "c0-0002"], "ana").other_theme_id)

    with pytest.raises(ThemeError, match="theme T004: a theme was split while themes were looked for"):
        themes(company, meanwhile)
    assert new == ["T004"]
    themes(company)
    found = company.lake.query("SELECT theme_id FROM theme_assignments WHERE contact_id = 'c0-0001'")
    assert found["theme_id"].to_pylist() == ["T004"]
    assert main_theme(company, 3) == "T005"


def test_wrong_edits_are_one_line(company: Workspace) -> None:
    lake = company.lake
    merge(lake, "T001", "T002", "ana")
    with pytest.raises(ThemeError, match="theme T009: expected one of the 3 themes"):
        rename(lake, "T009", "x", "ana")
    with pytest.raises(ThemeError, match="expected a name, got none"):
        rename(lake, "T001", " ", "ana")
    with pytest.raises(ThemeError, match="got T001, which leads to it"):
        merge(lake, "T002", "T001", "ana")
    with pytest.raises(ThemeError, match="expected a day or a release, got neither"):
        mark_fixed(lake, "T001", "ana")
    with pytest.raises(ThemeError, match="expected contacts of the lake to split off"):
        split(lake, "T001", ["nobody"], "ana")
    with pytest.raises(ThemeError, match="edit x: expected an edit of this workspace"):
        undo(lake, "x", "ana")
    assert len(history(lake)) == 1


def test_a_silent_theme_is_retired_and_comes_back_under_its_id(company: Workspace) -> None:
    quiet = main_theme(company, 2)
    later = DAY + timedelta(days=100)
    for topic in (0, 1):
        add(company, topic, 30, first=400, day=later)
    first = themes(company)
    assert [(event.kind, event.theme_id) for event in first.events] == [("retired", quiet)]
    assert row(company, quiet)["status"] == "retired"
    add(company, 2, 30, first=400, day=later + timedelta(days=1))
    again = themes(company)
    assert [(event.kind, event.theme_id) for event in again.events] == [("returned", quiet)]
    assert (row(company, quiet)["status"], main_theme(company, 2)) == ("active", quiet)
    assert events(company)[-2:] == [("retired", quiet), ("returned", quiet)]


def test_the_same_words_are_in_the_same_theme_whatever_their_vectors(company: Workspace) -> None:
    # A vector may differ in its last digits between batches, and more between scripts: words decide.
    assigned = company.lake.query("SELECT theme_id FROM theme_assignments WHERE contact_id = 'c1-0003'")
    add_twin(company, "c1-0003", np.eye(16)[9])
    themes(company, refit=False)
    found = company.lake.query("SELECT theme_id FROM theme_assignments WHERE contact_id = 'twin'")
    assert found["theme_id"].to_pylist() == assigned["theme_id"].to_pylist() != [None]


def test_a_new_model_keeps_ids_by_the_themes_contacts(company: Workspace) -> None:
    before = {topic: main_theme(company, topic) for topic in WORDS}
    scores = company.lake.query("SELECT * FROM scores ORDER BY contact_id")
    turned = np.roll(np.stack(scores["embedding"].to_pylist()).astype(np.float32), 5, axis=1)  # another model's space
    place = scores.schema.get_field_index("embedding")
    scores = scores.set_column(place, "embedding", vectors_column(turned))
    place = scores.schema.get_field_index("model_version")
    company.lake.append("scores", scores.set_column(place, "model_version", pa.array(["m2"] * scores.num_rows)))
    (company.models / "m2").mkdir()
    company.make_current("m2")
    summary: ThemesSummary = themes(company)
    assert summary.events == ()
    assert {topic: main_theme(company, topic) for topic in WORDS} == before


def test_the_order_of_contacts_does_not_matter(company: Workspace, tmp_path: Path) -> None:
    taxonomy = (ROOT / "data" / "demo" / "taxonomy.toml").read_text(encoding="utf-8")
    other = Workspace.create(tmp_path / "o", "[themes]\nmin_theme_size = 31\nneighbours = 8\n", taxonomy)
    (other.models / "m1").mkdir(parents=True)
    other.make_current("m1")
    for name in ("scores", "contacts"):
        other.lake.append(name, company.lake.query(f"SELECT * FROM {name} ORDER BY md5(contact_id)"))
    themes(other)
    query = "SELECT contact_id, theme_id FROM theme_assignments ORDER BY contact_id"
    assert other.lake.query(query).equals(company.lake.query(query))


def test_the_stability_bench_on_clear_themes(company: Workspace, tmp_path: Path) -> None:
    with Registry(f"sqlite:///{tmp_path / 'm.db'}", "bench").run("stability") as run:
        figures = theme_stability(company, lambda what, share: None, run).figures
    assert figures["reordered"] == figures["equal_texts"] == 1
    assert figures["kept"] > 0.95
    assert themes(company).events == ()  # the bench left the workspace alone
