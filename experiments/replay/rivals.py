"""What products and health services watch counts with: the rules that ours is measured beside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from voc.experiments.replay.alerts import Raised, openings
from voc.inference.emergence.series import Floats, Ints, Series

FLOOR = 3
"""The rules of products look at days (weeks: on average) with more customers than this."""
MIN_SIGMA = 0.5
"""Least standard deviation of EARS, as its authors advise for sparse series."""
MONTH_OF_HISTORY = 28
"""Days that a rule with a long baseline waits for before it speaks."""


@dataclass(frozen=True)
class Rule:
    """Fires where a score of counts (groups, days) reaches the level; -inf where it has nothing to say."""

    name: str
    default: float
    levels: tuple[float, ...]
    score: Callable[[Ints], Floats]

    def raised(self, series: Series, levels: Sequence[float]) -> list[Raised]:
        """Alerts at each level."""
        scores = self.score(series.customers)
        nothing = np.zeros(scores.shape, dtype=np.bool_)
        return [Raised(openings(scores >= level), nothing) for level in levels]


def baseline(counts: Ints, window: int, lag: int = 0, least: int | None = None) -> tuple[Floats, Floats]:
    """Mean and standard deviation, (groups, days) each, of the `window` days that end `lag` days before yesterday.

    NaN where there are fewer than `least` such days (None: the whole window).
    """
    days = counts.shape[1]
    end = np.maximum(np.arange(days) - lag, 0)
    begin = np.maximum(np.arange(days) - lag - window, 0)
    number = (end - begin).astype(np.float64)
    number[number < (window if least is None else least)] = np.nan
    values = counts.astype(np.float64)
    start = np.zeros((len(counts), 1))
    sums = np.concatenate([start, np.cumsum(values, axis=1)], axis=1)
    squares = np.concatenate([start, np.cumsum(values**2, axis=1)], axis=1)
    mean = (sums[:, end] - sums[:, begin]) / number
    variance = (squares[:, end] - squares[:, begin] - number * mean**2) / (number - 1)
    return mean, np.sqrt(np.maximum(variance, 0.0))


def z_score(counts: Ints, window: int) -> Floats:
    """Standard deviations above the mean of `window` days, where the day has more than FLOOR customers."""
    mean, sigma = baseline(counts, window, least=min(window, MONTH_OF_HISTORY))
    above = (counts - mean) / np.maximum(sigma, 1e-9)
    return np.where(np.isnan(above) | (counts <= FLOOR), -np.inf, above)


def week_on_week(counts: Ints) -> Floats:
    """The last seven days over the seven before, where they have more than FLOOR customers a day on average."""
    ratio = np.full(counts.shape, -np.inf)
    if counts.shape[1] >= 14:
        sums = np.concatenate([np.zeros((len(counts), 1), np.int64), np.cumsum(counts, axis=1)], axis=1)
        weeks = sums[:, 7:] - sums[:, :-7]  # that begin on each day
        this, last = weeks[:, 7:], weeks[:, :-7]
        ratio[:, 13:] = np.where(this > 7 * FLOOR, this / np.maximum(last, 1), -np.inf)
    return ratio


def ears(counts: Ints, lag: int) -> Floats:
    """C1 (`lag` 0) and C2 (`lag` 2): deviation from seven days in their standard deviations (Fricker et al. 2008)."""
    mean, sigma = baseline(counts, 7, lag)
    above = (counts - mean) / np.maximum(sigma, MIN_SIGMA)
    return np.where(np.isnan(above), -np.inf, above)


def ears_c3(counts: Ints) -> Floats:
    """C3: what C2 exceeds 1 by, summed over today and the two days before (Fricker et al. 2008)."""
    excess = np.maximum(ears(counts, 2) - 1, 0.0)
    padded = np.pad(excess, ((0, 0), (2, 0)))
    return np.asarray(padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2])


def _steps(first: float, last: float, number: int = 60) -> tuple[float, ...]:
    return tuple(float(step) for step in np.round(np.geomspace(first, last, number), 4))


# Defaults of EARS: quantiles of the normal distribution at .001, .001 and .025, the health services' own choice.
RIVALS = (
    Rule("zscore100", 3.0, _steps(1.0, 20), lambda counts: z_score(counts, 100)),
    Rule("sigma30", 2.0, _steps(1.0, 20), lambda counts: z_score(counts, 30)),
    Rule("wow50", 1.5, _steps(1.1, 10), week_on_week),
    Rule("ears_c1", 3.09, _steps(1.0, 30), lambda counts: ears(counts, 0)),
    Rule("ears_c2", 3.09, _steps(1.0, 30), lambda counts: ears(counts, 2)),
    Rule("ears_c3", 1.96, _steps(1.0, 60), ears_c3),
)
