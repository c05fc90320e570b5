"""Blocks of the overview page."""

import pandas as pd
import streamlit as st

from voc.app import charts, components, queries, url, words
from voc.app.contact_list import UNKNOWN
from voc.app.filters import View
from voc.app.pages import CONTACTS
from voc.app.words import between, count, percent, plural
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import Totals

SHORT_LIST = 10
"""Reasons shown before somebody asks for all."""


def sentiment_height(reasons: pd.DataFrame) -> int:
    """As high as the short list beside it, so that the two cards end together."""
    return max(240, charts.ROW * min(len(reasons), SHORT_LIST) - 20)


def contacts_change(daily: pd.DataFrame, before: pd.DataFrame | None) -> Interval | None:
    """Relative change of the contacts, its interval as wide as the days really vary."""
    if before is None:
        return None
    now, then = daily["contacts"].tolist(), before["contacts"].tolist()
    return intervals.count_change(sum(now), sum(then), intervals.dispersion(now, then))


def tiles(
    totals: Totals,
    before: Totals | None,
    view: View,
    daily: pd.DataFrame,
    daily_before: pd.DataFrame | None,
) -> None:
    """The six figures of a period. A change is coloured only where it is clear."""
    link = url.current(url.FILTERS)
    compared = f"the {plural(view.selection.days, 'day')} before" if view.before else ""
    with st.grid(6, min_column_width=148, gap="small"):
        change = contacts_change(daily, daily_before)
        components.tile(
            "Contacts",
            count(totals.contacts),
            _relative(change),
            note=f"{count(before.contacts)} in {compared}" if before else "No earlier period to compare",
            colour="inverse" if change and change.excludes_zero else "off",
            help="Conversations on all channels. The range in brackets is a 95 % interval of the change.",
            link=(CONTACTS, link),
        )
        people = _customers_change(totals, before, daily, daily_before)
        components.tile(
            "Customers",
            count(totals.customers),
            _relative(people),
            note=f"{totals.contacts / totals.customers:.2f} contacts each",
            colour="inverse" if people and people.excludes_zero else "off",
            help="Distinct customers who got in touch.",
            link=(CONTACTS, link),
        )
        _rate_tile(totals, before, view)
        _share_tile(
            "Negative", totals.negative, totals, _of_scored(before, "negative"),
            "Share of scored contacts in which the customer is negative.", link | {"sentiment": "negative"},
        )  # fmt: skip
        _share_tile(
            "Leaving", totals.leaving, totals, _of_scored(before, "leaving"),
            "Scored contacts in which the customer says that they leave. What they say, not a forecast.",
            link | {"churn": "yes"}, as_count=True,
        )  # fmt: skip
        _share_tile(
            "Unknown", totals.unknown, totals, _of_scored(before, "unknown"),
            "Share of scored contacts for which no reason reached its threshold: the model abstained.",
            link | {"reason": UNKNOWN},
        )  # fmt: skip


def daily_card(daily: pd.DataFrame, before: pd.DataFrame | None, view: View) -> None:
    """Contacts a day."""
    with st.container(border=True):
        st.subheader("How many contacts a day?", anchor=False)
        st.caption(
            "Paler bars are weekends."
            + (f" The grey line is the {plural(view.selection.days, 'day')} before." if before is not None else "")
        )
        st.altair_chart(charts.daily(daily, before), alt="Contacts a day in the chosen period")


def reasons_card(reasons: pd.DataFrame, totals: Totals, before: Totals | None, view: View) -> None:
    """Why customers get in touch; a click on a bar opens the contacts that it counts."""
    with st.container(border=True, height="stretch"):
        st.subheader("Why do customers contact us?", anchor=False)
        scored_before = before.scored if before else None
        st.caption(
            f"Share of {plural(totals.scored, 'scored contact')}; one contact may name several. "
            + ("Grey tick: the period before. " if scored_before else "")
            + "Line: 95 % interval. Click a bar to read."
        )
        everything = len(reasons) > SHORT_LIST and st.session_state.get("all_reasons", False)
        shown = reasons if everything else reasons.head(SHORT_LIST)
        opened = st.session_state.get("reasons_opened", 0)  # as in `theme_views.table`
        event = st.altair_chart(
            charts.reasons(shown, totals.scored, scored_before),
            on_select="rerun",
            key=f"reasons_{opened}",
            alt="Share of contacts by reason, most frequent first",
        )
        if len(reasons) > SHORT_LIST:
            st.toggle(f"All {len(reasons)} reasons", key="all_reasons")
    if picked := event["selection"].get("reason"):
        st.session_state["reasons_opened"] = opened + 1
        st.switch_page(CONTACTS.path, query_params=url.current(url.FILTERS) | {"reason": picked[0]["reason"]})


def sentiment_card(view: View, height: int) -> None:
    """Sentiment over time: by week, in a short period by day."""
    step = 1 if view.selection.days < 14 else 7
    with st.container(border=True, height="stretch"):
        st.subheader("How do customers feel?", anchor=False)
        by = "day" if step == 1 else "week, each ending on the weekday of the newest contact"
        st.caption(f"Share of scored contacts by {by}; the rest is neutral. Band: 95 % interval.")
        st.altair_chart(
            charts.sentiment(queries.sentiment(view.selection, step), height),
            alt="Shares of negative and positive contacts over time",
        )


def _rate_tile(totals: Totals, before: Totals | None, view: View) -> None:
    active = round(totals.active)
    now = intervals.share(totals.customers, active)
    name = "Contact rate"
    help = (
        "Distinct customers who got in touch, per 100 customers active on an average day of the period. "
        "Filters narrow the first, not the second."
    )
    if now is None:
        why = "needs the customers table" if not active else "more customers in contact than in the customers table"
        components.tile(name, "–", note=why.capitalize(), help=help)
        return
    change = None
    if before and (then := round(before.active)):
        change = intervals.share_change(totals.customers, active, before.customers, then)
    components.tile(
        name,
        f"{100 * now.value:.1f}",
        _points(change, ""),
        note=f"{100 * now.low:.1f} to {100 * now.high:.1f} per 100 · {count(totals.customers)} of {count(active)}",
        colour="inverse" if change and change.excludes_zero else "off",
        help=help,
        link=(CONTACTS, url.current(url.FILTERS)),
    )


def _share_tile(
    name: str,
    number: int,
    totals: Totals,
    before: tuple[int, int] | None,
    help: str,
    link: url.Parameters,
    as_count: bool = False,
) -> None:
    now = intervals.share(number, totals.scored)
    if now is None:
        components.tile(name, "–", note="Not scored yet", help=help)
        return
    change = intervals.share_change(number, totals.scored, *before) if before else None
    of = f"{count(number)} of {count(totals.scored)}"
    components.tile(
        name,
        count(number) if as_count else percent(now.value),
        _points(change, "points"),
        note=f"{percent(now.value)} ({between(now)}) of {count(totals.scored)}"
        if as_count
        else f"{between(now)} · {of}",
        colour="inverse" if change and change.excludes_zero else "off",
        help=help,
        link=(CONTACTS, link) if number else None,
    )


def _relative(change: Interval | None) -> str | None:
    if change is None:
        return None
    value, low, high = (words.signed(100 * each) for each in (change.value, change.low, change.high))
    return f"{value}{words.SPACE}% ({low} to {high})"


def _points(change: Interval | None, unit: str) -> str | None:
    if change is None:
        return None
    return f"{words.signed(100 * change.value, 1)} {unit}".rstrip() + ("" if change.excludes_zero else ", not clear")


def _customers_change(
    totals: Totals, before: Totals | None, daily: pd.DataFrame, daily_before: pd.DataFrame | None
) -> Interval | None:
    if before is None or daily_before is None:
        return None
    spread = intervals.dispersion(daily["customers"].tolist(), daily_before["customers"].tolist())
    return intervals.count_change(totals.customers, before.customers, spread)


def _of_scored(before: Totals | None, what: str) -> tuple[int, int] | None:
    return (getattr(before, what), before.scored) if before else None
