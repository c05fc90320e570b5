"""Contacts in any number for measuring speed: synthetic ones around real texts of which the intent is known.

There are too few real texts with intents. Each contact here is made of two real texts of one intent: its vector is
their mixture, its words the beginning of the one and the end of the other. The mixture keeps the mean and the
covariance that the vectors of the intent's real texts have, so a theme is as wide and as near to its neighbours as
among real contacts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from voc.data.columns import vectors_column
from voc.data.contracts import CONTACTS, SCORES
from voc.data.demo import taxonomy_toml
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.rivals import Labels
from voc.models.tasks import Floats
from voc.models.theme_space import unit

VERSION = "scale"
"""Name of the model whose scores the contacts pretend to have."""
PER_DAY = 10_000
FIRST_DAY = date(2026, 1, 1)
TEXTS_PER_INTENT = 50
"""Real texts of an intent at most, and at least two."""
SPREAD = 0.75
"""Standard deviation of the logarithm of the intents' sizes: the largest tenth have about seven times the smallest."""
_CHUNK = 50_000
_SETTINGS = '[company]\nname = "Scale"\ntimezone = "UTC"\nsynthetic = true\n'


class Encode(Protocol):
    """Texts to unit vectors."""

    def __call__(self, texts: Sequence[str]) -> Floats:
        """(rows,) texts to (rows, width)."""


@dataclass(frozen=True)
class Intents:
    """Real texts of each intent and their vectors (rows, width), sorted by intent; `first` row of each, and the end."""

    texts: tuple[str, ...]
    vectors: Floats
    first: Labels

    @classmethod
    def of(cls, labelled: Iterable[tuple[str, str]], encode: Encode, seed: int) -> "Intents":
        """At most `TEXTS_PER_INTENT` texts of each intent, by a seeded draw, from (text, intent) pairs.

        Raises InputError without an intent that has two texts.
        """
        by_intent: dict[str, dict[str, None]] = {}
        for text, intent in labelled:
            by_intent.setdefault(intent, {})[text] = None
        generator = np.random.default_rng(seed)
        drawn = [
            [sorted(texts)[row] for row in generator.permutation(len(texts))[:TEXTS_PER_INTENT]]
            for _, texts in sorted(by_intent.items())
            if len(texts) > 1
        ]
        if not drawn:
            raise InputError("expected intents with two texts and more, got none")
        texts = tuple(text for part in drawn for text in part)
        return cls(texts, encode(texts), np.cumsum([0, *map(len, drawn)]))

    def __len__(self) -> int:
        return len(self.first) - 1


@dataclass(frozen=True)
class Synthetic:
    """Made-up contacts: texts, vectors (rows, width) and the place of each one's intent (rows,)."""

    texts: list[str]
    vectors: Floats
    truth: Labels


def contacts_like(intents: Intents, count: int, seed: int) -> Iterator[Synthetic]:
    """So many contacts, in parts of 50,000; the same for the same intents, number and seed."""
    generator = np.random.default_rng(seed)
    sizes = np.exp(generator.normal(0, SPREAD, len(intents)))
    means = np.stack([intents.vectors[first:end].mean(axis=0) for first, end in pairwise(intents.first)])
    words = [text.split() for text in intents.texts]
    for begin in range(0, count, _CHUNK):
        rows = min(_CHUNK, count - begin)
        truth = generator.choice(len(intents), size=rows, p=sizes / sizes.sum())
        start, texts = intents.first[truth], np.diff(intents.first)[truth]
        one = generator.integers(texts)
        other = (one + 1 + generator.integers(texts - 1)) % texts
        one, other = start + one, start + other
        # Squares of the two weights sum to one: independent deviations keep their covariance.
        share = generator.uniform(0.5, 1.0, rows)
        weight = np.sqrt(share)[:, None], np.sqrt(1 - share)[:, None]
        mean = means[truth]
        apart = weight[0] * (intents.vectors[one] - mean) + weight[1] * (intents.vectors[other] - mean)
        said = [
            " ".join([*words[a][: round(part * len(words[a]))], *words[b][round(part * len(words[b])) :]])
            for a, b, part in zip(one.tolist(), other.tolist(), share.tolist(), strict=True)
        ]
        yield Synthetic(said, unit((mean + apart).astype(np.float32)), truth.astype(np.int64))


def fill_workspace(root: Path, parts: Iterable[Synthetic]) -> Workspace:
    """A workspace of the contacts, each of another customer, scored by a model that is not there.

    The intents are kept in `truth.npy` of the folder, in the order of the contacts' ids.
    """
    workspace = Workspace.create(root, _SETTINGS, taxonomy_toml())
    (root / "models" / VERSION).mkdir(parents=True)
    workspace.make_current(VERSION)
    truth, begin = [], 0
    for part in parts:
        contacts, scores = _tables(part, begin)
        workspace.lake.append("contacts", contacts)
        workspace.lake.append("scores", scores)
        truth.append(part.truth)
        begin += len(part.texts)
    np.save(root / "truth.npy", np.concatenate(truth))
    return workspace


def _tables(part: Synthetic, begin: int) -> tuple[pa.Table, pa.Table]:
    rows = range(begin, begin + len(part.texts))
    days = [FIRST_DAY + timedelta(days=row // PER_DAY) for row in rows]
    at = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in days]
    columns = {
        "contact_id": [f"c{row:08d}" for row in rows],
        "customer_id": [f"p{row:08d}" for row in rows],
        "started_at": at,
        "day": days,
        "language": ["en"] * len(days),
        "script": ["latin"] * len(days),
        "turns": [[{"speaker": "customer", "text": text, "at": None}] for text in part.texts],
    }
    empty = [None] * len(days)
    contacts = {name: columns.get(name, empty) for name in CONTACTS.schema.names}
    scores = {name: columns.get(name, empty) for name in SCORES.schema.names}
    scores |= {"model_version": [VERSION] * len(days), "embedding": vectors_column(part.vectors)}
    return pa.table(contacts, schema=CONTACTS.schema), pa.table(scores, schema=SCORES.schema)
