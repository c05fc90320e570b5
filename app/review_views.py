"""Blocks of the page Review: one contact to judge, by keys alone if one likes, and what the corrections changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from voc.app import access, components, contact_views, downloads, queries, review_actions, review_sentences, url, words
from voc.app.review_actions import Standing
from voc.app.review_draft import KEYS, Draft, Offer, likelihoods, offer
from voc.data.corrections import NO, YES, Correction, holding
from voc.data.workspace import Workspace
from voc.i18n import N_, Texts, _
from voc.inference import agreement
from voc.inference.corrections import LONGEST_NOTE, Queued
from voc.inference.marts import ContactView
from voc.labels import Sentiment, TaskName
from voc.taxonomy import Taxonomy

SINCE = Texts({"session": N_("This session"), "week": N_("Seven days, everybody"), "all": N_("All, everybody")})
_MOOD_KEYS = {Sentiment.NEGATIVE: "Q", Sentiment.NEUTRAL: "W", Sentiment.POSITIVE: "E"}
_CHURN_KEYS = {NO: "D", YES: "F"}
_LONG = 12  # turns; a longer conversation scrolls by itself, so that the buttons stay in sight
_HEIGHT = 720  # pixels of it
_MOST_MOVES = 12


def record(contact: ContactView, standing: Standing, workspace: Workspace, why: Queued | None) -> None:
    """The contact that is to be judged now: what was said, and beside it what to say of it."""
    said, labels = st.columns([3, 2], gap="large")
    draft = review_actions.draft(contact)
    with labels, st.container(border=True, gap="small"):
        _panel(contact, draft, workspace)
        _steps(contact, draft, standing)
    with said:
        when = words.moment(contact.started_at, workspace.config.zone)
        place = (
            f"{words.channel(contact.channel)} · {words.product(contact.product)} · {words.language(contact.language)}"
        )
        st.caption(words.escaped(f"{when} · {place}"))
        if why is not None and not draft.blind:
            st.caption(review_sentences.WHYS.get(why.why, ""))
        evidence = [] if draft.blind else [*queries.reason_evidence(contact), contact.evidence]
        with st.container(height=_HEIGHT if len(contact.turns) > _LONG else "content"):
            contact_views.conversation(contact, workspace, (), [each for each in evidence if each])


def finished(standing: Standing) -> None:
    """Nothing is left to judge: none was ever chosen, all is done, or the rest was put off."""
    if standing.skipped:
        st.info(_("All that is left was put off."), icon=":material/snooze:")
        st.button(
            _("Look at what was put off"),
            key="review_again",
            shortcut="S",
            icon=":material/replay:",
            on_click=review_actions.skipped_again,
        )
    else:
        components.no_queue(standing.queued > 0)
    _undo(standing)


def changes(standing: Standing, workspace: Workspace) -> None:
    """What the corrections of a time changed, and how far people agree."""
    if not holding(standing.rows):
        return
    st.header(_("What did the corrections change?"), anchor=False)
    since = url.segments("since", SINCE, _("Which corrections?"), "session")
    rows = chosen(standing.rows, since, access.current().name, review_actions.began(), datetime.now(UTC))
    judged = len({row.correction_id for row in rows})
    moves = agreement.moves(rows)
    st.markdown(review_sentences.session(judged, sum(move.contacts for move in moves)))
    if not judged:
        return
    languages = queries.languages_of(sorted({row.contact_id for row in rows}))
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch"):
        st.subheader(_("From which label to which?"), anchor=False)
        _moves(moves, workspace.taxonomy)
    with right, st.container(border=True, height="stretch"):
        st.subheader(_("How far do people agree?"), anchor=False)
        _agreement(rows, standing.rows, languages)


def chosen(
    rows: tuple[Correction, ...], since: str, who: str, began: datetime, now: datetime
) -> tuple[Correction, ...]:
    """The judgements of a time that hold: one's own of this session, or everybody's of seven days or of all time."""
    held = holding(rows)
    if since == "session":
        return tuple(row for row in held if row.who == who and row.at >= began)
    return tuple(row for row in held if since != "week" or row.at >= now - timedelta(days=7))


def _panel(contact: ContactView, draft: Draft, workspace: Workspace) -> None:
    if draft.blind:
        st.caption(f":material/visibility_off: {review_sentences.hidden()}")
    elif not draft.reasons and contact.proposal is not None and not contact.proposal.chosen(TaskName.REASON):
        st.caption(f":material/help: {review_sentences.nothing_proposed()}")
    _reasons(contact, draft, workspace.taxonomy)
    st.caption(review_sentences.TASKS[TaskName.SENTIMENT])
    with st.container(horizontal=True, gap="small"):
        for mood, letter in _MOOD_KEYS.items():
            _choice(
                words.SENTIMENT_NAMES[mood], letter, draft.sentiment == mood, review_actions.mood, contact, str(mood)
            )
    st.caption(review_sentences.TASKS[TaskName.CHURN_INTENT])
    with st.container(horizontal=True, gap="small"):
        for answer, letter in _CHURN_KEYS.items():
            _choice(
                review_sentences.ANSWERS[answer],
                letter,
                draft.churn == answer,
                review_actions.leaving,
                contact,
                answer,
            )
    if not draft.blind and contact.proposal is not None:
        _confidence(contact)


def _reasons(contact: ContactView, draft: Draft, taxonomy: Taxonomy) -> None:
    where, page = review_actions.place()
    offered = offer(taxonomy, draft, contact.proposal, where, page)
    st.caption(review_sentences.TASKS[TaskName.REASON])
    elsewhere = [reason for reason in draft.reasons or () if reason not in offered.ids]
    if elsewhere or draft.reasons == ():
        with st.container(horizontal=True, gap="small"):
            for reason in elsewhere:
                st.badge(words.escaped(taxonomy.name(reason)), icon=":material/check:", color="blue")
            if draft.reasons == ():
                st.badge(_("No reason fits"), icon=":material/check:", color="gray")
    with st.container(gap="xsmall"):
        _offered(contact, draft, offered, taxonomy)
    with st.container(horizontal=True, gap="small"):
        if offered.kind != "groups":
            st.button(
                _("All areas"), key="review_groups", shortcut="G", type="tertiary", icon=":material/category:",
                on_click=review_actions.go, args=("groups",),
            )  # fmt: skip
        if offered.more:
            st.button(
                _("More"), key="review_more", shortcut="M", type="tertiary", icon=":material/more_horiz:",
                on_click=review_actions.go, args=(where, page + 1),
            )  # fmt: skip
        st.button(
            _("No reason fits"), key=f"review_none_{contact.contact_id}", shortcut="0", type="tertiary",
            icon=":material/block:", on_click=review_actions.no_reason, args=(contact,),
        )  # fmt: skip


def _offered(contact: ContactView, draft: Draft, offered: Offer, taxonomy: Taxonomy) -> None:
    sure = {} if draft.blind else likelihoods(contact.proposal)
    for number, each in enumerate(offered.ids[:KEYS], 1):
        if offered.kind == "groups":
            st.button(
                words.escaped(taxonomy.groups[each].name), key=f"review_group_{each}", shortcut=str(number),
                icon=":material/chevron_right:", width="stretch", on_click=review_actions.go, args=(each,),
            )  # fmt: skip
            continue
        name = words.escaped(taxonomy.name(each))
        likely = f" · {words.likelihood(sure[each])}" if each in sure else ""
        taken = each in (draft.reasons or ())
        _choice(f"{name}{likely}", str(number), taken, review_actions.toggle, contact, each, wide=True)


def _confidence(contact: ContactView) -> None:
    """How sure the model is of the two that have one answer."""
    said = []
    for task in (TaskName.SENTIMENT, TaskName.CHURN_INTENT):
        for value, probability in contact.proposal.labels.get(task, ()) if contact.proposal else ():
            name = review_sentences.fixed(value)
            said.append(f"{review_sentences.TASKS[task]}: {name} · {words.likelihood(probability)}")
    if said:
        st.caption(_("The model says: {what}.").format(what="; ".join(said)))


def _steps(contact: ContactView, draft: Draft, standing: Standing) -> None:
    st.text_input(
        _("Note"),
        key=review_actions.note_key(contact.contact_id),
        max_chars=LONGEST_NOTE,
        placeholder=_("Note, if there is something to say"),
        label_visibility="collapsed",
    )
    if draft.missing:
        st.caption(review_sentences.missing(draft.missing))
    differs = draft.blind or draft.differs(contact.proposal)
    with st.container(horizontal=True, gap="small"):
        st.button(
            _("Save") if differs else _("Accept"), key=f"review_accept_{contact.contact_id}", shortcut="A",
            type="primary", icon=":material/check:", disabled=bool(draft.missing),
            on_click=review_actions.accept, args=(contact,),
        )  # fmt: skip
        st.button(
            _("Skip"), key=f"review_skip_{contact.contact_id}", shortcut="S", icon=":material/skip_next:",
            on_click=review_actions.skip, args=(contact,),
        )  # fmt: skip
        _undo(standing)


def _undo(standing: Standing) -> None:
    if review_actions.last(standing.rows, access.current().name) is not None:
        st.button(_("Undo"), key="review_undo", shortcut="Z", icon=":material/undo:", on_click=review_actions.undo)


def _choice(
    label: str,
    letter: str,
    taken: bool,
    do: Callable[[ContactView, str], None],
    contact: ContactView,
    value: str,
    wide: bool = False,
) -> None:
    """A button that says one label; whether it is said already is seen by its colour and its sign."""
    st.button(
        label,
        key=f"review_{letter}_{contact.contact_id}_{value}",
        shortcut=letter,
        type="primary" if taken else "secondary",
        icon=":material/check:" if taken else None,
        width="stretch" if wide else "content",
        on_click=do,
        args=(contact, value),
    )


def _moves(moves: list[agreement.Move], taxonomy: Taxonomy) -> None:
    if not moves:
        st.caption(_("No label was changed."))
        return
    for move in moves[:_MOST_MOVES]:
        st.markdown(f"{words.count(move.contacts)} × {review_sentences.moved(move, taxonomy)}")
    if len(moves) > _MOST_MOVES:
        st.caption(_("The file has all of them."))
    downloads.buttons("corrections", lambda: moves_table(moves, taxonomy))


def moves_table(moves: list[agreement.Move], taxonomy: Taxonomy) -> pd.DataFrame:
    """All changes of labels as a table to take away."""

    def name(label: str | None) -> str | None:
        return taxonomy.name(label) if label is not None else None

    return pd.DataFrame(
        {
            "task": [move.task for move in moves],
            "label_before": [name(move.before) for move in moves],
            "label_after": [name(move.after) for move in moves],
            "contacts": [move.contacts for move in moves],
        }
    )


def _agreement(rows: tuple[Correction, ...], everything: tuple[Correction, ...], languages: dict[str, str]) -> None:
    found = agreement.with_model(rows, languages)
    st.caption(_("With the model, on contacts of the queue: it is less sure of these than of others."))
    tasks = list(dict.fromkeys(each.task for each in found))
    for task in tasks:
        of_task = [each for each in found if each.task == task]
        st.markdown(f"**{review_sentences.TASKS[task]}**: {review_sentences.agreement(of_task[0])}")
        if len(of_task) > 2:
            parts = [f"{words.language(each.language)} {review_sentences.agreement(each)}" for each in of_task[1:]]
            st.caption(words.escaped(" · ".join(parts)))
    shown, hidden = (agreement.with_model(rows, {}, blind=blind) for blind in (False, True))
    if said := review_sentences.anchoring(shown, hidden):
        st.caption(said)
    between = agreement.between_reviewers(everything)
    if between:
        st.caption(_("Between two people who judged the same contacts, of all time:"))
        for each in between:
            st.markdown(review_sentences.reviewers(each))
