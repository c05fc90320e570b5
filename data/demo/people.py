"""The customers: who they are, how they write, and a dissatisfaction that nobody sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc.data.demo.company import Company, Need
from voc.data.demo.draw import Draw
from voc.data.demo.gender import Gender
from voc.labels import Channel, Language

_NEWCOMERS = 0.12
"""Share of the customers who join within the window."""
_MEAN_TENURE_DAYS = 1300


@dataclass(frozen=True)
class Style:
    """How a customer writes. Typing errors are per word."""

    typos: float
    bare: bool
    """Writes without diacritics."""
    lower: bool
    careless: bool
    """Leaves out full stops and commas."""


@dataclass(frozen=True)
class Person:
    """What is fixed about a customer."""

    customer_id: str
    form: str
    language: Language
    segment: str
    region: str
    products: tuple[str, ...]
    gender: Gender
    style: Style
    joined: int
    """Day of the window on which he became a customer; negative: before it."""
    channel: Channel
    """The one he prefers."""

    def can(self, need: Need, language: Language | None = None) -> bool:
        """Whether a reason or problem with this need can be his."""
        if language is not None and language != self.language:
            return False
        if need == "contract":
            return self.segment != "prepaid"
        return need == "any" or need in self.products

    @property
    def product(self) -> str:
        """His product; several make a bundle."""
        return self.products[0] if len(self.products) == 1 else "bundle"


class People:
    """All customers, and the state that moves while the days go by (arrays of shape (customers,))."""

    def __init__(self, company: Company, count: int, days: int, seed: int) -> None:
        draw = Draw(seed, 1)
        self.company = company
        self.persons = [_person(company, draw, index, count, days) for index in range(count)]
        self.joined = np.array([person.joined for person in self.persons])
        self.propensity = draw.numpy.gamma(1.1, 1.0, count) + 0.02
        self.outspoken = draw.numpy.uniform(0.25, 1.75, count)
        """How much of what one feels one says: the silent leave without a word."""
        self.leaves = np.array([company.segments[person.segment].leaves for person in self.persons])
        self.dissatisfaction = draw.numpy.normal(0.0, 0.55, count)
        self.last_reason = np.full(count, -1)
        self.last_day = np.full(count, -1000)
        self.stated_day = np.full(count, -1000)
        self.gone_day = np.full(count, 10**6)
        """First day on which he is no longer a customer; beyond the window while nobody knows of it."""
        self.reported: dict[str, NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self.persons)

    def active(self, day: int) -> NDArray[np.bool_]:
        """Who is a customer on a day."""
        return (self.joined <= day) & (day < self.gone_day)

    def able(self, need: Need, language: Language | None = None) -> NDArray[np.bool_]:
        """Who can have a reason or problem with this need."""
        return np.array([person.can(need, language) for person in self.persons])

    def decide(self, day: int, days: int, churn: float, draw: Draw) -> None:
        """At the end of a day some decide to leave, by their dissatisfaction relative to the others'.

        The risk is proportional, scaled so that about `churn` of them are gone by the end of the window.
        """
        here = self.active(day) & (self.gone_day > days)
        stated = np.exp(-(day - self.stated_day) / 20.0)
        newcomer = np.exp(-(day - self.joined) / 120.0)
        risk = here * self.leaves * np.exp(1.4 * self.dissatisfaction + 1.2 * stated + 0.5 * newcomer)
        expected = churn * len(self) / max(days - 8, 1)
        leaving = draw.numpy.random(len(self)) < expected * risk / max(risk.sum(), 1e-9)
        notice = draw.numpy.integers(1, 16, len(self))
        self.gone_day = np.where(leaving, day + 1 + notice, self.gone_day)
        self.dissatisfaction *= 0.99


def _person(company: Company, draw: Draw, index: int, count: int, days: int) -> Person:
    form_name = draw.weighted(list(company.forms), [form.share for form in company.forms.values()])
    form = company.forms[form_name]
    segment_name = draw.weighted(list(company.segments), [one.share for one in company.segments.values()])
    tenure = 20 - _MEAN_TENURE_DAYS * float(np.log(1 - draw.uniform()))
    joined = 1 + draw.below(max(days - 1, 1)) if draw.chance(_NEWCOMERS) else -int(tenure)
    channels = company.channels
    return Person(
        customer_id=f"C-{index + 1:0{max(5, len(str(count)))}d}",
        form=form_name,
        language=form.language,
        segment=segment_name,
        region=draw.pick(form.regions),
        products=draw.pick(company.segments[segment_name].holdings),
        gender=draw.pick((Gender.FEMININE, Gender.MASCULINE)),
        style=Style(
            typos=0.0 if draw.chance(0.35) else 0.04 * draw.uniform(),
            bare=form_name not in ("en", "sr-Cyrl") and draw.chance(0.25),
            lower=draw.chance(0.25),
            careless=draw.chance(0.3),
        ),
        joined=joined,
        channel=draw.weighted(list(channels), [habit.share for habit in channels.values()]),
    )
