"""Spikes put into a history: real verbatims of the lake under new customers, in the themes the model gave them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from voc.experiments.replay.alerts import Bools
from voc.experiments.replay.history import History
from voc.inference.emergence.series import Floats, Ints, Series

Shape = Literal["sudden", "gradual"]
RECENT_DAYS = 28
"""A theme's size is its mean over so many days before the spike."""
LEAST_POOL = 20
"""Fewest contacts that verbatims are drawn from."""
OWN_SHARE = 0.2
"""A reason's spike may be found in any theme that has this share of the reason's contacts."""
MOSTLY = 0.5
"""A theme is a reason's own, and would not exist without it, where at least this share of it is of that reason."""


@dataclass(frozen=True)
class Spike:
    """How many customers more, from when, for how long.

    Either `factor` (2: twice as many as in the RECENT_DAYS before) or `extra` customers a day, Poisson around it in the
    week's own rhythm; or `exactly` so many every day.
    """

    start: int
    days: int
    shape: Shape = "sudden"
    factor: float | None = None
    extra: float | None = None
    exactly: int | None = None

    @property
    def end(self) -> int:
        """The day after its last."""
        return self.start + self.days

    def counts(self, mean: float, rhythm: Floats, random: np.random.Generator) -> Ints:
        """Customers more on each day, (`days`,); `mean` a day before, `rhythm` (all days,) of mean 1."""
        if self.exactly is not None:
            return np.full(self.days, self.exactly, dtype=np.int64)
        rate = (self.factor - 1) * mean if self.factor is not None else self.extra or 0.0
        rates = rate * rhythm[self.start : self.end]
        if self.shape == "gradual":  # grows evenly, and has the full size on its last day alone
            rates = rates * np.arange(1, self.days + 1) / self.days
        return random.poisson(rates).astype(np.int64)


@dataclass(frozen=True)
class Source:
    """Where a spike's verbatims come from: `rows` of the history; found is what raises one of its `own` themes."""

    name: str
    rows: Ints
    own: tuple[int, ...]
    daily: Floats
    """Distinct customers a day, (days,): the size that a factor multiplies."""

    def recent(self, day: int) -> float:
        """Customers a day in the RECENT_DAYS before this day."""
        return float(self.daily[max(day - RECENT_DAYS, 0) : day].mean())


@dataclass(frozen=True)
class Sources:
    """The sources of a history, of its contacts that nobody planted.

    Assignment is deterministic in a contact's vector, so the theme in `theme_assignments` is what the theme model
    says of the same words from a new customer: drawn verbatims that it had put elsewhere, or nowhere, are lost again.
    """

    history: History
    seed: int = 13

    @cached_property
    def themes(self) -> tuple[Source, ...]:
        """One of each theme: its contacts, and its share of those of its main reason that are in no theme."""
        history, found = self.history, []
        kept = history.untouched
        main = [_main_reason(history, kept, theme) for theme in range(len(history.themes))]
        sizes = np.bincount(history.theme[kept & (history.theme >= 0)], minlength=len(history.themes))
        random = np.random.default_rng(self.seed)
        for theme, reason in enumerate(main):
            inside = np.flatnonzero(kept & (history.theme == theme))
            lost = np.flatnonzero(kept & (history.theme < 0) & (history.reason == reason))
            share = sizes[theme] / max(sum(sizes[other] for other in range(len(main)) if main[other] == reason), 1)
            lost = random.permutation(lost)[: round(share * len(lost))]
            found.append(self._source(history.themes[theme], np.sort(np.concatenate([inside, lost])), (theme,)))
        return tuple(one for one in found if len(one.rows) >= LEAST_POOL)

    @cached_property
    def reasons(self) -> tuple[Source, ...]:
        """One of each contact reason that some theme has a good share of."""
        history, kept = self.history, self.history.untouched
        found = []
        for reason in sorted(set(history.reason[kept].tolist()) - {""}):
            rows = np.flatnonzero(kept & (history.reason == reason))
            own = history.themes_of(rows, OWN_SHARE)
            if own and len(rows) >= LEAST_POOL:
                found.append(self._source(reason, rows, own))
        return tuple(found)

    @cached_property
    def newcomers(self) -> tuple[Source, ...]:
        """One of each contact reason that has themes of its own, which nobody would know without it."""
        history, kept = self.history, self.history.untouched
        main = [_main_reason(history, kept, theme) for theme in range(len(history.themes))]
        found = []
        for reason in sorted(set(main) - {""}):
            rows = np.flatnonzero(kept & (history.reason == reason))
            own = [theme for theme in history.themes_of(rows, 0.0) if main[theme] == reason]
            own = [theme for theme in own if self._share(theme, reason) >= MOSTLY]
            if own and len(rows) >= LEAST_POOL:
                found.append(self._source(reason, rows, tuple(own)))
        return tuple(found)

    def _share(self, theme: int, reason: str) -> float:
        inside = self.history.untouched & (self.history.theme == theme)
        return float((self.history.reason[inside] == reason).mean()) if inside.any() else 0.0

    def of_part(self, source: Source, column: Literal["language", "product"], value: str) -> Source | None:
        """The same with verbatims of one language or product alone; None where there are too few."""
        values = self.history.language if column == "language" else self.history.product
        rows = source.rows[values[source.rows] == value]
        return replace(source, name=f"{source.name} {value}", rows=rows) if len(rows) >= LEAST_POOL else None

    def _source(self, name: str, rows: Ints, own: tuple[int, ...]) -> Source:
        inside = np.zeros(len(self.history.day), dtype=np.bool_)
        inside[rows] = True
        return Source(name, rows, own, self.history.distinct(inside).astype(np.float64))


def rhythm_of(series: Series) -> Floats:
    """The week's rhythm, (days,) of mean 1: the median of all customers on each weekday."""
    weekday = np.arange(series.days) % 7
    of_day = [series.everyone[weekday == one] for one in range(7)]
    level = np.array([np.median(values) if len(values) else 0.0 for values in of_day])[weekday]
    return np.asarray(level / level.mean() if level.any() else np.ones(series.days))


def injected(
    history: History, base: Series, source: Source, spike: Spike, rhythm: Floats, random: np.random.Generator
) -> Series:
    """`base` with the spike in it; every drawn verbatim is a customer of his own."""
    counts = spike.counts(source.recent(spike.start), rhythm, random)
    themes = history.theme[random.choice(source.rows, int(counts.sum()))]
    days = np.repeat(np.arange(spike.start, spike.end), counts)
    customers, everyone = base.customers.copy(), base.everyone.copy()
    np.add.at(everyone, days, 1)
    np.add.at(customers, (themes[themes >= 0], days[themes >= 0]), 1)
    return replace(base, customers=customers, everyone=everyone)


def without(history: History, source: Source) -> Series:
    """The history as if the source had never been: without its contacts, and nothing in themes that are mostly its."""
    kept: Bools = history.untouched.copy()
    kept[source.rows] = False
    kept &= ~np.isin(history.theme, source.own)
    return history.series(kept)


def _main_reason(history: History, kept: Bools, theme: int) -> str:
    names, counts = np.unique(history.reason[kept & (history.theme == theme)], return_counts=True)
    return str(names[counts.argmax()]) if len(names) else ""
