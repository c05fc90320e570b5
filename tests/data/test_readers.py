"""Each format gives the same rows, and names what is wrong with a row."""

import csv as standard_csv
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voc.data.readers import RawRow, csv, jsonl, parquet, reader_for
from voc.errors import InputError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "source"


def rows(read: object, path: Path, content: bytes) -> list[RawRow]:
    path.write_bytes(content)
    return list(read(path))  # type: ignore[operator]


def told(row: RawRow) -> str:
    assert row.problem is not None and row.values is None
    return f"{row.line}: {row.problem.field}: {row.problem.reason}"


def test_csv_rows_keep_their_lines_and_bytes(path: Path) -> None:
    first, second, third = b'1,"two\r\nlines, ""said"""\r\n', "2,š€😀\r\n".encode(), b"3,last"
    read = rows(csv.read, path, b"\xef\xbb\xbfid,text\r\n" + first + b"\r\n" + second + third)
    assert [row.line for row in read] == [2, 5, 6]
    assert [row.raw.strip(b"\r\n") for row in read] == [part.strip(b"\r\n") for part in (first, second, third)]
    assert [row.values for row in read] == [
        {"id": "1", "text": 'two\r\nlines, "said"'},
        {"id": "2", "text": "š€😀"},
        {"id": "3", "text": "last"},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(path: Path, delimiter: str) -> None:
    content = delimiter.join(["id", "text"]) + "\n" + delimiter.join(["1", '"a,b;c"']) + "\n"
    assert rows(csv.read, path, content.encode())[0].values == {"id": "1", "text": "a,b;c"}


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"id,text\n1\n2,a\n3,b,c\n", ["2: : expected 2 cells, got 1", "4: : expected 2 cells, got 3"]),
        (b"id,text\n1,caf\xe9\n2,a\n", ["2: text: expected UTF-8, got byte 0xe9"]),
        (b"id,id,text\n1,2,a\n3,4,b\n", ["2: id: expected one column of a name, got id twice",
                                         "3: id: expected one column of a name, got id twice"]),
        (b"id,text,\n1,a,\n2,b,x\n", ["3: : expected a name in the header for column 3, got none"]),
        (b'id,text\n1,"a"b\n2,c\n', ["2: : expected a row of CSV, got: ',' expected after '\"'"]),
        (b'id,text\n1,a\n2,"b\n3,c\n', ["3: : expected a row of CSV, got: a quote that is never closed"]),
    ],
    ids=["ragged", "not UTF-8", "header twice", "no name", "after a quote", "open quote"],
)  # fmt: skip
def test_bad_csv_rows(path: Path, content: bytes, problems: list[str]) -> None:
    read = rows(csv.read, path, content)
    bad = [row for row in read if row.problem]
    assert [told(row) for row in bad] == problems
    for row in bad:
        assert row.raw and row.raw in content  # as they came
    assert len(read) > len(bad) or "twice" in problems[0]


def test_a_cell_of_two_megabytes(path: Path) -> None:
    text = "x" * 2_000_000
    (row,) = rows(csv.read, path, f"id,text\n1,{text}\n".encode())
    assert row.values == {"id": "1", "text": text}


def test_an_open_quote_does_not_swallow_the_file(path: Path) -> None:
    before = standard_csv.field_size_limit(1000)
    try:
        content = b'id,text\n1,"open\n' + b"2,a line of words\n" * 200
        read = rows(partial(csv.read, most=1000), path, content)
    finally:
        standard_csv.field_size_limit(before)
    assert told(read[0]) == "2: : expected a row of CSV, got: a quote that is never closed, or a cell too long"
    assert len(read[0].raw) < 1100
    assert sum(row.problem is None for row in read) > 100


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text\n1,a\n".encode("utf-16"), "expected UTF-8, got UTF-16"),
        (b"\n \n", "expected a header, got only blank lines"),
        (b'"id,text\n1,a\n', "expected a header of CSV, got: a quote that is never closed"),
    ],
    ids=["UTF-16", "blank", "quote"],
)
def test_no_csv_at_all(path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(csv.read, path, content)


def test_jsonl(path: Path) -> None:
    content = b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2\n[3]\n{"a": "caf\xe9"}\n"x"\nnull\n{"a": "\\ud83d"}\n{"a": 7}'
    read = rows(jsonl.read, path, content)
    assert [(row.line, row.values) for row in read if row.values] == [(1, {"a": 1}), (9, {"a": 7})]
    assert [told(row) for row in read if row.problem] == [
        "3: : expected one JSON object, got EOF while parsing an object at line 2 column 0",
        "4: : expected one JSON object, got a list",
        "5: : expected UTF-8, got byte 0xe9",
        "6: : expected one JSON object, got a text",
        "7: : expected one JSON object, got null",
        "8: : expected one JSON object, got unexpected end of hex escape at line 1 column 14",
    ]
    assert read[1].raw == b'{"a": 2\n'


def test_a_jsonl_line_without_end(path: Path) -> None:
    read = rows(partial(jsonl.read, most=100), path, b'{"a": "' + b"x" * 1000 + b'"}\n{"a": 2}\n')
    assert told(read[0]) == "1: : expected at most 100 bytes, got more"
    assert (read[1].line, read[1].values) == (2, {"a": 2})


def test_parquet(path: Path) -> None:
    at = pa.array([1_770_000_000_123_456_789, None], pa.timestamp("ns", "UTC"))
    turn = pa.struct([("at", pa.timestamp("ns")), ("text", pa.string())])
    table = pa.table(
        {
            "id": pa.array(["a", "b"]).dictionary_encode(),
            "csat": [5.0, float("nan")],
            "at": at,
            "turns": pa.array([[{"at": 1_770_000_000_123_456_789, "text": "x"}], None], pa.list_(turn)),
            "attributes": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, path)
    first, second = parquet.read(path)
    assert first.values is not None and second.values is not None
    assert type(first.values["at"]) is datetime
    assert first.values["at"].microsecond == 123_456
    assert first.values["turns"][0]["at"].microsecond == 123_456
    assert first.values["attributes"] == [("k", "v")]
    assert second.values == dict.fromkeys(("csat", "at", "turns", "attributes")) | {"id": "b"}
    assert (first.line, second.line) == (1, 2)
    assert first.raw.startswith(b'{"id":"a","csat":5.0,"at":"2026-02-02T')


def test_parquet_text_that_is_not_utf8(path: Path) -> None:
    offsets = pa.py_buffer(np.array([0, 1, 4], "int32").tobytes())
    names = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"acaf\xe9"[:4])])
    bad = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xe9bc")])
    pq.write_table(pa.table({"id": names, "text": bad}), path)
    first, second = parquet.read(path)
    assert first.values == {"id": "a", "text": "a"}
    assert told(second) == "2: text: expected UTF-8, got byte 0xe9"
    assert b"\\\\xe9" in second.raw


def test_parquet_columns_twice(path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["id", "id"]), path)
    (row,) = parquet.read(path)
    assert told(row) == "1: id: expected one column of a name, got id twice"
    assert row.raw == b'{"id.1":"1","id.2":"2"}'


@pytest.mark.parametrize("content", [b"hello", b"PAR1" * 9], ids=["text", "broken"])
def test_no_parquet_at_all(path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="expected a Parquet file, got: ") as error:
        rows(parquet.read, path, content)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.csv", None, "expected a file, got no such file"),
        ("empty.csv", b"", "expected rows, got an empty file"),
        ("notes.docx", b"x", "expected a name that ends in .csv, .jsonl, .ndjson, .parquet, got '.docx'"),
    ],
)
def test_files_that_nothing_reads(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        reader_for(tmp_path / name)


def test_a_format_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "export.txt").write_bytes(b"{}")
    assert reader_for(tmp_path / "export.txt", "jsonl") is jsonl.read
    with pytest.raises(InputError, match="did you mean 'jsonl'"):
        reader_for(tmp_path / "export.txt", "json")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_as_csv_are_read_to_the_end(path: Path, content: bytes) -> None:
    try:
        read = rows(csv.read, path, b"id,text\n" + content)
    except InputError:
        return
    for row in read:
        assert (row.values is None) == (row.problem is not None)
    # Every byte is in a row, or in a blank line between them.
    kept = b"".join(row.raw for row in read)
    assert len(content) - len(kept) == content.count(b"\n") + content.count(b"\r") - (
        kept.count(b"\n") + kept.count(b"\r")
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_as_jsonl_are_read_to_the_end(path: Path, content: bytes) -> None:
    read = rows(jsonl.read, path, content)
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert sum(1 for line in lines if line.strip()) == len(read)
