"""Tasks are data: what a head predicts, and how its outputs become decisions."""

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from voc.labels import ChurnDirection, Sentiment, TaskName

Kind = Literal["multiclass", "multilabel", "binary"]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Task:
    """One question that the classifier answers about every contact.

    `labels` are ids in the order of the head's outputs; a binary task has two, the negative one first.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """Width of the head."""
        return 1 if self.kind == "binary" else len(self.labels)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """The task out of a saved configuration."""
        return cls(values["name"], values["kind"], tuple(values["labels"]))

    def target(self, value: Any) -> list[float]:
        """A label as a training target; None, or an empty value of a partial label, gives NaN throughout.

        Takes an id for multiclass, ids for multilabel, a bool for binary. Raises ValueError for an unknown id.
        """
        if value is None:
            return [float("nan")] * self.outputs
        if self.kind == "binary":
            return [float(bool(value))]
        given = [value] if isinstance(value, str) else list(value)
        unknown = sorted(set(given) - set(self.labels))
        if unknown:
            raise ValueError(f"task {self.name}: expected labels of the task, got {', '.join(unknown)}")
        return [float(label in given) for label in self.labels]

    def probabilities(self, logits: Floats) -> Floats:
        """(rows, outputs) logits to (rows, labels) probabilities; they sum to one except for multilabel."""
        if self.kind == "multiclass":
            shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
            return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
        positive = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        if self.kind == "binary":
            positive = np.concatenate([1 - positive, positive], axis=1)
        return np.asarray(positive, dtype=np.float32)

    def decide(self, probabilities: Floats, threshold: float, floor: float | None = None) -> npt.NDArray[np.bool_]:
        """(rows, labels) decisions. Multilabel takes all labels at or above the threshold; where none is, the most
        probable one if it is at or above `floor`, else none: abstained.

        Multiclass takes the most probable one, or none where it is below the threshold; binary says yes at or above it.
        """
        if self.kind == "multilabel":
            chosen = probabilities >= threshold
            if floor is not None:
                rows, best = np.flatnonzero(~chosen.any(axis=1)), probabilities.argmax(axis=1)
                chosen[rows, best[rows]] = probabilities[rows, best[rows]] >= floor
            return chosen
        if self.kind == "binary":
            yes = probabilities[:, 1] >= threshold
            return np.stack([~yes, yes], axis=1)
        best = probabilities.argmax(axis=1)
        chosen = np.zeros(probabilities.shape, dtype=np.bool_)
        rows = np.arange(len(best))
        chosen[rows, best] = probabilities[rows, best] >= threshold
        return chosen


def default_tasks(reason_ids: tuple[str, ...], directions: bool = True) -> tuple[Task, ...]:
    """Contact reasons (several a contact), sentiment, the stated intent to leave us and, where there is something to
    learn them from, the directions: who stands where with us."""
    tasks = (
        Task(TaskName.REASON, "multilabel", reason_ids),
        Task(TaskName.SENTIMENT, "multiclass", tuple(Sentiment)),
        Task(TaskName.CHURN_INTENT, "binary", ("no", "yes")),
        Task(TaskName.CHURN_DIRECTION, "multiclass", tuple(ChurnDirection)),
    )
    return tasks if directions else tasks[:-1]
