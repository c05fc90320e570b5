"""What comes in, one record a row: checked once, at the door, with a message that names the field."""

import difflib
import hashlib
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from voc.labels import Channel, Language, Sentiment, Speaker, Split


def _blank_is_none(value: Any) -> Any:
    """CSV has no null: an empty cell says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def _json_when_text(value: Any) -> Any:
    """A list or map in a CSV cell is written as JSON."""
    if isinstance(value, str) and value.strip():
        try:
            return from_json(value)
        except ValueError as error:  # broken, nested too deep, or half a character
            raise ValueError(f"expected JSON, got something broken ({error})") from None
    return _blank_is_none(value)


def _as_map(value: Any) -> Any:
    """Parquet maps arrive as lists of pairs."""
    if isinstance(value, list):
        try:
            return dict(value)
        except (TypeError, ValueError):
            raise ValueError("expected an object of names and values, got a list") from None
    return value


def _attributes(value: Any) -> Any:
    """Text to text, in the order of the names: the order of a source's columns does not change the content.

    A Parquet struct names what is not there too: what says nothing is left out.
    """
    pairs = _as_map(_json_when_text(value))
    if not isinstance(pairs, dict):
        return pairs
    texts = {str(key): _as_text(part) for key, part in pairs.items() if _blank_is_none(part) is not None}
    return dict(sorted(texts.items()))


def _as_text(value: Any) -> str:
    """A value as a CSV cell would hold it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, ensure_ascii=False, default=_as_text)
    return str(value)


def _in_utc(value: datetime, info: ValidationInfo) -> datetime:
    """A moment on one clock: without an offset it is read in the company's time zone."""
    if value.tzinfo is None:
        zone = (info.context or {}).get("zone")
        if zone is None:
            raise ValueError("expected a time with an offset")
        value = value.replace(tzinfo=zone)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a time that UTC can tell") from None


def _not_bool(value: Any) -> Any:
    """`true` is not a score of 1."""
    if isinstance(value, bool):
        raise ValueError("expected a whole number, got true or false")
    return _blank_is_none(value)


Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalText = Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_blank_is_none)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]


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
    at: Annotated[Moment | None, BeforeValidator(_blank_is_none)] = None


class Contact(Record):
    """One conversation of a customer with the company, on any channel.

    Times without an offset are read in the time zone given as validation context `zone`; `context["now"]` is
    the moment of reading, `context["limits"]` the workspace's IngestSettings.
    """

    contact_id: Id
    customer_id: Id
    started_at: Moment
    channel: Channel
    product: OptionalText = None
    journey_stage: OptionalText = None
    language: Annotated[Language | None, BeforeValidator(_blank_is_none)] = None
    turns: Annotated[tuple[Turn, ...], BeforeValidator(_json_when_text)]
    csat: Annotated[Annotated[int, Field(ge=1, le=5)] | None, BeforeValidator(_not_bool)] = None
    nps: Annotated[Annotated[int, Field(ge=0, le=10)] | None, BeforeValidator(_not_bool)] = None
    ces: Annotated[Annotated[int, Field(ge=1, le=7)] | None, BeforeValidator(_not_bool)] = None
    first_response_s: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_not_bool)] = None
    duration_s: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_not_bool)] = None
    attributes: Annotated[dict[str, str], BeforeValidator(_attributes)] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_text_or_turns(cls, values: Any) -> Any:
        """`text` is a whole message of the customer; columns that we do not know are kept as attributes."""
        if not isinstance(values, dict):
            return values
        known = dict(values)
        text = known.pop("text", None)
        if _blank_is_none(known.get("turns")) is None:
            known.pop("turns", None)
            if text is not None:
                known["turns"] = ({"speaker": Speaker.CUSTOMER, "text": text},)
        elif _blank_is_none(text) is not None:
            raise ValueError("expected turns or one text, got both")
        if not known.keys() <= _CONTACT_FIELDS:
            extra = {key: known.pop(key) for key in known.keys() - _CONTACT_FIELDS}
            with suppress(ValueError, TypeError):  # what is wrong with `attributes` is said by its own check
                given = _as_map(_json_when_text(known.get("attributes")))
                known["attributes"] = {**extra, **(given or {})}
        elif _blank_is_none(known.get("attributes")) is None:
            known.pop("attributes", None)
        return known

    @field_validator("started_at")
    @classmethod
    def _not_in_the_future(cls, value: datetime, info: ValidationInfo) -> datetime:
        if value.year < 1990:  # a spreadsheet's serial number read as seconds, or a clock that was never set
            raise ValueError("expected a year from 1990 on")
        context = info.context or {}
        if "now" in context:
            latest = context["now"] + timedelta(minutes=context["limits"].future_tolerance_minutes)
            if value > latest:
                raise ValueError("expected a time that is not in the future")
        return value

    @field_validator("turns")
    @classmethod
    def _has_words(cls, value: tuple[Turn, ...], info: ValidationInfo) -> tuple[Turn, ...]:
        if not any(turn.speaker is Speaker.CUSTOMER and turn.text.strip() for turn in value):
            raise ValueError("expected at least one customer's turn with words, got none")
        context = info.context or {}
        if "limits" in context:
            characters, most = sum([len(turn.text) for turn in value]), context["limits"].max_characters
            if characters > most:
                raise ValueError(f"expected at most {most:,} characters, got {characters:,}")
        return value


_CONTACT_FIELDS = frozenset(Contact.model_fields)


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

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.reasons is None and self.sentiment is None and self.churn_intent is None:
            raise ValueError("expected reasons, sentiment or churn_intent, got none of them")
        return self

    @field_validator("reasons")
    @classmethod
    def _in_the_taxonomy(cls, value: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        known = (info.context or {}).get("reasons")
        for reason in value or ():
            if known is not None and reason not in known:
                near = difflib.get_close_matches(reason, known, 1, cutoff=0)
                hint = f" (nearest: {near[0]})" if near else ""
                raise ValueError(f"expected ids of the taxonomy{hint}, got {json.dumps(reason[:40])}")
        return value

    @property
    def digest(self) -> str:
        """Fingerprint of all but `split`: a label that names none keeps the one it had."""
        return hashlib.sha256(self.model_dump_json(exclude={"split"}).encode()).hexdigest()[:32]
