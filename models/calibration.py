"""Calibration: of the contacts that get 80 %, eight in ten should be right, in every language.

A model that was trained to tell classes apart is nearly always too sure. One slope a task (and for yes-or-no outputs a
shift) learnt on dev puts that right without changing which label comes first. (Temperature scaling: Guo et al. 2017;
for independent outputs Platt 1999.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from voc.models.tasks import Floats, Task

ALL = "all"
LEAST_ROWS = 150
"""A language with fewer labelled contacts than this shares the scaling of all."""


@dataclass(frozen=True)
class Scaling:
    """Logits times `slope` plus `shift`."""

    slope: float = 1.0
    shift: float = 0.0


Scalings = Mapping[str, Scaling]
"""By language, and under ALL for every other."""
IDENTITY: Scalings = {ALL: Scaling()}


def fit_scalings(task: Task, logits: Floats, targets: Floats, languages: Sequence[str]) -> dict[str, Scaling]:
    """Scalings that make (rows, outputs) logits most likely given targets: for all, and for each language that has
    enough rows of its own. Rows without a label are left out."""
    known = ~np.isnan(targets).any(axis=1)
    names = np.asarray(languages)
    found = {ALL: _fit(task, logits[known], targets[known])}
    for language in sorted(set(names[known].tolist())):
        rows = known & (names == language)
        if rows.sum() >= LEAST_ROWS:
            found[language] = _fit(task, logits[rows], targets[rows])
    return found


def calibrated(task: Task, logits: Floats, scalings: Scalings, languages: Sequence[str] | None = None) -> Floats:
    """(rows, outputs) logits to (rows, labels) calibrated probabilities."""
    slopes = np.full((len(logits), 1), scalings[ALL].slope, dtype=np.float32)
    shifts = np.full((len(logits), 1), scalings[ALL].shift, dtype=np.float32)
    if languages is not None:
        names = np.asarray(languages)
        for language in set(scalings) - {ALL}:
            slopes[names == language] = scalings[language].slope
            shifts[names == language] = scalings[language].shift
    return task.probabilities(logits * slopes + shifts)


def _fit(task: Task, logits: Floats, targets: Floats) -> Scaling:
    if len(logits) == 0:
        return Scaling()
    values, wanted = torch.from_numpy(logits).double(), torch.from_numpy(targets).double()
    free = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # logarithm of the slope, and the shift
    moves = torch.tensor([1.0, 0.0 if task.kind == "multiclass" else 1.0])
    optimiser = torch.optim.LBFGS([free], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        slope, shift = (free * moves).unbind()
        scaled = values * slope.exp() + shift
        if task.kind == "multiclass":
            loss = torch.nn.functional.cross_entropy(scaled, wanted.argmax(1))
        else:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scaled, wanted)
        # Where every answer is right the likelihood has no maximum: a prior keeps the slope finite.
        total = loss + 1e-3 * free.square().sum()
        torch.autograd.backward(total)
        return total

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    slope, shift = (free * moves).detach().tolist()
    return Scaling(float(np.exp(slope)), shift)
