"""How good a model is on a labelled set: by task, language and class."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from voc.models.folder import Decisions
from voc.models.metrics import TaskQuality, best_threshold, by_group, confusion, task_quality
from voc.models.predict import Predictions, Predictor
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet


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
    """Compare predictions of a labelled set with its labels; rows without a label of a task don't count for it."""
    languages = np.asarray(labelled.languages)
    reports = {}
    for task in tasks:
        targets = labelled.targets(task)
        known = ~np.isnan(targets).any(axis=1)
        if not known.any():
            continue
        probabilities = predictions.probabilities[task.name][known]
        truth = truth_of(task, targets[known])
        decided = task.decide(probabilities, decisions.thresholds[task.name])
        reports[task.name] = TaskReport(
            whole=task_quality(task, truth, decided, probabilities),
            by_language=by_group(task, truth, decided, probabilities, languages[known].tolist()),
            confusion=confusion(task, truth, probabilities).tolist(),
        )
    return Report(labelled.split.value, reports)


def choose_decisions(predictions: Predictions, tasks: tuple[Task, ...], dev: LabelledSet) -> Decisions:
    """Thresholds from dev: the best micro-F1 for reasons; 0.5 for a yes or no; the most probable mood always."""
    thresholds = {}
    for task in tasks:
        if task.kind == "multilabel":
            targets = dev.targets(task)
            known = ~np.isnan(targets).any(axis=1)
            thresholds[task.name] = best_threshold(
                truth_of(task, targets[known]), predictions.probabilities[task.name][known]
            ) if known.any() else 0.5  # fmt: skip
        else:
            thresholds[task.name] = 0.5 if task.kind == "binary" else 0.0
    return Decisions(thresholds)


def truth_of(task: Task, targets: np.ndarray) -> np.ndarray:
    """(rows, width) targets without NaN to (rows, labels) decisions."""
    if task.kind == "binary":
        yes = targets[:, 0] > 0.5
        return np.stack([~yes, yes], axis=1)
    return targets > 0.5
