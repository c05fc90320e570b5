"""Which contact reasons moved: those whose share of the contacts changed beyond chance."""

from collections.abc import Iterable
from dataclasses import dataclass

from voc.inference import intervals
from voc.inference.intervals import Interval


@dataclass(frozen=True)
class Mover:
    """A reason whose share changed clearly."""

    reason: str
    before: float
    now: float
    """Shares of the scored contacts, 0 to 1."""
    change: Interval
    """Now less before; wider the more reasons were compared."""


def movers(counts: Iterable[tuple[str, int, int]], scored: int, scored_before: int) -> tuple[Mover, ...]:
    """Reasons that changed clearly, most first, all compared at once (Bonferroni).

    Args:
        counts: Reason, its contacts now, its contacts before.
        scored: Scored contacts now.
        scored_before: Scored contacts before.
    """
    rows = list(counts)
    z = intervals.quantile(comparisons=len(rows))
    found = []
    for reason, now, before in rows:
        change = intervals.share_change(now, scored, before, scored_before, z)
        if change is not None and change.excludes_zero:
            found.append(Mover(reason, before / scored_before, now / scored, change))
    return tuple(sorted(found, key=lambda mover: (-abs(mover.change.value), mover.reason)))
