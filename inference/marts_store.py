"""The marts' file: what pages need of the lake, worked out once for each state of it and kept in one DuckDB file.

All sessions, and all processes, read the same file and hold no more of it in memory than `MEMORY` allows. It holds
what can be worked out again at any time from the lake, under a name that says of which state: a new state gets a new
file, whole or not at all, and old ones are deleted. Transcripts and vectors stay in the lake; of texts there are only
the folded words and the few bytes of meaning that a search looks through.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
from contextlib import closing, suppress
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import duckdb

from voc.data.accounts import read_people
from voc.data.customers import active_by_segment
from voc.data.lake import Lake
from voc.data.locks import alone
from voc.data.workspace import Workspace
from voc.inference import (
    marts_area,
    marts_churn,
    marts_contacts,
    marts_journey,
    marts_meaning,
    marts_models,
    marts_signals,
    marts_themes,
)
from voc.inference.marts_area import Area
from voc.inference.marts_churn import head_of

TABLES = tuple(
    dict.fromkeys(
        (
            *marts_contacts.TABLES, "themes", *marts_signals.TABLES, *marts_churn.TABLES, *marts_models.TABLES,
            *marts_themes.TABLES,
        )
    )
)  # fmt: skip
"""Tables of the lake that the marts depend on: while their versions stand, so do the answers."""
MEMORY = "768MB"
"""What DuckDB may hold at once, of the file and of answers in the making; what does not fit goes to disk."""
SCRIPTS = (
    marts_contacts.CREATE, marts_themes.CREATE, marts_signals.CREATE, marts_churn.CREATE,
    marts_models.CREATE, marts_journey.CREATE,
)  # fmt: skip
"""What makes the tables, in this order, out of the registered datasets `lake_<table>` and the variables `model`, `head`
and `area`, as `Wanted` names them."""
ACTIVE = "CREATE TABLE active AS SELECT day, segment, active FROM lake_active"
"""Of `active_by_segment`: how many customers there were on each day."""
_KEPT = 2  # states: the newest, and the one that was shown before it
_PATIENCE = 1800.0  # seconds that one waits while another makes the same file
_ENDING, _SPILLED = ".duckdb", ".spilled-"
_LONG_AGO = 86_400.0  # seconds: nobody keeps marts open for so long


@dataclass(frozen=True)
class Wanted:
    """Whose scores people see, and of which products they may see contacts."""

    model: str | None
    head: str | None = None
    area: Area = None

    def name(self, lake: Lake) -> str:
        """Name of the file that belongs to the lake as it is now: its state, and what is wanted of it."""
        state = [lake.commits(*TABLES), SCRIPTS, ACTIVE, marts_meaning.WAY, duckdb.__version__]
        return f"{_digest(state)}-{_digest(astuple(self))}{_ENDING}"


def found_or_made(lake: Lake, wanted: Wanted, folder: Path | None) -> tuple[Path, Path | None]:
    """The file for the lake as it is now: the one that is in `folder`, or a new one there.

    Where no folder is given, or nobody may write in it, the file is made in a passing folder, which comes second and is
    the caller's to delete.
    """
    name = wanted.name(lake)
    if folder is not None and (folder / name).is_file():
        return folder / name, None
    if folder is not None and _writable(folder):
        return made(lake, wanted, folder), None
    passing = Path(tempfile.mkdtemp(prefix="voc-marts-"))
    try:
        _make(lake, wanted, passing / name)
    except BaseException:
        shutil.rmtree(passing, ignore_errors=True)
        raise
    return passing / name, passing


def made(lake: Lake, wanted: Wanted, folder: Path) -> Path:
    """The file in `folder` for the lake as it is now, made unless it is there. Only one is made at a time."""
    path = folder / wanted.name(lake)
    if not path.is_file():
        with alone(folder, "marts", _PATIENCE):
            if not path.is_file():
                _make(lake, wanted, path)
                _forget(folder, path)
    return path


def prepare(workspace: Workspace) -> tuple[int, int]:
    """Make what the app will open next, for all and for each area that somebody may see; how many, and how many of them
    were not there yet. Without it the first who looks waits for it."""
    classifier = workspace.current_model
    head = head_of(workspace.models, classifier)
    areas = {account.products for account in read_people(workspace.root).accounts.values() if account.products}
    lake, new = workspace.lake, 0
    for area in (None, *sorted(areas)):
        wanted = Wanted(classifier, head.version if head else None, area)
        new += not (workspace.marts / wanted.name(lake)).is_file()
        made(lake, wanted, workspace.marts)
    return 1 + len(areas), new


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """The file's tables under their names, to be read; what is made besides them stays in memory."""
    # A place of its own for what does not fit: DuckDB's names for it are the same in every process.
    beside = path.parent if _writable(path.parent) else Path(tempfile.gettempdir())
    connection = duckdb.connect(config=_limits(beside / f"{_SPILLED}{uuid.uuid4().hex}"))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH '{_quoted(path)}' AS stored (READ_ONLY)")
    names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'stored'").fetchall()
    for (name,) in names:
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM stored."{name}"')
    return connection


def _make(lake: Lake, wanted: Wanted, path: Path) -> None:
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    spilled = path.with_name(f"{begun.name}.spilled")
    try:
        with closing(duckdb.connect(str(begun), config=_limits(spilled))) as connection:
            _fill(connection, lake, wanted)
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)
        shutil.rmtree(spilled, ignore_errors=True)


def _fill(connection: duckdb.DuckDBPyConnection, lake: Lake, wanted: Wanted) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    variables = {"model": wanted.model or "", "head": wanted.head or "", "area": wanted.area and list(wanted.area)}
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = $value", {"value": value})
    for name in TABLES:
        connection.register(f"lake_{name}", lake.dataset(name))
    for script in SCRIPTS:
        connection.execute(script)
    marts_meaning.fill(connection, lake, wanted.model or "")
    first, last = connection.execute("SELECT min(day), max(day) FROM contact").fetchall()[0]
    if first is None:
        first = last = date.min
    connection.register("lake_active", active_by_segment(lake, first, last))
    connection.execute(ACTIVE)
    if wanted.area is not None:
        marts_area.restrict(connection, wanted.area)


def _limits(spilled: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {"memory_limit": MEMORY, "temp_directory": str(spilled)}


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _forget(folder: Path, made: Path) -> None:
    """Delete files of older states but the last one, and what killed runs left. Who has one open goes on reading it."""
    newest: dict[str, float] = {}
    for path in folder.glob(f"*{_ENDING}"):
        newest[_state(path)] = max(path.stat().st_mtime, newest.get(_state(path), 0.0))
    older = sorted(newest.keys() - {_state(made)}, key=newest.__getitem__, reverse=True)
    for state in older[_KEPT - 1 :]:
        for path in folder.glob(f"{state}-*{_ENDING}"):
            path.unlink(missing_ok=True)
    for left in folder.glob(f".*{_ENDING}.*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    for spilled in folder.glob(f"{_SPILLED}*"):
        with suppress(FileNotFoundError):  # its owner has just closed it
            if spilled.stat().st_mtime < time.time() - _LONG_AGO:
                shutil.rmtree(spilled)


def _state(path: Path) -> str:
    return path.name.partition("-")[0]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:20]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
