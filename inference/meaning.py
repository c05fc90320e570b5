"""What somebody looks for by meaning, read by the exported model into a vector that contacts are compared with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voc.data.text import one_line
from voc.models.exported import load_exported
from voc.models.theme_space import unit
from voc.taxonomy import Taxonomy

Vector = tuple[float, ...]
MOST_CHARACTERS = 1000
"""What comes after so many is not read."""
LEAST_TYPICAL = 24
"""Fewer short texts do not say what is usual for a search: each of them would be taken off what is like it."""


def typical(taxonomy: Taxonomy) -> tuple[str, ...]:
    """What searches are like: names and definitions of the contact reasons, as short and as general."""
    return tuple(text for reason in taxonomy.reasons.values() for text in (reason.name, reason.definition) if text)


class SearchReader:
    """The exported model of a folder, in this process on one thread, for searches. Threads may use one together.

    A search is short and names a thing, a contact tells a story. So a search is measured from the mean of short texts
    like it, as contacts are from theirs: what only makes it a search does not count.
    """

    def __init__(self, folder: Path, short: Sequence[str]) -> None:
        """`short` are texts as `typical` gives them. Raises ModelFolderError where there is no export, or not as its
        manifest says."""
        # Who only imports this should not pay for an engine.
        from voc.models.onnx_predict import OnnxPredictor

        self._predictor = OnnxPredictor(load_exported(folder))
        enough = len(short) >= LEAST_TYPICAL
        self._mean = self._predictor.predict(short).embeddings.mean(axis=0) if enough else None

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return self._predictor.heads.width

    def vector(self, text: str, middle: Sequence[float]) -> Vector:
        """What a search means, in any language: a vector of unit length.

        It is measured from `middle`, the mean of contacts, where there were too few short texts.
        """
        read = self._predictor.predict([one_line(text[:MOST_CHARACTERS])]).embeddings[0]
        mean = np.asarray(middle, dtype=np.float32) if self._mean is None else self._mean
        return tuple(unit(read - mean).tolist())
