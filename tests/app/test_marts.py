"""Marts against a lake small enough to count by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from voc.data.workspace import Workspace
from voc.inference.marts import Criteria, Evidence, Marts, Selection

FIRST = date(2026, 5, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@pytest.fixture(scope="module")
def small(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Five contacts of three customers on days 1, 1, 8, 9 and 15 of May 2026; one is not scored."""
    workspace = make.workspace(tmp_path_factory.mktemp("small") / "w")
    lake = workspace.lake
    rows = [
        ("a", 1, "anna", "Račun je prevelik", {"language": "hr", "product": "Mobile", "channel": "call"}),
        ("b", 1, "anna", "Рачун је велик", {"language": "sr", "product": "Mobile", "channel": "chat"}),
        ("c", 8, "bob", "100% of my bill_x is wrong", {"product": None}),
        ("d", 9, "cyril", "Roaming again", {"product": "Television"}),
        ("e", 15, "anna", "Roaming and bill", {"product": "Mobile", "channel": "email"}),
    ]
    lake.append(
        "contacts",
        make.table(
            "contacts",
            [
                make.contact(key, day(number), text, "Thank you", customer_id=customer, **more)
                for key, number, customer, text, more in rows
            ],
        ),
    )
    lake.append(
        "scores",
        make.table(
            "scores",
            [
                make.score("a", day(1), ("bill_higher", 0.9), sentiment="negative"),
                make.score("b", day(1), ("bill_higher", 0.8), ("roaming", 0.6), sentiment="positive"),
                make.score("c", day(8)),
                make.score(
                    "e",
                    day(15),
                    ("roaming", 0.7),
                    sentiment="negative",
                    churn_intent=True,
                    churn_direction="leaving",
                    churn_evidence={"turn": 0, "begin": 12, "end": 16},
                ),
                make.score("d", day(9), ("bill_higher", 0.9), model_version="older"),
            ],
        ),
    )
    lake.append(
        "customers",
        make.table(
            "customers",
            [
                {"customer_id": "anna", "active_from": date(2025, 1, 1), "segment": "home", "digest": "1"},
                {"customer_id": "bob", "active_from": day(8), "segment": "business", "digest": "2"},
                {"customer_id": "cyril", "active_from": day(1), "active_to": day(8), "digest": "3"},
            ],
        ),
    )
    theme = {
        "theme_id": "t1", "label": "Bills", "keywords": ["bill", "račun"], "verbatim_ids": ["e", "gone", "a"],
        "contacts": 3, "customers": 2, "first_day": day(1), "last_day": day(15), "status": "active",
    }  # fmt: skip
    lake.append("themes", make.table("themes", [theme, theme | {"theme_id": "t2", "label": "Empty"}]))
    lake.append(
        "theme_assignments",
        make.table(
            "theme_assignments",
            [
                {"contact_id": key, "day": day(number), "theme_id": theme_id, "similarity": 0.8}
                for key, number, theme_id in (("a", 1, "t1"), ("b", 1, "t1"), ("e", 15, "t1"), ("c", 8, None))
            ],
        ),
    )
    return workspace


@pytest.fixture(scope="module")
def marts(small: Workspace) -> Iterator[Marts]:
    marts = Marts.load(small.lake, small.current_model)
    yield marts
    marts.close()


ALL = Selection(FIRST, day(15))


def test_an_empty_lake_has_no_span(make: Any, tmp_path: Path) -> None:
    marts = Marts.load(make.workspace(tmp_path / "w", model=None).lake, None)
    assert marts.span() is None
    assert marts.themes(ALL) == ()
    assert marts.totals(ALL).contacts == 0
    assert marts.contacts(ALL, Criteria(), 20).total == 0
    marts.close()


def test_span_counts_contacts_and_scores_of_the_current_model_only(marts: Marts) -> None:
    span = marts.span()
    assert span is not None
    assert (span.contacts, span.scored, span.first, span.last) == (5, 4, day(1), day(15))


def test_totals(marts: Marts) -> None:
    found = marts.totals(ALL)
    assert (found.contacts, found.customers) == (5, 3)
    assert (found.scored, found.negative, found.leaving, found.unknown) == (4, 2, 1, 1)
    # Anna on 15 days, Bob on 8, Cyril on 7.
    assert found.active == pytest.approx((15 + 8 + 7) / 15)


@pytest.mark.parametrize(
    ("segments", "days"),
    [
        ((), 15 + 8 + 7),
        (("home",), 15),
        (("business", "home"), 15 + 8),
        (("no such",), 0),
        (("",), 0),
        (("home", ""), 0),
    ],
    ids=["all", "one", "two", "unknown", "not stated", "one and not stated"],
)
def test_active_customers_are_those_of_the_chosen_segments(marts: Marts, segments: tuple[str, ...], days: int) -> None:
    found = marts.totals(replace(ALL, segments=segments, products=("Mobile",)))
    assert found.active == pytest.approx(days / 15), "other filters leave them alone; without a segment nobody knows"


def test_options_have_segments_where_any_customer_has_one(marts: Marts, one: Workspace) -> None:
    assert marts.options().segments == ("home", "", "business")
    bare = Marts.load(one.lake, one.current_model)
    assert bare.options().segments == ()
    bare.close()


def test_a_selection_knows_whether_it_leaves_anybody_out() -> None:
    assert not ALL.filtered
    for plural in ("products", "channels", "languages", "segments"):
        assert replace(ALL, **{plural: ("",)}).filtered and replace(ALL, **{plural: ("x",)}).before.filtered


@pytest.mark.parametrize(
    ("selection", "contacts"),
    [
        (Selection(day(1), day(1)), 2),
        (Selection(day(2), day(7)), 0),
        (Selection(FIRST, day(15), products=("Mobile",)), 3),
        (Selection(FIRST, day(15), products=("",)), 1),
        (Selection(FIRST, day(15), products=("Mobile",), channels=("chat", "email")), 2),
        (Selection(FIRST, day(15), languages=("sr",)), 1),
        (Selection(FIRST, day(15), segments=("home",)), 3),
        (Selection(FIRST, day(15), segments=("business", "")), 2),
        (Selection(FIRST, day(15), languages=("sr", "hr"), segments=("business",)), 0),
    ],
    ids=[
        "one day",
        "no contact",
        "product",
        "product not stated",
        "product and channels",
        "language",
        "segment",
        "segment and none stated",
        "language and segment",
    ],
)
def test_filters(marts: Marts, selection: Selection, contacts: int) -> None:
    assert marts.totals(selection).contacts == contacts
    assert marts.daily(selection)["contacts"].sum() == contacts
    assert marts.contacts(selection, Criteria(), 20).total == contacts


def test_daily_has_every_day_and_distinct_customers(marts: Marts) -> None:
    frame = marts.daily(ALL)
    assert len(frame) == 15
    assert frame["contacts"].tolist() == [2, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1]
    assert frame["customers"].tolist()[0] == 1
    assert marts.daily(ALL, "t1")["contacts"].sum() == 3


def test_a_contact_counts_for_each_reason_it_names(marts: Marts) -> None:
    frame = marts.reasons(ALL)
    assert frame.to_dict("records") == [
        {"reason": "bill_higher", "contacts": 2, "customers": 1, "negative": 1, "leaving": 0},
        {"reason": "roaming", "contacts": 2, "customers": 1, "negative": 1, "leaving": 1},
    ]


def test_weeks_end_on_the_last_day_and_only_whole_ones_are_given(marts: Marts) -> None:
    frame = marts.sentiment(ALL, 7)
    assert [stamp.date() for stamp in frame["to_day"]] == [day(8), day(15)]
    assert frame["from_day"].iloc[0].date() == day(2)
    assert frame[["negative", "neutral", "positive", "scored"]].to_numpy().tolist() == [
        [0, 1, 0, 1],
        [1, 0, 0, 1],
    ]
    by_day = marts.sentiment(ALL, 1)
    assert by_day["scored"].tolist() == [2, 1, 1]


def test_a_period_shorter_than_a_week_is_one_step(marts: Marts) -> None:
    frame = marts.sentiment(Selection(day(14), day(15)), 7)
    assert frame["scored"].tolist() == [1]
    assert frame["from_day"].iloc[0].date() == day(14)


def test_themes(marts: Marts) -> None:
    bills, nothing = marts.themes(ALL)
    assert (bills.theme_id, bills.contacts, bills.customers) == ("t1", 3, 1)
    assert bills.languages == (("en", 1), ("hr", 1), ("sr", 1))
    # The newest day is the 15th, so the last seven days are 9 to 15 May and the eight before are known.
    assert (bills.recent, bills.baseline, bills.baseline_days) == (1, 2, 8)
    assert bills.trend == (0, 1)
    assert (nothing.theme_id, nothing.contacts, nothing.trend, nothing.languages) == ("t2", 0, (0, 0), ())
    assert marts.theme("t1", ALL) == bills
    others = marts.theme("t1", replace(ALL, segments=("business",)))
    assert others is not None and (others.contacts, others.recent, others.baseline) == (0, 0, 0)
    assert marts.theme("t3", ALL) is None


def test_theme_shares(marts: Marts) -> None:
    frame = marts.theme_shares("t1", ALL, "product")
    assert frame.to_dict("records") == [
        {"value": "Mobile", "contacts": 3, "all_contacts": 3},
        {"value": "", "contacts": 0, "all_contacts": 1},
        {"value": "Television", "contacts": 0, "all_contacts": 1},
    ]
    with pytest.raises(ValueError, match="expected product, language or channel, got 'turns'"):
        marts.theme_shares("t1", ALL, "turns")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("racun", ["a", "b"]),
        ("Račun", ["a", "b"]),
        ("РАЧУН", ["a", "b"]),
        ("velik racun", ["a", "b"]),
        ("prevelik račun", ["a"]),
        ("roaming bill", ["e"]),
        ("100%", ["c"]),
        ("%", ["c"]),
        ("_", ["c"]),
        ("bill_x", ["c"]),
        ("billyx", []),
        ("\\", []),
        ("'; DROP TABLE contact; --", []),
        ("   ", ["e", "d", "c", "a", "b"]),
    ],
)
def test_search(marts: Marts, words: str, found: list[str]) -> None:
    page = marts.contacts(ALL, Criteria(words=words), 20)
    assert [contact.contact_id for contact in page.contacts] == found
    assert page.total == len(found)


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (Criteria(reason="roaming"), ["e", "b"]),
        (Criteria(sentiment="negative"), ["e", "a"]),
        (Criteria(churn_intent=True), ["e"]),
        (Criteria(theme="t1"), ["e", "a", "b"]),
        (Criteria(unknown=True), ["c"]),
        (
            Criteria(words="roaming", reason="roaming", sentiment="negative", churn_intent=True, theme="t1"),
            ["e"],
        ),
        (Criteria(reason="no such"), []),
    ],
    ids=["reason", "sentiment", "churn", "theme", "unknown", "all", "none"],
)
def test_criteria(marts: Marts, criteria: Criteria, found: list[str]) -> None:
    assert [each.contact_id for each in marts.contacts(ALL, criteria, 20).contacts] == found


def test_whoever_is_not_scored_has_not_said_that_he_stays(marts: Marts) -> None:
    found = marts.contacts(ALL, Criteria(churn_intent=False), 20)
    assert [each.contact_id for each in found.contacts] == ["c", "a", "b"]


def test_pages_do_not_overlap(marts: Marts) -> None:
    pages = [marts.contacts(ALL, Criteria(), 2, offset) for offset in (0, 2, 4, 6)]
    assert [[each.contact_id for each in page.contacts] for page in pages] == [
        ["e", "d"],
        ["c", "a"],
        ["b"],
        [],
    ]
    assert {page.total for page in pages} == {5}


def test_a_contact_with_its_labels(marts: Marts) -> None:
    found = marts.contact("b")
    assert found is not None
    assert [reason for reason, _ in found.reasons] == ["bill_higher", "roaming"]
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("customer", "Рачун је велик"),
        ("agent", "Thank you"),
    ]
    assert ([theme.label for theme in found.themes], found.sentiment, found.scored) == (["Bills"], "positive", True)
    unscored = marts.contact("d")
    assert unscored is not None and not unscored.scored and not unscored.reasons
    assert marts.contact("nobody") is None


def test_where_a_customer_stands_and_the_words_that_say_so(marts: Marts) -> None:
    leaving, unsaid = marts.contacts_by_id(("e", "a"))
    assert (leaving.churn_direction, leaving.evidence) == ("leaving", Evidence(0, 12, 16))
    assert leaving.turns[0].text[12:16] == "bill"
    assert (unsaid.churn_direction, unsaid.evidence) == (None, None)


def test_contacts_by_id_keep_their_order_and_leave_out_what_is_gone(marts: Marts) -> None:
    assert [each.contact_id for each in marts.contacts_by_id(("e", "gone", "a"))] == ["e", "a"]
