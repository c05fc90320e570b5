"""The life of alerts: opened once, kept up while the rise lasts, closed when it is over; and each group's status."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from voc.config import EmergenceSettings
from voc.inference.emergence.baseline import Baseline, Bools
from voc.inference.emergence.calibration import CUSUM_COST, SCAN_COST, SCAN_SHARE
from voc.inference.emergence.scan import Scan, excess, gain, trailing
from voc.inference.emergence.series import Floats, Ints

MONTH = 30.0
"""Days, in `false_alerts_per_month`."""
SHORT_HISTORY = 28
"""With a baseline of fewer days the test is called `short`: weekdays are hardly known yet."""
RECENT = 14
"""Days for which a group is called new, emerging, regressed or resolved, and which growing and fading look at."""
RELAPSE = 28
"""An alert that opens within so many days after the group's last one is a relapse: regressed."""
_FULL_SIZE, _SURE_SIZE = 8.0, 12.0  # customers a day between which a group has a full part of the budget
_LEAST_PART = 0.01
_STRAYS = 14.0  # a group with less than one customer in so many days was not there yet
_LOOSEST = 0.004  # a company with few groups has no need of more than this
_CALM = 0.03  # chance of three such days: well above what opens an alert, so that it does not flutter
_FADING = 0.7
_CUSUM_TOP = 40.0


class Test(StrEnum):
    """What opened an alert."""

    NONE = ""
    EXCESS = "excess"
    CUSUM = "cusum"
    SHORT = "short"
    NEW = "new"


class ThemeStatus(StrEnum):
    """How a group stands on a day."""

    NEW = "new"
    EMERGING = "emerging"
    GROWING = "growing"
    STABLE = "stable"
    FADING = "fading"
    RESOLVED = "resolved"
    REGRESSED = "regressed"


@dataclass(frozen=True)
class Alert:
    """One rise of one group. Days are columns of the series."""

    group: str
    first_day: int
    """The day on which it was opened."""
    last_day: int | None
    """The last day above the usual range; None while it lives."""
    test: Test
    peak: float
    """Largest number of times the expected customers, over any window since it was opened."""
    row: int
    """The group's row in the series."""
    began: int
    """The first day of what opened it: of the window, or of the CUSUM's climb."""


@dataclass(frozen=True)
class Course:
    """What the tests said, (groups, observed days)."""

    p_value: Floats
    cusum: Floats
    fired: npt.NDArray[np.str_]
    status: npt.NDArray[np.str_]
    alerts: tuple[Alert, ...]


def thresholds(expected: Floats, settings: EmergenceSettings, test: Test = Test.EXCESS) -> Floats:
    """The p-value at which each group alerts on a day by this test, from its customers expected a day (groups,).

    Benjamini-Hochberg holds the share of false ones among the alerts of a day; what people can live with is a number of
    false ones a month. So the budget is dealt out: over 30 days, and over the groups by what it buys there (Roeder &
    Wasserman 2009). Twice as many of few customers are within chance, whatever the threshold; twice as many of 30 a day
    pass any. So a group has a full part between 8 and 12 customers a day; below, less by the cube of its size, and what
    is no chance there, such as five customers a day out of nothing, passes all the same; above, less by the square. Not
    so for the CUSUM: slow growth is hard to see in large groups too.
    """
    mean = np.nan_to_num(expected)
    part = np.clip((mean / _FULL_SIZE) ** 3, _LEAST_PART, 1.0)
    if test != Test.CUSUM:
        part *= np.clip(_SURE_SIZE / np.maximum(mean, 1.0), 0.1, 1.0) ** 2
    dealt: Floats = settings.false_alerts_per_month / MONTH * part / max(part.sum(), 1.0)
    loosest = _LOOSEST * max(settings.false_alerts_per_month, 1.0)
    return dealt.clip(max=loosest)


class _Life:
    """The state of every group's alert, from day to day."""

    def __init__(self, groups: int) -> None:
        never = np.full(groups, -(10**6))
        self.alive: Bools = np.zeros(groups, bool)
        self.quiet = np.zeros(groups, np.int64)
        self.opened, self.active, self.closed = never.copy(), never.copy(), never.copy()
        self.relapsed: Bools = np.zeros(groups, bool)
        self.fresh: Bools = np.zeros(groups, bool)
        self.current = np.full(groups, -1)


def follow(
    groups: tuple[str, ...],
    customers: Floats,
    baseline: Baseline,
    found: Scan,
    settings: EmergenceSettings,
) -> Course:
    """Go through the days, and open, keep up and close alerts. `customers` is (groups, observed days).

    The CUSUM, the end of alerts and the status go by the slow baseline, which the rise itself has not lifted yet.
    """
    slow = baseline.slow or baseline
    count, days = customers.shape
    weeks = {window: trailing(customers, slow, window) for window in (3, 7, RECENT)}
    seen_before = np.cumsum(customers, axis=1)
    p_value, state = np.ones((count, days)), np.zeros((count, days))
    fired, status = np.full((count, days), Test.NONE, "<U6"), np.full((count, days), ThemeStatus.STABLE, "<U9")
    life, alerts, sums, ground = _Life(count), list[Alert](), np.zeros(count), np.zeros(count, np.int64)
    for day in range(days):
        sums = np.minimum(sums + gain(customers[:, day], slow, day), _CUSUM_TOP).clip(min=0)
        state[:, day] = sums
        seen, mean, _ = (values[:, day] for values in weeks[7])
        grown = (seen >= settings.minimum_customers) & (seen >= settings.minimum_lift * mean)
        by_scan = SCAN_COST / SCAN_SHARE * found.p_value[:, day]
        by_sum = np.where(grown, CUSUM_COST / (1 - SCAN_SHARE) * np.exp(-sums), 1.0)
        p_value[:, day] = np.minimum(np.minimum(by_scan, by_sum), 1.0)
        ready = day >= settings.least_days and baseline.history[day] > 0
        usual = mean / np.maximum(np.minimum(day + 1, 7), 1)
        scan_part = by_scan / thresholds(usual, settings)
        sum_part = by_sum / thresholds(usual, settings, Test.CUSUM)
        striking = np.minimum(scan_part, sum_part) <= 1
        fires = striking & (life.alive | (ready & (day - life.active >= 7)))
        before = seen_before[:, max(day - 7, 0)]
        strange = (before <= max(day - 7, 0) / _STRAYS) & (day - 7 >= settings.least_days_new)
        names = np.where(scan_part <= sum_part, Test.EXCESS, Test.CUSUM).astype("<U6")
        if baseline.history[day] < SHORT_HISTORY:
            names[:] = Test.SHORT
        names[strange] = Test.NEW
        fired[:, day] = np.where(fires, names, Test.NONE)
        lift = found.customers[:, day] / np.maximum(found.expected[:, day], 0.1)
        ground = np.where(sums <= 0, day, ground)
        began = np.where(scan_part <= sum_part, day + 1 - found.window[:, day], ground + 1)
        _open(groups, day, fires, names, lift, began, life, alerts)
        _close(day, [values[:, day] for values in weeks[3]], settings, life, alerts, sums)
        status[:, day] = _status(day, [values[:, day] for values in weeks[RECENT]], seen_before, settings, life)
    return Course(p_value, state, fired, status, tuple(alerts))


def _open(
    groups: tuple[str, ...],
    day: int,
    fires: Bools,
    names: npt.NDArray[np.str_],
    lift: Floats,
    began: Ints,
    life: _Life,
    alerts: list[Alert],
) -> None:
    for row in np.flatnonzero(fires & ~life.alive):
        life.alive[row], life.opened[row], life.quiet[row] = True, day, 0
        life.active[row] = day
        life.relapsed[row] = day - life.closed[row] <= RELAPSE
        life.fresh[row] = names[row] == Test.NEW
        life.current[row] = len(alerts)
        alerts.append(Alert(groups[row], day, None, Test(names[row]), float(lift[row]), int(row), int(began[row])))
    for row in np.flatnonzero(fires & life.alive):
        alert = alerts[life.current[row]]
        alerts[life.current[row]] = replace(alert, peak=max(alert.peak, float(lift[row])))


def _close(
    day: int,
    three_days: list[Floats],
    settings: EmergenceSettings,
    life: _Life,
    alerts: list[Alert],
    sums: Floats,
) -> None:
    """End alerts whose last three days have been usual for long enough; their CUSUM starts anew."""
    calm = excess(*three_days) > _CALM
    life.quiet = np.where(life.alive & calm, life.quiet + 1, 0)
    life.active[life.alive & ~calm] = day
    over = life.alive & (life.quiet >= settings.quiet_days)
    for row in np.flatnonzero(over):
        place = life.current[row]
        alerts[place] = replace(alerts[place], last_day=int(max(life.active[row], life.opened[row])))
    life.alive[over], life.closed[over], sums[over] = False, day, 0.0


def _status(
    day: int, recent: list[Floats], seen_before: Floats, settings: EmergenceSettings, life: _Life
) -> npt.NDArray[np.str_]:
    """What each group is called on this day; the first that fits, alerts before trends."""
    seen, mean, variance = recent
    usual_tail = excess(seen, mean, variance)
    low = (seen < mean) & ((mean - seen) ** 2 > 2.33**2 * variance)
    known = mean > 0
    first = seen_before[:, max(day - RECENT, 0)] == 0
    was_there = seen_before[:, day] > 0
    young = life.alive & (day - life.opened < RECENT)
    choices = [
        (young & life.fresh, ThemeStatus.NEW),
        (young & life.relapsed, ThemeStatus.REGRESSED),
        (young, ThemeStatus.EMERGING),
        (life.alive, ThemeStatus.GROWING),
        (day - life.closed < RECENT, ThemeStatus.RESOLVED),
        (first & was_there & (day >= settings.least_days_new), ThemeStatus.NEW),
        (known & (seen >= settings.minimum_lift * mean) & (usual_tail < 0.01), ThemeStatus.GROWING),
        (known & low & (seen <= _FADING * mean), ThemeStatus.FADING),
    ]
    return np.select([where for where, _ in choices], [str(name) for _, name in choices], str(ThemeStatus.STABLE))


def observed_alerts(alerts: tuple[Alert, ...], days: Ints) -> tuple[Alert, ...]:
    """Alerts in columns of the series, out of places among the observed days."""
    return tuple(
        replace(
            alert,
            first_day=int(days[alert.first_day]),
            began=int(days[alert.began]),
            last_day=None if alert.last_day is None else int(days[alert.last_day]),
        )
        for alert in alerts
    )
