"""Reasons against a lake small enough to count by hand."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from voc.inference.marts import Marts
from voc.inference.selection import Selection

FIRST = date(2026, 5, 1)
ALL = Selection(FIRST, FIRST + timedelta(days=9))


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@pytest.fixture(scope="module")
def marts(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    """Five contacts of three customers, one of them not scored; Cyril has no segment."""
    workspace = make.workspace(tmp_path_factory.mktemp("reasons") / "w")
    lake = workspace.lake
    rows = [
        ("a", 1, "anna", "call", "Mobile"), ("b", 1, "anna", "chat", "Mobile"), ("c", 8, "bob", "chat", None),
        ("d", 9, "cyril", "chat", "Television"), ("e", 9, "cyril", "chat", "Television"),
    ]  # fmt: skip
    contacts = [
        make.contact(key, day(number), "Hello", customer_id=customer, channel=channel, product=product)
        for key, number, customer, channel, product in rows
    ]
    lake.append("contacts", make.table("contacts", contacts))
    scores = [
        make.score("a", day(1), ("bill_higher", 0.9), sentiment="negative"),
        make.score("b", day(1), ("bill_higher", 0.8), ("roaming", 0.6), sentiment="positive", churn_intent=True),
        make.score("c", day(8)),
        make.score("d", day(9), ("roaming", 0.7), sentiment="negative"),
    ]
    lake.append("scores", make.table("scores", scores))
    segments = {"anna": "home", "bob": "business", "cyril": None}
    customers = [
        {"customer_id": name, "active_from": date(2025, 1, 1), "segment": segment, "digest": name}
        for name, segment in segments.items()
    ]
    lake.append("customers", make.table("customers", customers))
    marts = Marts.load(lake, workspace.current_model)
    yield marts
    marts.close()


def test_counts_of_each_reason(marts: Marts) -> None:
    assert marts.reasons(ALL).to_dict("records") == [
        {"reason": "bill_higher", "contacts": 2, "customers": 1, "negative": 1, "leaving": 1},
        {"reason": "roaming", "contacts": 2, "customers": 2, "negative": 1, "leaving": 1},
    ]
    assert marts.reasons(Selection(day(2), day(8))).empty


def test_slices_have_a_row_for_every_reason_and_value(marts: Marts) -> None:
    found = marts.reason_slices(ALL, "channel")
    assert list(found.itertuples(index=False, name=None)) == [
        ("bill_higher", "chat", 1, 1, 3, 3),
        ("roaming", "chat", 2, 2, 3, 3),
        ("bill_higher", "call", 1, 1, 1, 1),
        ("roaming", "call", 0, 0, 1, 1),
    ]
    assert set(marts.reason_slices(ALL, "product")["value"]) == {"Mobile", "Television", ""}


def test_a_customer_without_a_segment_is_in_a_slice_of_its_own(marts: Marts) -> None:
    found = marts.reason_slices(ALL, "segment")
    assert [
        (row.reason, row.value, row.contacts, row.scored, row.people) for row in found.itertuples(index=False)
    ] == [
        ("bill_higher", "home", 2, 2, 1), ("roaming", "home", 1, 2, 1),
        ("bill_higher", "", 0, 1, 1), ("roaming", "", 1, 1, 1),
        ("bill_higher", "business", 0, 1, 1), ("roaming", "business", 0, 1, 1),
    ]  # fmt: skip


def test_slices_keep_to_the_filters_and_to_known_columns(marts: Marts) -> None:
    found = marts.reason_slices(Selection(FIRST, day(9), products=("Mobile",)), "channel")
    assert set(found["scored"]) == {1}
    own = marts.reason_slices(Selection(FIRST, day(9), segments=("home",)), "segment")
    assert list(own.itertuples(index=False, name=None)) == [
        ("bill_higher", "home", 2, 1, 2, 1),
        ("roaming", "home", 1, 1, 2, 1),
    ]
    assert marts.reasons(Selection(FIRST, day(9), segments=("",)))["reason"].tolist() == ["roaming"]
    with pytest.raises(ValueError, match="expected one of channel, product, segment, language, got 'customer_id'"):
        marts.reason_slices(ALL, "customer_id")


def test_every_day_of_a_reason(marts: Marts) -> None:
    found = marts.reason_daily(ALL, "roaming")
    assert found["contacts"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert found["customers"].sum() == 2
    assert marts.reason_daily(ALL, "no such")["contacts"].sum() == 0


def test_a_contact_counts_once_in_each_class(marts: Marts) -> None:
    assert marts.reason_classes(ALL, {"bill_higher": "eliminate", "roaming": "eliminate"}) == {"eliminate": 3}
    assert marts.reason_classes(ALL, {"bill_higher": "eliminate", "roaming": "keep"}) == {"eliminate": 2, "keep": 2}
    assert marts.reason_classes(ALL, {"roaming": "keep"}) == {"keep": 2}
    assert marts.reason_classes(ALL, {}) == {}
