"""The tests: an excess over the last days, in windows of one to seven, and a CUSUM for what grows slowly."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from voc.config import EmergenceSettings
from voc.inference.emergence.baseline import Baseline
from voc.inference.emergence.series import Floats, Ints

WINDOWS = {1: 8.0, 2: 2.0, 3: 1.0, 4: 1.0, 5: 1.0, 7: 1.0}
"""Days that the scan looks back (the baseline leaves out as many), and what each window's p-value is multiplied by.

One day tells little: twice as many of eight is within chance, four times as many is not, whatever the factor. With the
same weight for all windows, the shortest two spent most of the allowance and found little (weighted Bonferroni:
Genovese, Roeder & Wasserman 2006).
"""
RISE = 1.4
"""The CUSUM is tuned to a theme at so many times its expected number (Lucas 1985: halfway between is in control)."""
_CAP = 3.0  # one day adds no more to the CUSUM, in nats: slow growth is what it is for


@dataclass(frozen=True)
class Scan:
    """The scan's result, (groups, observed days): the smallest weighted p-value of all windows, its figures."""

    p_value: Floats
    window: Ints
    customers: Floats
    expected: Floats


def excess(customers: Floats, mean: Floats, variance: Floats) -> Floats:
    """P(at least so many customers) under a negative binomial with this mean and variance (at least the mean).

    NB(k, p) with p = mean / variance; its upper tail is the regularised incomplete beta function I(1 - p; n, k).
    """
    share = np.clip(mean / np.maximum(variance, 1e-12), 1e-6, 1 - 1e-6)
    size = np.maximum(mean, 1e-12) * share / (1 - share)
    tail: Floats = np.where(customers > 0, betainc(np.maximum(customers, 1e-9), size, 1 - share), 1.0)
    return tail


def scan(customers: Floats, baseline: Baseline, settings: EmergenceSettings) -> Scan:
    """Look for the window of days whose customers are the hardest to explain.

    `customers` is (groups, observed days). Windows with fewer customers than an alert needs, or too small a lift,
    are not tested.
    """
    known = ~np.isnan(baseline.expected)
    shape = customers.shape
    best = Scan(np.ones(shape), np.ones(shape, np.int64), customers.copy(), np.where(known, baseline.expected, 0.0))
    for window, cost in WINDOWS.items():
        if window > settings.skip_days:
            continue
        inside = _sums(known.astype(np.float64), window) == window
        seen, mean, variance = trailing(customers, baseline, window)
        variance *= _carried_over(seen, mean, variance, inside, window)
        p_value = np.minimum(cost * excess(seen, mean, variance), 1.0)
        worth = inside & (seen >= settings.minimum_customers) & (seen >= settings.minimum_lift * mean)
        better = worth & (p_value < best.p_value)
        best.p_value[better], best.window[better] = p_value[better], window
        best.customers[better], best.expected[better] = seen[better], mean[better]
    return best


def _sums(values: Floats, window: int) -> Floats:
    """Sums over the last `window` columns, the current one included; shorter at the beginning."""
    total = np.cumsum(values, axis=1)
    total[:, window:] -= total[:, :-window].copy()
    return total


def _carried_over(seen: Floats, mean: Floats, variance: Floats, inside: np.ndarray, window: int) -> Floats:
    """How much larger the squared errors of such windows were than promised, over all groups; (days,),
    at least 1.

    What a model cannot know (days that hang together, levels that drift) shows here, and widens the range. Windows that
    end in the last seven days are not asked, and those far out count as just out: a spike is no proof of noise.
    """
    squares = np.minimum((seen - mean) ** 2 / np.maximum(variance, 1e-9), 9.0)
    votes = (inside & (mean >= 1)).astype(np.float64) / window
    daily, weight = (squares * votes).sum(axis=0), votes.sum(axis=0)
    skip, memory, prior = 7, 90, 30.0
    sums = _sums(np.vstack([daily, weight]), memory)
    late = np.zeros_like(sums)
    late[:, skip:] = sums[:, :-skip] if sums.shape[1] > skip else 0
    factor: Floats = np.maximum((prior + late[0]) / (prior + late[1]), 1.0)
    return factor


def trailing(customers: Floats, baseline: Baseline, window: int) -> tuple[Floats, Floats, Floats]:
    """Customers, their expected number and its variance over the last `window` days (fewer at the beginning).

    Days without a baseline count on neither side.
    """
    known = ~np.isnan(baseline.expected)
    mean = _sums(np.where(known, baseline.expected, 0.0), window)
    chance = _sums(np.where(known, baseline.dispersion * baseline.expected, 0.0), window)
    by_day = _sums(np.where(known, baseline.expected**2 * baseline.day_variance, 0.0), window)
    level = np.where(known, baseline.level_variance, 0.0)
    return _sums(np.where(known, customers, 0.0), window), mean, chance + by_day + mean**2 * level


def gain(customers: Floats, baseline: Baseline, day: int) -> Floats:
    """What one day adds to the CUSUM of each group: the negative binomial log-likelihood ratio, capped; or 0."""
    mean = baseline.expected[:, day]
    known = ~np.isnan(mean)
    mean = np.maximum(np.where(known, mean, 1.0), 1e-9)
    level = np.where(known, baseline.level_variance[:, day], 0.0)
    mean = mean * np.exp(np.sqrt(level))
    spread = np.where(known, baseline.dispersion[:, day] + mean * baseline.day_variance[:, day], 2.0)
    size = mean / np.maximum(spread - 1, 0.01)
    both = np.log((size + mean * RISE) / (size + mean))
    ratio = customers * (np.log(RISE) - both) - size * both
    return np.where(known, np.clip(ratio, -_CAP, _CAP), 0.0)
