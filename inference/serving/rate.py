"""How often somebody may ask: a bucket of permissions that fills up again (token bucket, RFC 2697 and its kin)."""

import time
from collections.abc import Callable


class Buckets:
    """A bucket a name. `take` is called in one thread."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """A bucket holds `per_minute` permissions and is full at first."""
        self._most = float(per_minute)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take a permission; returns 0, or the seconds until there is one."""
        now = self._clock()
        left, before = self._left.get(name, (self._most, now))
        left = min(self._most, left + (now - before) * self._most / 60)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) * 60 / self._most
