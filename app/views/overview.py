"""Overview: what changed?"""

import streamlit as st

from voc.app import components, emerging, overview, pulse_figures, pulse_news, queries, sentences
from voc.i18n import _

TITLE = _("What changed?")
top = st.container()
span, view, totals = components.chosen(TITLE, top)
reasons = queries.reasons(view.selection, view.before)
found = pulse_figures.fetch(span, view, totals)
with top:
    components.heading(
        TITLE, sentences.overview(totals, view.selection, found.contacts), sentences.leader(reasons, totals.scored)
    )
pulse_figures.large(found)
emerging.section(span)
if totals.scored:
    pulse_news.section(reasons, totals, found.before, view)
pulse_figures.quiet(found)
overview.daily_card(found.daily, found.daily_before, view)
if totals.scored:
    left, right = st.columns(2, gap="small")
    with left:
        overview.reasons_card(reasons, totals, found.before, view)
    with right:
        overview.sentiment_card(view, overview.sentiment_height(reasons))
else:
    components.not_scored()
components.footer(span, totals)
