"""One writer at a time: a lock that the system lets go of when its holder ends, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voc.errors import InputError


@contextmanager
def alone(root: Path, what: str) -> Iterator[None]:
    """Nobody else does `what` ("ingest", "score") in this lake meanwhile. Raises InputError where somebody does."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{root}: expected no other {what}, got one that is still running") from None
        yield
