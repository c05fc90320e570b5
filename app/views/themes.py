"""Themes: what do customers talk about?"""

import streamlit as st

from voc.app import components, queries, sentences, theme_group_views, url
from voc.app.pages import THEME
from voc.i18n import _

TITLE = _("What do customers talk about?")
top = st.container()
span = components.opened(TITLE)
if "theme" in st.query_params:
    st.switch_page(THEME.path, query_params=url.everything())
view = components.filter_bar(span)
totals = queries.totals(view.selection)
themes = queries.themes(view.selection)
if not themes or not totals.contacts:
    with top:
        components.heading(TITLE)
    (components.no_themes if not themes else components.nothing_selected)()
    st.stop()
with top:
    components.heading(
        TITLE, sentences.themes(themes, queries.in_themes(view.selection), totals.contacts), sentences.fastest(themes)
    )
theme_group_views.listed(themes, view)
components.footer(span, totals)
