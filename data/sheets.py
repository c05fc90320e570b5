"""Tables as CSV that a spreadsheet opens without running anything in them."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from voc.data.workspace import write_atomically

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_FORMULA = re.compile(r"(^|[;,|][\"']?)([=+\-@＝＋－＠])")


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as a CSV file in which no cell is a formula to a spreadsheet, whole or not at all."""
    cells = ([(safe_id if name == "contact_id" else safe_cell)(row.get(name)) for name in columns] for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, csv_text(columns, cells))


def csv_text(columns: Sequence[str], cells: Iterable[Sequence[object]]) -> str:
    """Cells that are safe already, as the text of a CSV file."""
    text = io.StringIO(newline="")
    text.write("\ufeff")  # without it, a spreadsheet takes UTF-8 for something else
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(cells)
    return text.getvalue()


def safe_cell(value: Any) -> str:
    """A value as one line of text that no spreadsheet takes for a formula (OWASP, "CSV injection").

    No control characters, and a space before a first =, +, - or @: also where a spreadsheet that splits at semicolons
    would begin a cell.
    """
    text = " ".join(_CONTROL.sub(" ", "" if value is None else str(value)).split())
    return _FORMULA.sub(r"\1 \2", text)


def safe_id(value: Any) -> str:
    """The same for an id, whose every character counts: only with a space before it, which `voc ingest` takes off."""
    text = str(value)
    return f" {text}" if _CONTROL.match(text) or _FORMULA.match(text) else text
