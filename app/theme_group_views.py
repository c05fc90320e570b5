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
        names = {group.group_id: words.visible(group.label) for group in groups}
        level = url.segments("level", LEVELS, _("Level"), "themes")
        if level == "groups":
            if chosen := theme_views.pick("group", _("Choose a group"), names):
                _open(chosen)
        elif group := url.one("group", names, _("All groups")):
            themes = tuple(theme for theme in themes if theme.group_id == group)
    if level == "groups":
        _table(groups)
    else:
        theme_views.table(themes, view)


def _table(groups: tuple[ThemeGroup, ...]) -> None:
    name = queries.workspace().taxonomy.name
    frame = pd.DataFrame(
        {
            "group": [words.visible(group.label) for group in groups],
            "themes": [group.themes for group in groups],
            **theme_views.counted_cells(groups),
            "reasons": [
                ", ".join(f"{name(reason)} {words.percent(of / group.contacts, 0)}" for reason, of in group.reasons)
                for group in groups
            ],
        }
    )
    theme_views.show(
        frame,
        {
            "group": st.column_config.ButtonColumn(
                _("Group"), width=200, type="tertiary", alignment="left", key="group_clicked"
            ),
            "themes": st.column_config.NumberColumn(_("Themes"), width=65),
            "reasons": st.column_config.TextColumn(
                _("Contact reasons"),
                width=355,
                help=_("The two most frequent, and the share of the contacts that name them."),
            ),
        },
        _("Groups of themes with size, change and contact reasons"),
    )
    st.caption(_("Themes whose contacts are like each other form a group. Click one to see its themes."))
    if clicked := st.session_state.get("group_clicked"):
        _open(groups[clicked["row"]].group_id)


def _open(group_id: str) -> None:
    del st.query_params["level"]
    st.query_params["group"] = group_id
    st.rerun()
