"""Cross-validation: every row is judged by a model that learnt from other groups of rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from voc.config import EncoderSettings, TrainingSettings
from voc.experiments.bench import Progress
from voc.experiments.judging import Answers, Metric, interval
from voc.experiments.quality import PartLog, learn, sampled
from voc.experiments.rivals import Labels, Rival, timed
from voc.experiments.sets import Row, by_split, fold_rows
from voc.labels import Split
from voc.models.registry import RunLog
from voc.models.tasks import Floats, Task
from voc.training.labelled import LabelledSet

Sets = Mapping[Split, LabelledSet]


@dataclass(frozen=True)
class Learnt:
    """What was learnt in one fold: texts to probabilities by task, thresholds of yes-or-no tasks, seconds of it."""

    predict: Callable[[Sequence[str]], Mapping[str, Floats]]
    thresholds: Mapping[str, float]
    seconds: float


LearnFold = Callable[[Sets, int], Learnt]
"""The sets of a fold, and its number."""


@dataclass(frozen=True)
class Kept:
    """Answers to one task on all rows that have its label, each given while the row was kept back; `folds` (rows,)."""

    answers: Answers
    folds: Labels

    def mean(self, metric: Metric) -> float:
        """Mean of a figure over the folds."""
        return self._mean(metric, np.arange(len(self.answers)))

    def mean_interval(self, metric: Metric, seed: int) -> tuple[float, float]:
        """Interval of that mean: of each fold and true class as many groups are drawn as it has."""
        answers = self.answers
        strata = self.folds * len(answers.task.labels) + answers.truth
        return interval(lambda rows: self._mean(metric, rows), len(answers), seed, answers.groups, strata)

    def _mean(self, metric: Metric, rows: Labels) -> float:
        parts = [rows[self.folds[rows] == fold] for fold in np.unique(self.folds)]
        return float(np.mean([metric(self.answers.truth[part], self.answers.found[part]) for part in parts]))


@dataclass(frozen=True)
class CrossValidated:
    """What was kept back, by task, and the seconds of learning in all folds."""

    kept: Mapping[str, Kept]
    seconds: float


def cross_validate(
    rows: Sequence[Row], folds: Sequence[int], tasks: Sequence[Task], learn_fold: LearnFold
) -> CrossValidated:
    """Learn anew for each fold, and keep what is said of its rows."""
    answers: dict[str, list[Answers]] = {task.name: [] for task in tasks}
    numbers: dict[str, list[int]] = {task.name: [] for task in tasks}
    seconds = 0.0
    for fold in sorted(set(folds)):
        split = fold_rows(rows, folds, fold)
        sets = by_split(split, tasks)
        learnt = learn_fold(sets, fold)
        seconds += learnt.seconds
        said = learnt.predict(sets[Split.TEST].texts)
        for task in tasks:
            part = Answers.of(sets[Split.TEST], task, said[task.name], learnt.thresholds.get(task.name))
            groups = [row.group for row in split if row.split == Split.TEST and task.name in row.labels]
            answers[task.name].append(replace(part, groups=groups))
            numbers[task.name] += [fold] * len(part)
    kept = {name: Kept(Answers.joined(parts), np.array(numbers[name])) for name, parts in answers.items()}
    return CrossValidated(kept, seconds)


def ours(
    tasks: tuple[Task, ...],
    encoder: EncoderSettings,
    settings: TrainingSettings,
    run: RunLog,
    progress: Progress,
    count: int,
) -> LearnFold:
    """Our model, with all tasks at once."""

    def learn_fold(sets: Sets, fold: int) -> Learnt:
        part = f"fold-{fold}"

        def told(what: str, share: float) -> None:
            progress(f"{part}: {what}", (fold + share) / count)

        fitted = learn(sampled(sets, settings), tasks, encoder, settings, PartLog(run, part), told)
        return Learnt(
            lambda texts: fitted.predictor.predict(texts).probabilities, fitted.decisions.thresholds, fitted.seconds
        )

    return learn_fold


def theirs(rival: Rival, tasks: Sequence[Task], settings: TrainingSettings) -> LearnFold:
    """A rival, which learns each task by itself; it says yes from a half on."""

    def learn_fold(sets: Sets, fold: int) -> Learnt:
        train = sampled(sets, settings)[Split.TRAIN]
        learnt = {task.name: timed(rival, train, task) for task in tasks}
        return Learnt(
            lambda texts: {name: predict(texts) for name, (predict, _) in learnt.items()},
            {},
            sum(seconds for _, seconds in learnt.values()),
        )

    return learn_fold
