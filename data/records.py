"""What comes in, one record a row: checked once, at the door, with a message that names the field."""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from voc.labels import Channel, Language, Sentiment, Speaker, Split


def _blank_is_none(value: Any) -> Any:
    """CSV has no null: an empty cell says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def _json_when_text(value: Any) -> Any:
    """A list or map in a CSV cell is written as JSON."""
    if isinstance(value, str) and value.strip():
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"expected JSON ({error.msg} at character {error.pos})") from None
    return _blank_is_none(value)


def _pairs_to_map(value: Any) -> Any:
    """Parquet maps arrive as lists of pairs."""
    return dict(value) if isinstance(value, list) else value


Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(str.strip)]
OptionalText = Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_blank_is_none)]


class Record(BaseModel):
    """Base of the records: frozen; unknown fields are refused unless a record collects them."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    @property
    def digest(self) -> str:
        """Fingerprint of the content: the same row read twice is the same, a changed one is not."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class Turn(Record):
    """One utterance of a conversation."""

    speaker: Speaker
    text: str
    at: Annotated[datetime | None, BeforeValidator(_blank_is_none)] = None


class Contact(Record):
    """One conversation of a customer with the company, on any channel.

    Times without an offset are read in the time zone given as validation context `zone`; `context["now"]` is the
    moment of reading, `context["limits"]` the workspace's IngestSettings.
    """

    contact_id: Id
    customer_id: Id
    started_at: datetime
    channel: Channel
    product: OptionalText = None
    journey_stage: OptionalText = None
    language: Annotated[Language | None, BeforeValidator(_blank_is_none)] = None
    turns: Annotated[tuple[Turn, ...], BeforeValidator(_json_when_text)]
    csat: Annotated[Annotated[int, Field(ge=1, le=5)] | None, BeforeValidator(_blank_is_none)] = None
    nps: Annotated[Annotated[int, Field(ge=0, le=10)] | None, BeforeValidator(_blank_is_none)] = None
    ces: Annotated[Annotated[int, Field(ge=1, le=7)] | None, BeforeValidator(_blank_is_none)] = None
    first_response_s: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_blank_is_none)] = None
    duration_s: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_blank_is_none)] = None
    attributes: Annotated[
        dict[str, str], BeforeValidator(_pairs_to_map), BeforeValidator(_json_when_text)
    ] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_text_or_turns(cls, values: Any) -> Any:
        """`text` is a whole message of the customer; columns that we do not know are kept as attributes."""
        if not isinstance(values, dict):
            return values
        known = dict(values)
        text = known.pop("text", None)
        if _blank_is_none(known.get("turns")) is None:
            if text is None:
                known.pop("turns", None)
            else:
                known["turns"] = [{"speaker": Speaker.CUSTOMER, "text": text}]
        extra = {key: known.pop(key) for key in list(known) if key not in cls.model_fields}
        if extra:
            attributes = _pairs_to_map(_json_when_text(known.get("attributes"))) or {}
            kept = {key: _as_text(value) for key, value in extra.items() if _blank_is_none(value) is not None}
            known["attributes"] = {**kept, **attributes}
        elif _blank_is_none(known.get("attributes")) is None:
            known.pop("attributes", None)
        return known

    @field_validator("started_at")
    @classmethod
    def _not_in_the_future(cls, value: datetime, info: ValidationInfo) -> datetime:
        context = info.context or {}
        if value.tzinfo is None:
            if "zone" not in context:
                raise ValueError("expected a time with an offset")
            value = value.replace(tzinfo=context["zone"])
        if "now" in context:
            latest = context["now"] + timedelta(minutes=context["limits"].future_tolerance_minutes)
            if value > latest:
                raise ValueError(f"expected a time not after {latest:%Y-%m-%d %H:%M} UTC")
        return value

    @field_validator("turns")
    @classmethod
    def _has_words(cls, value: tuple[Turn, ...], info: ValidationInfo) -> tuple[Turn, ...]:
        if not any(turn.speaker == Speaker.CUSTOMER and turn.text.strip() for turn in value):
            raise ValueError("expected at least one customer's turn with words, got none")
        context = info.context or {}
        if "limits" in context:
            characters, most = sum(len(turn.text) for turn in value), context["limits"].max_characters
            if characters > most:
                raise ValueError(f"expected at most {most:,} characters, got {characters:,}")
        return value


class Customer(Record):
    """A customer and the days on which he was one: the denominator of every contact rate."""

    customer_id: Id
    active_from: date
    active_to: Annotated[date | None, BeforeValidator(_blank_is_none)] = None
    """First day on which he is no longer a customer; None while he is."""
    segment: OptionalText = None
    region: OptionalText = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.active_to is not None and self.active_to < self.active_from:
            raise ValueError(f"expected active_to not before active_from, got {self.active_to}")
        return self


class Outcome(Record):
    """What a customer did in the end."""

    customer_id: Id
    kind: Annotated[str, Field(pattern="^(churned|stayed)$")]
    churned_at: Annotated[date | None, BeforeValidator(_blank_is_none)] = None

    @model_validator(mode="after")
    def _date_when_churned(self) -> Self:
        if (self.kind == "churned") != (self.churned_at is not None):
            raise ValueError("expected churned_at exactly where kind is 'churned'")
        return self


class Label(Record):
    """What a person (or, in the demo, the generator) says a contact is about. Any task may be missing."""

    contact_id: Id
    reasons: Annotated[tuple[str, ...] | None, BeforeValidator(_json_when_text)] = None
    sentiment: Annotated[Sentiment | None, BeforeValidator(_blank_is_none)] = None
    churn_intent: Annotated[bool | None, BeforeValidator(_blank_is_none)] = None
    split: Annotated[Split | None, BeforeValidator(_blank_is_none)] = None
    """Fixed for the life of the label; None lets the hash of the contact's id decide."""
    source: Annotated[str, Field(validation_alias=AliasChoices("source", "labelled_by"))] = "unknown"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
