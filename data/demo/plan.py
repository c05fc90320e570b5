"""What each contact is about, day by day: who writes why, in which mood, and who leaves in the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from voc.data.demo.company import Company, ReasonHabit, demo_taxonomy
from voc.data.demo.draw import Draw
from voc.data.demo.people import People
from voc.data.demo.schedule import base_counts, day_weights, moment, planted_counts
from voc.labels import Channel, Sentiment, Split

CHURN = 0.085
"""Share of the customers that decide to go within the window."""
SPLITS = ((Split.TRAIN, 0.80), (Split.DEV, 0.05), (Split.TEST, 0.15))
LABELLED_TRAIN = 0.44
PARTIAL = 0.12
"""Share of the labelled training contacts whose label lacks a task or two."""

# What a sentence about leaving, or one that only sounds like it, is besides: a reason of its own.
IMPLIED = {
    "leaving/plain": "service_cancel",
    "leaving/praise": "service_cancel",
    "leaving/exit_fee": "contract_end_date",
    "leaving/porting": "number_porting",
    "staying/device_died": "device_faulty",
}
_LEAVING = (("plain", 5), ("praise", 4), ("conditional", 5), ("exit_fee", 3), ("porting", 3))
_STAYING = (("cancel_order", 4), ("device_died", 4), ("just_joined", 14), ("denial", 5), ("someone_else", 5))
_CANCELLABLE = ("order_cancel", "tv_channels", "service_cancel", "technician_visit")
_NOT_DENIABLE = ("service_cancel", "number_porting", "contract_end_date", "moving_home")


@dataclass(frozen=True)
class Planned:
    """One contact before a word of it is chosen."""

    day: int
    second: int
    customer: int
    channel: Channel
    split: Split
    openings: tuple[str, ...]
    """Reasons whose openings are used, in order; none where the sentence about leaving is all there is."""
    problem: str | None
    """Planted problem that replaces the first opening."""
    churn: str | None
    """List of the sentence about leaving or staying, such as `leaving/plain`."""
    mood: Sentiment | None
    resolved: bool
    labelled: bool
    journey_stage: str | None
    product: str | None
    language_known: bool
    csat: int | None
    nps: int | None
    ces: int | None
    first_response_s: int
    duration_s: int

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason that the contact's words give."""
        implied = IMPLIED.get(self.churn or "")
        return tuple(dict.fromkeys([*self.openings, *([implied] if implied else [])]))

    @property
    def leaving(self) -> bool:
        """Whether the customer says that he is leaving."""
        return (self.churn or "").startswith("leaving/")


class Planner:
    """Goes through the days once; `days()` yields each day's contacts in order of time."""

    def __init__(self, company: Company, people: People, contacts: int, first_day: date, days: int, seed: int) -> None:
        self.company = company
        self.people = people
        self.first_day = first_day
        self.count = days
        self.draw = Draw(seed, 2)
        self.reasons = list(company.reasons)
        weights = day_weights(company, first_day, days, self.draw)
        self.planted = planted_counts(company, days, contacts / days, self.draw)
        self.base = base_counts(weights, contacts, self.planted)
        self._load = weights / weights.mean()
        self._able = {need: people.able(need) for need in ("any", "contract", "internet", "mobile", "tv")}
        self._able_problem = {
            name: people.able(problem.needs, problem.language) for name, problem in company.planted.items()
        }
        self._reported = {name: np.zeros(len(people), dtype=bool) for name in company.planted}

    def days(self) -> Iterator[list[Planned]]:
        """The contacts of each day."""
        for day in range(self.count):
            yield sorted(self._day(day), key=lambda contact: contact.second)
            self.people.decide(day, self.count, CHURN, self.draw)

    def _day(self, day: int) -> Iterator[Planned]:
        active = self.people.active(day)
        for name, counts in self.planted.items():
            for customer in self._hit(name, counts[day], active):
                yield self._contact(day, customer, self.company.planted[name].reason, name)
        noise = self.draw.numpy.gamma(30.0, 1 / 30.0, len(self.reasons))
        weights = np.array([self.company.reasons[reason].weight for reason in self.reasons]) * noise
        drawn = self.draw.numpy.multinomial(self.base[day], weights / weights.sum())
        for index, count in enumerate(drawn):
            for customer in self._callers(day, index, int(count), active):
                yield self._contact(day, customer, self.reasons[index], None)

    def _hit(self, name: str, count: int, active: NDArray[np.bool_]) -> list[int]:
        weights = self.people.propensity * active * self._able_problem[name]
        weights = np.where(self._reported[name], 0.15 * weights, weights)
        count = min(count, int((weights > 0).sum()))
        if not count:
            return []
        chosen = self.draw.numpy.choice(len(weights), count, replace=False, p=weights / weights.sum())
        self._reported[name][chosen] = True
        return [int(customer) for customer in chosen]

    def _callers(self, day: int, reason: int, count: int, active: NDArray[np.bool_]) -> list[int]:
        if not count:
            return []
        people, habit = self.people, self.company.reasons[self.reasons[reason]]
        weights = people.propensity * active * self._able[habit.needs] * np.exp(0.3 * people.dissatisfaction)
        again = (people.last_reason == reason) & (day - people.last_day <= 10)
        newcomer = day - people.joined < 45
        weights = weights * np.where(again, 9.0, 1.0) * np.where(newcomer, 3.0 if habit.newcomer else 1.2, 1.0)
        if not weights.any():  # a tiny company may have nobody with this product
            weights = people.propensity * active
        if not weights.any():
            return []
        return [int(c) for c in self.draw.numpy.choice(len(weights), count, p=weights / weights.sum())]

    def _contact(self, day: int, customer: int, reason: str, problem: str | None) -> Planned:
        draw, people = self.draw, self.people
        person, habit = people.persons[customer], self.company.reasons[reason]
        channel = person.channel if draw.chance(0.55) else self._channel()
        second = moment(draw, channel)
        again = people.last_reason[customer] == self.reasons.index(reason) and day - people.last_day[customer] <= 10
        slowness = 0.8 * draw.normal() + 0.9 * log(self._load[day]) + (0.6 if not 8 <= second // 3600 < 20 else 0.0)
        resolved = draw.chance(0.82 - 0.25 * habit.severity)
        badness = habit.severity + 0.35 * slowness + 0.5 * bool(again) + (0.0 if resolved else 0.5)
        feeling = people.dissatisfaction[customer] + badness + 0.7 * draw.normal()
        churn = self._churn(day, customer, habit, reason)
        openings = self._openings(day, customer, reason, churn, problem)
        mood = self._mood(feeling, people.outspoken[customer], churn, reason)
        self._remember(day, customer, reason, badness, churn)
        first = openings[0] if openings else IMPLIED.get(churn or "", reason)
        times = self.company.channels[channel]
        return Planned(
            day=day,
            second=second,
            customer=customer,
            channel=channel,
            split=draw.weighted([split for split, _ in SPLITS], [share for _, share in SPLITS]),
            openings=openings,
            problem=problem,
            churn=churn,
            mood=mood,
            resolved=resolved,
            labelled=draw.chance(LABELLED_TRAIN),
            journey_stage=self._journey(first),
            product=self._product(first, customer),
            language_known=channel != Channel.EMAIL or draw.chance(0.8),
            csat=_scale(draw, 0.24, 4.7 - 0.85 * feeling, 1, 5),
            nps=_scale(draw, 0.09, 9.2 - 2.0 * feeling, 0, 10),
            ces=_scale(draw, 0.10, 6.3 - 1.3 * badness, 1, 7),
            first_response_s=max(2, round(times.first_response_s * exp(slowness))),
            duration_s=max(20, round(times.duration_s * exp(0.5 * draw.normal() + (0.0 if resolved else 0.3)))),
        )

    def _channel(self) -> Channel:
        channels = self.company.channels
        return self.draw.weighted(list(channels), [habit.share for habit in channels.values()])

    def _churn(self, day: int, customer: int, habit: ReasonHabit, reason: str) -> str | None:
        people, draw = self.people, self.draw
        decided = people.gone_day[customer] <= self.count + 16
        stated = 0.019 * people.outspoken[customer] * exp(0.75 * people.dissatisfaction[customer])
        if draw.chance(min(0.6, stated * (6.0 if decided else 1.0))):
            kind = draw.weighted([name for name, _ in _LEAVING], [weight for _, weight in _LEAVING])
            if people.persons[customer].segment == "prepaid" and kind == "exit_fee":
                kind = "porting"
            return f"leaving/{kind}"
        weights = [weight * self._may_stay(kind, day, customer, reason) for kind, weight in _STAYING]
        if draw.chance(0.0056 * sum(weights)):
            return f"staying/{draw.weighted([kind for kind, _ in _STAYING], weights)}"
        return None

    def _may_stay(self, kind: str, day: int, customer: int, reason: str) -> float:
        person = self.people.persons[customer]
        if kind == "cancel_order":
            return 4.0 * (reason in _CANCELLABLE)
        if kind == "device_died":
            return float(person.segment != "prepaid") * (3.0 if reason == "device_faulty" else 0.7)
        if kind == "just_joined":
            return float(self.company.reasons[reason].newcomer and 0 <= day - person.joined <= 60)
        return float(kind == "someone_else" or reason not in _NOT_DENIABLE)

    def _openings(
        self, day: int, customer: int, reason: str, churn: str | None, problem: str | None
    ) -> tuple[str, ...]:
        draw, habit = self.draw, self.company.reasons[reason]
        implied = IMPLIED.get(churn or "")
        if implied and problem is None:
            clash = (churn or "").startswith("leaving/") and not habit.leaving
            if clash or reason == implied or draw.chance(0.25):
                return ()
        if churn == "leaving/conditional" and not habit.leaving:
            return ("service_complaint",)
        more = (0.085, 0.008) if churn is None else (0.0, 0.0)
        openings = [reason]
        for chance in more:
            if draw.chance(chance):
                openings.append(self._other(customer, openings))
        return tuple(openings)

    def _other(self, customer: int, taken: list[str]) -> str:
        person = self.people.persons[customer]
        free = [name for name, habit in self.company.reasons.items() if name not in taken and person.can(habit.needs)]
        return self.draw.weighted(free, [self.company.reasons[name].weight for name in free])

    def _mood(self, feeling: float, outspoken: float, churn: str | None, reason: str) -> Sentiment | None:
        draw = self.draw
        negative = outspoken * 0.62 / (1 + exp(-1.5 * (feeling - 1.2)))
        positive = outspoken * 0.52 / (1 + exp(1.4 * (feeling - 0.65)))
        if churn == "leaving/praise":
            return Sentiment.POSITIVE if draw.chance(0.5) else None
        if churn == "leaving/conditional":
            return Sentiment.NEGATIVE if draw.chance(0.65) else None
        point = draw.uniform()
        if point < negative:
            return Sentiment.NEGATIVE
        leaving = (churn or "").startswith("leaving/")
        if point < negative + positive and not leaving and reason != "service_complaint":
            return Sentiment.POSITIVE
        return Sentiment.NEUTRAL if draw.chance(0.4) else None

    def _remember(self, day: int, customer: int, reason: str, badness: float, churn: str | None) -> None:
        people = self.people
        people.dissatisfaction[customer] += 0.28 * (badness - 0.35)
        people.last_reason[customer] = self.reasons.index(reason)
        people.last_day[customer] = day
        if (churn or "").startswith("leaving/"):
            people.stated_day[customer] = day

    def _journey(self, reason: str) -> str | None:
        stages = ("join", "activate", "use", "pay", "support", "leave")
        point = self.draw.uniform()
        if point < 0.05:
            return None
        return self.draw.pick(stages) if point < 0.15 else demo_taxonomy().reasons[reason].journey

    def _product(self, reason: str, customer: int) -> str | None:
        group = demo_taxonomy().reasons[reason].group
        if group in ("internet", "mobile", "tv"):
            return group
        return None if self.draw.chance(0.15) else self.people.persons[customer].product


def first_day_of(last_day: date, days: int) -> date:
    """Day 0 of a window of `days` that ends on `last_day`."""
    return last_day - timedelta(days=days - 1)


def _scale(draw: Draw, share: float, value: float, low: int, high: int) -> int | None:
    if not draw.chance(share):
        return None
    return min(high, max(low, round(value + (high - low) * 0.12 * draw.normal())))
