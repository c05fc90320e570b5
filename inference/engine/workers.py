"""Worker processes that read segments, each on one core with one thread.

Two such processes do more than one with two threads: the matrices of a short text are too small to share. Segments go
out as token ids and vectors come back; the word vectors are mapped into memory once for all. The main process tokenises
the next part while workers read the last one: a tokenizer takes several times the memory of all the rest of a worker,
and seconds to load. Nothing here imports torch.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from threading import Thread
from types import TracebackType

from voc.errors import ModelFolderError
from voc.inference.engine.base import Texts
from voc.models.decisions import Decisions
from voc.models.exported import Exported, load_exported
from voc.models.onnx_predict import Ids, OnnxEncoder, OnnxHeads, OnnxTokenizer, Vectors, gathered, parcels
from voc.models.predictions import Predictions
from voc.models.reading import Segmented


@dataclass(frozen=True)
class _Sent:
    """A part on its way: its segments, and the vectors of each parcel of them."""

    part: Texts
    read: Segmented
    parcels: Sequence[tuple[Sequence[int], "Future[Vectors]"]]


class Workers:
    """An engine of worker processes, one a core. A context manager: on leaving it the processes end."""

    def __init__(self, exported: Exported, own: Sequence[int]) -> None:
        self.exported = exported
        context = get_context("spawn")  # threads of Arrow and DuckDB do not survive a fork
        free: SimpleQueue[int] = context.SimpleQueue()
        for core in own:
            free.put(core)
        self.pool = ProcessPoolExecutor(len(own), context, _begin, (exported.folder, free))
        for _ in own:
            self.pool.submit(_read, ())  # they start while this process loads its own part
        self.tokenizer = OnnxTokenizer(exported)
        self.heads = OnnxHeads(exported)

    @property
    def name(self) -> str:
        """What computes, as `runs` records it."""
        return f"onnx {self.exported.precision}"

    @property
    def decisions(self) -> Decisions:
        """The export's own."""
        return self.exported.facts.decisions

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def read(self, parts: Iterable[Texts]) -> Iterator[Predictions]:
        """Predictions of each part, in order; the next one is with the workers meanwhile.

        Raises ModelFolderError where a worker ends, for want of memory for example.
        """
        sent: deque[_Sent] = deque()
        try:
            for part in parts:
                sent.append(self._send(part))
                if len(sent) > 1:
                    yield self._receive(sent.popleft())
            while sent:
                yield self._receive(sent.popleft())
        except BrokenProcessPool:
            raise ModelFolderError(
                f"{self.exported.folder}: a worker process ended; is there enough memory? Fewer are set by "
                "workers under [scoring] in voc.toml"
            ) from None

    def _send(self, part: Texts) -> _Sent:
        read = Segmented.of(part.texts)
        ids = self.tokenizer.ids(read.unique)
        found = parcels([len(row) for row in ids])
        futures = [(rows, self.pool.submit(_read, [ids[row] for row in rows])) for rows in found]
        return _Sent(part, read, futures)

    def _receive(self, sent: _Sent) -> Predictions:
        parts = ((rows, future.result()) for rows, future in sent.parcels)
        found = gathered(parts, len(sent.read.unique), self.heads.width)
        return self.heads.predict(sent.read, found, sent.part.forms)


def cores(most: int | None) -> list[int]:
    """Cores that this process may use, at most so many; where the system does not tell, numbers from 0."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return found[:most]


_encoder: OnnxEncoder | None = None  # of a worker process, made once when it begins


def _begin(folder: Path, free: "SimpleQueue[int]") -> None:
    global _encoder
    Thread(target=_end_with_parent, daemon=True).start()
    core = free.get()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    _encoder = OnnxEncoder(load_exported(folder, checked=True))


def _end_with_parent() -> None:
    """A killed parent tells nobody; without this its workers would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(ids: Sequence[Ids]) -> Vectors:
    assert _encoder is not None
    return _encoder.read(ids)
