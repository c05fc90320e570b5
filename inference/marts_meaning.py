"""Contacts by meaning, as the marts keep them: 128 bytes each, and the space that they lie in.

The space is that of all contacts that the model has scored, also in the marts of an area, so that the same search
finds the same contact equally near for everybody; it is means and directions, and holds no contact.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from voc.data.columns import vectors_column, vectors_of
from voc.data.lake import Lake
from voc.models.meaning import COMPONENTS, STEPS, MeaningSpace, Moments
from voc.models.tasks import Floats

FLOOR = 0.25
"""Cosine below which a contact is not listed. Chosen by measurement: docs/metrics.md."""
_LEARNT_FROM = 20_000  # contacts, in whole days spread over all days
_BATCH = 4096  # contacts: six megabytes of vectors
CREATE = """
CREATE TABLE contact_meaning AS
SELECT number, contact.day AS day, code FROM coded JOIN contact USING (contact_id) WHERE scored ORDER BY number;
CREATE TABLE meaning_direction AS SELECT * FROM kept;
CREATE TABLE meaning_middle AS SELECT * FROM middle;
"""
WAY = (CREATE, COMPONENTS, STEPS)
"""What the tables are made by: files that were made in another way are made anew."""
_EMPTY = """
CREATE TABLE contact_meaning (number INTEGER, day DATE, code TINYINT[1]);
CREATE TABLE meaning_direction (place BIGINT, direction FLOAT[]);
CREATE TABLE meaning_middle (middle FLOAT[]);
"""
_DAYS = "SELECT day, count(*) AS contacts FROM scores WHERE model_version = $model GROUP BY day ORDER BY day"
_FORMS = """
SELECT contact_id, language || '-' || script AS form FROM contacts
WHERE list_contains($days::DATE[], day) AND language IS NOT NULL
"""
_NEAR = """
CREATE TEMP TABLE near AS
SELECT number, similarity FROM (
    SELECT number, array_inner_product(code::FLOAT[{width}], $place::FLOAT[{width}]) / {steps} AS similarity
    FROM contact_meaning WHERE day BETWEEN $first AND $last)
WHERE similarity >= $floor
"""


def fill(connection: duckdb.DuckDBPyConnection, lake: Lake, model: str) -> None:
    """Make the tables `contact_meaning`, `meaning_direction` and `meaning_middle` of the vectors that the model gave
    contacts; empty ones where it gave none. Wants the table `contact`."""
    space = _space(lake, model)
    with connection.cursor() as cursor:
        if space is None:
            cursor.execute(_EMPTY)
            return
        cursor.register("coded", _coded(lake, model, space))
        places = pa.array(np.arange(len(space.directions)))
        cursor.register("kept", pa.table({"place": places, "direction": vectors_column(space.directions)}))
        cursor.register("middle", pa.table({"middle": vectors_column(space.mean[None])}))
        cursor.execute(CREATE)


def middle(connection: duckdb.DuckDBPyConnection) -> tuple[float, ...]:
    """The mean of the contacts' vectors, (width,); empty where they were given none."""
    with connection.cursor() as cursor:
        found = cursor.execute("SELECT middle FROM meaning_middle").fetchone()
    return tuple(found[0]) if found else ()


def find(cursor: duckdb.DuckDBPyConnection, near: Sequence[float], first: date, last: date) -> None:
    """Make the passing table `near` (number, similarity) of the days' contacts that are at least FLOOR like a vector of
    unit length, as `SearchReader` gives it. Raises ValueError where contacts have vectors of another width."""
    directions = _directions(cursor)
    if directions.shape[1] != len(near):
        raise ValueError(f"expected a vector of width {directions.shape[1]}, got {len(near)}")
    # What a search has of which contacts have nothing makes it shorter: one that no contact resembles is near none.
    place = directions @ np.asarray(near, dtype=np.float32)
    values = {"place": place.tolist(), "first": first, "last": last, "floor": FLOOR}
    cursor.execute(_NEAR.format(width=len(place), steps=STEPS), values)


def _directions(cursor: duckdb.DuckDBPyConnection) -> Floats:
    """(components, width)"""
    rows = cursor.execute("SELECT direction FROM meaning_direction ORDER BY place").fetchall()
    return np.array([row[0] for row in rows], dtype=np.float32).reshape(len(rows), -1 if rows else 0)


def _space(lake: Lake, model: str) -> MeaningSpace | None:
    """Learnt from whole days; None where nothing has a vector, or vectors say nothing but the language."""
    days = _spread(lake.query(_DAYS, {"model": model}).to_pylist())
    forms = lake.query(_FORMS, {"days": days})
    moments: Moments | None = None
    for batch in _batches(lake, model, ds.field("day").isin(days)):
        rows = pc.index_in(batch["contact_id"], value_set=forms["contact_id"])
        known = batch.append_column("form", forms["form"].take(rows)).filter(rows.is_valid())
        if moments is None and (width := pc.max(pc.list_value_length(known["embedding"])).as_py()):
            moments = Moments(width)
        if moments is not None:
            whole = _whole(known, moments.width)
            moments.add(vectors_of(whole["embedding"]), whole["form"].to_pylist())
    space = MeaningSpace.of(moments) if moments is not None and moments.rows else None
    return space if space is not None and len(space.directions) else None


def _spread(days: Sequence[dict[str, object]]) -> list[date]:
    """Days at even distances that have about `_LEARNT_FROM` contacts together."""
    contacts = sum(int(str(row["contacts"])) for row in days)
    step = max(1, contacts // _LEARNT_FROM)
    return [row["day"] for row in days[::-1][::step] if isinstance(row["day"], date)]


def _coded(lake: Lake, model: str, space: MeaningSpace) -> pa.RecordBatchReader:
    """Columns contact_id, code of every contact that has a vector."""
    components, width = space.directions.shape
    schema = pa.schema([("contact_id", pa.string()), ("code", pa.list_(pa.int8(), components))])

    def batches() -> Iterator[pa.RecordBatch]:
        for table in _batches(lake, model, ds.scalar(True)):
            whole = _whole(table, width)
            codes = space.codes(vectors_of(whole["embedding"])).reshape(-1)
            column = pa.FixedSizeListArray.from_arrays(pa.array(codes, pa.int8()), components)
            yield pa.record_batch([pc.cast(whole["contact_id"].combine_chunks(), pa.string()), column], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _batches(lake: Lake, model: str, where: ds.Expression) -> Iterator[pa.Table]:
    """Contacts and their vectors, some at a time."""
    scanner = lake.dataset("scores").scanner(
        columns=["contact_id", "embedding"], filter=(ds.field("model_version") == model) & where,
        batch_size=_BATCH, batch_readahead=1, fragment_readahead=1,
    )  # fmt: skip
    return (pa.Table.from_batches([batch]) for batch in scanner.to_batches())


def _whole(table: pa.Table, width: int) -> pa.Table:
    """The rows whose vector has this width."""
    return table.filter(pc.equal(pc.list_value_length(table["embedding"]), width))
