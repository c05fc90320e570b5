"""Scalings of logits learnt on labelled contacts; what they are is in models/calibration."""

from collections.abc import Sequence

import numpy as np
import torch

from voc.models.calibration import ALL, Scaling, Scalings
from voc.models.tasks import Floats, Task

LEAST_ROWS = 150
"""A language with fewer labelled contacts than this shares the scaling of all."""


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


def for_share(scalings: Scalings, share: float, wanted: float) -> dict[str, Scaling]:
    """Scalings of a yes-or-no task that were learnt where a yes has one share, for use where it has another."""
    moved = np.log(wanted / (1 - wanted)) - np.log(share / (1 - share))
    return {language: Scaling(scaling.slope, scaling.shift + float(moved)) for language, scaling in scalings.items()}


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
