"""The sentences of the first page beside `sentences`: templates as pure functions, tested like any code. Markdown."""

from datetime import date

from voc.app import words
from voc.app.words import counted, decimal, escaped, percent
from voc.i18n import _, ngettext
from voc.inference.intervals import Interval
from voc.inference.marts_pulse import Rating, Risk
from voc.inference.medians import Timing
from voc.inference.movers import Mover


def before(number: str, days: int) -> str:
    """What it was in the period before: `4,200 in the 28 days before`."""
    said = ngettext("{value} in the {count} day before", "{value} in the {count} days before", days)
    return counted(said, days, value=number)


def compared(days: int) -> str:
    """What the movements are of."""
    said = ngettext(
        "Shares of the scored contacts against the {count} day before; all reasons compared at once.",
        "Shares of the scored contacts against the {count} days before; all reasons compared at once.",
        days,
    )
    return counted(said, days)


def moved(name: str, mover: Mover) -> str:
    """One reason whose share changed clearly: `**Bill** rose from 3.1 % to 5.2 % (+1.0 to +3.2 points).`"""
    rose = mover.change.value > 0
    said = (
        _("**{reason}** rose from {before} to {now} ({range} points).")
        if rose
        else _("**{reason}** fell from {before} to {now} ({range} points).")
    )
    low, high = (words.signed(100 * bound, 1) for bound in (mover.change.low, mover.change.high))
    return said.format(
        reason=escaped(name), before=percent(mover.before), now=percent(mover.now), range=words.bounds(low, high)
    )


def points(change: Interval | None, digits: int = 1, scale: float = 1.0, unit: str = "") -> str | None:
    """A change with its sign, and whether it is clear; None where there is none."""
    if change is None:
        return None
    said = f"{words.signed(scale * change.value, digits)} {unit}".rstrip()
    return said if change.excludes_zero else _("{change}, not clear").format(change=said)


def relative(change: Interval | None) -> str | None:
    """A relative change with its interval: `+8 % (+6 to +10)`."""
    if change is None:
        return None
    value, low, high = (words.signed(100 * each) for each in (change.value, change.low, change.high))
    return f"{value}{words.SPACE}% ({words.bounds(low, high)})"


def waited(change: Interval | None) -> str | None:
    """How much longer or shorter the first response takes."""
    if change is None:
        return None
    said = f"{'+' if change.value > 0 else '−' if change.value < 0 else ''}{words.lasting(abs(change.value))}"
    return said if change.excludes_zero else _("{change}, not clear").format(change=said)


def rate(now: Interval, customers: int, active: int) -> str:
    """Interval and denominator of the contact rate."""
    return _("{range} per 100 · {count} of {all}").format(
        range=words.bounds(decimal(100 * now.low), decimal(100 * now.high)),
        count=words.count(customers), all=words.count(active),
    )  # fmt: skip


def beside(then: Interval | None, days: int, benchmark: float | None) -> str:
    """What the contact rate stands beside: the period before, and the benchmark where it can be compared."""
    parts = []
    if then is not None:
        parts.append(before(decimal(100 * then.value), days))
    if benchmark is not None:
        parts.append(_("benchmark {rate}").format(rate=decimal(benchmark)))
    return " · ".join(parts)


def rating(found: Rating, digits: int) -> str:
    """Interval and n of what customers answered."""
    answers = counted(ngettext("{count} answer", "{count} answers", found.answers), found.answers)
    if found.interval is None:
        return answers
    return f"{words.bounds(decimal(found.interval.low, digits), decimal(found.interval.high, digits))} · {answers}"


def response(found: Timing) -> str:
    """Interval and n of the median first response."""
    return f"{words.lasting_between(found.median)} · n = {words.count(found.n)}"


def channels(found: tuple[tuple[str, int, float], ...], least: int) -> str:
    """The median of each channel with at least so many contacts: `Chat 51 s · E-mail 5.2 h`."""
    return escaped(" · ".join(f"{words.channel(name)} {words.lasting(each)}" for name, n, each in found if n >= least))


def risk(found: Risk, horizon: int) -> str:
    """Out of how many customers so many are expected to leave."""
    said = ngettext(
        "{range} of {all} in touch, within {count} day", "{range} of {all} in touch, within {count} days", horizon
    )
    spread = words.bounds(words.count(round(found.expected.low)), words.count(round(found.expected.high)))
    return counted(said, horizon, range=spread, all=words.count(found.customers))


def trend(step: int, last: date) -> str:
    """What the small lines show."""
    if step == 1:
        return _("Small lines: day by day up to {day}.").format(day=words.day(last))
    return _("Small lines: week by week, up to twelve weeks to {day}.").format(day=words.day(last))
