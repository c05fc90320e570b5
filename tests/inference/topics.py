"""Scored contacts about topics that lie apart, as themes are looked for in them."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from voc.data.columns import vectors_column
from voc.data.contracts import CONTACTS, SCORES
from voc.data.text import fingerprints, fold
from voc.data.workspace import Workspace
from voc.inference.newcomers import Spoken
from voc.models.theme_space import unit

WORDS = {
    0: ("router overheats nightly", "en", "Latn"),
    1: ("račun je dvostruko naplaćen", "hr", "Latn"),
    2: ("у селу нема сигнала", "sr", "Cyrl"),
}
LATER = {3: ("stikalo na daljincu je pokvarjeno", "sl", "Latn")}
DAY = date(2026, 1, 1)


def without_contacts(root: Path, settings: str) -> Workspace:
    """A workspace whose current model is called m1."""
    taxonomy = (Path(__file__).parents[2] / "data" / "demo" / "taxonomy.toml").read_text(encoding="utf-8")
    workspace = Workspace.create(root, settings, taxonomy)
    (workspace.models / "m1").mkdir(parents=True)
    workspace.make_current("m1")
    return workspace


def add(workspace: Workspace, topic: int, rows: int, first: int = 0, day: date = DAY) -> None:
    """Scored contacts of one topic, each with words of its own."""
    text, language, script = (WORDS | LATER)[topic]
    generator = np.random.default_rng(1000 * topic + first)
    vectors = np.eye(16)[topic] * 4 + generator.normal(scale=0.4, size=(rows, 16))
    contacts, scores = [], []
    for number in range(first, first + rows):
        identity = f"c{topic}-{number:04d}"
        mark = "abcdefghij"[number % 10] * 3 + "klmnopqrst"[number // 10 % 10] * 3 + "uvwxyz"[number // 100 % 6] * 3
        turn = {"speaker": "customer", "text": f"{text} {mark}", "at": None}
        contacts.append(
            {
                "contact_id": identity,
                "customer_id": f"k{number % 37}",
                "started_at": datetime.combine(day, datetime.min.time(), UTC),
                "day": day,
                "language": language,
                "script": script,
                "turns": [turn],
                "search_text": fold(turn["text"]),
            }
        )
        scores.append({"contact_id": identity, "model_version": "m1", "day": day})
    workspace.lake.append("contacts", pa.Table.from_pylist(contacts, schema=CONTACTS.schema))
    table = pa.Table.from_pylist(scores, schema=SCORES.schema)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    place = table.schema.get_field_index("embedding")
    workspace.lake.append("scores", table.set_column(place, "embedding", vectors_column(unit)))


_LETTERS = str.maketrans("0123456789", "abcdefghij")
FIRST, WIDTH = date(2026, 1, 1), 40


def near(centre: np.ndarray, rows: int, random: np.random.Generator) -> np.ndarray:
    """Vectors of the theme space at a cosine of about 0.75 to their centre."""
    return unit(centre + random.normal(scale=0.14, size=(rows, WIDTH)))


def said(vectors: np.ndarray, day: np.ndarray, name: str = "c") -> Spoken:
    """Contacts of different customers in different words, on days that count from FIRST."""
    order = np.argsort(day, kind="stable")
    names = np.array([f"{name}{number}" for number in range(len(day))], dtype=object)
    known = np.ones(len(day), np.bool_)
    # Numbers do not make words different.
    words = fingerprints(each.translate(_LETTERS) for each in names)
    return Spoken(FIRST, names, day, names, words, known, vectors.astype(np.float32)).take(order)


def usual_days(days: int) -> Spoken:
    """Thirty contacts a day about eight topics."""
    random = np.random.default_rng(7)
    day = np.repeat(np.arange(days), 30)
    return said(near(np.eye(WIDTH)[random.integers(8, size=len(day))], len(day), random), day)
