"""Blocks of the themes page: the list, and one theme."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from voc.app import charts, contact_views, queries, sentences, url, words
from voc.app.filters import View
from voc.app.pages import CONTACTS, THEME
from voc.app.words import escaped, plural
from voc.inference.marts import ThemeSummary

LONGEST = 8
"""Most groups that a chart of shares shows."""
ORDERS = {"size": "Largest first", "change": "Fastest growing first"}


def table(themes: tuple[ThemeSummary, ...]) -> None:
    """All themes in a list that can be sorted; a click on one opens it."""
    order = url.segments("order", ORDERS, "Order", "size")
    if order == "change":
        themes = tuple(sorted(themes, key=_growth, reverse=True))
    frame = pd.DataFrame(
        {
            "theme": [words.visible(theme.label) for theme in themes],
            "contacts": [theme.contacts for theme in themes],
            "change": [_change(theme) for theme in themes],
            "trend": [list(theme.trend) for theme in themes],
            "customers": [theme.customers for theme in themes],
            "keywords": [words.visible(", ".join(theme.keywords[:6])) for theme in themes],
            "languages": [_languages(theme) for theme in themes],
        }
    )
    # A new table after each that was opened: the old one would still hold its selection and open it again.
    opened = st.session_state.get("themes_opened", 0)
    event = st.dataframe(
        frame,
        hide_index=True,
        row_height=44,
        height=44 * len(frame) + 37,
        key=f"themes_{opened}",
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "theme": st.column_config.TextColumn("Theme", width=200),
            "trend": st.column_config.AreaChartColumn(
                "Weeks", width=100, help="Contacts a week, up to twelve weeks.", y_min=0
            ),
            "contacts": st.column_config.NumberColumn("Contacts", width=75, format="localized"),
            "customers": st.column_config.NumberColumn("Customers", width=85, format="localized"),
            "change": st.column_config.TextColumn(
                "Last 7 days", width=150,
                help="A day's contacts against the 28 days before, with a 95 % interval. ≈: no clear change.",
            ),
            "keywords": st.column_config.TextColumn("Keywords", width=225),
            "languages": st.column_config.TextColumn(
                "Languages", width=165, help="The three most frequent, of the chosen period."
            ),
        },
        alt="Themes with size, change and keywords",
    )  # fmt: skip
    st.caption("Click a theme to read what customers say.")
    if cells := event["selection"]["cells"]:
        theme = themes[cells[0][0]]
        st.session_state["themes_opened"] = opened + 1
        st.switch_page(THEME.path, query_params=url.current(url.FILTERS) | {"theme": theme.theme_id})


def keywords(theme: ThemeSummary) -> str:
    """The theme's words, as Markdown."""
    return " ".join(f":blue-badge[{escaped(word)}]" for word in theme.keywords)


def course(theme: ThemeSummary, view: View) -> None:
    """Contacts a day in the theme."""
    with st.container(border=True):
        st.subheader("How often is it said?", anchor=False)
        st.caption(
            "Contacts a day in this theme. Paler bars are weekends."
            + (f" The grey line is the {plural(view.selection.days, 'day')} before." if view.before else "")
        )
        before = queries.daily(view.before, theme.theme_id) if view.before else None
        st.altair_chart(
            charts.daily(queries.daily(view.selection, theme.theme_id), before),
            alt="Contacts a day in this theme",
        )


def shares(theme: ThemeSummary, view: View) -> None:
    """Who speaks of the theme: languages and products."""
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch"):
        _shares(theme.theme_id, view, "language", "In which languages?", words.language)
    with right, st.container(border=True, height="stretch"):
        _shares(theme.theme_id, view, "product", "With which products?", words.product)


def verbatims(theme: ThemeSummary) -> None:
    """What customers say, word for word."""
    workspace = queries.workspace()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.subheader("What do they say?", anchor=False, width="content")
        if theme.contacts:
            st.page_link(
                CONTACTS.path,
                label=f"All {plural(theme.contacts, 'contact')}",
                icon=":material/arrow_forward:",
                query_params=url.current(url.FILTERS) | {"theme": theme.theme_id},
                help="",
            )
    st.caption("Contacts that represent the theme best, of different customers, from all days.")
    for contact in queries.contacts_by_id(theme.verbatim_ids):
        contact_views.row(contact, workspace, url.current(url.FILTERS))


def _shares(theme_id: str, view: View, key: str, question: str, says: Callable[[str], str]) -> None:
    st.subheader(question, anchor=False)
    frame = queries.theme_shares(theme_id, view.selection, key)
    of = int(frame["contacts"].sum())
    if not of:
        st.caption("No contact of this theme fits these filters.")
        return
    st.caption(f"Share of the theme's {plural(of, 'contact')}. Line: 95 % interval. Grey tick: share of all.")
    found = frame[frame["contacts"] > 0].head(LONGEST)
    named = found.assign(name=found["value"].map(says).map(words.visible))
    st.altair_chart(
        charts.shares(named, key.capitalize(), of, int(frame["all_contacts"].sum())),
        alt=f"What the theme is made of by {key}",
    )


def _growth(theme: ThemeSummary) -> float:
    """Lower bound of the change, so that a small theme's chance does not lead the list."""
    ratio = sentences.recent_change(theme)
    return ratio.low if ratio else -1.0


def _change(theme: ThemeSummary) -> str:
    ratio = sentences.recent_change(theme)
    if ratio is None:
        return "too early to say"
    bounds = f"({ratio.low:.1f} to {ratio.high:.1f})"
    if ratio.low > 1:
        return f"▲ {ratio.value:.1f} × {bounds}"
    if ratio.high < 1:
        return f"▼ {ratio.value:.1f} × {bounds}"
    return f"≈ {ratio.value:.1f} × {bounds}"


def _languages(theme: ThemeSummary) -> str:
    total = sum(number for _, number in theme.languages)
    return ", ".join(
        f"{language or '–'} {words.percent(number / total, 0)}" for language, number in theme.languages[:3]
    )
