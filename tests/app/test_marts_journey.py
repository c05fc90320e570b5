"""The journey and the pulse against a lake small enough to count by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from voc.config import Config, parse
from voc.errors import ConfigError
from voc.inference import intervals, medians
from voc.inference.intervals import Interval
from voc.inference.marts import NOT_STATED, Criteria, Marts
from voc.inference.marts_pulse import FixedTheme, Opening, trend_steps
from voc.inference.selection import Selection

FIRST = date(2026, 5, 4)  # a Monday
ALL = Selection(FIRST, FIRST + timedelta(days=29))
HOURS = Opening("Europe/Zagreb", (("mon", "08:00-16:00"), ("tue", "08:00-24:00")))


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@pytest.fixture(scope="module")
def marts(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    """Nine contacts of four customers in thirty days; the last one, on day 30, is of no stage.

    Anna pays on day 1 and again on days 4 (other reason) and 20; Bob pays on day 1 and comes back on day 8, on another
    channel; Cyril activates on day 2 and comes back for the same reason in another stage on day 5; Dora pays on day 26.
    """
    workspace = make.workspace(tmp_path_factory.mktemp("journey") / "w")
    lake = workspace.lake
    rows: list[tuple[str, int, str, str | None, str, dict[str, Any]]] = [
        ("a1", 1, "anna", "pay", "bill_higher", {"csat": 1, "nps": 10, "first_response_s": 60, "duration_s": 600}),
        ("a2", 4, "anna", "pay", "roaming", {"csat": 2, "nps": 9, "first_response_s": 120}),
        ("a3", 20, "anna", "pay", "bill_higher", {"first_response_s": 90}),
        ("b1", 1, "bob", "pay", "bill_higher", {"csat": 5, "nps": 8}),
        ("b2", 8, "bob", "pay", "bill_higher", {"channel": "email", "first_response_s": 9000}),
        ("c1", 2, "cyril", "activate", "router_setup", {"nps": 0}),
        ("c2", 5, "cyril", "use", "router_setup", {"ces": 4}),
        ("d1", 26, "dora", "pay", "bill_higher", {}),
        ("d2", 30, "dora", None, "bill_higher", {}),
    ]
    contacts = [
        make.contact(
            key, day(number), "Hello", customer_id=who, journey_stage=stage,
            started_at=datetime(2026, 5, 3, 6, 30, tzinfo=UTC) + timedelta(days=number), **more
        )
        for key, number, who, stage, _reason, more in rows
    ]  # fmt: skip
    lake.append("contacts", make.table("contacts", contacts))
    scores = [
        make.score(key, day(number), (reason, 0.9), sentiment="negative" if key in ("a1", "c1") else "neutral")
        for key, number, _who, _stage, reason, _more in rows
    ]
    lake.append("scores", make.table("scores", scores))
    people = [
        {
            "customer_id": name,
            "active_from": date(2025, 1, 1),
            "digest": name,
            "active_to": left,
            "segment": "business" if name in ("anna", "cyril", "eve") else "home",
        }
        for name, left in (("anna", None), ("bob", None), ("cyril", day(6)), ("dora", None), ("eve", None))
    ]
    lake.append("customers", make.table("customers", people))
    risks = [("a1", 1, 0.2), ("a3", 20, 0.5), ("b2", 8, 0.9), ("c2", 5, 0.9), ("d1", 26, 0.1)]
    lake.append(
        "outcome_scores",
        make.table(
            "outcome_scores",
            [
                {"contact_id": key, "model_version": "head", "day": day(number), "outcome_probability": risk}
                for key, number, risk in risks
            ],
        ),
    )
    marts = Marts.load(lake, workspace.current_model, "head")
    yield marts
    marts.close()


def test_a_customer_counts_once_in_a_stage_and_returns_within_a_week(marts: Marts) -> None:
    found = {each.stage: each for each in marts.stages(ALL)}
    pay = found["pay"]
    assert (pay.contacts, pay.customers, pay.scored, pay.negative) == (6, 3, 6, 1)
    # Anna (day 4) and Bob (day 8, by e-mail) came back; Dora's first contact is younger than a week.
    assert (pay.asked, pay.back) == (2, 2)
    activate = found["activate"]
    assert (activate.asked, activate.back) == (1, 0), "coming back in another stage is not coming back to this one"
    assert found[NOT_STATED].contacts == 1
    assert next(iter(found)) == "pay"


def test_in_a_cell_coming_back_means_the_same_reason_in_any_stage(marts: Marts) -> None:
    frame = marts.stage_cells(ALL)
    found = {(row["stage"], row["reason"]): row for row in frame.to_dict("records")}
    assert set(found) == {
        ("pay", "bill_higher"), ("pay", "roaming"), ("activate", "router_setup"), ("use", "router_setup"),
    }  # fmt: skip
    bill = found["pay", "bill_higher"]
    assert (bill["contacts"], bill["customers"], bill["negative"]) == (5, 3, 1)
    # Of Anna and Bob alone Bob came back about the bill within a week: Anna's next was nineteen days later.
    assert (bill["asked"], bill["back"]) == (2, 1)
    assert (found["activate", "router_setup"]["asked"], found["activate", "router_setup"]["back"]) == (1, 1)
    assert (found["use", "router_setup"]["asked"], found["use", "router_setup"]["back"]) == (1, 0)


def test_filters_choose_the_first_contact_and_not_the_return(marts: Marts) -> None:
    chats = Selection(FIRST, day(30), channels=("chat",))
    bill = marts.stage_cells(chats).set_index(["stage", "reason"]).loc[("pay", "bill_higher")]
    assert (int(bill["contacts"]), int(bill["asked"]), int(bill["back"])) == (4, 2, 1)
    home = {each.stage: each for each in marts.stages(replace(ALL, segments=("home",)))}
    assert (home["pay"].contacts, home["pay"].asked, home["pay"].back) == (3, 1, 1) and "activate" not in home
    later = marts.stage_cells(Selection(day(8), day(30))).set_index(["stage", "reason"]).loc[("pay", "bill_higher")]
    assert (int(later["asked"]), int(later["back"])) == (2, 0)


def test_medians_of_waiting_times(marts: Marts) -> None:
    pay = next(each for each in marts.stages(ALL) if each.stage == "pay")
    assert pay.first_response is not None and pay.duration is not None
    assert (pay.first_response.n, pay.first_response.median) == (4, Interval(105.0, 60.0, 9000.0))
    assert (pay.duration.n, pay.duration.median.value) == (1, 600.0)
    assert next(each for each in marts.stages(ALL) if each.stage == "use").first_response is None


def test_the_contacts_of_a_stage_can_be_listed(marts: Marts) -> None:
    assert marts.options().stages == ("pay", NOT_STATED, "activate", "use")
    assert marts.contacts(ALL, Criteria(stage="pay", reason="bill_higher"), 9).total == 5
    assert [each.contact_id for each in marts.contacts(ALL, Criteria(stage=NOT_STATED), 9).contacts] == ["d2"]
    assert marts.contacts(ALL, Criteria(stage="leave"), 9).total == 0


def test_ratings_count_customers_as_clusters(marts: Marts) -> None:
    found = marts.service(ALL, HOURS, 30)
    assert found.csat is not None and found.csat.interval is not None
    assert (found.csat.answers, found.csat.customers) == (3, 2)
    assert found.csat.mean == pytest.approx(8 / 3)
    # Residuals of Anna (3 - 2 * 8/3) and Bob (5 - 8/3), both 7/3 in size; Student's t with one degree of freedom.
    error = (2 * (7 / 3) ** 2 * 2 / 1) ** 0.5 / 3
    assert found.csat.interval.high - found.csat.mean == pytest.approx(12.7062 * error, rel=1e-4)
    assert found.nps is not None and (found.nps.answers, found.nps.mean) == (4, 25.0)  # 10, 9, 8 and 0
    assert found.ces is not None and found.ces.interval is None


def test_first_response_by_channel_fastest_first(marts: Marts) -> None:
    found = marts.service(ALL, HOURS, 30)
    assert found.first_response is not None and found.first_response.n == 4
    assert found.by_channel == (("chat", 3, 90.0), ("email", 1, 9000.0))


def test_the_bounds_of_a_median_are_its_order_statistics(marts: Marts) -> None:
    # Conover's example: of 16 values the bounds are the 4th and the 13th; small samples have their ends.
    assert medians.ranks(16) == (4, 13) and medians.ranks(3) == (1, 3) and medians.ranks(1) == (1, 1)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE contact AS SELECT range AS s, range % 2 AS half FROM range(1, 1001)")
        found = medians.timings(connection, "s", "half", "s <= $most", {"most": 32})
    assert (found[1].n, found[1].median) == (16, Interval(16.0, 7.0, 25.0))
    assert (found[0].n, found[0].median) == (16, Interval(17.0, 8.0, 26.0))


def test_contacts_out_of_the_opening_hours(marts: Marts) -> None:
    # All begin at 8:30 in Zagreb: open on Mondays (days 1, 8) and Tuesdays (day 2, 30), closed otherwise.
    assert marts.service(ALL, HOURS, 30).closed == 4
    late = Opening("Europe/Zagreb", (("mon", "09:00-16:00"),))
    assert marts.service(ALL, late, 30).closed == 9
    until = Opening("Europe/Zagreb", (("mon", "00:00-08:30"), ("tue", "00:00-08:31")))
    assert marts.service(ALL, until, 30).closed == 7, "the end is not open any more"
    assert marts.service(ALL, Opening("Europe/Zagreb"), 30).closed is None


@pytest.mark.parametrize("hours", ["8-20", "20:00-08:00", "08:00-08:00", "08:00-24:30", "25:00-26:00", "08:00 - 20:00"])
def test_opening_hours_are_from_and_to_on_one_day(hours: str) -> None:
    settings = {"company": {"opening_hours": {"mon": hours}}}
    with pytest.raises(ConfigError, match=r"such as 08:00-20:00"):
        parse(Config, settings, "voc.toml")
    with pytest.raises(ConfigError, match="monday"):
        parse(Config, {"company": {"opening_hours": {"monday": "08:00-20:00"}}}, "voc.toml")
    known = parse(Config, {"company": {"opening_hours": {"mon": "00:00-24:00"}}}, "voc.toml")
    assert known.company.opening_hours == {"mon": "00:00-24:00"}


def test_opening_hours_follow_the_clock_of_the_company() -> None:
    zagreb = Opening("Europe/Zagreb", (("sun", "08:00-24:00"),))
    found = zagreb.parameters(date(2026, 3, 22), date(2026, 3, 31))
    assert found["open_days"] == [date(2026, 3, 22), date(2026, 3, 29)]
    assert found["opens"] == [datetime(2026, 3, 22, 7, 0), datetime(2026, 3, 29, 6, 0)]  # summer time from the 29th on
    assert found["closes"] == [datetime(2026, 3, 22, 23, 0), datetime(2026, 3, 29, 22, 0)]


def test_customers_at_risk_are_those_still_there_by_their_latest_contact(marts: Marts) -> None:
    risk = marts.service(ALL, HOURS, 30).risk
    assert risk is not None
    # Anna 0.5 (her latest), Bob 0.9, Dora 0.1 (day 30 has none); Cyril has left.
    assert (risk.customers, risk.expected.value) == (3, pytest.approx(1.5))
    half = intervals.quantile() * (0.25 + 0.09 + 0.09) ** 0.5
    assert risk.expected.low == pytest.approx(1.5 - half) and risk.expected.high == pytest.approx(1.5 + half)
    fresh = marts.service(ALL, HOURS, 15).risk
    assert fresh is not None and (fresh.customers, fresh.expected.value) == (2, pytest.approx(0.6))


def test_the_trend_is_of_whole_weeks_up_to_the_last_day(marts: Marts) -> None:
    over, step = trend_steps(Selection(day(24), day(30)), FIRST)
    assert (over.first, over.last, step) == (day(3), day(30), 7)
    frame = marts.trend(over, step, HOURS, 30)
    assert frame["to_day"].dt.date.tolist() == [day(9), day(16), day(23), day(30)]
    assert frame["contacts"].tolist() == [3, 0, 1, 2] and frame["customers"].tolist() == [3, 0, 1, 1]
    assert frame["closed"].tolist() == [2, 0, 1, 1]
    assert frame["csat"].isna().tolist() == [False, True, True, True]
    assert frame["risk"].fillna(-1).tolist() == pytest.approx([0.9, -1, 0.5, 0.1])
    assert frame["active"].round(2).tolist() == [4.43, 4.0, 4.0, 4.0]
    business = marts.trend(replace(over, segments=("business",)), step, HOURS, 30)
    assert business["customers"].tolist() == [2, 0, 1, 0]
    assert business["active"].round(2).tolist() == [2.43, 2.0, 2.0, 2.0]
    assert marts.trend(replace(over, segments=(NOT_STATED,)), step, HOURS, 30)["active"].tolist() == [0.0] * 4
    assert trend_steps(ALL, FIRST)[0].days == 28
    long = Selection(FIRST, FIRST + timedelta(days=399))
    assert trend_steps(long, FIRST)[0].days == 84
    short, daily = trend_steps(Selection(day(3), day(9)), FIRST)
    assert (short.first, short.days, daily) == (FIRST, 9, 1)


def test_fixed_themes_are_those_of_the_last_weeks_newest_first(make: Any, tmp_path: Any) -> None:
    lake = make.workspace(tmp_path / "w").lake
    lake.append("contacts", make.table("contacts", [make.contact("c", day(1), "Hi")]))
    theme = {"keywords": ["bill"], "status": "active", "contacts": 1, "customers": 1}
    themes = [
        theme | {"theme_id": "old", "label": "Old", "fixed_on": day(1)},
        theme | {"theme_id": "new", "label": "New", "fixed_on": day(20), "fixed_release": "5.1"},
        theme | {"theme_id": "open", "label": "Open"},
        theme | {"theme_id": "gone", "label": "Gone", "fixed_on": day(20), "status": "retired"},
    ]
    lake.append("themes", make.table("themes", themes))
    marts = Marts.load(lake, None)
    assert marts.fixed_themes(day(2)) == (FixedTheme("new", "New", day(20), "5.1", None),)
    assert [each.theme_id for each in marts.fixed_themes(day(1))] == ["new", "old"]
    marts.close()


def test_an_empty_lake_has_no_journey_and_no_pulse(make: Any, tmp_path: Any) -> None:
    marts = Marts.load(make.workspace(tmp_path / "w", model=None).lake, None)
    assert marts.stages(ALL) == () and marts.stage_cells(ALL).empty and marts.options().stages == ()
    found = marts.service(ALL, HOURS, 30)
    assert (found.csat, found.first_response, found.by_channel, found.risk, found.closed) == (None, None, (), None, 0)
    assert marts.trend(ALL, 7, HOURS, 30)["contacts"].sum() == 0
    marts.close()
