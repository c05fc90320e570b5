"""What detectors are judged by: found or not and when, and what they raised for nothing."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voc.experiments.replay.alerts import Raised, Watch
from voc.experiments.replay.history import LEAST_SHARE, History
from voc.experiments.replay.trials import LATE, Trial
from voc.inference import intervals
from voc.inference.emergence.series import Series

DAYS_A_MONTH = 365.25 / 12
WARM_UP = 28
"""Alerts of the first days are not counted as false: nobody knows yet what is usual."""
SOON = 4
"""Found by the end of so many days, the first one included."""
NEW_SOON = 3
BEFORE = 20
"""Days before a spike whose alerts count in precision; with a week's spike they make a month."""
EVENT_LATE = 7
"""The same of a planted event."""


@dataclass(frozen=True)
class Outcome:
    """What a detector did with a trial.

    `delay` in days, 0 on the spike's first day, None where it was not found; `named` the same until it was named new;
    `hits` and `false` are the alerts from BEFORE days before the spike until LATE days after it that are its, and that
    are not.
    """

    trial: Trial
    delay: int | None
    named: int | None
    hits: int
    false: int

    @property
    def soon(self) -> bool:
        """Found within SOON days."""
        return self.delay is not None and self.delay < SOON


@dataclass(frozen=True)
class FalseAlerts:
    """How many false alerts in how many days."""

    alerts: int
    days: int

    def __add__(self, other: "FalseAlerts") -> "FalseAlerts":
        return FalseAlerts(self.alerts + other.alerts, self.days + other.days)

    @property
    def per_month(self) -> float:
        """Alerts a month."""
        return self.alerts / self.months

    @property
    def months(self) -> float:
        """Time watched, in months."""
        return max(self.days, 1) / DAYS_A_MONTH

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `per_month`: exact for a Poisson count (Garwood 1936)."""
        low, high = intervals.poisson(self.alerts)
        return low / self.months, high / self.months


@dataclass(frozen=True)
class Found:
    """What became of a planted event: when, where and by which test the first alert in its themes opened, if any."""

    event: str
    first: int
    last: int
    themes: tuple[str, ...]
    found: int | None
    theme: str | None
    test: str | None

    @property
    def delay(self) -> int | None:
        """Days from its first day on."""
        return None if self.found is None else self.found - max(self.first, 0)


def raised_in(watch: Watch, levels: Sequence[float], histories: Sequence[Series]) -> list[dict[float, Raised]]:
    """What a detector raises in each of these histories, by level."""
    return [dict(zip(levels, found, strict=True)) for found in watch(histories, levels)]


def outcomes(
    watch: Watch,
    levels: Sequence[float],
    trials: Sequence[Trial],
    before: Sequence[Mapping[float, Raised]],
    tick: Callable[[], None] = lambda: None,
) -> dict[float, list[Outcome]]:
    """What a detector does at each level with every trial; `before` is what it raised in the histories they name."""
    judged: dict[float, list[Outcome]] = {level: [] for level in levels}
    for trial, found in zip(trials, watch([trial.series for trial in trials], levels), strict=True):
        for level, raised in zip(levels, found, strict=True):
            judged[level].append(outcome(trial, raised, None if trial.base is None else before[trial.base][level]))
        tick()
    return judged


def outcome(trial: Trial, raised: Raised, base: Raised | None) -> Outcome:
    """Judge one trial; an alert that the history without the spike would have raised as well does not find it."""
    start, days = trial.spike.start, trial.series.days
    until = min(trial.spike.end + LATE, days)
    own = np.zeros(len(raised.opened), dtype=np.bool_)
    own[list(trial.own)] = True
    opened = raised.opened.copy()
    if base is not None:
        already = np.cumsum(base.opened[:, start:until], axis=1) > 0
        opened[:, start:until] &= ~already
    found = np.flatnonzero(opened[own, start:until].any(axis=0))
    named = np.flatnonzero(raised.named[own, start:until].any(axis=0))
    month = slice(max(start - BEFORE, 0), until)
    hits = int(opened[own, start:until].sum())
    return Outcome(
        trial,
        int(found[0]) if len(found) else None,
        int(named[0]) if len(named) else None,
        hits,
        max(int(raised.opened[:, month].sum()) - hits, 0),
    )


def false_alerts(raised: Raised) -> FalseAlerts:
    """All alerts after WARM_UP, of a history in which there is nothing to find."""
    opened = raised.opened[:, WARM_UP:]
    return FalseAlerts(int(opened.sum()), opened.shape[1])


def false_beside(raised: Raised, history: History) -> FalseAlerts:
    """Alerts after WARM_UP that no planted event explains, by theme and time."""
    opened = raised.opened.copy()
    for event in history.planted:
        themes = list(history.themes_of(event.rows, LEAST_SHARE))
        opened[themes, max(event.first, 0) : event.last + EVENT_LATE + 1] = False
    opened = opened[:, WARM_UP:]
    return FalseAlerts(int(opened.sum()), opened.shape[1])


def planted(raised: Raised, history: History) -> list[Found]:
    """When each planted event was found."""
    found = []
    for event in history.planted:
        themes = history.themes_of(event.rows, LEAST_SHARE)
        first, until = max(event.first, 0), min(event.last + EVENT_LATE + 1, history.days)
        names = tuple(history.themes[one] for one in themes)
        places = np.argwhere(raised.opened[list(themes), first:until].T)
        if len(places):
            day, theme = int(places[0][0]) + first, themes[int(places[0][1])]
            test = raised.tests.get((theme, day))
            found.append(Found(event.name, event.first, event.last, names, day, history.themes[theme], test))
        else:
            found.append(Found(event.name, event.first, event.last, names, None, None, None))
    return found


def recall(found: Sequence[Outcome]) -> float:
    """Share found within SOON days."""
    return sum(one.soon for one in found) / len(found)


def precision(found: Sequence[Outcome]) -> float | None:
    """Share of the alerts that were for the spike, in a month with one spike; None without an alert."""
    hits, false = sum(one.hits for one in found), sum(one.false for one in found)
    return hits / (hits + false) if hits + false else None


def median_delay(found: Sequence[Outcome]) -> float | None:
    """Days until it was found, of those that were."""
    delays = [one.delay for one in found if one.delay is not None]
    return float(np.median(delays)) if delays else None


def by_tag(found: Sequence[Outcome]) -> dict[str, float]:
    """`recall` of each tag of the trials."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for one in found:
        for value in one.trial.tags.values():
            groups[value].append(one)
    return {name: recall(group) for name, group in sorted(groups.items())}
