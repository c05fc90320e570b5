"""CSV as RFC 4180 has it: a header, quoted cells with line ends inside; semicolons or tabs for commas too."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from voc.data.readers.rows import MOST_CHARACTERS, Problem, RawRow, not_utf8
from voc.errors import InputError

_DELIMITERS = ",;\t"


class _Lines:
    """Lines of a file for csv.reader, which remembers those that went into the current row."""

    def __init__(self, file: TextIO, most: int) -> None:
        self._file = file
        self._most = most
        self._taken: list[str] = []
        self._count = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._most)
        if not line:
            raise StopIteration
        self._taken.append(line)
        self._count += 1
        return line

    def take(self) -> tuple[int, str]:
        """Number of the current row's first line, and the row's text; the next row begins."""
        first, text = self._count - len(self._taken) + 1, "".join(self._taken)
        self._taken.clear()
        return first, text


def read(path: Path, most: int = MOST_CHARACTERS) -> Iterator[RawRow]:
    """Rows of a CSV file; blank lines are skipped; a cell has at most `most` characters.

    Raises InputError where there is no header, or the file says that it is UTF-16.
    """
    # The module's limit, one for the whole process, is 131,072 at first: a long transcript would break it.
    csv.field_size_limit(max(csv.field_size_limit(), most))
    # surrogateescape keeps bytes that are not UTF-8: a bad row then ends neither the reading nor its own
    # evidence. newline="" keeps line ends as they came.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = _Lines(file, most)
        names, delimiter = _header(path, lines)
        wrong = _header_problem(names)
        cells = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            problem, row = wrong, None
            try:
                row = next(cells)
            except StopIteration:
                return
            except csv.Error as error:
                problem = Problem("", f"expected a row of CSV, got: {_plain(str(error))}", "csv")
            line, text = lines.take()
            if row == []:
                continue
            try:
                raw = text.encode()
            except UnicodeEncodeError as error:
                raw = text.encode(errors="surrogateescape")
                problem = problem or not_utf8(_bad_cell(names, row or []), raw, error)
            if problem is None and row is not None:
                problem = _row_problem(names, row)
            if problem is not None or row is None:
                yield RawRow(line, None, raw, problem)
            else:
                values = dict(zip(names, row, strict=True))
                values.pop("", None)
                yield RawRow(line, values, raw)


def _header(path: Path, lines: _Lines) -> tuple[list[str], str]:
    """Names of the columns, and the delimiter: the one of the three that the header holds most often."""
    for first in lines:
        if first.startswith(("\udcff\udcfe", "\udcfe\udcff")):
            raise InputError(f"{path}: expected UTF-8, got UTF-16; save it as CSV UTF-8")
        if first.strip():
            break
        lines.take()
    else:
        raise InputError(f"{path}: expected a header, got only blank lines")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        # The first line was taken to look at it: it goes first again, and lines inside quotes follow.
        names = next(csv.reader(_Again(first, lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: expected a header of CSV, got: {_plain(str(error))}") from None
    lines.take()
    return [name.strip() for name in names], delimiter


class _Again:
    """One line again, and then the others."""

    def __init__(self, first: str, others: _Lines) -> None:
        self._first: str | None = first
        self._others = others

    def __iter__(self) -> "_Again":
        return self

    def __next__(self) -> str:
        if self._first is not None:
            line, self._first = self._first, None
            return line
        return next(self._others)


def _header_problem(names: list[str]) -> Problem | None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        return Problem(twice[0], f"expected one column of a name, got {', '.join(twice)} twice", "header")
    return None


def _row_problem(names: list[str], row: list[str]) -> Problem | None:
    if len(row) != len(names):
        return Problem("", f"expected {len(names)} cells, got {len(row)}", "cells")
    if "" in names:
        for place, (name, cell) in enumerate(zip(names, row, strict=True), 1):
            if not name and cell.strip():
                return Problem("", f"expected a name in the header for column {place}, got none", "header")
    return None


def _bad_cell(names: list[str], row: list[str]) -> str:
    """Name of the first column whose cell is not UTF-8."""
    for name, cell in zip(names, row, strict=False):
        try:
            cell.encode()
        except UnicodeEncodeError:
            return name
    return ""


def _plain(message: str) -> str:
    """The csv module's words for what a user sees."""
    if message.startswith("field larger"):
        return "a quote that is never closed, or a cell too long"
    return "a quote that is never closed" if message == "unexpected end of data" else message
