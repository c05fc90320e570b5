"""Theme: what is it about, and how does it move?"""

import streamlit as st

from voc.app import components, queries, sentences, theme_panel, theme_sentences, theme_views, url, words
from voc.app.pages import THEMES
from voc.i18n import _

TITLE = _("Which theme?")
top = st.container()
span = components.opened(TITLE)
view = components.filter_bar(span)
theme = queries.theme(st.query_params.get("theme", ""), view.selection)
with top:
    back = url.current(url.FILTERS)
    st.page_link(THEMES.path, label=_("All themes"), icon=":material/arrow_back:", query_params=back, help="")
    if theme is None:
        if gone := queries.gone(st.query_params.get("theme", "")):
            theme_panel.absent(gone)
            st.stop()
        components.heading(TITLE)
        components.lost("theme", _("It may have been merged into another, or the link is incomplete."))
        st.stop()
    theme_views.standing(theme)
    components.heading(
        words.escaped(theme.label),
        sentences.theme(theme, view.selection),
        theme_sentences.fix(theme),
        theme_views.keywords(theme),
    )
    story = queries.story(theme.theme_id)
    theme_panel.panel(theme, story)
theme_views.course(theme, view)
theme_panel.impact(theme, view)
theme_views.shares(theme, view)
theme_views.verbatims(theme)
happened, related = st.columns(2, gap="small")
with happened:
    theme_panel.history(story)
with related:
    theme_panel.related(story)
components.footer(span, queries.totals(view.selection))
