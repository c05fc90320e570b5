"""The queue of the page Review: contacts that the model is unsure of (`suggest`), and doubtful labels (`doubts`).

Contacts of the frozen test split are never in it. Most are judged by one person, a share by two, so that it is known
how far people agree.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from voc.data.contracts import REVIEW_QUEUE
from voc.data.corrections import history, holding
from voc.data.lake import writable
from voc.data.locks import alone
from voc.data.splits import place_of
from voc.data.workspace import Workspace
from voc.labels import Split
from voc.training.doubts import Doubt
from voc.training.suggest import Suggestion

UNCERTAIN, DOUBTED = "uncertain", "doubted"
SECOND_SHARE = 0.15
"""Share of the queue that a second person judges as well."""

_PATIENCE = 60.0
_QUEUE = "SELECT * FROM review_queue ORDER BY place, contact_id"
Row = dict[str, object]


def queue_suggestions(workspace: Workspace, found: Sequence[Suggestion], now: datetime | None = None) -> int:
    """Put suggestions into the queue in the place of the earlier ones; gives how many contacts wait in it now."""
    return _put(workspace, UNCERTAIN, [(one.contact_id, one.uncertainty) for one in found], now)


def queue_doubts(workspace: Workspace, found: Sequence[Doubt], most: int, now: datetime | None = None) -> int:
    """Put the `most` most doubtful labels that nobody judged yet into the queue; gives how many contacts wait in it."""
    chosen = {doubt.contact_id: 1 - doubt.label.support for doubt in reversed(found) if doubt.split != Split.TEST}
    return _put(workspace, DOUBTED, list(reversed(chosen.items())), now, most)


def reviewers_of(contact_id: str) -> int:
    """How many people are to judge a contact: always the same, and as good as at random."""
    return 2 if place_of(contact_id, "voc-second") < SECOND_SHARE else 1


def _put(
    workspace: Workspace,
    why: str,
    wanted: Sequence[tuple[str, float]],
    now: datetime | None,
    most: int | None = None,
) -> int:
    """At most so many of `wanted` that nobody judged yet, in the place of the earlier ones of their kind.

    What waits for its second person stays, and so does the other kind. Both kinds take turns.
    """
    lake, version, moment = workspace.lake, workspace.current_model, now or datetime.now(UTC)
    with writable(lake.root), alone(lake.root, "review queue", _PATIENCE):
        judges = Counter(contact for contact, _ in {(row.contact_id, row.who) for row in holding(history(lake))})
        kept = [
            row
            for row in lake.query(_QUEUE).to_pylist()
            if judges[row["contact_id"]] < row["reviewers"] and (row["why"] != why or judges[row["contact_id"]])
        ]
        there = {row["contact_id"] for row in kept}
        new: list[Row] = [
            {
                "contact_id": contact_id,
                "why": why,
                "uncertainty": uncertainty,
                "reviewers": reviewers_of(contact_id),
                "model_version": version,
                "made_at": moment,
            }
            for contact_id, uncertainty in wanted
            if contact_id not in there and not judges[contact_id]
        ]
        rows = [{**row, "place": place} for place, row in enumerate(_in_turn(kept, new[:most]))]
        lake.replace("review_queue", pa.Table.from_pylist(rows, schema=REVIEW_QUEUE.schema))
    return len(rows)


def _in_turn(some: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """One of each in turn, then what is left of the longer."""
    joined = [row for pair in zip(some, others, strict=False) for row in pair]
    shorter = min(len(some), len(others))
    return [*joined, *some[shorter:], *others[shorter:]]
