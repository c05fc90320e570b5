"""`voc themes`: find themes over the stored vectors, and give every contact its theme."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from voc.data.columns import vectors_column, vectors_of
from voc.data.contracts import THEME_ASSIGNMENTS, THEMES
from voc.data.lake import Lake
from voc.data.runs import record_run
from voc.data.text import contact_text, fold
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.models.tasks import Floats
from voc.models.themes import Centres, Themes, find_themes

Progress = Callable[[str], None]

# A seeded sample: ordering by a hash of the id takes the same contacts whatever order the files are read in.
_SAMPLE = """
    SELECT contact_id, customer_id, turns, embedding, language || '-' || script AS form
    FROM scores JOIN contacts USING (contact_id)
    WHERE model_version = $version
    ORDER BY md5(contact_id || $seed), contact_id LIMIT $most
"""
_ALL = """
    SELECT contact_id, scores.day, embedding, language || '-' || script AS form
    FROM scores JOIN contacts USING (contact_id)
    WHERE model_version = $version ORDER BY scores.day, contact_id
"""
_FACTS = """
    SELECT theme_id, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
           min(contacts.day) AS first_day, max(contacts.day) AS last_day
    FROM assigned JOIN contacts USING (contact_id) WHERE theme_id IS NOT NULL GROUP BY theme_id
"""


@dataclass(frozen=True)
class ThemeLine:
    """One theme, for people."""

    theme_id: str
    label: str
    contacts: int
    customers: int


@dataclass(frozen=True)
class ThemesSummary:
    """What a run found."""

    themes: tuple[ThemeLine, ...]
    contacts: int
    unassigned: int
    seconds: float

    @property
    def unassigned_share(self) -> float:
        """Share of the contacts that are in no theme."""
        return self.unassigned / self.contacts if self.contacts else 0.0


def themes(workspace: Workspace, progress: Progress = lambda what: None) -> ThemesSummary:
    """Find themes among the contacts that the current model scored, and assign every one of them.

    Themes are fitted on at most `max_fit_contacts` contacts; all others get the nearest one. The tables `themes` and
    `theme_assignments` are replaced. Raises WorkspaceError where nothing is scored.
    """
    version = workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model yet; train one with: voc train")
    lake, settings = workspace.lake, workspace.config.themes
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    progress("reading")
    sample = lake.query(_SAMPLE, {"version": version, "seed": str(settings.seed), "most": settings.max_fit_contacts})
    if sample.num_rows == 0:
        raise WorkspaceError(f"{workspace.root}: nothing scored with model {version}; run: voc score")
    texts = [contact_text(turns) for turns in sample["turns"].to_pylist()]
    vectors = vectors_of(sample["embedding"])
    centres = Centres.of(vectors, sample["form"].to_pylist())
    vectors = centres.apply(vectors, sample["form"].to_pylist())
    progress("finding themes")
    found = find_themes(texts, vectors, settings)
    progress("assigning contacts")
    assigned = _assign_all(lake, found, centres, version)
    table = _theme_rows(lake, found, assigned, sample, texts, vectors, version, settings.verbatims, started_at)
    lake.replace("theme_assignments", assigned)
    lake.replace("themes", table)
    unassigned = assigned["theme_id"].null_count
    seconds = time.perf_counter() - begin
    record_run(
        lake, "themes", started_at, seconds,
        counts={"themes": len(found), "contacts": assigned.num_rows, "unassigned": unassigned},
        versions={"model": version},
    )  # fmt: skip
    lines = tuple(
        ThemeLine(row["theme_id"], row["label"], row["contacts"], row["customers"])
        for row in sorted(table.to_pylist(), key=lambda row: -row["contacts"])
    )
    return ThemesSummary(lines, assigned.num_rows, unassigned, seconds)


def _theme_id(theme: int) -> str:
    return f"T{theme + 1:03d}"


def _assign_all(lake: Lake, found: Themes, centres: Centres, version: str) -> pa.Table:
    parts = []
    for batch in _batches(lake, version):
        vectors = centres.apply(vectors_of(pa.chunked_array([batch["embedding"]])), batch["form"].to_pylist())
        nearest, similarity = found.assign(vectors)
        parts.append(
            pa.table(
                {
                    "contact_id": batch["contact_id"],
                    "day": batch["day"],
                    "theme_id": pa.array([_theme_id(theme) if theme >= 0 else None for theme in nearest], pa.string()),
                    "similarity": pa.array(similarity, pa.float32()),
                },
                schema=THEME_ASSIGNMENTS.schema,
            )
        )
    return pa.concat_tables(parts)


def _batches(lake: Lake, version: str) -> Iterator[pa.RecordBatch]:
    with lake.connect("scores", "contacts") as connection:
        yield from connection.sql(_ALL, params={"version": version}).to_arrow_reader(20_000)


def _theme_rows(
    lake: Lake,
    found: Themes,
    assigned: pa.Table,
    sample: pa.Table,
    texts: list[str],
    vectors: Floats,
    version: str,
    verbatims: int,
    fitted_at: datetime,
) -> pa.Table:
    with lake.connect("contacts") as connection:
        connection.register("assigned", assigned)
        facts = {row["theme_id"]: row for row in connection.sql(_FACTS).to_arrow_table().to_pylist()}
    contact_ids, customers = sample["contact_id"].to_pylist(), sample["customer_id"].to_pylist()
    nobody = {"contacts": 0, "customers": 0, "first_day": None, "last_day": None}
    rows = []
    for theme in range(len(found)):
        identity = _theme_id(theme)
        places = np.flatnonzero(found.members == theme)
        chosen = _closest(places, vectors @ found.centroids[theme], texts, customers, verbatims)
        rows.append(
            {
                **nobody,
                **facts.get(identity, {}),
                "theme_id": identity,
                "label": found.label(theme),
                "keywords": list(found.keywords[theme]),
                "verbatim_ids": [contact_ids[row] for row in chosen],
                "centroid": None,
                "model_version": version,
                "status": "active",
                "fitted_at": fitted_at,
            }
        )
    table = pa.Table.from_pylist(rows, schema=THEMES.schema)
    place = table.schema.get_field_index("centroid")
    return table.set_column(place, "centroid", vectors_column(found.centroids))


def _closest(places: np.ndarray, cosines: Floats, texts: list[str], customers: list[str], most: int) -> list[int]:
    """The rows nearest to the centroid, of different customers and with different words."""
    chosen: list[int] = []
    seen_customers: set[str] = set()
    seen_texts: set[str] = set()
    for row in sorted(places.tolist(), key=lambda row: (-cosines[row], row)):
        if customers[row] not in seen_customers and fold(texts[row]) not in seen_texts:
            chosen.append(row)
            seen_customers.add(customers[row])
            seen_texts.add(fold(texts[row]))
        if len(chosen) == most:
            break
    return chosen
