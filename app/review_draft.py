"""What somebody is about to say of a contact, and what is offered to them under the number keys. No Streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voc.inference.corrections import Labels, Proposal
from voc.labels import TaskName
from voc.taxonomy import Taxonomy

KEYS = 9
"""Reasons offered at once: the digits from 1."""


@dataclass(frozen=True)
class Draft:
    """Labels of one contact in the making. None: nothing said of that task yet."""

    contact_id: str
    blind: bool = False
    """The model's proposal is hidden."""
    reasons: tuple[str, ...] | None = None
    sentiment: str | None = None
    churn: str | None = None

    @classmethod
    def of(cls, contact_id: str, proposal: Proposal | None, blind: bool) -> "Draft":
        """Filled in with what the model proposes; empty where that is hidden, or where the model abstained."""
        if proposal is None or blind:
            return cls(contact_id, blind)
        chosen = {task: proposal.chosen(task) for task in proposal.labels}
        return cls(contact_id).with_labels({task: labels for task, labels in chosen.items() if labels})

    def with_labels(self, labels: Labels) -> "Draft":
        """With these labels, as they are stored; a task that is missing is still to be said."""
        return replace(
            self,
            reasons=labels.get(TaskName.REASON),
            sentiment=next(iter(labels.get(TaskName.SENTIMENT, ())), None),
            churn=next(iter(labels.get(TaskName.CHURN_INTENT, ())), None),
        )

    def toggled(self, reason: str) -> "Draft":
        """With the reason if it was not there, else without it."""
        given = self.reasons or ()
        left = tuple(each for each in given if each != reason) if reason in given else (*given, reason)
        return replace(self, reasons=left or None)

    def with_no_reason(self) -> "Draft":
        """No reason of the taxonomy fits."""
        return replace(self, reasons=())

    @property
    def missing(self) -> tuple[str, ...]:
        """Tasks of which nothing is said yet."""
        said = {
            TaskName.REASON: self.reasons,
            TaskName.SENTIMENT: self.sentiment,
            TaskName.CHURN_INTENT: self.churn,
        }
        return tuple(task for task, label in said.items() if label is None)

    @property
    def labels(self) -> Labels:
        """What is said so far, as it is stored."""
        said: dict[str, tuple[str, ...]] = {}
        if self.reasons is not None:
            said[TaskName.REASON] = self.reasons
        if self.sentiment is not None:
            said[TaskName.SENTIMENT] = (self.sentiment,)
        if self.churn is not None:
            said[TaskName.CHURN_INTENT] = (self.churn,)
        return said

    def differs(self, proposal: Proposal | None) -> bool:
        """Whether it says something else than the model."""
        if proposal is None:
            return True
        return any(set(labels) != set(proposal.chosen(task)) for task, labels in self.labels.items())


@dataclass(frozen=True)
class Offer:
    """What the number keys choose now: reasons, or the groups that lead to them."""

    kind: str
    """likely, groups or reasons."""
    ids: tuple[str, ...]
    more: bool
    """Whether there are further ones, a key away."""


def offer(taxonomy: Taxonomy, draft: Draft, proposal: Proposal | None, where: str, page: int) -> Offer:
    """What to offer. `where` is empty for the likely ones, `groups`, or the id of a group; `page` counts from 0.

    Likely are the chosen reasons, those that the model proposes, and the others of their groups. Of a contact whose
    proposal is hidden none is: the groups come first, in the order of the taxonomy.
    """
    if where in taxonomy.groups:
        return _part("reasons", _of_group(taxonomy, where), page)
    likely = list(draft.reasons or ())
    if not draft.blind and proposal is not None:
        likely += proposal.chosen(TaskName.REASON)
    known = [each for each in dict.fromkeys(likely) if each in taxonomy.reasons]
    if where == "groups" or not known:
        used = {reason.group for reason in taxonomy.reasons.values()}
        return _part("groups", [each for each in taxonomy.groups if each in used], page)
    siblings = [each for one in known for each in _of_group(taxonomy, taxonomy.reasons[one].group)]
    return Offer("likely", tuple(dict.fromkeys([*known, *siblings]))[:KEYS], False)


def likelihoods(proposal: Proposal | None) -> Mapping[str, float]:
    """The model's probability of each reason that it proposes."""
    return dict(proposal.labels.get(TaskName.REASON, ())) if proposal else {}


def _of_group(taxonomy: Taxonomy, group: str) -> list[str]:
    return [each for each, reason in taxonomy.reasons.items() if reason.group == group]


def _part(kind: str, ids: Sequence[str], page: int) -> Offer:
    pages = max(1, -(-len(ids) // KEYS))
    start = page % pages * KEYS
    return Offer(kind, tuple(ids[start : start + KEYS]), pages > 1)
