"""The lake: Delta tables on disk or an object store, read with SQL by DuckDB."""

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from voc.data.contracts import CONTRACTS, Contract
from voc.errors import LakeError

_FORBIDDEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
_SYSTEM = re.compile(r"([A-Z][\w ,-]*) \(os error \d+\)")
Rows: TypeAlias = "pa.Table | pa.RecordBatchReader"
_SYSTEM_SAID = re.compile(r"(No space left on device|Disk quota exceeded|File too large|Read-only file system)")
MANY_FILES = 50
"""Above so many files a table without partitions is put together anew: each append is a file, and readers open all."""
# Whoever reads a file holds at least one of its row groups: the usual million rows may be a whole large day.
_WRITER = WriterProperties(max_row_group_size=8192, compression="SNAPPY")


class Lake:
    """All tables of a workspace under one root.

    A table that nothing was written to yet reads as an empty one, so that no caller tells the cases apart.
    Every write is one Delta commit: it happened wholly or not at all, and no reader sees a half. A table that an older
    version wrote gets the columns that it lacks with the first rows that have them; its own rows read as null there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def exists(self, name: str) -> bool:
        """Whether anything was ever written to the table."""
        return bool(DeltaTable.is_deltatable(self._uri(name)))

    def version(self, name: str) -> int:
        """Number of the table's last commit; -1 before the first. Changes exactly when the table does."""
        return DeltaTable(self._uri(name)).version() if self.exists(name) else -1

    def versions(self, *names: str) -> tuple[int, ...]:
        """Versions of several tables: what a cache of something computed from them depends on."""
        return tuple(self.version(name) for name in names)

    def commits(self, *names: str) -> tuple[str, ...]:
        """Which commit each is at, and of which table: a version alone is the same in one deleted and made anew."""
        tables = (DeltaTable(self._uri(name)) if self.exists(name) else None for name in names)
        return tuple(f"{table.metadata().id}:{table.version()}" if table else "" for table in tables)

    def dataset(self, name: str) -> ds.Dataset:
        """The table as it is now, as a lazy dataset."""
        contract = CONTRACTS[name]
        if not self.exists(name):
            return ds.dataset(contract.schema.empty_table())
        # Arrow's own file system. Delta's is Python: a thread that reads through it waits for Python's lock, and
        # another that holds the lock while it starts a scan waits for what that thread has locked, both for ever.
        files = SubTreeFileSystem(str(Path(self._uri(name)).resolve()), LocalFileSystem())
        table: ds.Dataset = DeltaTable(self._uri(name)).to_pyarrow_dataset(schema=contract.schema, filesystem=files)
        return table

    def append(self, name: str, rows: Rows) -> None:
        """Add rows in one commit. Streams when given a reader."""
        contract = self._checked(name, rows)
        with _one_line(name):
            partition = list(contract.partition) or None
            write_deltalake(
                self._uri(name), rows, mode="append", schema_mode="merge", partition_by=partition,
                writer_properties=_WRITER,
            )  # fmt: skip

    def replace(self, name: str, rows: Rows, where: str | None = None) -> None:
        """Put `rows` in the place of those that `where` (a SQL predicate; None: all) selects: one commit."""
        contract = self._checked(name, rows)
        if not self.exists(name):
            return self.append(name, rows)
        with _one_line(name):
            write_deltalake(
                self._uri(name),
                rows,
                mode="overwrite",
                predicate=where,
                schema_mode="overwrite" if where is None else "merge",
                partition_by=list(contract.partition) or None,
                writer_properties=_WRITER,
            )
        return None

    def upsert(self, name: str, rows: Rows) -> None:
        """Insert rows, and replace those whose key is there, in one commit."""
        contract = self._checked(name, rows)
        if not self.exists(name):
            return self.append(name, rows)
        with _one_line(name):
            self._merge(contract, rows).when_matched_update_all().when_not_matched_insert_all().execute()
        return None

    def insert_new(self, name: str, rows: Rows) -> None:
        """Insert the rows whose key is not there yet, in one commit; the others are left as they are."""
        contract = self._checked(name, rows)
        if not self.exists(name):
            return self.append(name, rows)
        with _one_line(name):
            self._merge(contract, rows).when_not_matched_insert_all().execute()
        return None

    def tidy(self, name: str, keep: timedelta) -> int:
        """Delete files that the table has not had for longer than `keep`, and those of writes that never ended; what
        the table was within `keep` can still be read. Many small files of a table without partitions become one.

        Gives how many files are gone. What readers see stays the same, while the version may change.
        """
        if not self.exists(name):
            return 0
        contract = CONTRACTS[name]
        with _one_line(name):
            table = DeltaTable(self._uri(name))
            if not contract.partition and table.get_add_actions().num_rows > MANY_FILES:
                table.optimize.compact(writer_properties=_WRITER)
            hours = int(keep.total_seconds() // 3600)
            # Looked at first, since to delete nothing is a commit as well. Delta also names those that are long gone.
            old = table.vacuum(hours, enforce_retention_duration=False, full=True)
            gone = sum((Path(self._uri(name)) / unquote(file)).exists() for file in old)
            if gone:
                table.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True)
            return gone

    @contextmanager
    def connect(self, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection in which these tables of the lake (all, when none is named) stand under their names."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for name in tables or CONTRACTS:
                connection.register(name, self.dataset(name))
            yield connection

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one SQL statement over the tables; values go in as `$name` parameters, never into the text."""
        words = set(re.findall(r"\w+", sql))
        # Opening a table reads its log: only those that the statement can mean are opened.
        with self.connect(*(name for name in CONTRACTS if name in words)) as connection:
            table: pa.Table = connection.sql(sql, params=dict(parameters or {})).to_arrow_table()
            return table

    def _uri(self, name: str) -> str:
        return str(self.root / CONTRACTS[name].name)

    def _checked(self, name: str, rows: Rows) -> Contract:
        contract = CONTRACTS[name]
        contract.check(rows.schema)
        if not self.exists(name):
            self.root.mkdir(parents=True, exist_ok=True)
        return contract

    def _merge(self, contract: Contract, rows: Rows) -> Any:
        on = " AND ".join(f"target.{column} = source.{column}" for column in contract.key)
        return DeltaTable(self._uri(contract.name)).merge(
            rows, predicate=on, source_alias="source", target_alias="target"
        )


@contextmanager
def writable(root: Path) -> Iterator[None]:
    """What the system says against writing a file beside the tables (no room, no right to) becomes one line likewise.

    Raises LakeError. Every other error stays as it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FORBIDDEN:
            raise
        raise LakeError(f"{error.filename or root}: not written: {error.strerror}") from None
    except duckdb.IOException as error:
        found = _SYSTEM_SAID.search(str(error))
        if found is None:
            raise
        raise LakeError(f"{root}: not written: {found[1]}") from None


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    """What the system says against writing a table becomes one line; every other error stays as it is."""
    try:
        yield
    except (DeltaError, OSError) as error:
        found = _SYSTEM.search(str(error))
        if found is None:
            raise
        raise LakeError(f"table {name}: not written: {found[1]}; it is as it was") from None
