"""Rows of the sources, checked and laid down in a temporary folder before any is written to the lake."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from voc.data.contracts import CONTACTS, CUSTOMERS, LABELS, OUTCOMES, QUARANTINE, TIME, Contract
from voc.data.language import detect
from voc.data.problems import explain
from voc.data.readers import Problem, RawRow, Reader
from voc.data.records import Contact, Customer, Label, Outcome, Record
from voc.data.splits import split_of
from voc.data.text import fold, script_of
from voc.errors import InputError
from voc.labels import Speaker

BATCH_ROWS = 1024
BATCH_BYTES = 32 * 2**20
MOST_MESSAGES = 20

Progress = Callable[[str, int], None]
"""Called after each batch with a source's name and the rows read of it so far."""


class Kind(StrEnum):
    """What the rows of a source are; also the name of their table."""

    CUSTOMERS = "customers"
    OUTCOMES = "outcomes"
    CONTACTS = "contacts"
    LABELS = "labels"


@dataclass(frozen=True)
class Source:
    """One file to read: the run's `number`th.

    `name` is how rows remember it: the file's name without its folder, the same wherever the file lies.
    """

    number: int
    path: Path
    name: str
    kind: Kind
    reader: Reader


CONTACT_STEPS: tuple[Callable[[Contact], Contact], ...] = ()
"""What a contact goes through between the check and the lake, in this order (redaction belongs here).

The digest is of the contact before these steps: a row read again is the same row, even when a step changed.
"""


@dataclass(frozen=True)
class Layout:
    """How the rows of a kind are checked and laid out."""

    record: type[Record]
    contract: Contract
    columns: Callable[[Sequence[Any], str, ZoneInfo], dict[str, Any]]
    extra: tuple[tuple[str, pa.DataType], ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """Columns of the staging file: where a row is from, and the table's own."""
        own = [(column.name, column.type) for column in self.contract.schema]
        place = [("seq", pa.int64()), ("file", pa.int32()), ("line", pa.int64()), ("raw", pa.binary())]
        return pa.schema([*place, *self.extra, *own])


def _contact_columns(contacts: Sequence[Contact], source: str, zone: ZoneInfo) -> dict[str, Any]:
    digests = [contact.digest for contact in contacts]
    for step in CONTACT_STEPS:
        contacts = [step(contact) for contact in contacts]
    texts = ["\n".join([turn.text for turn in contact.turns]) for contact in contacts]
    plain: dict[str, Any] = {
        name: [getattr(contact, name) for contact in contacts]
        for name in (
            "contact_id", "customer_id", "started_at", "product", "journey_stage", "csat", "nps", "ces",
            "first_response_s", "duration_s",
        )
    }  # fmt: skip
    return plain | {
        "day": [contact.started_at.astimezone(zone).date() for contact in contacts],
        "channel": [contact.channel.value for contact in contacts],
        "language": _languages(contacts),
        "script": [script_of(text).value for text in texts],
        "turns": _turns(contacts),
        "source": [source] * len(contacts),
        "attributes": [json.dumps(contact.attributes, ensure_ascii=False) for contact in contacts],
        "search_text": [fold(text) for text in texts],
        "digest": digests,
    }


def _languages(contacts: Sequence[Contact]) -> list[str]:
    """What the source says; only where it says nothing, what the customer's words look like."""
    silent = [contact for contact in contacts if contact.language is None]
    found = iter(detect([_customers_words(contact) for contact in silent]))
    return [(contact.language or next(found)).value for contact in contacts]


def _customers_words(contact: Contact) -> str:
    return " ".join([turn.text for turn in contact.turns if turn.speaker is Speaker.CUSTOMER])


def _turns(contacts: Sequence[Contact]) -> Any:
    """The turns as Arrow, built flat: faster than from lists of dicts."""
    turns = [turn for contact in contacts for turn in contact.turns]
    offsets = [0]
    for contact in contacts:
        offsets.append(offsets[-1] + len(contact.turns))
    flat = pa.StructArray.from_arrays(
        [
            pa.array([turn.speaker.value for turn in turns], pa.string()),
            pa.array([turn.text for turn in turns], pa.string()),
            pa.array([turn.at for turn in turns], TIME),
        ],
        names=["speaker", "text", "at"],
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)


def _plain_columns(records: Sequence[Record], source: str, zone: ZoneInfo) -> dict[str, Any]:
    names = type(records[0]).model_fields
    columns: dict[str, Any] = {name: [getattr(record, name) for record in records] for name in names}
    return columns | {"digest": [record.digest for record in records]}


def _label_columns(labels: Sequence[Label], source: str, zone: ZoneInfo) -> dict[str, Any]:
    """`own_split` is for contacts whose labels never name one."""
    own = [split_of(label.contact_id) for label in labels]
    return _plain_columns(labels, source, zone) | {"own_split": own}


LAYOUTS: dict[Kind, Layout] = {
    Kind.CUSTOMERS: Layout(Customer, CUSTOMERS, _plain_columns),
    Kind.OUTCOMES: Layout(Outcome, OUTCOMES, _plain_columns),
    Kind.CONTACTS: Layout(Contact, CONTACTS, _contact_columns),
    Kind.LABELS: Layout(Label, LABELS, _label_columns, (("own_split", pa.string()),)),
}


@dataclass
class Problems:
    """What a person reads about refused rows: the first messages, and counts of all."""

    messages: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _said: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, source: str, line: int, problem: Problem) -> None:
        """Count a refused row. What is wrong with a column as a whole is said once a source."""
        self.counts[problem.field or "row", problem.kind] += 1
        if problem.kind in {"missing", "header", "extra_forbidden"} and "[" not in problem.field:
            place = (source, problem.field, problem.kind)
            if place in self._said:
                return
            self._said.add(place)
        if len(self.messages) < MOST_MESSAGES:
            self.messages.append(f"{source}:{line}: {problem.field or 'row'}: {problem.reason}")


class Refusals(AbstractContextManager["Refusals"]):
    """Rows on their way to quarantine, in a file of their own."""

    SCHEMA = pa.schema([("seq", pa.int64()), *[(column.name, column.type) for column in QUARANTINE.schema]])

    def __init__(self, path: Path, now: datetime, problems: Problems) -> None:
        self.path = path
        self.by_source: Counter[int] = Counter()
        self._now = now
        self._problems = problems
        self._writer = pq.ParquetWriter(path, self.SCHEMA)
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def add(self, source: Source, line: int, raw: bytes, problem: Problem) -> None:
        """Refuse one row."""
        self._problems.add(source.name, line, problem)
        self._rows.append(
            {
                "seq": self.by_source.total(),
                "row_id": _row_id(source.name, line, raw, problem.reason),
                "kind": source.kind,
                "source": source.name,
                "line": line,
                "field": problem.field,
                "reason": problem.reason,
                "raw": raw,
                "at": self._now,
            }
        )
        self.by_source[source.number] += 1
        self._bytes += len(raw)
        if len(self._rows) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Lay down what came so far."""
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self.SCHEMA))
        self._rows, self._bytes = [], 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()
        self._writer.close()


def stage(
    sources: Sequence[Source],
    path: Path,
    context: Mapping[str, Any],
    refusals: Refusals,
    progress: Progress | None,
) -> dict[int, int]:
    """Check the rows of sources of one kind and lay them down in `path`; bad ones go to `refusals`.

    `context` is what the records' checks look at: zone, now, limits, reasons. Returns the rows read by source
    number. Raises InputError where a source as a whole cannot be read.
    """
    layout = LAYOUTS[sources[0].kind]
    read, staged = dict.fromkeys((source.number for source in sources), 0), 0
    with pq.ParquetWriter(path, layout.schema, compression="lz4") as writer:
        for source in sources:
            try:
                for rows in _batches(source.reader(source.path)):
                    good = list(_checked(rows, source, layout, context, refusals))
                    if good:
                        writer.write_batch(_batch(good, staged, source, layout, context["zone"]))
                    staged += len(good)
                    read[source.number] += len(rows)
                    if progress:
                        progress(source.name, read[source.number])
            except OSError as error:
                raise InputError(f"{source.path}: cannot be read: {error.strerror or error}") from None
    return read


def _batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Some thousands of rows at a time, fewer where they are long."""
    batch, size = [], 0
    for row in rows:
        batch.append(row)
        size += len(row.raw)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _checked(
    rows: Sequence[RawRow], source: Source, layout: Layout, context: Mapping[str, Any], refusals: Refusals
) -> Iterator[tuple[RawRow, Record]]:
    check, known = layout.record.model_validate, layout.record.model_fields
    for row in rows:
        problem = row.problem
        if row.values is not None:
            try:
                yield row, check(row.values, context=context)
                continue
            except ValidationError as error:
                problem = explain(error, tuple(row.values), known)
        assert problem is not None, "a row without values has a problem"
        refusals.add(source, row.line, row.raw, problem)


def _batch(
    rows: Sequence[tuple[RawRow, Record]], first: int, source: Source, layout: Layout, zone: ZoneInfo
) -> pa.RecordBatch:
    columns = layout.columns([record for _, record in rows], source.name, zone) | {
        "seq": range(first, first + len(rows)),
        "file": [source.number] * len(rows),
        "line": [row.line for row, _ in rows],
        "raw": [row.raw for row, _ in rows],
    }
    arrays = [
        values if isinstance(values := columns[column.name], pa.Array) else pa.array(values, column.type)
        for column in layout.schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=layout.schema)


def _row_id(source: str, line: int, raw: bytes, reason: str) -> str:
    digest = hashlib.sha256(json.dumps([source, line, reason]).encode())
    digest.update(raw)
    return digest.hexdigest()[:32]
