"""What is wrong with a row, in one line: what was expected and what came, but never a customer's words."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from voc.data.readers import Problem

_MOST_SHOWN = 40
_MOST_NAMED = 5

# Fields whose values are free text: a message gives their length only.
_TEXTS = {"", "turns", "text", "product", "journey_stage", "segment", "region", "attributes", "source"}

_EXPECTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "enum": lambda context: str(context["expected"]).replace("'", ""),
    "greater_than_equal": lambda context: f"at least {context['ge']}",
    "less_than_equal": lambda context: f"at most {context['le']}",
    "string_too_short": lambda context: "a value",
    "string_too_long": lambda context: f"at most {context['max_length']} characters",
    "string_type": lambda context: "text",
    "string_unicode": lambda context: "text in UTF-8",
    "string_pattern_mismatch": lambda context: str(context["pattern"]).strip("^$()").replace("|", " or "),
    "tuple_type": lambda context: "a list",
    "dict_type": lambda context: "an object of names and values",
    "model_type": lambda context: "an object of speaker and text",
    "model_attributes_type": lambda context: "an object of speaker and text",
    "date_from_datetime_inexact": lambda context: "a date without a time",
}
_EXPECTED_BY_START = {
    "int": "a whole number",
    "bool": "true or false",
    "datetime": "a time such as 2026-03-31T14:05:00+02:00",
    "timezone": "a time such as 2026-03-31T14:05:00+02:00",
    "date": "a date such as 2026-03-31",
    "finite": "a whole number",
}


def explain(error: ValidationError, columns: Sequence[str], known: Iterable[str]) -> Problem:
    """All mistakes of a row as one problem, under the first one's field.

    `columns` are the names that the row had; `known` those that its record knows.
    """
    details = error.errors(include_url=False)
    first, *others = [_one(detail, columns, known) for detail in details[:_MOST_NAMED]]
    reason = "; ".join([first.reason, *(f"{other.field}: {other.reason}".removeprefix(": ") for other in others)])
    if len(details) > _MOST_NAMED:
        reason += f"; and {len(details) - _MOST_NAMED} more"
    return Problem(first.field, reason, first.kind)


def _one(detail: ErrorDetails, columns: Sequence[str], known: Iterable[str]) -> Problem:
    field, kind, context = _place(detail["loc"]), detail["type"], detail.get("ctx", {})
    if kind == "missing":
        if "[" in field:
            return Problem(field, "expected a value, got no such field", kind)
        found = ", ".join(shown(name) for name in sorted(columns)) or "nothing"
        return Problem(field, f"expected this field, got only {found}", kind)
    if kind == "extra_forbidden":
        near = get_close_matches(str(detail["loc"][-1]), list(known), 1)
        hint = f" (did you mean {near[0]}?)" if near and "[" not in field else ""
        return Problem(field, f"expected no field of this name, got one{hint}", kind)
    if kind == "value_error":
        message = str(context["error"])
        return Problem(field, message if ", got " in message else f"{message}, got {_got(field, detail)}", "value")
    if kind in _EXPECTED:
        expected = _EXPECTED[kind](context)
    else:
        expected = _EXPECTED_BY_START.get(kind.split("_")[0], kind.replace("_", " "))
    return Problem(field, f"expected {expected}, got {_got(field, detail)}", kind)


def _place(loc: tuple[int | str, ...]) -> str:
    """`turns[3].speaker`."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if path else shown(part)
    return path


def _got(field: str, detail: ErrorDetails) -> str:
    value = detail["input"]
    if value is None:
        return "nothing"
    if isinstance(value, bool | int | float | date):
        return str(value)[:_MOST_SHOWN]
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if not isinstance(value, str):
        names = {"dict": "an object", "list": "a list", "tuple": "a list"}
        name = type(value).__name__
        return names.get(name, f"a value of type {name}")
    if not value.strip():
        return "nothing"
    # The last name tells turns[3].text (words of a person) from turns[3].speaker (one of ours).
    last = field.rsplit(".", 1)[-1].split("[", 1)[0]
    top = field.split(".", 1)[0].split("[", 1)[0]
    if last in _TEXTS or (top in _TEXTS and last not in {"speaker", "at"}):
        return f"text of {len(value):,} characters"
    # A long value with spaces is words that stand in the wrong column.
    if len(value) > _MOST_SHOWN and any(char.isspace() for char in value):
        return f"text of {len(value):,} characters"
    return shown(value)


def shown(value: str) -> str:
    """A value cut to what fits a line, with everything that would break the line or a terminal escaped."""
    cut = value if len(value) <= _MOST_SHOWN else value[:_MOST_SHOWN] + "…"
    return cut if cut.isprintable() and cut == cut.strip() and cut else json.dumps(cut)
