"""The section "Emerging now": a card for each theme or reason that rises beyond chance."""

from datetime import timedelta

import streamlit as st

from voc.app import charts, components, queries, sentences, url, words
from voc.app.pages import CONTACTS, THEME
from voc.app.words import escaped
from voc.data.workspace import Workspace
from voc.i18n import _
from voc.inference.marts import Span
from voc.inference.marts_signals import AlertSummary, Emergence

SHORT_LIST = 3
"""Cards shown before somebody asks for all."""
SPARK_DAYS = 42
BEFORE_DAYS = 14
"""Shown of the time before an alert, however long it has lived."""


def section(span: Span) -> None:
    """What rises now in the whole company, most customers above the usual first. Nothing before there are themes."""
    found = queries.emergence()
    if not found.themes and not found.alerts:
        return
    with st.container(gap="small"):
        st.header(_("Emerging now"), anchor=False)
        if found.tested is None:
            components.not_tested()
            return
        _body(found, span, queries.workspace())


def badge(standing: str | None) -> None:
    """How a theme or reason stands, in words, with an icon and a colour."""
    if standing in words.STANDINGS:
        name, icon, colour = words.STANDINGS[standing]
        st.badge(_(name), icon=icon, color=colour)


def _body(found: Emergence, span: Span, workspace: Workspace) -> None:
    budget = workspace.config.emergence.false_alerts_per_month
    if not found.alerts:
        with st.container(border=True, gap="small"):
            st.markdown(f":material/check_circle: {sentences.nothing_emerging(found, span.last, budget)}")
            _elsewhere(found)
        return
    st.caption(
        " ".join(
            [
                _("{tested}; all customers, whatever the filters.").format(tested=sentences.tested(found, span.last)),
                _("A customer counts once a day."),
                _("Grey band: {level} of usual days.").format(level=words.percent(0.95, 0)),
                sentences.false_alerts(budget),
            ]
        )
    )
    everything = st.session_state.get("all_alerts", False)
    with st.grid(3, min_column_width=300, gap="small"):
        for alert in found.alerts if everything else found.alerts[:SHORT_LIST]:
            _card(alert)
    if len(found.alerts) > SHORT_LIST:
        st.toggle(_("All {count} alerts").format(count=len(found.alerts)), key="all_alerts")
    _elsewhere(found)


def _card(alert: AlertSummary) -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            badge(alert.standing)
            st.caption(_("Theme") if alert.kind == "theme" else _("Reason"), width="content")
        st.markdown(f"**{escaped(alert.label)}**")
        st.markdown(sentences.rise(alert))
        first = min(alert.last - timedelta(days=SPARK_DAYS - 1), alert.began - timedelta(days=BEFORE_DAYS))
        frame = queries.baseline(alert.kind, alert.group_id, first)
        if len(frame) > 1:
            st.vega_lite_chart(
                charts.spark(frame, alert.began),
                alt=_("Customers a day with the usual range: {name}").format(name=alert.label),
            )
        st.caption(" ".join(filter(None, (f"{sentences.why(alert)}.", sentences.parts(alert.parts)))))
        st.space("stretch")
        kept = url.current(url.FILTERS)
        if alert.kind == "theme":
            page, parameters, label = THEME, kept | {"theme": alert.group_id}, _("See the theme")
        else:
            page, parameters, label = CONTACTS, kept | {"reason": alert.group_id}, _("Read them")
        st.page_link(page.path, label=label, icon=":material/arrow_forward:", query_params=parameters, help="")


def _elsewhere(found: Emergence) -> None:
    if said := sentences.elsewhere(found.parts):
        st.caption(said)
