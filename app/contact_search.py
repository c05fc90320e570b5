"""The search field of the contacts page: by words, or by what is meant."""

from dataclasses import dataclass

import streamlit as st

from voc.app import components, queries, url, words
from voc.data.text import one_line
from voc.i18n import N_, Texts, _
from voc.inference.marts import Criteria, Span
from voc.inference.marts_meaning import FLOOR

KEYS = ("q", "search")
WORDS, MEANING = "words", "meaning"
COMPARED = Texts({WORDS: N_("Words"), MEANING: N_("Meaning")})
"""What a search compares."""


@dataclass(frozen=True)
class Search:
    """What is looked for: words, or the vector of a meaning; neither where nothing is."""

    words: str = ""
    near: tuple[float, ...] | None = None


def folded_words() -> tuple[str, ...]:
    """The words that the URL's search looks for; none where it looks for a meaning."""
    return () if _wanted() else Criteria(words=url.value("q") or "").folded_words


def bar(span: Span) -> Search | None:
    """The field, and the switch where both ways are there; None where a meaning is wanted and cannot be looked for."""
    offered = bool(span.scored) and queries.by_meaning()
    by_meaning, field = _wanted(), st.container(horizontal=True, vertical_alignment="center", gap="small")
    with field:
        text = url.text("q", _("Search"), _placeholder(by_meaning and offered), ":material/search:")
        if offered:
            by_meaning = url.segments("search", COMPARED, _("What a search compares"), WORDS) == MEANING
    if not by_meaning:
        return Search(words=text)
    if not one_line(text):
        return Search()
    with st.spinner(_("Reading the search …")):  # seconds where nobody has searched by meaning since the start
        near = queries.near(text) if offered else None
    if near is None:
        return None
    said = _(
        "Compared by what is meant, across languages: no word has to match. Contacts less similar than {floor} "
        "(1 is the same) are left out."
    )
    st.caption(said.format(floor=words.decimal(FLOOR, 2)))
    return Search(near=near)


def impossible() -> None:
    """Why nobody can search by meaning here, and what leads on."""
    there = queries.by_meaning()
    text = _("The exported model that reads a search is damaged. Make it anew:")
    if not there:
        text = _("A search by meaning needs contacts that a model has scored, and that model's export:")
    with st.container(border=True, gap="small"):
        st.header(_("No search by meaning here"), anchor=False, icon=":material/search_off:")
        st.markdown(text)
        commands = [components.command_line("export"), *([] if there else [components.command_line("score")])]
        st.code("\n".join(commands), language=None, width="content", wrap_lines=True)
        st.button(_("Search by words"), icon=":material/search:", on_click=url.clear, args=("search",))


def _wanted() -> bool:
    return url.value("search") == MEANING


def _placeholder(by_meaning: bool) -> str:
    if by_meaning:
        return _("Say what you look for: customers angry about being billed twice")
    return _("Search all words: račun finds racun and рачун")
