"""Transcripts out of the lake: of a few contacts, when somebody reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow.compute as pc
import pyarrow.dataset as ds


@dataclass(frozen=True)
class Turn:
    """One utterance, as it stands in the lake."""

    speaker: str
    text: str
    at: datetime | None


@dataclass(frozen=True)
class Transcripts:
    """The dataset of contacts, to be read a few at a time."""

    contacts: ds.Dataset

    def read(self, days: Mapping[str, date]) -> dict[str, tuple[Turn, ...]]:
        """Turns by id of the contact, given the day of each; only those days' files are opened, one after the other."""
        if not days:
            return {}
        wanted = pc.field("day").isin(sorted(set(days.values()))) & pc.field("contact_id").isin(list(days))
        found = self.contacts.to_table(
            columns=["contact_id", "turns"], filter=wanted, fragment_readahead=1, batch_readahead=1
        )
        return {row["contact_id"]: tuple(Turn(**turn) for turn in row["turns"] or ()) for row in found.to_pylist()}
