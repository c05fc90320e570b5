"""Map: how do contacts relate?"""

import streamlit as st

from voc.app import components, map_sentences, map_views, queries
from voc.i18n import _

TITLE = _("How do contacts relate?")
top = st.container()
span, view, totals = components.chosen(TITLE, top, *map_views.KEYS)
found = map_views.fetch(view)
if found.frame is None or not found.contacts:
    with top:
        components.heading(TITLE)
    (components.no_map if found.frame is None else components.not_on_map)()
    st.stop()
with top:
    components.heading(
        TITLE,
        map_sentences.headline(found),
        map_sentences.reading(),
        map_sentences.missing(found),
        map_sentences.hidden(found, queries.workspace().config.privacy.least_customers),
    )
map_views.picture(found)
region = map_views.marked_region()
if region is not None:
    map_views.marked(region, view)
components.footer(span, totals)
