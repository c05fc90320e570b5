"""Whitening: vectors after which a given spread is alike in every direction."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float64]


def whitener(spread: Vectors, shrinkage: float) -> Vectors:
    """The inverse square root of a covariance (width, width), after the share `shrinkage` of it is taken as equal in
    all directions, without which rare directions would be nothing but noise."""
    width = len(spread)
    level = np.trace(spread) / width + 1e-12
    values, directions = np.linalg.eigh((1 - shrinkage) * spread + shrinkage * level * np.eye(width))
    return np.asarray(directions * values**-0.5 @ directions.T)
