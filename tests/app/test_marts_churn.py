"""The call list and its back-test against a lake small enough to count by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voc.data.workspace import Workspace
from voc.inference.marts import Marts
from voc.inference.marts_churn import BackTest, Head, head_of
from voc.inference.selection import Selection
from voc.models.outcome import CURRENT, FOLDER, FeatureSpace, HeadManifest, OutcomeHead, save_head

FIRST = date(2026, 5, 1)
HEAD = "head-1"


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


ALL = Selection(FIRST, day(40))
WEEK = Selection(day(34), day(40))
# Who, day of the contact, probability of the stated intent (None: none stated), risk.
CONTACTS = [
    ("anna", 2, 0.9, None), ("gina", 2, 0.99, None), ("bob", 3, 0.8, 0.9), ("cyril", 20, 0.95, 0.2),
    ("dora", 20, None, 0.6), ("ella", 25, 0.7, 0.1), ("frank", 31, 0.75, 0.4), ("bob", 40, None, 0.3),
]  # fmt: skip
# When they leave; Ella's outcome is not known, Frank's leave is announced for later.
LEAVES = {"anna": 12, "gina": 3, "bob": None, "cyril": 35, "dora": 25, "frank": 45}


@pytest.fixture(scope="module")
def workspace(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace: Workspace = make.workspace(tmp_path_factory.mktemp("churn") / "w")
    lake = workspace.lake
    ids = [f"{who}-{number}" for who, number, _, _ in CONTACTS]
    contacts = [
        make.contact(key, day(number), "Hello", customer_id=who)
        for key, (who, number, _, _) in zip(ids, CONTACTS, strict=True)
    ]
    lake.append("contacts", make.table("contacts", contacts))
    scores = [
        make.score(key, day(number), churn_intent=stated is not None, churn_probability=stated or 0.1)
        for key, (_, number, stated, _) in zip(ids, CONTACTS, strict=True)
    ]
    lake.append("scores", make.table("scores", scores))
    people = [
        {
            "customer_id": who,
            "active_from": FIRST,
            "segment": "home" if who in ("bob", "cyril") else None,
            "digest": who,
        }
        for who in LEAVES
    ]
    lake.append("customers", make.table("customers", people))
    outcomes = [
        {"customer_id": who, "kind": "churned" if left else "stayed", "churned_at": left and day(left), "digest": who}
        for who, left in LEAVES.items()
    ]
    lake.append("outcomes", make.table("outcomes", outcomes))
    risks = [
        {"contact_id": key, "model_version": version, "day": day(number), "outcome_probability": value,
         "horizon_days": 10}
        for key, (_, number, _, risk) in zip(ids, CONTACTS, strict=True)
        for version, value in ((HEAD, risk), ("older", 1.0))
        if value is not None
    ]  # fmt: skip
    lake.append("outcome_scores", make.table("outcome_scores", risks))
    return workspace


@pytest.fixture(scope="module")
def marts(workspace: Workspace) -> Iterator[Marts]:
    marts = Marts.load(workspace.lake, workspace.current_model, HEAD)
    yield marts
    marts.close()


def test_the_list_by_what_customers_say(marts: Marts) -> None:
    found = marts.call_list(ALL, "stated", 2, 10)
    # Anna, Cyril and Gina are gone; Frank goes later.
    assert (found.total, found.stated) == (3, 3)
    assert [(row.customer_id, row.stated_id, row.latest_id) for row in found.customers] == [
        ("bob", "bob-3", "bob-40"), ("frank", "frank-31", "frank-31"),
    ]  # fmt: skip
    assert found.customers[0].stated_on == day(3)
    assert found.customers[0].stated_probability == pytest.approx(0.8)
    assert found.customers[0].risk == pytest.approx(0.3), "of the latest contact, not of the one that says so"


def test_the_list_by_risk_forgets_old_contacts_and_never_reads_what_is_stated(marts: Marts) -> None:
    found = marts.call_list(ALL, "risk", 5, 10)
    assert [row.customer_id for row in found.customers] == ["frank", "bob"]
    assert (found.total, found.stated) == (2, 3)
    longer = marts.call_list(ALL, "risk", 5, 30)
    assert [row.customer_id for row in longer.customers] == ["frank", "bob", "ella"]


def test_the_list_keeps_to_the_period_and_the_filters(marts: Marts) -> None:
    assert marts.call_list(WEEK, "stated", 5, 10).customers == ()
    assert marts.call_list(replace(ALL, channels=("call",)), "stated", 5, 10).total == 0
    home = marts.call_list(replace(ALL, segments=("home",)), "stated", 5, 10)
    assert [row.customer_id for row in home.customers] == ["bob"] and (home.total, home.stated) == (1, 1)
    assert [row.customer_id for row in marts.call_list(Selection(FIRST, day(5)), "stated", 5, 10).customers] == [
        "anna", "bob",
    ]  # fmt: skip


def test_the_back_test_knows_nothing_of_later_days(marts: Marts) -> None:
    assert marts.observed_until() == day(40)
    found = marts.back_test(WEEK, "stated", 1, 10, day(40), FIRST)
    # Lists of days 4 to 31, of one customer each, from the seven days before: Anna from day 4 (leaves on day 12), Bob
    # from day 10, when Anna is no longer in the week; Cyril from day 21 (leaves on day 35, too late to count); Ella
    # from day 28, outcome unknown. Gina was gone by day 4; Frank speaks on day 31, after the last list was made.
    # At random: of Anna and Bob one leaves; of Bob none; of Cyril and Dora one.
    assert found == BackTest(day(4), day(31), 3, 1, pytest.approx(0.5 + 0 + 0.5), 1)
    # Of the segment Bob from day 4, with nobody beside him, and Cyril from day 21.
    home = marts.back_test(replace(WEEK, segments=("home",)), "stated", 1, 10, day(40), FIRST)
    assert home == BackTest(day(4), day(31), 2, 0, 0.0, 0)


def test_the_back_test_of_risk_leaves_out_what_the_head_learnt_from(marts: Marts) -> None:
    found = marts.back_test(WEEK, "risk", 1, 10, day(40), day(15))
    # Dora from day 21 (leaves on day 25), Cyril from day 26, when she is gone (leaves on day 35), Ella from day 28.
    # Bob has a risk on day 3 alone. At random: of Cyril and Dora one on day 21, on day 26 Cyril is the only one known.
    assert found == BackTest(day(16), day(31), 2, 2, pytest.approx(0.5 + 1.0), 1)


def test_a_risk_fades_in_the_back_test_as_on_the_list(marts: Marts) -> None:
    month = Selection(day(11), day(40))
    # Lists of days 13 to 40. Bob's risk is of day 3: ten days old on the first of them, and nothing new until day 40.
    fresh = marts.back_test(month, "risk", 9, 10, day(49), FIRST)
    faded = marts.back_test(month, "risk", 9, 9, day(48), FIRST)
    assert fresh is not None and faded is not None and fresh.first == faded.first == day(13)
    assert (fresh.listed, faded.listed) == (4, 3), "Bob, and in both Cyril, Dora and Frank"


def test_without_enough_days_there_is_no_back_test(marts: Marts) -> None:
    assert marts.back_test(WEEK, "stated", 1, 40, day(40), FIRST) is None
    assert marts.back_test(WEEK, "stated", 1, 39, day(40), FIRST) == BackTest(day(2), day(2), 0, 0, 0.0, 0)


def test_without_outcomes_nothing_is_known(make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    workspace.lake.append("contacts", make.table("contacts", [make.contact("a", FIRST, "Hi")]))
    marts = Marts.load(workspace.lake, workspace.current_model)
    assert marts.observed_until() is None and not marts.at_risk()
    marts.close()


def test_only_risks_of_the_head_in_use_count(workspace: Workspace) -> None:
    marts = Marts.load(workspace.lake, workspace.current_model)
    assert not marts.at_risk()
    assert marts.call_list(ALL, "risk", 5, 10).customers == ()
    marts.close()


def test_the_head_in_use_says_from_when_it_can_be_judged(workspace: Workspace) -> None:
    model = workspace.current_model
    assert model is not None
    assert head_of(workspace.models, model) is None and head_of(workspace.models, None) is None
    one = np.ones(1, dtype=np.float32)
    space = FeatureSpace(one, np.ones((1, 1), dtype=np.float32), ())
    width = len(space.names)
    numbers = np.ones(width, dtype=np.float32)
    head = OutcomeHead(HeadManifest(HEAD, model, 10, "", ""), space, numbers, numbers, numbers, 0.0)
    folder = workspace.models / FOLDER / HEAD
    save_head(head, {"split": {"test_first": "2026-05-15"}}, folder)
    (folder.parent / CURRENT).write_text(HEAD, encoding="utf-8")
    assert head_of(workspace.models, model) == Head(HEAD, 10, date(2026, 5, 15))
    assert head_of(workspace.models, "another classifier") is None
