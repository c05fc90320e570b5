"""Which contacts a person looks at: a period and filters, resolved against the data. Pure, no Streamlit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from voc.errors import InputError
from voc.i18n import N_, Texts, _
from voc.inference.digest import Week, weeks_between
from voc.inference.marts import Selection, Span

PERIODS = Texts({"7": N_("7 days"), "28": N_("28 days"), "90": N_("90 days"), "all": N_("All")})
"""Offered periods: days counted back from the newest day of the data, or all there is."""
DEFAULT_PERIOD = "28"


def periods(asked: str | None, span: Span) -> dict[str, str]:
    """Periods to choose from, by what stands in the URL: the offered ones, and the week that a report links to."""
    week = _week(asked or "", span)
    if week is None:
        return dict(PERIODS)
    return {**PERIODS, str(week): _("Week {number}, {year}").format(number=week.number, year=week.year)}


@dataclass(frozen=True)
class View:
    """The chosen contacts and, where the data reaches back far enough, the equal period before."""

    selection: Selection
    before: Selection | None


def view(
    period: str,
    span: Span,
    products: Iterable[str] = (),
    channels: Iterable[str] = (),
    languages: Iterable[str] = (),
    segments: Iterable[str] = (),
) -> View:
    """The period's days in this data.

    Days before the first contact are left out: nothing is known of them, which is not the same as no contact.
    """
    first, last = span.first, span.last
    if week := _week(period, span):
        first, last = max(week.first, span.first), min(week.last, span.last)
    elif period.isdecimal():
        first = max(span.first, span.last - timedelta(days=int(period) - 1))
    selection = Selection(first, last, tuple(products), tuple(channels), tuple(languages), tuple(segments))
    before = selection.before
    return View(selection, before if before.first >= span.first else None)


def _week(asked: str, span: Span) -> Week | None:
    """The week that the URL asks for; None where it asks for none, or for one without a day of the data."""
    try:
        week = Week.parse(asked)
    except InputError:
        return None
    return week if week in weeks_between(span.first, span.last) else None
