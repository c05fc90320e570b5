"""The generated company as files, in the formats that `voc ingest` reads."""

import csv
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from voc.data.demo.people import People
from voc.data.demo.table import Row
from voc.labels import Channel

ZONE = ZoneInfo("Europe/Zagreb")
FILES = {
    Channel.CALL: "calls.jsonl",
    Channel.CHAT: "chats.jsonl",
    Channel.EMAIL: "emails.csv",
    Channel.TICKET: "tickets.parquet",
}
README = """\
The contacts, customers, outcomes and labels of "Zvono", a company that does not exist.

Everything in this folder is synthetic: put together by `voc demo` out of hand-written phrases and chance.
Nobody said any of it. Contacts carry the attribute synthetic=true. Figures measured on these files say how
the software works, not how any company does.

calls.jsonl, chats.jsonl   contacts with turns
emails.csv                 contacts with one text; times are on the company's wall clock (Europe/Zagreb)
tickets.parquet            contacts with one text
customers.csv              customers and the days on which they were customers
outcomes.csv               who left and who stayed, as known on the last day
labels.jsonl               reasons, mood and stated intent of part of the contacts, with their split
truth.json                 what was planted, for judging only: it is never ingested
"""
_BATCH = 2_000
_TICKET_COLUMNS: dict[str, pa.DataType] = {
    "contact_id": pa.string(),
    "customer_id": pa.string(),
    "started_at": pa.timestamp("us", tz="UTC"),
    "channel": pa.string(),
    "product": pa.string(),
    "journey_stage": pa.string(),
    "language": pa.string(),
    "text": pa.string(),
    "csat": pa.int8(),
    "nps": pa.int8(),
    "ces": pa.int8(),
    "first_response_s": pa.int64(),
    "duration_s": pa.int64(),
    "attributes": pa.map_(pa.string(), pa.string()),
}
_TICKETS = pa.schema([pa.field(name, kind) for name, kind in _TICKET_COLUMNS.items()])


class _Sink(Protocol):
    def add(self, record: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, record: Mapping[str, Any]) -> None:
        kept = {key: value for key, value in record.items() if value is not None}
        self._file.write(json.dumps(kept, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class _Csv:
    def __init__(self, path: Path, columns: list[str]) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, columns, lineterminator="\n")
        self._writer.writeheader()

    def add(self, record: Mapping[str, Any]) -> None:
        self._writer.writerow(record)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema)
        self._rows: list[Mapping[str, Any]] = []

    def add(self, record: Mapping[str, Any]) -> None:
        self._rows.append(record)
        if len(self._rows) >= _BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []


class ContactFiles:
    """Open files for contacts and labels; rows go straight to disk. Use as a context manager."""

    def __init__(self, folder: Path, first_day: date) -> None:
        self.first_day = first_day
        self._labels = _JsonLines(folder / "labels.jsonl")
        email_columns = [*(name for name in _TICKET_COLUMNS if name != "attributes"), "synthetic"]
        self._sinks: dict[Channel, _Sink] = {
            Channel.CALL: _JsonLines(folder / FILES[Channel.CALL]),
            Channel.CHAT: _JsonLines(folder / FILES[Channel.CHAT]),
            Channel.EMAIL: _Csv(folder / FILES[Channel.EMAIL], email_columns),
            Channel.TICKET: _Parquet(folder / FILES[Channel.TICKET], _TICKETS),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._labels.close()
        for sink in self._sinks.values():
            sink.close()

    def add(self, row: Row) -> None:
        """Write a contact and its label, if it has one."""
        self._sinks[row.plan.channel].add(self._record(row))
        if row.label is not None:
            self._labels.add(row.label)

    def _record(self, row: Row) -> dict[str, Any]:
        plan = row.plan
        clock = datetime.combine(self.first_day + timedelta(days=plan.day), datetime.min.time())
        clock += timedelta(seconds=plan.second)
        local = clock.replace(tzinfo=ZONE)
        record: dict[str, Any] = {
            "contact_id": row.contact_id,
            "customer_id": row.person.customer_id,
            "started_at": local.isoformat(),
            "channel": str(plan.channel),
            "product": plan.product,
            "journey_stage": plan.journey_stage,
            "language": str(row.person.language) if plan.language_known else None,
            "csat": plan.csat,
            "nps": plan.nps,
            "ces": plan.ces,
            "first_response_s": plan.first_response_s,
            "duration_s": plan.duration_s,
        }
        text = row.words.turns[0].text
        if plan.channel == Channel.EMAIL:
            return record | {"started_at": clock.isoformat(sep=" "), "text": text, "synthetic": "true"}
        if plan.channel == Channel.TICKET:
            return record | {"started_at": local, "text": text, "attributes": [("synthetic", "true")]}
        turns = [
            {
                "speaker": str(turn.speaker),
                "text": turn.text,
                "at": (local + timedelta(seconds=turn.after)).isoformat(),
            }
            for turn in row.words.turns
        ]
        return record | {"turns": turns, "attributes": {"synthetic": "true"}}


def write_people(folder: Path, people: People, first_day: date, days: int) -> int:
    """Write `customers.csv` and `outcomes.csv`; returns how many have left."""
    churned = 0
    customers = _Csv(folder / "customers.csv", ["customer_id", "active_from", "active_to", "segment", "region"])
    outcomes = _Csv(folder / "outcomes.csv", ["customer_id", "kind", "churned_at"])
    for index, person in enumerate(people.persons):
        gone = int(people.gone_day[index])
        left = (first_day + timedelta(days=gone)).isoformat() if gone < days else None
        churned += left is not None
        customers.add(
            {
                "customer_id": person.customer_id,
                "active_from": (first_day + timedelta(days=person.joined)).isoformat(),
                "active_to": left,
                "segment": person.segment,
                "region": person.region,
            }
        )
        kind = "stayed" if left is None else "churned"
        outcomes.add({"customer_id": person.customer_id, "kind": kind, "churned_at": left})
    customers.close()
    outcomes.close()
    return churned
