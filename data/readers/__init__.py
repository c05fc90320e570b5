"""Readers, one a format. A help-desk's export becomes one more module here and one more line in `READERS`."""

import difflib
from pathlib import Path

from voc.data.readers import csv, jsonl, parquet
from voc.data.readers.rows import Problem, RawRow, Reader
from voc.errors import InputError

__all__ = ["ENDINGS", "READERS", "Problem", "RawRow", "Reader", "reader_for"]

READERS: dict[str, Reader] = {"csv": csv.read, "jsonl": jsonl.read, "parquet": parquet.read}
"""By format name."""

ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
"""Format of a file whose format nobody names."""


def reader_for(path: Path, format_name: str | None = None) -> Reader:
    """The reader of a file, by format name or else by the file's ending.

    Raises InputError where there is no such file, it is empty, or nothing reads it.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file, got " + ("a folder" if path.is_dir() else "no such file"))
    if path.stat().st_size == 0:
        raise InputError(f"{path}: expected rows, got an empty file")
    name = format_name or ENDINGS.get(path.suffix.lower())
    if name is None:
        raise InputError(f"{path}: expected a name that ends in {', '.join(ENDINGS)}, got {path.suffix!r}")
    if name not in READERS:
        near = difflib.get_close_matches(name, READERS, 1)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise InputError(f"{name}: expected a format out of {', '.join(READERS)}{hint}")
    return READERS[name]
