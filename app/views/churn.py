"""Churn: whom should we call first?"""

import streamlit as st

from voc.app import churn_sentences, churn_views, components, queries
from voc.i18n import _

TITLE = _("Whom should we call first?")
top = st.container()
span, view, totals = components.chosen(TITLE, top)
if not totals.scored:
    with top:
        components.heading(TITLE)
    components.not_scored()
    st.stop()
capacity, order = churn_views.controls(queries.workspace().config.outcomes.capacity_per_day)
found = queries.call_list(view.selection, order, capacity)
tested = queries.back_test(view.selection, order, capacity, span.first)
with top:
    worth = churn_sentences.worth(found, order, tested, queries.horizon())
    components.heading(TITLE, churn_sentences.headline(found, order), worth)
    churn_views.explained(tested, view, capacity)
if found.customers:
    churn_views.rows(found, view)
else:
    churn_views.nobody()
if not queries.at_risk():
    components.no_risk()
churn_views.footer(span, view)
