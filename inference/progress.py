"""What a long step says while it runs."""

import time
from collections.abc import Callable

Report = Callable[[str, float], None]
"""Takes what is being done and the share (0 to 1) that is."""


def paced(report: Report) -> Callable[[int, int], None]:
    """Takes the contacts done and all there are, and reports them with the contacts a second since the beginning."""
    begin = time.perf_counter()

    def tell(done: int, total: int) -> None:
        seconds = time.perf_counter() - begin
        rate = f", {done / seconds:,.0f} a second" if done and seconds else ""
        report(f"{done:,} of {total:,} contacts{rate}", done / max(total, 1))

    return tell
