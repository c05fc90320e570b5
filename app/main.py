"""The app's router: opens the workspace, offers the pages, runs the chosen one."""

import streamlit as st

from voc.app import queries, url, words
from voc.app.pages import DETAILS, ICON, LOGO, PAGES
from voc.errors import VocError

st.set_page_config(page_title="voc", page_icon=ICON, layout="wide")
st.logo(LOGO, size="large")
try:
    workspace = queries.workspace()
except VocError as error:
    st.error(words.escaped(str(error)), title="The workspace cannot be opened", icon=":material/folder_off:")
    st.stop()
page = st.navigation(
    [
        st.Page(entry.path, title=entry.title, icon=entry.icon, help=entry.help, default=entry is PAGES[0])
        for entry in (*PAGES, *DETAILS)
    ],
    position="hidden",
)
with st.sidebar:
    st.caption(words.escaped(workspace.config.company.name))
    for entry in PAGES:  # our own links, because those of st.navigation drop the filters
        here = entry.title == page.title  # a link from a page to itself must not differ from the address bar
        kept = url.everything() if here else url.current(url.FILTERS)
        st.page_link(entry.path, icon=entry.icon, query_params=kept, width="stretch")
if workspace.config.company.synthetic:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("Synthetic demo data", icon=":material/science:", color="violet")
        st.caption("Every contact here is generated.", width="content")
page.run()
