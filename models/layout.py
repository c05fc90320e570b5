"""A map of texts in two dimensions: landmarks laid out by UMAP, and every other text placed among its nearest ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voc.models.tasks import Floats

RADIUS = 10.0
"""Nine in ten landmarks lie nearer to the middle than this."""
NEAREST = 8
_SHARPNESS = 0.05  # so much cosine less is e times less weight
_REACH = 1.0  # landmarks farther from the nearest one than this lie in another part of the map
_ROWS = 4096  # that are compared with all landmarks at once


@dataclass(frozen=True)
class Layout:
    """Landmarks: vectors (landmarks, width) of unit length and places (landmarks, 2)."""

    vectors: Floats
    places: Floats

    @classmethod
    def of(cls, vectors: Floats, neighbours: int, seed: int) -> "Layout":
        """Lay out (landmarks, width) vectors of unit length; the same vectors in the same order give the same places.

        UMAP (McInnes et al. 2018), begun from the first two principal components, so that a map of slightly other
        contacts is not turned or mirrored. The components alone where there are too few for UMAP.
        """
        if len(vectors) < neighbours + 2:
            return cls(vectors, _scaled(_components(vectors)))
        # Importing it compiles and takes seconds: only commands that lay out a map pay for it.
        from umap import UMAP

        laid = UMAP(
            n_neighbors=neighbours, n_components=2, min_dist=0.15, metric="cosine", init="pca", random_state=seed,
            n_jobs=1,
        ).fit_transform(vectors)  # fmt: skip
        return cls(vectors, _scaled(np.asarray(laid, dtype=np.float32)))

    def place(self, vectors: Floats) -> Floats:
        """(rows, width) vectors of unit length to (rows, 2) places.

        Each lies at the mean of the nearest landmarks, by their cosine, that lie in the same part of the map as the
        nearest one of all. Linear in rows.
        """
        places = np.zeros((len(vectors), 2), dtype=np.float32)
        if len(self.vectors) == 0:
            return places
        for start in range(0, len(vectors), _ROWS):
            places[start : start + _ROWS] = self._place(vectors[start : start + _ROWS])
        return places

    def _place(self, vectors: Floats) -> Floats:
        cosines = vectors @ self.vectors.T
        most = min(NEAREST, len(self.vectors))
        near = np.argpartition(-cosines, most - 1, axis=1)[:, :most] if most < len(self.vectors) else None
        if near is None:
            near = np.broadcast_to(np.arange(most), (len(vectors), most))
        weights = np.take_along_axis(cosines, near, axis=1) / _SHARPNESS
        weights = np.exp(weights - weights.max(axis=1, keepdims=True))
        around = self.places[near]
        nearest = np.take_along_axis(around, weights.argmax(axis=1)[:, None, None], axis=1)
        weights = weights * (np.linalg.norm(around - nearest, axis=2) <= _REACH)
        mean = (around * weights[..., None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
        return np.asarray(mean, dtype=np.float32)


def landmarks(folded: Sequence[str], most: int) -> list[int]:
    """Rows of the first `most` different texts, given folded: copies would make a place denser, not clearer."""
    first: dict[str, int] = {}
    for row, text in enumerate(folded):
        first.setdefault(text, row)
    return list(first.values())[:most]


def _components(vectors: Floats) -> Floats:
    """(rows, 2) first principal components; zeros where there are fewer."""
    from sklearn.decomposition import PCA

    places = np.zeros((len(vectors), 2), dtype=np.float32)
    if len(vectors) > 1:
        found = PCA(min(2, *vectors.shape), random_state=0).fit_transform(vectors)
        places[:, : found.shape[1]] = found
    return places


def _scaled(places: Floats) -> Floats:
    """Places around the middle of them, as wide as RADIUS says."""
    apart = places - np.median(places, axis=0) if len(places) else places
    reach = float(np.quantile(np.linalg.norm(apart, axis=1), 0.9)) if len(places) else 0.0
    return np.asarray(apart * (RADIUS / reach if reach > 1e-9 else 0.0), dtype=np.float32)
