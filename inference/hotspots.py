"""Which of several groups are worse than the others beyond chance: for journeys, where they hurt."""

from collections.abc import Sequence
from dataclasses import dataclass

from voc.inference import intervals
from voc.inference.intervals import Interval


@dataclass(frozen=True)
class Hotspot:
    """A group whose share lies clearly above that of all others together."""

    place: int
    """In the sequence that was asked about."""
    share: Interval
    """Its own, with the usual 95 % interval."""
    elsewhere: float
    """Of all others together, 0 to 1."""
    change: Interval
    """Its share less theirs; wider the more groups were compared."""


def hotspots(counts: Sequence[tuple[int, int]], least: int = 1) -> tuple[Hotspot, ...]:
    """Groups with a clearly higher share than the others, surest first: by the lower bound of the difference.

    The largest share of many small groups is mostly luck; a lower bound is large only where the share is and enough
    stand behind it. All groups are compared at once (Bonferroni), by exact bounds (Clopper and Pearson, combined by
    MOVER): so far out in the tails Wilson's are too narrow where shares are small, and something among many small
    groups would stand out by chance far more often than one in twenty.

    Args:
        counts: Of each group how many have it, and of how many.
        least: Groups of fewer are compared with nothing, though they are among the others.
    """
    all_counts, all_n = sum(count for count, _n in counts), sum(n for _count, n in counts)
    compared = sum(n >= least for _count, n in counts)
    found = []
    for place, (count, n) in enumerate(counts):
        others = all_n - n
        if n < max(least, 1) or others < 1:
            continue
        share, own = intervals.share(count, n), intervals.exact_share(count, n, compared)
        rest = intervals.exact_share(all_counts - count, others, compared)
        if share and own and rest and (change := intervals.difference(own, rest)).low > 0:
            found.append(Hotspot(place, share, rest.value, change))
    return tuple(sorted(found, key=lambda each: (-each.change.low, each.place)))
