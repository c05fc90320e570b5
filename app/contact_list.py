"""Blocks of the contacts page: what to look for, one page of it, and a single contact."""

import pandas as pd
import streamlit as st

from voc.app import downloads, queries, url, words
from voc.app.filters import View
from voc.inference.marts import Criteria, Page, Span

PAGE_SIZE = 20
FILE_SIZE = 500
"""Most contacts in a downloaded list."""
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


def download(view: View, criteria: Criteria, total: int) -> None:
    """The list as a file: labels and ids. Words of customers stay in the app, until they can be redacted."""
    name = downloads.name("contacts", view.selection.first, view.selection.last)
    note = f"The file holds the newest {words.count(FILE_SIZE)} of them." if total > FILE_SIZE else ""
    downloads.buttons(name, lambda: file(view, criteria), note)


def file(view: View, criteria: Criteria) -> pd.DataFrame:
    """The contacts of the list, newest first, as a table to take away, without who the customer is and what he said."""
    workspace = queries.workspace()
    name, zone = workspace.taxonomy.name, workspace.config.zone
    found = queries.contacts(view.selection, criteria, FILE_SIZE, 0).contacts
    return pd.DataFrame(
        {
            "contact_id": [each.contact_id for each in found],
            "started_at": [f"{each.started_at.astimezone(zone):%Y-%m-%d %H:%M}" for each in found],
            "channel": [each.channel for each in found],
            "product": [each.product for each in found],
            "language": [each.language for each in found],
            "reasons": ["; ".join(name(reason) for reason, _ in each.reasons) for each in found],
            "unknown": [each.abstained for each in found],
            "sentiment": [each.sentiment for each in found],
            "leaving": [each.churn_intent for each in found],
            "theme": [each.theme_label for each in found],
        }
    )


def pager(total: int) -> None:
    """Page numbers, where there is more than one page."""
    if (pages := _pages(total)) > 1:
        with st.container(horizontal_alignment="center"):
            url.pager(pages)


def _pages(total: int) -> int:
    return -(-total // PAGE_SIZE)
