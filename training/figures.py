"""Pictures for the tracker."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure


def confusion_figure(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Figure:
    """A confusion matrix as shares of each true label, with the counts where anything was confused."""
    matrix = np.asarray(counts, dtype=float)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    size = max(4.0, 0.32 * len(labels) + 2)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=8)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_xlabel("most probable")
    axes.set_ylabel("true (contacts with one label)")
    for row, column in zip(*np.nonzero(matrix), strict=True):
        dark = shares[row, column] > 0.5
        axes.text(
            column, row, f"{matrix[row, column]:.0f}", ha="center", va="center", fontsize=6,
            color="white" if dark else "black",
        )  # fmt: skip
    return figure
