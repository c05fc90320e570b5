"""How fast are themes found, and in how much memory? `voc themes` over very many contacts, beside default BERTopic."""

import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.cluster import MiniBatchKMeans

from voc.config import EncoderSettings
from voc.data.columns import vectors_of
from voc.data.contracts import THEMES
from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import baseline
from voc.experiments.processes import Watched, watched_module
from voc.experiments.rivals import Frozen, Labels
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.clinc import NONE, queries
from voc.experiments.suites.theme_scale_data import (
    TEXTS_PER_INTENT,
    VERSION,
    Encode,
    Intents,
    Synthetic,
    contacts_like,
    fill_workspace,
)
from voc.experiments.suites.theme_scale_side import FOUND, TEXTS, VECTORS
from voc.experiments.suites.themes import judge
from voc.labels import TaskName
from voc.models.registry import RunLog
from voc.models.theme_space import ThemeSpace, unit
from voc.models.themes import assign, floor_of

SEED = 13
RunSide = Callable[[str, Path], Watched]
"""Name of a side (see theme_scale_side) and its folder to what it took."""
_SIDE = "voc.experiments.suites.theme_scale_side"
_FOUND = "SELECT theme_id FROM theme_assignments ORDER BY contact_id"
_CENTRES_OF = "SELECT embedding FROM scores ORDER BY md5(contact_id) LIMIT 20000"


@dataclass(frozen=True)
class Sizes:
    """Contacts of the race with BERTopic and of the daily update; contacts of the large run; themes of the update."""

    contacts: int = 100_000
    many: int = 1_000_000
    themes: int = 500


def theme_scale(
    data: Path,
    progress: Progress,
    run: RunLog,
    encoder: EncoderSettings | None = None,
    sizes: Sizes | None = None,
    run_side: RunSide | None = None,
) -> BenchResult:
    """Measure `voc themes` but for its marts: reading the lake, finding themes, assigning, drawing the map, writing.

    `seconds`, `peak_rss_mb`, `nmi` and the other figures of `judge`: ours over all contacts, and under
    `baseline.bertopic` default BERTopic on the same vectors and texts; `ratio_to_bertopic` is its seconds over ours.
    `many.*`: ours over many more. `assign_seconds`: the daily update. Raises InputError without the data.
    """
    encoder, sizes, run_side = encoder or EncoderSettings(), sizes or Sizes(), run_side or in_own_process
    run.parameters({"encoder": encoder.model_dump(), "sizes": asdict(sizes), "seed": SEED})
    progress("reading texts", 0.0)
    intents = real_intents(data, Frozen(encoder).vectors)
    with tempfile.TemporaryDirectory(prefix="voc-scale-") as name:
        folder = Path(name)
        progress("ours", 0.1)
        workspace = fill_workspace(folder / "ours", contacts_like(intents, sizes.contacts, SEED))
        figures = _ours(workspace, run_side)
        progress("daily update", 0.2)
        _known_themes(workspace, sizes.themes)
        daily = run_side("daily", workspace.root)
        figures |= {"assign_seconds": daily.seconds, "assign_peak_rss_mb": daily.peak_mb}
        progress("default BERTopic", 0.3)
        rival = _bertopic(folder / "bertopic", contacts_like(intents, sizes.contacts, SEED), run_side)
        figures |= {"ratio_to_bertopic": rival["seconds"] / figures["seconds"]} | baseline("bertopic", rival)
        progress(f"{sizes.many:,} contacts", 0.7)
        many = fill_workspace(folder / "many", contacts_like(intents, sizes.many, SEED))
        figures |= {f"many.{key}": value for key, value in _ours(many, run_side).items()}
    run.table("themes-scale", figures)
    context = machine_context() | {
        "data": f"synthetic contacts: mixtures of two real texts of one of {len(intents)} intents of Banking77 and "
        f"CLINC150, at most {TEXTS_PER_INTENT} texts of each",
        "sizes": asdict(sizes),
        "encoder": encoder.model_dump(),
        "themes": workspace.config.themes.model_dump(),
        "seed": SEED,
    }
    return BenchResult("themes scale", figures, context)


def real_intents(data: Path, encode: Encode) -> Intents:
    """Texts of Banking77 and CLINC150, without those that are about none of its intents. Raises InputError."""
    sources = {"banking77": banking(data), "clinc": queries(data)}
    labelled = (
        (row.text, f"{name}/{label[0]}")
        for name, rows in sources.items()
        for row in rows
        if isinstance(label := row.labels[TaskName.REASON], tuple) and label != (NONE,)
    )
    return Intents.of(labelled, encode, SEED)


def in_own_process(side: str, folder: Path) -> Watched:
    """What one side took in a process that does nothing else. Raises InputError where it did not end well."""
    return watched_module(_SIDE, [side, str(folder)], f"side {side}")


def _ours(workspace: Workspace, run_side: RunSide) -> dict[str, float]:
    took = run_side("fit", workspace.root)
    names = workspace.lake.query(_FOUND)["theme_id"].to_numpy()
    themes, found = np.unique(["" if name is None else name for name in names], return_inverse=True)
    found = found - 1 if themes[0] == "" else found
    return _figures(took, np.load(workspace.root / "truth.npy"), found)


def _bertopic(folder: Path, parts: Iterable[Synthetic], run_side: RunSide) -> dict[str, float]:
    folder.mkdir()
    whole = list(parts)
    (folder / TEXTS).write_text(json.dumps([text for part in whole for text in part.texts]), encoding="utf-8")
    np.save(folder / VECTORS, np.concatenate([part.vectors for part in whole]))
    took = run_side("bertopic", folder)
    return _figures(took, np.concatenate([part.truth for part in whole]), np.load(folder / FOUND))


def _figures(took: Watched, truth: Labels, found: Labels) -> dict[str, float]:
    return {"seconds": took.seconds, "peak_rss_mb": took.peak_mb} | judge(truth, found)


def _known_themes(workspace: Workspace, count: int) -> None:
    """So many themes in the place of those known: k-means centres, as if they had been found and kept."""
    vectors = vectors_of(workspace.lake.query(_CENTRES_OF)["embedding"])
    count = min(count, len(vectors))
    space = ThemeSpace.of(vectors, ["en-latin"] * len(vectors))
    placed = space.apply(vectors, ["en-latin"] * len(vectors))
    kmeans = MiniBatchKMeans(count, n_init=1, random_state=SEED, batch_size=4096).fit(placed)
    centres = unit(kmeans.cluster_centers_.astype(np.float32))
    nearest = assign(placed, centres, np.full(count, -1, dtype=np.float32))[0]
    stamp = {
        "contacts": 0, "customers": 0, "keywords": [], "verbatim_ids": [], "status": "active", "model_version": VERSION,
        "space": space.save(workspace.root / "themes"), "fitted_at": datetime.now(UTC),
    }  # fmt: skip
    rows = [
        stamp
        | {
            "theme_id": f"T{place + 1:03d}",
            "label": f"theme {place + 1}",
            "centroid": centre.tolist(),
            "floor": floor_of(placed[nearest == place], centre) if (nearest == place).any() else 0.0,
        }
        for place, centre in enumerate(centres)
    ]
    workspace.lake.replace("themes", pa.Table.from_pylist(rows, schema=THEMES.schema))
