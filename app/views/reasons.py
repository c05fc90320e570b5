"""Reasons: why do customers contact us?"""

import streamlit as st

from voc.app import components, queries, reason_views, sentences
from voc.i18n import _

TITLE = _("Why do customers contact us?")
top = st.container()
span, view, totals = components.chosen(TITLE, top)
before = queries.totals(view.before) if view.before else None
reasons = queries.reasons(view.selection, view.before)
compared = bool(before and before.scored)
with top:
    components.heading(
        TITLE,
        sentences.leader(reasons, totals.scored) or sentences.no_reason(totals),
        sentences.moved(sentences.mover(reasons, totals.scored, before.scored)) if before and compared else None,
    )
if not totals.scored:
    components.not_scored()
elif len(reasons):
    found = reason_views.rows(reasons, totals, before, view)
    reason_views.class_tiles(totals, view)
    reason_views.picture(found, compared)
    reason_views.course(found, view)
    reason_views.table(found, totals, compared, view)
    reason_views.by_slice(found, view)
components.footer(span, totals)
