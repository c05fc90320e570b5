"""Which state of the lake the app shows while the marts of a newer one are still being made. No Streamlit.

Of a small lake they are made on the spot. Of a large one that takes longer than anybody should wait for a page: another
process makes them, and until it has the app shows the state before.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

State = TypeVar("State")
LARGE = 100_000
"""Contacts from which on marts are made by another process."""


@dataclass
class Shown(Generic[State]):
    """What is shown of a workspace."""

    root: Path
    _last: State | None = None
    _making: "subprocess.Popen[bytes] | None" = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def last(self) -> State | None:
        """What was shown until now."""
        return self._last

    def choose(self, newest: State, prepared: bool, contacts: int) -> State:
        """The newest state, or for now the one before.

        Args:
            newest: The state of the lake as it is now.
            prepared: Whether its marts are there.
            contacts: How many the state before has.
        """
        with self._lock:
            if self._last is None or self._last == newest or prepared or contacts < LARGE or self._failed():
                self._last, self._making = newest, None
            return self._last

    def _failed(self) -> bool:
        """Let another process make the marts, unless one is at it. Whether the one that was at it failed: then whoever
        asks next makes them, and is told why that cannot be done."""
        ended = self._making.poll() if self._making else None
        if self._making is None or ended == 0:
            self._making = subprocess.Popen(
                [sys.executable, "-m", "voc.cli", "marts", "-w", str(self.root)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return bool(ended)
