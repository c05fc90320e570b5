"""One writer at a time: a lock that the system lets go of when its holder ends, however it ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voc.errors import InputError

_PAUSE = 0.02  # seconds between two looks


@contextmanager
def alone(root: Path, what: str, patience: float = 0.0) -> Iterator[None]:
    """Nobody else does `what` ("ingest", "score") in this lake meanwhile.

    Waits up to `patience` seconds for whoever does. Raises InputError where somebody still does then.
    """
    root.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with (root / f".{what}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise InputError(f"{root}: expected no other {what}, got one that is still running") from None
            time.sleep(_PAUSE)
        yield
