"""The contacts of a themed lake as a replay sees them: who, when, in which theme; and series of any part of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.data.customers import active_customers
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.experiments.replay.alerts import Bools
from voc.inference.emergence.series import Floats, Ints, Series

Words = npt.NDArray[np.str_]

LEAST_SHARE = 0.1
"""Themes with this share of an event's contacts are where it may be found."""

# The reason that people gave, else that of the model: sources of verbatims should not depend on the vectors alone.
_CONTACTS = """
    WITH read AS (SELECT contact_id, top_reason FROM scores WHERE model_version = $version)
    SELECT contact_id, contacts.day, customer_id, coalesce(contacts.language, '') AS language,
           coalesce(product, '') AS product, theme_id, coalesce(labels.reasons[1], top_reason, '') AS reason
    FROM contacts
    LEFT JOIN theme_assignments USING (contact_id) LEFT JOIN labels USING (contact_id) LEFT JOIN read USING (contact_id)
    ORDER BY contacts.day, contact_id
"""


@dataclass(frozen=True)
class Planted:
    """An event that somebody put into synthetic contacts: the rows of its contacts, and the days it lasted."""

    name: str
    rows: Ints
    first: int
    last: int


@dataclass(frozen=True)
class History:
    """Contacts, in order of time; every array is (contacts,) but `exposure` (days,), the active customers.

    `theme` is a place in `themes`, -1 for none: what the theme model made of the contact's own vector.
    """

    themes: tuple[str, ...]
    first_day: date
    day: Ints
    customer: Ints
    theme: Ints
    language: Words
    product: Words
    reason: Words
    exposure: Floats
    planted: tuple[Planted, ...] = ()

    @classmethod
    def of(cls, workspace: Workspace) -> "History":
        """Read a workspace. Raises WorkspaceError where no contact has a theme."""
        version = workspace.current_model
        table = workspace.lake.query(_CONTACTS, {"version": version or ""})
        themes = sorted(set(table["theme_id"].drop_null().to_pylist()))
        if not themes:
            raise WorkspaceError(f"{workspace.root}: no contact has a theme; run: voc themes")
        days: list[date] = table["day"].to_pylist()
        day = np.array([(one - days[0]).days for one in days], dtype=np.int64)
        place = {theme: index for index, theme in enumerate(themes)}
        active = active_customers(workspace.lake, days[0], days[-1])["active"].to_numpy().astype(np.float64)
        return cls(
            themes=tuple(themes),
            first_day=days[0],
            day=day,
            customer=_codes(table["customer_id"]),
            theme=np.array([place.get(theme, -1) for theme in table["theme_id"].to_pylist()], dtype=np.int64),
            language=np.array(table["language"].to_pylist()),
            product=np.array(table["product"].to_pylist()),
            reason=np.array(table["reason"].to_pylist()),
            exposure=active,
            planted=tuple(_planted(_truth(workspace), table["contact_id"].to_pylist(), days[0], int(day.max()))),
        )

    @property
    def days(self) -> int:
        """From the first contact to the last."""
        return len(self.exposure)

    @cached_property
    def untouched(self) -> Bools:
        """Contacts that nobody planted."""
        kept = np.ones(len(self.day), dtype=np.bool_)
        for event in self.planted:
            kept[event.rows] = False
        return kept

    def series(self, keep: Bools | None = None) -> Series:
        """Distinct customers by theme and day, of all contacts or of those that `keep` (contacts,) says."""
        kept = np.ones(len(self.day), dtype=np.bool_) if keep is None else keep
        themed = kept & (self.theme >= 0)
        return Series(
            groups=self.themes,
            first_day=self.first_day,
            customers=self._by_theme(themed),
            exposure=self.exposure,
            everyone=self.distinct(kept),
        )

    def distinct(self, keep: Bools) -> Ints:
        """Distinct customers of these contacts by day, (days,)."""
        pairs = np.unique(np.stack([self.day[keep], self.customer[keep]]), axis=1)
        return np.bincount(pairs[0], minlength=self.days)

    def themes_of(self, rows: Ints, share: float) -> tuple[int, ...]:
        """Themes that at least this share of these contacts is in."""
        inside = self.theme[rows]
        found = np.bincount(inside[inside >= 0], minlength=len(self.themes)) / max(len(rows), 1)
        return tuple(int(theme) for theme in np.flatnonzero(found >= share))

    def _by_theme(self, keep: Bools) -> Ints:
        triples = np.unique(np.stack([self.theme[keep], self.day[keep], self.customer[keep]]), axis=1)
        cells = triples[0] * self.days + triples[1]
        return np.bincount(cells, minlength=len(self.themes) * self.days).reshape(len(self.themes), self.days)


def _codes(column: pa.ChunkedArray) -> Ints:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _truth(workspace: Workspace) -> Mapping[str, Any]:
    """What was planted into a synthetic company; nothing where there is no such file."""
    path = workspace.root / "sources" / "truth.json"
    if not (workspace.config.company.synthetic and path.is_file()):
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _planted(truth: Mapping[str, Any], contacts: list[str], first: date, last: int) -> list[Planted]:
    """Events by stretches of days: stages that follow on each other are one. A noise day is none: nothing is new."""
    row_of = {contact: row for row, contact in enumerate(contacts)}
    shift = (first - date.fromisoformat(truth["first_day"])).days if truth else 0
    events = []
    for event in truth.get("planted", ()):
        if event["kind"] == "noise":
            continue
        rows = np.array(sorted(row_of[one] for one in event["contact_ids"] if one in row_of), dtype=np.int64)
        stretches: list[list[int]] = []
        for window in event["windows"]:
            begin, end = window["first_index"] - shift, min(window["last_index"] - shift, last)
            if stretches and begin <= stretches[-1][1] + 1:
                stretches[-1][1] = end
            else:
                stretches.append([begin, end])
        for number, (begin, end) in enumerate(stretches, start=1):
            name = event["id"] if len(stretches) == 1 else f"{event['id']}.{number}"
            events.append(Planted(name, rows, begin, end))
    return events
