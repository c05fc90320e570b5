"""The sentences over the charts."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from voc.app import sentences
from voc.inference.intervals import Interval
from voc.inference.marts import Criteria, Selection, ThemeSummary, Totals
from voc.inference.marts_signals import AlertSummary, Emergence, Part

MAY = Selection(date(2026, 5, 2), date(2026, 5, 29))
TOTALS = Totals(12_430, 9_000, 50_000.0, 12_000, 4_000, 300, 360)


def plain(text: str | None) -> str:
    return (text or "").replace("\u00a0", " ")


def theme(**more: Any) -> ThemeSummary:
    values: dict[str, Any] = {
        "theme_id": "t", "label": "Router *update*", "keywords": (), "status": "active",
        "first_day": MAY.first,
        "verbatim_ids": (), "contacts": 188, "customers": 150, "recent": 70, "baseline": 70,
        "baseline_days": 28,
    }  # fmt: skip
    return ThemeSummary(**(values | more))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Interval(0.08, 0.06, 0.10), ": 8 % more (6 to 10 %) than in the 28 days before."),
        (Interval(-0.08, -0.10, -0.06), ": 8 % fewer (6 to 10 %) than in the 28 days before."),
        (Interval(0.01, -0.02, 0.04), ": no clear change (−2 to +4 %) against the 28 days before."),
        (None, "."),
    ],
    ids=["more", "fewer", "unclear", "nothing before"],
)
def test_overview(change: Interval | None, said: str) -> None:
    found = plain(sentences.overview(TOTALS, MAY, change))
    assert found == "12,430 contacts from 9,000 customers, 2 to 29 May 2026" + said


def test_one_contact_is_said_in_the_singular() -> None:
    found = sentences.overview(Totals(1, 1, 1, 1, 0, 0, 0), Selection(MAY.last, MAY.last), None)
    assert plain(found) == "1 contact from 1 customer, 29 May 2026."


def frame(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "contacts", "contacts_before"])


def test_leader() -> None:
    found = sentences.leader(frame(("Bill *higher*", 1680, 1500), ("Roaming", 100, 90)), 12_000)
    assert plain(found) == r"**Bill \*higher\*** leads: 14.0 % of 12,000 scored contacts (13.4 to 14.6 %)."
    assert sentences.leader(frame(), 0) is None


def test_only_a_clear_mover_is_named() -> None:
    clear = frame(("Bill", 1000, 1000), ("Roaming", 900, 300), ("TV", 480, 600))
    assert plain(sentences.moved(sentences.mover(clear, 10_000, 10_000))) == (
        "**Roaming** rose most: from 3.0 % to 9.0 %."
    )
    fallen = frame(("Bill", 500, 1000), ("TV", 480, 500))
    assert "fell most" in sentences.moved(sentences.mover(fallen, 10_000, 10_000))
    noise = frame(("Bill", 100, 110), ("Roaming", 30, 25))
    assert sentences.moved(sentences.mover(noise, 1_000, 1_000)) == "No reason's share changed clearly."
    assert sentences.mover(clear, 10_000, 0) is None


def test_many_comparisons_need_more_than_one_would() -> None:
    alone = frame(("Roaming", 130, 100))
    assert sentences.mover(alone, 1_000, 1_000) is not None
    among = frame(("Roaming", 130, 100), *((f"r{number}", 50, 50) for number in range(27)))
    assert sentences.mover(among, 1_000, 1_000) is None


def test_theme_sentences() -> None:
    found = plain(sentences.theme(theme(), MAY))
    assert found == (
        "188 contacts from 150 customers, 2 to 29 May 2026. "
        "Last 7 days against the 28 before: 4.0 times as frequent as before (2.9 to 5.6)."
    )
    assert "no clear change (0.8 to 1.3)" in sentences.theme(theme(baseline=280), MAY)
    assert plain(sentences.theme(theme(baseline_days=3), MAY)).endswith("2026.")
    assert plain(sentences.fastest((theme(), theme(baseline=280)))) == (
        r"**Router \*update\*** grew most: 4.0 times as frequent as before (2.9 to 5.6) in the last 7 days."
    )
    assert sentences.fastest((theme(baseline=280),)) == "None grew clearly in the last 7 days."
    assert sentences.fastest((theme(baseline=0),)) is None
    assert plain(sentences.themes((theme(),), 190, 1_000)) == (
        "1 theme in what customers say. They hold 19 % of 1,000 contacts."
    )


def test_contacts() -> None:
    assert plain(sentences.contacts(1, Criteria())) == "1 contact, newest first."
    assert plain(sentences.contacts(318, Criteria(words="račun"))) == "318 contacts with these words, newest first."
    assert sentences.contacts(0, Criteria()) == "No contact fits."


def test_freshness_says_what_the_figures_rest_on() -> None:
    assert plain(sentences.freshness(TOTALS, "29 May 2026, 07:10", "m1")) == (
        "Data to 29 May 2026, 07:10 · n = 12,430 · 3 % of scored unknown · 430 contacts not scored · model m1"
    )
    assert sentences.freshness(Totals(0, 0, 0, 0, 0, 0, 0), "today", None).endswith("no model yet")


def alert(**more: Any) -> AlertSummary:
    values: dict[str, Any] = {
        "alert_id": "1", "kind": "theme", "group_id": "t", "label": "T", "began": date(2026, 5, 25),
        "opened": date(2026, 5, 27), "last": date(2026, 5, 29), "closed": False, "test": "excess", "customers": 38,
        "expected": 12.4, "standing": "emerging",
    }  # fmt: skip
    return AlertSummary(**(values | more))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "38 customers since Monday, 25 May, usually 12: 3.1 times as many."),
        ({"expected": 19.0}, "38 customers since Monday, 25 May, usually 19: twice as many."),
        ({"expected": 0.3}, "38 customers since Monday, 25 May, usually none."),
        ({"began": date(2026, 5, 12)}, "38 customers since 12 May 2026, usually 12: 3.1 times as many."),
        ({"began": date(2026, 5, 29)}, "38 customers on Friday, 29 May, usually 12: 3.1 times as many."),
        ({"closed": True}, "38 customers from 25 to 29 May 2026, usually 12: 3.1 times as many."),
        ({"customers": 1, "expected": 0.5}, "1 customer since Monday, 25 May, usually 0.5: twice as many."),
    ],
    ids=["this week", "twice", "out of nothing", "earlier", "today", "over", "one"],
)
def test_rise(more: dict[str, Any], said: str) -> None:
    assert plain(sentences.rise(alert(**more))) == said


def test_why_an_alert_was_raised() -> None:
    found = plain(sentences.why(alert(customers=14)))
    assert found == "Alert on 27 May · more within a week than chance explains · 2 above the usual (−5 to 11)"


@pytest.mark.parametrize(
    ("budget", "said"),
    [(1, "one false alert a month is"), (0.5, "one false alert in 2 months is"), (2.5, "2.5 false alerts a month are")],
)
def test_false_alerts(budget: float, said: str) -> None:
    assert sentences.false_alerts(budget) == f"About {said} to be expected."


def test_contacts_after_the_test_are_named() -> None:
    found = Emergence((), (), date(2026, 5, 20), 2, 0)
    assert plain(sentences.tested(found, date(2026, 5, 20))) == "2 themes, tested to 20 May 2026"
    assert sentences.tested(found, date(2026, 5, 21)).endswith("; newer contacts wait for the next test")


def test_slices_are_named_and_counted() -> None:
    some = tuple(Part("t", "T *x*", "channel", name, 9, 1.2) for name in ("call", "chat", "email", "ticket", "fax"))
    assert (
        sentences.parts(some) == r"Above the usual by itself: channel Call, channel Chat, channel E\-mail and 2 more."
    )
    said = sentences.elsewhere(some[:1])
    assert said == r"In one part of the customers alone: T \*x\* (channel Call: 9, usually 1.2)."
    assert sentences.parts(()) is None and sentences.elsewhere(()) is None
