"""Blocks of the contacts page: what to look for, one page of it, and a single contact."""

import streamlit as st

from voc.app import queries, url, words
from voc.app.filters import View
from voc.inference.marts import Criteria, Page, Span

PAGE_SIZE = 20
UNKNOWN = "-unknown"
"""Stands among the reasons for: the model abstained. No reason can have this id."""
CHURN = {"yes": "Leaving", "no": "Not leaving"}
KEYS = ("q", "reason", "sentiment", "churn", "theme", "page")
"""Parameters of this page besides the filters of all pages."""


def criteria_bar(view: View, span: Span) -> Criteria:
    """Words to search for and labels to filter by."""
    said = url.text("q", "Search", "Search all words: račun finds racun and рачун", ":material/search:")
    if not span.scored:
        return Criteria(words=said)
    taxonomy = queries.workspace().taxonomy
    reasons = {UNKNOWN: "Unknown (model abstained)"}
    reasons |= {each: taxonomy.name(each) for each in taxonomy.reason_ids}
    labels = {theme.theme_id: theme.label for theme in queries.themes(view.selection)}
    with st.container(horizontal=True, gap="small"):
        reason = url.one("reason", reasons, "Any reason")
        sentiment = url.one("sentiment", words.SENTIMENT_NAMES, "Any sentiment")
        churn = url.one("churn", CHURN, "Leaving or not")
        theme = url.one("theme", labels, "Any theme") if labels else None
    return Criteria(
        words=said,
        reason=None if reason == UNKNOWN else reason,
        sentiment=sentiment,
        churn_intent=None if churn is None else churn == "yes",
        theme=theme,
        unknown=reason == UNKNOWN,
    )


def fetch(view: View, criteria: Criteria) -> Page:
    """The page that the URL asks for; the last one when it asks for more than there are."""
    number = url.page()
    page = queries.contacts(view.selection, criteria, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if page.total and not page.contacts:
        page = queries.contacts(view.selection, criteria, PAGE_SIZE, (_pages(page.total) - 1) * PAGE_SIZE)
    return page


def pager(total: int) -> None:
    """Page numbers, where there is more than one page."""
    if (pages := _pages(total)) > 1:
        with st.container(horizontal_alignment="center"):
            url.pager(pages)


def _pages(total: int) -> int:
    return -(-total // PAGE_SIZE)
