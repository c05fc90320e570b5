"""Contacts as people read them: a row of a list, and a whole transcript."""

from typing import Literal

import streamlit as st

from voc.app import components, highlight, url, words
from voc.app.pages import CONTACT, THEME
from voc.app.url import Parameters
from voc.app.words import escaped
from voc.data.workspace import Workspace
from voc.inference.marts import ContactView
from voc.labels import Sentiment, Speaker

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


def row(contact: ContactView, workspace: Workspace, parameters: Parameters, folded_words: tuple[str, ...] = ()) -> None:
    """One contact of a list: when and where, labels, and what the customer said."""
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
        components.customer_text(quote(contact, folded_words), folded_words)


def quote(contact: ContactView, folded_words: tuple[str, ...] = ()) -> str:
    """What a list shows of what the customer said, on one line."""
    return highlight.excerpt(_telling_turn(contact, folded_words), folded_words)


def transcript(title: str, contact: ContactView, workspace: Workspace, folded_words: tuple[str, ...]) -> None:
    """A whole conversation, and beside it what the model says about it."""
    zone = workspace.config.zone
    when = words.moment(contact.started_at, zone)
    components.heading(title, escaped(f"{when} · {words.channel(contact.channel)} · {_where(contact)}"))
    said, labels = st.columns([2, 1], gap="large")
    with labels, st.container(border=True):
        _labels(contact, workspace)
        st.caption(f"Contact {escaped(contact.contact_id)} of customer {escaped(contact.customer_id)}")
    with said:
        for number, turn in enumerate(contact.turns):
            name = words.SPEAKER_NAMES.get(turn.speaker, turn.speaker)
            with st.chat_message(name, avatar=AVATARS.get(turn.speaker)):
                at = f" · {turn.at.astimezone(zone):%H:%M}" if turn.at else ""
                st.caption(f"{escaped(name)}{at}")
                components.customer_text(turn.text, folded_words, _evidence(contact, number))


def _evidence(contact: ContactView, turn: int) -> highlight.Span | None:
    """The words of this turn that say that the customer leaves."""
    found = contact.evidence
    return (found.begin, found.end) if found is not None and found.turn == turn else None


def _labels(contact: ContactView, workspace: Workspace) -> None:
    st.subheader("Labels", anchor=False, help="Given by the model, with its calibrated probability.")
    if not contact.scored:
        st.caption("Not scored by the current model yet.")
        return
    st.caption("Contact reasons")
    if contact.abstained:
        st.badge("Unknown", color="gray", help="No reason reached its threshold, so the model abstained.")
    for reason, probability in contact.reasons:
        st.badge(f"{escaped(workspace.taxonomy.name(reason))} · {words.likelihood(probability)}", color="blue")
    st.caption("Sentiment")
    _sentiment(contact, with_probability=True)
    st.caption("Says that they are leaving")
    sure = f" · {words.likelihood(contact.churn_probability)} likely" if contact.churn_probability is not None else ""
    st.badge(f"Yes{sure}" if contact.churn_intent else f"No{sure}", color="red" if contact.churn_intent else "gray")
    if contact.evidence is not None:
        st.caption("The words that say so are marked in the transcript.")
    elif contact.churn_direction in words.DIRECTIONS:
        st.caption(words.DIRECTIONS[contact.churn_direction])
    st.caption("Theme")
    if contact.theme_id is None:
        st.badge("None", color="gray")
    else:
        st.page_link(
            THEME.path,
            label=escaped(contact.theme_label or contact.theme_id),
            query_params=url.current(url.FILTERS) | {"theme": contact.theme_id},
            help="",
        )


def _badges(contact: ContactView, workspace: Workspace) -> None:
    if not contact.scored:
        return
    if contact.abstained:
        st.badge("Unknown", color="gray")
    for reason, _ in contact.reasons[:3]:
        st.badge(escaped(workspace.taxonomy.name(reason)), color="blue")
    if contact.sentiment != Sentiment.NEUTRAL:
        _sentiment(contact)
    if contact.churn_intent:
        st.badge("Leaving", color="red", icon=":material/logout:")


def _sentiment(contact: ContactView, with_probability: bool = False) -> None:
    if contact.sentiment is None:
        return
    name = words.SENTIMENT_NAMES.get(contact.sentiment, contact.sentiment)
    if with_probability and contact.sentiment_probability is not None:
        name += f" · {words.likelihood(contact.sentiment_probability)}"
    st.badge(name, color=SENTIMENT_COLOURS.get(contact.sentiment, "gray"))


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
