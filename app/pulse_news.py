"""What moved and what was fixed: two blocks of the first page."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from voc.app import emerging, pulse_sentences, queries, theme_sentences, url, words
from voc.app.filters import View
from voc.app.pages import CONTACTS, THEME
from voc.i18n import _, ngettext
from voc.inference.marts import Totals
from voc.inference.movers import Mover, movers

MOST = 3
MOST_FIXES = 5
FIXED_WITHIN = timedelta(days=56)
"""As in the report: eight weeks, the time in which a fix shows whether it holds."""


def section(reasons: pd.DataFrame, totals: Totals, before: Totals | None, view: View) -> None:
    """What moved most beside what was fixed."""
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch", gap="small"):
        st.header(_("What moved most?"), anchor=False)
        _moved(reasons, totals, before, view)
    with right, st.container(border=True, height="stretch", gap="small"):
        st.header(_("What was fixed, and did it work?"), anchor=False)
        _fixes(view)


def shown_movers(reasons: pd.DataFrame, totals: Totals, before: Totals, least: int) -> tuple[tuple[Mover, ...], int]:
    """Reasons that moved clearly, most first; and how many more did of too few customers to be named.

    Args:
        reasons: As of `queries.reasons`.
        totals: Of the period.
        before: Of the period before.
        least: Fewest customers.
    """
    counts = zip(
        reasons["reason"].map(str), reasons["contacts"].map(int), reasons["contacts_before"].map(int), strict=True
    )
    found = movers(counts, totals.scored, before.scored)
    people = dict(
        zip(reasons["reason"], zip(reasons["customers"], reasons["contacts_before"], strict=True), strict=True)
    )
    shown = tuple(each for each in found if not any(0 < number < least for number in people[each.reason]))
    return shown, len(found) - len(shown)


def _moved(reasons: pd.DataFrame, totals: Totals, before: Totals | None, view: View) -> None:
    if before is None or not before.scored:
        st.caption(_("There is no earlier period of equal length to compare with."))
        return
    workspace = queries.workspace()
    least = workspace.config.privacy.least_customers
    found, hidden = shown_movers(reasons, totals, before, least)
    for mover in found[:MOST]:
        with st.container(gap="xxsmall"):
            st.markdown(pulse_sentences.moved(workspace.taxonomy.name(mover.reason), mover))
            st.page_link(
                CONTACTS.path,
                label=_("Read them"),
                icon=":material/arrow_forward:",
                query_params=url.current(url.FILTERS) | {"reason": mover.reason},
                help="",
            )
    notes = []
    if not found:
        notes.append(_("No reason's share changed clearly."))
    if hidden:
        text = ngettext(
            "Not shown: {count} reason of fewer than {least} customers.",
            "Not shown: {count} reasons of fewer than {least} customers.",
            hidden,
        )
        notes.append(words.counted(text, hidden, least=words.count(least)))
    notes.append(pulse_sentences.compared(view.selection.days))
    st.caption(" ".join(notes))


def _fixes(view: View) -> None:
    least = queries.workspace().config.privacy.least_customers
    found = queries.fixed_themes(view.selection.last - FIXED_WITHIN)
    shown = [each for each in found if each.fix is None or not 0 < each.fix.before + each.fix.after < least]
    for theme in shown[:MOST_FIXES]:
        with st.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                emerging.badge(theme.fix.verdict if theme.fix else None)
                st.page_link(
                    THEME.path,
                    label=words.escaped(theme.label),
                    icon=":material/arrow_forward:",
                    query_params=url.current(url.FILTERS) | {"theme": theme.theme_id},
                    help="",
                    width="content",
                )
            if said := theme_sentences.fix(theme):
                st.caption(said)
    notes = []
    if not found:
        notes.append(_("Nothing was marked as fixed in the last eight weeks."))
        notes.append(_("A theme is marked on its page; every night is then tested whether it worked."))
    if more := len(shown) - MOST_FIXES if len(shown) > MOST_FIXES else 0:
        text = ngettext("And {count} more theme.", "And {count} more themes.", more)
        notes.append(words.counted(text, more))
    if hidden := len(found) - len(shown):
        text = ngettext(
            "Not shown: {count} fix of fewer than {least} customers, who could be recognised.",
            "Not shown: {count} fixes of fewer than {least} customers, who could be recognised.",
            hidden,
        )
        notes.append(words.counted(text, hidden, least=words.count(least)))
    if notes:
        st.caption(" ".join(notes))
