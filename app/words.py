"""Names as people read them, and beside them `voc.inference.wording`: numbers, dates, texts. No Streamlit."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from voc.inference.marts import NOT_STATED
from voc.inference.marts_signals import RISING as RISING
from voc.inference.wording import SPACE as SPACE
from voc.inference.wording import between as between
from voc.inference.wording import count as count
from voc.inference.wording import day as day
from voc.inference.wording import days as days
from voc.inference.wording import escaped as escaped
from voc.inference.wording import percent as percent
from voc.inference.wording import plural as plural
from voc.inference.wording import short_day as short_day
from voc.inference.wording import signed as signed
from voc.inference.wording import since as since
from voc.inference.wording import times as times
from voc.inference.wording import usual as usual
from voc.inference.wording import visible as visible
from voc.labels import LANGUAGE_NAMES, Channel, ChurnDirection, ReasonClass, Sentiment, Speaker

Colour = Literal["orange", "gray", "blue", "green"]
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
    "unproven": ("Fix unproven", ":material/hourglass_top:", "gray"),
    "resolved": ("Resolved", ":material/check:", "green"),
}
"""How a theme stands: name, icon and colour. Those that ask for attention come first."""
CLASSES: dict[str, tuple[str, str]] = {
    ReasonClass.ELIMINATE: ("Eliminate", "Mend the cause, and nobody has to get in touch."),
    ReasonClass.AUTOMATE: ("Automate", "Let software do what people do today."),
    ReasonClass.SELF_SERVE: ("Self-serve", "Let customers do it themselves."),
    ReasonClass.KEEP: ("Keep", "Talk to them: these contacts are worth having."),
}
"""What to do about a reason: name, and what is meant."""
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
SLICES: dict[str, str] = {
    "channel": "By channel",
    "product": "By product",
    "segment": "By segment",
    "language": "By language",
}


def likelihood(value: float) -> str:
    """A probability as whole per cents; no model is ever certain, so the ends are open."""
    if value > 0.99:
        return f"> 99{SPACE}%"
    return f"< 1{SPACE}%" if value < 0.01 else percent(value, 0)


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
