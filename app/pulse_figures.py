"""The figures of the first page: a few large ones, and below them how customers were served and what they think."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
import streamlit as st

from voc.app import components, journey_charts, pulse_sentences, queries, sentences, url, words
from voc.app.contact_list import UNKNOWN
from voc.app.filters import View
from voc.app.pages import CHURN, CONTACTS
from voc.app.sparkline import Point
from voc.app.words import between, count, percent
from voc.i18n import _
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import Span, Totals
from voc.inference.marts_pulse import Rating, Service, trend_steps
from voc.inference.medians import Timing

BENCHMARK_DAYS = 28
"""A benchmark of the contact rate counts the customers of so many days: those of a week or a year are others."""
_LEAST_POINTS = 3


@dataclass(frozen=True)
class Pulse:
    """What the figures are made of; `before` is the equal period before, where there is one."""

    view: View
    totals: Totals
    before: Totals | None
    daily: pd.DataFrame
    daily_before: pd.DataFrame | None
    service: Service
    service_before: Service | None
    trend: pd.DataFrame
    """As of `marts_pulse.trend`."""
    step: int

    @property
    def contacts(self) -> Interval | None:
        """Relative change of the contacts."""
        return self._changed("contacts")

    @property
    def customers(self) -> Interval | None:
        """The same of the customers, of whom each counts once in the period."""
        return self._changed("customers")

    def line(self, of: Callable[[pd.DataFrame], "pd.Series[float]"], say: Callable[[float], str]) -> tuple[Point, ...]:
        """One figure of the trend, said as `say` says it; nothing where too few of its steps are known."""
        values = of(self.trend)
        back = timedelta(days=self.step - 1)
        found = tuple(
            Point(words.days((day - back).date(), day.date()), float(value), say(float(value)))
            for day, value in zip(self.trend["to_day"], values, strict=True)
            if not pd.isna(value)
        )
        return found if len(found) >= _LEAST_POINTS else ()

    def _changed(self, column: str) -> Interval | None:
        """With an interval as wide as the days really vary."""
        if self.before is None or self.daily_before is None:
            return None
        spread = intervals.dispersion(self.daily[column].tolist(), self.daily_before[column].tolist())
        return intervals.count_change(getattr(self.totals, column), getattr(self.before, column), spread)


def fetch(span: Span, view: View, totals: Totals) -> Pulse:
    """The figures of a view."""
    before = view.before
    over, step = trend_steps(view.selection, span.first)
    return Pulse(
        view,
        totals,
        queries.totals(before) if before else None,
        queries.daily(view.selection),
        queries.daily(before) if before else None,
        queries.service(view.selection),
        queries.service(before) if before else None,
        queries.trend(over, step),
        step,
    )


def large(found: Pulse) -> None:
    """Contacts, contact rate, negative share, stated intent. A change is coloured only where it is clear."""
    totals, before, link = found.totals, found.before, url.current(url.FILTERS)
    with st.grid(4, min_column_width=148, gap="small"):
        change = found.contacts
        components.tile(
            _("Contacts"),
            count(totals.contacts),
            pulse_sentences.relative(change),
            note=pulse_sentences.before(count(before.contacts), found.view.selection.days)
            if before
            else _("No earlier period to compare"),
            colour=_worse(change),
            help=_("Conversations on all channels. The range in brackets is a 95 % interval of the change."),
            link=(CONTACTS, link),
            trend=found.line(lambda trend: trend["contacts"], _whole),
        )
        _rate_tile(found)
        _share_tile(
            found, _("Negative"), "negative",
            _("Share of scored contacts in which the customer is negative."), link | {"sentiment": "negative"},
        )  # fmt: skip
        _share_tile(
            found, _("Leaving"), "leaving",
            _("Scored contacts in which the customer says that they leave. What they say, not a forecast."),
            link | {"churn": "yes"}, as_count=True,
        )  # fmt: skip


def quiet(found: Pulse) -> None:
    """All other figures in one card; those of which the data say nothing are left out."""
    service, then = found.service, found.service_before
    with st.container(border=True):
        st.header(_("How were customers served?"), anchor=False)
        st.caption(
            " ".join(
                [
                    _("Ranges are 95 % intervals; a change is coloured only where it is clear."),
                    pulse_sentences.trend(found.step, found.view.selection.last),
                ]
            )
        )
        with st.grid(4, min_column_width=128, gap="medium"):
            _customers_tile(found)
            _risk_tile(found)
            _rating_tile(
                found, _("CSAT"), "csat", service.csat, then.csat if then else None, 2,
                _("Mean satisfaction, from 1 to 5, of those who answered; answers of one customer belong together."),
            )  # fmt: skip
            _rating_tile(
                found, _("NPS"), "nps", service.nps, then.nps if then else None, 0,
                _("Promoters (9 and 10) less detractors (0 to 6), in points, of those who answered."),
            )  # fmt: skip
            _rating_tile(
                found, _("CES"), "ces", service.ces, then.ces if then else None, 2,
                _("Mean of the effort question, from 1 to 7, of those who answered."), direction=None,
            )  # fmt: skip
            _response_tile(found, service.first_response, then.first_response if then else None)
            _closed_tile(found)
            _share_tile(
                found, _("Unknown"), "unknown",
                _("Share of scored contacts for which no reason reached its threshold: the model abstained."),
                url.current(url.FILTERS) | {"reason": UNKNOWN}, border=False,
            )  # fmt: skip


def _customers_tile(found: Pulse) -> None:
    change = found.customers
    components.tile(
        _("Customers"),
        count(found.totals.customers),
        pulse_sentences.relative(change),
        note=_("{number} contacts each").format(
            number=words.decimal(found.totals.contacts / found.totals.customers, 2)
        ),
        colour=_worse(change),
        help=_("Distinct customers who got in touch."),
        trend=found.line(lambda trend: trend["customers"], _whole),
        border=False,
    )


def _rate_tile(found: Pulse) -> None:
    totals, before = found.totals, found.before
    active = round(totals.active)
    now = intervals.share(totals.customers, active)
    name = _("Contact rate")
    help = _(
        "Distinct customers who got in touch, per 100 customers active on an average day of the period. "
        "A customer segment narrows both; product, channel and language narrow the first alone."
    )
    if now is None:
        components.tile(name, "–", note=sentences.no_rate(totals, found.view.selection), help=help)
        return
    then = intervals.share(before.customers, round(before.active)) if before else None
    change = intervals.difference(now, then) if then else None
    beside = pulse_sentences.beside(then, found.view.selection.days, _benchmark(found.view))
    components.tile(
        name,
        words.decimal(100 * now.value),
        pulse_sentences.points(change, 1, 100),
        note="  \n".join(filter(None, (pulse_sentences.rate(now, totals.customers, active), beside))),
        colour=_worse(change),
        help=help,
        link=(CONTACTS, url.current(url.FILTERS)),
        trend=found.line(
            lambda trend: 100 * trend["customers"] / trend["active"].where(trend["active"] > 0), words.decimal
        ),
    )


def _share_tile(
    found: Pulse,
    name: str,
    what: str,
    help: str,
    link: url.Parameters,
    *,
    as_count: bool = False,
    border: bool = True,
) -> None:
    totals, before = found.totals, found.before
    number = int(getattr(totals, what))
    now = intervals.share(number, totals.scored)
    if now is None:
        components.tile(name, "–", note=_("Not scored yet"), help=help, border=border)
        return
    change = intervals.share_change(number, totals.scored, getattr(before, what), before.scored) if before else None
    of = _("{count} of {all}").format(count=count(number), all=count(totals.scored))
    if as_count:
        of = _("{share} ({range}) of {all}").format(
            share=percent(now.value), range=between(now), all=count(totals.scored)
        )
    components.tile(
        name,
        count(number) if as_count else percent(now.value),
        pulse_sentences.points(change, 1, 100, _("points")),
        note=of if as_count else f"{between(now)} · {of}",
        colour=_worse(change),
        help=help,
        link=(CONTACTS, link) if number else None,
        trend=found.line(
            lambda trend: trend[what] if as_count else trend[what] / trend["scored"].where(trend["scored"] > 0),
            _whole if as_count else percent,
        ),
        border=border,
    )


def _rating_tile(
    found: Pulse,
    name: str,
    column: str,
    now: Rating | None,
    then: Rating | None,
    digits: int,
    help: str,
    *,
    direction: str | None = "normal",
) -> None:
    """What customers answered; `direction` None: more is not better everywhere."""
    if now is None:
        return
    if now.customers < queries.workspace().config.privacy.least_customers:
        components.tile(name, "–", note=_few(), help=help, border=False)
        return
    change = intervals.difference(now.interval, then.interval) if now.interval and then and then.interval else None
    components.tile(
        name,
        words.decimal(now.mean, digits),
        pulse_sentences.points(change, digits),
        note=pulse_sentences.rating(now, digits),
        colour=direction if direction and change and change.excludes_zero else "off",
        help=help,
        trend=found.line(lambda trend: trend[column], lambda value: words.decimal(value, digits)),
        border=False,
    )


def _response_tile(found: Pulse, now: Timing | None, then: Timing | None) -> None:
    if now is None:
        return
    change = intervals.difference(now.median, then.median) if then else None
    several = found.service.by_channel if len(found.service.by_channel) > 1 else ()
    by_channel = pulse_sentences.channels(several, journey_charts.LEAST)
    components.tile(
        _("First response"),
        words.lasting(now.median.value),
        pulse_sentences.waited(change),
        note="  \n".join(filter(None, (pulse_sentences.response(now), by_channel))),
        colour=_worse(change),
        help=_("Median time to the first answer: half of the customers waited longer. Below it that of each channel."),
        trend=found.line(lambda trend: trend["first_response"], words.lasting),
        border=False,
    )


def _closed_tile(found: Pulse) -> None:
    closed, then, totals = found.service.closed, found.service_before, found.totals
    now = intervals.share(closed, totals.contacts) if closed is not None else None
    if closed is None or now is None:
        return
    change = None
    if then and found.before and then.closed is not None:
        change = intervals.share_change(closed, totals.contacts, then.closed, found.before.contacts)
    of = _("{count} of {all}").format(count=count(closed), all=count(totals.contacts))
    components.tile(
        _("Out of hours"),
        percent(now.value),
        pulse_sentences.points(change, 1, 100, _("points")),
        note=f"{between(now)} · {of}",
        colour=_worse(change),
        help=_("Contacts that began outside the opening hours set in voc.toml, on the company's wall clock."),
        trend=found.line(lambda trend: trend["closed"] / trend["contacts"].where(trend["contacts"] > 0), percent),
        border=False,
    )


def _risk_tile(found: Pulse) -> None:
    risk, then = found.service.risk, found.service_before.risk if found.service_before else None
    if risk is None:
        return
    help = _(
        "Customers in touch who are expected to leave, by the outcome head: the sum of their risks. The range is what "
        "chance alone leaves open, were each risk right. Nothing of what they say is in it."
    )
    if risk.customers < queries.workspace().config.privacy.least_customers:
        components.tile(_("At risk"), "–", note=_few(), help=help, border=False)
        return
    change = intervals.difference(risk.expected, then.expected) if then else None
    components.tile(
        _("At risk"),
        count(round(risk.expected.value)),
        pulse_sentences.points(change, 0),
        note=pulse_sentences.risk(risk, queries.horizon()),
        colour=_worse(change),
        help=help,
        link=(CHURN, url.current(url.FILTERS) | {"order": "risk"}),
        trend=found.line(lambda trend: trend["risk"], words.decimal),
        border=False,
    )


def _benchmark(view: View) -> float | None:
    """Where it can be compared: over as many days, with all customers."""
    comparable = queries.everybody(view.selection) and view.selection.days == BENCHMARK_DAYS
    return queries.workspace().config.company.benchmark_contact_rate if comparable else None


def _whole(value: float) -> str:
    return count(round(value))


def _few() -> str:
    least = queries.workspace().config.privacy.least_customers
    return _("Fewer than {least} customers").format(least=count(least))


def _worse(change: Interval | None) -> str:
    """More is worse: coloured where it is clear."""
    return "inverse" if change and change.excludes_zero else "off"
