"""JSON Lines: one object a line, UTF-8."""

from collections.abc import Iterator
from pathlib import Path

from pydantic_core import from_json

from voc.data.readers.rows import MOST_CHARACTERS, Problem, RawRow, not_utf8

_MARK = b"\xef\xbb\xbf"


def read(path: Path, most: int = MOST_CHARACTERS) -> Iterator[RawRow]:
    """Rows of a JSON Lines file, of at most `most` bytes; blank lines are skipped."""
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(most):
            line += 1
            if len(raw) == most and not raw.endswith(b"\n"):
                while (rest := file.readline(most)) and not rest.endswith(b"\n"):
                    pass  # what is kept is the row's beginning
                problem = Problem("", f"expected at most {len(raw):,} bytes, got more", "size")
                yield RawRow(line, None, raw, problem)
                continue
            text = raw.removeprefix(_MARK) if line == 1 else raw
            if text.strip():
                yield _row(line, text)


def _row(line: int, raw: bytes) -> RawRow:
    try:
        values = from_json(raw)
    except ValueError as error:
        try:
            raw.decode()
        except UnicodeDecodeError as wrong:
            return RawRow(line, None, raw, not_utf8("", raw, wrong))
        return RawRow(line, None, raw, Problem("", f"expected one JSON object, got {error}", "json"))
    if not isinstance(values, dict):
        return RawRow(line, None, raw, Problem("", f"expected one JSON object, got {_kind(values)}", "json"))
    return RawRow(line, values, raw)


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "null" if value is None else f"a {'text' if isinstance(value, str) else type(value).__name__}"
