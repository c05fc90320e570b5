"""Contacts as somebody sends them to what the exported model says about them.

This module and what it imports go into the MLflow model as they are (serving.artefact), so nothing here needs torch,
the lake or a workspace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voc.data.columns import form_of
from voc.data.language import detect
from voc.data.text import contact_text, script_of
from voc.inference.answers import Answers
from voc.labels import Speaker
from voc.models.exported import load_exported
from voc.models.onnx_predict import OnnxPredictor

EXAMPLES: tuple[dict[str, Any], ...] = (
    {"text": "Internet mi ne radi već tri dana, a račun je sve veći.", "language": "hr"},
    {
        "turns": [
            {"speaker": "customer", "text": "Great years with you, but I am leaving. Please close my account."},
            {"speaker": "agent", "text": "I am sorry to hear that."},
        ],
        "language": "en",
    },
)
"""Contacts as somebody sends them. Synthetic."""


@dataclass(frozen=True)
class Asked:
    """A contact to read: its turns (`speaker`, `text`), and its language where the sender knows it."""

    turns: Sequence[Mapping[str, str]]
    language: str | None = None

    @classmethod
    def text(cls, text: str, language: str | None = None) -> "Asked":
        """A contact of one message of the customer."""
        return cls(({"speaker": Speaker.CUSTOMER.value, "text": text},), language)

    @classmethod
    def of(cls, text: str | None, turns: Sequence[Mapping[str, str]] | None, language: str | None) -> "Asked":
        """A contact as somebody sent it: turns, or a text. Raises ValueError where it has both, neither, or no words of
        the customer; the message repeats nothing of it."""
        if (text is None) == (turns is None):
            raise ValueError(f"expected text or turns, got {'neither' if text is None else 'both'}")
        asked = cls.text(text or "", language) if turns is None else cls(turns, language)
        if not asked.customers_words.strip():
            raise ValueError("expected at least one customer's turn with words, got none")
        return asked

    @property
    def customers_words(self) -> str:
        """What a language is found from where none is told, as `voc ingest` does."""
        return " ".join(turn["text"] for turn in self.turns if turn["speaker"] == Speaker.CUSTOMER)

    @property
    def script(self) -> str:
        """Script of the whole contact."""
        return script_of("\n".join(turn["text"] for turn in self.turns)).value


class Scorer:
    """The exported model of a folder, in this process. Threads may use one together: it holds nothing that changes."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelFolderError where there is no export, or not as its manifest says."""
        exported = load_exported(folder)
        self.facts = exported.facts
        self.precision = exported.precision
        self._predictor = OnnxPredictor(exported)

    def score(self, contacts: Sequence[Asked]) -> list[dict[str, Any]]:
        """For each contact the columns of `scores` that the model has, without the embedding, and `language`: as told,
        or as found in the customer's words."""
        turns = [contact.turns for contact in contacts]
        texts = [contact_text(spoken, self.facts.speakers) for spoken in turns]
        languages = _languages(contacts)
        forms = [form_of(language, each.script) for language, each in zip(languages, contacts, strict=True)]
        answers = Answers(self.facts, turns, texts, self._predictor.predict(texts, forms)).columns()
        columns = {"language": languages, **{name: _plain(values) for name, values in answers.items()}}
        return [{name: values[row] for name, values in columns.items()} for row in range(len(contacts))]


def _languages(contacts: Sequence[Asked]) -> list[str]:
    silent = [contact.customers_words for contact in contacts if contact.language is None]
    found = iter(detect(silent))
    return [contact.language or next(found).value for contact in contacts]


def _plain(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
