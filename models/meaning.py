"""The space in which contacts are searched by meaning: languages taken out, few numbers a contact, a byte each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from voc.models.tasks import Floats
from voc.models.theme_space import unit

COMPONENTS = 128
"""Principal components that are kept, a byte each. Chosen on hand-written searches (docs/metrics.md): fewer find less,
more find hardly more."""
LEAST_OF_LANGUAGE = 30
"""A written form with fewer texts has no say in where languages lie."""
STEPS = 127
"""A component from -1 to 1 is kept as a whole number of so many steps."""
Codes: TypeAlias = npt.NDArray[np.int8]


@dataclass
class Moments:
    """Sums over vectors (rows, width), which may come a part at a time: their means by written form, their spread."""

    width: int
    rows: int = 0
    products: npt.NDArray[np.float64] = field(init=False)
    sums: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.products = np.zeros((self.width, self.width))

    def add(self, vectors: Floats, forms: Sequence[str]) -> None:
        """Take in vectors, each with its written form."""
        exact, names = vectors.astype(np.float64), np.asarray(forms)
        self.rows += len(exact)
        self.products += exact.T @ exact
        for name in set(forms):
            of_name = exact[names == name]
            self.sums[name] = self.sums.get(name, 0.0) + of_name.sum(axis=0)
            self.counts[name] = self.counts.get(name, 0) + len(of_name)

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Mean of all, (width,)."""
        total: npt.NDArray[np.float64] = np.sum(list(self.sums.values()), axis=0) / max(self.rows, 1)
        return total

    @property
    def languages(self) -> npt.NDArray[np.float64]:
        """(directions, width): an orthonormal basis of where the means of written forms differ, none with fewer than
        two of them."""
        means = [self.sums[name] / count for name, count in sorted(self.counts.items()) if count >= LEAST_OF_LANGUAGE]
        if len(means) < 2:
            return np.zeros((0, self.width))
        apart = np.stack(means) - np.mean(means, axis=0)
        _, lengths, directions = np.linalg.svd(apart, full_matrices=False)
        return np.asarray(directions[lengths > 1e-6])


@dataclass(frozen=True)
class MeaningSpace:
    """The contacts' mean (width,), and the directions (components, width) that are kept; languages lie along none.

    A multilingual encoder puts each language into a corner of its own. Without the directions from corner to corner
    (Yang et al. 2021, "A simple and effective method to eliminate the self language bias") a text lies where its
    meaning is, and nobody has to know of a search which language it is in.
    """

    mean: Floats
    directions: Floats

    @classmethod
    def of(cls, moments: Moments, components: int = COMPONENTS) -> "MeaningSpace":
        """At most so many principal components of what is left of contacts without their languages."""
        mean, languages = moments.mean, moments.languages
        spread = moments.products / max(moments.rows, 1) - np.outer(mean, mean)
        without = np.eye(moments.width) - languages.T @ languages
        _, directions = np.linalg.eigh(without @ spread @ without)
        kept = min(components, moments.width - len(languages))
        return cls(mean.astype(np.float32), np.ascontiguousarray(directions[:, ::-1][:, :kept].T, dtype=np.float32))

    def codes(self, vectors: Floats) -> Codes:
        """Contacts' vectors (rows, width) as (rows, components) whole numbers; divided by STEPS they have length 1."""
        placed = np.asarray((vectors - self.mean) @ self.directions.T, dtype=np.float32)
        return np.rint(unit(placed) * STEPS).astype(np.int8)
