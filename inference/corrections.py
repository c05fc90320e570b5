"""What people do about labels in the app: judge a contact, and take that back. Nothing is ever overwritten.

One judgement is written at a time, under a lock, so that of two people at once neither is lost. Who corrects a label
says which judgement they saw there; where there is a newer one by then, they are told instead of overruling it unseen.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pyarrow as pa

from voc.data.contracts import CORRECTIONS
from voc.data.corrections import NO, TASKS, YES, Correction, Kind, Place, by_contact, held_out, history, holding
from voc.data.lake import Lake, writable
from voc.data.locks import alone
from voc.data.splits import place_of
from voc.data.text import one_line
from voc.data.workspace import Workspace
from voc.errors import CorrectionError
from voc.inference.evidence import Evidence
from voc.labels import Sentiment, TaskName

Labels = Mapping[str, tuple[str, ...]]
"""Labels by task: any number of reasons, one sentiment, `yes` or `no` for the churn intent."""
LONGEST_NOTE = 500
"""Characters."""
BLOCK = 10
"""Contacts of the queue that are equally worth it."""
BLIND_SHARE = 0.2
"""Share of the queue whose proposals are hidden: what people say of them is not led by the model (anchoring)."""

_SEED = "voc-review"
_PATIENCE = 60.0  # seconds that a judgement waits for another one to be written
_MOST_FILES = 64  # each judgement is a file of its own; from here on they are made one
_EVIDENCE = """
    SELECT unnest([part.evidence FOR part IN reasons]) AS evidence FROM scores
    WHERE day = $day AND contact_id = $contact AND model_version = $model
"""
_QUEUE = "SELECT contact_id, why, reviewers FROM review_queue ORDER BY place, contact_id"


@dataclass(frozen=True)
class Proposal:
    """What the model says of a contact: labels of each task with their probabilities, most probable first.

    A task that the model was not asked is missing; one that it abstained on is empty.
    """

    contact_id: str
    labels: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)

    def chosen(self, task: str) -> tuple[str, ...]:
        """The labels alone."""
        return tuple(label for label, _ in self.labels.get(task, ()))


@dataclass(frozen=True)
class Queued:
    """A contact that waits to be judged: why it is worth it, and by how many people."""

    contact_id: str
    why: str
    reviewers: int


def queue(lake: Lake) -> tuple[Queued, ...]:
    """The whole queue, the most worth judging first, judged contacts included."""
    return tuple(Queued(**row) for row in lake.query(_QUEUE).to_pylist())


def waiting(queued: Sequence[Queued], rows: Sequence[Correction], who: str) -> list[str]:
    """Contacts of the queue that this person has not judged and that still want somebody to.

    In the order of the queue, but for every `BLOCK` of it, which each person gets in an order of their own, so that two
    who work at the same time seldom meet. `rows` are all corrections; a judgement that was made elsewhere counts.
    """
    judges: dict[str, set[str]] = {}
    for row in holding(rows):
        judges.setdefault(row.contact_id, set()).add(row.who)
    open_ones = [
        (place // BLOCK, place_of(f"{who}\0{each.contact_id}", _SEED), each.contact_id)
        for place, each in enumerate(queued)
        if who not in (by := judges.get(each.contact_id, set())) and len(by) < each.reviewers
    ]
    return [contact_id for _, _, contact_id in sorted(open_ones)]


def blind(contact_id: str, share: float = BLIND_SHARE) -> bool:
    """Whether the queue hides the model's proposal for this contact: always the same, and as good as at random."""
    return place_of(f"blind\0{contact_id}", _SEED) < share


def judge(
    workspace: Workspace,
    proposal: Proposal,
    new: Labels,
    who: str,
    place: Place,
    *,
    model: str | None = None,
    blind: bool = False,
    note: str = "",
    seen: str | None = None,
    at: datetime | None = None,
) -> tuple[Correction, ...]:
    """Store what a person says of a contact, in one commit: a row for each task of `new`.

    `model` is the version whose proposal it is. On a contact's own page `seen` is the newest judgement that was shown
    there (None: none). Raises CorrectionError for unknown labels, and where somebody else judged since; LakeError
    without the right to write.
    """
    labels, text = _checked(workspace, new), _short(note)
    lake = workspace.lake
    with writable(lake.root), alone(lake.root, "correction", _PATIENCE):
        known = history(lake)
        held = by_contact(known).get(proposal.contact_id, ())
        if place == Place.CONTACT and held and held[-1].correction_id != seen:
            raise CorrectionError(
                f"contact {proposal.contact_id}: {held[-1].who} has corrected it meanwhile; look at it again"
            )
        shared = uuid.uuid4().hex
        moment, kept_out = at or datetime.now(UTC), held_out(lake, proposal.contact_id)
        rows = tuple(
            Correction(
                shared,
                task,
                moment,
                who,
                Kind.JUDGED,
                proposal.contact_id,
                model,
                proposal.chosen(task),
                tuple(float(probability) for _, probability in proposal.labels.get(task, ())),
                labels[task],
                blind,
                place,
                kept_out,
                text or None,
            )
            for task in TASKS
            if task in labels
        )
        _append(lake, known, rows)
    return rows


def undo(workspace: Workspace, correction_id: str, who: str, at: datetime | None = None) -> Correction:
    """Take a judgement back; what held before it holds again. Raises CorrectionError where it does not hold."""
    lake = workspace.lake
    with writable(lake.root), alone(lake.root, "correction", _PATIENCE):
        known = history(lake)
        found = next((row for row in holding(known) if row.correction_id == correction_id), None)
        if found is None:
            raise CorrectionError(f"correction {correction_id}: expected one that holds, got none to take back")
        row = Correction(
            uuid.uuid4().hex,
            None,
            at or datetime.now(UTC),
            who,
            Kind.UNDO,
            found.contact_id,
            place=found.place,
            held_out=found.held_out,
            undoes=correction_id,
        )
        _append(lake, known, [row])
    return row


def reason_evidence(lake: Lake, contact_id: str, day: date, model: str) -> tuple[Evidence, ...]:
    """The words that the reasons of a contact rest on, as this model says."""
    rows = lake.query(_EVIDENCE, {"day": day, "contact": contact_id, "model": model}).to_pylist()
    return tuple(Evidence(**row["evidence"]) for row in rows if row["evidence"])


def _checked(workspace: Workspace, new: Labels) -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {
        TaskName.REASON: workspace.taxonomy.reason_ids,
        TaskName.SENTIMENT: tuple(Sentiment),
        TaskName.CHURN_INTENT: (NO, YES),
    }
    if not new or set(new) - set(known):
        raise CorrectionError(f"expected labels of {', '.join(known)}, got {', '.join(map(str, new)) or 'none'}")
    labels = {str(task): tuple(dict.fromkeys(map(str, given))) for task, given in new.items()}
    for task, given in labels.items():
        unknown = sorted(set(given) - set(known[task]))
        if unknown:
            raise CorrectionError(f"task {task}: expected labels of the task, got {', '.join(unknown)}")
        if task != TaskName.REASON and len(given) != 1:
            raise CorrectionError(f"task {task}: expected one label, got {len(given)}")
    return labels


def _short(note: str) -> str:
    text = one_line(note)
    if len(text) > LONGEST_NOTE:
        raise CorrectionError(f"note: expected at most {LONGEST_NOTE} characters, got {len(text)}")
    return text


def _append(lake: Lake, known: Sequence[Correction], rows: Sequence[Correction]) -> None:
    """Add rows; now and then all rows become one file, or reading them would take ever longer."""
    if len(lake.dataset("corrections").files if known else ()) < _MOST_FILES:
        lake.append("corrections", _table(rows))
    else:
        lake.replace("corrections", _table([*known, *rows]))


def _table(rows: Sequence[Correction]) -> pa.Table:
    return pa.Table.from_pylist([row.__dict__ for row in rows], schema=CORRECTIONS.schema)
