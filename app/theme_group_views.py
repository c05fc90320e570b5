"""Blocks of the themes page: the level above, groups of themes that lie near each other."""

import pandas as pd
import streamlit as st

from voc.app import queries, theme_views, url, words
from voc.app.filters import View
from voc.i18n import N_, Texts, _
from voc.inference.marts import ThemeSummary
from voc.inference.marts_groups import ThemeGroup

LEVELS = Texts({"themes": N_("Themes"), "groups": N_("Groups")})


def listed(themes: tuple[ThemeSummary, ...], view: View) -> None:
    """Themes, or the groups that they are in, in a list that can be sorted; a click on one opens it."""
    groups = queries.theme_groups(view.selection)
    if not groups:
        theme_views.table(themes, view)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        level = url.segments("level", LEVELS, _("Level"), "themes")
        if level == "groups":
            _pick_group(groups)
        elif group := url.one("group", _names(groups), _("All groups")):
            themes = tuple(theme for theme in themes if theme.group_id == group)
    if level == "groups":
        group_table(groups)
    else:
        theme_views.table(themes, view)


def group_table(groups: tuple[ThemeGroup, ...]) -> None:
    """Groups of themes; a click on one shows its themes."""
    name = queries.workspace().taxonomy.name
    frame = pd.DataFrame(
        {
            "group": [words.visible(group.label) for group in groups],
            "themes": [len(group.themes) for group in groups],
            "contacts": [group.contacts for group in groups],
            "change": [theme_views.change(group) for group in groups],
            "trend": [list(group.trend) for group in groups],
            "customers": [group.customers for group in groups],
            "reasons": [
                ", ".join(f"{name(reason)} {words.percent(of / group.contacts, 0)}" for reason, of in group.reasons)
                for group in groups
            ],
        }
    )
    st.dataframe(
        words.with_counts(frame, "contacts", "customers"),
        hide_index=True,
        row_height=44,
        height=44 * len(frame) + 37,
        column_config={
            "group": st.column_config.ButtonColumn(
                _("Group"), width=200, type="tertiary", alignment="left", key="group_clicked"
            ),
            "themes": st.column_config.NumberColumn(_("Themes"), width=65),
            "contacts": st.column_config.NumberColumn(_("Contacts"), width=75),
            "change": st.column_config.TextColumn(
                _("Last 7 days"), width=150,
                help=_("A day's contacts against the 28 days before, with a 95 % interval. ≈: no clear change."),
            ),
            "trend": st.column_config.AreaChartColumn(
                _("Weeks"), width=100, help=_("Contacts a week, up to twelve weeks."), y_min=0
            ),
            "customers": st.column_config.NumberColumn(_("Customers"), width=85),
            "reasons": st.column_config.TextColumn(
                _("Contact reasons"), width=355,
                help=_("The two most frequent, and the share of the contacts that name them."),
            ),
        },
        alt=_("Groups of themes with size, change and contact reasons"),
    )  # fmt: skip
    st.caption(_("Themes whose contacts are like each other form a group. Click one to see its themes."))
    if clicked := st.session_state.get("group_clicked"):
        _open_group(groups[clicked["row"]].group_id)


def _pick_group(groups: tuple[ThemeGroup, ...]) -> None:
    """The same by keys alone, as `_pick`."""
    names = _names(groups)
    asked, opened = _("Choose a group"), st.session_state.get("groups_opened", 0)
    chosen = st.selectbox(
        asked, list(names), index=None, format_func=lambda group: names.get(group, group), placeholder=asked,
        key=f"group_picked_{opened}", label_visibility="collapsed", width=theme_views.PICKER,
    )  # fmt: skip
    if chosen:
        st.session_state["groups_opened"] = opened + 1
        _open_group(chosen)


def _names(groups: tuple[ThemeGroup, ...]) -> dict[str, str]:
    return {group.group_id: words.visible(group.label) for group in groups}


def _open_group(group_id: str) -> None:
    del st.query_params["level"]
    st.query_params["group"] = group_id
    st.rerun()
