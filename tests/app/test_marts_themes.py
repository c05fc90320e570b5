"""People's decisions over the table of themes, against tables small enough to read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from voc.data.workspace import Workspace
from voc.inference.marts import Marts, Selection
from voc.inference.theme_edits import dismiss, history, mark_fixed, merge, owner, rename, split, undo

RUN = datetime(2026, 5, 20, 3, tzinfo=UTC)
EARLIER, LATER = RUN - timedelta(days=1), RUN + timedelta(days=1)
Read = Callable[[], Marts]


@pytest.fixture
def company(make: Any, tmp_path: Path) -> Workspace:
    """Three themes and a merged one as the run of the 20th left them, and a contact of the first."""
    workspace: Workspace = make.workspace(tmp_path / "w")
    day = make.last_day
    rows = [
        {"theme_id": name, "label": name.upper(), "keywords": ["jedan", "dva", "tri", "četiri"], "status": "active",
         "first_day": day, "fitted_at": RUN, "space": "s", "centroid": centre}
        for name, centre in (("a", [1.0, 0.0]), ("b", [0.6, 0.8]), ("c", [-1.0, 0.0]))
    ]  # fmt: skip
    rows.append(rows[0] | {"theme_id": "d", "label": "D", "status": "merged", "merged_into": "b"})
    for name, values in (
        ("themes", rows),
        ("contacts", [make.contact("x", day, "Zdravo")]),
        ("theme_assignments", [{"contact_id": "x", "day": day, "theme_id": "a"}]),
    ):
        workspace.lake.append(name, make.table(name, values))
    return workspace


@pytest.fixture
def read(company: Workspace) -> Read:
    return lambda: Marts.load(company.lake, company.current_model)


def names(marts: Marts, day: date) -> dict[str, str]:
    return {each.theme_id: each.label for each in marts.themes(Selection(day, day))}


def test_decisions_hold_before_the_next_run(company: Workspace, read: Read, make: Any) -> None:
    lake, day = company.lake, make.last_day
    marts = read()
    rename(lake, "a", "Ruter", "ana", LATER)
    owner(lake, "b", "Mreža", "ana", LATER)
    mark_fixed(lake, "b", "ana", release="4.2", at=LATER)
    dismiss(lake, "c", "ana", LATER)
    assert names(marts, day) == {"a": "A", "b": "B", "c": "C"}
    marts.take_in(history(lake))
    assert names(marts, day) == names(read(), day) == {"a": "Ruter", "b": "B"}
    found = marts.theme("b", Selection(day, day))
    assert found is not None
    assert (found.owner, found.fixed_release, found.fix) == ("Mreža", "4.2", None)
    contact = marts.contact("x")
    assert contact is not None and [theme.label for theme in contact.themes] == ["Ruter"]


def test_groups_count_their_themes_together(company: Workspace, make: Any) -> None:
    lake, day = company.lake, make.last_day
    rows = lake.query("SELECT * FROM themes").to_pylist()
    of = {"a": "G01", "b": "G01", "c": "G02", "d": "G01"}
    rows = [row | {"theme_group": of[row["theme_id"]], "theme_group_label": of[row["theme_id"]] * 2} for row in rows]
    lake.replace("themes", make.table("themes", rows))
    said = {"y": ("b", day, "one"), "z": ("b", day, "one"), "v": ("a", day - timedelta(days=9), "two")}
    contacts = [make.contact(name, when, "Zdravo", customer_id=who) for name, (_, when, who) in said.items()]
    lake.append("contacts", make.table("contacts", contacts))
    placed = [{"contact_id": name, "day": when, "theme_id": theme} for name, (theme, when, _) in said.items()]
    lake.append("theme_assignments", make.table("theme_assignments", placed))
    scored = [
        make.score(name, said[name][1], *reasons)
        for name, reasons in (("y", [("bill_higher", 0.9), ("roaming", 0.7)]), ("z", [("roaming", 0.8)]))
    ]
    lake.append("scores", make.table("scores", scored))
    first, second = Marts.load(lake, company.current_model).theme_groups(Selection(day, day))
    assert (first.group_id, first.label, first.contacts, first.customers) == ("G01", "G01G01", 3, 2)
    assert first.themes == 2  # a merged theme is none
    assert (first.recent, first.baseline) == (3, 1)
    assert first.reasons == (("roaming", 2), ("bill_higher", 1))
    assert (second.group_id, second.themes, second.contacts, second.reasons) == ("G02", 1, 0, ())
    dismiss(lake, "c", "ana", LATER)
    assert len(Marts.load(lake, company.current_model).theme_groups(Selection(day, day))) == 1


def test_older_edits_do_not_come_back(company: Workspace, read: Read, make: Any) -> None:
    rename(company.lake, "a", "Ruter", "ana", LATER)
    marts = read()
    marts.take_in(())
    assert names(marts, make.last_day)["a"] == "Ruter"


def test_a_name_taken_back_after_a_run_had_written_it_is_that_of_the_keywords(
    company: Workspace, read: Read, make: Any
) -> None:
    edit = rename(company.lake, "a", "A", "ana", EARLIER)  # the run wrote it
    undo(company.lake, edit.edit_id, "ana", LATER)
    edit = rename(company.lake, "b", "Ruter", "ana", LATER)  # no run has seen it
    undo(company.lake, edit.edit_id, "ana", LATER)
    assert names(read(), make.last_day) == {"a": "jedan, dva, tri", "b": "B", "c": "C"}


def test_what_waits_for_the_next_run(company: Workspace, read: Read) -> None:
    lake = company.lake
    done = merge(lake, "c", "a", "ana", EARLIER)
    assert read().story("a").waiting == ()
    undo(lake, done.edit_id, "ana", LATER)
    merge(lake, "a", "b", "ana", LATER)
    new = split(lake, "b", ["x"], "ana", LATER + timedelta(minutes=1))
    marts = read()
    waiting = {(each.edit.kind, each.edit.theme_id, each.undone) for each in marts.story("a").waiting}
    assert waiting == {("merge", "c", True), ("merge", "a", False)}
    assert [each.other for each in marts.story("c").waiting] == ["A"]
    assert {each.edit.kind for each in marts.story("b").waiting} == {"merge", "split"}
    last = marts.story("b").last
    assert last is not None and last.edit_id == new.edit_id


def test_what_became_of_themes_that_are_not_shown(company: Workspace, read: Read) -> None:
    dismiss(company.lake, "c", "ana", LATER)
    marts = read()
    merged, hidden = marts.gone("d"), marts.gone("c")
    assert merged is not None and hidden is not None
    assert (merged.into, hidden.into) == ("b", None)
    assert marts.gone("a") is marts.gone("nothing") is None


def test_the_nearest_themes_are_related(read: Read) -> None:
    story = read().story("a")
    assert [(each.theme_id, round(each.cosine, 3)) for each in story.related] == [("b", 0.6)]
