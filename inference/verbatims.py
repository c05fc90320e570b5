"""Which contacts show a theme best: near its centre, each saying something else, of different customers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voc.data.text import fold
from voc.models.tasks import Floats

NEARNESS = 0.4
"""Weight of being near the centre; the rest is being unlike those chosen before. The first lies near the centre itself,
so that at a half or more the next would be its twin."""
_CANDIDATES = 200  # of the nearer half of the texts, the nearest so many are looked at


def choose_verbatims(
    places: npt.NDArray[np.int64],
    vectors: Floats,
    centroid: Floats,
    texts: Sequence[str],
    customers: Sequence[str],
    most: int,
) -> list[int]:
    """At most `most` of the rows `places`, best first: of different customers, no two with the same words.

    `vectors` (rows, width) and `centroid` (width,) are of unit length. Maximal marginal relevance (Carbonell and
    Goldstein 1998): each next one is the best by nearness to the centre, less its likeness to those chosen.
    """
    cosines = vectors[places] @ centroid
    rows = places.tolist()
    ranked = sorted(range(len(rows)), key=lambda place: (-cosines[place], texts[rows[place]], rows[place]))
    left: list[int] = []
    seen_texts: set[str] = set()
    for place in ranked:
        words = fold(texts[rows[place]])
        if words not in seen_texts:
            seen_texts.add(words)
            left.append(place)
    left = left[: min(_CANDIDATES, max(2 * most, len(left) // 2))]
    chosen: list[int] = []
    likeness = np.zeros(len(places), dtype=np.float32)
    people: set[str] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda place: NEARNESS * cosines[place] - (1 - NEARNESS) * likeness[place])
        chosen.append(rows[best])
        people.add(customers[rows[best]])
        left = [place for place in left if customers[rows[place]] not in people]
        likeness = np.maximum(likeness, vectors[places] @ vectors[rows[best]])
    return chosen
