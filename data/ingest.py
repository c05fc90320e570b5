"""Read sources into the lake: every row is stored, already there, or in quarantine with its reason.

Nothing is written to the lake before every source was read, every row checked and the counts closed. Then
quarantine comes first and the tables after it, each in one commit, and every commit leaves out what is there
already: killing the run anywhere and running it again gives the same tables.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from voc.data.contracts import CONTRACTS, QUARANTINE
from voc.data.lake import Lake
from voc.data.locks import alone
from voc.data.readers import Problem, reader_for
from voc.data.runs import record_run
from voc.data.staging import BATCH_ROWS, LAYOUTS, Kind, Problems, Progress, Refusals, Source, stage
from voc.data.workspace import Workspace
from voc.errors import ContractError, InputError

__all__ = ["IngestSummary", "Kind", "Progress", "SourceCounts", "ingest"]

_STAGING = ".ingest-"

# Of the rows of one contact, the first stored wins, and before any was stored the first of the run.
_FIRST_WINS = """
    WITH firsts AS (
        SELECT {key}, min(seq) AS seq, arg_min(digest, seq) AS digest, arg_min(source, seq) AS source
        FROM staged GROUP BY {key}
    ), stored AS (
        SELECT {key}, any_value(digest) AS digest, any_value(source) AS source
        FROM {table} SEMI JOIN firsts USING ({key}) GROUP BY {key}
    )
    SELECT
        staged.seq, file,
        CASE
            WHEN stored.digest = staged.digest THEN 'already there'
            WHEN stored.digest IS NOT NULL THEN 'conflict'
            WHEN firsts.seq = staged.seq THEN 'new'
            WHEN firsts.digest = staged.digest THEN 'already there'
            ELSE 'conflict'
        END AS verdict,
        coalesce(stored.source, firsts.source) AS winner
    FROM staged JOIN firsts USING ({key}) LEFT JOIN stored USING ({key})
"""

# Of the rows of one key the last wins; one that a later row of the same run replaces counts as already there.
_LAST_WINS = """
    WITH lasts AS (SELECT {key}, max(seq) AS seq{split} FROM staged GROUP BY {key})
    SELECT
        staged.seq, file,
        CASE
            WHEN lasts.seq <> staged.seq THEN 'already there'
            WHEN stored.digest = staged.digest{same_split} THEN 'already there'
            ELSE 'new'
        END AS verdict{new_split}
    FROM staged JOIN lasts USING ({key}) LEFT JOIN {table} AS stored USING ({key})
"""
# A label that names no split keeps the one its contact had: no contact wanders from test to train by itself.
_SPLIT = {
    "split": ", arg_max(split, seq) FILTER (split IS NOT NULL) AS split",
    "same_split": " AND coalesce(lasts.split, stored.split) = stored.split",
    "new_split": ", coalesce(lasts.split, stored.split, staged.own_split) AS split",
}
_NO_SPLIT = {"split": "", "same_split": "", "new_split": ""}

_NEW_REFUSALS = """
    SELECT min(seq) AS seq FROM refused ANTI JOIN quarantine USING (row_id) GROUP BY row_id
"""


@dataclass(frozen=True)
class SourceCounts:
    """Where the rows of one source went."""

    source: str
    kind: Kind
    read: int
    stored: int
    already_there: int
    quarantined: int

    @property
    def closes(self) -> bool:
        """Whether every row that was read is somewhere."""
        return self.read == self.stored + self.already_there + self.quarantined


@dataclass(frozen=True)
class IngestSummary:
    """What an ingest did.

    `problems` holds the first messages about refused rows (at most 20); `problem_counts` counts all
    refused rows by field and kind of mistake, most frequent first.
    """

    sources: tuple[SourceCounts, ...]
    problems: tuple[str, ...]
    problem_counts: Mapping[tuple[str, str], int]

    @property
    def read(self) -> int:
        """Rows read."""
        return sum(source.read for source in self.sources)

    @property
    def stored(self) -> int:
        """Rows that changed a table."""
        return sum(source.stored for source in self.sources)

    @property
    def already_there(self) -> int:
        """Rows whose content a table held already."""
        return sum(source.already_there for source in self.sources)

    @property
    def quarantined(self) -> int:
        """Rows refused."""
        return sum(source.quarantined for source in self.sources)

    @property
    def closes(self) -> bool:
        """Whether read = stored + already there + quarantined, for every source."""
        return all(source.closes for source in self.sources)

    @property
    def counts(self) -> dict[str, int]:
        """The four sums by name."""
        return {
            "read": self.read,
            "stored": self.stored,
            "already_there": self.already_there,
            "quarantined": self.quarantined,
        }


def ingest(
    workspace: Workspace,
    sources: Sequence[Path],
    kind: Kind | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
    format_name: str | None = None,
) -> IngestSummary:
    """Read files, or all files of folders in the order of their names, into the lake.

    Without `kind` the start of a file's name says what it holds (`customers…`, `outcomes…`, `labels…`, else
    contacts); without `format_name` its ending says how. `now` (with an offset; default: the clock) is what a
    date in the future is measured by. Bad rows go to quarantine. Raises InputError where a source as a whole
    cannot be read or another ingest is running: then the lake is as it was.
    """
    begun, clock = now or datetime.now(UTC), time.perf_counter()
    files = _files(sources, kind, format_name)
    lake = workspace.lake
    context = {
        "zone": workspace.config.zone,
        "now": begun,
        "limits": workspace.config.ingest,
        "reasons": workspace.taxonomy.reason_ids,
    }
    with (
        _alone(lake.root),
        TemporaryDirectory(prefix=_STAGING, dir=lake.root) as name,
        lake.connect() as connection,
    ):
        folder, problems = Path(name), Problems()
        connection.execute("SET temp_directory = $folder", {"folder": str(folder / "spill")})
        # Batches may leave in any order: that lets DuckDB pass them on instead of holding them.
        connection.execute("SET preserve_insertion_order = false")
        with Refusals(folder / "refused.parquet", begun, problems) as refusals:
            read: dict[int, int] = {}
            kinds = [each for each in Kind if any(file.kind is each for file in files)]
            for each in kinds:
                own = [file for file in files if file.kind is each]
                read |= stage(own, folder / f"{each}.parquet", context, refusals, progress)
                _classify(connection, each, folder)
                if each is Kind.CONTACTS:
                    _refuse_conflicts(connection, files, refusals)
        summary = _summary(connection, files, kinds, read, refusals, problems)
        if not summary.closes:
            raise ContractError(f"expected read = stored + already there + quarantined, got {summary.counts}")
        _store_refusals(lake, connection, refusals.path)
        for each in kinds:
            _store(lake, connection, each)
    record_run(
        lake,
        "ingest",
        begun,
        time.perf_counter() - clock,
        counts=summary.counts,
        inputs={"sources": [file.name for file in files]},
        versions={"voc": version("voc-insights")},
    )
    return summary


def _files(sources: Sequence[Path], kind: Kind | None, format_name: str | None) -> list[Source]:
    """The files to read, each once, with all that can be seen to be wrong before reading."""
    paths: dict[Path, Path] = {}
    for given in sources:
        found = [given]
        if given.is_dir():
            found = sorted(path for path in given.iterdir() if not path.name.startswith((".", "_")))
            if not found:
                raise InputError(f"{given}: expected files, got an empty folder")
        for path in found:
            paths.setdefault(path.resolve(), path)
    return [
        Source(number, path, path.name, kind or kind_of(path), reader_for(path, format_name))
        for number, path in enumerate(paths.values())
    ]


def kind_of(path: Path) -> Kind:
    """What a file holds, by the start of its name."""
    return next((kind for kind in Kind if path.name.lower().startswith(kind)), Kind.CONTACTS)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """No other ingest writes to this lake meanwhile: two at once would store a contact twice.

    The system lets go of the lock when the process ends, however it ends. What a killed one left is cleared.
    """
    with alone(root, "ingest"):
        for left in root.glob(f"{_STAGING}*"):
            if left.is_dir():
                rmtree(left)
        yield


def _classify(connection: duckdb.DuckDBPyConnection, kind: Kind, folder: Path) -> None:
    """Give each staged row its verdict, in one pass over keys and digests, as table `verdicts_<kind>`."""
    key = CONTRACTS[kind].key[0]
    connection.read_parquet(str(folder / f"{kind}.parquet")).create_view(f"staged_{kind}")
    if kind is Kind.CONTACTS:
        sql = _FIRST_WINS.format(key=key, table=kind)
    else:
        sql = _LAST_WINS.format(key=key, table=kind, **(_SPLIT if kind is Kind.LABELS else _NO_SPLIT))
    connection.execute(f"CREATE TEMP TABLE verdicts_{kind} AS {sql.replace('staged', f'staged_{kind}')}")


def _refuse_conflicts(connection: duckdb.DuckDBPyConnection, files: Sequence[Source], refusals: Refusals) -> None:
    conflicts = connection.sql(
        "SELECT file, line, raw, winner FROM staged_contacts JOIN verdicts_contacts USING (seq, file) "
        "WHERE verdict = 'conflict' ORDER BY seq"
    )
    for batch in conflicts.to_arrow_reader(BATCH_ROWS):
        for row in batch.to_pylist():
            reason = f"already stored with other content (from {row['winner']})"
            problem = Problem("contact_id", reason, "conflict")
            refusals.add(files[row["file"]], row["line"], row["raw"], problem)


def _summary(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Source],
    kinds: Sequence[Kind],
    read: Mapping[int, int],
    refusals: Refusals,
    problems: Problems,
) -> IngestSummary:
    counted: dict[tuple[int, str], int] = {}
    for kind in kinds:
        rows = connection.sql(f"SELECT file, verdict, count(*) FROM verdicts_{kind} GROUP BY ALL").fetchall()
        counted |= {(file, verdict): count for file, verdict, count in rows}
    return IngestSummary(
        tuple(
            SourceCounts(
                file.name,
                file.kind,
                read[file.number],
                counted.get((file.number, "new"), 0),
                counted.get((file.number, "already there"), 0),
                refusals.by_source[file.number],
            )
            for file in files
        ),
        tuple(problems.messages),
        dict(problems.counts.most_common()),
    )


def _store_refusals(lake: Lake, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Add the refused rows that quarantine does not hold yet."""
    connection.read_parquet(str(path)).create_view("refused")
    connection.execute(f"CREATE TEMP TABLE new_refusals AS {_NEW_REFUSALS}")
    if _count(connection, "new_refusals"):
        columns = ", ".join(f'"{name}"' for name in QUARANTINE.schema.names)  # `at` is a word of SQL
        sql = f"SELECT {columns} FROM refused SEMI JOIN new_refusals USING (seq)"
        lake.append("quarantine", _stream(connection, sql, QUARANTINE.schema))


def _store(lake: Lake, connection: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Write the new rows of a kind in one commit; none where there are none."""
    if not _count(connection, f"verdicts_{kind} WHERE verdict = 'new'"):
        return
    schema = LAYOUTS[kind].contract.schema
    given = {"split": "verdicts.split"} if kind is Kind.LABELS else {}
    columns = ", ".join(given.get(name, f"staged.{name}") for name in schema.names)
    rows = _stream(
        connection,
        f"SELECT {columns} FROM staged_{kind} AS staged JOIN verdicts_{kind} AS verdicts USING (seq) "
        "WHERE verdict = 'new'",
        schema,
    )
    if kind is Kind.CONTACTS:
        lake.append(kind, rows)
    else:
        lake.upsert(kind, rows)


def _stream(connection: duckdb.DuckDBPyConnection, sql: str, schema: pa.Schema) -> pa.RecordBatchReader:
    batches = connection.sql(sql).to_arrow_reader(BATCH_ROWS)
    return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(connection.sql(f"SELECT count(*) FROM {rows}").fetchall()[0][0])
