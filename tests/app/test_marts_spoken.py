"""Contacts that speak of several themes, in every answer that counts or shows themes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from voc.app.pages import CONTACT, CONTACTS, THEME
from voc.data.workspace import Workspace
from voc.inference.evidence import Evidence
from voc.inference.marts import ContactTheme, Criteria, Marts, Selection
from voc.inference.marts_map import Region
from voc.inference.theme_edits import Edit, EditKind

DAY = date(2026, 5, 1)
ALL = Selection(DAY, DAY + timedelta(days=6))
BILL, ROUTER = "My bill doubled.", "The router is hot."


@pytest.fixture(scope="module")
def spoken(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Themes a and b are of one group, c of another. x speaks of a, then b and c; y of a alone; z of c; n of none."""
    workspace = make.workspace(tmp_path_factory.mktemp("spoken") / "w")
    lake = workspace.lake
    texts = {"x": f"{BILL} {ROUTER}", "y": BILL, "z": "No signal", "n": "Hi"}
    mood = {"x": "negative", "y": "neutral", "z": "neutral", "n": "neutral"}
    product = {"x": "Router", "y": "Mobile", "z": "Mobile", "n": "Mobile"}
    rows = [make.contact(name, DAY, text, product=product[name], csat=3) for name, text in texts.items()]
    lake.append("contacts", make.table("contacts", rows))
    lake.append("scores", make.table("scores", [make.score(name, DAY, sentiment=mood[name]) for name in texts]))
    themes = [
        {"theme_id": each, "label": each.upper(), "first_day": DAY, "last_day": DAY, "status": "active",
         "theme_group": group, "theme_group_label": group, "verbatim_ids": [first]}
        for each, group, first in (("a", "G01", "y"), ("b", "G01", "x"), ("c", "G02", "z"))
    ]  # fmt: skip
    lake.append("themes", make.table("themes", themes))
    first, second = {"turn": 0, "begin": 0, "end": len(BILL)}, {"turn": 0, "begin": len(BILL) + 1, "end": 35}
    others = [
        {"theme_id": theme, "similarity": similarity, "evidence": second}
        for theme, similarity in (("b", 0.9), ("c", 0.4))
    ]
    assigned = [
        {"contact_id": "x", "day": DAY, "theme_id": "a", "similarity": 0.5, "evidence": first, "others": others},
        {"contact_id": "y", "day": DAY, "theme_id": "a", "similarity": 0.8},
        {"contact_id": "z", "day": DAY, "theme_id": "c", "similarity": 0.7},
        {"contact_id": "n", "day": DAY, "theme_id": None},
    ]
    lake.append("theme_assignments", make.table("theme_assignments", assigned))
    places = [{"contact_id": name, "day": DAY, "x": float(place), "y": 0.0} for place, name in enumerate(texts)]
    lake.append("theme_map", make.table("theme_map", places))
    return workspace


@pytest.fixture
def marts(spoken: Workspace, make: Any) -> Iterator[Marts]:
    found = Marts.load(spoken.lake, make.model)
    yield found
    found.close()


def test_a_contact_counts_in_each_of_its_themes(marts: Marts) -> None:
    found = {theme.theme_id: theme for theme in marts.themes(ALL)}
    assert {name: (theme.contacts, theme.customers, theme.recent) for name, theme in found.items()} == {
        "a": (2, 2, 2), "b": (1, 1, 1), "c": (2, 2, 2)
    }  # fmt: skip
    assert [found[name].trend[-1] for name in "abc"] == [2, 1, 2]
    assert (marts.totals(ALL).contacts, marts.in_themes(ALL)) == (4, 3)


def test_a_contact_whose_first_theme_is_gone_still_speaks_of_the_others(spoken: Workspace, make: Any) -> None:
    marts = Marts.load(spoken.lake, make.model)
    marts.take_in((Edit("e", datetime(2026, 5, 2, tzinfo=UTC), "ana", EditKind.DISMISS, "a"),))
    assert marts.in_themes(ALL) == 2
    assert [theme.theme_id for theme in marts.contacts_by_id(("x",))[0].themes] == ["b", "c"]
    marts.close()


def test_a_group_counts_it_once(marts: Marts) -> None:
    found = {group.group_id: (group.contacts, group.customers, group.themes) for group in marts.theme_groups(ALL)}
    assert found == {"G01": (2, 2, 2), "G02": (2, 2, 1)}
    of_one = Selection(ALL.first, ALL.last, products=("Router",))
    assert {group.group_id: group.contacts for group in marts.theme_groups(of_one)} == {"G01": 1, "G02": 1}


def test_days_shares_and_lists_hold_it(marts: Marts) -> None:
    assert marts.daily(ALL, "b")["contacts"].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert marts.daily(ALL, "c")["contacts"].tolist()[0] == 2
    shares = marts.theme_shares("c", ALL, "product").set_index("value")["contacts"].to_dict()
    assert shares == {"Mobile": 1, "Router": 1}
    assert {each.contact_id for each in marts.contacts(ALL, Criteria(theme="c"), 9).contacts} == {"x", "z"}
    assert marts.contacts(ALL, Criteria(theme="b"), 9).total == 1
    assert marts.nearest("a", ALL, 9) == ("y", "x")
    assert marts.nearest("c", ALL, 9) == ("z", "x")


def test_impact_counts_it(marts: Marts) -> None:
    found = marts.impact("b", ALL)
    assert (found.contacts, found.customers) == (1, 1)
    assert found.negative_share is not None and found.negative_share.value == 1.0
    assert marts.impact("c", ALL).contacts == 2


def test_the_map_counts_it(marts: Marts) -> None:
    view = marts.map_view(ALL, 10, 1)
    assert {theme.theme_id: theme.contacts for theme in view.themes} == {"a": 2, "b": 1, "c": 2}
    assert len(view.points) == 4
    marked = marts.marked(ALL, Region.rectangle(-1, 9, -1, 1))
    assert set(marked.themes) == {("a", 2, 2), ("c", 2, 2), ("b", 1, 1), (None, 1, 1)}
    assert len(marked.numbers) == 4


def test_a_contact_tells_its_themes_and_where_it_speaks_of_each(marts: Marts) -> None:
    found = {each.contact_id: each for each in marts.contacts_by_id(("x", "y", "n"))}
    assert found["x"].themes == (
        ContactTheme("a", "A", Evidence(0, 0, 16)),
        ContactTheme("b", "B", Evidence(0, 17, 35)),
        ContactTheme("c", "C", Evidence(0, 17, 35)),
    )
    assert [found["x"].said_of(theme) for theme in "abcd"] == [BILL, ROUTER, ROUTER, None]
    assert (found["y"].themes, found["y"].said_of("a")) == ((ContactTheme("a", "A", None),), None)
    assert found["n"].themes == ()


def test_a_contact_that_was_told_anew_has_no_passage(marts: Marts) -> None:
    (found,) = marts.contacts_by_id(("x",))
    shorter = replace(found, turns=())
    assert [shorter.said_of(theme) for theme in "abc"] == [None] * 3


def test_an_area_keeps_the_themes_that_its_contacts_speak_of(spoken: Workspace, make: Any) -> None:
    marts = Marts.load(spoken.lake, make.model, area=("Router",))
    assert {theme.theme_id: theme.verbatim_ids for theme in marts.themes(ALL)} == {
        "a": ("x",),
        "b": ("x",),
        "c": ("x",),
    }
    assert [theme.theme_id for theme in marts.contacts_by_id(("x",))[0].themes] == ["a", "b", "c"]
    assert marts.contacts_by_id(("y", "z")) == ()
    marts.close()


def test_pages_show_the_words_about_a_theme(spoken: Workspace, open_page: Any) -> None:
    page = open_page(spoken, CONTACT, contact="x")
    shown = " ".join(each.value for each in page.text)
    assert BILL in shown and ROUTER in shown
    assert "Themes" in {each.value for each in page.caption}
    listed = open_page(spoken, CONTACTS, theme="b", period="all")
    assert ROUTER in {each.value for each in listed.text}
    assert f"{BILL} {ROUTER}" not in {each.value for each in listed.text}
    of_theme = open_page(spoken, THEME, theme="b", period="all")
    assert ROUTER in {each.value for each in of_theme.text}
