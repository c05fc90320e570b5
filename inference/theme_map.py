"""The map: a place in two dimensions for every scored contact, near contacts that say the like.

Drawn by `voc themes` whenever themes are looked for anew, not in the daily assignment: contacts that came since are on
it after the next time.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from voc.config import ThemeSettings
from voc.data.columns import day_groups, vectors_of
from voc.data.contracts import THEME_MAP
from voc.data.lake import Lake
from voc.data.text import fold
from voc.models.layout import Layout, landmarks
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace

_BATCH = 20_000  # contacts that are placed together, in whole days
_SPREAD = 0.06  # equal contacts lie within so much of each other, not on one spot
_DAYS = "SELECT day, count(*) AS contacts FROM scores WHERE model_version = $version GROUP BY day"
_SPAN = """
    SELECT contact_id, scores.day AS day, embedding, language || '-' || script AS form
    FROM scores JOIN contacts USING (contact_id)
    WHERE model_version = $version AND scores.day BETWEEN $first AND $last AND contacts.day BETWEEN $first AND $last
    ORDER BY scores.day, contact_id
"""


def draw_map(
    lake: Lake, space: ThemeSpace, version: str, texts: Sequence[str], vectors: Floats, settings: ThemeSettings
) -> int:
    """Place every contact that the model `version` scored, and replace the table `theme_map`. Returns how many.

    `texts` and `vectors` (rows, width), in the theme space, are a sample in an order of its own: the first
    `map_contacts` different ones are the landmarks. The same contacts and sample give the same table.
    """
    rows = landmarks([fold(text) for text in texts], settings.map_contacts)
    layout = Layout.of(np.ascontiguousarray(vectors[rows]), settings.neighbours, settings.seed)
    parts = [_placed(batch, space, layout) for batch in _batches(lake, version)]
    table = pa.concat_tables(parts) if parts else THEME_MAP.schema.empty_table()
    lake.replace("theme_map", table)
    return int(table.num_rows)


def _placed(batch: pa.Table, space: ThemeSpace, layout: Layout) -> pa.Table:
    places = layout.place(space.apply(vectors_of(batch["embedding"]), batch["form"].to_pylist()))
    places = places + _spread(batch["contact_id"].to_pylist())
    return pa.table(
        {
            "contact_id": batch["contact_id"],
            "day": batch["day"],
            "x": pa.array(places[:, 0], pa.float32()),
            "y": pa.array(places[:, 1], pa.float32()),
        },
        schema=THEME_MAP.schema,
    )


def _spread(contact_ids: Sequence[str]) -> Floats:
    """(rows, 2) small steps, each contact's always the same."""
    digests = b"".join(hashlib.blake2b(each.encode(), digest_size=4).digest() for each in contact_ids)
    drawn = np.frombuffer(digests, dtype=np.uint16).reshape(-1, 2) / 65536
    reach = _SPREAD * np.sqrt(drawn[:, 0])
    angle = 2 * np.pi * drawn[:, 1]
    return np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1).astype(np.float32)


def _batches(lake: Lake, version: str) -> Iterator[pa.Table]:
    """Scored contacts, some days at a time."""
    days = {row["day"]: row["contacts"] for row in lake.query(_DAYS, {"version": version}).to_pylist()}
    for first, last in day_groups(days, _BATCH):
        yield lake.query(_SPAN, {"version": version, "first": first, "last": last})
