"""On a contact's page: who corrected its labels, and a form to correct them in place."""

import streamlit as st

from voc.app import access, queries, review_sentences, words
from voc.app.access import May
from voc.data.corrections import NO, YES, Place
from voc.data.workspace import Workspace
from voc.errors import VocError
from voc.i18n import _
from voc.inference import corrections
from voc.inference.corrections import LONGEST_NOTE
from voc.inference.marts import ContactView
from voc.labels import Sentiment, TaskName

_SAID = "correction_said"


def panel(contact: ContactView, workspace: Workspace) -> None:
    """Who said so last, the undo of it, and the form; for those who may correct."""
    _say()
    if contact.corrections:
        differs = any(row.agrees is not True for row in contact.corrections)
        when = words.moment(contact.corrections[-1].at, workspace.config.zone)
        say = review_sentences.corrected if differs else review_sentences.confirmed
        st.caption(f":material/edit_note: {say(contact.corrections, when)}")
        if note := next((row.note for row in reversed(contact.corrections) if row.note), None):
            st.caption(words.escaped(note))
        if any(row.held_out for row in contact.corrections):
            st.caption(_("This contact is kept for testing models: what people say of it is shown, and never learnt."))
    if contact.proposal is None or not access.may(May.LABEL):
        return
    if contact.corrections:
        st.button(
            _("Take this back"),
            key="correct_undo",
            icon=":material/undo:",
            type="tertiary",
            on_click=_undo,
            args=(contact,),
        )
    with st.expander(_("Correct the labels"), icon=":material/edit:", key=_key("panel", contact)):
        _form(contact, workspace)


def _form(contact: ContactView, workspace: Workspace) -> None:
    taxonomy = workspace.taxonomy
    with st.form("correct_form", border=False):
        st.multiselect(
            _("Contact reasons"),
            list(taxonomy.reason_ids),
            [reason for reason, _probability in contact.reasons if reason in taxonomy.reasons],
            key=_key("reasons", contact),
            format_func=lambda reason: words.visible(taxonomy.name(reason)),
            placeholder=_("No reason fits"),
        )
        st.segmented_control(
            _("Sentiment"),
            [str(each) for each in Sentiment],
            default=contact.sentiment,
            key=_key("sentiment", contact),
            format_func=review_sentences.fixed,
        )
        st.segmented_control(
            _("Says that they are leaving"),
            [NO, YES],
            default=YES if contact.churn_intent else NO,
            key=_key("churn", contact),
            format_func=review_sentences.fixed,
        )
        note = _key("note", contact)
        st.text_input(_("Note"), key=note, max_chars=LONGEST_NOTE, placeholder=_("Why, if it is not plain"))
        st.form_submit_button(_("Store the labels"), on_click=_correct, args=(contact,))


def _correct(contact: ContactView) -> None:
    """Store what the form says of the tasks in which it differs from what held; of the others nobody said anything."""
    reasons, mood, churn = (st.session_state.get(_key(name, contact)) for name in ("reasons", "sentiment", "churn"))
    held: dict[str, set[str | None]] = {
        TaskName.REASON: {reason for reason, _probability in contact.reasons},
        TaskName.SENTIMENT: {contact.sentiment},
        TaskName.CHURN_INTENT: {YES if contact.churn_intent else NO},
    }
    said: dict[str, tuple[str, ...]] = {
        TaskName.REASON: tuple(reasons or ()),
        TaskName.SENTIMENT: (mood,) if mood else (),
        TaskName.CHURN_INTENT: (churn,) if churn else (),
    }
    new = {
        task: labels
        for task, labels in said.items()
        if set(labels) != held[task] and (labels or task == TaskName.REASON)
    }
    if not new or contact.proposal is None:
        st.session_state[_SAID] = (_("Nothing was changed: the labels were so already."), False)
        return
    try:
        person = access.require(May.LABEL)
        if queries.contact(contact.contact_id) is None:
            return
        corrections.judge(
            queries.workspace(),
            contact.proposal,
            new,
            person.name,
            Place.CONTACT,
            model=queries.model(),
            note=str(st.session_state.get(_key("note", contact)) or ""),
            seen=_seen(contact),
        )
    except VocError as error:
        queries.look_again()
        st.session_state[_SAID] = (words.escaped(str(error)), True)
        return
    queries.look_again()
    st.session_state[_SAID] = (_("Stored. Every page shows and counts this contact so from now on."), False)


def _undo(contact: ContactView) -> None:
    seen = _seen(contact)
    if seen is None:
        return
    try:
        person = access.require(May.LABEL)
        if queries.contact(contact.contact_id) is None:
            return
        corrections.undo(queries.workspace(), seen, person.name)
    except VocError as error:
        st.session_state[_SAID] = (words.escaped(str(error)), True)
    else:
        st.session_state[_SAID] = (_("Taken back: what was said before holds again."), False)
    queries.look_again()


def _key(name: str, contact: ContactView) -> str:
    """Key of a field: those of one contact, as one judgement left it, are no other's."""
    return f"correct_{name}_{contact.contact_id}_{_seen(contact) or 'model'}"


def _seen(contact: ContactView) -> str | None:
    """The newest judgement that the page shows."""
    return contact.corrections[-1].correction_id if contact.corrections else None


def _say() -> None:
    said = st.session_state.pop(_SAID, None)
    if said is not None:
        text, wrong = said
        show, icon = (st.error, ":material/error:") if wrong else (st.success, ":material/check_circle:")
        show(text, icon=icon)
