"""The week as figures: what happened, what moved, what rises, what was fixed."""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from voc.data.text import fold
from voc.data.workspace import Workspace
from voc.errors import InputError, WorkspaceError
from voc.inference import intervals
from voc.inference.digest.weeks import Week, newest_whole, weeks_between
from voc.inference.intervals import Interval
from voc.inference.marts import ContactView, Marts, Selection, Span, ThemeSummary, Totals
from voc.inference.marts_signals import Rise
from voc.inference.marts_themes import FixTest
from voc.inference.movers import Mover, movers
from voc.labels import Speaker

MOST_MOVERS = 3
MOST_RISES = 6
MOST_FIXES = 10
FIXED_WITHIN = timedelta(days=56)
"""A fix stays in the report for so long: eight weeks, the time in which it shows whether it holds."""
QUOTED = 300
"""Most characters of a verbatim."""
_CANDIDATES = 20


@dataclass(frozen=True)
class Share:
    """A count of a whole, as a share, and how that changed; None where nothing can be said."""

    count: int
    of: int
    share: Interval | None
    change: Interval | None
    """Of the share, against the period compared with."""


@dataclass(frozen=True)
class NamedMover:
    """A contact reason whose share changed clearly."""

    name: str
    mover: Mover
    customers: int


@dataclass(frozen=True)
class Quote:
    """What one customer said: personal data."""

    contact_id: str
    text: str
    day: date
    channel: str
    language: str


@dataclass(frozen=True)
class RisingTheme:
    """A theme above its usual."""

    label: str
    customers: int
    """Distinct customers in the period."""
    contacts: int
    rise: Rise
    quote: Quote | None


@dataclass(frozen=True)
class FixedTheme:
    """A theme that somebody marked as fixed, and whether it helped."""

    theme_id: str
    label: str
    fixed_on: date
    release: str | None
    test: FixTest | None
    """None: not tested since."""


@dataclass(frozen=True)
class Digest:
    """One week of a company. Groups of fewer than `least_customers` are left out, and counted in `hidden_...`."""

    company: str
    synthetic: bool
    """The contacts are generated."""
    week: Week
    period: Selection
    """The week's days up to the newest day of the data."""
    compared: Selection | None
    """The same weekdays of the week before; None where the data do not reach back so far."""
    totals: Totals
    before: Totals | None
    contacts_change: Interval | None
    rate: Share
    negative: Share
    leaving: Share
    unknown: Share
    movers: tuple[NamedMover, ...]
    """At most three, most first."""
    hidden_movers: int
    rising: tuple[RisingTheme, ...]
    """In order of impact: customers above the usual."""
    hidden_rising: int
    more_rising: int
    """Those that the page has no room for."""
    fixes: tuple[FixedTheme, ...]
    """Newest first."""
    hidden_fixes: int
    least_customers: int
    themes_tested: bool
    """Whether `voc signals` has looked at a day of the period."""
    false_alerts_per_month: float
    latest: datetime
    """Of the newest contact, on the company's wall clock."""
    model: str | None

    @property
    def too_few(self) -> bool:
        """Whether the week as a whole has fewer customers than a group must have."""
        return self.totals.customers < self.least_customers

    @property
    def whole(self) -> bool:
        """Whether the data hold all days of the week."""
        return (self.period.first, self.period.last) == (self.week.first, self.week.last)


def weekly(workspace: Workspace, week: Week | None = None) -> Digest:
    """The week out of the lake as it is now; by default the newest whole one.

    Raises WorkspaceError where nothing was ingested yet, InputError for a week outside the data.
    """
    marts = Marts.of(workspace)
    try:
        return build(marts, workspace, week)
    finally:
        marts.close()


def build(marts: Marts, workspace: Workspace, week: Week | None = None) -> Digest:
    """The same with marts that are open already."""
    span = marts.span()
    if span is None:
        raise WorkspaceError(f"{workspace.root}: no contacts yet; run: voc ingest")
    week = week or newest_whole(span.first, span.last)
    period, compared = periods(week, span)
    totals = marts.totals(period)
    before = marts.totals(compared) if compared else None
    least = workspace.config.privacy.least_customers
    shown = totals.customers >= least
    moved: tuple[NamedMover, ...] = ()
    hidden_movers = 0
    if shown and compared is not None and before is not None:
        moved, hidden_movers = _movers(marts, workspace, (period, compared), (totals.scored, before.scored), least)
    rises = marts.rises(period.first, period.last) if shown else ()
    themes = marts.themes(period) if shown else ()
    rising, hidden_rising = _rising(marts, rises, themes, period, least)
    fixes, hidden_fixes = _fixes(themes, period, least)
    tested = marts.emergence().tested
    return Digest(
        company=workspace.config.company.name,
        synthetic=workspace.config.company.synthetic,
        week=week,
        period=period,
        compared=compared,
        totals=totals,
        before=before,
        contacts_change=_contacts_change(marts, period, compared),
        rate=_share(totals, before, lambda each: (each.customers, round(each.active))),
        negative=_share(totals, before, lambda each: (each.negative, each.scored)),
        leaving=_share(totals, before, lambda each: (each.leaving, each.scored)),
        unknown=_share(totals, before, lambda each: (each.unknown, each.scored)),
        movers=moved,
        hidden_movers=hidden_movers,
        rising=rising[:MOST_RISES],
        hidden_rising=hidden_rising,
        more_rising=len(rising[MOST_RISES:]),
        fixes=fixes[:MOST_FIXES],
        hidden_fixes=hidden_fixes,
        least_customers=least,
        themes_tested=tested is not None and tested >= period.first,
        false_alerts_per_month=workspace.config.emergence.false_alerts_per_month,
        latest=span.latest.astimezone(workspace.config.zone),
        model=workspace.current_model,
    )


def periods(week: Week, span: Span) -> tuple[Selection, Selection | None]:
    """The week's days that the data hold, and the same weekdays a week before where they hold all of those.

    Raises InputError for a week without a day of the data.
    """
    if week not in weeks_between(span.first, span.last):
        held = f"{Week.of(span.first)} to {Week.of(span.last)}"
        raise InputError(f"expected a week of the data, {held}, got {week}")
    period = Selection(max(week.first, span.first), min(week.last, span.last))
    compared = period.shifted(7)
    return period, compared if compared.first >= span.first else None


def _share(totals: Totals, before: Totals | None, part: Callable[[Totals], tuple[int, int]]) -> Share:
    count, of = part(totals)
    change = intervals.share_change(count, of, *part(before)) if before else None
    return Share(count, of, intervals.share(count, of), change)


def _contacts_change(marts: Marts, period: Selection, compared: Selection | None) -> Interval | None:
    """Relative, with an interval as wide as the days really vary."""
    if compared is None:
        return None
    now, then = (marts.daily(each)["contacts"].tolist() for each in (period, compared))
    return intervals.count_change(sum(now), sum(then), intervals.dispersion(now, then))


def _movers(
    marts: Marts, workspace: Workspace, both: tuple[Selection, Selection], scored: tuple[int, int], least: int
) -> tuple[tuple[NamedMover, ...], int]:
    """Reasons that moved clearly; and how many more did whose customers, in either period, are too few to show."""
    now, then = (
        {row["reason"]: (int(row["contacts"]), int(row["customers"])) for row in marts.reasons(each).to_dict("records")}
        for each in both
    )
    nobody = (0, 0)
    names = sorted(now | then)
    found = movers(
        ((reason, now.get(reason, nobody)[0], then.get(reason, nobody)[0]) for reason in names),
        *scored,
    )
    people = {reason: (now.get(reason, nobody)[1], then.get(reason, nobody)[1]) for reason in names}
    shown = [each for each in found if not any(0 < number < least for number in people[each.reason])]
    name = workspace.taxonomy.name
    named = tuple(NamedMover(name(each.reason), each, people[each.reason][0]) for each in shown[:MOST_MOVERS])
    return named, len(found) - len(shown)


def _rising(
    marts: Marts, rises: tuple[Rise, ...], themes: Iterable[ThemeSummary], period: Selection, least: int
) -> tuple[tuple[RisingTheme, ...], int]:
    """Themes that rise, each with words of a customer that no other theme quotes; and how many are too small."""
    known = {theme.theme_id: theme for theme in themes}
    people: set[str] = set()
    said: set[str] = set()
    found: list[RisingTheme] = []
    for rise in rises:
        theme = known.get(rise.theme_id)
        if theme is None or theme.customers < least:
            continue
        quote = _quote(marts, rise.theme_id, period, people, said) if len(found) < MOST_RISES else None
        found.append(RisingTheme(theme.label, theme.customers, theme.contacts, rise, quote))
    return tuple(found), len(rises) - len(found)


def _quote(marts: Marts, theme_id: str, period: Selection, people: set[str], said: set[str]) -> Quote | None:
    """The contact of the period nearest to the theme's centre whose customer and words were not quoted before."""
    for contact in marts.contacts_by_id(marts.nearest(theme_id, period, _CANDIDATES)):
        text = _words_of(contact, theme_id)
        if not text or contact.customer_id in people or fold(text) in said:
            continue
        people.add(contact.customer_id)
        said.add(fold(text))
        return Quote(contact.contact_id, text, contact.day, contact.channel, contact.language)
    return None


def _words_of(contact: ContactView, theme_id: str) -> str:
    """The customer's own words on one line, cut at a word: of a contact with several reasons those about the theme."""
    own = " ".join(turn.text for turn in contact.turns if turn.speaker == Speaker.CUSTOMER)
    flat = contact.said_of(theme_id) or " ".join(own.split())
    shortened = textwrap.shorten(flat, QUOTED, placeholder=" …")
    return shortened if len(shortened) > len(" …") else flat[:QUOTED]


def _fixes(themes: Iterable[ThemeSummary], period: Selection, least: int) -> tuple[tuple[FixedTheme, ...], int]:
    """Fixes of the last weeks, newest first; and how many are of too few customers to show."""
    since, hidden, found = period.last - FIXED_WITHIN, 0, list[FixedTheme]()
    for theme in themes:
        fixed_on = theme.fixed_on or (theme.fix.fixed_on if theme.fix else None)  # of a release, the day it was marked
        if fixed_on is None or not since <= fixed_on <= period.last:
            continue
        if theme.fix is not None and 0 < theme.fix.before + theme.fix.after < least:
            hidden += 1
            continue
        found.append(FixedTheme(theme.theme_id, theme.label, fixed_on, theme.fixed_release, theme.fix))
    return tuple(sorted(found, key=lambda fixed: (-fixed.fixed_on.toordinal(), fixed.theme_id))), hidden
