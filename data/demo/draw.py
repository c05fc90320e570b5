"""Chance, in one place: small draws out of one numpy Generator, fast enough for one call a word."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 65_536


class Draw:
    """Draws of one independent stream.

    A call of numpy for one number costs microseconds, so uniform numbers are fetched in blocks. Streams of
    one seed are independent: a part that draws more does not move what the others draw.
    """

    def __init__(self, seed: int, stream: int) -> None:
        self.numpy = np.random.default_rng([seed, stream])
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self.numpy.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def below(self, limit: int) -> int:
        """A whole number in [0, limit)."""
        return int(self.uniform() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        """One of the items by its weight."""
        sums = list(accumulate(weights))
        point = self.uniform() * sums[-1]
        return next(item for item, edge in zip(items, sums, strict=True) if point < edge)

    def normal(self) -> float:
        """Close to a standard normal number: twelve uniform ones, centred."""
        return sum(self.uniform() for _ in range(12)) - 6.0
