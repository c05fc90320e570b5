"""What a person does on the page Review: say, accept, skip, undo. Each judgement is stored at once.

What is said so far of the contact that is being read stays in the session; what is stored is in the lake.

Keys come faster than the page is drawn. What comes while it is drawn waits, and then comes in any order: so to say
something happens when its key is heard, and whatever ends a contact only after that, in `settle`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import streamlit as st

from voc.app import access, queries, review_sentences, words
from voc.app.access import May
from voc.app.review_draft import Draft
from voc.data.corrections import Correction, Place, holding
from voc.errors import VocError
from voc.inference import corrections
from voc.inference.marts import ContactView

_DRAFT, _SKIPPED, _BEGAN, _NOW, _SAID = "review_draft", "review_skipped", "review_began", "review_now", "review_said"
_WHERE, _PAGE, _ASKED = "review_where", "review_page", "review_asked"


class _End(StrEnum):
    """What ends a contact."""

    ACCEPT = "accept"
    SKIP = "skip"
    UNDO = "undo"


@dataclass(frozen=True)
class Standing:
    """Where somebody stands with the queue."""

    queued: int
    """Contacts of the whole queue."""
    waiting: tuple[str, ...]
    """Those that this person has still to judge."""
    skipped: int
    """Of them, those put off."""
    now: ContactView | None
    """The one to judge now."""
    rows: tuple[Correction, ...]
    """All that people said of contacts."""


def standing() -> Standing:
    """Where who asks stands, and which contact is next: the one at hand, as long as it waits."""
    queued, rows = queries.review_queue(), queries.corrections()
    waiting = corrections.waiting(queued, rows, access.current().name)
    skipped: set[str] = st.session_state.setdefault(_SKIPPED, set())
    ahead = [each for each in waiting if each not in skipped]
    at_hand = st.session_state.get(_NOW)
    if at_hand in ahead:
        ahead = [at_hand, *(each for each in ahead if each != at_hand)]
    # A contact may have been deleted, or not be of the model in use, since the queue was made.
    found = queries.first_scored(ahead)
    st.session_state[_NOW] = found.contact_id if found else None
    return Standing(len(queued), tuple(waiting), len(skipped & set(waiting)), found, rows)


def began() -> datetime:
    """When this session of reviewing began."""
    found: datetime = st.session_state.setdefault(_BEGAN, datetime.now(UTC))
    return found


def draft(contact: ContactView) -> Draft:
    """What is said so far of this contact."""
    found = st.session_state.get(_DRAFT)
    if not isinstance(found, Draft) or found.contact_id != contact.contact_id:
        hidden = corrections.blind(contact.contact_id)
        found = Draft.of(contact.contact_id, contact.proposal, hidden)
        _keep(found)
    return found


def place() -> tuple[str, int]:
    """Which reasons the number keys choose: as of `review_draft.offer`."""
    return st.session_state.get(_WHERE, ""), st.session_state.get(_PAGE, 0)


def go(where: str, page: int = 0) -> None:
    """Offer other reasons."""
    st.session_state[_WHERE], st.session_state[_PAGE] = where, page


def toggle(contact: ContactView, reason: str) -> None:
    """Take the reason, or take it away; the likely ones, with what is taken, are offered next."""
    _change(contact, lambda said: said.toggled(reason))
    go("")


def no_reason(contact: ContactView) -> None:
    """None of the taxonomy fits."""
    _change(contact, Draft.with_no_reason)


def mood(contact: ContactView, sentiment: str) -> None:
    """Say how the customer feels."""
    _change(contact, lambda said: replace(said, sentiment=sentiment))


def leaving(contact: ContactView, churn: str) -> None:
    """Say whether the customer says that they leave."""
    _change(contact, lambda said: replace(said, churn=churn))


def accept(contact: ContactView) -> None:
    """Ask that what is said is stored, and that the next contact comes."""
    _ask(_End.ACCEPT, contact)


def skip(contact: ContactView) -> None:
    """Ask that the contact is put off until the end."""
    _ask(_End.SKIP, contact)


def undo() -> None:
    """Ask that the last judgement is taken back."""
    _ask(_End.UNDO, None)


def settle() -> None:
    """Do what was asked for since the page was drawn. Raises AccessError.

    An undo that comes together with something else takes back that, which is not stored yet.
    """
    asked: dict[_End, ContactView | None] = st.session_state.pop(_ASKED, {})
    who = access.require(May.REVIEW).name
    if _End.UNDO in asked:
        if len(asked) == 1:
            _undo(who)
    elif contact := asked.get(_End.ACCEPT):
        _accept(contact, who)
    elif contact := asked.get(_End.SKIP):
        st.session_state[_SKIPPED].add(contact.contact_id)
        _next()


def skipped_again() -> None:
    """Look at what was put off after all."""
    st.session_state[_SKIPPED] = set()


def last(rows: tuple[Correction, ...], name: str) -> Correction | None:
    """This person's last judgement of this session that holds: what an undo takes back."""
    found = [row for row in holding(rows) if row.who == name and row.place == Place.REVIEW and row.at >= began()]
    return found[-1] if found else None


def say() -> None:
    """Show once what came of the last action."""
    said = st.session_state.pop(_SAID, None)
    if said is not None:
        text, wrong = said
        if wrong:
            st.error(text, icon=":material/error:")
        else:
            st.caption(f":material/undo: {text}")


def note_key(contact_id: str) -> str:
    """Key of the note's field: each contact has its own."""
    return f"review_note_{contact_id}"


def _ask(end: _End, contact: ContactView | None) -> None:
    if contact is None or _at_hand(contact):
        st.session_state.setdefault(_ASKED, {})[end] = contact


def _accept(contact: ContactView, who: str) -> None:
    said = draft(contact)
    if said.missing or contact.proposal is None:
        return
    note = str(st.session_state.get(note_key(contact.contact_id)) or "")
    try:
        corrections.judge(
            queries.workspace(),
            contact.proposal,
            said.labels,
            who,
            Place.REVIEW,
            model=queries.model(),
            blind=said.blind,
            note=note,
        )
    except VocError as error:
        st.session_state[_SAID] = (words.escaped(str(error)), True)
        return
    queries.look_again()
    _next()


def _undo(who: str) -> None:
    rows = queries.corrections()
    row = last(rows, who)
    if row is None:
        return
    try:
        corrections.undo(queries.workspace(), row.correction_id, who)
    except VocError as error:
        st.session_state[_SAID] = (words.escaped(str(error)), True)
        return
    queries.look_again()
    _next()
    labels = {each.task or "": each.new for each in rows if each.correction_id == row.correction_id}
    _keep(Draft(row.contact_id, row.blind).with_labels(labels))
    st.session_state[_NOW] = row.contact_id
    st.session_state[_SAID] = (review_sentences.taken_back(), False)


def _change(contact: ContactView, change: Callable[[Draft], Draft]) -> None:
    if _at_hand(contact):
        _keep(change(draft(contact)))


def _at_hand(contact: ContactView) -> bool:
    """Whether this contact is still the one to judge.

    A key that is pressed twice comes from a page that is gone by then, and on a slow machine a key is also heard by
    buttons of contacts before, which the browser has not put away yet.
    """
    return bool(st.session_state.get(_NOW) == contact.contact_id)


def _keep(said: Draft) -> None:
    st.session_state[_DRAFT] = said


def _next() -> None:
    st.session_state.pop(_DRAFT, None)
    st.session_state.pop(_NOW, None)
    go("")
