"""Blocks of the overview page below its figures: contacts a day, reasons, sentiment."""

import pandas as pd
import streamlit as st

from voc.app import charts, queries, url
from voc.app.filters import View
from voc.app.pages import CONTACTS
from voc.app.words import counted
from voc.i18n import _, ngettext
from voc.inference.marts import Totals

SHORT_LIST = 10
"""Reasons shown before somebody asks for all."""


def sentiment_height(reasons: pd.DataFrame) -> int:
    """As high as the short list beside it, so that the two cards end together."""
    return max(240, charts.ROW * min(len(reasons), SHORT_LIST) - 20)


def daily_card(daily: pd.DataFrame, before: pd.DataFrame | None, view: View) -> None:
    """Contacts a day."""
    with st.container(border=True):
        st.header(_("How many contacts a day?"), anchor=False)
        notes = [_("Paler bars are weekends.")]
        if before is not None:
            notes.append(charts.grey_line(view.selection.days))
        st.caption(" ".join(notes))
        st.vega_lite_chart(charts.daily(daily, before), alt=_("Contacts a day in the chosen period"))


def reasons_card(reasons: pd.DataFrame, totals: Totals, before: Totals | None, view: View) -> None:
    """Why customers get in touch; a click on a bar opens the contacts that it counts."""
    with st.container(border=True, height="stretch"):
        st.header(_("Why do customers contact us?"), anchor=False)
        scored_before = before.scored if before else None
        share = ngettext(
            "Share of {count} scored contact; one contact may name several.",
            "Share of {count} scored contacts; one contact may name several.",
            totals.scored,
        )
        notes = [counted(share, totals.scored)]
        if scored_before:
            notes.append(_("Grey tick: the period before."))
        notes.append(_("Line: 95 % interval. Click a bar to read."))
        st.caption(" ".join(notes))
        everything = len(reasons) > SHORT_LIST and st.session_state.get("all_reasons", False)
        shown = reasons if everything else reasons.head(SHORT_LIST)
        # A new chart after each bar that was opened: the old one would still hold its selection and open it again.
        opened = st.session_state.get("reasons_opened", 0)
        event = st.vega_lite_chart(
            charts.reasons(shown, totals.scored, scored_before),
            on_select="rerun",
            key=f"reasons_{opened}",
            alt=_("Share of contacts by reason, most frequent first"),
        )
        if len(reasons) > SHORT_LIST:
            st.toggle(_("All {count} reasons").format(count=len(reasons)), key="all_reasons")
    if picked := event["selection"].get("reason"):
        st.session_state["reasons_opened"] = opened + 1
        st.switch_page(CONTACTS.path, query_params=url.current(url.FILTERS) | {"reason": picked[0]["reason"]})


def sentiment_card(view: View, height: int) -> None:
    """Sentiment over time: by week, in a short period by day."""
    step = 1 if view.selection.days < 14 else 7
    with st.container(border=True, height="stretch"):
        st.header(_("How do customers feel?"), anchor=False)
        st.caption(
            _("Share of scored contacts by day; the rest is neutral. Band: 95 % interval.")
            if step == 1
            else _(
                "Share of scored contacts by week, each ending on the weekday of the newest contact; the rest is "
                "neutral. Band: 95 % interval."
            )
        )
        st.vega_lite_chart(
            charts.sentiment(queries.sentiment(view.selection, step), height),
            alt=_("Shares of negative and positive contacts over time"),
        )
