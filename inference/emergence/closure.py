"""Marked as fixed: did it help? The days after against the days before."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student

from voc.errors import InputError
from voc.inference.emergence.baseline import observed_days
from voc.inference.emergence.series import Floats, Ints, Series

LEAST_DAYS = 3
"""Fewer days after the fix prove nothing."""
BEFORE_DAYS = 28
AFTER_DAYS = 28
"""Only the latest of the days after a fix are judged: the verdict says how it is now."""
_TAIL = 0.025
_CHANCE_DISPERSION = 1.2  # variance over mean up to which the counts are taken as Poisson, and the exact test holds


class Verdict(StrEnum):
    """What the days after the fix say."""

    RESOLVED = "resolved"
    UNPROVEN = "unproven"
    REGRESSED = "regressed"


@dataclass(frozen=True)
class Closure:
    """A fix judged by the rates before and after it."""

    verdict: Verdict
    ratio: float
    """Customers of the group per customer in contact, after over before; NaN where nothing can be said."""
    low: float
    high: float
    """Between these the ratio lies with 95 % confidence."""
    before: int
    after: int
    """Customers of the group, each counted once a day."""
    days_before: int
    days_after: int
    exact: bool
    """Whether the interval is the exact one of two Poisson counts."""

    @property
    def known(self) -> bool:
        """Whether there is a ratio: enough days on both sides, and customers in them."""
        return not math.isnan(self.ratio)


def close(series: Series, group: str, fixed: int, began: int | None = None) -> Closure:
    """Judge a fix made on column `fixed` (the day itself counts for neither side).

    Compares the last 28 days after it with those before it, from column `began` on (such as the day on which the
    alert began), else with the last 28; each in relation to the other customers who were in contact. Resolved: fewer,
    beyond chance. Regressed: more, beyond chance. Unproven: anything else, and fewer than three days on a side.
    Raises InputError for an unknown group or day.
    """
    if group not in series.groups:
        raise InputError(f"expected a group of the series, got {group!r}")
    if not 0 <= fixed < series.days:
        raise InputError(f"expected a day between 0 and {series.days - 1}, got {fixed}")
    days = observed_days(series)
    row = series.customers[series.groups.index(group)]
    others = np.maximum(series.everyone - row, 0).astype(np.float64)
    earlier = days[(days < fixed) & (days >= (0 if began is None else began))]
    earlier = earlier[-BEFORE_DAYS:] if began is None else earlier
    later = days[days > fixed][-AFTER_DAYS:]
    before, after = int(row[earlier].sum()), int(row[later].sum())
    exposure = others if others.sum() > row.sum() else np.ones(series.days)  # alone in the company: days count
    if min(len(earlier), len(later)) < LEAST_DAYS or before + after == 0:
        nothing = float("nan")
        return Closure(Verdict.UNPROVEN, nothing, nothing, nothing, before, after, len(earlier), len(later), False)
    share = float(exposure[later].sum() / exposure[earlier].sum()) if exposure[earlier].sum() > 0 else 1.0
    dispersion = max(_dispersion(row, exposure, earlier), _dispersion(row, exposure, later))
    exact = dispersion <= _CHANCE_DISPERSION
    if exact:
        low, high = exact_ratio(after, before, share)
    else:
        low, high = quasi_ratio(after, before, share, dispersion, len(earlier) + len(later) - 2)
    ratio = after / before / share if before else float("inf")
    verdict = Verdict.RESOLVED if high < 1 else Verdict.REGRESSED if low > 1 else Verdict.UNPROVEN
    return Closure(verdict, ratio, low, high, before, after, len(earlier), len(later), exact)


def exact_ratio(after: int, before: int, share: float) -> tuple[float, float]:
    """95 % interval of the ratio of two Poisson rates; `share` is exposure after over exposure before.

    Given both, the later count is binomial, and the Clopper-Pearson bounds of its chance give those of the ratio
    (Przyborowski & Wilenski 1940).
    """
    chances = binomtest(after, after + before).proportion_ci(1 - 2 * _TAIL, method="exact")
    bounds = [float(chance / (1 - chance) / share) if chance < 1 else float("inf") for chance in chances]
    return bounds[0], bounds[1]


def quasi_ratio(after: int, before: int, share: float, dispersion: float, freedom: int) -> tuple[float, float]:
    """The same where counts vary more than Poisson's: quasi-Poisson on the log scale, Student's t with `freedom`."""
    ratio = (after + 0.5) / (before + 0.5) / share
    half = student.ppf(1 - _TAIL, max(freedom, 1)) * np.sqrt(dispersion * (1 / (after + 0.5) + 1 / (before + 0.5)))
    return float(ratio * np.exp(-half)), float(ratio * np.exp(half))


def _dispersion(row: Ints, exposure: Floats, days: Ints) -> float:
    """Variance over mean about a constant rate, at least 1."""
    total = exposure[days].sum()
    if total <= 0 or len(days) < 2:
        return 1.0
    mean = row[days].sum() * exposure[days] / total
    known = mean > 0
    return max(float(((row[days] - mean)[known] ** 2 / mean[known]).sum() / (len(days) - 1)), 1.0)
