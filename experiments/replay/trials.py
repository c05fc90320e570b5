"""The runs of a replay: each one a history with one spike in it, and where and when it should be found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from voc.experiments.replay.history import History
from voc.experiments.replay.spikes import RECENT_DAYS, Shape, Source, Sources, Spike, injected, rhythm_of, without
from voc.inference.emergence.series import Floats, Ints, Series

LEAST_HISTORY = 42
"""Days before the first spike."""
MEDIUM_SIZE = 8.0
"""Customers a day from which on a doubling for a week is the medium spike of the headline."""
CLASSES: tuple[tuple[str, float, float], ...] = (
    ("under_1", 0.0, 1.0), ("1_to_3", 1.0, 3.0), ("3_to_8", 3.0, MEDIUM_SIZE), ("8_up", MEDIUM_SIZE, np.inf),
)  # fmt: skip
"""Themes by customers a day: name, from, to below."""
FACTORS = (1.5, 2.0, 4.0)
DURATIONS = (3, 7, 14)
SHAPES: tuple[Shape, ...] = ("sudden", "gradual")
EXTRAS = (5.0, 10.0)
COLUMNS: tuple[Literal["language", "product"], ...] = ("language", "product")
NEW_PER_DAY = 5
NEW_DAYS = 7
LATE = 3
"""Days after its end on which a spike may still be found."""
LAST_SYNTHETIC = 120
"""Spikes of synthetic companies begin by this day: what comes later only costs time."""

Kind = Literal["medium", "grid", "extra", "language", "product", "reason", "new_theme", "new_reason"]


@dataclass(frozen=True)
class Trial:
    """One spike in one history.

    `base` names the history without it (None where the history knew nothing of the source, and is the run's own);
    `own` the themes in which an alert finds it. The series ends where nothing more is asked of it.
    """

    kind: Kind
    series: Series
    base: int | None
    own: tuple[int, ...]
    spike: Spike
    size: str
    """Size class of the theme."""

    @property
    def tags(self) -> Mapping[str, str]:
        """What figures are grouped by."""
        spike = self.spike
        amount = f"x{spike.factor:g}" if spike.factor is not None else f"plus{spike.extra:g}"
        tags = {"amount": amount, "class_amount": f"{self.size}.{amount}"}
        if self.kind == "grid":
            tags |= {"days": f"{spike.days}d", "shape": spike.shape, "class": self.size}
        return tags


@dataclass(frozen=True)
class Replay:
    """Draws trials from one lake; the same seed draws the same."""

    history: History
    sources: Sources
    seed: int

    @cached_property
    def base(self) -> Series:
        """The history without what was planted."""
        return self.history.series(self.history.untouched)

    def trials(self, repeats: int) -> Iterator[Trial]:
        """All of them: `repeats` a cell of the grid, fifteen times as many medium ones."""
        random = np.random.default_rng(self.seed)
        themes, every = self.sources.themes, [name for name, _, _ in CLASSES]
        medium = Spike(0, 7, factor=2.0)
        yield from self._drawn("medium", medium, themes, every[-1:], 15 * repeats, random)
        for factor in FACTORS:
            for days in DURATIONS:
                for shape in SHAPES:
                    spike = Spike(0, days, shape, factor=factor)
                    yield from self._drawn("grid", spike, themes, every, repeats, random)
        for extra in EXTRAS:
            spike = Spike(0, 7, extra=extra)
            yield from self._drawn("extra", spike, themes, every[:-1], 2 * repeats, random)
        for column in COLUMNS:
            yield from self._drawn(column, medium, self._parts(column), every[-2:], 2 * repeats, random)
        yield from self._drawn("reason", medium, self.sources.reasons, every, 2 * repeats, random)
        new = Spike(0, NEW_DAYS, exactly=NEW_PER_DAY)
        yield from self._newcomers("new_theme", new, themes, 2 * repeats, random)
        yield from self._newcomers("new_reason", new, self.sources.newcomers, 2 * repeats, random)

    def _parts(self, column: Literal["language", "product"]) -> list[Source]:
        values = self.history.language if column == "language" else self.history.product
        names = sorted(set(values.tolist()) - {""})
        parts = [self.sources.of_part(source, column, name) for source in self.sources.themes for name in names]
        return [part for part in parts if part is not None]

    def _drawn(
        self,
        kind: Kind,
        spike: Spike,
        sources: Sequence[Source],
        classes: Sequence[str],
        number: int,
        random: np.random.Generator,
    ) -> Iterator[Trial]:
        """Spikes of sources that are of one of these size classes on their first day, each class as probable."""
        sizes = [recent_size(self.base, source.own) for source in sources]
        found = [places_of(sizes, name, self.base.days - spike.days) for name in classes]
        found = [places for places in found if len(places)]
        rhythm = rhythm_of(self.base)
        for _ in range(number if found else 0):
            places = found[random.integers(len(found))]
            source, start = (int(one) for one in places[random.integers(len(places))])
            put = replace(spike, start=start)
            series = injected(self.history, self.base, sources[source], put, rhythm, random)
            yield Trial(kind, _cut(series, put), 0, sources[source].own, put, size_class(sizes[source][start]))

    def _newcomers(
        self, kind: Kind, spike: Spike, sources: Sequence[Source], number: int, random: np.random.Generator
    ) -> Iterator[Trial]:
        for place in random.integers(len(sources), size=number) if sources else ():
            source = sources[place]
            put = replace(spike, start=int(random.integers(LEAST_HISTORY, self.base.days - spike.days + 1)))
            base = without(self.history, source)
            series = injected(self.history, base, source, put, np.ones(base.days), random)
            yield Trial(kind, _cut(series, put), None, source.own, put, "new")


def synthetic_trials(series: Series, base: int, number: int, seed: int) -> Iterator[Trial]:
    """Medium spikes in a history of counts alone: nothing is misassigned there, or all of it evenly."""
    random = np.random.default_rng(seed)
    spike = Spike(0, 7, factor=2.0)
    sizes = [recent_size(series, (theme,)) for theme in range(len(series.groups))]
    places = places_of(sizes, "8_up", min(series.days - spike.days, LAST_SYNTHETIC))
    rhythm = rhythm_of(series)
    for place in random.integers(len(places), size=number) if len(places) else ():
        theme, start = (int(one) for one in places[place])
        put = replace(spike, start=start)
        more = put.counts(float(sizes[theme][start]), rhythm, random)
        customers, everyone = series.customers.copy(), series.everyone.copy()
        customers[theme, start : put.end] += more
        everyone[start : put.end] += more
        changed = replace(series, customers=customers, everyone=everyone)
        yield Trial("medium", _cut(changed, put), base, (theme,), put, "8_up")


def recent_size(series: Series, themes: tuple[int, ...]) -> Floats:
    """Customers a day that the history shows in these themes in the RECENT_DAYS before each day, (days,)."""
    total = np.concatenate([[0], np.cumsum(series.customers[list(themes)].sum(axis=0))])
    day = np.arange(series.days)
    since = np.maximum(day - RECENT_DAYS, 0)
    return np.asarray((total[day] - total[since]) / np.maximum(day - since, 1))


def places_of(sizes: Sequence[Floats], name: str, last: int) -> Ints:
    """Rows of source and day, from LEAST_HISTORY to `last`, on which the source is of this size class."""
    low, high = next((low, high) for one, low, high in CLASSES if one == name)
    found = np.stack(sizes) if sizes else np.zeros((0, 0))
    fits = (found >= low) & (found < high)
    fits[:, :LEAST_HISTORY] = False
    fits[:, last + 1 :] = False
    return np.argwhere(fits)


def size_class(customers: float) -> str:
    """Name of the class of a theme with so many customers a day."""
    return next(name for name, _, below in CLASSES if customers < below)


def _cut(series: Series, spike: Spike) -> Series:
    """Alerts depend on the past alone: days after those that are judged would only cost time."""
    return series.upto(min(spike.end + LATE, series.days))
