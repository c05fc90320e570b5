"""What every reader gives: rows as they came, with the line to find them again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

MOST_CHARACTERS = 16 * 2**20
"""A row longer than this is no contact (a quote that was never closed, a file without line ends)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused.

    `field` is empty where it is the row as a whole; `reason` is `expected …, got …`; `kind` is to count by.
    """

    field: str
    reason: str
    kind: str


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a source.

    `line` counts from 1 (in Parquet: the row's number); `values` is None exactly where `problem` says why;
    `raw` is the row's bytes as they came (from Parquet, which has no such bytes, the row as JSON).
    """

    line: int
    values: dict[str, Any] | None
    raw: bytes
    problem: Problem | None = None


class Reader(Protocol):
    """Reads one format."""

    def __call__(self, path: Path) -> Iterator[RawRow]:
        """Give the rows one after the other, without the whole file in memory.

        Raises InputError where the file as a whole is not of this format. A bad row comes with its problem.
        """
        ...


def not_utf8(field: str, raw: bytes, error: UnicodeDecodeError | UnicodeEncodeError) -> Problem:
    """The problem of a row that is not UTF-8. No encoding is guessed: a wrong guess would look like text."""
    # An encoder's object holds the byte as surrogateescape keeps it.
    came = raw[error.start] if isinstance(error, UnicodeDecodeError) else ord(error.object[error.start])
    byte = came & 0xFF
    return Problem(field, f"expected UTF-8, got byte 0x{byte:02x}", "encoding")
