"""Synthetic companies with other rhythms than the demo's: counts alone, drawn from a formula, without any text."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from voc.inference.emergence.series import Floats, Series

OFFICE = (1.22, 1.14, 1.08, 1.05, 1.0, 0.62, 0.42)
SHOP = (0.9, 0.85, 0.9, 1.0, 1.15, 1.3, 0.9)


@dataclass(frozen=True)
class Rhythm:
    """How a company's counts come about.

    Sizes are customers a day of each theme, log-uniform; `trend` the growth a year of the whole; `dispersion` variance
    over mean of a theme's day; `common` the standard deviation (log) of what all themes of a day share; `noise_days` on
    how many days everything is `noise_factor` times as high.
    """

    name: str
    themes: int
    days: int
    weekday: tuple[float, ...] = (1.0,) * 7
    smallest: float = 0.5
    largest: float = 100.0
    trend: float = 0.0
    dispersion: float = 1.2
    common: float = 0.05
    noise_days: int = 2
    noise_factor: float = 2.5
    closed: tuple[int, int] | None = None
    """First day and number of days without a single contact."""

    def series(self, seed: int) -> Series:
        """The counts; nothing in them is emerging."""
        random = np.random.default_rng(seed)
        sizes = np.exp(random.uniform(np.log(self.smallest), np.log(self.largest), self.themes))
        day = np.arange(self.days)
        level = np.array(self.weekday)[day % 7] * (1 + self.trend) ** (day / 365)
        level = level * np.exp(self.common * random.standard_normal(self.days))
        level[random.choice(self.days, self.noise_days, replace=False)] *= self.noise_factor
        if self.closed is not None:
            level[self.closed[0] : sum(self.closed)] = 0.0
        customers = overdispersed(sizes[:, None] * level, self.dispersion, random)
        # Some customers contact on two themes in a day, and about a quarter on none.
        everyone = random.binomial(customers.sum(axis=0), 0.97) + random.poisson(0.25 * sizes.sum() * level)
        exposure = np.round(30 * sizes.sum() * (1 + self.trend) ** (day / 365))
        names = tuple(f"T{number + 1:03d}" for number in range(self.themes))
        return Series(names, date(2025, 1, 6), customers, exposure, everyone)


def overdispersed(mean: Floats, dispersion: float, random: np.random.Generator) -> np.ndarray:
    """Counts with this mean and `dispersion` times the variance of a Poisson: negative-binomial where above 1."""
    if dispersion <= 1:
        return random.poisson(mean).astype(np.int64)
    shape = mean / (dispersion - 1)
    rate = random.gamma(np.maximum(shape, 1e-12)) * (dispersion - 1)
    return random.poisson(np.where(mean > 0, rate, 0.0)).astype(np.int64)


RHYTHMS = (
    Rhythm("flat", themes=40, days=200),
    Rhythm("office", themes=60, days=200, weekday=OFFICE, dispersion=1.5, common=0.1),
    Rhythm("shop_growing", themes=40, days=240, weekday=SHOP, trend=1.0, dispersion=1.3),
    Rhythm("shrinking", themes=30, days=200, weekday=OFFICE, trend=-0.5),
    Rhythm("restless", themes=40, days=200, weekday=OFFICE, dispersion=3.0, common=0.15, noise_days=5),
    Rhythm("small", themes=25, days=150, weekday=OFFICE, largest=10.0, dispersion=1.1),
    Rhythm("closed_weeks", themes=30, days=200, weekday=OFFICE, closed=(90, 14)),
)
