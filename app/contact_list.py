"""Blocks of the contacts page: what to look for, one page of it, and a single contact."""

import pandas as pd
import streamlit as st

from voc.app import components, contact_search, downloads, journey_sentences, queries, url, words
from voc.app.filters import View
from voc.i18n import N_, Texts, _
from voc.inference.marts import NOT_STATED, Criteria, Page, Span

PAGE_SIZE = 20
FILE_SIZE = 500
"""Most contacts in a downloaded list."""
UNKNOWN = "-unknown"
"""Stands among the reasons for: the model abstained. No reason can have this id."""
CHURN = Texts({"yes": N_("Leaving"), "no": N_("Not leaving")})
NO_STAGE = "-none"
"""Stands among the stages of the journey for: the source names none."""
KEYS = (*contact_search.KEYS, "reason", "sentiment", "churn", "theme", "stage", "page")
"""Parameters of this page besides the filters of all pages."""


def criteria_bar(view: View, span: Span) -> Criteria | None:
    """What to search for and labels to filter by; None where it is to be by meaning, and that is not possible."""
    searched = contact_search.bar(span)
    if searched is None:
        return None
    if not span.scored:
        return Criteria(words=searched.words)
    taxonomy = queries.workspace().taxonomy
    reasons = {UNKNOWN: _("Unknown (model abstained)")}
    reasons |= {each: taxonomy.name(each) for each in taxonomy.reason_ids}
    labels = {theme.theme_id: theme.label for theme in queries.themes(view.selection)}
    stages = {each or NO_STAGE: journey_sentences.stage(each) for each in queries.options().stages}
    with st.container(horizontal=True, gap="small"):
        reason = url.one("reason", reasons, _("Any reason"))
        sentiment = url.one("sentiment", words.SENTIMENT_NAMES, _("Any sentiment"))
        churn = url.one("churn", CHURN, _("Leaving or not"))
        theme = url.one("theme", labels, _("Any theme")) if labels else None
        stage = url.one("stage", stages, _("Any stage")) if stages else None
    return Criteria(
        words=searched.words,
        reason=None if reason == UNKNOWN else reason,
        sentiment=sentiment,
        churn_intent=None if churn is None else churn == "yes",
        theme=theme,
        unknown=reason == UNKNOWN,
        stage=NOT_STATED if stage == NO_STAGE else stage,
        near=searched.near,
    )


def fetch(view: View, criteria: Criteria) -> Page:
    """The page that the URL asks for; the last one when it asks for more than there are."""
    number = url.page()
    page = queries.contacts(view.selection, criteria, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if page.total and not page.contacts:
        page = queries.contacts(view.selection, criteria, PAGE_SIZE, (_pages(page.total) - 1) * PAGE_SIZE)
    return page


def nothing(criteria: Criteria) -> None:
    """No contact fits. Where a meaning is looked for, that stays when the filters are cleared."""
    if criteria.near is None:
        components.nothing_selected(*KEYS)
        return
    filters = (key for key in KEYS if key not in contact_search.KEYS)
    why = _("Say it as a customer would, in a few words, or look in a longer period.")
    components.nothing_selected(*filters, title=_("Nothing similar"), why=why)


def download(view: View, criteria: Criteria, total: int) -> None:
    """The list as a file: labels and ids. Words of customers stay in the app, until they can be redacted."""
    name = downloads.name("contacts", view.selection.first, view.selection.last)
    first = _("The file holds the newest {count} of them.")
    if criteria.near is not None:
        first = _("The file holds the nearest {count} of them.")
    note = first.format(count=words.count(FILE_SIZE)) if total > FILE_SIZE else ""
    downloads.buttons(name, lambda: file(view, criteria), note)


def file(view: View, criteria: Criteria) -> pd.DataFrame:
    """The contacts of the list, in its order, as a table to take away, without who the customer is and what he said."""
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
            "reasons": ["; ".join(name(reason) for reason, _probability in each.reasons) for each in found],
            "unknown": [each.abstained for each in found],
            "sentiment": [each.sentiment for each in found],
            "leaving": [each.churn_intent for each in found],
            "theme": ["; ".join(theme.label for theme in each.themes) or None for each in found],
        }
    )


def pager(total: int) -> None:
    """Page numbers, where there is more than one page."""
    if (pages := _pages(total)) > 1:
        with st.container(horizontal_alignment="center"):
            url.pager(pages)


def _pages(total: int) -> int:
    return -(-total // PAGE_SIZE)
