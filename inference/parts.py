"""Contacts that are read together, and what a model says about them as rows of `scores`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from voc.config import ScoringSettings
from voc.data.columns import forms_of, vectors_column
from voc.data.contracts import SCORES
from voc.data.lake import Lake
from voc.data.text import contact_text
from voc.inference.answers import Answers
from voc.inference.engine.base import Texts
from voc.inference.pending import Cut, Pending, Span, shards
from voc.models.facts import Facts
from voc.models.predictions import Predictions


@dataclass(frozen=True)
class Part:
    """Contacts (contact_id, day, language, script, turns) that are read together."""

    contacts: pa.Table
    turns: Sequence[Sequence[Mapping[str, Any]]]
    texts: Texts

    @classmethod
    def of(cls, contacts: pa.Table, speakers: str) -> "Part":
        """Of contacts, and the words of those `speakers` whom the model reads."""
        turns = contacts["turns"].to_pylist()
        return cls(contacts, turns, Texts([contact_text(spoken, speakers) for spoken in turns], forms_of(contacts)))

    def rows(self, facts: Facts, found: Predictions) -> pa.Table:
        """What the model says about them, one row a contact, by the contract of `scores`."""
        count = self.contacts.num_rows
        answers = Answers(facts, self.turns, self.texts.texts, found)
        columns: dict[str, Any] = {
            "contact_id": self.contacts["contact_id"],
            "model_version": pa.repeat(facts.version, count),
            "day": self.contacts["day"],
            "embedding": vectors_column(found.embeddings),
            "mentions": answers.mentions(),
            **answers.columns(),
        }
        empty = {name: pa.nulls(count, SCORES.schema.field(name).type) for name in SCORES.schema.names}
        return pa.table({**empty, **columns}, schema=SCORES.schema)


@dataclass(frozen=True)
class Scored:
    """Rows of `scores` of one part; the last of what is committed together `closes` it."""

    rows: pa.Table
    closes: Cut | None


@dataclass(frozen=True)
class Reading:
    """A run's parts as they come, in order, and what computes, as `runs` records it."""

    name: str
    parts: Iterator[Scored]


def cut_contacts(
    lake: Lake, pending: Pending, span: Span, settings: ScoringSettings
) -> Iterator[tuple[pa.Table, Cut | None]]:
    """The contacts of a span, in their order, so many at a time as are read together; the last ones of a shard with the
    cut that they close."""
    together = settings.read_contacts
    for shard in shards(lake, pending, span, settings):
        count = shard.contacts.num_rows
        for start in range(0, count, together):
            yield shard.contacts.slice(start, together), shard.cut if start + together >= count else None
