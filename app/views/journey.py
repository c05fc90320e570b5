"""Journey: where does it hurt?"""

import streamlit as st

from voc.app import components, journey_views, queries
from voc.i18n import _

TITLE = _("Where does it hurt?")
top = st.container()
span, view, totals = components.chosen(TITLE, top)
if not totals.scored:
    with top:
        components.heading(TITLE)
    components.not_scored()
elif not queries.options().stages:
    with top:
        components.heading(TITLE)
    journey_views.no_stages()
else:
    measure = journey_views.choice(totals)
    found = journey_views.fetch(view, totals, measure)
    with top:
        components.heading(TITLE, *journey_views.said(found, totals))
        journey_views.explained()
    journey_views.picture(found, view)
    journey_views.stages(found, totals, view)
components.footer(span, totals)
