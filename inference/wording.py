"""Numbers, dates and strangers' texts as people read them, in the app and in reports, in the language in use.

Pure functions. English is written here; for the other languages Babel knows the signs and the names.
"""

import unicodedata
from datetime import date
from functools import cache

from babel import Locale

from voc.cyrillic import to_latin
from voc.i18n import N_, Texts, _, babel_locale, current, ngettext
from voc.inference.intervals import Interval
from voc.labels import Language

SPACE = "\u00a0"
_TIMES = (
    "",
    "",
    N_("twice as many"),
    N_("three times as many"),
    N_("four times as many"),
    N_("five times as many"),
    N_("six times as many"),
    N_("seven times as many"),
    N_("eight times as many"),
)
# The case that a date in a sentence needs, where Babel has the name alone: "od 25. maja".
_GENITIVE: dict[str, tuple[str, ...]] = {
    "sl": (
        "januarja", "februarja", "marca", "aprila", "maja", "junija",
        "julija", "avgusta", "septembra", "oktobra", "novembra", "decembra",
    ),
    "sr-Cyrl": (
        "јануара", "фебруара", "марта", "априла", "маја", "јуна",
        "јула", "августа", "септембра", "октобра", "новембра", "децембра",
    ),
}  # fmt: skip
_GENITIVE["sr-Latn"] = tuple(map(to_latin, _GENITIVE["sr-Cyrl"]))
LANGUAGES = Texts(
    {
        Language.ENGLISH: N_("English"),
        Language.CROATIAN: N_("Croatian"),
        Language.SLOVENIAN: N_("Slovenian"),
        Language.SERBIAN: N_("Serbian"),
        Language.HBS: N_("Croatian/Bosnian/Serbian"),
        Language.OTHER: N_("Other"),
    }
)
"""Languages of contacts by their ids."""
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:^=\"'&@/;,?%")
# Characters that steer the display instead of standing on it: shown by their number, so that none can reorder
# or hide text. The two joiners stay: emoji and several scripts are written with them.
_STEERING = frozenset("\u200b\u200e\u200f\u061c\u2060\ufeff\u2028\u2029")


def count(number: int) -> str:
    """12430 as 12,430."""
    return _signs(f"{number:,}")


def counted(text: str, number: int, **fields: str) -> str:
    """What `ngettext` gave, with its `{count}`, which no end of a line parts from the next word.

    Fields are those of the text besides.
    """
    return text.replace("{count} ", f"{{count}}{SPACE}").format(count=count(number), **fields)


def decimal(value: float, digits: int = 1) -> str:
    """0.617 as 0.6, and 0,6 where a comma is written; a minus is the long one."""
    return _signs(f"{value:,.{digits}f}").replace("-", "−")


def bounds(low: str, high: str) -> str:
    """Both ends of a range that are in words already: `0.1 to 0.3`."""
    return _("{low} to {high}").format(low=low, high=high)


def percent(value: float, digits: int = 1) -> str:
    """0.312 as 31.2 %."""
    return _signs(f"{100 * value:.{digits}f}") + f"{SPACE}%"


def signed(value: float, digits: int = 0) -> str:
    """A change with its sign; what rounds to zero has none. A minus is the long one."""
    said = f"{value:+.{digits}f}"
    return _signs(said.lstrip("+-") if float(said) == 0 else said).replace("-", "−")


def between(interval: Interval, digits: int = 1) -> str:
    """Bounds of a share: 30.1 to 32.3 %."""
    return bounds(_signs(f"{100 * interval.low:.{digits}f}"), percent(interval.high, digits))


def day(value: date) -> str:
    """29 May 2026."""
    return _with_year(short_day(value), value)


def days(first: date, last: date) -> str:
    """A span of days, each part said once: 2 to 29 May 2026."""
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        start = f"{first.day}" if current() == "en" else f"{first.day}."
    else:
        start = short_day(first) if first.year == last.year else day(first)
    return _("{first} to {last}").format(first=start, last=day(last))


def short_day(value: date) -> str:
    """29 May."""
    return f"{value.day}{SPACE}{value:%B}" if current() == "en" else _with_month(value, months())


def sentence(text: str) -> str:
    """The text with the full stop that ends it. Some languages end a date with one: there are never two."""
    return text if text.endswith(".") else f"{text}."


def months() -> tuple[str, ...]:
    """January to December as they stand in a date."""
    # Slovenian writes every date in the genitive, Serbian only after a word that asks for it.
    return _GENITIVE["sl"] if current() == "sl" else _months(babel_locale())


def weekday(value: date) -> str:
    """Monday."""
    return f"{value:%A}" if current() == "en" else _weekdays(babel_locale())[value.weekday()]


def since(value: date, newest: date) -> str:
    """`since Monday, 25 May`, in the week up to the newest day; before it `since 12 May 2026`."""
    short = _in_genitive(value)
    if (newest - value).days >= 7:
        return _("since {day}").format(day=_with_year(short, value))
    said = _("on {weekday}, {day}") if value == newest else _("since {weekday}, {day}")
    return said.format(weekday=weekday(value), day=short)


def contacts_from(contacts: int, customers: int) -> str:
    """`12 contacts from 3 customers`."""
    people = counted(ngettext("from {count} customer", "from {count} customers", customers), customers)
    said = counted(ngettext("{count} contact", "{count} contacts", contacts), contacts)
    return f"{said} {people}"


def rise(customers: int, when: str, expected: float, ratio: float | None) -> str:
    """`38 customers since Monday, 25 May, usually 12: 3.2 times as many.`; `when` as of `since`."""
    if ratio is None:
        said = ngettext(
            "{count} customer {since}, usually {usual}.", "{count} customers {since}, usually {usual}.", customers
        )
        return counted(said, customers, since=when, usual=usual(expected))
    said = ngettext(
        "{count} customer {since}, usually {usual}: {times}.",
        "{count} customers {since}, usually {usual}: {times}.",
        customers,
    )
    return counted(said, customers, since=when, usual=usual(expected), times=times(ratio))


def above_usual(above: Interval) -> str:
    """`26 above the usual (15 to 39)`."""
    said = _("{number} above the usual ({range})")
    value, low, high = (decimal(each, 0) for each in (above.value, above.low, above.high))
    return said.format(number=value, range=bounds(low, high))


def usual(expected: float) -> str:
    """Expected customers: whole from ten on, below with one decimal; `none` where that would be next to nothing."""
    if expected < 0.5:
        return _("none")
    return count(round(expected)) if expected >= 10 else _signs(f"{expected:.1f}".removesuffix(".0"))


def times(ratio: float) -> str:
    """`three times as many`, `2.6 times as many`; of a large theme `1.03 times as many`."""
    digits = 0 if ratio >= 10 else 2 if 0.95 <= ratio < 1.05 else 1
    said = f"{ratio:.{digits}f}"
    whole = said.removesuffix(".0")
    if whole.isdigit() and 2 <= int(whole) < len(_TIMES):
        return _(_TIMES[int(whole)])
    return _("{ratio} times as many").format(ratio=_signs(whole))


def language(value: str) -> str:
    """Name of a language of contacts by its id."""
    return LANGUAGES.get(value, value)


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
    said, spread = relative_parts(change)
    return f"{said} ({spread})"


def relative_parts(change: Interval) -> tuple[str, str]:
    """The same in two: `8 % more`, `6 to 10 %`."""
    if not change.excludes_zero:
        lower, upper = (signed(100 * bound) for bound in (change.low, change.high))
        return _("no clear change"), bounds(lower, f"{upper}{SPACE}%")
    low, high = sorted((abs(change.low), abs(change.high)))
    said = _("{percent} more") if change.value > 0 else _("{percent} fewer")
    return said.format(percent=percent(abs(change.value), 0)), bounds(f"{100 * low:.0f}", percent(high, 0))


def false_alerts(a_month: float) -> str:
    """The budget that the tests keep to."""
    if a_month < 1:
        months = round(1 / a_month)
        return ngettext(
            "About one false alert in {count} month is to be expected.",
            "About one false alert in {count} months is to be expected.",
            months,
        ).format(count=months)
    if a_month == 1:
        return _("About one false alert a month is to be expected.")
    number = _signs(f"{a_month:.1f}".removesuffix(".0"))
    return _("About {number} false alerts a month are to be expected.").format(number=number)


def _with_year(short: str, value: date) -> str:
    end = "" if current() in ("en", "sl") else "."
    return f"{short}{SPACE}{value.year}{end}"


def _with_month(value: date, names: tuple[str, ...]) -> str:
    return f"{value.day}.{SPACE}{names[value.month - 1]}"


def _in_genitive(value: date) -> str:
    names = _GENITIVE.get(current())
    return _with_month(value, names) if names else short_day(value)


def _signs(english: str) -> str:
    """A number as Python writes it, with the signs of the language in use."""
    return english.translate(_swapped(babel_locale()))


@cache
def _swapped(locale: str) -> dict[int, str]:
    if locale == "en_GB":
        return {}
    symbols = Locale.parse(locale).number_symbols["latn"]
    return {ord("."): symbols["decimal"], ord(","): symbols["group"]}


@cache
def _months(locale: str) -> tuple[str, ...]:
    names = Locale.parse(locale).months["format"]["wide"]
    return tuple(names[number] for number in range(1, 13))


@cache
def _weekdays(locale: str) -> tuple[str, ...]:
    names = Locale.parse(locale).days["format"]["wide"]
    return tuple(names[number] for number in range(7))
