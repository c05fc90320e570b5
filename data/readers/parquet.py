"""Parquet, a batch of rows at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic_core import to_json

from voc.data.readers.rows import Problem, RawRow
from voc.errors import InputError

_BATCH_ROWS = 1024
_BUFFER_BYTES = 2**20  # a column of a row group is read through a buffer of this size, not in one go


def read(path: Path) -> Iterator[RawRow]:
    """Rows of a Parquet file; `line` is the row's number from 1.

    Raises InputError where it is no Parquet file, or a broken one.
    """
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, coerce_int96_timestamp_unit="us") as file:
            names = file.schema_arrow.names
            wrong = _twice(names)
            line = 0
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in _rows(batch.rename_columns(_numbered(names)) if wrong else batch):
                    line += 1
                    problem = wrong or row.problem
                    yield RawRow(line, None if problem else row.values, row.raw, problem)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: expected a Parquet file, got: {first}") from None


def _rows(batch: pa.RecordBatch) -> Iterator[RawRow]:
    batch = pa.RecordBatch.from_arrays([_plain(column) for column in batch.columns], names=batch.schema.names)
    try:
        whole: list[dict[str, Any]] = batch.to_pylist()
    except UnicodeDecodeError:
        for index in range(batch.num_rows):
            yield _row_by_cells(batch, index)
        return
    for values in whole:
        yield RawRow(0, values, _as_json(values))


def _row_by_cells(batch: pa.RecordBatch, index: int) -> RawRow:
    """A row of a batch in which some text is not UTF-8, as other writers' unchecked columns can hold it."""
    values: dict[str, Any] = {}
    problem = None
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        cell = column[index]
        try:
            values[name] = cell.as_py()
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            problem = problem or Problem(name, f"expected UTF-8, got byte 0x{byte:02x}", "encoding")
            values[name] = error.object.decode(errors="backslashreplace")
    return RawRow(0, None if problem else values, _as_json(values), problem)


def _plain(column: Any) -> Any:
    """Times in microseconds, since Python has none finer; NaN, which is pandas' nothing, as nothing."""
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    kind = _microseconds(column.type)
    return column if kind == column.type else column.cast(kind, safe=False)


def _microseconds(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_microseconds(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_microseconds(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_microseconds(kind.value_type)))
    return kind


def _as_json(values: dict[str, Any]) -> bytes:
    return to_json(values, bytes_mode="base64", inf_nan_mode="constants", fallback=str)


def _twice(names: list[str]) -> Problem | None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return Problem(twice[0], f"expected one column of a name, got {', '.join(twice)} twice", "header")
    return None


def _numbered(names: list[str]) -> list[str]:
    """Names made different, so that the raw row holds every column."""
    return [f"{name}.{place}" if names.count(name) > 1 else name for place, name in enumerate(names, 1)]
