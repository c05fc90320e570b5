"""The app's router: opens the workspace, offers the pages, runs the chosen one."""

import streamlit as st

from voc.app import access_views, queries, reader, style, url, words
from voc.app.pages import ADMINISTRATION, DETAILS, ICON, LOGO, PAGES
from voc.errors import VocError
from voc.i18n import _

reader.begin()
st.set_page_config(page_title="voc", page_icon=ICON, layout="wide")
st.logo(LOGO, size="large")
st.html(style.SHEET)
try:
    workspace = queries.workspace()
except VocError as error:
    st.error(words.escaped(str(error)), title=_("The workspace cannot be opened"), icon=":material/folder_off:")
    st.stop()
person = access_views.let_in(workspace)
offered = {
    entry.path: st.Page(
        entry.path, title=_(entry.title), icon=entry.icon, help=_(entry.help), default=entry is PAGES[0]
    )
    for entry in (*PAGES, *ADMINISTRATION, *DETAILS)
}
page = st.navigation(list(offered.values()), position="hidden")
st.set_page_config(page_title=f"{page.title} · voc")
with st.sidebar:
    st.caption(words.escaped(workspace.config.company.name))
    for entry in (*PAGES, *ADMINISTRATION):  # our own links, because those of st.navigation drop the filters
        if not person.may_open(entry.path):
            continue
        here = page is offered[entry.path]  # a link from a page to itself must not differ from the address bar
        kept = url.everything() if here else url.current(url.FILTERS)
        st.page_link(entry.path, icon=entry.icon, query_params=kept, width="stretch")
    st.space("small")
    reader.choices(workspace)
    access_views.badge(person)
    reader.tell_browser()
if workspace.config.company.synthetic:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(_("Synthetic demo data"), icon=":material/science:", color="violet")
        st.caption(_("Every contact here is generated."), width="content")
access_views.run(page, person)
