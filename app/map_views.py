"""Blocks of the map page: the picture, and the contacts in a marked part of it."""

from typing import Any

import streamlit as st

from voc.app import contact_list, contact_views, map_area, map_chart, map_sentences, queries, reader, url
from voc.app.filters import View
from voc.app.pages import THEME
from voc.app.words import escaped
from voc.i18n import N_, Texts, _
from voc.inference.marts_map import MapView, Marked, Region

SIZES = Texts({"20000": N_("20,000 dots"), "100000": N_("100,000 dots")})
DEFAULT_SIZE = "20000"
HEIGHT = 620
KEYS = ("area", "page", "colour", "dots")
"""Parameters of this page besides the filters of all pages."""
_MOST_THEMES = 3


def fetch(view: View) -> MapView:
    """The map of a view, with as many dots as the URL asks for."""
    asked = st.query_params.get("dots", DEFAULT_SIZE)
    return queries.map_view(view.selection, int(asked if asked in SIZES else DEFAULT_SIZE))


def picture(found: MapView) -> None:
    """The map. What is marked on it goes into the URL."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            colour = url.segments("colour", map_chart.COLOURS, _("Colour"), "theme")
            if found.contacts > int(DEFAULT_SIZE):
                url.segments("dots", SIZES, _("How many dots"), DEFAULT_SIZE)
        st.caption(
            _(
                "Choose the rectangle or the lasso at the top right, draw around some dots, and read them below. "
                "Ctrl and the wheel zoom."
            )
        )
        region = marked_region()
        key = f"map_{st.session_state.get('map_drawings', 0)}"
        by_link = region if st.query_params.get("area") != st.session_state.get("map_area") else None
        st.echarts_chart(
            map_chart.option(found, colour, reader.dark(), by_link),
            height=HEIGHT,
            key=key,
            on_select=lambda: _mark(key),
            alt=map_sentences.described(found),
        )


def marked_region() -> Region | None:
    """What the URL marks, if anything."""
    return map_area.parse(st.query_params.get("area", ""))


def marked(region: Region, view: View) -> None:
    """The contacts in a part of the map: how many, of which themes, and one page of them."""
    workspace = queries.workspace()
    found = queries.marked(view.selection, region)
    total = len(found.numbers)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.header(map_sentences.marked(found), anchor=False, width="content")
        st.button(_("Clear the mark"), key="clear_mark", icon=":material/ink_eraser:", on_click=_clear)
    if not total:
        return
    least = workspace.config.privacy.least_customers
    if found.customers < least:
        st.caption(map_sentences.too_few(least))
    else:
        _themes(found, least, view)
    size = contact_list.PAGE_SIZE
    number = min(url.page(), -(-total // size))
    for contact in queries.contacts_by_number(found.numbers[(number - 1) * size : number * size].tolist()):
        contact_views.row(contact, workspace, url.current(url.FILTERS))
    contact_list.pager(total)


def _themes(found: Marked, least: int, view: View) -> None:
    """Which themes the marked contacts are mostly of, with a link to each."""
    known = {theme.theme_id: theme.label for theme in fetch(view).themes}
    shown = [(theme, contacts) for theme, contacts, customers in found.themes if theme in known and customers >= least][
        :_MOST_THEMES
    ]
    total = len(found.numbers)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for theme, contacts in shown:
            st.page_link(
                THEME.path,
                label=map_sentences.part(escaped(known[str(theme)]), contacts, total),
                icon=THEME.icon,
                query_params=url.current(url.FILTERS) | {"theme": str(theme)},
                width="content",
                help="",
            )


def _mark(key: str) -> None:
    """A callback: a new mark, or none any more. The list begins anew."""
    state: Any = st.session_state[key]
    region = map_area.drawn(state["selection"]["areas"])
    url.clear("area", "page")
    st.session_state["map_area"] = map_area.spell(region) if region else None
    if region:
        st.query_params["area"] = map_area.spell(region)


def _clear() -> None:
    """A callback: take the mark off the map, which is drawn anew without it."""
    url.clear("area", "page")
    st.session_state["map_area"] = None
    st.session_state["map_drawings"] = st.session_state.get("map_drawings", 0) + 1
