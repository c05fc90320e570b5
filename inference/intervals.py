"""How sure a number is: intervals of counts and shares, and of changes in them. Pure functions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scipy.special import betaincinv
from scipy.stats import chi2
from scipy.stats import t as student

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its lower and upper bound."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether a change is clear: zero lies outside the bounds."""
        return self.low > 0 or self.high < 0


def quantile(confidence: float = CONFIDENCE, comparisons: int = 1) -> float:
    """Two-sided normal quantile; with several comparisons Bonferroni's, so that all hold together."""
    return NormalDist().inv_cdf(1 - (1 - confidence) / (2 * max(comparisons, 1)))


def share(count: int, n: int, z: float = 0.0) -> Interval | None:
    """`count` of `n` with Wilson's interval (Wilson 1927); None without a denominator.

    Args:
        count: Those that have it, 0 to n.
        n: All of them.
        z: Normal quantile; 0 stands for that of 95 %.
    """
    if n <= 0 or not 0 <= count <= n:
        return None
    z = z or quantile()
    p = count / n
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    # Rounding must not put a bound on the wrong side of the estimate, nor outside 0 to 1.
    return Interval(p, min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half)))


def exact_share(count: int, n: int, comparisons: int = 1) -> Interval | None:
    """`count` of `n` with Clopper and Pearson's interval (1934), which never promises too much, however small the share
    and however many comparisons (Bonferroni) it has to hold in. None without a denominator."""
    if n <= 0 or not 0 <= count <= n:
        return None
    tail = (1 - CONFIDENCE) / (2 * max(comparisons, 1))
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Interval(count / n, low, high)


def poisson(count: int) -> tuple[float, float]:
    """Exact 95 % bounds of the mean of a Poisson count (Garwood 1936)."""
    tail = (1 - CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def excess(count: int, expected: float) -> Interval:
    """How far a Poisson count lies above the expected one, with the exact interval."""
    low, high = poisson(count)
    return Interval(count - expected, low - expected, high - expected)


def share_change(count: int, n: int, count_before: int, n_before: int, z: float = 0.0) -> Interval | None:
    """Difference of two shares with Newcombe's interval (Newcombe 1998, method 10); None without both."""
    now, before = share(count, n, z), share(count_before, n_before, z)
    if now is None or before is None:
        return None
    return difference(now, before)


def difference(now: Interval, before: Interval) -> Interval:
    """How far two independent estimates lie apart, the first less the second (MOVER, Zou and Donner 2008)."""
    value = now.value - before.value
    down = math.hypot(now.value - now.low, before.high - before.value)
    up = math.hypot(now.high - now.value, before.value - before.low)
    return Interval(value, value - down, value + up)


def clustered_mean(
    answers: int, total: float, clusters: int, squares: float, products: float, sizes: float
) -> Interval | None:
    """Mean of answers of which those of one customer are alike (linearised ratio, Student's t over the customers).

    Args:
        answers: How many.
        total: Their sum.
        clusters: How many customers gave them.
        squares: Sum over customers of the square of the sum of their answers.
        products: The same of that sum times the number of their answers.
        sizes: The same of the square of that number.

    Returns:
        None with fewer than two customers, or where all answers are the same: how they vary is not known then.
    """
    if clusters < 2:
        return None
    mean = total / answers
    spread = squares - 2 * mean * products + mean * mean * sizes
    if spread <= 1e-9 * max(squares, 1.0):
        return None
    return clustered(mean, spread / answers**2, clusters)


def clustered(value: float, squares: float, clusters: int) -> Interval:
    """An estimate that two and more customers pull up or down, `squares` the sum of their pulls' squares (Student's t,
    linearisation of ratios, Woodruff 1971)."""
    half = float(student.ppf(1 - (1 - CONFIDENCE) / 2, clusters - 1)) * math.sqrt(squares * clusters / (clusters - 1))
    return Interval(value, value - half, value + half)


def dispersion(daily: Sequence[int], daily_before: Sequence[int]) -> float:
    """How much more days vary than a Poisson count, once weekday and period are accounted for; at least 1.

    Pearson's chi-square over its degrees of freedom; the expected value of a day is its weekday's mean over
    both periods times its period's level. Both sequences are consecutive days, the second before the first.
    """
    days = [*daily_before, *daily]
    total = sum(days)
    weekdays = min(7, len(days))
    freedom = len(days) - weekdays - 1
    if total == 0 or freedom < 1:
        return 1.0
    mean = total / len(days)
    rhythm = [_mean(days[start::7]) for start in range(weekdays)]
    levels = [_mean(part) / mean if part else 0.0 for part in (daily_before, daily)]
    chi = 0.0
    for place, seen in enumerate(days):
        expected = rhythm[place % 7] * levels[place >= len(daily_before)]
        if expected > 0:
            chi += (seen - expected) ** 2 / expected
    return max(1.0, chi / freedom)


def count_change(now: int, before: int, spread: float = 1.0) -> Interval | None:
    """Relative change of a count over periods of equal length: 0.08 is 8 % more. None with nothing before.

    Args:
        now: Count of this period.
        before: Count of the period of equal length before it.
        spread: Variance of a count over its mean, from `dispersion` (1: Poisson). The interval is that of a
            log rate ratio.
    """
    if before <= 0:
        return None
    if now <= 0:
        return Interval(-1.0, -1.0, 3.0 * spread / before - 1.0)  # rule of three
    ratio = now / before
    half = quantile() * math.sqrt(spread * (1 / now + 1 / before))
    return Interval(ratio - 1, ratio * math.exp(-half) - 1, ratio * math.exp(half) - 1)


def rate_ratio(recent: int, days: int, baseline: int, baseline_days: int) -> Interval | None:
    """How many times as frequent as before, with the interval of a log rate ratio; None with no baseline."""
    if min(days, baseline_days) <= 0 or baseline <= 0:
        return None
    ratio = (recent / days) / (baseline / baseline_days)
    if recent <= 0:
        return Interval(0.0, 0.0, 3.0 / days / (baseline / baseline_days))
    half = quantile() * math.sqrt(1 / recent + 1 / baseline)
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
