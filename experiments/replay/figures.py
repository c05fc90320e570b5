"""Outcomes and counts to named figures, and the curve on which detectors are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from voc.experiments.judging import ends
from voc.experiments.replay.alerts import Raised
from voc.experiments.replay.judging import (
    NEW_SOON,
    FalseAlerts,
    Found,
    Outcome,
    by_tag,
    false_alerts,
    median_delay,
    precision,
    recall,
)

BUDGET = 1.0
"""False alerts a month at which detectors are compared."""


@dataclass(frozen=True)
class Point:
    """A detector at one level: false alerts a month in quiet histories (95 % interval), and what it finds there."""

    detector: str
    level: float
    false_per_month: float
    low: float
    high: float
    recall_medium_4d: float
    median_delay_days: float | None


def recall_figures(medium: Sequence[Outcome], others: Sequence[Outcome]) -> dict[str, float]:
    """Recall, delay and precision of the trials there are; what no trial was drawn for is left out."""
    figures = medium_figures(medium)
    kinds = {kind: [one for one in others if one.trial.kind == kind] for kind in sorted({o.trial.kind for o in others})}
    grid = [one for kind in ("grid", "extra") for one in kinds.get(kind, [])]
    figures |= {f"recall_4d.{tag}": value for tag, value in by_tag(grid).items()}
    for kind in ("language", "product", "reason"):
        if kind in kinds:
            figures[f"recall_4d.one_{kind}"] = recall(kinds[kind])
    for kind in ("new_theme", "new_reason"):
        if kind in kinds:
            named = [one.named is not None and one.named < NEW_SOON for one in kinds[kind]]
            noticed = [one.delay is not None and one.delay < NEW_SOON for one in kinds[kind]]
            figures[f"{kind}_named_3d"] = sum(named) / len(named)
            figures[f"{kind}_alerted_3d"] = sum(noticed) / len(noticed)
    return figures


def medium_figures(medium: Sequence[Outcome]) -> dict[str, float]:
    """Of the headline's spikes: recall with its 95 % interval (Wilson 1927), median delay, precision."""
    if not medium:
        return {}
    found = binomtest(sum(one.soon for one in medium), len(medium)).proportion_ci(method="wilson")
    figures = {"recall_medium_4d": recall(medium)} | ends("recall_medium_4d", (float(found.low), float(found.high)))
    for name, value in (("median_delay_days", median_delay(medium)), ("precision", precision(medium))):
        figures |= {name: value} if value is not None else {}
    return figures


def event_figures(events: Sequence[Found]) -> dict[str, float]:
    """Planted events found, of how many, after how many days."""
    if not events:
        return {}
    delays = [event.delay for event in events if event.delay is not None]
    figures = {"planted_found": float(len(delays)), "planted_total": float(len(events))}
    return figures | ({"planted_median_delay_days": float(np.median(delays))} if delays else {})


def false_figures(name: str, alerts: FalseAlerts) -> dict[str, float]:
    """The rate and its exact interval."""
    return {name: alerts.per_month} | ends(name, alerts.interval)


def costs_of(raised: Sequence[Mapping[float, Raised]]) -> list[dict[float, FalseAlerts]]:
    """False alerts at each level in each of several quiet histories."""
    return [{level: false_alerts(found) for level, found in one.items()} for one in raised]


def total(costs: Sequence[Mapping[float, FalseAlerts]], level: float) -> FalseAlerts:
    """False alerts at a level in several histories together."""
    return sum((cost[level] for cost in costs), FalseAlerts(0, 0))


def curve_of(
    name: str, by_level: Mapping[float, Sequence[Outcome]], costs: Sequence[Mapping[float, FalseAlerts]]
) -> list[Point]:
    """What each level finds of the medium spikes, over what it costs; strictest first."""
    points = []
    for level, found in by_level.items():
        if found:
            cost = total(costs, level)
            points.append(Point(name, level, cost.per_month, *cost.interval, recall(found), median_delay(found)))
    return sorted(points, key=lambda point: (point.false_per_month, point.recall_medium_4d))


def at_budget(points: Sequence[Point]) -> dict[str, float]:
    """Recall at BUDGET false alerts a month, linear between levels; nothing where even the strictest level costs more.

    What a dearer level finds less of counts as found: one would not choose it.
    """
    rates = [point.false_per_month for point in points]
    if not points or min(rates) > BUDGET:
        return {}
    best = np.maximum.accumulate([point.recall_medium_4d for point in points])
    return {"recall_4d_at_1pm": float(np.interp(BUDGET, rates, best))}
