"""What people say of a contact in the place of the model: the rows of `corrections`, and what of them holds.

Rows are only ever added; taking a judgement back is a row as well. Of several people the newest judgement holds, task
by task. Contacts of the frozen test split are marked (`held_out`): what people say of them is shown, never learnt from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from voc.data.contracts import LABELS
from voc.data.lake import Lake
from voc.data.splits import split_of
from voc.labels import Split, TaskName

TASKS = (TaskName.REASON, TaskName.SENTIMENT, TaskName.CHURN_INTENT)
"""What people judge."""
YES, NO = "yes", "no"
"""Labels of the churn intent."""

_ROWS = 'SELECT * FROM corrections ORDER BY "at", correction_id, task'
_SPLIT = "SELECT split FROM labels WHERE contact_id = $contact"


class Kind(StrEnum):
    """What a row of `corrections` is."""

    JUDGED = "judged"
    UNDO = "undo"


class Place(StrEnum):
    """Where somebody judged."""

    REVIEW = "review"
    CONTACT = "contact"


@dataclass(frozen=True)
class Correction:
    """One row of `corrections`: one task of one judgement, or an undo."""

    correction_id: str
    task: str | None
    at: datetime
    who: str
    kind: str
    contact_id: str
    model_version: str | None = None
    old: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    new: tuple[str, ...] = ()
    blind: bool = False
    place: str = Place.REVIEW
    held_out: bool = False
    note: str | None = None
    undoes: str | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether the person says what the model said; None where it said nothing."""
        return set(self.old) == set(self.new) if self.old else None


Current = Mapping[tuple[str, str], Correction]
"""What holds, by contact and task."""


def history(lake: Lake) -> tuple[Correction, ...]:
    """All rows, oldest first, those taken back and the undos included."""
    rows = lake.query(_ROWS).to_pylist()
    lists = ("old", "probabilities", "new")
    return tuple(Correction(**row | {name: tuple(row[name] or ()) for name in lists}) for row in rows)


def holding(rows: Sequence[Correction]) -> list[Correction]:
    """Judgements, oldest first, that were not taken back."""
    undone = {row.undoes for row in rows if row.kind == Kind.UNDO}
    return [row for row in rows if row.kind == Kind.JUDGED and row.correction_id not in undone]


def current(rows: Sequence[Correction]) -> Current:
    """What holds: of each contact and task the newest judgement that was not taken back."""
    return {(row.contact_id, row.task or ""): row for row in holding(rows)}


def by_contact(rows: Sequence[Correction]) -> dict[str, tuple[Correction, ...]]:
    """What holds of each contact, a task each, the newest last."""
    found: dict[str, list[Correction]] = {}
    for row in sorted(current(rows).values(), key=lambda row: (row.at, row.correction_id)):
        found.setdefault(row.contact_id, []).append(row)
    return {contact: tuple(each) for contact, each in found.items()}


def held_out(lake: Lake, contact_id: str) -> bool:
    """Whether a contact is of the frozen test split: by its label, or where it has none by what a label would get."""
    found = lake.query(_SPLIT, {"contact": contact_id})["split"].to_pylist()
    return bool((found[0] if found else split_of(contact_id)) == Split.TEST)


def corrected_labels(lake: Lake) -> pa.Table:
    """Columns contact_id, reasons, sentiment, churn_intent of `labels`, as people corrected them, to learn from.

    A task that nobody judged is null. Contacts of the frozen test split are left out.
    """
    return labels_of(row for row in current(history(lake)).values() if not row.held_out)


def labels_of(rows: Iterable[Correction]) -> pa.Table:
    """Judgements, one a contact and task, as columns contact_id, reasons, sentiment, churn_intent, a row a contact."""
    found: dict[str, dict[str, object]] = {}
    for row in rows:
        labels = found.setdefault(row.contact_id, {"contact_id": row.contact_id})
        if row.task == TaskName.REASON:
            labels["reasons"] = list(row.new)
        elif row.task == TaskName.SENTIMENT:
            labels["sentiment"] = row.new[0]
        else:
            labels["churn_intent"] = row.new == (YES,)
    columns = ("contact_id", "reasons", "sentiment", "churn_intent")
    schema = pa.schema([LABELS.schema.field(name) for name in columns])
    return pa.Table.from_pylist(list(found.values()), schema=schema)
