"""What every quality suite does alike: figures of a model's answers, how sure they are, and the tables behind them."""

import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from voc.experiments.rivals import Labels, classes_of
from voc.models.metrics import by_group, expected_calibration_error, task_quality
from voc.models.registry import RunLog
from voc.models.tasks import Floats, Task
from voc.training.labelled import LabelledSet

Metric = Callable[[Labels, Labels], float]
"""True and found classes of the same rows to a figure."""
Bools = npt.NDArray[np.bool_]

DRAWS = 1000
ANSWERED = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


@dataclass(frozen=True)
class Answers:
    """What a model says of rows that have exactly one label of a task each.

    `truth` and `found` are places among the task's labels, (rows,); `probabilities` (rows, labels); `languages` and
    `groups` name each row's language, and what it must be drawn together with when the figures' certainty is estimated.
    """

    task: Task
    truth: Labels
    found: Labels
    probabilities: Floats
    languages: Sequence[str]
    groups: Sequence[str] = ()

    @classmethod
    def of(cls, labelled: LabelledSet, task: Task, probabilities: Floats, threshold: float | None = None) -> Self:
        """The most probable label is the answer; of a yes or no with a threshold, yes from there on.

        Rows without a label of the task are left out.
        """
        targets = labelled.targets(task)
        known = np.flatnonzero(~np.isnan(targets).any(axis=1))
        languages = np.asarray(labelled.languages)[known].tolist()
        probabilities = probabilities[known]
        found = probabilities.argmax(axis=1)
        if task.kind == "binary" and threshold is not None:
            found = (probabilities[:, 1] >= threshold).astype(np.int64)
        return cls(task, classes_of(task, targets[known]), found, probabilities, languages)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Answers to one task on several sets of rows, one after the other."""
        return cls(
            parts[0].task,
            np.concatenate([part.truth for part in parts]),
            np.concatenate([part.found for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            [language for part in parts for language in part.languages],
            [group for part in parts for group in part.groups],
        )

    def where(self, rows: Bools) -> Self:
        """These rows only."""
        places = np.flatnonzero(rows).tolist()
        return replace(
            self,
            truth=self.truth[places],
            found=self.found[places],
            probabilities=self.probabilities[places],
            languages=[self.languages[place] for place in places],
            groups=[self.groups[place] for place in places] if self.groups else (),
        )

    def by_language(self) -> dict[str, Self]:
        """The same for each language, in order of name."""
        names = np.asarray(self.languages)
        return {name: self.where(names == name) for name in sorted(set(self.languages))}

    def score(self, metric: Metric) -> float:
        """A figure over all rows."""
        return metric(self.truth, self.found)

    def interval(self, metric: Metric, seed: int, by_class: bool = False) -> tuple[float, float]:
        """See `interval`; rows of one group are drawn together.

        A mean over classes wants `by_class`: as many rows of each true class, so that no rare one drops out.
        """
        strata = self.truth if by_class else None
        return interval(lambda rows: metric(self.truth[rows], self.found[rows]), len(self), seed, self.groups, strata)

    @property
    def figures(self) -> dict[str, float]:
        """Accuracy, macro-F1 and ECE."""
        return {
            "accuracy": self.score(accuracy),
            "macro_f1": self.score(macro_f1),
            "ece": expected_calibration_error(self._single, self._chosen(self.truth), self._normed),
        }

    def log(self, run: RunLog, name: str) -> None:
        """Tables to the tracker: figures of each class and language, accuracy by share answered, reliability."""
        truth, found = self._chosen(self.truth), self._chosen(self.found)
        run.table(f"{name}-classes", task_quality(self._single, truth, found, self._normed).per_class)
        languages = by_group(self._single, truth, found, self._normed, self.languages)
        run.table(f"{name}-languages", {key: quality.headline for key, quality in languages.items()})
        confidence, right = self._normed[np.arange(len(self)), self.found], self.truth == self.found
        run.table(f"{name}-abstention", abstention_curve(confidence, right))
        run.table(f"{name}-reliability", reliability(confidence, right))

    @property
    def _single(self) -> Task:
        return Task(self.task.name, "multiclass", self.task.labels)

    @property
    def _normed(self) -> Floats:
        """Of a multilabel task, whose probabilities do not sum to one, as shares."""
        sums = self.probabilities.sum(axis=1, keepdims=True)
        return np.asarray(self.probabilities / np.maximum(sums, np.finfo(np.float32).tiny), dtype=np.float32)

    def _chosen(self, places: Labels) -> Bools:
        return np.asarray(places[:, None] == np.arange(len(self.task.labels)))

    def __len__(self) -> int:
        return len(self.truth)


def accuracy(truth: Labels, found: Labels) -> float:
    """Share of rows whose class was found."""
    return float((truth == found).mean())


def macro_f1(truth: Labels, found: Labels) -> float:
    """Mean F1 of the classes that occur in either."""
    mentioned = np.bincount(np.concatenate([truth, found]))
    hits = np.bincount(truth[truth == found], minlength=len(mentioned))
    return float((2 * hits[mentioned > 0] / mentioned[mentioned > 0]).mean())


def positive_f1(truth: Labels, found: Labels) -> float:
    """F1 of the second class of a yes or no; 0 where it is neither there nor found."""
    mentioned = (truth == 1).sum() + (found == 1).sum()
    return float(2 * ((truth == 1) & (found == 1)).sum() / mentioned) if mentioned else 0.0


def interval(
    score: Callable[[Labels], float],
    rows: int,
    seed: int,
    groups: Sequence[str] = (),
    strata: Labels | None = None,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """95 % percentile bootstrap of a score over rows drawn with replacement (Efron and Tibshirani 1993, section 13.3).

    Rows of one group are drawn together: copies of one text say nothing new. Of each stratum (rows,) as many groups are
    drawn as it has; a group is in its first row's.
    """
    generator = np.random.default_rng(seed)
    members = _members(groups) if groups else [np.array([row]) for row in range(rows)]
    of_member = np.zeros(len(members), int) if strata is None else strata[[rows_of[0] for rows_of in members]]
    pools = [np.flatnonzero(of_member == stratum) for stratum in np.unique(of_member)]
    found = []
    for _ in range(draws):
        drawn = np.concatenate([generator.choice(pool, size=len(pool)) for pool in pools])
        found.append(score(np.concatenate([members[place] for place in drawn]) if groups else drawn))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def share_interval(hits: Bools, seed: int) -> tuple[float, float]:
    """`interval` of the share of rows that are true."""
    return interval(lambda rows: float(hits[rows].mean()), len(hits), seed)


def ends(name: str, found: tuple[float, float]) -> dict[str, float]:
    """The ends of a figure's interval under their names."""
    return {f"{name}.low": found[0], f"{name}.high": found[1]}


def abstention_curve(confidence: Floats, right: Bools) -> list[dict[str, float]]:
    """Accuracy on the surest share of the rows, for shares from all to a tenth, and the least confidence among them."""
    surest = np.argsort(-confidence, kind="stable")
    curve = []
    for share in ANSWERED:
        answered = surest[: max(1, round(share * len(surest)))]
        curve.append(
            {
                "answered": share,
                "accuracy": float(right[answered].mean()),
                "least_confidence": float(confidence[answered[-1]]),
            }
        )
    return curve


def reliability(confidence: Floats, right: Bools, bins: int = 15) -> list[dict[str, float]]:
    """Mean confidence beside accuracy in bins of equal width, those that have rows (the bins of the ECE)."""
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "from": place / bins,
            "to": (place + 1) / bins,
            "rows": int((places == place).sum()),
            "confidence": float(confidence[places == place].mean()),
            "accuracy": float(right[places == place].mean()),
        }
        for place in np.unique(places).tolist()
    ]


def judge_single(task: Task, targets: Floats, probabilities: Floats) -> dict[str, float]:
    """Accuracy, macro-F1 and ECE where every row has exactly one label, so the most probable one is the answer."""
    found = probabilities.argmax(axis=1).astype(np.int64)
    return Answers(task, classes_of(task, targets), found, probabilities, [""] * len(found)).figures


def baseline(name: str, figures: Mapping[str, float]) -> dict[str, float]:
    """A rival's figures under their names."""
    return {f"baseline.{name}.{key}": value for key, value in figures.items()}


def peak_rss_mb() -> float:
    """Most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _members(groups: Sequence[str]) -> list[Labels]:
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    return [np.flatnonzero(places == number) for number in range(len(names))]
