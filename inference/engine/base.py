"""The seam between scoring and what computes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from voc.models.decisions import Decisions
from voc.models.predictions import Predictions


@dataclass(frozen=True)
class Texts:
    """Texts that are read together, equal segments once, and their written forms as data.columns.form_of names them."""

    texts: Sequence[str]
    forms: Sequence[str] | None = None


class Engine(Protocol):
    """Reads texts. An engine may begin the next part while what it gave of the last one is being worked on."""

    @property
    def name(self) -> str:
        """What computes, as `runs` records it."""

    @property
    def decisions(self) -> Decisions:
        """How what it says becomes decisions: an export has thresholds of its own."""

    def read(self, parts: Iterable[Texts]) -> Iterator[Predictions]:
        """Predictions of each part, in order. Takes at most one part more than it has given back."""


class Predicts(Protocol):
    """A model in this process: models.predict.Predictor, models.onnx_predict.OnnxPredictor."""

    def predict(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Predictions:
        """Predictions of texts, in their order."""


@dataclass(frozen=True)
class InProcess:
    """An engine in this process, a part after the other."""

    name: str
    predictor: Predicts
    decisions: Decisions

    def read(self, parts: Iterable[Texts]) -> Iterator[Predictions]:
        """Predictions of each part, in order."""
        for part in parts:
            yield self.predictor.predict(part.texts, part.forms)
