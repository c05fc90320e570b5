"""Signals, alerts and impact over a small real lake. Its contacts are invented, in four languages."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from voc.data.contracts import CONTACTS, CUSTOMERS, SCORES, THEME_ASSIGNMENTS, THEMES
from voc.data.demo import taxonomy_toml
from voc.data.lake import Lake
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.emergence.impact import Impact, Prices
from voc.inference.emergence.run import EmergenceSummary, emergence
from voc.inference.emergence.series import reason_series, slice_series, theme_series
from voc.inference.marts import Marts
from voc.inference.selection import Selection

FIRST = date(2026, 3, 2)
DAYS = 50
FORMS = (("hr", "Latn"), ("sl", "Latn"), ("sr", "Cyrl"), ("en", "Latn"))
SPIKE = range(44, 50)


def _contacts() -> list[dict[str, object]]:
    """Two themes of 12 contacts a day; T002 has 30 more on the last six days, Cyrillic ones of product B, angry."""
    rows: list[dict[str, object]] = []
    draw = np.random.default_rng(1)
    for day in range(DAYS):
        for theme in ("T001", "T002"):
            for place in range(int(draw.poisson(12))):
                rows.append(_contact(len(rows), day, theme, place % 4, "A" if place % 2 else "B", angry=False))
        rows += [
            _contact(len(rows) + place, day, "T002", 2, "B", angry=True) for place in range(30 if day in SPIKE else 0)
        ]
    return rows


def _contact(number: int, day: int, theme: str, form: int, product: str, *, angry: bool) -> dict[str, object]:
    when = FIRST + timedelta(days=day)
    return {
        "contact_id": f"c{number}", "customer_id": f"k{number % 400}", "day": when,
        "started_at": datetime(when.year, when.month, when.day, 9, tzinfo=UTC), "channel": "chat", "product": product,
        "language": FORMS[form][0], "script": FORMS[form][1], "csat": 1 if angry else 4, "theme": theme,
    }  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace.create(
        tmp_path_factory.mktemp("emergence") / "w", '[company]\nname = "Test company"\n', taxonomy_toml()
    )
    rows = _contacts()
    themes = [{"theme_id": name, "label": f"words of {name}", "status": "active"} for name in ("T001", "T002")]
    angry = [row["csat"] == 1 for row in rows]
    evidence = {"turn": 0, "begin": 0, "end": 1}
    scores = [
        {
            "contact_id": row["contact_id"], "model_version": "m1", "day": row["day"],
            "reasons": [{"reason": "billing", "probability": 0.9, "evidence": evidence}] * (2 if bad else 1),
            "sentiment": "negative" if bad else "neutral", "churn_intent": bad, "abstained": False,
        }
        for row, bad in zip(rows, angry, strict=True)
    ]  # fmt: skip
    customers = [{"customer_id": f"k{n}", "active_from": FIRST, "segment": "home"} for n in range(400)]
    whole = {name: None for name in CONTACTS.schema.names}
    contacts = [{**whole, **{key: value for key, value in row.items() if key != "theme"}} for row in rows]
    for name, contract, values in (
        ("contacts", CONTACTS, contacts), ("customers", CUSTOMERS, customers), ("themes", THEMES, themes),
        ("scores", SCORES, scores),
        ("theme_assignments", THEME_ASSIGNMENTS,
         [{"contact_id": row["contact_id"], "day": row["day"], "theme_id": row["theme"]} for row in rows]),
    ):  # fmt: skip
        made.lake.append(name, pa.Table.from_pylist(values, schema=contract.schema))
    return made


@pytest.fixture(scope="module")
def summary(workspace: Workspace) -> EmergenceSummary:
    return emergence(workspace)


def test_series_count_each_customer_once_a_day(workspace: Workspace) -> None:
    found = theme_series(workspace.lake)
    assert found.groups == ("T001", "T002")
    assert (found.first_day, found.days) == (FIRST, DAYS)
    assert (found.exposure == 400).all()
    assert found.customers[1, -1] >= 30
    assert found.everyone[0] == found.customers[:, 0].sum()
    assert found.upto(10).customers.shape == (2, 10)


def test_a_reason_told_twice_in_a_contact_counts_once(workspace: Workspace) -> None:
    found = reason_series(workspace.lake, "m1")
    assert found.groups == ("billing",)
    assert (found.customers[0] == found.everyone).all()
    assert reason_series(workspace.lake, "another").groups == ()


def test_slices_name_theme_dimension_and_value(workspace: Workspace) -> None:
    languages = slice_series(workspace.lake, "language", "m1")
    assert "T002 | language | sr" in languages.groups
    assert len(languages.groups) == 8
    segments = slice_series(workspace.lake, "segment", None)
    assert segments.groups == ("T001 | segment | home", "T002 | segment | home")
    assert slice_series(workspace.lake, "language", "m1", minimum=10**6).groups == ()
    (negative,) = slice_series(workspace.lake, "sentiment", "m1").customers
    assert negative[: SPIKE.start].sum() == 0 and (negative[SPIKE.start :] >= 28).all()
    assert slice_series(workspace.lake, "sentiment", "another").groups == ()
    assert slice_series(workspace.lake, "version", "m1").groups == ()


def test_versions_are_an_attribute(workspace: Workspace, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for name in ("contacts", "theme_assignments"):
        lake.append(name, workspace.lake.dataset(name).to_table())
    rows = lake.query("SELECT * FROM contacts").to_pylist()
    versions = [
        row | {"attributes": json.dumps({"version": "4.2" if row["product"] == "B" else "4.1"})} for row in rows
    ]
    lake.replace("contacts", pa.Table.from_pylist(versions, schema=CONTACTS.schema))
    groups = slice_series(lake, "version", None).groups
    assert groups == tuple(f"{theme} | version | {number}" for theme in ("T001", "T002") for number in ("4.1", "4.2"))


def test_a_mood_that_turns_is_an_alert_though_as_many_call_as_ever(workspace: Workspace, tmp_path: Path) -> None:
    turned = Workspace.create(tmp_path / "w", '[company]\nname = "Test company"\n', taxonomy_toml())
    (turned.models / "m1").mkdir(parents=True)
    turned.make_current("m1")
    for name in ("contacts", "customers", "themes", "theme_assignments", "scores"):
        turned.lake.append(name, workspace.lake.dataset(name).to_table())
    calm = turned.lake.query("SELECT * FROM contacts WHERE csat = 4").to_pylist()
    place = {row["contact_id"]: number for number, row in enumerate(calm)}
    scores = [row for row in turned.lake.query("SELECT * FROM scores").to_pylist() if row["contact_id"] in place]
    assigned = turned.lake.query("SELECT contact_id, theme_id FROM theme_assignments").to_pylist()
    theme = {row["contact_id"]: row["theme_id"] for row in assigned}
    first = FIRST + timedelta(days=SPIKE.start)
    for row in scores:
        late = theme[row["contact_id"]] == "T001" and row["day"] >= first
        negative = place[row["contact_id"]] % 4 == 0 or late
        row["sentiment"] = "negative" if negative else "neutral"
    turned.lake.replace("scores", pa.Table.from_pylist(scores, schema=SCORES.schema))
    turned.lake.replace("contacts", pa.Table.from_pylist(calm, schema=CONTACTS.schema))
    found = {alert.group_id for alert in emergence(turned).alerts}
    assert found == {"T001 | sentiment | negative"}


def test_the_spike_is_stored_once_however_often_it_is_worked_out(
    workspace: Workspace, summary: EmergenceSummary
) -> None:
    first = summary
    signals, alerts = (workspace.lake.query(f"SELECT * FROM {name} ORDER BY ALL") for name in ("signals", "alerts"))
    second = emergence(workspace)
    assert second.alerts == first.alerts
    assert workspace.lake.query("SELECT * FROM signals ORDER BY ALL").equals(signals)
    assert workspace.lake.query("SELECT * FROM alerts ORDER BY ALL").equals(alerts)
    themes = [line for line in first.living if line.kind == "theme"]
    assert [line.group_id for line in themes] == ["T002"]
    assert themes[0].label == "words of T002"
    assert 44 <= (themes[0].opened - FIRST).days <= 45
    assert themes[0].impact > 100
    assert "T002 | language | sr" in {line.group_id for line in first.living}
    open_days = workspace.lake.query(
        "SELECT count(*) AS n, min(day) AS first FROM signals WHERE alert_id = $id", {"id": themes[0].alert_id}
    ).to_pylist()[0]
    assert open_days == {"n": (FIRST + timedelta(DAYS - 1) - themes[0].opened).days + 1, "first": themes[0].opened}
    runs = workspace.lake.query("SELECT counts FROM runs WHERE step = 'signals'")
    assert runs.num_rows == 2


def impact(workspace: Workspace, theme: str, first: date, last: date, prices: Prices = ()) -> Impact:
    marts = Marts.load(workspace.lake, "m1")
    try:
        return marts.impact(theme, Selection(first, last), prices)
    finally:
        marts.close()


def test_impact_says_what_the_spike_cost(workspace: Workspace, summary: EmergenceSummary) -> None:
    assert summary.days == DAYS
    first, last = FIRST + timedelta(SPIKE.start), FIRST + timedelta(DAYS - 1)
    found = impact(workspace, "T002", first, last)
    assert found.contacts == pytest.approx(6 * 42, abs=30)
    assert found.volume_share and found.above_usual and found.negative_share
    assert found.csat_difference and found.leaving_difference
    assert found.volume_share.low < found.volume_share.value < found.volume_share.high
    assert found.above_usual.low > 100
    assert found.above_usual.value == pytest.approx(180, abs=40)
    assert found.negative_share.value == pytest.approx(30 / 42, abs=0.06)
    assert found.csat_difference.high < 0
    assert found.leaving_difference.low > 0.5
    calm = impact(workspace, "T001", FIRST + timedelta(20), FIRST + timedelta(30))
    assert calm.above_usual and calm.csat_difference
    assert calm.above_usual.low < 0 < calm.above_usual.high
    assert calm.csat_difference.value == 0


def test_the_interval_of_the_csat_difference_is_that_of_drawing_customers(workspace: Workspace) -> None:
    first, last = FIRST + timedelta(SPIKE.start), FIRST + timedelta(DAYS - 1)
    found = impact(workspace, "T002", first, last).csat_difference
    assert found
    rows = workspace.lake.query(
        """SELECT customer_id, csat, theme_id = 'T002' AS inside FROM contacts JOIN theme_assignments USING (contact_id)
           WHERE contacts.day BETWEEN $first AND $last ORDER BY contact_id""",
        {"first": first, "last": last},
    ).to_pandas()
    names, who = np.unique(rows["customer_id"], return_inverse=True)
    csat, out = rows["csat"].to_numpy(float), ~rows["inside"].to_numpy(bool)
    sums = np.stack([np.bincount(who, part, len(names)) for part in (csat**0, csat, 1.0 * out, csat * out)], axis=1)
    draws = np.random.default_rng(5).multinomial(len(names), np.full(len(names), 1 / len(names)), 4000) @ sums
    low, high = np.quantile(draws[:, 1] / draws[:, 0] - draws[:, 3] / draws[:, 2], [0.025, 0.975])
    assert found.value == pytest.approx(csat.mean() - csat[out].mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_the_cost_is_that_of_the_channels_with_a_price(workspace: Workspace, summary: EmergenceSummary) -> None:
    assert summary.days == DAYS
    first, last = FIRST + timedelta(SPIKE.start), FIRST + timedelta(DAYS - 1)
    found = impact(workspace, "T002", first, last, (("chat", 2.5), ("call", 9.0)))
    assert found.cost and found.cost.above_usual and found.above_usual
    assert (found.cost.contacts, found.cost.total) == (found.contacts, 2.5 * found.contacts)
    assert found.cost.above_usual.value / found.cost.total == pytest.approx(180 / (6 * 42), abs=0.15)
    assert impact(workspace, "T002", first, last, (("call", 9.0),)).cost is None


def test_impact_of_what_nobody_said_is_not_known(workspace: Workspace) -> None:
    nothing = impact(workspace, "T999", FIRST, FIRST)
    assert nothing.contacts == nothing.customers == 0
    assert nothing.negative_share is nothing.csat_difference is nothing.above_usual is None
    late = impact(workspace, "T002", FIRST + timedelta(DAYS - 2), FIRST + timedelta(DAYS + 2))
    assert late.contacts and late.above_usual is None  # days that were never tested have no usual


def test_without_themes_there_is_one_line_that_says_so(tmp_path: Path) -> None:
    empty = Workspace.create(tmp_path / "w", '[company]\nname = "Test company"\n', taxonomy_toml())
    with pytest.raises(WorkspaceError, match="voc themes"):
        emergence(empty)
    assert theme_series(Lake(tmp_path / "nowhere")).days == 0
