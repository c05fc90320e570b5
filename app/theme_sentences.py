"""Sentences about what people and runs did to a theme, and about its impact. Pure functions; they return Markdown."""

import math

from voc.app import words
from voc.app.words import SPACE, count, escaped, percent, plural
from voc.inference.emergence.closure import LEAST_DAYS
from voc.inference.emergence.impact import Cost, Impact
from voc.inference.intervals import Interval
from voc.inference.marts import ThemeSummary
from voc.inference.marts_themes import FixTest, Happened, Waiting
from voc.inference.theme_edits import Edit, EditKind

_VERDICTS = {
    "resolved": "The fix of {day} helped: {rates}.",
    "unproven": "Whether the fix of {day} helped is not proven: {rates}.",
    "regressed": "The fix of {day} does not hold: {rates}.",
}
_HAPPENED = {
    "born": "Found for the first time.",
    "split": "Split off from {others}.",
    "gave": "{others} was split off from it.",
    "merged": "Merged into {others}.",
    "took": "{others} was merged into it.",
    "retired": "Retired: nobody had spoken of it for long.",
    "returned": "Returned: customers speak of it again.",
    "renamed": "Named “{value}”.",
    "dismissed": "Marked as not a theme.",
    "owned": "Owner: {value}.",
    "disowned": "Owner removed.",
    "fixed": "Marked as fixed ({value}).",
}
_BY = {key: f"{text.removesuffix('.')}, by {{who}}." for key, text in _HAPPENED.items()}
_WAITING = {
    "merge": "From the next nightly run on its contacts count as those of {other}.",
    "merge.other": "From the next nightly run on the contacts of {other} count as its own.",
    "merge.undone": "The merge with {other} is undone by the next nightly run.",
    "split": "The next nightly run makes a new theme of {contacts} and of others like them.",
    "split.other": "The next nightly run makes this theme, out of {other}.",
    "split.undone": "The split is undone by the next nightly run.",
    "dismiss": "Its contacts are in no theme from the next nightly run on.",
    "dismiss.undone": "It has its contacts back after the next nightly run.",
}
_DONE = {
    EditKind.RENAME: "The theme has its new name everywhere in the app.",
    EditKind.OWNER: "The owner is stored.",
    EditKind.FIXED: "Marked as fixed. The nightly runs from that day on test whether it helped.",
    EditKind.DISMISS: "The theme is hidden. Its contacts are in no theme from the next nightly run on.",
    EditKind.MERGE: "Stored. The contacts are merged by the next nightly run.",
    EditKind.SPLIT: "Stored. {contacts} and others like them become a theme of their own in the next nightly run.",
    EditKind.UNDO: "The last change is undone. What only a nightly run can take back, the next one does.",
}
_LAST = {
    EditKind.RENAME: "Last change: named “{value}” by {who}, {when}.",
    EditKind.OWNER: "Last change: owner set by {who}, {when}.",
    EditKind.FIXED: "Last change: marked as fixed by {who}, {when}.",
    EditKind.DISMISS: "Last change: marked as not a theme by {who}, {when}.",
    EditKind.MERGE: "Last change: merged by {who}, {when}.",
    EditKind.SPLIT: "Last change: split by {who}, {when}.",
}


def fix(theme: ThemeSummary) -> str | None:
    """Whether a fix helped, in one sentence; None where nobody marked the theme as fixed."""
    if theme.fix is None:
        marked = theme.fixed_on or theme.fixed_release
        return "The next nightly run tests whether it helped." if marked else None
    found = theme.fix
    day = words.day(found.fixed_on)
    if found.ratio is None:
        return _untested(found, day)
    return _VERDICTS[found.verdict].format(day=day, rates=_rates(found, found.ratio))


def happened(one: Happened) -> str:
    """One line of a theme's history."""
    kind = "disowned" if one.kind == "owned" and not one.value else one.kind
    template = (_BY if one.who else _HAPPENED)[kind]
    others = ", ".join(escaped(name) for _, name in one.others)
    value = ", ".join(part for part in (words.day(one.since) if one.since else "", escaped(one.value or "")) if part)
    return template.format(others=others, who=escaped(one.who or ""), value=value)


def waiting(one: Waiting, theme_id: str) -> str:
    """What the next nightly run does to the theme."""
    kind = str(one.edit.kind)
    key = f"{kind}.undone" if one.undone else kind if one.edit.theme_id == theme_id else f"{kind}.other"
    return _WAITING[key].format(
        other=f"**{escaped(one.other or '')}**", contacts=plural(len(one.edit.contact_ids), "contact")
    )


def done(edit: Edit) -> str:
    """What came of an edit, and when it takes effect."""
    return _DONE[EditKind(edit.kind)].format(contacts=plural(len(edit.contact_ids), "contact"))


def last(edit: Edit, when: str) -> str:
    """The edit that an undo would take back."""
    return _LAST[EditKind(edit.kind)].format(value=escaped(edit.value or ""), who=escaped(edit.who), when=when)


def above(interval: Interval | None) -> tuple[str, str]:
    """Customers above the usual, and its bounds."""
    if interval is None:
        return "–", "Known of days that were tested, of all customers together."
    low, high = (words.signed(bound).replace("-", "−") for bound in (interval.low, interval.high))
    return words.signed(interval.value).replace("-", "−"), f"{low} to {high}"


def points(interval: Interval | None, digits: int, scale: float = 1.0, unit: str = "") -> tuple[str, str]:
    """A difference with its sign, and its bounds."""
    if interval is None:
        return "–", "Too little is known."
    value, low, high = (
        words.signed(scale * each, digits).replace("-", "−") for each in (interval.value, interval.low, interval.high)
    )
    return f"{value}{SPACE}{unit}".rstrip(), f"{low} to {high}{SPACE}{unit}".rstrip()


def portion(interval: Interval | None) -> tuple[str, str]:
    """A share, and its bounds."""
    return (percent(interval.value), words.between(interval)) if interval else ("–", "Too little is known.")


def cost(found: Cost, currency: str) -> tuple[str, str]:
    """Handling cost, and the part of it that is above the usual."""
    value = f"{count(round(found.total))}{SPACE}{escaped(currency)}"
    if found.above_usual is None:
        return value, f"Of {plural(found.contacts, 'contact')} on channels with a cost."
    low, high = (f"{bound:,.0f}".replace("-", "−") for bound in (found.above_usual.low, found.above_usual.high))
    more = f"{found.above_usual.value:,.0f}".replace("-", "−")
    return value, f"{more} of it above the usual ({low} to {high})."


def affected(found: Impact) -> tuple[str, str]:
    """Customers affected, and out of how many contacts."""
    return count(found.customers), f"In {plural(found.contacts, 'contact')}."


def _untested(found: FixTest, day: str) -> str:
    if found.tested_on <= found.fixed_on:
        return f"The fix of {day} is tested once there are days after it."
    if found.days_before and found.days_after < LEAST_DAYS:
        return f"The fix of {day} is too young to be judged: {plural(found.days_after, 'day')} of {LEAST_DAYS}."
    return f"Whether the fix of {day} helped cannot be said: too little is known of the days before and after it."


def _rates(found: FixTest, ratio: Interval) -> str:
    before, after = (
        f"{customers / max(days, 1):.1f}"
        for customers, days in ((found.before, found.days_before), (found.after, found.days_after))
    )
    said = f"{before} customers a day before, {after} in the last {plural(found.days_after, 'day')}"
    if not math.isfinite(ratio.value):
        return said
    high = f"{ratio.high:.2f}" if math.isfinite(ratio.high) else "∞"
    return f"{said}; against all other customers {ratio.value:.2f} times as many ({ratio.low:.2f} to {high})"
