"""An analyst's path: the queue by keys alone, an undo, what the corrections changed, and where that is seen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from voc.app import review_sentences
from voc.app.pages import CONTACTS, REVIEW
from voc.data.contracts import REVIEW_QUEUE
from voc.data.corrections import Kind, Place, current, history
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.inference.agreement import Move, ReviewerAgreement
from voc.inference.corrections import Proposal, blind, judge
from voc.labels import Split

pytestmark = pytest.mark.browser
IDS = [each for each in (f"r{number}" for number in range(10, 99)) if split_of(each) != Split.TEST]
HIDDEN = [each for each in IDS if blind(each)][:2]
SHOWN = [each for each in IDS if not blind(each)][:18]
NEUTRAL = SHOWN[:2]
"""Contacts that the model calls negative, and Ana neutral."""
PROPOSED = {"reason": (("bill_higher", 0.81),), "sentiment": (("negative", 0.8),), "churn_intent": (("no", 0.9),)}


@pytest.fixture
def company(make: Any, tmp_path: Path) -> Workspace:
    """Twenty contacts wait, two of them with a hidden proposal; of four Iva has said how the customer feels."""
    workspace: Workspace = make.workspace(tmp_path / "w", make.guarded)
    make.let_in(workspace, {"Ana": ("analyst", ()), "Iva": ("analyst", ())})
    queued = [*SHOWN, *HIDDEN]
    contacts = [make.contact(each, make.last_day, f"My bill is high: case {each}.", "Let me see.") for each in queued]
    scores = [make.score(each, make.last_day, ("bill_higher", 0.81), sentiment="negative") for each in queued]
    rows = [
        {"contact_id": each, "place": place, "why": "uncertain", "uncertainty": 0.5, "reviewers": 2}
        for place, each in enumerate(queued)
    ]
    workspace.lake.append("contacts", make.table("contacts", contacts))
    workspace.lake.append("scores", make.table("scores", scores))
    workspace.lake.append("review_queue", pa.Table.from_pylist(rows, schema=REVIEW_QUEUE.schema))
    for contact, mood in zip(SHOWN[:4], ("neutral", "negative", "negative", "neutral"), strict=True):
        proposal, at = Proposal(contact, PROPOSED), datetime(2026, 6, 1, tzinfo=UTC)
        judge(workspace, proposal, {"sentiment": (mood,)}, "Iva", Place.REVIEW, at=at)
    return workspace


@pytest.mark.parametrize("language", ["en", "hr"])
def test_twenty_contacts_by_keys_alone_and_what_came_of_it(
    language: str, company: Workspace, visits: Callable[..., Any]
) -> None:
    taxonomy = company.taxonomy
    with visits(company, language) as come:
        ana = come()
        ana.open("review")
        ana.sign_in("Ana")
        ana.sees(ana.text(REVIEW.title), ana.sidebar)
        chosen = ana.main.get_by_test_id("stBaseButton-primary")

        def left(number: int) -> None:
            said = ana.counted("{count} contact left", "{count} contacts left", number)
            ana.sees(re.compile("^" + r"\s".join(said.split()) + "[;.]"))

        def press(key: str, *names: str) -> None:
            """Press a key, and see that it has chosen this."""
            ana.page.keyboard.press(key)
            for name in names:
                chosen.filter(has=ana.page.get_by_text(name, exact=True)).wait_for()

        judged: list[str] = []

        def at_hand(*before: str) -> str:
            """The contact that is shown, as soon as it is another than those before."""
            said = ana.main.get_by_test_id("stChatMessage").filter(has_text="case r")
            other = said.filter(has_not_text=re.compile(rf"case ({'|'.join(before)})\."))
            return str(re.findall(r"case (r\d+)\.", other.inner_text())[0])

        for waiting in range(20, 0, -1):
            left(waiting)
            contact = at_hand(*judged)
            if contact in HIDDEN:
                ana.sees(ana.text("What the model says of this contact is hidden, so that it does not lead you."))
                ana.page.keyboard.press("3")
                ana.main.get_by_role("button", name="Roaming").wait_for()
                press("4", "Roaming")
                press("Q", ana.text("Negative"))
                press("D", ana.text("No"))
            elif contact in NEUTRAL:
                press("W", ana.text("Neutral"))
            ana.page.keyboard.press("A")
            judged.append(contact)
        ana.sees(ana.text("Everything is judged"))
        assert sorted(judged) == sorted([*SHOWN, *HIDDEN])

        # The last one comes back as it was left, and is judged otherwise.
        last = judged[-1]
        assert last not in HIDDEN and last not in NEUTRAL
        ana.page.keyboard.press("Z")
        ana.sees(ana.text("Taken back. The contact is as you had left it."))
        left(1)
        assert at_hand() == last
        press("0")
        ana.main.get_by_text(ana.text("No reason fits")).nth(1).wait_for()
        ana.page.keyboard.press("A")
        ana.sees(ana.text("Everything is judged"))

        # Said of it: 15 of 20 as the model does, five labels changed, and what two people agree on.
        left(0)
        ana.sees(ana.told(review_sentences.progress, 0, 15, 20))
        ana.sees(ana.text("What did the corrections change?"))
        ana.sees(ana.told(review_sentences.session, 20, 5))
        for move in (
            Move("reason", "bill_higher", "roaming", 2),
            Move("sentiment", "negative", "neutral", 2),
            Move("reason", "bill_higher", None, 1),
        ):
            ana.sees(f"{move.contacts} × {ana.told(review_sentences.moved, move, taxonomy)}")
        ana.sees(ana.told(review_sentences.reviewers, ReviewerAgreement("sentiment", 2, 4, 0.0)))

        # Whoever finds the contact sees whose word it is.
        ana.go(CONTACTS)
        ana.field("Search").fill(NEUTRAL[0])
        ana.page.keyboard.press("Enter")
        ana.sees(ana.counted("{count} contact with these words, newest first.", "", 1))
        ana.main.locator('a[href*="contact="]').click()
        ana.page.wait_for_url(f"**/contact?*contact={NEUTRAL[0]}*")
        ana.sees(ana.text("Corrected by {who} on {when}", who="Ana", when=""))
        ana.sees(ana.text("Neutral"))

    rows = history(company.lake)
    (undone,) = [row for row in rows if row.kind == Kind.UNDO]
    assert (undone.contact_id, undone.who) == (last, "Ana")
    held = {key: row for key, row in current(rows).items() if row.who == "Ana"}
    assert {row.contact_id for row in held.values() if row.blind} == set(HIDDEN)
    as_proposed = {task: tuple(label for label, _ in labels) for task, labels in PROPOSED.items()}
    expected = {(contact, task): labels for contact in judged for task, labels in as_proposed.items()}
    expected |= {(contact, "sentiment"): ("neutral",) for contact in NEUTRAL}
    expected |= {(contact, "reason"): ("roaming",) for contact in HIDDEN} | {(last, "reason"): ()}
    assert {key: row.new for key, row in held.items()} == expected
