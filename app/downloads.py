"""Any table as a file: CSV, and XLSX in which nothing is ever a formula. The files are made when somebody asks for one.

CSV is read by programs: its columns and the words from fixed lists have the same names in every language. XLSX is read
by people: both are written as the reader's pages write them.

File names say what and which days, never whom. Who builds a table leaves out groups of too few customers first
(`without_small_groups`).
"""

import io
import math
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
import xlsxwriter

from voc.app import access, columns, words
from voc.data.sheets import csv_text, safe_cell, safe_id
from voc.i18n import _, current, using

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST = 32_000
"""Characters of a cell: a spreadsheet takes 32,767."""
_WIDEST, _NARROWEST = 60, 9


def buttons(name: str, table: Callable[[], pd.DataFrame], note: str = "") -> None:
    """Two buttons that download a table.

    Args:
        name: File name without its ending; lower case, no personal data.
        table: Makes the table; called when a button is pressed.
        note: What the file leaves out.
    """
    table = access.kept(table)
    language = current()  # the file is made in another thread

    def workbook() -> bytes:
        with using(language):
            return xlsx(table())

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "CSV", lambda: csv(table()), f"{name}.csv", "text/csv", key=f"csv_{name}", on_click="ignore",
            icon=":material/download:", type="tertiary", help=_("Download this table as CSV, for programs."),
        )  # fmt: skip
        st.download_button(
            "XLSX", workbook, f"{name}.xlsx", _XLSX, key=f"xlsx_{name}", on_click="ignore",
            icon=":material/download:", type="tertiary", help=_("Download this table for a spreadsheet."),
        )  # fmt: skip
        if note:
            st.caption(note, width="content")


def name(what: str, first: date, last: date) -> str:
    """A file name: `themes-2026-05-02-to-2026-05-29`."""
    return f"{what}-{first.isoformat()}-to-{last.isoformat()}"


def without_small_groups(table: pd.DataFrame, customers: Iterable[int], least: int) -> pd.DataFrame:
    """The rows of at least `least` customers; `customers` has one number a row."""
    return table[[number >= least for number in customers]].reset_index(drop=True)


def floor(least: int) -> str:
    """Why rows are missing."""
    said = _("The file leaves out groups of fewer than {least} customers, who could be recognised.")
    return said.format(least=words.count(least))


def csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, numbers as numbers, and a space before a text that would begin a formula."""
    names = [str(name) for name in table.columns]
    rows = ([_csv_cell(column, value) for column, value in zip(names, row, strict=True)] for row in _rows(table))
    return csv_text([safe_cell(column) for column in names], rows).encode()


def xlsx(table: pd.DataFrame) -> bytes:
    """A workbook of one sheet, its columns named in the language in use.

    Every text is written as text, whatever it begins with, and no address is a link.
    """
    target = io.BytesIO()
    # Cells are written by their type below; the options say the same once more.
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, {"in_memory": True, **safe}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        names, widths = [str(name) for name in table.columns], []
        for column, title in enumerate(map(columns.title, names)):
            sheet.write_string(0, column, title, bold)
            widths.append(len(title))
        for line, row in enumerate(_rows(table), 1):
            for column, value in enumerate(map(columns.value, names, row)):
                widths[column] = max(widths[column], len(_write(sheet, line, column, value, day)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(max(width + 2, _NARROWEST), _WIDEST))
        sheet.freeze_panes(1, 0)
        if len(table) and len(widths):
            sheet.autofilter(0, 0, len(table), len(widths) - 1)
    return target.getvalue()


def _rows(table: pd.DataFrame) -> Iterable[list[Any]]:
    """Cells as plain Python values; what is missing is None."""
    for row in table.astype(object).itertuples(index=False, name=None):
        yield [None if value is None or value is pd.NaT or value != value else value for value in row]


def _csv_cell(column: str, value: Any) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return safe_id(value) if column == "contact_id" and value is not None else safe_cell(value)


def _write(sheet: Any, line: int, column: int, value: Any, day: Any) -> str:
    """Put a value into a cell by its type; gives the text that its width is judged by."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        sheet.write_number(line, column, value)
        return f"{value:g}"
    if isinstance(value, date):
        sheet.write_datetime(line, column, pd.Timestamp(value).to_pydatetime().replace(tzinfo=None), day)
        return "2026-05-29"
    text = str(value)[:_LONGEST]
    sheet.write_string(line, column, text)
    return text
