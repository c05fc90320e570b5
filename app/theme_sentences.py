"""Sentences about what people and runs did to a theme, and about its impact. Pure functions; they return Markdown."""

import math

from voc.app import words
from voc.app.words import SPACE, bounds, count, counted, decimal, escaped, percent, signed
from voc.i18n import N_, Texts, _, ngettext
from voc.inference.emergence.closure import LEAST_DAYS
from voc.inference.emergence.impact import Cost, Impact
from voc.inference.intervals import Interval
from voc.inference.marts import ThemeSummary
from voc.inference.marts_pulse import FixedTheme
from voc.inference.marts_themes import FixTest, Happened, Waiting
from voc.inference.theme_edits import Edit, EditKind

_VERDICTS = Texts(
    {
        "resolved": N_("The fix of {day} helped: {rates}."),
        "unproven": N_("Whether the fix of {day} helped is not proven: {rates}."),
        "regressed": N_("The fix of {day} does not hold: {rates}."),
    }
)
_HAPPENED = Texts(
    {
        "born": N_("Found for the first time."),
        "split": N_("Split off from {others}."),
        "gave": N_("{others} was split off from it."),
        "merged": N_("Merged into {others}."),
        "took": N_("{others} was merged into it."),
        "retired": N_("Retired: nobody had spoken of it for long."),
        "returned": N_("Returned: customers speak of it again."),
        "renamed": N_("Named “{value}”."),
        "dismissed": N_("Marked as not a theme."),
        "owned": N_("Owner: {value}."),
        "disowned": N_("Owner removed."),
        "fixed": N_("Marked as fixed ({value})."),
    }
)
_WAITING = Texts(
    {
        "merge": N_("From the next nightly run on its contacts count as those of {other}."),
        "merge.other": N_("From the next nightly run on the contacts of {other} count as its own."),
        "merge.undone": N_("The merge with {other} is undone by the next nightly run."),
        "split": N_("The next nightly run makes a new theme of {contacts} and of others like them."),
        "split.other": N_("The next nightly run makes this theme, out of {other}."),
        "split.undone": N_("The split is undone by the next nightly run."),
        "dismiss": N_("Its contacts are in no theme from the next nightly run on."),
        "dismiss.undone": N_("It has its contacts back after the next nightly run."),
    }
)
_DONE = Texts(
    {
        EditKind.RENAME: N_("The theme has its new name everywhere in the app."),
        EditKind.OWNER: N_("The owner is stored."),
        EditKind.FIXED: N_("Marked as fixed. The nightly runs from that day on test whether it helped."),
        EditKind.DISMISS: N_("The theme is hidden. Its contacts are in no theme from the next nightly run on."),
        EditKind.MERGE: N_("Stored. The contacts are merged by the next nightly run."),
        EditKind.SPLIT: N_(
            "Stored. {contacts} and others like them become a theme of their own in the next nightly run."
        ),
        EditKind.UNDO: N_("The last change is undone. What only a nightly run can take back, the next one does."),
    }
)
_LAST = Texts(
    {
        EditKind.RENAME: N_("Last change: named “{value}” by {who}, {when}."),
        EditKind.OWNER: N_("Last change: owner set by {who}, {when}."),
        EditKind.FIXED: N_("Last change: marked as fixed by {who}, {when}."),
        EditKind.DISMISS: N_("Last change: marked as not a theme by {who}, {when}."),
        EditKind.MERGE: N_("Last change: merged by {who}, {when}."),
        EditKind.SPLIT: N_("Last change: split by {who}, {when}."),
    }
)


def fix(theme: ThemeSummary | FixedTheme) -> str | None:
    """Whether a fix helped, in one sentence; None where nobody marked the theme as fixed."""
    if theme.fix is None:
        marked = theme.fixed_on or theme.fixed_release
        return _("The next nightly run tests whether it helped.") if marked else None
    found = theme.fix
    day = words.day(found.fixed_on)
    if found.ratio is None:
        return _untested(found, day)
    return _VERDICTS[found.verdict].format(day=day, rates=_rates(found, found.ratio))


def happened(one: Happened) -> str:
    """One line of a theme's history."""
    kind = "disowned" if one.kind == "owned" and not one.value else one.kind
    template = _HAPPENED[kind]
    if one.who:
        template = _("{happened}, by {who}.").replace("{happened}", template.removesuffix("."))
    others = ", ".join(escaped(name) for _theme_id, name in one.others)
    value = ", ".join(part for part in (words.day(one.since) if one.since else "", escaped(one.value or "")) if part)
    return template.format(others=others, who=escaped(one.who or ""), value=value)


def waiting(one: Waiting, theme_id: str) -> str:
    """What the next nightly run does to the theme."""
    kind = str(one.edit.kind)
    key = f"{kind}.undone" if one.undone else kind if one.edit.theme_id == theme_id else f"{kind}.other"
    return _WAITING[key].format(other=f"**{escaped(one.other or '')}**", contacts=_contacts(len(one.edit.contact_ids)))


def done(edit: Edit) -> str:
    """What came of an edit, and when it takes effect."""
    return _DONE[EditKind(edit.kind)].format(contacts=_contacts(len(edit.contact_ids)))


def last(edit: Edit, when: str) -> str:
    """The edit that an undo would take back."""
    return _LAST[EditKind(edit.kind)].format(value=escaped(edit.value or ""), who=escaped(edit.who), when=when)


def above(interval: Interval | None) -> tuple[str, str]:
    """Customers above the usual, and its bounds."""
    if interval is None:
        return "–", _("Known of days that were tested, of all customers together.")
    value, low, high = (signed(each) for each in (interval.value, interval.low, interval.high))
    return value, bounds(low, high)


def points(interval: Interval | None, digits: int, scale: float = 1.0, unit: str = "") -> tuple[str, str]:
    """A difference with its sign, and its bounds."""
    if interval is None:
        return "–", _("Too little is known.")
    value, low, high = (signed(scale * each, digits) for each in (interval.value, interval.low, interval.high))
    return f"{value}{SPACE}{unit}".rstrip(), f"{bounds(low, high)}{SPACE}{unit}".rstrip()


def portion(interval: Interval | None) -> tuple[str, str]:
    """A share, and its bounds."""
    return (percent(interval.value), words.between(interval)) if interval else ("–", _("Too little is known."))


def cost(found: Cost, currency: str) -> tuple[str, str]:
    """Handling cost, and the part of it that is above the usual."""
    value = f"{count(round(found.total))}{SPACE}{escaped(currency)}"
    if found.above_usual is None:
        said = ngettext(
            "Of {count} contact on channels with a cost.",
            "Of {count} contacts on channels with a cost.",
            found.contacts,
        )
        return value, counted(said, found.contacts)
    above = found.above_usual
    more, low, high = (decimal(each, 0) for each in (above.value, above.low, above.high))
    said = _("{cost} of it above the usual ({range}).")
    return value, said.format(cost=more, range=bounds(low, high))


def affected(found: Impact) -> tuple[str, str]:
    """Customers affected, and out of how many contacts."""
    return count(found.customers), counted(
        ngettext("In {count} contact.", "In {count} contacts.", found.contacts), found.contacts
    )


def _contacts(number: int) -> str:
    return counted(ngettext("{count} contact", "{count} contacts", number), number)


def _untested(found: FixTest, day: str) -> str:
    if found.tested_on <= found.fixed_on:
        return _("The fix of {day} is tested once there are days after it.").format(day=day)
    if found.days_before and found.days_after < LEAST_DAYS:
        said = ngettext(
            "The fix of {day} is too young to be judged: {count} day of {least}.",
            "The fix of {day} is too young to be judged: {count} days of {least}.",
            found.days_after,
        )
        return counted(said, found.days_after, day=day, least=count(LEAST_DAYS))
    said = _("Whether the fix of {day} helped cannot be said: too little is known of the days before and after it.")
    return said.format(day=day)


def _rates(found: FixTest, ratio: Interval) -> str:
    before, after = (
        decimal(customers / max(days, 1))
        for customers, days in ((found.before, found.days_before), (found.after, found.days_after))
    )
    said = ngettext(
        "{before} customers a day before, {after} in the last {count} day",
        "{before} customers a day before, {after} in the last {count} days",
        found.days_after,
    )
    rates = counted(said, found.days_after, before=before, after=after)
    if not math.isfinite(ratio.value):
        return rates
    high = decimal(ratio.high, 2) if math.isfinite(ratio.high) else "∞"
    said = _("{rates}; against all other customers {ratio} times as many ({range})")
    return said.format(rates=rates, ratio=decimal(ratio.value, 2), range=bounds(decimal(ratio.low, 2), high))
