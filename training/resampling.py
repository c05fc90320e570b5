"""Samples of contacts drawn anew (bootstrap, Efron and Tibshirani 1993), and figures of quality on each of them."""

from collections.abc import Iterator

import numpy as np

from voc.models.metrics import Decisions
from voc.models.tasks import Floats

_DRAWS_AT_ONCE = 100


def resamples(rows: int, draws: int, seed: int) -> Iterator[Floats]:
    """(some draws, rows): how often each row is in samples of `rows` rows drawn with replacement."""
    random = np.random.default_rng(seed)
    for start in range(0, draws, _DRAWS_AT_ONCE):
        count = min(_DRAWS_AT_ONCE, draws - start)
        drawn = random.integers(rows, size=(count, rows)) + np.arange(count)[:, None] * rows
        counts = np.bincount(drawn.reshape(-1), minlength=count * rows)
        yield counts.reshape(count, rows).astype(np.float32)


def f1_of(counts: Floats, truth: Decisions, decided: Decisions, support: Floats) -> Floats:
    """(draws, labels) F1; 0 where a label is neither there nor named, as in models.metrics."""
    right = counts @ (truth & decided).astype(np.float32)
    named = counts @ decided.astype(np.float32)
    return np.asarray(2 * right / np.maximum(support + named, 1), dtype=np.float32)


def macro_of(f1: Floats, support: Floats) -> Floats:
    """(draws,) mean over the labels that occur in the truth of each sample."""
    there = support > 0
    return np.asarray((f1 * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1), dtype=np.float32)
