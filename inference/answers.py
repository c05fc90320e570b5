"""What a model says about contacts, as columns of `scores`: its decisions, their probabilities and their evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.data.columns import vectors_column
from voc.data.contracts import SCORES
from voc.data.text import turn_numbers
from voc.inference.evidence import Evidence, evidence
from voc.labels import ChurnDirection, Sentiment, Speaker, TaskName
from voc.models.facts import Facts
from voc.models.predictions import Predictions
from voc.models.tasks import Floats, Task

_SURE_DIRECTION = 0.8
SURE_TURN = 0.75
"""A turn has a mood from this probability on, and is neutral below: the head learnt from whole contacts, and makes too
much of a few words. Chosen on dev: the lowest of 0.50, 0.55, … at which no greeting that stands alone has a mood."""


class Answers:
    """What a model says about contacts, out of its predictions of their texts."""

    def __init__(
        self, facts: Facts, turns: Sequence[Sequence[Mapping[str, Any]]], texts: Sequence[str], found: Predictions
    ) -> None:
        """`texts` are what data.text.contact_text made of the `turns` of each contact."""
        self.facts = facts
        self.turns = turns
        self.texts = texts
        self.found = found
        self.tasks = {task.name: task for task in facts.tasks}

        @cache
        def places(row: int) -> list[Evidence]:
            return evidence(turns[row], facts.speakers, texts[row])

        self._places = places

    def columns(self) -> dict[str, Any]:
        """By column of `scores`, a value a contact; only the columns of tasks that the model has."""
        probabilities = self.found.probabilities
        return {**self._reasons(probabilities), **self._sentiment(probabilities), **self._churn(probabilities)}

    def mentions(self) -> pa.Array:
        """The column `mentions` of `scores`: of a contact whose reasons stand in different passages of the customer's
        these passages, that of the most probable reason first."""
        passages = self.found.passages
        if TaskName.REASON not in self.tasks or passages is None:
            return pa.nulls(len(self.texts), SCORES.schema.field("mentions").type)
        spoken, mentioned = self.found.spoken[TaskName.REASON], []
        for row, reasons in enumerate(self._decided):
            segments = dict.fromkeys(spoken[row, reasons].tolist())
            # Where nobody says anything all reasons stand in one blank segment, which has no place.
            places = self._places(row) if len(segments) > 1 else []
            told = [(places[segment], int(passages.rows[row, segment])) for segment in segments if places]
            own = [each for each in told if self.turns[row][each[0].turn]["speaker"] == Speaker.CUSTOMER]
            mentioned.append(own if len(own) > 1 else [])
        return _mentions_column(mentioned, passages.vectors)

    @cached_property
    def _decided(self) -> list[npt.NDArray[np.int64]]:
        """For each contact the reasons that hold, the most probable first."""
        values = self.found.probabilities[TaskName.REASON]
        decided = self.facts.decisions.decide(self.tasks[TaskName.REASON], values)
        return [
            np.flatnonzero(holds)[np.argsort(-probabilities[holds], kind="stable")]
            for holds, probabilities in zip(decided, values, strict=True)
        ]

    def _evidence(self, row: int, task: str, output: int) -> dict[str, int] | None:
        places = self._places(row)
        return asdict(places[int(self.found.spoken[task][row, output])]) if places else None

    def _reasons(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.REASON not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.REASON], probabilities[TaskName.REASON]
        top = values.argmax(axis=1)
        return {
            "reasons": [
                [
                    {
                        "reason": task.labels[label],
                        "probability": float(values[row, label]),
                        "evidence": self._evidence(row, task.name, int(label)),
                    }
                    for label in self._decided[row]
                ]
                for row in range(len(values))
            ],
            "abstained": [len(reasons) == 0 for reasons in self._decided],
            "top_reason": [task.labels[label] for label in top],
            "top_probability": values[np.arange(len(top)), top],
        }

    def _sentiment(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.SENTIMENT not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.SENTIMENT], probabilities[TaskName.SENTIMENT]
        best = values.argmax(axis=1)
        return {
            "sentiment": [task.labels[label] for label in best],
            "sentiment_probability": values[np.arange(len(best)), best],
            "sentiment_course": [self._course(row, task) for row in range(len(best))],
        }

    def _course(self, row: int, task: Task) -> list[dict[str, Any]]:
        """What is said of each turn of the customer by itself; a long contact's last ones are not read."""
        turns, course = self.turns[row], []
        lines = self.found.turns[task.name][row]  # as many as the contact with the most turns has
        for number, values in zip(turn_numbers(turns, self.facts.speakers), lines, strict=False):
            if turns[number]["speaker"] == Speaker.CUSTOMER and not np.isnan(values[0]):
                best = int(values.argmax()) if values.max() >= SURE_TURN else task.labels.index(Sentiment.NEUTRAL)
                said = {"turn": number, "sentiment": task.labels[best], "probability": float(values[best])}
                course.append(said)
        return course

    def _churn(self, probabilities: Mapping[str, Floats]) -> dict[str, Any]:
        if TaskName.CHURN_INTENT not in self.tasks:
            return {}
        task, values = self.tasks[TaskName.CHURN_INTENT], probabilities[TaskName.CHURN_INTENT]
        leaving = self.facts.decisions.decide(task, values)[:, 1]
        columns: dict[str, Any] = {
            "churn_intent": leaving,
            "churn_probability": values[:, 1],
            "churn_evidence": [self._evidence(row, task.name, 0) if said else None for row, said in enumerate(leaving)],
        }
        if TaskName.CHURN_DIRECTION in self.tasks:
            direction = self.tasks[TaskName.CHURN_DIRECTION]
            columns["churn_direction"] = directions(direction, probabilities[direction.name], leaving)
        return columns


def _mentions_column(mentioned: Sequence[Sequence[tuple[Evidence, int]]], vectors: Floats) -> pa.Array:
    """A list column out of each contact's passages, with the rows of `vectors` that are theirs; null without any."""
    kind = SCORES.schema.field("mentions").type
    flat = [each for passages in mentioned for each in passages]
    ends = np.cumsum([0, *map(len, mentioned)])
    begins = [int(begin) if passages else None for begin, passages in zip(ends, mentioned, strict=False)]
    fields = {field.name: field.type for field in kind.value_type}
    columns = [
        pa.array([getattr(place, name) for place, _ in flat], fields[name]) for name in fields if name != "embedding"
    ]
    columns.append(vectors_column(vectors[[row for _, row in flat]]))
    items = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array([*begins, len(flat)], pa.int32()), items, type=kind)


def directions(task: Task, probabilities: Floats, leaving: npt.NDArray[np.bool_]) -> list[str]:
    """Where each customer stands: leaving where the intent says so, else another direction that is sure, else none.

    Two heads answer two questions; this way they never contradict each other. Directions are learnt from the seed
    corpus alone, where they are far more frequent than in a company's contacts, so only a sure one counts.
    """
    other = probabilities.copy()
    other[:, task.labels.index(ChurnDirection.LEAVING)] = -1
    other[:, task.labels.index(ChurnDirection.NONE)] = _SURE_DIRECTION
    found = [task.labels[label] for label in other.argmax(axis=1)]
    return [ChurnDirection.LEAVING if said else label for said, label in zip(leaving, found, strict=True)]
