"""What is emerging, against tables small enough to read."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake

from voc.data.workspace import Workspace
from voc.inference.marts import TABLES, Marts, Selection
from voc.inference.marts_signals import AlertSummary


@pytest.fixture(scope="module")
def small(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six themes of every kind, with alerts of all of them."""
    workspace = make.workspace(tmp_path_factory.mktemp("signals") / "w")
    lake, last = workspace.lake, make.last_day
    began = last - timedelta(days=4)
    lake.append("contacts", make.table("contacts", [make.contact("c", last, "Zdravo")]))
    themes = {"big": "active", "little": "active", "past": "active", "old": None, "gone": "merged", "no": "dismissed"}
    rows = [{"theme_id": key, "label": key.title(), "status": status} for key, status in themes.items()]
    rows.append({"theme_id": "silent", "label": "Silent", "status": "retired", "owner": "Ana", "fixed_on": last})
    lake.append("themes", make.table("themes", rows))
    alerts = [
        make.alert("little", began, last, 10, 2.0),
        make.alert("big", began, last, 38, 12.0),
        make.alert("roaming", began, last, 30, 12.0, kind="reason"),
        make.alert("past", began - timedelta(days=20), began - timedelta(days=18), 9, 2.0, closed=True),
        make.alert("past", began - timedelta(days=60), began - timedelta(days=60), 9, 2.0, closed=True),
        *(make.alert(theme, began, last, 99, 1.0) for theme in ("gone", "no", "silent")),
        make.alert("big | product | A | B", began, last, 20, 4.0, kind="slice"),
        make.alert("past | channel | call", began, last, 8, 1.0, kind="slice"),
        make.alert("gone | channel | call", began, last, 8, 1.0, kind="slice"),
        make.alert("big | channel | chat", began, last, 8, 1.0, kind="slice", closed=True),
    ]
    lake.append("alerts", make.table("alerts", alerts))
    days = make.signals("big", [3, 3, 9], "emerging") + make.signals("past", [3, 3, 2], "resolved")
    days += make.signals("roaming", [1, 1], "growing", kind="reason")
    lake.append(
        "signals", make.table("signals", days + make.signals("big | product | A | B", [1], "new", kind="slice"))
    )
    return workspace


@pytest.fixture(scope="module")
def marts(small: Workspace) -> Iterator[Marts]:
    marts = Marts.load(small.lake, small.current_model)
    yield marts
    marts.close()


def test_living_alerts_come_by_customers_above_the_usual(marts: Marts) -> None:
    found = marts.emergence()
    assert [(each.kind, each.group_id) for each in found.alerts] == [
        ("theme", "big"), ("reason", "roaming"), ("theme", "little"),
    ]  # fmt: skip
    assert [each.label for each in found.alerts] == ["Big", "roaming", "Little"]
    assert [each.standing for each in found.alerts] == ["emerging", "growing", None]


def test_slices_are_a_detail_of_their_theme_or_stand_apart(marts: Marts) -> None:
    found = marts.emergence()
    assert [(part.dimension, part.value) for part in found.alerts[0].parts] == [("product", "A | B")]
    assert [(part.label, part.value, part.customers) for part in found.parts] == [("Past", "call", 8)]


def test_what_was_tested(marts: Marts, make: Any) -> None:
    found = marts.emergence()
    assert (found.tested, found.themes, found.reasons) == (make.last_day, 2, 1)


def test_the_excess_has_the_exact_poisson_interval(marts: Marts) -> None:
    found = marts.emergence().alerts[0]
    # Garwood's limits of 38 are 26.89 and 52.16.
    assert (found.above.value, found.above.low, found.above.high) == pytest.approx((26, 14.89, 40.16), abs=0.01)
    assert found.times is not None
    assert (found.times.value, found.times.low) == pytest.approx((38 / 12, 26.89 / 12), abs=0.01)


def test_out_of_next_to_nothing_there_is_no_number_of_times(make: Any) -> None:
    row = make.alert("t", make.last_day, make.last_day, 6, 0.4)
    names = ("alert_id", "kind", "group_id", "began", "opened", "last", "closed", "test", "customers", "expected")
    assert AlertSummary(**{name: row[name] for name in names}, label="T", standing=None).times is None


def test_all_alerts_of_a_theme_newest_first(marts: Marts, make: Any) -> None:
    opened = [(make.last_day - each.opened).days for each in marts.theme_alerts("past")]
    assert opened == [22, 64]
    assert all(each.closed for each in marts.theme_alerts("past"))
    assert marts.theme_alerts("nobody") == ()


def test_the_baseline_day_by_day(marts: Marts, make: Any) -> None:
    found = marts.baseline("theme", "big")
    assert found["customers"].tolist() == [3, 3, 9]
    assert found["upper"].isna().tolist() == [True, False, False]
    assert len(marts.baseline("theme", "big", make.last_day)) == 1
    assert marts.baseline("theme", "roaming").empty


def test_themes_that_are_no_more_are_not_listed(marts: Marts, make: Any) -> None:
    day = Selection(make.last_day, make.last_day)
    assert {each.theme_id: each.standing for each in marts.themes(day)} == {
        "big": "emerging", "little": None, "past": "resolved", "old": None,
    }  # fmt: skip
    retired = marts.theme("silent", day)
    assert retired is not None
    assert (retired.status, retired.owner, retired.fixed_on) == ("retired", "Ana", make.last_day)
    assert marts.theme("gone", day) is None
    assert marts.theme("no", day) is None


def test_answers_depend_on_the_new_tables() -> None:
    assert {"signals", "alerts"} <= set(TABLES)


def test_a_lake_of_before_has_themes_and_was_never_tested(make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    day = make.last_day
    workspace.lake.append("contacts", make.table("contacts", [make.contact("c", day, "Zdravo")]))
    theme = {"theme_id": "t", "label": "T", "status": "active", "first_day": day}
    new = ["floor", "space", "merged_into", "owner", "fixed_on", "fixed_release"]
    older = make.table("themes", [theme]).drop_columns(new)
    write_deltalake(str(workspace.lake.root / "themes"), older)
    marts = Marts.load(workspace.lake, workspace.current_model)
    found = marts.emergence()
    assert (found.alerts, found.parts, found.tested, found.themes) == ((), (), None, 1)
    assert [(each.theme_id, each.standing) for each in marts.themes(Selection(day, day))] == [("t", None)]
    assert marts.baseline("theme", "t").empty
    marts.close()
