"""Contacts: show me."""

import streamlit as st

from voc.app import components, contact_list, contact_views, queries, sentences

TITLE = "What do customers say?"
top = st.container()
span = queries.span()
if span is None:
    components.heading(TITLE)
    components.empty_lake()
    st.stop()
workspace = queries.workspace()
if wanted := st.query_params.get("contact"):
    contact_list.show_one(wanted, workspace)
    st.stop()
view = components.filter_bar(span)
criteria = contact_list.criteria_bar(view, span)
page = contact_list.fetch(view, criteria)
with top:
    components.heading(TITLE, sentences.contacts(page.total, criteria))
if not page.total:
    components.nothing_selected(*contact_list.KEYS)
    st.stop()
if not span.scored:
    components.not_scored()
parameters = contact_list.parameters(view)
for contact in page.contacts:
    contact_views.row(contact, workspace, parameters, criteria.folded_words)
contact_list.pager(page.total)
components.footer(span, queries.totals(view.selection))
