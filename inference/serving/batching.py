"""Contacts of many callers, read together: a few threads do the arithmetic, and the event loop only waits for them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from voc.config import ServingSettings
from voc.inference.serving.scorer import Asked

Answer = dict[str, Any]


class BusyError(Exception):
    """More contacts wait already than may."""


@dataclass(frozen=True)
class _Waiting:
    contact: Asked
    answer: "Future[Answer]" = field(default_factory=Future)


class Batcher:
    """Threads that take what waits, at most `batch_contacts` at once, and score it. A context manager: on leaving it
    what waits is still answered, then the threads end."""

    def __init__(
        self,
        score: Callable[[Sequence[Asked]], list[Answer]],
        settings: ServingSettings,
        threads: int,
        scored: Callable[[int, float], None] = lambda contacts, seconds: None,
    ) -> None:
        """`score` is called by `threads` threads at once; `scored` is told of each batch."""
        self._score = score
        self._settings = settings
        self._scored = scored
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._lock = Lock()
        self._count = 0
        self._threads = [Thread(target=self._run, name=f"scoring-{number}", daemon=True) for number in range(threads)]

    def __enter__(self) -> "Batcher":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._queue.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """Contacts without an answer yet."""
        return self._count

    @property
    def ready(self) -> bool:
        """Whether all threads are there to answer, and there is room."""
        return self._count < self._settings.most_waiting and all(thread.is_alive() for thread in self._threads)

    def submit(self, contacts: Sequence[Asked]) -> "list[Future[Answer]]":
        """Answers to come, a contact each. Raises BusyError where there is no room for all."""
        with self._lock:
            if self._count + len(contacts) > max(self._settings.most_waiting, len(contacts)):
                raise BusyError
            self._count += len(contacts)
        found = [_Waiting(contact) for contact in contacts]
        for each in found:
            self._queue.put(each)
        return [each.answer for each in found]

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            taken = [first, *self._more()]
            batch = [each for each in taken if each.answer.set_running_or_notify_cancel()]
            begin = time.perf_counter()
            try:
                answers = self._score([each.contact for each in batch])
            except BaseException as error:  # whatever it is, somebody waits for an answer
                for each in batch:
                    each.answer.set_exception(error)
            else:
                for each, answer in zip(batch, answers, strict=True):
                    each.answer.set_result(answer)
            with self._lock:
                self._count -= len(taken)
            self._scored(len(batch), time.perf_counter() - begin)
        self._queue.put(None)  # for the next thread

    def _more(self) -> list[_Waiting]:
        """What else waits or comes in a moment: answers to others have just gone out, and their next questions are
        on their way."""
        found: list[_Waiting] = []
        until = time.monotonic() + self._settings.batch_wait_ms / 1000
        while len(found) + 1 < self._settings.batch_contacts:
            try:
                each = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                break
            if each is None:
                self._queue.put(None)  # it ends after this batch
                break
            found.append(each)
        return found
