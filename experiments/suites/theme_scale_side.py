"""One side of the race of `voc bench themes --suite scale`, in a process of its own, so that its memory is its own.

Run as `python -m voc.experiments.suites.theme_scale_side SIDE FOLDER OUT`. Writes seconds and peak memory as JSON.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from voc.data.workspace import Workspace
from voc.experiments.judging import peak_rss_mb
from voc.inference.themes import themes

TEXTS, VECTORS, FOUND = "texts.json", "vectors.npy", "found.npy"
"""Files in the folder that BERTopic reads and writes."""


def fit(folder: Path) -> None:
    """`voc themes` in the workspace: find themes, assign every contact, draw the map, write all tables."""
    themes(Workspace.open(folder))


def daily(folder: Path) -> None:
    """The daily update in the workspace: every contact assigned to the themes that are known."""
    themes(Workspace.open(folder), refit=False)


def bertopic(folder: Path) -> None:
    """Default BERTopic over the vectors, on all cores and without a seed, as it comes."""
    from bertopic import BERTopic

    texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
    found, _ = BERTopic().fit_transform(texts, embeddings=np.load(folder / VECTORS))
    np.save(folder / FOUND, np.asarray(found, dtype=np.int64))


SIDES: Mapping[str, Callable[[Path], None]] = {side.__name__: side for side in (fit, daily, bertopic)}


def measured(side: str, folder: Path) -> dict[str, float]:
    """Run a side: seconds, loading and compiling its libraries included, and the most memory that the process held."""
    begin = time.perf_counter()
    SIDES[side](folder)
    return {"seconds": time.perf_counter() - begin, "peak_rss_mb": peak_rss_mb()}


def main(side: str, folder: str, out: str) -> None:
    """Run a side and write what it took."""
    Path(out).write_text(json.dumps(measured(side, Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
