"""Which contacts a scoring run reads, and what it commits together.

Settled by the contacts alone: days in their order, and of a day contacts by their ids. Whatever a run that was stopped
has left over is the rest of the same order, cut at the same places, so nothing is read with other companions than it
would have been.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from voc.config import ScoringSettings
from voc.data.lake import Lake
from voc.data.workspace import write_atomically

_SPILL = ".score-"
_MEMORY = "192MB"
"""For putting a day's contacts in order; what is more goes to a temporary folder in the lake."""
_BATCH = 2048  # rows that are held at a time while a day is put in order
_COLUMNS = ("contact_id", "day", "language", "script", "turns")

# Days are compared by count and by a sum over their ids; only where these differ the ids themselves are.
_DAYS = """
    WITH own AS (
        SELECT day, count(*) AS contacts, sum(hash(contact_id)) AS mark FROM contacts WHERE day >= $since GROUP BY day
    ), read AS (
        SELECT day, count(*) AS contacts, sum(hash(contact_id)) AS mark FROM scores
        WHERE model_version = $version AND day >= $since GROUP BY day
    )
    SELECT own.day, own.contacts, coalesce(read.contacts, 0) AS read, own.mark IS NOT DISTINCT FROM read.mark AS done
    FROM own LEFT JOIN read USING (day) ORDER BY own.day
"""
_UNREAD = """
    SELECT day, count(*) AS contacts
    FROM (SELECT contact_id, day FROM contacts WHERE list_contains($days::DATE[], day)) ANTI JOIN (
        SELECT contact_id FROM scores WHERE model_version = $version AND list_contains($days::DATE[], day)
    ) USING (contact_id)
    GROUP BY day
"""
_WITHOUT_READ = """
    ANTI JOIN (
        SELECT contact_id FROM scores WHERE model_version = $version AND day BETWEEN $first AND $last
    ) USING (contact_id)
"""


@dataclass(frozen=True)
class Place:
    """How far a run is: through all of `day`, or in it up to `contact_id`."""

    day: date
    contact_id: str | None = None


@dataclass(frozen=True)
class Pending:
    """What is to be read: contacts with no score of this model, or with `anew` all of them; from the day `since` on."""

    version: str
    since: date = date.min
    anew: bool = False


@dataclass(frozen=True)
class Span:
    """Days that are read together: several small ones, or a large one; `after` this contact of its only day."""

    first: date
    last: date
    contacts: int
    large: bool = False
    after: str | None = None


@dataclass(frozen=True)
class Cut:
    """What is committed together: whole days, or of a large day the contacts `after` one up to another."""

    span: Span
    after: str | None = None
    upto: str | None = None

    @property
    def place(self) -> Place:
        """How far a run is once it is stored."""
        return Place(self.span.last, self.upto)

    @property
    def where(self) -> str:
        """The rows that it takes the place of, of whatever model, as a predicate of SQL."""
        bounds = [f"day >= '{self.span.first}'", f"day <= '{self.span.last}'"]
        bounds += [f"contact_id > {_quoted(self.after)}"] if self.after is not None else []
        bounds += [f"contact_id <= {_quoted(self.upto)}"] if self.upto is not None else []
        return " AND ".join(bounds)


@dataclass(frozen=True)
class Shard:
    """Contacts (contact_id, day, language, script, turns) whose scores are one commit."""

    contacts: pa.Table
    cut: Cut


@dataclass(frozen=True)
class Plan:
    """What a run has to do: `late` of the contacts came in after a later day had been scored."""

    spans: tuple[Span, ...]
    days: int
    late: int

    @property
    def contacts(self) -> int:
        """Contacts to read."""
        return sum(span.contacts for span in self.spans)


def clear(lake: Lake) -> None:
    """Remove what a killed run left behind. For whoever alone scores in this lake."""
    for left in lake.root.glob(f"{_SPILL}*"):
        if left.is_dir():
            rmtree(left)


def plan(lake: Lake, pending: Pending, settings: ScoringSettings, reached: Place | None = None) -> Plan:
    """The spans to read, in order; of a run that begins anew those beyond the place that it `reached` before."""
    values = {"since": pending.since, "version": pending.version}
    with _bounded(lake, "contacts", "scores") as connection:
        days = connection.sql(_DAYS, params=values).to_arrow_table().to_pylist()
        if pending.anew:
            left = {row["day"]: row["contacts"] for row in days}
        else:
            left = {row["day"]: row["contacts"] for row in days if not row["read"]}
            partly = [row["day"] for row in days if row["read"] and not row["done"]]
            if partly:
                unread = connection.sql(_UNREAD, params={"days": partly, "version": pending.version}).to_arrow_table()
                left |= {row["day"]: row["contacts"] for row in unread.to_pylist()}
    sizes = {row["day"]: row["contacts"] for row in days}
    if reached is not None:
        left = {
            day: count for day, count in left.items()
            if day > reached.day or (day == reached.day and reached.contact_id is not None)
        }  # fmt: skip
    newest = max((row["day"] for row in days if row["read"]), default=date.min)
    late = 0 if pending.anew else sum(count for day, count in left.items() if day < newest)
    spans = list(_spans(left, sizes, settings.commit_contacts))
    if reached is not None and reached.contact_id is not None and spans and spans[0].first == reached.day:
        spans[0] = replace(spans[0], after=reached.contact_id)
    return Plan(tuple(spans), len(left), late)


def _spans(left: dict[date, int], sizes: dict[date, int], enough: int) -> Iterator[Span]:
    """Days with contacts left, small ones together until there are enough.

    What is a large day is settled by all its contacts, not by those left: one that was begun stays by itself.
    """
    first, last, count = None, None, 0
    for day in sorted(left):
        large = sizes[day] >= enough
        if first is not None and last is not None and (large or count >= enough):
            yield Span(first, last, count)
            first, count = None, 0
        if large:
            yield Span(day, day, left[day], large=True)
        else:
            first, last, count = first or day, day, count + left[day]
    if first is not None and last is not None:
        yield Span(first, last, count)


def shards(lake: Lake, pending: Pending, span: Span, settings: ScoringSettings) -> Iterator[Shard]:
    """The contacts of a span, ordered by day and contact_id; no more than a shard of them in memory at a time.

    A large day is cut after every `shard_contacts` contacts, rounded up to whole `read_contacts`, so that what is read
    together does not depend on the size of a shard.
    """
    together = settings.read_contacts
    size = -(-settings.shard_contacts // together) * together
    with _bounded(lake, "scores") as connection:
        batches = _ordered(lake, connection, pending, span)
        if not span.large:
            read = list(batches)
            if read:
                yield Shard(pa.Table.from_batches(read), Cut(span))
            return
        after = span.after
        for contacts in _cut(batches, size):
            upto = contacts["contact_id"][-1].as_py()
            yield Shard(contacts, Cut(span, after, upto))
            after = upto


def _ordered(
    lake: Lake, connection: duckdb.DuckDBPyConnection, pending: Pending, span: Span
) -> Iterator[pa.RecordBatch]:
    days = (ds.field("day") >= span.first) & (ds.field("day") <= span.last)
    beyond = days if span.after is None else days & (ds.field("contact_id") > span.after)
    # DuckDB's own reading of a dataset looks many batches ahead, each as large as the file likes.
    few = {"batch_size": _BATCH, "batch_readahead": 1, "fragment_readahead": 1}
    spoken = lake.dataset("contacts").scanner(columns=list(_COLUMNS), filter=beyond, **few).to_reader()
    connection.register("spoken", spoken)
    values = {"version": pending.version, "first": span.first, "last": span.last}
    without, used = ("", {}) if pending.anew else (_WITHOUT_READ, values)
    sql = f"SELECT {', '.join(_COLUMNS)} FROM spoken {without} ORDER BY day, contact_id"
    yield from connection.sql(sql, params=used).to_arrow_reader(_BATCH)


def _cut(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Tables of so many rows, the last of what is left."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= size:
            table = pa.Table.from_batches(held)
            yield table.slice(0, size)
            held, rows = table.slice(size).to_batches(), rows - size
    if rows:
        yield pa.Table.from_batches(held)


@contextmanager
def _bounded(lake: Lake, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that puts on disk what would take more memory than is meant for it."""
    with TemporaryDirectory(prefix=_SPILL, dir=lake.root) as spill, lake.connect(*tables) as connection:
        connection.execute("SET temp_directory = $folder", {"folder": spill})
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        yield connection


@dataclass(frozen=True)
class Anew:
    """A run that scores anew what is scored already, and the file that remembers how far it is.

    `model` is a fingerprint of what reads: after a new export of the same version a run begins from the start.
    """

    path: Path
    version: str
    model: str
    since: date

    def reached(self) -> Place | None:
        """Where the same run was stopped; None where it was not, or another one was."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        if found.get("run") != self._run:
            return None
        return Place(date.fromisoformat(found["day"]), found["contact_id"])

    def remember(self, place: Place) -> None:
        """That everything up to there is stored."""
        row = {"run": self._run, **asdict(place), "day": place.day.isoformat()}
        write_atomically(self.path, json.dumps(row) + "\n")

    def forget(self) -> None:
        """That it is finished."""
        self.path.unlink(missing_ok=True)

    @property
    def _run(self) -> list[str]:
        return [self.version, self.model, self.since.isoformat()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
