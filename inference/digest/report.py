"""The week as sentences: plain text in the order of the page, the same for every format and for the app."""

from dataclasses import dataclass
from datetime import date

from voc.inference.digest.build import Digest, FixedTheme, NamedMover, RisingTheme, Share
from voc.inference.intervals import Interval
from voc.inference.wording import (
    SPACE,
    between,
    count,
    day,
    days,
    false_alerts,
    percent,
    plural,
    relative,
    relative_parts,
    short_day,
    signed,
    since,
    times,
    usual,
    visible,
)
from voc.labels import LANGUAGE_NAMES

STANDINGS = {"new": "New", "emerging": "Emerging", "growing": "Growing", "regressed": "Regressed"}
VERDICTS = {"resolved": "Resolved", "unproven": "Unproven", "regressed": "Regressed"}


@dataclass(frozen=True)
class Figure:
    """One number of the week."""

    key: str
    """contacts, customers, rate, negative, leaving, unknown: which contacts it counts."""
    name: str
    value: str
    range: str
    """Interval and denominator; may be empty."""
    change: str
    """Against the week before; empty where there is none."""
    bounds: str
    """The change's interval; empty without a change."""
    clear: bool
    """Whether the change is beyond chance."""

    @property
    def changed(self) -> str:
        """The change with its interval."""
        return f"{self.change} ({self.bounds})" if self.bounds else self.change


@dataclass(frozen=True)
class Item:
    """One entry of a section."""

    key: str
    """Id of the reason or theme."""
    heading: str
    badge: str
    text: str
    quote: str = ""
    """A customer's own words; the only place where they stand."""
    source: str = ""
    """When and in which language they were said."""
    contact_id: str = ""
    """Where they were said: for a link, never printed."""


@dataclass(frozen=True)
class Section:
    """A question with its answers."""

    key: str
    """movers, rising or fixes."""
    title: str
    items: tuple[Item, ...]
    notes: tuple[str, ...]
    """What to know about what is there, or why nothing is."""


@dataclass(frozen=True)
class Report:
    """One page. Every text is plain, and what strangers wrote has no character that steers its display."""

    company: str
    title: str
    subtitle: str
    notice: str
    """That the company is synthetic; empty where it is not."""
    lead: tuple[str, ...]
    """At most three sentences: what to tell others."""
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


def report(digest: Digest, quotes: bool = False) -> Report:
    """The page of a digest; with `quotes` customers' own words are on it, which are personal data."""
    return Report(
        company=_line(digest.company),
        title=f"Week {digest.week.number} of {digest.week.year}",
        subtitle=_subtitle(digest),
        notice="Synthetic demo data: every contact here is generated." if digest.synthetic else "",
        lead=_lead(digest),
        figures=_figures(digest),
        sections=() if digest.too_few else (_movers(digest), _rising(digest, quotes), _fixes(digest)),
        notes=_notes(digest, quotes),
    )


def _subtitle(digest: Digest) -> str:
    now = days(digest.period.first, digest.period.last)
    if digest.compared is None:
        return f"{now}. There is no earlier week to compare with."
    then = days(digest.compared.first, digest.compared.last)
    if digest.whole:
        return f"{now}, compared with {then}."
    return f"{now} (the week is not whole), compared with the same weekdays, {then}."


def _lead(digest: Digest) -> tuple[str, ...]:
    totals = digest.totals
    if not totals.contacts:
        return ("No contact in this week.",)
    start = f"{plural(totals.contacts, 'contact')} from {plural(totals.customers, 'customer')}"
    change = digest.contacts_change
    if change is None:
        lead = [f"{start}."]
    elif change.excludes_zero:
        lead = [f"{start}: {relative(change)} than in the week before."]
    else:
        lead = [f"{start}: {relative(change)} against the week before."]
    if digest.rising:
        lead.append(f"“{_line(digest.rising[0].label)}” stands out most: {_above(digest.rising[0], digest)}")
    elif digest.themes_tested and not digest.too_few:
        lead.append("No theme is above its usual.")
    if digest.movers:
        lead.append(_moved(digest.movers[0]))
    return tuple(lead)


def _figures(digest: Digest) -> tuple[Figure, ...]:
    totals, before = digest.totals, digest.before
    change = digest.contacts_change
    said, bounds = relative_parts(change) if change else ("", "")
    contacts = Figure(
        "contacts",
        "Contacts",
        count(totals.contacts),
        f"{count(before.contacts)} in the week before" if before else "",
        _sentence(said),
        bounds,
        bool(change and change.excludes_zero),
    )
    if digest.too_few:
        return (contacts, Figure("customers", "Customers", count(totals.customers), "", "", "", False))
    rate = digest.rate.share
    return (
        contacts,
        Figure(
            "rate", "Contact rate", f"{100 * rate.value:.1f}" if rate else "–",
            f"{100 * rate.low:.1f} to {100 * rate.high:.1f} per 100 active customers" if rate
            else "It needs the customers table.",
            *_points(digest.rate.change, "per 100"),
        ),
        _share("negative", "Negative", digest.negative),
        _share("leaving", "Stated churn intents", digest.leaving, as_count=True),
        _share("unknown", "Unknown reason", digest.unknown),
    )  # fmt: skip


def _share(key: str, name: str, found: Share, as_count: bool = False) -> Figure:
    if found.share is None:
        return Figure(key, name, "–", "The contacts are not scored yet.", "", "", False)
    value = count(found.count) if as_count else percent(found.share.value)
    of = plural(found.of, "scored contact")
    spread = (
        f"{percent(found.share.value)} ({between(found.share)}) of {of}"
        if as_count
        else f"{between(found.share)} of {of}"
    )
    return Figure(key, name, value, spread, *_points(found.change, "points"))


def _points(change: Interval | None, unit: str) -> tuple[str, str, bool]:
    """A difference of shares in words, its bounds, and whether it is clear."""
    if change is None:
        return "", "", False
    low, high = (signed(100 * bound, 1).replace("-", "−") for bound in (change.low, change.high))
    if not change.excludes_zero:
        return "No clear change", f"{low} to {high} {unit}", False
    size = f"{abs(100 * change.value):.1f} {unit}"
    return f"{size} {'more' if change.value > 0 else 'less'}", f"{low} to {high}", True


def _movers(digest: Digest) -> Section:
    items = tuple(Item(each.mover.reason, "", "", _moved(each)) for each in digest.movers)
    notes = []
    if digest.compared is None:
        notes.append("There is no earlier week to compare with.")
    elif not digest.totals.scored:
        notes.append("The contacts are not scored yet.")
    elif not items and not digest.hidden_movers:
        notes.append("No reason's share of the contacts changed clearly.")
    if digest.hidden_movers:
        notes.append(_left_out(digest.hidden_movers, "reason", digest))
    return Section("movers", "What moved most?", items, tuple(notes))


def _moved(found: NamedMover) -> str:
    mover = found.mover
    verb = "rose" if mover.now > mover.before else "fell"
    low, high = sorted(abs(100 * bound) for bound in (mover.change.low, mover.change.high))
    return (
        f"{_line(found.name)} {verb} from {percent(mover.before)} to {percent(mover.now)} of scored contacts "
        f"(by {low:.1f} to {high:.1f} points)."
    )


def _rising(digest: Digest, quotes: bool) -> Section:
    said = [each.quote if quotes else None for each in digest.rising]
    items = tuple(
        Item(
            key=each.rise.theme_id,
            heading=_line(each.label),
            badge=STANDINGS.get(each.rise.standing, each.rise.standing),
            text=f"{_affected(each)} {_above(each, digest)} {_impact(each)}",
            quote=visible(quote.text) if quote else "",
            source=_source(quote.day, quote.language) if quote else "",
            contact_id=quote.contact_id if quote else "",
        )
        for each, quote in zip(digest.rising, said, strict=True)
    )
    notes = []
    if not digest.themes_tested:
        notes.append("Themes were not tested in this week. The command voc signals does it.")
    elif not items and not digest.hidden_rising:
        notes.append("No theme is above its usual.")
    if digest.more_rising:
        notes.append(f"{plural(digest.more_rising, 'more theme')} above the usual: see the list of themes.")
    if digest.hidden_rising:
        notes.append(_left_out(digest.hidden_rising, "theme", digest))
    if digest.themes_tested:
        notes.append(false_alerts(digest.false_alerts_per_month))
    return Section("rising", "What is emerging or growing?", items, tuple(notes))


def _affected(found: RisingTheme) -> str:
    return f"{plural(found.customers, 'customer')} affected in this week."


def _above(found: RisingTheme, digest: Digest) -> str:
    rise = found.rise
    when = since(rise.since, digest.period.last)
    start = f"{plural(rise.customers, 'customer')} {when}, usually {usual(rise.expected)}"
    return f"{start}: {times(rise.times)}." if rise.times is not None else f"{start}."


def _impact(found: RisingTheme) -> str:
    above = found.rise.above
    said = f"{above.value:.0f} above the usual ({above.low:.0f} to {above.high:.0f})".replace("-", "−")
    return f"{said}; a customer counts once a day."


def _source(said_on: date, language: str) -> str:
    name = LANGUAGE_NAMES.get(language, language)
    return ", ".join(filter(None, (short_day(said_on), name)))


def _fixes(digest: Digest) -> Section:
    items = tuple(
        Item(
            each.theme_id,
            _line(each.label),
            VERDICTS.get(each.test.verdict if each.test else "", "Not tested"),
            _fixed(each),
        )
        for each in digest.fixes
    )
    notes = []
    if not items and not digest.hidden_fixes:
        notes.append("Nothing was marked as fixed in the last eight weeks.")
    if digest.hidden_fixes:
        notes.append(_left_out(digest.hidden_fixes, "fix", digest, "fixes"))
    return Section("fixes", "What was fixed, and did it work?", items, tuple(notes))


def _fixed(found: FixedTheme) -> str:
    if found.release:
        start = f"Marked as fixed on {day(found.fixed_on)} in release {_line(found.release)}."
    else:
        start = f"Marked as fixed on {day(found.fixed_on)}."
    if found.test is None:
        return f"{start} The next run of voc signals tests whether it helped."
    test, ratio = found.test, found.test.ratio
    if ratio is None:
        return f"{start} There are too few days on both sides of it to compare, up to {day(test.tested_on)}."
    bounds = f"{ratio.low:.2f} to {ratio.high:.2f}"
    return (
        f"{start} Since then {ratio.value:.2f} times as many customers as before ({bounds}): "
        f"{plural(test.days_after, 'day')} after it, up to {day(test.tested_on)}, against {test.days_before} before it."
    )


def _left_out(number: int, one: str, digest: Digest, many: str = "") -> str:
    return (
        f"Not shown: {plural(number, one, many)} of fewer than {plural(digest.least_customers, 'customer')}, "
        "who could be recognised."
    )


def _notes(digest: Digest, quotes: bool) -> tuple[str, ...]:
    latest = f"{day(digest.latest.date())}, {digest.latest:%H:%M}"
    totals = digest.totals
    fresh = f"Data to {latest}; {plural(totals.contacts, 'contact')} in the week, {count(totals.scored)} of them scored"
    notes = [f"{fresh} by model {_line(digest.model)}." if digest.model else f"{fresh}; there is no model yet."]
    if digest.too_few and totals.contacts:
        notes.append(
            f"The week has fewer than {plural(digest.least_customers, 'customer')}: nothing more is shown of it, since "
            "they could be recognised."
        )
    else:
        notes.append(
            f"Ranges are 95{SPACE}% intervals; a change is called clear where its range leaves out zero. Groups of "
            f"fewer than {plural(digest.least_customers, 'customer')} are left out."
        )
    if quotes and any(each.quote for each in digest.rising):
        notes.append("Quotes are customers' own words: treat the page as personal data.")
    return tuple(notes)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _line(text: str) -> str:
    """A stranger's text on one line, with nothing in it that steers its display."""
    return " ".join(visible(text).split())
