"""Contact: what was said?"""

import streamlit as st

from voc.app import components, contact_list, contact_search, contact_views, queries, url
from voc.app.pages import CONTACTS
from voc.i18n import _

TITLE = _("What was said?")
components.opened(TITLE)
back = url.current((*url.FILTERS, *contact_list.KEYS))
st.page_link(CONTACTS.path, label=_("All contacts"), icon=":material/arrow_back:", query_params=back, help="")
contact = queries.contact(st.query_params.get("contact", ""))
if contact is None:
    components.heading(TITLE)
    components.lost("contact", _("It may have been deleted, or the link is incomplete."))
    st.stop()
contact_views.transcript(TITLE, contact, queries.workspace(), contact_search.folded_words())
