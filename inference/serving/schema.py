"""What goes over the wire. A mistake is told with its field and what was expected, never with what stood there."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from voc.config import ServingSettings
from voc.inference.serving.scorer import EXAMPLES, Asked
from voc.labels import ChurnDirection, Language, Sentiment, Speaker

_MOST_MISTAKES = 5


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AskedTurn(_Wire):
    """One utterance."""

    speaker: Speaker
    text: str


class AskedContact(_Wire):
    """A contact to be scored: `turns`, or `text`, which is one message of the customer."""

    id: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="Comes back with the answer."
    )
    text: str | None = None
    turns: tuple[AskedTurn, ...] | None = None
    language: Language | None = Field(None, description="Found from the customer's words where it is missing.")

    @model_validator(mode="after")
    def _one_of_two_with_words(self) -> Self:
        _ = self.asked  # raises where it cannot be one
        return self

    @property
    def asked(self) -> Asked:
        """As the scorer takes it."""
        language = None if self.language is None else self.language.value
        if self.turns is None:
            return Asked.of(self.text, None, language)
        return Asked.of(
            self.text, [{"speaker": turn.speaker.value, "text": turn.text} for turn in self.turns], language
        )

    @property
    def characters(self) -> int:
        """Of all that was said."""
        return len(self.text or "") + sum(len(turn.text) for turn in self.turns or ())


class Question(_Wire):
    """Contacts to be scored."""

    contacts: tuple[AskedContact, ...] = Field(json_schema_extra={"minItems": 1})


class Evidence(_Wire):
    """Words that a decision rests on: characters `begin` to `end` of the text of a turn; turns count from 0."""

    turn: int
    begin: int
    end: int


class Reason(_Wire):
    """A contact reason at or above its threshold."""

    reason: str
    probability: float
    evidence: Evidence | None


class TurnSentiment(_Wire):
    """Mood of one turn of the customer by itself; turns count from 0."""

    turn: int
    sentiment: Sentiment
    probability: float


class ScoredContact(_Wire):
    """What the model says about a contact, as in the table `scores`. A task that it does not have is null."""

    id: str | None
    language: Language
    reasons: tuple[Reason, ...] = ()
    abstained: bool | None = Field(None, description="No reason is at its threshold.")
    top_reason: str | None = None
    top_probability: float | None = None
    sentiment: Sentiment | None = None
    sentiment_probability: float | None = None
    sentiment_course: tuple[TurnSentiment, ...] | None = None
    churn_intent: bool | None = Field(None, description="The customer says that he leaves.")
    churn_probability: float | None = None
    churn_evidence: Evidence | None = None
    churn_direction: ChurnDirection | None = None


class Answer(_Wire):
    """Answers in the order of the question."""

    model_version: str
    precision: str
    contacts: tuple[ScoredContact, ...]


class Problem(_Wire):
    """What was wrong, in one line."""

    error: str


QUESTIONS: tuple[Mapping[str, Any], ...] = (
    {"contacts": [{"id": name, **contact} for name, contact in zip("ab", EXAMPLES, strict=True)]},
    {"contacts": [{"text": "Рачун је нетачан већ други месец."}, {"text": "Kdaj bo napaka odpravljena?"}]},
)
"""Synthetic."""


def beyond_limits(question: Question, settings: ServingSettings) -> str | None:
    """What is too much or too little, in one line; None where nothing is."""
    if not question.contacts:
        return "contacts: expected at least 1, got 0"
    if len(question.contacts) > settings.max_contacts:
        return f"contacts: expected at most {settings.max_contacts:,}, got {len(question.contacts):,}"
    for number, contact in enumerate(question.contacts):
        if contact.characters > settings.max_characters:
            return (
                f"contacts.{number}: expected at most {settings.max_characters:,} characters, "
                f"got {contact.characters:,}"
            )
    return None


def mistakes(errors: Iterable[Mapping[str, Any]]) -> str:
    """Pydantic's errors in one line, without anything that the caller sent."""
    found = list(errors)
    told = [_mistake(error) for error in found[:_MOST_MISTAKES]]
    more = len(found) - len(told)
    return "; ".join([*told, *([f"and {more:,} more"] if more else [])])


def _mistake(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"body: expected JSON, got something broken at character {error['loc'][-1]}"
    parts = [str(part) for part in error["loc"] if part != "body"]
    if error["type"] == "extra_forbidden":
        # The name of an unknown field is the caller's own, and may be anything.
        return f"{_place(parts[:-1])}: unknown field; expected only those of the description at /openapi.json"
    return f"{_place(parts)}: {_expected(error)}"


def _expected(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])  # our own, which says by itself what came
    return f"{error['msg'].replace('Input should be', 'expected')}, got {_kind(error.get('input'))}"


def _place(parts: list[str]) -> str:
    return ".".join(parts) or "body"


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"a text of {len(value):,} characters"
    if isinstance(value, list | tuple | dict):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    return "a number" if isinstance(value, int | float) else "something else"
