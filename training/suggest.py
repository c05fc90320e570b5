"""`voc suggest`: the contacts whose labels would teach the model most, as sheets for a person to fill in.

Uncertain contacts, and different ones: k-means++ over the stored vectors, weighted by how unsure the model is (the
idea of BADGE, Ash et al. 2020, without its gradients), in turn for every language.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.data.columns import FORM_SQL, vectors_of
from voc.data.corrections import history, holding
from voc.data.lake import Lake
from voc.data.sheets import write_sheet
from voc.data.splits import split_of
from voc.data.text import contact_text, fold
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.labels import Split
from voc.models.tasks import Floats
from voc.models.theme_space import Centres

NEAR = 0.97
"""Vectors of at least this cosine say the same: measured on the demo company, a greeting apart."""
POOL = 5
"""So many of a language's most uncertain contacts are looked at for each suggestion wanted."""
LEAST_POOL = 300
"""The same at least, in all."""

_BATCH = 4096
_TRIALS = 4
# Uncertainty from 0 to 1, the mean over what the model was asked: how far the likeliest reason is from sure, or how
# near to half any reason is; how far the mood is from sure, of a third by chance; how near to half leaving is. One row
# a contact leaves the sort: ids and numbers, no text and no vector.
_POOL = f"""
    SELECT contact_id, form, uncertainty FROM (
        SELECT contact_id, form, uncertainty,
               row_number() OVER (PARTITION BY form ORDER BY uncertainty DESC, contact_id) AS place
        FROM (
            SELECT contact_id,
                   {FORM_SQL} AS form,
                   list_avg(list_filter([
                       CASE WHEN top_probability IS NOT NULL THEN greatest(
                           1 - top_probability, list_max([1 - abs(2 * part.probability - 1) FOR part IN reasons])
                       ) END,
                       least(1, (1 - sentiment_probability) * 1.5),
                       1 - abs(2 * churn_probability - 1)
                   ], lambda part: part IS NOT NULL)) AS uncertainty
            FROM scores JOIN contacts USING (contact_id)
                 ANTI JOIN labels USING (contact_id)
                 ANTI JOIN judged USING (contact_id)
            WHERE model_version = $version AND embedding IS NOT NULL
        )
        WHERE uncertainty IS NOT NULL
    )
    WHERE place <= $most ORDER BY form, place
"""
_DETAILS = """
    SELECT contact_id, turns, embedding, sentiment, churn_intent,
           CASE WHEN len(reasons) > 0 THEN [part.reason FOR part IN reasons]
                WHEN top_reason IS NOT NULL THEN [top_reason] END AS reasons
    FROM scores JOIN contacts USING (contact_id) JOIN wanted USING (contact_id)
    WHERE model_version = $version
"""
_LABEL_COLUMNS = ("contact_id", "reasons", "sentiment", "churn_intent", "labelled_by")


@dataclass(frozen=True)
class Suggestion:
    """A contact worth labelling, with what the model proposes; None where it was not asked.

    Where no reason reached its threshold, `reasons` is the likeliest one. `uncertainty` is from 0 to 1. `text` is the
    customer's words: personal data.
    """

    contact_id: str
    language: str
    uncertainty: float
    reasons: tuple[str, ...] | None
    sentiment: str | None
    churn_intent: bool | None
    text: str = field(repr=False)


def suggest(workspace: Workspace, count: int, with_held_out: bool = True) -> list[Suggestion]:
    """At most `count` contacts worth labelling next, best first, out of those that the current model scored.

    Languages (Serbian by script) take turns. Contacts that say the same, by their folded text or by a cosine of at
    least NEAR, count as one, so there may be fewer. Time: one pass over the scores; vectors and texts are read
    only of the most uncertain, POOL times `count` a language. What people judged in the app is not suggested again;
    without `with_held_out`, neither are contacts whose labels would be of the test split. Raises WorkspaceError where
    nothing is scored, or all that is scored is labelled.
    """
    version = workspace.required_model()
    lake = workspace.lake
    judged = sorted({row.contact_id for row in holding(history(lake))})
    with lake.connect("scores", "contacts", "labels") as connection:
        connection.register("judged", pa.table({"contact_id": pa.array(judged, pa.string())}))
        parameters = {"version": version, "most": max(POOL * count, LEAST_POOL)}
        pool = connection.sql(_POOL, params=parameters).to_arrow_table()
    if not with_held_out:
        pool = pool.filter([split_of(each) != Split.TEST for each in pool["contact_id"].to_pylist()])
    if pool.num_rows == 0:
        raise WorkspaceError(
            f"{workspace.root}: expected contacts without labels that model {version} scored, got none; run: voc score"
        )
    forms = dict(zip(pool["contact_id"].to_pylist(), pool["form"].to_pylist(), strict=True))
    unsure = dict(zip(pool["contact_id"].to_pylist(), pool["uncertainty"].to_pylist(), strict=True))
    found: list[Suggestion] = []
    vectors: list[Floats] = []
    for row, vector in _details(lake, version, list(forms)):
        identity, reasons = row["contact_id"], row["reasons"]
        found.append(
            Suggestion(
                identity,
                forms[identity],
                unsure[identity],
                None if reasons is None else tuple(reasons),
                row["sentiment"],
                row["churn_intent"],
                contact_text(row["turns"]),
            )
        )
        vectors.append(vector)
    chosen = choose(
        np.stack(vectors),
        np.array([one.uncertainty for one in found]),
        [one.language for one in found],
        [fold(one.text) for one in found],
        count,
        workspace.config.training.seed,
    )
    return [found[row] for row in chosen]


def choose(
    vectors: Floats,
    uncertainty: npt.NDArray[np.float64],
    languages: Sequence[str],
    texts: Sequence[str],
    count: int,
    seed: int,
) -> list[int]:
    """At most `count` rows of (rows, width) vectors of unit length, uncertain and different ones; seeded.

    Languages take turns until they have no row left. A language's first is its most uncertain; each next one is drawn
    by the squares of its uncertainty and of its distance to the nearest chosen one of any language, vectors measured
    from their language's mean (k-means++, Arthur & Vassilvitskii 2007, weighted; of _TRIALS drawn, the one that leaves
    the least). Rows with an equal text or a cosine
    of at least NEAR to a chosen one are passed over. Time: count x rows x width.
    """
    names, wording = np.asarray(languages), np.unique(np.asarray(texts, dtype=object), return_inverse=True)[1]
    points = Centres.of(vectors, languages).apply(vectors, languages)
    draw = np.random.default_rng(seed)
    free = np.ones(len(vectors), dtype=bool)
    weight, distance = np.square(uncertainty), np.full(len(vectors), np.inf)
    turns = sorted(set(languages))
    chosen: list[int] = []
    while turns and len(chosen) < count:
        for language in tuple(turns):
            rows = np.flatnonzero(free & (names == language))
            if len(rows) == 0:
                turns.remove(language)
                continue
            if any(languages[row] == language for row in chosen):
                tried = _drawn(rows, weight[rows] * distance[rows], draw)
            else:
                tried = rows[[uncertainty[rows].argmax()]]
            reach = np.minimum(distance, 2 - 2 * points[tried] @ points.T).clip(min=0)  # of unit length
            best = int((reach[:, rows] @ weight[rows]).argmin())
            row, distance = int(tried[best]), reach[best]
            chosen.append(row)
            free &= (vectors @ vectors[row] < NEAR) & (wording != wording[row])
            free[row] = False
            if len(chosen) == count:
                break
    return chosen


def write_suggestions(suggestions: Sequence[Suggestion], path: Path, with_text: bool = False) -> Path:
    """Write `path`, a sheet of labels to fill in for `voc ingest`, and beside it what to read; gives the latter's path.

    The labels are left empty: what nobody looked at must not become a label, and ingest refuses an empty row. The
    proposals stand in the other sheet in the same order and notation, so that whole columns can be copied and
    corrected. Its name begins with `_`, so that ingest passes it over in a folder. Verbatim text is personal data: it
    is written only if asked for.
    """
    reading = path.with_name(f"_{path.stem}-to-read.csv")
    write_sheet(path, _LABEL_COLUMNS, ({"contact_id": one.contact_id} for one in suggestions))
    columns = ("contact_id", "language", "uncertainty", "reasons", "sentiment", "churn_intent")
    write_sheet(
        reading,
        (*columns, "text") if with_text else columns,
        (
            {
                "contact_id": one.contact_id,
                "language": one.language,
                "uncertainty": f"{one.uncertainty:.2f}",
                "reasons": None if one.reasons is None else json.dumps(one.reasons),
                "sentiment": one.sentiment,
                "churn_intent": None if one.churn_intent is None else str(one.churn_intent).lower(),
                "text": one.text,
            }
            for one in suggestions
        ),
    )
    return reading


def _drawn(rows: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], draw: np.random.Generator) -> Any:
    """A few of the rows by their weight; where none has any, the first."""
    whole = weight.sum()
    return draw.choice(rows, _TRIALS, p=weight / whole) if whole > 0 else rows[:1]


def _details(lake: Lake, version: str, identities: Sequence[str]) -> Iterator[tuple[dict[str, Any], Floats]]:
    """Rows and vectors of these contacts, in an order that is always the same, some at a time."""
    with lake.connect("scores", "contacts") as connection:
        for start in range(0, len(identities), _BATCH):
            part = sorted(identities[start : start + _BATCH])
            connection.register("wanted", pa.table({"contact_id": part}))
            rows = connection.sql(_DETAILS, params={"version": version}).to_arrow_table().sort_by("contact_id")
            vectors = vectors_of(rows["embedding"])
            yield from zip(rows.drop_columns(["embedding"]).to_pylist(), vectors, strict=True)
