"""Numbers, dates and names as people read them. Pure functions, no Streamlit."""

import unicodedata
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from voc.inference.intervals import Interval
from voc.inference.marts import NOT_STATED
from voc.labels import LANGUAGE_NAMES, Channel, ChurnDirection, Sentiment, Speaker

Colour = Literal["orange", "gray", "blue", "green"]
SPACE = "\u00a0"
CHANNEL_NAMES: dict[str, str] = {
    Channel.CALL: "Call",
    Channel.CHAT: "Chat",
    Channel.EMAIL: "E-mail",
    Channel.TICKET: "Ticket",
}
CHANNEL_ICONS: dict[str, str] = {
    Channel.CALL: ":material/call:",
    Channel.CHAT: ":material/chat:",
    Channel.EMAIL: ":material/mail:",
    Channel.TICKET: ":material/confirmation_number:",
}
SPEAKER_NAMES: dict[str, str] = {Speaker.CUSTOMER: "Customer", Speaker.AGENT: "Agent", Speaker.BOT: "Bot"}
SENTIMENT_NAMES: dict[str, str] = {
    Sentiment.NEGATIVE: "Negative",
    Sentiment.NEUTRAL: "Neutral",
    Sentiment.POSITIVE: "Positive",
}
DIRECTIONS: dict[str, str] = {
    ChurnDirection.JOINING: "Comes to us from another company.",
    ChurnDirection.STAYING: "Speaks of leaving, and stays.",
    ChurnDirection.SOMEONE_ELSE: "Somebody else is leaving, not this customer.",
    ChurnDirection.CANCELLING_ORDER: "Cancels one order or booking, and stays a customer.",
}
"""What a contact says of the customer's standing with us, where it says anything."""
STANDINGS: dict[str, tuple[str, str, Colour]] = {
    "new": ("New", ":material/fiber_new:", "orange"),
    "emerging": ("Emerging", ":material/trending_up:", "orange"),
    "regressed": ("Regressed", ":material/replay:", "orange"),
    "growing": ("Growing", ":material/north_east:", "orange"),
    "stable": ("Stable", ":material/trending_flat:", "gray"),
    "fading": ("Fading", ":material/trending_down:", "blue"),
    "resolved": ("Resolved", ":material/check:", "green"),
}
"""How a theme stands: name, icon and colour. Those that ask for attention come first."""
RISING = ("new", "emerging", "regressed", "growing")
TESTS: dict[str, str] = {
    "excess": "more within a week than chance explains",
    "cusum": "somewhat more for weeks, which chance does not explain",
    "short": "more than chance explains, by a history of less than four weeks",
    "new": "hardly there before, and now five customers and more",
}
"""Which test opened an alert."""
DIMENSIONS: dict[str, str] = {
    "product": "product",
    "channel": "channel",
    "language": "language",
    "segment": "customer segment",
}
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


def likelihood(value: float) -> str:
    """A probability as whole per cents; no model is ever certain, so the ends are open."""
    if value > 0.99:
        return f"> 99{SPACE}%"
    return f"< 1{SPACE}%" if value < 0.01 else percent(value, 0)


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


def dimension(name: str, value: str) -> str:
    """A part of the customers: `product Router`."""
    names = {"channel": CHANNEL_NAMES, "language": LANGUAGE_NAMES}.get(name, {})
    return f"{DIMENSIONS.get(name, name)} {names.get(value, value)}"


def moment(value: datetime, zone: ZoneInfo) -> str:
    """A time on the company's wall clock: 29 May 2026, 21:50."""
    local = value.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"


def product(value: str) -> str:
    """Name of a product."""
    return "Not stated" if value == NOT_STATED else value


def channel(value: str) -> str:
    """Name of a channel."""
    return CHANNEL_NAMES.get(value, value)


def language(value: str) -> str:
    """Name of a language."""
    return "Not stated" if value == NOT_STATED else LANGUAGE_NAMES.get(value, value)


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
