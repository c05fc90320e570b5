"""The same for MLflow, which speaks in frames: contacts out of a frame, answers into one."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from voc.errors import InputError
from voc.inference.serving.scorer import EXAMPLES, Asked
from voc.labels import Language, Speaker

# As MLflow writes a signature down (mlflow.types.Schema.to_json).
_EVIDENCE = {
    "type": "object",
    "properties": {name: {"type": "long", "required": True} for name in ("turn", "begin", "end")},
}
INPUTS: list[dict[str, Any]] = [
    {"name": "text", "type": "string", "required": False},
    {
        "name": "turns",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {name: {"type": "string", "required": True} for name in ("speaker", "text")},
        },
        "required": False,
    },
    {"name": "language", "type": "string", "required": False},
]
OUTPUTS: list[dict[str, Any]] = [
    {"name": "language", "type": "string", "required": True},
    {
        "name": "reasons",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "required": True},
                "probability": {"type": "double", "required": True},
                "evidence": {**_EVIDENCE, "required": False},
            },
        },
        "required": True,
    },
    {"name": "abstained", "type": "boolean", "required": True},
    {"name": "top_reason", "type": "string", "required": True},
    {"name": "top_probability", "type": "double", "required": True},
    {"name": "sentiment", "type": "string", "required": False},
    {"name": "sentiment_probability", "type": "double", "required": False},
    {
        "name": "sentiment_course",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "turn": {"type": "long", "required": True},
                "sentiment": {"type": "string", "required": True},
                "probability": {"type": "double", "required": True},
            },
        },
        "required": False,
    },
    {"name": "churn_intent", "type": "boolean", "required": False},
    {"name": "churn_probability", "type": "double", "required": False},
    {"name": "churn_evidence", **_EVIDENCE, "required": False},
    {"name": "churn_direction", "type": "string", "required": False},
]
EXAMPLE: dict[str, list[Any]] = {
    column["name"]: [contact.get(column["name"]) for contact in EXAMPLES] for column in INPUTS
}


def asked_of(frame: pd.DataFrame) -> list[Asked]:
    """Contacts of a frame with the columns of INPUTS, any of which may be missing.

    Raises InputError that names the row and the column, and not what stands there.
    """
    rows = frame.reindex(columns=[column["name"] for column in INPUTS])
    return [_asked(number, *row) for number, row in enumerate(rows.itertuples(index=False, name=None))]


def frame_of(answers: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Answers as a frame, a row a contact."""
    return pd.DataFrame(list(answers))


def _asked(number: int, text: Any, turns: Any, language: Any) -> Asked:
    told = str(language) if _there(language) else None
    if told is not None and told not in set(Language):
        raise InputError(f"row {number}: language: expected one of {', '.join(Language)}, got something else")
    spoken = [{"speaker": str(turn["speaker"]), "text": str(turn["text"])} for turn in turns] if _there(turns) else None
    if any(turn["speaker"] not in set(Speaker) for turn in spoken or ()):
        raise InputError(f"row {number}: turns: speaker: expected one of {', '.join(Speaker)}, got something else")
    try:
        return Asked.of(str(text) if _there(text) else None, spoken, told)
    except ValueError as error:
        raise InputError(f"row {number}: {error}") from None


def _there(value: Any) -> bool:
    """Whether a cell says something; frames have many words for nothing."""
    return bool(value is not None and (not pd.api.types.is_scalar(value) or not pd.isna(value)))
