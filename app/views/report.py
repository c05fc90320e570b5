"""Report: what do I forward?"""

import streamlit as st

from voc.app import components, queries, report_views
from voc.app.words import escaped
from voc.i18n import _
from voc.inference.digest import report

TITLE = _("What was the week like?")
top = st.container()
span = components.opened(TITLE)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    week = report_views.picker(span)
    files = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
digest = queries.digest(week)
page = report(digest, quotes=True)
with files:
    report_views.files(report(digest), week)
with top:
    components.heading(TITLE, escaped(page.lead[0]), *map(escaped, page.lead[1:]))
st.caption(f"**{escaped(page.title)}** · {escaped(page.subtitle)}")
report_views.figures(page.figures, week, digest.totals.contacts)
for section in page.sections:
    report_views.section(section, week)
if not span.scored:
    components.not_scored()
for note in page.notes:
    st.caption(escaped(note))
