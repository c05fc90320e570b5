"""`detect`: the whole of the statistics, from a series to alerts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv
from scipy.stats import false_discovery_control

from voc.config import EmergenceSettings
from voc.inference.emergence.alerts import Alert, Test, ThemeStatus, follow, observed_alerts
from voc.inference.emergence.baseline import Baseline, fit_baseline
from voc.inference.emergence.scan import scan
from voc.inference.emergence.series import Floats, Ints, Series

_BAND = 0.95


@dataclass(frozen=True)
class Signals:
    """What is usual and what is not. Arrays are (groups, days); column d was known on day d.

    On days without a baseline (the first few, and gaps in the data) `expected`, `lower` and `upper` are NaN,
    `p_value` and `q_value` 1.
    """

    expected: Floats
    """Customers of the day, were nothing special with this group."""
    lower: Floats
    upper: Floats
    """Between these 95 % of such days lie."""
    p_value: Floats
    """Chance of an excess as large as that of the most striking window that ends on this day; all windows and the
    CUSUM are paid for."""
    q_value: Floats
    """After Benjamini-Hochberg over the groups of the day. For reading; alerts follow the budget."""
    cusum: Floats
    fired: npt.NDArray[np.str_]
    """Name of the test that fired on this day (`alerts.Test`), or an empty string."""
    status: npt.NDArray[np.str_]
    """`alerts.ThemeStatus`."""
    alerts: tuple[Alert, ...]
    """In the order in which they were opened."""


def detect(series: Series, settings: EmergenceSettings) -> Signals:
    """Find what rises. Deterministic and causal: later days change nothing about earlier ones."""
    shape = series.customers.shape
    if 0 in shape:
        return _nothing(shape)
    baseline = fit_baseline(series, settings)
    days = baseline.days
    customers = series.customers[:, days].astype(np.float64)
    found = scan(customers, baseline, settings)
    course = follow(series.groups, customers, baseline, found, settings)
    lower, upper = band(baseline)
    return Signals(
        _on_days(baseline.expected, days, shape, np.nan),
        _on_days(lower, days, shape, np.nan),
        _on_days(upper, days, shape, np.nan),
        _on_days(course.p_value, days, shape, 1.0),
        _on_days(false_discovery_control(course.p_value, axis=0), days, shape, 1.0),
        _on_days(course.cusum, days, shape, 0.0),
        _words(course.fired, days, shape, Test.NONE, carry=False),
        _words(course.status, days, shape, ThemeStatus.STABLE, carry=True),
        observed_alerts(course.alerts, days),
    )


def band(baseline: Baseline) -> tuple[Floats, Floats]:
    """Where 95 % of days lie: whole customers about the quantiles of the gamma with the day's mean and variance."""
    mean = np.where(np.isnan(baseline.expected), 1.0, np.maximum(baseline.expected, 1e-9))
    variance = np.where(np.isnan(baseline.expected), 1.0, np.maximum(baseline.variance, 1e-9))
    shape, scale = mean**2 / variance, variance / mean
    unknown = np.isnan(baseline.expected)
    low, high = (gammaincinv(shape, (1 + side * _BAND) / 2) * scale for side in (-1, 1))
    return np.where(unknown, np.nan, np.floor(low)), np.where(unknown, np.nan, np.ceil(high))


def _on_days(values: Floats, days: Ints, shape: tuple[int, int], empty: float) -> Floats:
    full = np.full(shape, empty)
    full[:, days] = values
    return full


def _words(
    values: npt.NDArray[np.str_], days: Ints, shape: tuple[int, int], empty: str, *, carry: bool
) -> npt.NDArray[np.str_]:
    """Words on all days; with `carry` a gap keeps the word of the day before it."""
    full = np.full(shape, empty, values.dtype)
    full[:, days] = values
    if carry and len(days):
        latest = np.searchsorted(days, np.arange(shape[1]), side="right") - 1
        full[:, latest >= 0] = values[:, latest[latest >= 0]]
    return full


def _nothing(shape: tuple[int, int]) -> Signals:
    nan, one = np.full(shape, np.nan), np.ones(shape)
    words = np.full(shape, "", "<U9")
    return Signals(nan, nan, nan, one, one, np.zeros(shape), words, words, ())
