"""The sentences over the charts: templates as pure functions, tested like any code. They return Markdown."""

from datetime import date

import pandas as pd

from voc.app import words
from voc.app.words import between, count, counted, escaped, percent
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import NOT_STATED, Criteria, Selection, ThemeSummary, Totals
from voc.inference.marts_counts import Counts
from voc.inference.marts_signals import AlertSummary, Emergence, Part
from voc.inference.movers import Mover, movers
from voc.inference.wording import contacts_from
from voc.inference.wording import false_alerts as false_alerts
from voc.inference.wording import relative as relative


def overview(totals: Totals, selection: Selection, change: Interval | None) -> str:
    """How many contacts there were, and whether that is more than before."""
    start = f"{contacts_from(totals.contacts, totals.customers)}, {words.days(selection.first, selection.last)}"
    if change is None:
        return words.sentence(start)
    if change.excludes_zero:
        said = ngettext(
            "{start}: {change} than in the {count} day before.",
            "{start}: {change} than in the {count} days before.",
            selection.days,
        )
    else:
        said = ngettext(
            "{start}: {change} against the {count} day before.",
            "{start}: {change} against the {count} days before.",
            selection.days,
        )
    return counted(said, selection.days, start=start, change=relative(change))


def usual_of_all() -> str:
    """Why nothing usual stands beside filtered contacts."""
    return _("What is usual is only known of all customers together: clear the filters.")


def no_rate(totals: Totals, selection: Selection) -> str:
    """Why there is no contact rate."""
    if said := rate_unknown(selection):
        return said
    if not totals.active and not selection.segments:
        return _("Needs the customers table")
    return _("More customers in contact than in the customers table")


def rate_unknown(selection: Selection) -> str | None:
    """What a page with contact rates says where customers without a segment are chosen; None where they are not."""
    if NOT_STATED not in selection.segments:
        return None
    return _(
        "Contact rates are not known of customers without a segment: some may be missing from the customers table."
    )


def leader(reasons: pd.DataFrame, scored: int) -> str | None:
    """Which reason leads, with its share of the scored contacts. `reasons` has columns name, contacts."""
    if reasons.empty or not scored:
        return None
    top = reasons.iloc[0]
    estimate = intervals.share(int(top["contacts"]), scored)
    if estimate is None:
        return None
    said = ngettext(
        "**{name}** leads: {share} of {count} scored contact ({range}).",
        "**{name}** leads: {share} of {count} scored contacts ({range}).",
        scored,
    )
    name = escaped(str(top["name"]))
    return counted(said, scored, name=name, share=percent(estimate.value), range=between(estimate))


def mover(reasons: pd.DataFrame, scored: int, scored_before: int) -> Mover | None:
    """The reason that changed most among those that changed clearly, all compared at once (Bonferroni).

    `reasons` has columns name, contacts, contacts_before.
    """
    counts = zip(
        reasons["name"].map(str), reasons["contacts"].map(int), reasons["contacts_before"].map(int), strict=True
    )
    return next(iter(movers(counts, scored, scored_before)), None)


def moved(found: Mover | None) -> str:
    """What `mover` found."""
    if found is None:
        return _("No reason's share changed clearly.")
    if found.now > found.before:
        said = _("**{name}** rose most: from {before} to {now}.")
    else:
        said = _("**{name}** fell most: from {before} to {now}.")
    return said.format(name=escaped(found.reason), before=percent(found.before), now=percent(found.now))


def no_reason(totals: Totals) -> str:
    """The sentence where no contact of the period has a reason; empty before there are scores."""
    if not totals.scored:
        return ""
    said = ngettext(
        "The model named no reason in {count} scored contact: it abstained.",
        "The model named no reason in {count} scored contacts: it abstained.",
        totals.scored,
    )
    return counted(said, totals.scored)


def reason(
    name: str, contacts: int, customers: int, share: Interval | None, change: Interval | None, compared: str
) -> str:
    """One reason in a period, and whether its share changed against `compared`, such as `28 days`."""
    start = f"**{escaped(name)}**: {contacts_from(contacts, customers)}"
    if share is not None:
        said = _("{start}, {share} of the scored contacts ({range})")
        start = said.format(start=start, share=percent(share.value), range=between(share))
    if change is None:
        return f"{start}."
    low, high = (words.signed(100 * bound, 1) for bound in (change.low, change.high))
    if not change.excludes_zero:
        said = _("No clear change of its share against the {compared} before ({range} points).")
    elif change.value > 0:
        said = _("Its share rose by {size} points against the {compared} before ({range}).")
    else:
        said = _("Its share fell by {size} points against the {compared} before ({range}).")
    moved = said.format(size=words.decimal(100 * abs(change.value)), compared=compared, range=words.bounds(low, high))
    return f"{start}. {moved}"


def hidden(rows: int, least_customers: int) -> str:
    """Why some rows say nothing of how customers feel."""
    said = ngettext(
        "– in {count} row: fewer than {least} customers, who could be guessed.",
        "– in {count} rows: fewer than {least} customers, who could be guessed.",
        rows,
    )
    return counted(said, rows, least=count(least_customers))


def hidden_cells(least_customers: int) -> str:
    """Why some cells of a heat map are empty."""
    said = _("×: hidden, since it is fewer than {least} customers, who could be guessed.")
    return said.format(least=count(least_customers))


def themes(found: tuple[ThemeSummary, ...], inside: int, contacts: int) -> str:
    """How many themes there are, and how many of the contacts speak of any of them."""
    estimate = intervals.share(inside, contacts)
    start = counted(
        ngettext("{count} theme in what customers say.", "{count} themes in what customers say.", len(found)),
        len(found),
    )
    if estimate is None:
        return start
    said = ngettext("They hold {share} of {count} contact.", "They hold {share} of {count} contacts.", contacts)
    return f"{start} {counted(said, contacts, share=percent(estimate.value, 0))}"


def fastest(found: tuple[ThemeSummary, ...]) -> str | None:
    """The theme that grew most clearly in the last seven days; None when too little is known to say."""
    ratios = [(theme, recent_change(theme)) for theme in found]
    known = [(theme, ratio) for theme, ratio in ratios if ratio is not None]
    if not known:
        return None
    theme, ratio = max(known, key=lambda pair: pair[1].low)
    if ratio.low <= 1:
        return _("None grew clearly in the last 7 days.")
    said = _("**{name}** grew most: {change} in the last 7 days.")
    return said.format(name=escaped(theme.label), change=times(ratio))


def rise(alert: AlertSummary) -> str:
    """An alert in one sentence: `38 customers since Monday, 25 May, usually 12: 3.2 times as many.`"""
    when = words.since(alert.began, alert.last)
    if alert.closed:
        said = _("on {day}") if alert.began == alert.last else _("from {days}")
        span = words.days(alert.began, alert.last)
        when = said.format(day=span, days=span)
    return words.rise(alert.customers, when, alert.expected, alert.times.value if alert.times else None)


def why(alert: AlertSummary) -> str:
    """When an alert was raised and why, and how sure the excess is."""
    parts = [
        _("Alert on {day}").format(day=words.short_day(alert.opened)),
        words.TESTS.get(alert.test, alert.test),
        words.above_usual(alert.above),
    ]
    return " · ".join(part for part in parts if part)


def parts(found: tuple[Part, ...], most: int = 3) -> str | None:
    """Which slices rise by themselves, most customers above the usual first; None without any."""
    if not found:
        return None
    named = [escaped(words.dimension(part.dimension, part.value)) for part in found[:most]]
    return _("Above the usual by itself: {parts}.").format(parts=_some(named, len(found) - most, ", "))


def elsewhere(found: tuple[Part, ...], most: int = 3) -> str | None:
    """Slices that rise while their theme does not; None without any."""
    if not found:
        return None
    said = _("{name} ({part}: {customers}, usually {usual})")
    named = [
        said.format(
            name=escaped(part.label),
            part=escaped(words.dimension(part.dimension, part.value)),
            customers=count(part.customers),
            usual=words.usual(part.expected),
        )
        for part in found[:most]
    ]
    return _("In one part of the customers alone: {parts}.").format(parts=_some(named, len(found) - most, "; "))


def _some(named: list[str], more: int, between: str) -> str:
    """The named ones, and how many are left."""
    listed = between.join(named)
    if more <= 0:
        return listed
    said = ngettext("{listed} and {count} more", "{listed} and {count} more", more)
    return said.format(listed=listed, count=count(more))


def tested(found: Emergence, newest: date) -> str:
    """What was looked at, and up to when."""
    if found.tested is None:
        return ""
    groups = counted(ngettext("{count} theme", "{count} themes", found.themes), found.themes)
    if found.reasons:
        said = ngettext("{themes} and {count} reason", "{themes} and {count} reasons", found.reasons)
        groups = counted(said, found.reasons, themes=groups)
    if found.tested < newest:
        said = _("{groups}, tested to {day}; newer contacts wait for the next test")
    else:
        said = _("{groups}, tested to {day}")
    return said.format(groups=groups, day=words.day(found.tested))


def nothing_emerging(found: Emergence, newest: date, a_month: float) -> str:
    """The sentence where there is no alert."""
    said = _("Nothing is emerging among {groups}").format(groups=tested(found, newest))
    return f"{words.sentence(said)} {false_alerts(a_month)}"


def care(found: ThemeSummary) -> str | None:
    """Who looks after a theme, and since when it is said to be fixed; None where nobody said so."""
    said = []
    if found.owner:
        said.append(_("Looked after by {name}.").format(name=escaped(found.owner)))
    if found.fixed_on:
        said.append(_("Marked as fixed on {day}.").format(day=words.day(found.fixed_on)))
    elif found.fixed_release:
        said.append(_("Marked as fixed in release {release}.").format(release=escaped(found.fixed_release)))
    return " ".join(said) or None


def recent_change(found: Counts) -> Interval | None:
    """How many times as frequent as before it was in the last 7 days; None without a week before."""
    if found.baseline_days < 7:
        return None
    return intervals.rate_ratio(found.recent, 7, found.baseline, found.baseline_days)


def times(ratio: Interval) -> str:
    """A rate ratio with its interval, or that there is no clear change."""
    spread = words.bounds(words.decimal(ratio.low), words.decimal(ratio.high))
    if ratio.low <= 1 <= ratio.high:
        return _("no clear change ({range})").format(range=spread)
    said = _("{ratio} times as frequent as before ({range})")
    return said.format(ratio=words.decimal(ratio.value), range=spread)


def theme(found: ThemeSummary, selection: Selection) -> str:
    """One theme in the selection, and how it moves."""
    start = f"{contacts_from(found.contacts, found.customers)}, {words.days(selection.first, selection.last)}"
    ratio = recent_change(found)
    if ratio is None:
        return words.sentence(start)
    said = ngettext(
        "Last 7 days against the {count} before: {change}.",
        "Last 7 days against the {count} before: {change}.",
        found.baseline_days,
    )
    return f"{words.sentence(start)} {counted(said, found.baseline_days, change=times(ratio))}"


def contacts(total: int, criteria: Criteria) -> str:
    """How many contacts a list holds."""
    if not total:
        return _("No contact says anything similar.") if criteria.near is not None else _("No contact fits.")
    if criteria.near is not None:
        said = ngettext(
            "{count} contact says something similar.",
            "{count} contacts say something similar, nearest first.",
            total,
        )
    elif criteria.folded_words:
        said = ngettext(
            "{count} contact with these words, newest first.",
            "{count} contacts with these words, newest first.",
            total,
        )
    else:
        said = ngettext("{count} contact, newest first.", "{count} contacts, newest first.", total)
    return counted(said, total)


def freshness(totals: Totals, newest: str, model: str | None) -> str:
    """What the figures of a page rest on."""
    parts = [_("Data to {moment}").format(moment=newest), f"n = {count(totals.contacts)}"]
    if totals.scored:
        parts.append(_("{share} of scored unknown").format(share=percent(totals.unknown / totals.scored, 0)))
    if left := max(totals.contacts - totals.scored, 0):
        parts.append(counted(ngettext("{count} contact not scored", "{count} contacts not scored", left), left))
    return " · ".join([*parts, _("model {name}").format(name=escaped(model)) if model else _("no model yet")])
