"""What every detector of the replay gives back, and the one life cycle that its alerts have."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voc.inference.emergence.series import Series

Bools = npt.NDArray[np.bool_]

QUIET_DAYS = 7
"""A rule's alert lives until the rule has been silent for so many days; until then nothing new is opened. Ours
ends when three days together are usual again and stay so for five, which is about as long."""


@dataclass(frozen=True)
class Raised:
    """The alerts of one detector on one series.

    `opened` and `named` are (groups, days): an alert was opened on the day; one lives that calls the group new. `tests`
    says by group and day which of its tests opened an alert, where a detector has several.
    """

    opened: Bools
    named: Bools
    tests: Mapping[tuple[int, int], str] = field(default_factory=dict)


class Detector(Protocol):
    """Something that watches series and raises alerts, at any of several levels of strictness."""

    @property
    def name(self) -> str:
        """Short name, as figures are called by it."""

    @property
    def default(self) -> float:
        """The level at which it is used."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels for the curve."""

    def raised(self, series: Series, levels: Sequence[float]) -> list[Raised]:
        """Alerts at each of the levels; those of a day depend on that day and earlier ones only."""


Watch = Callable[[Sequence[Series], Sequence[float]], Iterator[list[Raised]]]
"""Series, and levels: for each series what a detector raises at each level."""


def in_process(detector: Detector) -> Watch:
    """Watch one series after the other."""
    return lambda series, levels: (detector.raised(one, levels) for one in series)


def in_pool(detector: Detector, pool: Executor) -> Watch:
    """Watch several series at once; the detector has to be picklable."""
    return lambda series, levels: pool.map(partial(_raised, detector, levels), series, chunksize=2)


def _raised(detector: Detector, levels: Sequence[float], series: Series) -> list[Raised]:
    return detector.raised(series, levels)


def openings(fired: Bools) -> Bools:
    """Days on which an alert opens, shaped as `fired` (..., days): fired, and silent for QUIET_DAYS days before."""
    days = fired.shape[-1]
    total = np.concatenate([np.zeros((*fired.shape[:-1], 1), np.int64), np.cumsum(fired, axis=-1)], axis=-1)
    since = np.maximum(np.arange(days) - QUIET_DAYS, 0)
    before = total[..., :days] - total[..., since]
    return np.asarray(fired & (before == 0))
