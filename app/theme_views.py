"""Blocks of the themes page: the list, and one theme."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from voc.app import access, access_views, charts, contact_views, downloads, emerging, queries, sentences, url, words
from voc.app.access import May
from voc.app.filters import View
from voc.app.pages import CONTACTS, THEME
from voc.app.words import counted, escaped
from voc.i18n import N_, Texts, _, ngettext
from voc.inference.marts import ThemeSummary
from voc.inference.marts_counts import Counts

LONGEST = 8
"""Most groups that a chart of shares shows."""
_PICKER = 345
"""Pixels of the field in which a theme, or a group, is found by its name."""
SHOWN = Texts({"all": N_("All themes"), "emerging": N_("Emerging")})
ORDERS = Texts({"size": N_("Largest first"), "change": N_("Fastest growing first")})


def table(themes: tuple[ThemeSummary, ...], view: View) -> None:
    """Themes in a list that can be sorted; a click on one opens it."""
    tested = any(theme.state for theme in themes)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        order = url.segments("order", ORDERS, _("Order"), "size")
        if tested and url.segments("show", SHOWN, _("Which themes"), "all") == "emerging":
            themes = tuple(theme for theme in themes if theme.state in words.RISING)
        names = {theme.theme_id: words.visible(theme.label) for theme in themes}
        if themes and (chosen := pick("theme", _("Choose a theme"), names)):
            _open(chosen)
    if not themes:
        _none_emerging()
        return
    if order == "change":
        themes = tuple(sorted(themes, key=_growth, reverse=True))
    frame = pd.DataFrame(
        {
            "theme": [words.visible(theme.label) for theme in themes],
            **({"status": [_standing(theme) for theme in themes]} if tested else {}),
            **counted_cells(themes),
            "languages": [_languages(theme) for theme in themes],
        }
    )
    show(
        frame,
        {
            # Not a selection: whoever walks through the table by keys would open what they come by.
            "theme": st.column_config.ButtonColumn(
                _("Theme"), width=340 if tested else 425, type="tertiary", alignment="left", key="theme_clicked"
            ),
            "status": st.column_config.TextColumn(
                _("Status"),
                width=95,
                help=_("How the theme stood on the last day tested, of all customers; if fixed, whether that helped."),
            ),
            "languages": st.column_config.TextColumn(
                _("Languages"), width=140 if tested else 165, help=_("The three most frequent, of the chosen period.")
            ),
        },
        _("Themes with size, change and languages"),
    )
    st.caption(_("Click a theme to read what customers say."))
    _download(themes, view)
    if clicked := st.session_state.get("theme_clicked"):
        _open(themes[clicked["row"]].theme_id)


def counted_cells(found: Sequence[Counts]) -> dict[str, list[Any]]:
    """The columns that a list of themes and one of groups have in common, as `show` shows them."""
    return {
        "contacts": [each.contacts for each in found],
        "change": [_change(each) for each in found],
        "trend": [list(each.trend) for each in found],
        "customers": [each.customers for each in found],
    }


def show(frame: pd.DataFrame, columns: Mapping[str, Any], alt: str) -> None:
    """A list with `counted_cells` and `columns` of its own."""
    st.dataframe(
        words.with_counts(frame, "contacts", "customers"),
        hide_index=True,
        row_height=44,
        height=44 * len(frame) + 37,
        column_config={
            **columns,
            "contacts": st.column_config.NumberColumn(_("Contacts"), width=75),
            "change": st.column_config.TextColumn(
                _("Last 7 days"), width=150,
                help=_("A day's contacts against the 28 days before, with a 95 % interval. ≈: no clear change."),
            ),
            "trend": st.column_config.AreaChartColumn(
                _("Weeks"), width=100, help=_("Contacts a week, up to twelve weeks."), y_min=0
            ),
            "customers": st.column_config.NumberColumn(_("Customers"), width=85),
        },
        alt=alt,
    )  # fmt: skip


def pick(kind: str, asked: str, names: Mapping[str, str]) -> str | None:
    """One of a list by its name, and by keys alone: cells of a table answer to a pointer only. Gives its id, once."""
    opened = st.session_state.get(f"{kind}s_opened", 0)  # as in `overview.reasons_card`
    chosen: str | None = st.selectbox(
        asked, list(names), index=None, format_func=lambda each: names.get(each, each), placeholder=asked,
        key=f"{kind}_picked_{opened}", label_visibility="collapsed", width=_PICKER,
    )  # fmt: skip
    if chosen:
        st.session_state[f"{kind}s_opened"] = opened + 1
    return chosen


def _open(theme_id: str) -> None:
    st.switch_page(THEME.path, query_params=url.current(url.FILTERS) | {"theme": theme_id})


def file(themes: tuple[ThemeSummary, ...], least: int) -> pd.DataFrame:
    """The list as a table to take away, without themes of fewer than `least` customers."""
    changes = [sentences.recent_change(theme) for theme in themes]
    table = pd.DataFrame(
        {
            "theme_id": [theme.theme_id for theme in themes],
            "theme": [theme.label for theme in themes],
            "status": [theme.state for theme in themes],
            "contacts": [theme.contacts for theme in themes],
            "customers": [theme.customers for theme in themes],
            "times_as_frequent": [change.value if change else None for change in changes],
            "from": [change.low if change else None for change in changes],
            "to": [change.high if change else None for change in changes],
            "keywords": [", ".join(theme.keywords) for theme in themes],
            "owner": [theme.owner for theme in themes],
            "first_day": [theme.first_day for theme in themes],
        }
    )
    return downloads.without_small_groups(table, table["customers"], least)


def standing(theme: ThemeSummary) -> None:
    """How the theme stands and who looks after it."""
    said = sentences.care(theme)
    retired = theme.status == "retired"
    if not (retired or theme.state or said):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if retired:
            st.badge(_("Retired"), icon=":material/inventory_2:", color="gray")
        else:
            emerging.badge(theme.state)
        if said:
            st.caption(said, width="content")


def keywords(theme: ThemeSummary) -> str:
    """The theme's words, as Markdown."""
    return " ".join(f":blue-badge[{escaped(word)}]" for word in theme.keywords)


def course(theme: ThemeSummary, view: View) -> None:
    """The theme day by day: before what is usual where that is known, else against the period before."""
    usual = queries.baseline("theme", theme.theme_id, view.selection.first)
    if access.current().area is not None:
        usual = usual[:0]  # it is of all customers, these bars are not
    if len(usual) and not view.selection.filtered:
        _tested_course(theme, view, usual)
        return
    with st.container(border=True):
        st.header(_("How often is it said?"), anchor=False)
        st.caption(
            " ".join(
                [
                    _("Contacts a day in this theme. Paler bars are weekends."),
                    *([sentences.usual_of_all()] * bool(len(usual))),
                    *([charts.grey_line(view.selection.days)] * bool(view.before)),
                ]
            )
        )
        before = queries.daily(view.before, theme.theme_id) if view.before else None
        st.vega_lite_chart(
            charts.daily(queries.daily(view.selection, theme.theme_id), before),
            alt=_("Contacts a day in this theme"),
        )


def shares(theme: ThemeSummary, view: View) -> None:
    """Who speaks of the theme: languages and products."""
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch"):
        _shares(theme.theme_id, view, "language", _("In which languages?"), _("Language"), words.language)
    with right, st.container(border=True, height="stretch"):
        _shares(theme.theme_id, view, "product", _("With which products?"), _("Product"), words.product)


def verbatims(theme: ThemeSummary) -> None:
    """What customers say, word for word."""
    if not access.may(May.READ):
        access_views.figures_only()
        return
    workspace = queries.workspace()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.header(_("What do they say?"), anchor=False, width="content")
        if theme.contacts:
            st.page_link(
                CONTACTS.path,
                label=counted(ngettext("All {count} contact", "All {count} contacts", theme.contacts), theme.contacts),
                icon=":material/arrow_forward:",
                query_params=url.current(url.FILTERS) | {"theme": theme.theme_id},
                help="",
            )
    st.caption(_("Contacts that represent the theme best, of different customers, from all days."))
    for contact in queries.contacts_by_id(theme.verbatim_ids):
        contact_views.row(contact, workspace, url.current(url.FILTERS), theme=theme.theme_id)


def _tested_course(theme: ThemeSummary, view: View, usual: pd.DataFrame) -> None:
    daily = queries.daily(view.selection, theme.theme_id)
    alerts = tuple(
        alert
        for alert in queries.theme_alerts(theme.theme_id)
        if alert.last >= view.selection.first and alert.began <= view.selection.last
    )
    frame = daily.merge(usual.drop(columns="customers"), on="day", how="left")
    frame["alert"] = [any(each.began <= day.date() <= each.last for each in alerts) for day in frame["day"]]
    frame["range"] = list(map(charts.usual_range, frame["lower"], frame["upper"]))
    opened = pd.DataFrame(
        {
            "day": pd.to_datetime([each.opened for each in alerts]),
            "test": [words.TESTS.get(each.test, each.test) for each in alerts],
        }
    )
    with st.container(border=True):
        st.header(_("How many customers a day, and is that usual?"), anchor=False)
        said = _(
            "Customers a day in this theme; paler bars are weekends. Grey line and band: what would be usual, and "
            "where {level} of usual days lie."
        ).format(level=words.percent(0.95, 0))
        raised = _(
            "Orange: days of an alert; ▼: when it was raised. The band follows a rise that lasts, and days that "
            "lie within it can add up to an alert."
        )
        st.caption(f"{said} {raised}" if alerts else said)
        # An alert that was raised before the period has no place on its axis.
        inside = opened[opened["day"] >= pd.Timestamp(view.selection.first)]
        st.vega_lite_chart(charts.usual(frame, inside), alt=_("Customers a day in this theme, with the usual range"))
        for alert in alerts:
            icon = "notifications_off" if alert.closed else "notifications_active"
            rise = sentences.rise(alert)
            said = _("Over: {rise}").format(rise=rise) if alert.closed else rise
            st.markdown(f":material/{icon}: {said}")
            st.caption(f"{sentences.why(alert)}.")


def _download(themes: tuple[ThemeSummary, ...], view: View) -> None:
    least = queries.workspace().config.privacy.least_customers
    name = downloads.name("themes", view.selection.first, view.selection.last)
    downloads.buttons(name, lambda: file(themes, least), downloads.floor(least))


def _none_emerging() -> None:
    with st.container(border=True, gap="small"):
        st.header(_("No theme is emerging"), anchor=False, icon=":material/check_circle:")
        st.button(
            _("Show all themes"), key="show_all", icon=":material/filter_alt_off:", on_click=url.clear, args=("show",)
        )


def _standing(theme: ThemeSummary) -> str:
    return _(words.STANDINGS[theme.state][0]) if theme.state in words.STANDINGS else "–"


def _shares(theme_id: str, view: View, key: str, question: str, name: str, says: Callable[[str], str]) -> None:
    st.header(question, anchor=False)
    frame = queries.theme_shares(theme_id, view.selection, key)
    of = int(frame["contacts"].sum())
    if not of:
        st.caption(_("No contact of this theme fits these filters."))
        return
    said = ngettext(
        "Share of the theme's {count} contact. Line: 95 % interval. Grey tick: share of all.",
        "Share of the theme's {count} contacts. Line: 95 % interval. Grey tick: share of all.",
        of,
    )
    st.caption(counted(said, of))
    found = frame[frame["contacts"] > 0].head(LONGEST)
    named = found.assign(name=found["value"].map(says).map(words.visible))
    st.vega_lite_chart(
        charts.shares(named, name, of, int(frame["all_contacts"].sum())),
        alt=question,
    )


def _growth(theme: ThemeSummary) -> float:
    """Lower bound of the change, so that a small theme's chance does not lead the list."""
    ratio = sentences.recent_change(theme)
    return ratio.low if ratio else -1.0


def _change(found: Counts) -> str:
    ratio = sentences.recent_change(found)
    if ratio is None:
        return _("too early to say")
    sign = "▲" if ratio.low > 1 else "▼" if ratio.high < 1 else "≈"
    spread = words.bounds(words.decimal(ratio.low), words.decimal(ratio.high))
    return f"{sign} {words.decimal(ratio.value)} × ({spread})"


def _languages(theme: ThemeSummary) -> str:
    total = sum(number for _language, number in theme.languages)
    return ", ".join(
        f"{language or '–'} {words.percent(number / total, 0)}" for language, number in theme.languages[:3]
    )
