"""Scoring by actors of Ray Data, on the cores of this machine or of a cluster.

Each actor holds the exported model and reads a part of the contacts after the other, as one process here would: the
same parts, so the same scores bit for bit. A reader on the machine that started the run cuts contacts into parts, a
span after the other; this process takes back rows of `scores` in order and commits them. So the lake is needed here
alone, and a commit is what it is without Ray.

Ray's own checkpoints are not used. They keep ids of rows that a dataset of Ray has written to files, a second memory of
what is done beside the table; the commits are one already, and a run begins with asking them.
"""

import fcntl
import hashlib
import io
import logging
import os
import shutil
import socket
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import current_thread
from typing import TYPE_CHECKING, Any, TextIO, cast

import pyarrow as pa

from voc.config import ScoringSettings
from voc.data.lake import Lake
from voc.errors import ClusterError, InputError, MissingExtraError, ModelFolderError, VocError
from voc.inference.engine.workers import cores
from voc.inference.parts import Part, Reading, Scored, cut_contacts
from voc.inference.pending import Cut, Pending, Span
from voc.models.exported import TOKENIZER, Exported, is_exported, load_exported
from voc.models.facts import CONFIG
from voc.models.manifest import DECISIONS, EXPORT
from voc.models.onnx_predict import OnnxPredictor
from voc.models.storage import MANIFEST

if TYPE_CHECKING:
    from ray.data import Dataset, Datasource

_STORE_BYTES = 256 * 1024**2
"""Ray's object store of a run on one machine: it holds a few parts on their way, and spills what is more."""
_SILENCE_S = 900.0
"""So long no part may come back before a run is given up: Ray by itself would wait for ever, without a word."""
_TALKER = "ray_listen_error_messages"  # the thread of Ray's that prints
_SESSION, _HELD = "voc-ray-", "held"
_PATIENCE_S = 10.0  # for the head of a cluster to answer
_ATTEMPTS = 3  # without a commit in between
_SCHEMA = pa.schema(
    [("span", pa.int32()), ("closes", pa.bool_()), ("after", pa.string()), ("upto", pa.string()),
     ("table", pa.large_binary())]
)  # fmt: skip
# Neither figures about the use of Ray nor bars and notices of its own; read by Ray when it is imported.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}


@dataclass(frozen=True)
class Travelling:
    """A model folder that goes to where it is needed: its place here, what tells it from others, and its files."""

    folder: Path
    mark: str
    files: Callable[[], Mapping[str, bytes]] | None = None
    """Gives the files by their place in the folder; None where every reader sees the folder itself."""

    @classmethod
    def of(cls, folder: Path, files: Callable[[], Mapping[str, bytes]] | None = None) -> "Travelling":
        """Of a folder with an export."""
        return cls(folder.resolve(), _mark(folder), files)

    def here(self, shelf: Path | None = None) -> Path:
        """The folder on this machine: itself where it is the same, else a copy on a `shelf` that all readers share.

        Without one the shelf is a folder that belongs to this user alone, in the system's temporary folder.
        """
        if self.files is None or _mark(self.folder) == self.mark:
            return self.folder
        shelf = shelf or _own_folder(Path(tempfile.gettempdir()) / f"voc-models-{os.getuid()}")
        found = shelf / self.mark
        if not found.is_dir():
            temporary = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=shelf))
            for name, content in self.files().items():
                (temporary / name).parent.mkdir(exist_ok=True)
                (temporary / name).write_bytes(content)
            try:
                temporary.rename(found)
            except OSError:  # another reader of this machine was faster
                shutil.rmtree(temporary)
        return found


def packed(folder: Path) -> dict[str, bytes]:
    """The files of a model folder that an export is read with, by their place in it."""
    names = [MANIFEST, CONFIG, DECISIONS, TOKENIZER]
    paths = [folder / name for name in names] + sorted((folder / EXPORT).iterdir())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


class ScoringActor:
    """The exported model in a process of its own: a part of the contacts to its rows of `scores`."""

    def __init__(self, model: Travelling) -> None:
        exported: Exported = load_exported(model.here())
        self.facts = exported.facts
        self.predictor = OnnxPredictor(exported)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """A row a part, its contacts as the bytes of a table; back come rows of `scores`, likewise."""
        tables = []
        for content in batch["table"]:
            part = Part.of(_table(content), self.facts.speakers)
            found = self.predictor.predict(part.texts.texts, part.texts.forms)
            tables.append(_bytes(part.rows(self.facts, found)))
        place = batch.schema.get_field_index("table")
        return batch.set_column(place, _SCHEMA.field("table"), pa.array(tables, pa.large_binary()))


@contextmanager
def on_ray(
    folder: Path, lake: Lake, pending: Pending, spans: Sequence[Span], settings: ScoringSettings
) -> Iterator[Reading]:
    """Read these spans with the exported model in `folder`, by actors: one a core, and a core left for all else.

    Ray runs on this machine, or is the cluster at `ray_address` of the settings; then this machine is one of it. Raises
    ModelFolderError without an export, MissingExtraError without Ray, and ClusterError where there is no such cluster
    or where it loses what the run needs; what is committed by then stays.
    """
    if not is_exported(folder):
        raise ModelFolderError(f"{folder}: expected an exported model, got none; make one with: voc export")
    precision = load_exported(folder).precision
    with _connected(settings):
        model = Travelling.of(folder, _sent(folder) if settings.ray_address else None)
        read = partial(_scored, model, lake, pending, settings=settings)
        yield Reading(f"onnx {precision} on ray", _whole_cuts(read, spans, settings))


def _whole_cuts(
    read: Callable[[Sequence[Span]], Iterator[Scored]], spans: Sequence[Span], settings: ScoringSettings
) -> Iterator[Scored]:
    """What is committed together, as soon as all of it is there.

    Where actors or what they had read are lost, with a machine for example, the rest is read by new ones, from the last
    commit on. Ray by itself would give a lost actor's parts to nobody else: it would wait for the same actor to be
    started again, which may never find room, or which may end on the same contacts again and again.
    """
    left, failed = list(spans), 0
    while left:
        begun, held = list(left), list[Scored]()
        try:
            for part in read(begun):
                held.append(part)
                if part.closes is not None:
                    yield from held
                    held.clear()
                    failed, left = 0, _beyond(part.closes, left)
            return
        except _lost() as error:
            failed += 1
            if failed == _ATTEMPTS:
                where = settings.ray_address or "this machine"
                raise ClusterError(
                    f"ray at {where}: lost what was being read {failed} times: {_first_line(error)}; what is committed "
                    "stays, run the same command again to go on"
                ) from None


def _beyond(cut: Cut, spans: Sequence[Span]) -> list[Span]:
    """What is left of the spans once a cut of theirs is committed."""
    place = next(number for number, span in enumerate(spans) if span.last == cut.span.last)
    rest = list(spans[place + 1 :])
    return rest if cut.upto is None else [replace(spans[place], after=cut.upto), *rest]


def _dataset(
    model: Travelling, lake: Lake, pending: Pending, spans: Sequence[Span], settings: ScoringSettings
) -> "Dataset":
    from ray.data import ActorPoolStrategy, DataContext, read_datasource
    from ray.util.annotations import RayDeprecationWarning

    context = DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # a part is a block, and goes to whichever actor is free
    context.execution_no_progress_timeout_s = _SILENCE_S
    parts = sum(-(-span.contacts // settings.read_contacts) for span in spans)
    root, actors = lake.root.resolve(), min(_room(settings), parts)
    with DataContext.current(context), warnings.catch_warnings():
        # Neither limit has another way in yet (2.60); pyproject keeps to versions that take them so.
        warnings.simplefilter("ignore", RayDeprecationWarning)
        tasks = [partial(_blocks, root, pending, number, span, settings) for number, span in enumerate(spans)]
        # A reader needs hardly any of a core, and one that claims none is never kept waiting by the actors. It is not
        # started again by Ray: part of what it had read may be committed by then, and it would cut the rest otherwise.
        source = read_datasource(
            _spans_source(tasks), num_cpus=0, concurrency=2, override_num_blocks=len(tasks),
            ray_remote_args={"max_retries": 0},
        )  # fmt: skip
        return source.map_batches(
            ScoringActor, fn_constructor_args=(model,), batch_size=1, batch_format="pyarrow",
            compute=ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=2), num_cpus=1, max_restarts=0,
        )  # fmt: skip


def _spans_source(tasks: Sequence[Callable[[], Iterator[pa.Table]]]) -> "Datasource":
    from ray.data import Datasource
    from ray.data.block import BlockMetadata
    from ray.data.datasource import ReadTask

    class Spans(Datasource):  # type: ignore[misc]
        """Contacts of spans, read on the machine that has the lake."""

        supports_distributed_reads = False

        def get_name(self) -> str:
            return "contacts"

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *others: Any, **more: Any) -> list[ReadTask]:
            unknown = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
            return [ReadTask(task, unknown, schema=_SCHEMA) for task in tasks]

    return Spans()


def _blocks(root: Path, pending: Pending, number: int, span: Span, settings: ScoringSettings) -> Iterator[pa.Table]:
    """The parts of a span, a block of one row each."""
    for contacts, cut in cut_contacts(Lake(root), pending, span, settings):
        after, upto = (cut.after, cut.upto) if cut else (None, None)
        row = [[number], [cut is not None], [after], [upto], [_bytes(contacts)]]
        yield pa.table(row, schema=_SCHEMA)


def _scored(
    model: Travelling, lake: Lake, pending: Pending, spans: Sequence[Span], settings: ScoringSettings
) -> Iterator[Scored]:
    dataset = _dataset(model, lake, pending, spans, settings)
    with _own_errors():
        for batch in dataset.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0):
            (row,) = batch.select(["span", "closes", "after", "upto"]).to_pylist()
            cut = Cut(spans[row["span"]], row["after"], row["upto"]) if row["closes"] else None
            yield Scored(_table(batch["table"][0]), cut)


@contextmanager
def _connected(settings: ScoringSettings) -> Iterator[None]:
    """Ray, started or joined, and left again."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"voc score --engine ray ({error.name})", "ray") from None
    _check_address(settings.ray_address)
    own = len(cores(settings.workers))
    with _session_folder() as session, redirect_stdout(cast(TextIO, _WithoutRay(sys.stdout))):
        quiet: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
        try:
            if settings.ray_address:
                ray.init(address=settings.ray_address, **quiet)
            else:
                # One logical core more than actors: readers wait for ever where actors have taken all of them.
                ray.init(
                    address="local", num_cpus=own + 1, num_gpus=0, include_dashboard=False,
                    object_store_memory=_STORE_BYTES, _temp_dir=str(session), **quiet,
                )  # fmt: skip
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            where = settings.ray_address or "this machine"
            raise ClusterError(f"ray at {where}: expected a cluster, got: {_first_line(error)}") from None
        try:
            logging.getLogger("ray.data").setLevel(logging.CRITICAL)
            yield
        finally:
            with redirect_stdout(io.StringIO()):  # what it had held back of the same, said by this thread
                ray.shutdown()


class _WithoutRay:
    """A stream without what Ray says of dead machines at any level of logging: pages of its own state."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return len(text) if current_thread().name == _TALKER else self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _check_address(address: str) -> None:
    """Ray itself would look for a cluster for minutes. Raises InputError and ClusterError."""
    if address in ("", "auto"):
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise InputError(
            f"ray address: expected host:port of the cluster that this machine belongs to, or auto, got {address!r}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(f"ray at {address}: expected a cluster, got: {_first_line(error)}") from None


@contextmanager
def _session_folder() -> Iterator[Path]:
    """Where Ray keeps what it writes (logs, contacts that its store has no room for): readable by this user alone, and
    gone afterwards, or with the next run where this one is killed. Short, since paths of sockets may not be long."""
    for left in Path(tempfile.gettempdir()).glob(f"{_SESSION}*/{_HELD}"):
        with suppress(OSError), left.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while a run holds it
            shutil.rmtree(left.parent, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(prefix=_SESSION, ignore_cleanup_errors=True) as folder,
        (Path(folder) / "new").open("w") as held,
    ):
        fcntl.flock(held, fcntl.LOCK_EX)
        (Path(folder) / "new").rename(Path(folder) / _HELD)
        own = Path(folder) / "ray"  # Ray lets everybody write to the folder that it is given: this one is not reached
        own.mkdir()
        yield own


def _room(settings: ScoringSettings) -> int:
    """Actors that there is room for now: one a core, and a core left for all else."""
    import ray

    room = max(1, int(ray.cluster_resources().get("CPU", 0)) - 1)
    return min(room, settings.workers or room)


def _lost() -> tuple[type[Exception], ...]:
    """What Ray says where a machine, a process or an object is gone, or where nothing came for long."""
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import ObjectLostError, OutOfMemoryError, RayActorError, WorkerCrashedError

    return (RayActorError, ObjectLostError, WorkerCrashedError, OutOfMemoryError, ExecutionTimeoutError)


@contextmanager
def _own_errors() -> Iterator[None]:
    """An error of ours in an actor or a reader is what it was there, without what Ray puts around it."""
    from ray.exceptions import RayTaskError

    try:
        yield
    except RayTaskError as error:
        cause: BaseException | None = error
        # Ray's error may be one of ours at once (it makes a class of both), with a traceback for a message.
        while cause is not None and (isinstance(cause, RayTaskError) or not isinstance(cause, VocError)):
            cause = getattr(cause, "cause", None) or cause.__cause__
        if cause is None:
            raise
        raise cause from None


def _sent(folder: Path) -> Callable[[], Mapping[str, bytes]]:
    """The files of a model folder out of Ray's object store: once a machine, whoever asks."""
    import ray

    return partial(ray.get, ray.put(packed(folder)))


def _mark(folder: Path) -> str:
    """Of a model and its export; empty where there is none. Manifests hold the checksums of all other files."""
    paths = [folder / MANIFEST, folder / EXPORT / MANIFEST]
    if not all(path.is_file() for path in paths):
        return ""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _own_folder(path: Path) -> Path:
    """A folder that nobody else may write to, made if need be. Raises ClusterError where somebody else made it."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise ClusterError(f"{path}: expected a folder that this user alone may write to, got somebody else's")
    return path


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _table(content: pa.Scalar) -> pa.Table:
    table: pa.Table = pa.ipc.open_stream(content.as_buffer()).read_all()
    return table


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
