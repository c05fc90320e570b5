"""One side of the race of `voc bench themes --suite scale`, in a process of its own, so that its memory is its own.

Run as `python -m voc.experiments.suites.theme_scale_side SIDE FOLDER`. Each side loads its own libraries alone.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

TEXTS, VECTORS, FOUND = "texts.json", "vectors.npy", "found.npy"
"""Files in the folder that BERTopic reads and writes."""


def fit(folder: Path) -> None:
    """What `voc themes` does in the workspace before it makes marts: find, assign, draw the map, write all tables."""
    _themes(folder, refit=True)


def daily(folder: Path) -> None:
    """The daily update in the workspace: every contact assigned to the themes that are known."""
    _themes(folder, refit=False)


def bertopic(folder: Path) -> None:
    """Default BERTopic over the vectors, on all cores and without a seed, as it comes."""
    from bertopic import BERTopic

    texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
    found, _ = BERTopic().fit_transform(texts, embeddings=np.load(folder / VECTORS))
    np.save(folder / FOUND, np.asarray(found, dtype=np.int64))


SIDES: Mapping[str, Callable[[Path], None]] = {side.__name__: side for side in (fit, daily, bertopic)}


def _themes(folder: Path, refit: bool) -> None:
    from voc.data.workspace import Workspace
    from voc.inference.themes import themes

    themes(Workspace.open(folder), refit=refit)


if __name__ == "__main__":
    SIDES[sys.argv[1]](Path(sys.argv[2]))
