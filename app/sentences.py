"""The sentences over the charts: templates as pure functions, tested like any code. They return Markdown."""

from datetime import date

import pandas as pd

from voc.app import words
from voc.app.words import between, count, escaped, percent, plural
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import Criteria, Selection, ThemeSummary, Totals
from voc.inference.marts_signals import AlertSummary, Emergence, Part
from voc.inference.movers import Mover, movers
from voc.inference.wording import false_alerts as false_alerts
from voc.inference.wording import relative as relative


def overview(totals: Totals, selection: Selection, change: Interval | None) -> str:
    """How many contacts there were, and whether that is more than before."""
    start = f"{plural(totals.contacts, 'contact')} from {plural(totals.customers, 'customer')}, "
    start += words.days(selection.first, selection.last)
    if change is None:
        return start + "."
    compared = f"the {plural(selection.days, 'day')} before"
    if change.excludes_zero:
        return f"{start}: {relative(change)} than in {compared}."
    return f"{start}: {relative(change)} against {compared}."


def leader(reasons: pd.DataFrame, scored: int) -> str | None:
    """Which reason leads, with its share of the scored contacts. `reasons` has columns name, contacts."""
    if reasons.empty or not scored:
        return None
    top = reasons.iloc[0]
    estimate = intervals.share(int(top["contacts"]), scored)
    if estimate is None:
        return None
    return (
        f"**{escaped(str(top['name']))}** leads: {percent(estimate.value)} "
        f"of {plural(scored, 'scored contact')} ({between(estimate)})."
    )


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
        return "No reason's share changed clearly."
    verb = "rose" if found.now > found.before else "fell"
    return f"**{escaped(found.reason)}** {verb} most: from {percent(found.before)} to {percent(found.now)}."


def no_reason(totals: Totals) -> str:
    """The sentence where no contact of the period has a reason; empty before there are scores."""
    if not totals.scored:
        return ""
    return f"The model named no reason in {plural(totals.scored, 'scored contact')}: it abstained."


def reason(
    name: str, contacts: int, customers: int, share: Interval | None, change: Interval | None, compared: str
) -> str:
    """One reason in a period, and whether its share changed against `compared`, such as `28 days`."""
    start = f"**{escaped(name)}**: {plural(contacts, 'contact')} from {plural(customers, 'customer')}"
    if share is not None:
        start = f"{start}, {percent(share.value)} of the scored contacts ({between(share)})"
    if change is None:
        return f"{start}."
    points = " to ".join(words.signed(100 * bound, 1).replace("-", "−") for bound in (change.low, change.high))
    if not change.excludes_zero:
        return f"{start}. No clear change of its share against the {compared} before ({points} points)."
    verb = "rose" if change.value > 0 else "fell"
    size = f"{100 * abs(change.value):.1f}"
    return f"{start}. Its share {verb} by {size} points against the {compared} before ({points})."


def hidden(rows: int, least_customers: int) -> str:
    """Why some rows say nothing of how customers feel."""
    return f"– in {plural(rows, 'row')}: fewer than {least_customers} customers, who could be guessed."


def hidden_cells(least_customers: int) -> str:
    """Why some cells of a heat map are empty."""
    return f"×: hidden, since it is fewer than {least_customers} customers, who could be guessed."


def themes(found: tuple[ThemeSummary, ...], contacts: int) -> str:
    """How many themes there are and how much of the period they cover."""
    inside = sum(theme.contacts for theme in found)
    estimate = intervals.share(inside, contacts)
    covered = f" They hold {percent(estimate.value, 0)} of {plural(contacts, 'contact')}." if estimate else ""
    return f"{plural(len(found), 'theme')} in what customers say.{covered}"


def fastest(found: tuple[ThemeSummary, ...]) -> str | None:
    """The theme that grew most clearly in the last seven days; None when too little is known to say."""
    ratios = [(theme, recent_change(theme)) for theme in found]
    known = [(theme, ratio) for theme, ratio in ratios if ratio is not None]
    if not known:
        return None
    theme, ratio = max(known, key=lambda pair: pair[1].low)
    if ratio.low <= 1:
        return "None grew clearly in the last 7 days."
    return f"**{escaped(theme.label)}** grew most: {times(ratio)} in the last 7 days."


def rise(alert: AlertSummary) -> str:
    """An alert in one sentence: `38 customers since Monday, 25 May, usually 12: 3.2 times as many.`"""
    when = words.since(alert.began, alert.last)
    if alert.closed:
        when = f"{'on' if alert.began == alert.last else 'from'} {words.days(alert.began, alert.last)}"
    start = f"{plural(alert.customers, 'customer')} {when}, usually {words.usual(alert.expected)}"
    return f"{start}: {words.times(alert.times.value)}." if alert.times else f"{start}."


def why(alert: AlertSummary) -> str:
    """When an alert was raised and why, and how sure the excess is."""
    above = alert.above
    parts = [
        f"Alert on {words.short_day(alert.opened)}",
        words.TESTS.get(alert.test, alert.test),
        f"{above.value:.0f} above the usual ({above.low:.0f} to {above.high:.0f})".replace("-", "−"),
    ]
    return " · ".join(part for part in parts if part)


def parts(found: tuple[Part, ...], most: int = 3) -> str | None:
    """Which slices rise by themselves, most customers above the usual first; None without any."""
    if not found:
        return None
    named = [escaped(words.dimension(part.dimension, part.value)) for part in found[:most]]
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return f"Above the usual by itself: {', '.join(named)}{rest}."


def elsewhere(found: tuple[Part, ...], most: int = 3) -> str | None:
    """Slices that rise while their theme does not; None without any."""
    if not found:
        return None
    named = [
        f"{escaped(part.label)} ({escaped(words.dimension(part.dimension, part.value))}: "
        f"{count(part.customers)}, usually {words.usual(part.expected)})"
        for part in found[:most]
    ]
    rest = f"; and {len(found) - most} more" if len(found) > most else ""
    return f"In one part of the customers alone: {'; '.join(named)}{rest}."


def tested(found: Emergence, newest: date) -> str:
    """What was looked at, and up to when."""
    if found.tested is None:
        return ""
    groups = plural(found.themes, "theme") + (f" and {plural(found.reasons, 'reason')}" if found.reasons else "")
    late = "; newer contacts wait for the next test" if found.tested < newest else ""
    return f"{groups}, tested to {words.day(found.tested)}{late}"


def nothing_emerging(found: Emergence, newest: date, a_month: float) -> str:
    """The sentence where there is no alert."""
    return f"Nothing is emerging among {tested(found, newest)}. {false_alerts(a_month)}"


def care(found: ThemeSummary) -> str | None:
    """Who looks after a theme, and since when it is said to be fixed; None where nobody said so."""
    said = []
    if found.owner:
        said.append(f"Looked after by {escaped(found.owner)}.")
    if found.fixed_on:
        said.append(f"Marked as fixed on {words.day(found.fixed_on)}.")
    elif found.fixed_release:
        said.append(f"Marked as fixed in release {escaped(found.fixed_release)}.")
    return " ".join(said) or None


def recent_change(theme: ThemeSummary) -> Interval | None:
    """How many times as frequent as before the theme was in the last 7 days; None without a week before."""
    if theme.baseline_days < 7:
        return None
    return intervals.rate_ratio(theme.recent, 7, theme.baseline, theme.baseline_days)


def times(ratio: Interval) -> str:
    """A rate ratio with its interval, or that there is no clear change."""
    bounds = f"({ratio.low:.1f} to {ratio.high:.1f})"
    if ratio.low <= 1 <= ratio.high:
        return f"no clear change {bounds}"
    return f"{ratio.value:.1f} times as frequent as before {bounds}"


def theme(found: ThemeSummary, selection: Selection) -> str:
    """One theme in the selection, and how it moves."""
    start = (
        f"{plural(found.contacts, 'contact')} from {plural(found.customers, 'customer')}, "
        f"{words.days(selection.first, selection.last)}"
    )
    ratio = recent_change(found)
    if ratio is None:
        return f"{start}."
    return f"{start}. Last 7 days against the {found.baseline_days} before: {times(ratio)}."


def contacts(total: int, criteria: Criteria) -> str:
    """How many contacts a list holds."""
    if not total:
        return "No contact fits."
    said = " with these words" if criteria.folded_words else ""
    return f"{plural(total, 'contact')}{said}, newest first."


def freshness(totals: Totals, newest: str, model: str | None) -> str:
    """What the figures of a page rest on."""
    parts = [f"Data to {newest}", f"n = {count(totals.contacts)}"]
    if totals.scored:
        parts.append(f"{percent(totals.unknown / totals.scored, 0)} of scored unknown")
    if totals.scored < totals.contacts:
        parts.append(f"{plural(totals.contacts - totals.scored, 'contact')} not scored")
    return " · ".join([*parts, f"model {escaped(model)}" if model else "no model yet"])
