"""What the alerts cost on generated companies: the simulation behind inference/emergence/calibration.py.

    python -m voc.experiments.emergence_calibration [--companies N]

Everything here is generated (synthetic): Poisson or negative binomial customers with the weekdays, trends, common noise
days and sizes that each company draws. It says what the thresholds do where the world is of that kind.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from rich.console import Console
from rich.table import Table

from voc.config import EmergenceSettings
from voc.experiments.replay.rhythms import overdispersed
from voc.inference.emergence.detect import Signals, detect
from voc.inference.emergence.series import Floats, Series

SEED = 20_260_101
WARM_UP = 28
WEEKDAYS = {
    "none": np.ones(7),
    "weak": np.array([1.15, 1.1, 1.05, 1.0, 1.0, 0.9, 0.8]),
    "strong": np.array([1.5, 1.3, 1.2, 1.2, 1.1, 0.45, 0.25]),
}


@dataclass(frozen=True)
class Rhythm:
    """How a company's contacts come and go, where nothing emerges."""

    groups: int = 45
    days: int = 180
    weekdays: str = "weak"
    dispersion: float = 1.3
    """Variance over mean of a group's day."""
    size: float = 3.0
    """Median customers of a group a day; log-normal about it."""
    size_spread: float = 1.2
    trend: float = 0.0
    """Company's growth in 28 days, as a logarithm."""
    theme_trend: float = 0.0
    """Standard deviation of the groups' own growth likewise."""
    theme_weekdays: float = 0.0
    """Standard deviation of a group's own weekdays (log)."""
    noise_days: float = 0.0
    """Share of days on which the whole company is off by a factor of 0.4 to 4."""
    drift: float = 0.0
    """Standard deviation of a slow wander of the groups' levels (log, correlation time 10 days)."""
    other: float = 0.25
    """Customers in no group, as a share of those in groups."""


def means(rhythm: Rhythm, draw: np.random.Generator) -> Floats:
    """(groups, days): the expected customers."""
    sizes = np.clip(rhythm.size * np.exp(rhythm.size_spread * draw.standard_normal(rhythm.groups)), 0.2, 200)
    day = np.arange(rhythm.days)
    week = WEEKDAYS[rhythm.weekdays] * np.exp(rhythm.theme_weekdays * draw.standard_normal((rhythm.groups, 7)))
    growth = rhythm.trend + rhythm.theme_trend * draw.standard_normal(rhythm.groups)
    log_mean = np.log(sizes)[:, None] + growth[:, None] * (day - rhythm.days / 2) / 28
    if rhythm.drift:
        keep = np.exp(-1 / 10)
        level = np.zeros(rhythm.groups)
        steps = draw.standard_normal((rhythm.days, rhythm.groups)) * rhythm.drift * np.sqrt(1 - keep**2)
        for column in range(rhythm.days):
            level = keep * level + steps[column]
            log_mean[:, column] += level
    noisy = draw.random(rhythm.days) < rhythm.noise_days
    factor = np.where(noisy, np.exp(draw.uniform(np.log(0.4), np.log(4), rhythm.days)), 1.0)
    answer = 1 + 0.1 * draw.standard_normal((rhythm.groups, 1))
    mean: Floats = np.exp(log_mean) * week[:, day % 7] * factor**answer
    return mean


def company(rhythm: Rhythm, draw: np.random.Generator) -> tuple[Series, Floats]:
    """A generated company and its means."""
    mean = means(rhythm, draw)
    customers = overdispersed(mean, rhythm.dispersion, draw)
    everyone = customers.sum(axis=0) + draw.poisson(rhythm.other * mean.sum(axis=0))
    names = tuple(f"T{row:03d}" for row in range(rhythm.groups))
    return Series(names, date(2025, 1, 6), customers, np.zeros(rhythm.days), everyone), mean


def false_alerts(signals: Signals, warm_up: int = WARM_UP) -> int:
    """Alerts opened after the warm-up."""
    return sum(alert.first_day >= warm_up for alert in signals.alerts)


def rhythms() -> Iterator[tuple[str, Rhythm]]:
    """The companies that the costs were measured on, each with a name."""
    for groups in (10, 45, 120, 300):
        yield f"groups {groups}", Rhythm(groups=groups)
    for dispersion in (1.0, 2.0, 3.0):
        yield f"dispersion {dispersion:g}", Rhythm(dispersion=dispersion)
    for weekdays in ("none", "strong"):
        yield f"weekdays {weekdays}", Rhythm(weekdays=weekdays)
    yield "own weekdays", Rhythm(weekdays="strong", theme_weekdays=0.15)
    yield "trend", Rhythm(trend=0.1, theme_trend=0.1)
    yield "noise days", Rhythm(noise_days=0.03)
    yield "drift", Rhythm(drift=0.1)
    yield "large themes", Rhythm(size=30, size_spread=1.0, dispersion=2.0, theme_weekdays=0.05)
    yield "small themes", Rhythm(size=0.5, size_spread=0.8)
    yield "short", Rhythm(days=60)
    yield "year", Rhythm(days=400)
    yield (
        "everything",
        Rhythm(120, 240, "strong", 2.0, 3.0, 1.3, 0.05, 0.07, 0.1, 0.02, 0.05),
    )


@dataclass(frozen=True)
class Spike:
    """A rise to `factor` times the usual, over `length` days; a ramp gets there evenly, else it is sudden."""

    factor: float = 2.0
    length: int = 7
    ramp: bool = False


def recall(
    rhythm: Rhythm, spike: Spike, companies: int, settings: EmergenceSettings, draw: np.random.Generator
) -> list[tuple[float, int | None]]:
    """Usual customers a day and days until the alert (1: on the first day; None: not before it ended) of each spike.

    One group in eight of each company gets a spike, at a time of its own after the eighth week (or half of the days).
    """
    found: list[tuple[float, int | None]] = []
    for _ in range(companies):
        series, mean = company(rhythm, draw)
        rows = draw.choice(rhythm.groups, max(rhythm.groups // 8, 1), replace=False)
        starts = draw.integers(min(56, rhythm.days // 2), rhythm.days - spike.length, len(rows))
        shape = np.linspace(0, 1, spike.length + 1)[1:] if spike.ramp else np.ones(spike.length)
        for row, start in zip(rows, starts, strict=True):
            days = slice(start, start + spike.length)
            extra = overdispersed((spike.factor - 1) * mean[row, days] * shape, rhythm.dispersion, draw)
            series.customers[row, days] += extra
            series.everyone[days] += extra
        signals = detect(series, settings)
        for row, start in zip(rows, starts, strict=True):
            opened = [
                alert.first_day - int(start) + 1
                for alert in signals.alerts
                if alert.row == row and start <= alert.first_day < start + spike.length
            ]
            found.append((float(mean[row].mean()), min(opened, default=None)))
    return found


def main() -> None:
    """Print false alerts in 30 days and recall of doubled themes, each for every kind of company."""
    parser = argparse.ArgumentParser(description="What the alerts cost on generated (synthetic) companies.")
    parser.add_argument("--companies", type=int, default=5, help="of each kind")
    companies = parser.parse_args().companies
    settings = EmergenceSettings()
    table = Table("company (synthetic)", "months", "alerts", "a month", "doubled, from 8 a day: in 4 days", "spikes")
    for name, rhythm in rhythms():
        draw = np.random.default_rng(SEED)
        alerts = sum(false_alerts(detect(company(rhythm, draw)[0], settings)) for _ in range(companies))
        months = companies * (rhythm.days - WARM_UP) / 30
        delays = [delay for size, delay in recall(rhythm, Spike(), companies, settings, draw) if size >= 8]
        share = np.mean([delay is not None and delay <= 4 for delay in delays]) if delays else np.nan
        table.add_row(
            name, f"{months:.0f}", str(alerts), f"{alerts / months:.2f}", f"{100 * share:.0f} %", str(len(delays))
        )
    Console().print(table)


if __name__ == "__main__":
    main()
