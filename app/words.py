"""Names as people read them, and beside them `voc.inference.wording`: numbers, dates, texts. No Streamlit."""

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.io.formats.style import Styler

from voc.app import clock
from voc.i18n import N_, Texts, _
from voc.inference import wording
from voc.inference.intervals import Interval
from voc.inference.marts import NOT_STATED
from voc.inference.marts_signals import RISING as RISING
from voc.inference.wording import SPACE as SPACE
from voc.inference.wording import above_usual as above_usual
from voc.inference.wording import between as between
from voc.inference.wording import bounds as bounds
from voc.inference.wording import count as count
from voc.inference.wording import counted as counted
from voc.inference.wording import day as day
from voc.inference.wording import days as days
from voc.inference.wording import decimal as decimal
from voc.inference.wording import escaped as escaped
from voc.inference.wording import percent as percent
from voc.inference.wording import rise as rise
from voc.inference.wording import sentence as sentence
from voc.inference.wording import short_day as short_day
from voc.inference.wording import signed as signed
from voc.inference.wording import since as since
from voc.inference.wording import times as times
from voc.inference.wording import usual as usual
from voc.inference.wording import visible as visible
from voc.labels import Channel, ChurnDirection, ReasonClass, Sentiment, Speaker

Colour = Literal["orange", "gray", "blue", "green"]
CHANNEL_NAMES = Texts(
    {Channel.CALL: N_("Call"), Channel.CHAT: N_("Chat"), Channel.EMAIL: N_("E-mail"), Channel.TICKET: N_("Ticket")}
)
CHANNEL_ICONS: dict[str, str] = {
    Channel.CALL: ":material/call:",
    Channel.CHAT: ":material/chat:",
    Channel.EMAIL: ":material/mail:",
    Channel.TICKET: ":material/confirmation_number:",
}
SPEAKER_NAMES = Texts({Speaker.CUSTOMER: N_("Customer"), Speaker.AGENT: N_("Agent"), Speaker.BOT: N_("Bot")})
SENTIMENT_NAMES = Texts(
    {
        Sentiment.NEGATIVE: N_("Negative"),
        Sentiment.NEUTRAL: N_("Neutral"),
        Sentiment.POSITIVE: N_("Positive"),
    }
)
DIRECTIONS = Texts(
    {
        ChurnDirection.JOINING: N_("Comes to us from another company."),
        ChurnDirection.STAYING: N_("Speaks of leaving, and stays."),
        ChurnDirection.SOMEONE_ELSE: N_("Somebody else is leaving, not this customer."),
        ChurnDirection.CANCELLING_ORDER: N_("Cancels one order or booking, and stays a customer."),
    }
)
"""What a contact says of the customer's standing with us, where it says anything."""
STANDINGS: dict[str, tuple[str, str, Colour]] = {
    "new": (N_("New"), ":material/fiber_new:", "orange"),
    "emerging": (N_("Emerging"), ":material/trending_up:", "orange"),
    "regressed": (N_("Regressed"), ":material/replay:", "orange"),
    "growing": (N_("Growing"), ":material/north_east:", "orange"),
    "stable": (N_("Stable"), ":material/trending_flat:", "gray"),
    "fading": (N_("Fading"), ":material/trending_down:", "blue"),
    "unproven": (N_("Fix unproven"), ":material/hourglass_top:", "gray"),
    "resolved": (N_("Resolved"), ":material/check:", "green"),
}
"""How a theme stands: name (to be looked up), icon and colour. Those that ask for attention come first."""
CLASSES: dict[str, tuple[str, str]] = {
    ReasonClass.ELIMINATE: (N_("Eliminate"), N_("Mend the cause, and nobody has to get in touch.")),
    ReasonClass.AUTOMATE: (N_("Automate"), N_("Let software do what people do today.")),
    ReasonClass.SELF_SERVE: (N_("Self-serve"), N_("Let customers do it themselves.")),
    ReasonClass.KEEP: (N_("Keep"), N_("Talk to them: these contacts are worth having.")),
}
"""What to do about a reason: name, and what is meant (both to be looked up)."""
TESTS = Texts(
    {
        "excess": N_("more within a week than chance explains"),
        "cusum": N_("somewhat more for weeks, which chance does not explain"),
        "short": N_("more than chance explains, by a history of less than four weeks"),
        "new": N_("hardly there before, and now five customers and more"),
    }
)
"""Which test opened an alert."""
DIMENSIONS = Texts(
    {
        "product": N_("product {name}"),
        "version": N_("version {name}"),
        "channel": N_("channel {name}"),
        "language": N_("language {name}"),
        "segment": N_("customer segment {name}"),
        "sentiment": N_("negative contacts"),  # no other mood is looked at
    }
)
"""A part of the customers, by what it is a part of."""
SLICES = Texts(
    {
        "channel": N_("By channel"),
        "product": N_("By product"),
        "segment": N_("By segment"),
        "language": N_("By language"),
    }
)


def likelihood(value: float) -> str:
    """A probability as whole per cents; no model is ever certain, so the ends are open."""
    if value > 0.99:
        return f"> 99{SPACE}%"
    return f"< 1{SPACE}%" if value < 0.01 else percent(value, 0)


def with_counts(frame: pd.DataFrame, *columns: str) -> Styler:
    """A table for `st.dataframe` with these columns as `count` writes numbers; they sort as numbers all the same.

    The formats of Streamlit's own columns follow the browser's language, not the one that the reader chose.
    """
    return frame.style.format(_whole, subset=list(columns))


def _whole(value: Any) -> str:
    return "–" if pd.isna(value) else count(round(value))


def dimension(name: str, value: str) -> str:
    """A part of the customers: `product Router`."""
    named = {"channel": channel, "language": wording.language}.get(name, str)(value)
    return DIMENSIONS.get(name, f"{name} {{name}}").format(name=named)


def moment(value: datetime, zone: ZoneInfo) -> str:
    """A time on the reader's wall clock, or where they chose none on the company's, `zone`: 29 May 2026, 21:50."""
    local = value.astimezone(clock.zone(zone))
    return f"{day(local.date())}, {local:%H:%M}"


def hour(value: datetime, zone: ZoneInfo) -> str:
    """The time of day alone, as of `moment`: 21:50."""
    return f"{value.astimezone(clock.zone(zone)):%H:%M}"


def product(value: str) -> str:
    """Name of a product."""
    return _("Not stated") if value == NOT_STATED else value


def segment(value: str) -> str:
    """Name of a segment of customers: data, as the company calls it."""
    return _("Not stated") if value == NOT_STATED else value


def channel(value: str) -> str:
    """Name of a channel."""
    return CHANNEL_NAMES.get(value, value)


def language(value: str) -> str:
    """Name of a language."""
    return _("Not stated") if value == NOT_STATED else wording.language(value)


def lasting(seconds: float) -> str:
    """A waiting time in the unit that suits it: `53 s`, `4.2 min`, `5.4 h`, `3.2 days`."""
    return _in_unit(seconds, *_unit(seconds))


def lasting_between(interval: Interval) -> str:
    """Bounds of a waiting time in the unit that suits the time itself: `4.0 to 4.5 min`."""
    unit, size, digits = _unit(interval.value)
    return bounds(decimal(interval.low / size, digits), _in_unit(interval.high, unit, size, digits))


def _unit(seconds: float) -> tuple[str, int, int]:
    """A template, seconds of one unit, and digits. The signs of units are the same in every language and script."""
    if seconds < 120:
        return "{number} s", 1, 0
    if seconds < 2 * 3600:
        return "{number} min", 60, 0 if seconds >= 600 else 1
    return ("{number} h", 3600, 1) if seconds < 48 * 3600 else (_("{number} days"), 86400, 1)


def _in_unit(seconds: float, template: str, size: int, digits: int) -> str:
    return template.format(number=decimal(seconds / size, digits)).replace(" ", SPACE)
