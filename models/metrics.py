"""Figures of quality, whole and by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score

from voc.models.quality import Bin
from voc.models.tasks import Floats, Task

Decisions = npt.NDArray[np.bool_]
_CANDIDATES = np.linspace(0.1, 0.9, 33)  # thresholds


@dataclass(frozen=True)
class TaskQuality:
    """Quality of one task on one set of rows.

    `per_class` gives F1 and support of every label that occurs in truth or predictions; `macro_f1` is the mean over the
    labels that occur in truth; `accuracy` is the share of rows that are right in every label.
    """

    rows: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    ece: float
    per_class: Mapping[str, Mapping[str, float]]

    @property
    def headline(self) -> dict[str, float]:
        """The figures without the classes."""
        return {
            "rows": float(self.rows),
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "micro_f1": self.micro_f1,
            "ece": self.ece,
        }


def task_quality(task: Task, truth: Decisions, decided: Decisions, probabilities: Floats) -> TaskQuality:
    """Compare (rows, labels) decisions with truth. Needs at least one row."""
    present = np.flatnonzero(truth.any(axis=0))
    f1 = f1_score(truth, decided, average=None, zero_division=0.0)
    mentioned = np.flatnonzero(truth.any(axis=0) | decided.any(axis=0))
    return TaskQuality(
        rows=len(truth),
        accuracy=float((truth == decided).all(axis=1).mean()),
        macro_f1=float(f1[present].mean()),
        micro_f1=float(f1_score(truth, decided, average="micro", zero_division=0.0)),
        ece=expected_calibration_error(task, truth, probabilities),
        per_class={
            task.labels[label]: {"f1": float(f1[label]), "support": float(truth[:, label].sum())} for label in mentioned
        },
    )


def expected_calibration_error(task: Task, truth: Decisions, probabilities: Floats, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al. 2017, eq. 3).

    Confidence is the most probable label's probability; for a multilabel task every (row, label) pair counts, with the
    probability of the more probable side.
    """
    if task.kind == "multilabel":
        flat = probabilities.reshape(-1)
        confidence = np.maximum(flat, 1 - flat)
        right = (flat >= 0.5) == truth.reshape(-1)
    else:
        best = probabilities.argmax(axis=1)
        confidence = probabilities[np.arange(len(best)), best]
        right = truth[np.arange(len(best)), best]
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    weights = np.bincount(places, minlength=bins)
    gaps = np.bincount(places, weights=right.astype(float) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / weights.sum())


def reliability(task: Task, truth: Decisions, probabilities: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """Answers in equal ranges of their probability, lowest first (DeGroot and Fienberg 1983); empty ranges are left
    out.

    An answer is the most probable label of a row; of a binary task it is "yes"; of a multilabel task every label of
    every row is one.
    """
    if task.kind == "multilabel":
        said, right = probabilities.reshape(-1), truth.reshape(-1)
    elif task.kind == "binary":
        said, right = probabilities[:, 1], truth[:, 1]
    else:
        rows, best = np.arange(len(truth)), probabilities.argmax(axis=1)
        said, right = probabilities[rows, best], truth[rows, best]
    places = np.minimum((said * bins).astype(int), bins - 1)
    return tuple(
        Bin(int((places == place).sum()), float(said[places == place].mean()), int(right[places == place].sum()))
        for place in range(bins)
        if (places == place).any()
    )


def expected_macro_f1(
    believed: Floats, decided: Decisions, times: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float64]:
    """Macro-F1 that (rows, labels) decisions may be expected to have, where each label is true with the probability
    `believed` (rows, labels): F1 of the expected counts, as in Ye et al. 2012, "Optimizing F-measures".

    (draws,) figures, one for each row of `times` (draws, rows), which says how often each row counts; without it one,
    in which each counts once. Labels count that are expected at least once among all rows; 0 where there is none.
    """
    known = believed.sum(axis=0) >= 1
    if not known.any():
        return np.zeros(1 if times is None else len(times))
    weights = np.ones((1, len(believed))) if times is None else times.astype(np.float64)
    likely, said = believed[:, known].astype(np.float64), decided[:, known]
    counted = weights @ said + weights @ likely
    return np.asarray((2 * (weights @ (likely * said)) / np.maximum(counted, 1e-9)).mean(axis=1))


def best_threshold(truth: Decisions, probabilities: Floats) -> float:
    """The threshold on (rows, labels) probabilities that gives the highest micro-F1 on these rows."""
    cells, sure = truth.reshape(-1), probabilities.reshape(-1)  # micro-F1 is the F1 of all cells together
    return _highest([f1_score(cells, sure >= value, zero_division=0.0) for value in _CANDIDATES])


def expected_threshold(probabilities: Floats, weights: npt.NDArray[np.float64]) -> float:
    """The threshold on (rows,) calibrated probabilities of a yes with the highest F1 to be expected on rows like these,
    of which each counts `weights` (rows,).

    It asks the probabilities of all rows, not the labels of the few that are a yes: among some dozens of those the
    highest F1 is where chance put it.
    """
    believed = weights * probabilities
    said = [probabilities >= value for value in _CANDIDATES]
    return _highest([2 * believed[yes].sum() / max(weights[yes].sum() + believed.sum(), 1e-12) for yes in said])


def _highest(scores: Sequence[float]) -> float:
    best = np.flatnonzero(np.isclose(scores, np.max(scores)))
    return float(_CANDIDATES[best[len(best) // 2]])  # the middle of a plateau moves least on new data


def confusion(task: Task, truth: Decisions, probabilities: Floats) -> npt.NDArray[np.int64]:
    """(labels, labels) counts over the rows with exactly one true label: that down, the most probable across."""
    single = truth.sum(axis=1) == 1
    labels = np.arange(len(task.labels))
    matrix = confusion_matrix(truth[single].argmax(1), probabilities[single].argmax(1), labels=labels)
    return np.asarray(matrix, dtype=np.int64)


def by_group(
    task: Task, truth: Decisions, decided: Decisions, probabilities: Floats, groups: Sequence[str]
) -> dict[str, TaskQuality]:
    """`task_quality` of each group of rows (a language, say), in the groups' order of name."""
    names = np.asarray(groups)
    return {
        name: task_quality(task, truth[names == name], decided[names == name], probabilities[names == name])
        for name in sorted(set(groups))
    }
