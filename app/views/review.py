"""Review: what should I label?"""

import streamlit as st

from voc.app import access, access_views, components, queries, review_actions, review_sentences, review_views
from voc.data.corrections import holding
from voc.i18n import _
from voc.inference import agreement

TITLE = _("What should I label?")


@access_views.part
def work() -> None:
    """Where one stands, the contact to judge, and what was judged: all that a key changes."""
    review_actions.began()
    review_actions.settle()
    standing, workspace = review_actions.standing(), queries.workspace()
    own = [row for row in holding(standing.rows) if row.who == access.current().name]
    begun = standing.now is not None or bool(own)
    components.heading(TITLE)
    counted = st.empty()
    review_actions.say()
    if standing.now is None:
        review_views.finished(standing)
    else:
        why = next((each for each in queries.review_queue() if each.contact_id == standing.now.contact_id), None)
        review_views.record(standing.now, standing, workspace, why)
    if begun:  # last, so that whoever sees the next contact counted finds its buttons there, and no key is lost
        progress = review_sentences.progress(len(standing.waiting), *agreement.overall(own))
        counted.header(progress, anchor=False)
    review_views.changes(standing, workspace)


components.opened(TITLE)
if queries.model() is None:
    components.heading(TITLE)
    components.no_model()
    st.stop()
work()
