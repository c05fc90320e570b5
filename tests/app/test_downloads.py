"""Tables as files: no cell is ever a formula, and groups of too few customers stay out."""

import csv as reader
import io
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from voc import i18n
from voc.app import churn_views, columns, contact_list, downloads, filters, queries, reason_views, theme_views
from voc.app.launch import WORKSPACE_VARIABLE
from voc.data.workspace import Workspace
from voc.inference.marts import Criteria
from voc.inference.marts_churn import AtRisk, CallList

DANGEROUS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", '=HYPERLINK("http://x")', "a;=1+1"]
FRAME = pd.DataFrame(
    {
        "text": [*DANGEROUS, "Рачун, čćđšž", "https://evil.example"],
        "number": [-1.5, *range(10)],
        "day": [date(2026, 5, 29)] * 10 + [None],
        "yes": [True, False] * 5 + [None],
    }
)
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def csv_rows(content: bytes) -> list[list[str]]:
    return list(reader.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def xlsx_rows(content: bytes) -> tuple[list[list[Any]], str]:
    """Cells as a spreadsheet reads them, and the sheet's XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        texts = ["".join(part.text or "" for part in item.iter(f"{_SHEET}t")) for item in shared.iter(f"{_SHEET}si")]
        xml = book.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in book.namelist() if "rels" in name and "worksheets" in name]  # no links
    rows = []
    for row in ElementTree.fromstring(xml).iter(f"{_SHEET}row"):
        cells = []
        for cell in row.iter(f"{_SHEET}c"):
            value = cell.findtext(f"{_SHEET}v")
            cells.append(texts[int(value)] if cell.get("t") == "s" and value else float(value) if value else None)
        rows.append(cells)
    return rows, xml


def test_csv_cells_are_text_and_numbers_stay_numbers() -> None:
    rows = csv_rows(downloads.csv(FRAME))
    assert rows[0] == ["text", "number", "day", "yes"]
    assert [row[0] for row in rows[1:]] == [
        " =1+1", " +1", " -2+3", " @SUM(A1)", " =1+1", " =1+1", " ＝1+1", ' =HYPERLINK("http://x")', "a; =1+1",
        "Рачун, čćđšž", "https://evil.example",
    ]  # fmt: skip
    assert [row[1] for row in rows[1:3]] == ["-1.5", "0.0"]
    assert (rows[1][2], rows[-1][2], rows[-1][3]) == ("2026-05-29", "", "")


def test_xlsx_cells_are_text_and_none_is_a_formula_or_a_link() -> None:
    rows, xml = xlsx_rows(downloads.xlsx(FRAME))
    assert "<f>" not in xml and "<f " not in xml and "hyperlink" not in xml
    found = [str(row[0]) for row in rows[1:]]
    assert [re.sub("_x000[9D]_", "", text).strip() for text in found] == [text.strip() for text in FRAME["text"]]
    assert rows[1][1] == -1.5
    assert rows[1][2] == (date(2026, 5, 29) - date(1899, 12, 30)).days


def test_an_empty_table_is_a_file_with_its_columns() -> None:
    nothing = FRAME.head(0)
    assert csv_rows(downloads.csv(nothing)) == [["text", "number", "day", "yes"]]
    assert xlsx_rows(downloads.xlsx(nothing))[0] == [["text", "number", "day", "yes"]]
    assert downloads.xlsx(pd.DataFrame())


def test_a_cell_as_long_as_a_book_fits() -> None:
    rows, _ = xlsx_rows(downloads.xlsx(pd.DataFrame({"text": ["x" * 40_000]})))
    assert len(rows[1][0]) == 32_000


def test_ids_keep_every_character_in_csv() -> None:
    content = downloads.csv(pd.DataFrame({"contact_id": ["a  b", "=1"], "said": ["a  b", None]}))
    assert csv_rows(content)[1:] == [["a  b", "a b"], [" =1", ""]]


def test_small_groups_stay_out() -> None:
    table = pd.DataFrame({"name": ["a", "b", "c"], "customers": [4, 5, 6]})
    assert downloads.without_small_groups(table, table["customers"], 5)["name"].tolist() == ["b", "c"]
    assert downloads.without_small_groups(table, [0, 0, 0], 1).empty


@pytest.fixture
def opened(hundreds: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(hundreds.root))
    return hundreds


def test_the_pages_tables_as_files(opened: Workspace) -> None:
    span = queries.span()
    assert span is not None
    view = filters.view("28", span)
    assert view.before is not None
    totals = queries.totals(view.selection)
    reasons = queries.reasons(view.selection, view.before)
    table = reason_views.file(reason_views.rows(reasons, totals, queries.totals(view.before), view), 5)
    assert 0 < len(table) < len(reasons) and table["customers"].min() >= 5
    assert table["share"].iloc[0] == table["contacts"].iloc[0] / totals.scored
    themes = theme_views.file(queries.themes(view.selection), 5)
    assert len(themes) > 0 and themes["customers"].min() >= 5
    assert downloads.name("themes", view.selection.first, view.selection.last) == "themes-2026-05-02-to-2026-05-29"
    for each in (table, themes):
        assert csv_rows(downloads.csv(each))[0] == list(each.columns)
        assert len(xlsx_rows(downloads.xlsx(each))[0]) == len(each) + 1


def test_the_contact_list_as_a_file_holds_no_customer_and_no_words_of_his(opened: Workspace) -> None:
    span = queries.span()
    assert span is not None
    view = filters.view("7", span)
    criteria = Criteria(sentiment="negative")
    table = contact_list.file(view, criteria)
    assert len(table) == queries.contacts(view.selection, criteria, 1, 0).total
    assert set(table["sentiment"]) == {"negative"}
    assert not [column for column in table if "customer" in column]
    assert not table.astype(str).apply(lambda column: column.str.contains(r"\bu\d{6}\b")).to_numpy().any()
    written = downloads.csv(table).decode()
    turns = [turn for each in queries.contacts(view.selection, criteria, 50, 0).contacts for turn in each.turns]
    assert not [turn for turn in turns if len(turn.text) > 20 and turn.text in written]


def test_a_long_list_is_cut_and_says_so(opened: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contact_list, "FILE_SIZE", 7)
    span = queries.span()
    assert span is not None
    assert len(contact_list.file(filters.view("all", span), Criteria())) == 7


def test_a_week_as_period(opened: Workspace) -> None:
    span = queries.span()
    assert span is not None
    view = filters.view("2026-W21", span)
    assert (view.selection.first, view.selection.last) == (date(2026, 5, 18), date(2026, 5, 24))
    assert view.before and (view.before.first, view.before.last) == (date(2026, 5, 11), date(2026, 5, 17))
    begun = filters.view("2026-W22", span)
    assert (begun.selection.last, begun.selection.days) == (date(2026, 5, 29), 5)
    assert begun.before and (begun.before.days, begun.before.last) == (5, date(2026, 5, 24))
    assert list(filters.periods("2026-W22", span))[-1] == "2026-W22"
    for outside in ("2026-W40", "2026-W54", "week", None):
        assert filters.periods(outside, span) == filters.PERIODS
    assert filters.view("2026-W40", span).selection == filters.view("all", span).selection


def test_a_workbook_speaks_the_readers_language_and_csv_one_that_programs_know() -> None:
    table = pd.DataFrame(
        {
            "contact_id": ["a"], "channel": ["email"], "language": ["sl"], "sentiment": ["negative"],
            "class": ["eliminate"], "area": ["Not in the taxonomy"], "leaving": [True], "share": [0.5],
            "share_low": [0.4], "to": [2.0], "status": ["new"], "=1+1": ["=1+1"],
        }
    )  # fmt: skip
    plainly, english = downloads.csv(table), xlsx_rows(downloads.xlsx(table))[0]
    assert english[0][:3] == ["Contact", "Channel", "Language"]
    assert english[0][8:10] == ["Share, lower bound", "Times as frequent, upper bound"]
    assert english[1][1:7] == ["E-mail", "Slovenian", "Negative", "Eliminate", "Not in the taxonomy", "Yes"]
    with i18n.using("hr"):
        assert downloads.csv(table) == plainly
        (titles, row), xml = xlsx_rows(downloads.xlsx(table))
    assert titles == [
        "Kontakt", "Kanal", "Jezik", "Raspoloženje", "Što učiniti", "Područje", "Odlazi", "Udio", "Udio, donja granica",
        "Koliko puta češće, gornja granica", "Status", "=1+1",
    ]  # fmt: skip
    assert row[5:8] == ["Nije u taksonomiji", "Da", 0.5] and row[-1] == "=1+1"
    assert not set(map(str, row)) & {"email", "sl", "negative", "eliminate", "new"} and "<f" not in xml


def test_every_column_of_the_pages_has_a_name_for_people(opened: Workspace) -> None:
    span = queries.span()
    assert span is not None
    view = filters.view("28", span)
    totals = queries.totals(view.selection)
    reasons = reason_views.rows(queries.reasons(view.selection, view.before), totals, totals, view)
    listed = CallList(1, 1, (AtRisk("u", None, None, None, "c", None),))
    tables = (
        reason_views.file(reasons, 5),
        theme_views.file(queries.themes(view.selection), 5),
        contact_list.file(view, Criteria()),
        churn_views.file(listed),
    )
    for table in tables:
        for column in table.columns:
            assert columns.title(column) != column
