"""Settings of the demo company: `company.toml` and the taxonomy to frozen types."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from voc.config import Settings, parse, read_toml
from voc.labels import Channel, Language, Script
from voc.taxonomy import Taxonomy, load_taxonomy

FOLDER = Path(__file__).parent

Need = Literal["any", "contract", "internet", "mobile", "tv"]


class Form(Settings):
    """A language in one script, as a share of the customers writes it."""

    language: Language
    script: Script
    share: float = Field(gt=0, le=1)
    regions: tuple[str, ...]


class Segment(Settings):
    """A kind of customer."""

    share: float = Field(gt=0, le=1)
    leaves: float = Field(gt=0)
    holdings: tuple[tuple[str, ...], ...]
    """Sets of products, one of which a customer has."""


class ChannelHabit(Settings):
    """How much a channel is used and how fast it answers; seconds are medians."""

    share: float = Field(gt=0, le=1)
    first_response_s: int = Field(gt=0)
    duration_s: int = Field(gt=0)


class ReasonHabit(Settings):
    """How frequent a reason is, how much it annoys, and who can have it."""

    weight: float = Field(gt=0)
    severity: float = Field(ge=0)
    needs: Need
    leaving: bool = True
    newcomer: bool = False


class Stage(Settings):
    """Days `first` to `last`, counted from 0, both included; the rate runs geometrically from end to end."""

    first: int = Field(ge=0)
    last: int = Field(ge=0)
    from_: float = Field(alias="from", gt=0)
    to: float = Field(gt=0)
    exact: bool = False
    """The count swings by at most two around the rate, instead of being Poisson."""


class Problem(Settings):
    """A particular problem planted into the contacts, for a detector to find."""

    kind: str
    reason: str
    needs: Need
    language: Language | None = None
    """None: in all of them."""
    stages: tuple[Stage, ...]


class NoiseDay(Settings):
    """One day on which everything is higher at once, and nothing is new."""

    day: int = Field(ge=0)
    factor: float = Field(gt=1)


class Speech(Settings):
    """What the phrase files of a language leave out; `sr` is in Cyrillic here too.

    The lists from `greetings` on hold words or their beginnings, in lower case, that say where a phrase fits.
    """

    amount: str
    amount_spoken: str
    cities: tuple[str, ...]
    fillers: tuple[str, ...]
    joins: tuple[str, ...]
    connectors: tuple[str, ...]
    signoffs: tuple[str, ...]
    bot: tuple[str, ...]
    greetings: tuple[str, ...]
    spoken: tuple[str, ...]
    written: tuple[str, ...]
    formal: tuple[str, ...]
    morning: tuple[str, ...]
    afternoon: tuple[str, ...]
    evening: tuple[str, ...]
    sunday: tuple[str, ...]
    business: tuple[str, ...]
    helped: tuple[str, ...]
    fixed: tuple[str, ...]
    """Things that only a household with a fixed line has."""
    unfit: tuple[str, ...]
    """Phrases that answer or add to something in particular, and so seldom fit that they are left out."""

    def greets(self, text: str) -> bool:
        """Whether a text begins with a greeting of its own."""
        lower = text.lower()
        return any(re.match(rf"{re.escape(greeting)}\b", lower) for greeting in self.greetings)


class Company(Settings):
    """Everything about the company that is not a phrase."""

    forms: dict[str, Form]
    segments: dict[str, Segment]
    channels: dict[Channel, ChannelHabit]
    reasons: dict[str, ReasonHabit]
    planted: dict[str, Problem]
    noise_day: NoiseDay
    agent_lines: dict[Language, dict[Literal["ask", "resolve"], dict[str, tuple[int, ...]]]]
    speech: dict[Language, Speech]


@cache
def load_company() -> Company:
    """Read `company.toml` beside this file."""
    path = FOLDER / "company.toml"
    return parse(Company, read_toml(path), str(path))


@cache
def demo_taxonomy() -> Taxonomy:
    """The demo company's taxonomy."""
    return load_taxonomy(FOLDER / "taxonomy.toml")


def taxonomy_toml() -> str:
    """Text of the demo company's `taxonomy.toml`, for a new workspace."""
    return (FOLDER / "taxonomy.toml").read_text(encoding="utf-8")


def settings_toml() -> str:
    """Text of a `voc.toml` for the demo company's workspace."""
    return (
        "# The demo company: every contact in this workspace is invented.\n"
        "[company]\n"
        'name = "Zvono (synthetic demo company)"\n'
        'timezone = "Europe/Zagreb"\n'
        "synthetic = true\n"
        "benchmark_contact_rate = 45.0\n"
        'opening_hours = { mon = "08:00-20:00", tue = "08:00-20:00", wed = "08:00-20:00", thu = "08:00-20:00", '
        'fri = "08:00-20:00", sat = "09:00-14:00" }\n'
        "\n"
        "# Sized so that the whole demo takes about half an hour on two cores.\n"
        "[training]\n"
        "max_train_contacts = 4000\n"
        "max_tokens = 96\n"
        "epochs = 1\n"
        "\n"
        "# The default of 60 days wants more history than the demo's 120 days.\n"
        "[outcomes]\n"
        "horizon_days = 30\n"
    )
