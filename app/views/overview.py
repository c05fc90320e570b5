"""Overview: what changed?"""

import streamlit as st

from voc.app import components, emerging, overview, queries, sentences

TITLE = "What changed?"
top = st.container()
span, view, totals = components.chosen(TITLE, top)
before = queries.totals(view.before) if view.before else None
daily = queries.daily(view.selection)
daily_before = queries.daily(view.before) if view.before else None
reasons = queries.reasons(view.selection, view.before)
with top:
    components.heading(
        TITLE,
        sentences.overview(totals, view.selection, overview.contacts_change(daily, daily_before)),
        sentences.leader(reasons, totals.scored),
        sentences.moved(sentences.mover(reasons, totals.scored, before.scored)) if before else None,
    )
overview.tiles(totals, before, view, daily, daily_before)
emerging.section(span)
overview.daily_card(daily, daily_before, view)
if totals.scored:
    left, right = st.columns(2, gap="small")
    with left:
        overview.reasons_card(reasons, totals, before, view)
    with right:
        overview.sentiment_card(view, overview.sentiment_height(reasons))
else:
    components.not_scored()
components.footer(span, totals)
