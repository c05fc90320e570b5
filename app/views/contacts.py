"""Contacts: show me."""

import streamlit as st

from voc.app import components, contact_list, contact_search, contact_views, queries, sentences, url
from voc.app.pages import CONTACT
from voc.i18n import _

TITLE = _("What do customers say?")
top = st.container()
span = components.opened(TITLE)
if "contact" in st.query_params:
    st.switch_page(CONTACT.path, query_params=url.everything())
view = components.filter_bar(span)
criteria = contact_list.criteria_bar(view, span)
if criteria is None:
    with top:
        components.heading(TITLE)
    contact_search.impossible()
    st.stop()
page = contact_list.fetch(view, criteria)
with top:
    components.heading(TITLE, sentences.contacts(page.total, criteria))
if not page.total:
    contact_list.nothing(criteria)
    st.stop()
if not span.scored:
    components.not_scored()
workspace = queries.workspace()
parameters = url.current((*url.FILTERS, *contact_list.KEYS))
for contact in page.contacts:
    contact_views.row(contact, workspace, parameters, criteria.folded_words, criteria.theme)
contact_list.pager(page.total)
contact_list.download(view, criteria, page.total)
components.footer(span, queries.totals(view.selection))
