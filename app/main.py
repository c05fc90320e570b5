"""The app's router: opens the workspace, offers the pages, runs the chosen one."""

import streamlit as st

from voc.app import queries, words
from voc.app.pages import LOGO, PAGES
from voc.errors import VocError

st.set_page_config(page_title="voc", page_icon=":material/record_voice_over:", layout="wide")
st.logo(LOGO, size="large")
try:
    workspace = queries.workspace()
except VocError as error:
    st.error(words.escaped(str(error)), title="The workspace cannot be opened", icon=":material/folder_off:")
    st.stop()
page = st.navigation(
    [
        st.Page(entry.path, title=entry.title, icon=entry.icon, help=entry.help, default=entry is PAGES[0])
        for entry in PAGES
    ]
)
st.sidebar.caption(words.escaped(workspace.config.company.name))
if workspace.config.company.synthetic:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("Synthetic demo data", icon=":material/science:", color="violet")
        st.caption("Every contact here is generated.", width="content")
page.run()
