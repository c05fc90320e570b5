"""The week as sentences: plain text in the order of the page, the same for every format and for the app."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from voc.i18n import N_, Texts, _, current, ngettext
from voc.inference.digest.build import Digest, FixedTheme, NamedMover, RisingTheme, Share
from voc.inference.intervals import Interval
from voc.inference.wording import (
    above_usual,
    between,
    bounds,
    contacts_from,
    count,
    counted,
    day,
    days,
    decimal,
    false_alerts,
    percent,
    relative,
    relative_parts,
    rise,
    short_day,
    signed,
    since,
    visible,
)
from voc.inference.wording import language as name_of

Tone = Literal["attention", "resolved", "unproven"]
STANDINGS = Texts(
    {"new": N_("New"), "emerging": N_("Emerging"), "growing": N_("Growing"), "regressed": N_("Regressed")}
)
VERDICTS: dict[str, tuple[str, Tone]] = {
    "resolved": (N_("Resolved"), "resolved"),
    "unproven": (N_("Unproven"), "unproven"),
    "regressed": (N_("Regressed"), "attention"),
}


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
    tone: Tone
    """What the badge means, whatever the language it is written in."""
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

    language: str
    """Tag of the language that it is written in; `render` looks up what a format adds in the same."""
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
    """The page of a digest in the language in use; with `quotes` customers' own words are on it: personal data."""
    return Report(
        language=current(),
        company=_line(digest.company),
        title=_("Week {number} of {year}").format(number=digest.week.number, year=digest.week.year),
        subtitle=_subtitle(digest),
        notice=_("Synthetic demo data: every contact here is generated.") if digest.synthetic else "",
        lead=_lead(digest),
        figures=_figures(digest),
        sections=() if digest.too_few else (_movers(digest), _rising(digest, quotes), _fixes(digest)),
        notes=_notes(digest, quotes),
    )


def _subtitle(digest: Digest) -> str:
    period = days(digest.period.first, digest.period.last)
    if digest.compared is None:
        return _("{period}. There is no earlier week to compare with.").format(period=period)
    before = days(digest.compared.first, digest.compared.last)
    if digest.whole:
        return _("{period}, compared with {before}.").format(period=period, before=before)
    said = _("{period} (the week is not whole), compared with the same weekdays, {before}.")
    return said.format(period=period, before=before)


def _lead(digest: Digest) -> tuple[str, ...]:
    if not digest.totals.contacts:
        return (_("No contact in this week."),)
    lead = [_how_many(digest)]
    if digest.rising:
        said = _("“{theme}” stands out most: {above}")
        lead.append(said.format(theme=_line(digest.rising[0].label), above=_above(digest.rising[0], digest)))
    elif digest.themes_tested and not digest.too_few:
        lead.append(_("No theme is above its usual."))
    if digest.movers:
        lead.append(_moved(digest.movers[0]))
    return tuple(lead)


def _how_many(digest: Digest) -> str:
    totals, change = digest.totals, digest.contacts_change
    contacts = contacts_from(totals.contacts, totals.customers)
    if change is None:
        return f"{contacts}."
    if change.excludes_zero:
        said = _("{contacts}: {change} than in the week before.")
    else:
        said = _("{contacts}: {change} against the week before.")
    return said.format(contacts=contacts, change=relative(change))


def _figures(digest: Digest) -> tuple[Figure, ...]:
    totals, before = digest.totals, digest.before
    change = digest.contacts_change
    said, spread = relative_parts(change) if change else ("", "")
    contacts = Figure(
        "contacts",
        _("Contacts"),
        count(totals.contacts),
        _("{number} in the week before").format(number=count(before.contacts)) if before else "",
        _sentence(said),
        spread,
        bool(change and change.excludes_zero),
    )
    if digest.too_few:
        return (contacts, Figure("customers", _("Customers"), count(totals.customers), "", "", "", False))
    return (
        contacts,
        _rate(digest.rate),
        _share("negative", _("Negative"), digest.negative),
        _share("leaving", _("Stated churn intents"), digest.leaving, as_count=True),
        _share("unknown", _("Unknown reason"), digest.unknown),
    )


def _rate(found: Share) -> Figure:
    rate, name = found.share, _("Contact rate")
    if rate is None:
        return Figure("rate", name, "–", _("It needs the customers table."), *_difference(found.change, _PER_100))
    low, high = (decimal(100 * bound) for bound in (rate.low, rate.high))
    spread = _("{bounds} per 100 active customers").format(bounds=bounds(low, high))
    return Figure("rate", name, decimal(100 * rate.value), spread, *_difference(found.change, _PER_100))


def _share(key: str, name: str, found: Share, as_count: bool = False) -> Figure:
    if found.share is None:
        return Figure(key, name, "–", _("The contacts are not scored yet."), "", "", False)
    spread = between(found.share)
    if as_count:
        spread = f"{percent(found.share.value)} ({spread})"
    of = ngettext("{bounds} of {count} scored contact", "{bounds} of {count} scored contacts", found.of)
    value = count(found.count) if as_count else percent(found.share.value)
    return Figure(key, name, value, counted(of, found.of, bounds=spread), *_difference(found.change, _POINTS))


_POINTS = (N_("{size} points more"), N_("{size} points less"), N_("{bounds} points"))
_PER_100 = (N_("{size} per 100 more"), N_("{size} per 100 less"), N_("{bounds} per 100"))


def _difference(change: Interval | None, unit: tuple[str, str, str]) -> tuple[str, str, bool]:
    """A difference of shares in words, its bounds, and whether it is clear."""
    if change is None:
        return "", "", False
    more, less, unclear = unit
    spread = bounds(*(signed(100 * bound, 1) for bound in (change.low, change.high)))
    if not change.excludes_zero:
        return _sentence(_("no clear change")), _(unclear).format(bounds=spread), False
    size = decimal(abs(100 * change.value))
    return _(more if change.value > 0 else less).format(size=size), spread, True


def _movers(digest: Digest) -> Section:
    items = tuple(Item(each.mover.reason, "", "", "attention", _moved(each)) for each in digest.movers)
    notes = []
    if digest.compared is None:
        notes.append(_("There is no earlier week to compare with."))
    elif not digest.totals.scored:
        notes.append(_("The contacts are not scored yet."))
    elif not items and not digest.hidden_movers:
        notes.append(_("No reason's share of the contacts changed clearly."))
    if hidden := digest.hidden_movers:
        said = ngettext(
            "Not shown: {count} reason of fewer than {least} customers, who could be recognised.",
            "Not shown: {count} reasons of fewer than {least} customers, who could be recognised.",
            hidden,
        )
        notes.append(_left_out(said, hidden, digest))
    return Section("movers", _("What moved most?"), items, tuple(notes))


def _moved(found: NamedMover) -> str:
    mover = found.mover
    if mover.now > mover.before:
        said = _("{reason} rose from {before} to {now} of scored contacts (by {bounds} points).")
    else:
        said = _("{reason} fell from {before} to {now} of scored contacts (by {bounds} points).")
    low, high = sorted(abs(100 * bound) for bound in (mover.change.low, mover.change.high))
    return said.format(
        reason=_line(found.name),
        before=percent(mover.before),
        now=percent(mover.now),
        bounds=bounds(decimal(low), decimal(high)),
    )


def _rising(digest: Digest, quotes: bool) -> Section:
    said = [each.quote if quotes else None for each in digest.rising]
    items = tuple(
        Item(
            key=each.rise.theme_id,
            heading=_line(each.label),
            badge=STANDINGS.get(each.rise.standing, each.rise.standing),
            tone="attention",
            text=f"{_affected(each)} {_above(each, digest)} {_impact(each)}",
            quote=visible(quote.text) if quote else "",
            source=_source(quote.day, quote.language) if quote else "",
            contact_id=quote.contact_id if quote else "",
        )
        for each, quote in zip(digest.rising, said, strict=True)
    )
    return Section("rising", _("What is emerging or growing?"), items, tuple(_of_rising(digest)))


def _of_rising(digest: Digest) -> list[str]:
    """What to know about the themes that rise, or why there are none."""
    notes = []
    if not digest.themes_tested:
        notes.append(_("Themes were not tested in this week. The command voc signals does it."))
    elif not digest.rising and not digest.hidden_rising:
        notes.append(_("No theme is above its usual."))
    if more := digest.more_rising:
        said = ngettext(
            "{count} more theme above the usual: see the list of themes.",
            "{count} more themes above the usual: see the list of themes.",
            more,
        )
        notes.append(counted(said, more))
    if hidden := digest.hidden_rising:
        said = ngettext(
            "Not shown: {count} theme of fewer than {least} customers, who could be recognised.",
            "Not shown: {count} themes of fewer than {least} customers, who could be recognised.",
            hidden,
        )
        notes.append(_left_out(said, hidden, digest))
    if digest.themes_tested:
        notes.append(false_alerts(digest.false_alerts_per_month))
    return notes


def _affected(found: RisingTheme) -> str:
    said = ngettext(
        "{count} customer affected in this week.", "{count} customers affected in this week.", found.customers
    )
    return counted(said, found.customers)


def _above(found: RisingTheme, digest: Digest) -> str:
    when = since(found.rise.since, digest.period.last)
    return rise(found.rise.customers, when, found.rise.expected, found.rise.times)


def _impact(found: RisingTheme) -> str:
    return _("{above}; a customer counts once a day.").format(above=above_usual(found.rise.above))


def _source(said_on: date, language: str) -> str:
    return ", ".join(filter(None, (short_day(said_on), name_of(language))))


def _fixes(digest: Digest) -> Section:
    items = []
    for each in digest.fixes:
        badge, tone = VERDICTS[each.test.verdict] if each.test else (N_("Not tested"), "unproven")
        items.append(Item(each.theme_id, _line(each.label), _(badge), tone, _fixed(each)))
    notes = []
    if not items and not digest.hidden_fixes:
        notes.append(_("Nothing was marked as fixed in the last eight weeks."))
    if hidden := digest.hidden_fixes:
        said = ngettext(
            "Not shown: {count} fix of fewer than {least} customers, who could be recognised.",
            "Not shown: {count} fixes of fewer than {least} customers, who could be recognised.",
            hidden,
        )
        notes.append(_left_out(said, hidden, digest))
    return Section("fixes", _("What was fixed, and did it work?"), tuple(items), tuple(notes))


def _fixed(found: FixedTheme) -> str:
    """When it was marked, and what is known since: two sentences."""
    if found.release:
        marked = _("Marked as fixed on {day} in release {release}.")
        marked = marked.format(day=day(found.fixed_on), release=_line(found.release))
    else:
        marked = _("Marked as fixed on {day}.").format(day=day(found.fixed_on))
    if found.test is None:
        return " ".join((marked, _("The next nightly run tests whether it helped.")))
    test, ratio = found.test, found.test.ratio
    if ratio is None:
        few = _("There are too few days on both sides of it to compare, up to {day}.")
        return f"{marked} {few.format(day=day(test.tested_on))}"
    said = ngettext(
        "Since then {ratio} times as many customers as before ({bounds}): {count} day after it, up to {day}, "
        "against {before} before it.",
        "Since then {ratio} times as many customers as before ({bounds}): {count} days after it, up to {day}, "
        "against {before} before it.",
        test.days_after,
    )
    since_then = counted(
        said,
        test.days_after,
        ratio=decimal(ratio.value, 2),
        bounds=bounds(decimal(ratio.low, 2), decimal(ratio.high, 2)),
        day=day(test.tested_on),
        before=count(test.days_before),
    )
    return f"{marked} {since_then}"


def _left_out(said: str, number: int, digest: Digest) -> str:
    return counted(said, number, least=count(digest.least_customers))


def _notes(digest: Digest, quotes: bool) -> tuple[str, ...]:
    notes = [_fresh(digest)]
    least = count(digest.least_customers)
    if digest.too_few and digest.totals.contacts:
        said = _(
            "The week has fewer than {least} customers: nothing more is shown of it, since they could be recognised."
        )
        notes.append(said.format(least=least))
    else:
        said = _(
            "Ranges are {level} intervals; a change is called clear where its range leaves out zero. Groups of fewer "
            "than {least} customers are left out."
        )
        notes.append(said.format(level=percent(0.95, 0), least=least))
    if quotes and any(each.quote for each in digest.rising):
        notes.append(_("Quotes are customers' own words: treat the page as personal data."))
    return tuple(notes)


def _fresh(digest: Digest) -> str:
    totals = digest.totals
    fields = {"moment": f"{day(digest.latest.date())}, {digest.latest:%H:%M}", "scored": count(totals.scored)}
    if digest.model:
        said = ngettext(
            "Data to {moment}; {count} contact in the week, {scored} of them scored by model {model}.",
            "Data to {moment}; {count} contacts in the week, {scored} of them scored by model {model}.",
            totals.contacts,
        )
        return counted(said, totals.contacts, model=_line(digest.model), **fields)
    said = ngettext(
        "Data to {moment}; {count} contact in the week, {scored} of them scored; there is no model yet.",
        "Data to {moment}; {count} contacts in the week, {scored} of them scored; there is no model yet.",
        totals.contacts,
    )
    return counted(said, totals.contacts, **fields)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _line(text: str) -> str:
    """A stranger's text on one line, with nothing in it that steers its display."""
    return " ".join(visible(text).split())
