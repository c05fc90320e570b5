"""How strange a text is to a model: does it belong to none of the labels that the model knows?

A probability alone does not tell: a model divides it among the labels it has, however far the text lies from all of
them. Two views do better together: how loudly the heads speak at all (the energy of their logits: Liu et al. 2020), and
how far the vector lies from every label's own region, beyond what it lies from texts in general (relative Mahalanobis
distance: Ren et al. 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import LedoitWolf

from voc.models.tasks import Floats


@dataclass(frozen=True)
class Regions:
    """Where a model's labels lie: `centres` (labels, width) and what whitens a vector within its label (width, width);
    the same for all texts together."""

    centres: Floats
    within: Floats
    middle: Floats
    overall: Floats

    @classmethod
    def of(cls, vectors: Floats, labels: Sequence[int]) -> "Regions":
        """By (rows, width) vectors with one label each. Every label needs at least one row."""
        places = np.asarray(labels)
        known = np.unique(places)
        centres = np.stack([vectors[places == label].mean(axis=0) for label in known])
        spread = vectors - centres[np.searchsorted(known, places)]
        middle = vectors.mean(axis=0)
        return cls(centres, _whitening(spread), middle, _whitening(vectors - middle))

    def distance(self, vectors: Floats) -> Floats:
        """Squared distance to the nearest label less that to all texts, (rows,): the higher, the stranger."""
        to_label = _squared(vectors @ self.within, self.centres @ self.within).min(axis=1)
        to_all = _squared(vectors @ self.overall, (self.middle @ self.overall)[None])[:, 0]
        return np.asarray(to_label - to_all, dtype=np.float32)


@dataclass(frozen=True)
class Strangeness:
    """Both views on one scale: each is measured in standard deviations of texts that are known to belong."""

    regions: Regions
    distance_scale: tuple[float, float]
    energy_scale: tuple[float, float]

    @classmethod
    def of(cls, regions: Regions, vectors: Floats, logits: Floats) -> "Strangeness":
        """By (rows, width) vectors and (rows, outputs) logits of kept-back texts that do belong to a label."""
        distance, energy = regions.distance(vectors), _energy(logits)
        return cls(regions, _scale(distance), _scale(energy))

    def score(self, vectors: Floats, logits: Floats) -> Floats:
        """How strange each text is, (rows,): around 0 for what belongs, higher for what does not."""
        distance = (self.regions.distance(vectors) - self.distance_scale[0]) / self.distance_scale[1]
        energy = (_energy(logits) - self.energy_scale[0]) / self.energy_scale[1]
        return np.asarray((distance + energy) / 2, dtype=np.float32)


def _energy(logits: Floats) -> Floats:
    """Less the log of the sum of exponentials, (rows,): high where no output speaks up."""
    most = logits.max(axis=1)
    return np.asarray(-(most + np.log(np.exp(logits - most[:, None]).sum(axis=1))), dtype=np.float32)


def _scale(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(max(values.std(), 1e-6))


def _whitening(spread: Floats) -> Floats:
    """A matrix after which `spread` (rows, width) varies alike in every direction; shrunk where rows are few."""
    precision = LedoitWolf(assume_centered=True).fit(spread.astype(np.float64)).precision_
    return np.asarray(np.linalg.cholesky(precision), dtype=np.float32)


def _squared(rows: Floats, others: Floats) -> Floats:
    """Squared distances, (rows, others)."""
    return np.asarray((rows**2).sum(1)[:, None] - 2 * rows @ others.T + (others**2).sum(1)[None], dtype=np.float32)
