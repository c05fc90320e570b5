"""The marts with what people corrected laid over them: every question counts by it, and an undo takes that back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from voc.data.corrections import Correction, Kind, Place, history
from voc.data.workspace import Workspace
from voc.inference.corrections import judge, undo
from voc.inference.marts import Criteria, Marts, Selection

SAID = {"reason": ("number_porting",), "sentiment": ("positive",), "churn_intent": ("yes",)}


@pytest.fixture
def company(tmp_path: Path, make: Any) -> Workspace:
    workspace: Workspace = make.workspace(tmp_path / "w")
    make.fill(workspace.lake, contacts=200, days=28)
    return workspace


@pytest.fixture
def everything(make: Any) -> Callable[[Marts], dict[str, Any]]:
    """What several pages ask."""

    def ask(marts: Marts) -> dict[str, Any]:
        span = marts.span()
        assert span is not None
        selection = Selection(span.first, span.last)
        return {
            "totals": marts.totals(selection),
            "reasons": marts.reasons(selection).to_dict("list"),
            "sentiment": marts.sentiment(selection, 7).to_dict("list"),
            "calls": marts.call_list(selection, "stated", 500, 60),
            "weeks": marts.weeks().to_dict("list"),
            "contacts": marts.contacts(selection, Criteria(), 200),
        }

    return ask


def plain(marts: Marts, make: Any) -> Any:
    """A contact with one reason that nobody says is leaving, and which is not positive."""
    selection = Selection(make.last_day.replace(month=1), make.last_day)
    found = marts.contacts(selection, Criteria(churn_intent=False), 200).contacts
    return next(
        each
        for each in found
        if each.sentiment == "neutral" and len(each.reasons) == 1 and each.reasons[0][0] != "number_porting"
    )


def test_every_page_counts_by_what_a_person_says_and_an_undo_brings_all_of_it_back(
    company: Workspace, make: Any, everything: Callable[[Marts], dict[str, Any]]
) -> None:
    marts = Marts.load(company.lake, make.model)
    before, contact = everything(marts), plain(marts, make)
    rows = judge(company, contact.proposal, SAID, "Ana", Place.CONTACT, model=make.model)
    marts.correct(history(company.lake))
    after = everything(marts)
    assert after["totals"].leaving == before["totals"].leaving + 1
    assert sum(after["sentiment"]["positive"]) == sum(before["sentiment"]["positive"]) + 1
    assert sum(after["sentiment"]["neutral"]) == sum(before["sentiment"]["neutral"]) - 1
    counts = [
        dict(zip(each["reasons"]["reason"], each["reasons"]["contacts"], strict=True)) for each in (before, after)
    ]
    assert counts[1]["number_porting"] == counts[0].get("number_porting", 0) + 1
    assert counts[1].get(contact.reasons[0][0], 0) == counts[0][contact.reasons[0][0]] - 1
    assert contact.customer_id in {each.customer_id for each in after["calls"].customers if each.stated_id}
    assert after["weeks"] == before["weeks"]  # how the model does is told by what the model says
    view = marts.contact(contact.contact_id)
    assert view is not None and view.proposal == contact.proposal
    assert (view.sentiment, view.churn_intent, [reason for reason, _ in view.reasons]) == (
        "positive",
        True,
        ["number_porting"],
    )
    assert all(view.corrected(task) for task in SAID) and not contact.corrected("reason")
    assert everything(Marts.load(company.lake, make.model))["totals"] == after["totals"]  # opened anew, it is the same
    undo(company, rows[0].correction_id, "Ana")
    marts.correct(history(company.lake))
    again = everything(marts)
    assert again == before


def test_an_older_state_of_corrections_does_not_come_back(company: Workspace, make: Any) -> None:
    marts = Marts.load(company.lake, make.model)
    contact = plain(marts, make)
    judge(company, contact.proposal, SAID, "Ana", Place.CONTACT)
    marts.correct(history(company.lake))
    marts.correct(())
    view = marts.contact(contact.contact_id)
    assert view is not None and view.churn_intent


def test_no_reason_fits_counts_as_unknown_and_a_task_that_nobody_judged_stays_the_models(
    company: Workspace, make: Any
) -> None:
    marts = Marts.load(company.lake, make.model)
    contact = plain(marts, make)
    judge(company, contact.proposal, {"reason": ()}, "Ana", Place.CONTACT)
    marts.correct(history(company.lake))
    view = marts.contact(contact.contact_id)
    assert view is not None
    assert view.abstained and view.reasons == ()
    assert (view.sentiment, view.sentiment_probability) == (contact.sentiment, contact.sentiment_probability)


def test_corrections_hold_in_an_area_as_well_and_bring_no_other_contact_in(company: Workspace, make: Any) -> None:
    whole = Marts.load(company.lake, make.model)
    contact = plain(whole, make)
    judge(company, contact.proposal, SAID, "Ana", Place.CONTACT)
    others = tuple({"Mobile", "Prepaid", "Television"} - {contact.product})
    inside = Marts.load(company.lake, make.model, area=(contact.product,))
    outside = Marts.load(company.lake, make.model, area=others)
    view = inside.contact(contact.contact_id)
    assert view is not None and view.churn_intent
    assert outside.contact(contact.contact_id) is None and outside.first_scored([contact.contact_id]) is None


def test_questions_during_a_correction_see_the_old_state_or_the_new_one(company: Workspace, make: Any) -> None:
    marts = Marts.load(company.lake, make.model)
    contact = plain(marts, make)
    span = marts.span()
    assert span is not None
    selection, seen = Selection(span.first, span.last), set()
    before = marts.totals(selection).leaving

    def row(number: int, churn: str) -> Correction:
        at = datetime(2026, 6, 1, tzinfo=UTC)
        return Correction(str(number), "churn_intent", at, "Ana", Kind.JUDGED, contact.contact_id, new=(churn,))

    def correct() -> None:
        rows: tuple[Correction, ...] = ()
        for number in range(30):
            rows = (*rows, row(number, "yes" if number % 2 == 0 else "no"))
            marts.correct(rows)

    thread = Thread(target=correct)
    thread.start()
    while thread.is_alive():
        seen.add(marts.totals(selection).leaving - before)
    thread.join()
    assert seen <= {0, 1}


def test_the_first_scored_contact_is_found_in_the_order_given(company: Workspace, make: Any) -> None:
    marts = Marts.load(company.lake, make.model)
    found = marts.first_scored(["gone", "c000010", "c000005"])
    assert found is not None and found.contact_id == "c000010"
    assert marts.first_scored([]) is None and marts.first_scored(["gone"]) is None
    assert set(marts.languages_of(["c000010", "gone"])) == {"c000010"}
