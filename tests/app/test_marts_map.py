"""The map's questions against a lake small enough to count by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voc.app import map_area, map_chart
from voc.data.workspace import Workspace
from voc.inference.marts import Marts, Selection
from voc.inference.marts_map import Region

FIRST = date(2026, 5, 1)
ALL = Selection(FIRST, FIRST + timedelta(days=30))


@pytest.fixture(scope="module")
def mapped(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Contact number n of customer n // 2 at (n, 0); 0 to 5 are of theme t, 6 and 7 of u, 8 of none; 9 has no place."""
    workspace = make.workspace(tmp_path_factory.mktemp("mapped") / "w")
    lake = workspace.lake
    days = [FIRST + timedelta(days=number) for number in range(10)]
    ids = [f"c{number}" for number in range(10)]
    rows = [
        make.contact(ids[n], days[n], "Hi", customer_id=f"u{n // 2}", product="Mobile" if n < 4 else "Prepaid")
        for n in range(10)
    ]
    lake.append("contacts", make.table("contacts", rows))
    person = {"customer_id": "u1", "active_from": FIRST, "segment": "business", "digest": "1"}
    lake.append("customers", make.table("customers", [person]))
    moods = ["negative", "positive"] + ["neutral"] * 8
    lake.append("scores", make.table("scores", [make.score(ids[n], days[n], sentiment=moods[n]) for n in range(9)]))
    themes = [
        {"theme_id": each, "label": f"Theme {each}", "first_day": FIRST, "last_day": FIRST, "status": "active"}
        for each in ("t", "u")
    ]
    lake.append("themes", make.table("themes", themes))
    of = ["t"] * 6 + ["u"] * 2 + [None] * 2
    lake.append(
        "theme_assignments",
        make.table(
            "theme_assignments",
            [{"contact_id": ids[n], "day": days[n], "theme_id": of[n], "similarity": 0.5} for n in range(10)],
        ),
    )
    places = [{"contact_id": ids[n], "day": days[n], "x": float(n), "y": 0.0} for n in range(9)]
    lake.append("theme_map", make.table("theme_map", places))
    return workspace


@pytest.fixture
def marts(mapped: Workspace, make: Any) -> Iterator[Marts]:
    found = Marts.load(mapped.lake, make.model)
    yield found
    found.close()


def test_the_map_shows_dots_and_names(marts: Marts) -> None:
    found = marts.map_view(ALL, 100, 1)
    assert (found.contacts, found.missing, found.hidden) == (9, 1, 0)
    assert [(theme.theme_id, theme.x, theme.contacts, theme.customers) for theme in found.themes] == [
        ("t", 2.5, 6, 3), ("u", 6.5, 2, 1),
    ]  # fmt: skip
    points = found.points.sort_values("x")
    assert points["x"].tolist() == list(range(9))
    assert points["theme"].tolist() == [0] * 6 + [1] * 2 + [-1]
    assert points["sentiment"].tolist()[:3] == ["negative", "positive", "neutral"]
    assert found.frame == Region.rectangle(0, 8, 0, 0)


def test_a_theme_of_few_customers_has_no_name_and_no_colour(marts: Marts) -> None:
    found = marts.map_view(ALL, 100, 2)
    assert [theme.theme_id for theme in found.themes] == ["t"]
    assert found.hidden == 1
    assert found.points.sort_values("x")["theme"].tolist() == [0] * 6 + [-1] * 3


def test_filters_narrow_the_map_and_the_frame_stays(marts: Marts) -> None:
    found = marts.map_view(Selection(ALL.first, ALL.last, products=("Mobile",)), 100, 1)
    assert found.points["x"].max() == 3 and found.contacts == 4
    assert found.frame == Region.rectangle(0, 8, 0, 0)


def test_of_many_the_same_sample_is_shown(marts: Marts) -> None:
    some = set(marts.map_view(ALL, 4, 1).points["x"])
    assert len(some) == 4
    assert set(marts.map_view(ALL, 3, 1).points["x"]) < some
    fewer = Selection(ALL.first, ALL.first + timedelta(days=6))
    inside = {x for x in some if x <= 6}
    assert inside <= set(marts.map_view(fewer, 4, 1).points["x"])


def test_a_mark_holds_what_lies_inside(marts: Marts) -> None:
    found = marts.marked(ALL, Region.rectangle(3.5, 8.5, -1, 1))
    assert [view.contact_id for view in marts.contacts_by_number(found.numbers.tolist())] == [
        "c8",
        "c7",
        "c6",
        "c5",
        "c4",
    ]
    assert found.customers == 3
    assert found.themes == (("t", 2, 1), ("u", 2, 1), (None, 1, 1))
    triangle = marts.marked(ALL, Region(((0.5, -1), (2.5, -1), (1.5, 2))))
    assert [view.contact_id for view in marts.contacts_by_number(triangle.numbers.tolist())] == ["c2", "c1"]
    assert marts.marked(ALL, Region.rectangle(20, 30, 0, 1)).customers == 0
    narrowed = Selection(ALL.first, ALL.last, products=("Mobile",))
    assert len(marts.marked(narrowed, Region.rectangle(-1, 9, -1, 1)).numbers) == 4
    business = Selection(ALL.first, ALL.last, segments=("business",))
    assert marts.map_view(business, 100, 1).contacts == 2
    assert marts.marked(business, Region.rectangle(-1, 9, -1, 1)).numbers.tolist() == [7, 8]


def test_a_lake_without_a_map_says_so(make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    workspace.lake.append("contacts", make.table("contacts", [make.contact("a", FIRST, "Hi")]))
    marts = Marts.load(workspace.lake, make.model)
    found = marts.map_view(ALL, 10, 1)
    assert found.frame is None and found.contacts == 0 and found.missing == 1
    assert marts.marked(ALL, Region.rectangle(-1, 1, -1, 1)).numbers.tolist() == []
    marts.close()


def test_a_region_by_the_even_odd_rule() -> None:
    # An arrow head: its notch is outside.
    arrow = Region(((0, 0), (4, 2), (0, 4), (2, 2)))
    x, y = np.array([0.5, 3.0, 2.5, -1.0]), np.array([2.0, 2.0, 2.0, 2.0])
    assert arrow.holds(x, y).tolist() == [False, True, True, False]


def test_a_region_in_the_url() -> None:
    region = Region(((0.5, -1.25), (2.0, 3.0), (7.0, 0.0)))
    assert map_area.parse(map_area.spell(region)) == region
    for nonsense in ("", "1,2", "1,2;3,4", "1,2;3,4;nan,5", "1,2;3,4;1e9,5", "a,b;c,d;e,f", ";".join(["1,2"] * 61)):
        assert map_area.parse(nonsense) is None, nonsense


def test_a_drawn_mark_becomes_a_region() -> None:
    rectangle = {"brush_type": "rect", "coord_range": [[2, 1], [5, 3]]}
    assert map_area.drawn([rectangle]) == Region.rectangle(1, 2, 3, 5)
    lasso = {"brush_type": "polygon", "coord_range": [[n, n * n] for n in range(500)]}
    found = map_area.drawn([lasso])
    assert found is not None and len(found.corners) <= map_area.MOST_CORNERS
    assert map_area.drawn([{"brush_type": "lineX", "coord_range": [1, 2]}]) is None
    assert map_area.drawn([]) is None


def test_a_name_at_an_edge_stands_beside_its_theme(marts: Marts) -> None:
    found = marts.map_view(ALL, 100, 1)
    assert found.frame is not None
    left, right, _low, _high = found.frame.box
    themes = tuple(replace(found.themes[0], x=x) for x in (left, (left + right) / 2, right))
    names = map_chart.option(replace(found, themes=themes), "sentiment", dark=False)["series"][0]["data"]
    assert [each["label"]["position"] for each in names] == ["right", "inside", "left"]


def test_the_chart_has_a_series_a_colour_and_no_markup(marts: Marts) -> None:
    found = marts.map_view(ALL, 100, 1)
    option = map_chart.option(found, "theme", dark=False)
    names, *groups = option["series"]
    assert [each["name"] for each in names["data"]] == ["Theme t", "Theme u"]
    assert [each["name"] for each in groups] == ["No theme", "Theme t", "Theme u"]
    sizes = [len(option["dataset"][each["datasetIndex"]]["source"]) for each in groups]
    assert sizes == [1, 6, 2]
    assert option["tooltip"]["renderMode"] == "richText"
    moods = map_chart.option(found, "sentiment", dark=True, region=Region.rectangle(0, 1, 0, 1))["series"]
    assert [each["name"] for each in moods] == ["Themes", "Neutral", "Positive", "Negative", "Marked"]
