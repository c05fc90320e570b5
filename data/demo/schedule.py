"""When contacts come: the rhythm of weeks and hours, planted problems, and one noisy day."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from voc.data.demo.company import Company, Problem, Stage
from voc.data.demo.draw import Draw
from voc.labels import Channel

WEEKDAYS = (1.22, 1.14, 1.08, 1.05, 1.0, 0.62, 0.42)
"""Contacts by weekday, Monday first, relative to each other."""
REFERENCE_PER_DAY = 20_000 / 120
"""Contacts a day of the company that the planted rates are written for."""
_OFFICE = (0, 0, 0, 0, 0, 0, 0.2, 1, 5, 8, 9, 9, 8, 7, 7, 7, 7, 6, 5, 4, 1.5, 0.8, 0.3, 0.1)
_ANYTIME = (0.4, 0.2, 0, 0.1, 0.1, 0.2, 0.6, 2, 4, 6, 7, 7, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 3, 1)
# No contact starts between 2 and 3: on the day on which summer time begins that hour does not exist.


def day_weights(company: Company, first_day: date, days: int, draw: Draw) -> NDArray[np.float64]:
    """Relative volume of each day, shape (days,)."""
    weekday = np.array([WEEKDAYS[(first_day + timedelta(days=day)).weekday()] for day in range(days)])
    weights = weekday * draw.numpy.gamma(200.0, 1 / 200.0, days)
    if company.noise_day.day < days:
        weights[company.noise_day.day] *= company.noise_day.factor
    return np.asarray(weights, dtype=np.float64)


def planted_counts(company: Company, days: int, per_day: float, draw: Draw) -> dict[str, list[int]]:
    """How many distinct customers each planted problem hits on each day."""
    return {
        name: _problem_counts(problem, company, days, per_day / REFERENCE_PER_DAY, draw)
        for name, problem in company.planted.items()
    }


def base_counts(weights: NDArray[np.float64], contacts: int, planted: Mapping[str, list[int]]) -> list[int]:
    """Contacts of each day besides the planted ones, so that all together are `contacts`."""
    taken = np.sum(list(planted.values()), axis=0)
    rest = max(contacts - int(taken.sum()), 0)
    edges = np.round(np.cumsum(weights) / weights.sum() * rest).astype(int)
    return [int(count) for count in np.diff(edges, prepend=0)]


def moment(draw: Draw, channel: Channel) -> int:
    """Second of the day at which a contact starts."""
    hours = _OFFICE if channel == Channel.CALL else _ANYTIME
    return draw.weighted(range(24), hours) * 3600 + draw.below(3600)


def _problem_counts(problem: Problem, company: Company, days: int, scale: float, draw: Draw) -> list[int]:
    counts = [0] * days
    for stage in problem.stages:
        for day in range(stage.first, min(stage.last, days - 1) + 1):
            factor = company.noise_day.factor if day == company.noise_day.day else 1.0
            rate = _rate(stage, day) * scale * factor
            swing = 2 * scale * (2 * draw.uniform() - 1)
            counts[day] += round(rate + swing) if stage.exact else int(draw.numpy.poisson(rate))
    return counts


def _rate(stage: Stage, day: int) -> float:
    through = (day - stage.first) / max(stage.last - stage.first, 1)
    return float(stage.from_ * (stage.to / stage.from_) ** through)
