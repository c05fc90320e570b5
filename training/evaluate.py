"""How good a model is on a labelled set: by task, language and class."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from voc.models.calibration import IDENTITY, calibrated
from voc.models.decisions import Decisions
from voc.models.metrics import TaskQuality, best_threshold, by_group, confusion, expected_threshold, task_quality
from voc.models.predict import Predictor
from voc.models.predictions import Predictions
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet
from voc.training.scalings import fit_scalings, for_share


@dataclass(frozen=True)
class TaskReport:
    """Quality of one task: over all rows, and by language."""

    whole: TaskQuality
    by_language: Mapping[str, TaskQuality]
    confusion: list[list[int]]


@dataclass(frozen=True)
class Report:
    """Quality of a model on one split; a task without labels there is absent."""

    split: str
    tasks: Mapping[str, TaskReport]

    @property
    def score(self) -> float:
        """One number to compare epochs and models by: the mean macro-F1 of the tasks."""
        return float(np.mean([report.whole.macro_f1 for report in self.tasks.values()]))

    def flat(self) -> dict[str, float]:
        """All figures under dotted names, as a tracker wants them."""
        figures: dict[str, float] = {"score": self.score}
        for name, report in self.tasks.items():
            figures |= {f"{name}.{key}": value for key, value in report.whole.headline.items()}
            for language, quality in report.by_language.items():
                figures |= {f"{name}.{language}.{key}": value for key, value in quality.headline.items()}
            figures |= {f"{name}.f1.{label}": value["f1"] for label, value in report.whole.per_class.items()}
        return {f"{self.split}.{name}": value for name, value in figures.items()}

    def to_json(self) -> dict[str, object]:
        """All of it as plain values."""
        return asdict(self)


def evaluate(predictor: Predictor, labelled: LabelledSet, decisions: Decisions) -> Report:
    """Predict a labelled set and compare."""
    return report_of(predictor.predict(labelled.texts), predictor.tasks, labelled, decisions)


def report_of(predictions: Predictions, tasks: tuple[Task, ...], labelled: LabelledSet, decisions: Decisions) -> Report:
    """Compare predictions of a labelled set, calibrated and decided by `decisions`, with its labels.

    Rows without a label of a task don't count for it.
    """
    languages = np.asarray(labelled.languages)
    reports = {}
    for task in tasks:
        targets = labelled.targets(task)
        known = ~np.isnan(targets).any(axis=1)
        if not known.any():
            continue
        scalings = decisions.calibration.get(task.name, IDENTITY)
        probabilities = calibrated(task, predictions.logits[task.name][known], scalings, languages[known].tolist())
        truth = truth_of(task, targets[known])
        decided = decisions.decide(task, probabilities)
        reports[task.name] = TaskReport(
            whole=task_quality(task, truth, decided, probabilities),
            by_language=by_group(task, truth, decided, probabilities, languages[known].tolist()),
            confusion=confusion(task, truth, probabilities).tolist(),
        )
    return Report(labelled.split.value, reports)


def choose_decisions(
    predictions: Predictions,
    tasks: tuple[Task, ...],
    dev: LabelledSet,
    false_unknown: float,
    shares: Mapping[str, float] | None = None,
) -> Decisions:
    """Calibration and thresholds from dev.

    Reasons take the threshold with the best micro-F1. Where none reaches it the most probable one counts down to a
    floor, below which the share `false_unknown` of contacts with a known reason lies: those come out as unknown. A yes
    is said from the probability with the best F1 to be expected on, which is below a half where a yes is rare; the most
    probable mood always counts.

    `shares` says of yes-or-no tasks how frequent a yes is where the model will be used, if dev is no sample of that:
    probabilities and the threshold are then for that share (Elkan 2001, theorem 2).
    """
    shares = shares or {}
    thresholds, scalings, floors = {}, {}, {}
    languages = np.asarray(dev.languages)
    for task in tasks:
        targets = dev.targets(task)
        known = ~np.isnan(targets).any(axis=1)
        thresholds[task.name] = 0.5 if task.kind != "multiclass" else 0.0
        if not known.any():
            continue
        logits, names = predictions.logits[task.name][known], languages[known].tolist()
        scalings[task.name] = fit_scalings(task, logits, targets[known], names)
        truth = truth_of(task, targets[known])
        weights = np.ones(len(truth))
        if task.name in shares and 0 < (here := truth[:, 1].mean()) < 1:
            scalings[task.name] = for_share(scalings[task.name], float(here), shares[task.name])
            weights = np.where(truth[:, 1], shares[task.name] / here, (1 - shares[task.name]) / (1 - here))
        probabilities = calibrated(task, logits, scalings[task.name], names)
        if task.kind == "binary" and truth[:, 1].any():
            thresholds[task.name] = expected_threshold(probabilities[:, 1], weights)
        if task.kind == "multilabel":
            surest = probabilities[truth.any(axis=1)].max(axis=1)
            best = best_threshold(truth, probabilities)
            thresholds[task.name] = best
            floors[task.name] = min(best, float(np.quantile(surest, false_unknown))) if len(surest) else best
    return Decisions(thresholds, scalings, floors)


def truth_of(task: Task, targets: np.ndarray) -> np.ndarray:
    """(rows, width) targets without NaN to (rows, labels) decisions."""
    if task.kind == "binary":
        yes = targets[:, 0] > 0.5
        return np.stack([~yes, yes], axis=1)
    return targets > 0.5
