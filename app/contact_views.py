"""Contacts as people read them: a row of a list, and a whole transcript."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import streamlit as st

from voc.app import components, correction_panel, course, highlight, queries, url, words
from voc.app.pages import CONTACT, THEME
from voc.app.url import Parameters
from voc.app.words import escaped
from voc.data.workspace import Workspace
from voc.i18n import _
from voc.inference.courses import TurnSentiment
from voc.inference.evidence import Evidence
from voc.inference.marts import ContactView
from voc.labels import Sentiment, Speaker, TaskName

SENTIMENT_COLOURS: dict[str, Literal["orange", "gray", "green"]] = {
    Sentiment.NEGATIVE: "orange",
    Sentiment.NEUTRAL: "gray",
    Sentiment.POSITIVE: "green",
}
AVATARS: dict[str, str] = {
    Speaker.CUSTOMER: ":material/person:",
    Speaker.AGENT: ":material/support_agent:",
    Speaker.BOT: ":material/smart_toy:",
}

QUOTED = 60
"""Characters after which a list quotes no further turn."""


def row(
    contact: ContactView,
    workspace: Workspace,
    parameters: Parameters,
    folded_words: tuple[str, ...] = (),
    theme: str | None = None,
) -> None:
    """One contact of a list: when and where, labels, and what the customer said, of this `theme` if there is one."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(
                CONTACT.path,
                label=escaped(words.moment(contact.started_at, workspace.config.zone)),
                icon=words.CHANNEL_ICONS.get(contact.channel, ":material/forum:"),
                query_params=parameters | {"contact": contact.contact_id},
                help="",
            )
            st.caption(escaped(_where(contact)), width="content")
            _badges(contact, workspace)
        components.customer_text(quote(contact, folded_words, theme), folded_words)


def quote(contact: ContactView, folded_words: tuple[str, ...] = (), theme: str | None = None) -> str:
    """What a list shows of what the customer said, on one line; of a `theme` what is said of it, unless words are
    looked for."""
    said = contact.said_of(theme) if theme is not None and not folded_words else None
    return highlight.excerpt(said or _telling_turn(contact, folded_words), folded_words)


def transcript(title: str, contact: ContactView, workspace: Workspace, folded_words: tuple[str, ...]) -> None:
    """A whole conversation, and beside it what the model says about it."""
    zone = workspace.config.zone
    when = words.moment(contact.started_at, zone)
    components.heading(title, escaped(f"{when} · {words.channel(contact.channel)} · {_where(contact)}"))
    said = queries.sentiment_course(contact)
    conversed, labels = st.columns([2, 1], gap="large")
    with labels, st.container(border=True):
        _labels(contact, workspace, said)
        correction_panel.panel(contact, workspace)
        whose = _("Contact {contact} of customer {customer}")
        st.caption(whose.format(contact=escaped(contact.contact_id), customer=escaped(contact.customer_id)))
    with conversed:
        moods = {each.turn: each.sentiment for each in said} if len(said) > 1 else {}
        conversation(contact, workspace, folded_words, _evidence(contact), moods)


def conversation(
    contact: ContactView,
    workspace: Workspace,
    folded_words: tuple[str, ...] = (),
    evidence: Sequence[Evidence] = (),
    moods: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """What was said, turn by turn; words searched for and those that labels rest on are marked.

    `moods` are sentiments of turns by their number.
    """
    zone = workspace.config.zone
    for number, turn in enumerate(contact.turns):
        name = words.SPEAKER_NAMES.get(turn.speaker, turn.speaker)
        with st.chat_message(name, avatar=AVATARS.get(turn.speaker)):
            at = f" · {words.hour(turn.at, zone)}" if turn.at else ""
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(f"{escaped(name)}{at}", width="content")
                _mood(moods.get(number))
            spans = [(each.begin, each.end) for each in evidence if each.turn == number]
            components.customer_text(turn.text, folded_words, *spans)


def _evidence(contact: ContactView) -> tuple[Evidence, ...]:
    """The words that say that the customer leaves; none where somebody says that they say no such thing."""
    return (contact.evidence,) if contact.evidence is not None and contact.churn_intent else ()


def _mood(sentiment: str | None) -> None:
    """How a turn sounds, beside its speaker; a neutral one is quiet."""
    if sentiment in course.ICONS:
        name, icon = words.SENTIMENT_NAMES[sentiment], course.ICONS[sentiment]
        st.badge(name, icon=icon, color=SENTIMENT_COLOURS[sentiment])


def _labels(contact: ContactView, workspace: Workspace, said: Sequence[TurnSentiment]) -> None:
    st.header(_("Labels"), anchor=False, help=_("Given by the model, with its calibrated probability."))
    if not contact.scored:
        st.caption(_("Not scored by the current model yet."))
        return
    st.caption(_("Contact reasons"))
    if contact.abstained:
        st.badge(_("Unknown"), color="gray", help=_("No reason reached its threshold, so the model abstained."))
    for reason, probability in contact.reasons:
        sure = _sure(contact, TaskName.REASON, probability)
        st.badge(f"{escaped(workspace.taxonomy.name(reason))}{sure}", color="blue")
    st.caption(_("Sentiment"))
    _sentiment(contact, with_probability=True)
    _course(contact, said)
    st.caption(_("Says that they are leaving"))
    known = contact.churn_probability is not None and not contact.corrected(TaskName.CHURN_INTENT)
    answer = _("Yes") if contact.churn_intent else _("No")
    if known:
        likely = _("{probability} likely").format(probability=words.likelihood(contact.churn_probability or 0))
        answer = f"{answer} · {likely}"
    st.badge(answer, color="red" if contact.churn_intent else "gray")
    if _evidence(contact):
        st.caption(_("The words that say so are marked in the transcript."))
    elif direction := words.DIRECTIONS.get(contact.churn_direction or ""):
        st.caption(direction)
    st.caption(_("Themes") if len(contact.themes) > 1 else _("Theme"))
    if not contact.themes:
        st.badge(_("None"), color="gray")
    for theme in contact.themes:
        st.page_link(
            THEME.path,
            label=escaped(theme.label),
            query_params=url.current(url.FILTERS) | {"theme": theme.theme_id},
            help="",
        )
        if len(contact.themes) > 1 and (passage := contact.said_of(theme.theme_id)):
            components.customer_text(highlight.excerpt(passage))


def _course(contact: ContactView, said: Sequence[TurnSentiment]) -> None:
    """The sentiment turn by turn; where a person judged the whole contact, no sentence of ours beside theirs."""
    if not course.moves(said):
        return
    steps = course.steps(said)
    alt = _("Sentiment of the customer's turns: {steps}").format(steps=steps)
    st.vega_lite_chart(course.chart(said), alt=alt, key="course")
    turned = None if contact.corrected(TaskName.SENTIMENT) else course.sentence(said)
    st.caption(f"{steps}. {turned}" if turned else steps, help=_("Given by the model for each turn by itself."))


def _badges(contact: ContactView, workspace: Workspace) -> None:
    if not contact.scored:
        return
    if contact.abstained:
        st.badge(_("Unknown"), color="gray")
    for reason, _probability in contact.reasons[:3]:
        st.badge(escaped(workspace.taxonomy.name(reason)), color="blue")
    if contact.sentiment != Sentiment.NEUTRAL:
        _sentiment(contact)
    if contact.churn_intent:
        st.badge(_("Leaving"), color="red", icon=":material/logout:")


def _sentiment(contact: ContactView, with_probability: bool = False) -> None:
    if contact.sentiment is None:
        return
    name = words.SENTIMENT_NAMES.get(contact.sentiment, contact.sentiment)
    if with_probability:
        name += _sure(contact, TaskName.SENTIMENT, contact.sentiment_probability)
    st.badge(name, color=SENTIMENT_COLOURS.get(contact.sentiment, "gray"))


def _sure(contact: ContactView, task: str, probability: float | None) -> str:
    """How sure the model is, to stand behind its label; a label that a person gave has no such number."""
    return "" if probability is None or contact.corrected(task) else f" · {words.likelihood(probability)}"


def _where(contact: ContactView) -> str:
    return f"{words.product(contact.product)} · {words.language(contact.language)}"


def _telling_turn(contact: ContactView, folded_words: tuple[str, ...]) -> str:
    """What a list quotes: the first turn with a match, else the customer's turns from the first one on.

    A first turn alone is often no more than a greeting, so turns are added until they say something.
    """
    for turn in contact.turns:
        if folded_words and highlight.matches(turn.text, folded_words):
            return turn.text
    own = [turn.text for turn in contact.turns if turn.speaker == Speaker.CUSTOMER and turn.text.strip()]
    quoted = ""
    for text in own:
        if len(quoted) >= QUOTED:
            break
        quoted = f"{quoted} {text}".strip()
    return quoted
