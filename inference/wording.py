"""Numbers, dates and strangers' texts as people read them, in the app and in reports. Pure functions."""

import unicodedata
from datetime import date

from voc.inference.intervals import Interval

SPACE = "\u00a0"
_TIMES = ("", "", "twice", "three times", "four times", "five times", "six times", "seven times", "eight times")
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:^=\"'&@/;,?%")
# Characters that steer the display instead of standing on it: shown by their number, so that none can reorder
# or hide text. The two joiners stay: emoji and several scripts are written with them.
_STEERING = frozenset("\u200b\u200e\u200f\u061c\u2060\ufeff\u2028\u2029")


def count(number: int) -> str:
    """12430 as 12,430."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 contact`, `2 contacts`."""
    return f"{count(number)}{SPACE}{one if number == 1 else many or one + 's'}"


def percent(value: float, digits: int = 1) -> str:
    """0.312 as 31.2 %."""
    return f"{100 * value:.{digits}f}{SPACE}%"


def signed(value: float, digits: int = 0) -> str:
    """A change with its sign; what rounds to zero has none."""
    said = f"{value:+.{digits}f}"
    return said.lstrip("+-") if float(said) == 0 else said


def between(interval: Interval, digits: int = 1) -> str:
    """Bounds of a share: 30.1 to 32.3 %."""
    return f"{100 * interval.low:.{digits}f} to {percent(interval.high, digits)}"


def day(value: date) -> str:
    """29 May 2026."""
    return f"{value.day}{SPACE}{value:%B}{SPACE}{value.year}"


def days(first: date, last: date) -> str:
    """A span of days, each part said once: 2 to 29 May 2026."""
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    if first.year == last.year:
        return f"{first.day}{SPACE}{first:%B} to {day(last)}"
    return f"{day(first)} to {day(last)}"


def short_day(value: date) -> str:
    """29 May."""
    return f"{value.day}{SPACE}{value:%B}"


def since(value: date, newest: date) -> str:
    """`since Monday, 25 May`, in the week up to the newest day; before it `since 12 May 2026`."""
    if value == newest:
        return f"on {value:%A}, {short_day(value)}"
    return f"since {value:%A}, {short_day(value)}" if (newest - value).days < 7 else f"since {day(value)}"


def usual(expected: float) -> str:
    """Expected customers: whole from ten on, below with one decimal; `none` where that would be next to nothing."""
    if expected < 0.5:
        return "none"
    return count(round(expected)) if expected >= 10 else f"{expected:.1f}".removesuffix(".0")


def times(ratio: float) -> str:
    """`three times as many`, `2.6 times as many`."""
    said = f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"
    whole = said.removesuffix(".0")
    named = _TIMES[int(whole)] if whole.isdigit() and int(whole) < len(_TIMES) else ""
    return f"{named or whole + ' times'} as many"


def visible(text: str) -> str:
    """Text with every character that would steer its display (direction overrides, controls) spelt out."""
    return "".join(
        f"⟨U+{ord(char):04X}⟩"
        if char in _STEERING
        or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t")
        or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        else char
        for char in text.replace("\r\n", "\n")
    )


def escaped(text: str) -> str:
    """Text for a place that reads Markdown (a heading, a badge): shown as it is, on one line, no link."""
    flat = " ".join(visible(text).split())
    # Bare addresses are made links after escapes are resolved; an invisible word joiner keeps them text.
    flat = flat.replace("://", ":\u2060//").replace("www.", "www\u2060.").replace("@", "\u2060@")
    return "".join(f"\\{char}" if char in _MARKDOWN else char for char in flat)


def relative(change: Interval) -> str:
    """A relative change with its interval: `8 % more (6 to 10 %)`, or that there is no clear one."""
    said, bounds = relative_parts(change)
    return f"{said} ({bounds})"


def relative_parts(change: Interval) -> tuple[str, str]:
    """The same in two: `8 % more`, `6 to 10 %`."""
    if not change.excludes_zero:
        lower, upper = (signed(100 * bound).replace("-", "−") for bound in (change.low, change.high))
        return "no clear change", f"{lower} to {upper}{SPACE}%"
    low, high = sorted((abs(change.low), abs(change.high)))
    said = f"{percent(abs(change.value), 0)} {'more' if change.value > 0 else 'fewer'}"
    return said, f"{100 * low:.0f} to {percent(high, 0)}"


def false_alerts(a_month: float) -> str:
    """The budget that the tests keep to."""
    if a_month == 1:
        often = "one false alert a month is"
    elif a_month < 1:
        often = f"one false alert in {1 / a_month:.0f} months is"
    else:
        often = f"{a_month:.1f}".removesuffix(".0") + " false alerts a month are"
    return f"About {often} to be expected."
