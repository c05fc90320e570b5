"""Figures of a risk: how well its order finds the few who leave, and whether its probabilities are true.

All of them take a weight for each row, so that a bootstrap over customers only changes the weights: rows are put in
order once, and each replicate is linear in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from voc.models.tasks import Floats

Numbers: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Days: TypeAlias = npt.NDArray[np.datetime64]

TOP = 0.1
"""The share of contacts that lift and recall look at: the top decile."""
BINS = 10


@dataclass(frozen=True)
class Risk:
    """Rows in their order: what happened, what was expected, on which day.

    `truth` (rows,) says who left, `probabilities` (rows,) are from 0 to 1. Equal probabilities are one place: each of
    their rows stands there with the same share, so no figure depends on the order in which rows came.
    """

    truth: Bools
    probabilities: Floats | Numbers
    days: Days
    per_day: int
    """How many contacts of a day somebody can act on."""
    _whole: "_Places" = field(init=False, repr=False)
    _daily: "_Places" = field(init=False, repr=False)
    _bins: npt.NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        whole = _Places(np.zeros(len(self.truth), dtype=np.int64), self.probabilities)
        daily = _Places(self.days.astype("datetime64[D]").astype(np.int64), self.probabilities)
        # Bins of equal size: risks are small, and bins of equal width would put nearly all rows in the first.
        ranks = np.searchsorted(np.sort(self.probabilities), self.probabilities, side="left")
        object.__setattr__(self, "_whole", whole)
        object.__setattr__(self, "_daily", daily)
        object.__setattr__(self, "_bins", ranks * BINS // max(len(self.truth), 1))

    def figures(self, weights: Numbers | None = None) -> dict[str, float]:
        """Every figure, nan where nobody left.

        pr_auc: area under precision and recall as average precision. lift_top_decile: share that left among the tenth
        with the highest risk, over the share among all. recall_top_decile: share of those who left that the tenth
        holds. recall_at_capacity, precision_at_capacity: the same of the `per_day` highest of every day. brier: mean
        squared error. ece: mean gap between probability and frequency in ten bins of equal size.
        """
        weights = np.ones(len(self.truth)) if weights is None else weights
        left = weights * self.truth
        total, positives = weights.sum(), left.sum()
        squares = (self.probabilities - self.truth) ** 2
        gaps = np.bincount(self._bins, weights=left - weights * self.probabilities, minlength=BINS)
        figures = {
            "prevalence": positives / total,
            "brier": float(weights @ squares) / total,
            "ece": float(np.abs(gaps).sum()) / total,
        }
        if positives == 0:
            names = ("pr_auc", "lift_top_decile", "recall_top_decile", "recall_at_capacity", "precision_at_capacity")
            return {name: float("nan") for name in names} | figures
        top, _ = self._whole.found(weights, left, TOP * total)
        acted, looked_at = self._daily.found(weights, left, float(self.per_day))
        return {
            "pr_auc": self._whole.average_precision(weights, left),
            "lift_top_decile": top / positives / TOP,
            "recall_top_decile": top / positives,
            "recall_at_capacity": acted / positives,
            "precision_at_capacity": acted / looked_at,
        } | figures


class _Places:
    """Rows by group, and in each from the highest score down; rows of one score share a place."""

    def __init__(self, groups: npt.NDArray[np.int64], scores: Floats | Numbers) -> None:
        self.order = np.lexsort((-scores, groups))
        group, score = groups[self.order], scores[self.order]
        fresh = np.ones(len(group), dtype=bool)
        fresh[1:] = (group[1:] != group[:-1]) | (score[1:] != score[:-1])
        self.starts = np.flatnonzero(fresh)
        opens = np.ones(len(self.starts), dtype=bool)
        opens[1:] = group[self.starts[1:]] != group[self.starts[:-1]]
        self.opener = np.maximum.accumulate(np.where(opens, np.arange(len(opens)), 0))

    def found(self, weights: Numbers, left: Numbers, most: float) -> tuple[float, float]:
        """Weight of those who left among the first `most` of each group, and the weight looked at."""
        size, hits = self._sums(weights), self._sums(left)
        before = np.cumsum(size) - size
        before -= before[self.opener]
        taken = np.clip(most - before, 0.0, size)
        share = np.divide(taken, size, out=np.zeros_like(size), where=size > 0)
        return float(hits @ share), float(taken.sum())

    def average_precision(self, weights: Numbers, left: Numbers) -> float:
        """Precision at each place, weighted by the recall that the place adds."""
        hits = self._sums(left)
        seen = np.cumsum(self._sums(weights))
        precision = np.divide(np.cumsum(hits), seen, out=np.zeros_like(seen), where=seen > 0)
        return float(hits @ precision / hits.sum())

    def _sums(self, values: Numbers) -> Numbers:
        return np.asarray(np.add.reduceat(values[self.order], self.starts), dtype=np.float64)


def intervals(
    risks: Mapping[str, Risk], customers: npt.NDArray[np.int64], rounds: int, seed: int, level: float = 0.95
) -> dict[str, dict[str, tuple[float, float]]]:
    """Percentile bootstrap of every figure of every risk over the same rows, by resampling customers.

    `customers` (rows,) numbers each row's customer from 0. Contacts of one customer share his fate, so a bootstrap
    over contacts would be too sure. The figure `pr_auc_gain` is the first risk's pr_auc minus this one's, in the same
    replicate.
    """
    generator = np.random.default_rng(seed)
    count = int(customers.max()) + 1
    drawn: dict[str, dict[str, list[float]]] = {name: {} for name in risks}
    first = next(iter(risks))
    for _ in range(rounds):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        weights = times[customers].astype(np.float64)
        found = {name: risk.figures(weights) for name, risk in risks.items()}
        for name, figures in found.items():
            gain = found[first]["pr_auc"] - figures["pr_auc"]
            for key, value in (figures | {"pr_auc_gain": gain}).items():
                drawn[name].setdefault(key, []).append(value)
    tail = (1 - level) / 2
    return {
        name: {key: _quantiles(np.array(values), tail) for key, values in figures.items()}
        for name, figures in drawn.items()
    }


def _quantiles(values: Numbers, tail: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
