"""The same for MLflow, which speaks in frames: contacts out of a frame, answers into one."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from voc.errors import InputError
from voc.inference.serving.scorer import Asked
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
    {"name": "churn_intent", "type": "boolean", "required": False},
    {"name": "churn_probability", "type": "double", "required": False},
    {"name": "churn_evidence", **_EVIDENCE, "required": False},
    {"name": "churn_direction", "type": "string", "required": False},
]
EXAMPLE: dict[str, list[Any]] = {
    "text": ["Internet mi ne radi već tri dana, a račun je sve veći.", None],
    "turns": [
        None,
        [
            {"speaker": "customer", "text": "Great years with you, but I am leaving. Please close my account."},
            {"speaker": "agent", "text": "I am sorry to hear that."},
        ],
    ],
    "language": ["hr", "en"],
}
"""Synthetic, as all examples are."""


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
    if _there(text) == _there(turns):
        raise InputError(f"row {number}: expected text or turns, got {'both' if _there(text) else 'neither'}")
    if _there(text):
        asked = Asked.text(str(text), told)
    else:
        asked = Asked([{"speaker": str(turn["speaker"]), "text": str(turn["text"])} for turn in turns], told)
    if any(turn["speaker"] not in set(Speaker) for turn in asked.turns):
        raise InputError(f"row {number}: turns: speaker: expected one of {', '.join(Speaker)}, got something else")
    if not asked.customers_words.strip():
        raise InputError(f"row {number}: expected words of the customer, got none")
    return asked


def _there(value: Any) -> bool:
    """Whether a cell says something; frames have many words for nothing."""
    return bool(value is not None and (not pd.api.types.is_scalar(value) or not pd.isna(value)))
