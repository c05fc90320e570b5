"""How far people agree with the model, and with each other, and which labels they moved. Pure functions.

Only the queue counts for agreement: on a contact's own page people correct what is wrong, and leave the rest alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from voc.data.corrections import TASKS, Correction, Place, holding
from voc.inference.intervals import Interval, share

ALL = ""
"""Stands for all languages together."""


@dataclass(frozen=True)
class ModelAgreement:
    """Judgements of one task in which the person says what the model said, of those in which it said anything."""

    task: str
    language: str
    """Written form of the contacts; ALL: every one."""
    agreed: int
    judged: int

    @property
    def share(self) -> Interval | None:
        """With Wilson's interval."""
        return share(self.agreed, self.judged)


@dataclass(frozen=True)
class ReviewerAgreement:
    """Pairs of people who judged a contact alike, label for label, of the pairs who judged the same contact."""

    task: str
    agreed: int
    pairs: int
    kappa: float | None
    """Cohen's kappa (Cohen 1960), each set of reasons a label of its own; None where all say the same one label."""

    @property
    def share(self) -> Interval | None:
        """With Wilson's interval."""
        return share(self.agreed, self.pairs)


@dataclass(frozen=True)
class Move:
    """How often a label was put in the place of another; None where one was only added, or only taken away."""

    task: str
    before: str | None
    after: str | None
    contacts: int


def with_model(
    rows: Sequence[Correction], forms: Mapping[str, str], *, blind: bool | None = None
) -> list[ModelAgreement]:
    """Agreement with the model by task: all languages first, then each by the number of its judgements.

    `rows` are all corrections or some; `forms` gives the written form of each contact. `blind` chooses those whose
    proposal was hidden (True) or shown (False).
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for row in _reviewed(rows):
        if row.agrees is None or (blind is not None and row.blind != blind):
            continue
        for language in {ALL, forms.get(row.contact_id, ALL)}:
            one = counts.setdefault((row.task or "", language), [0, 0])
            one[0] += row.agrees
            one[1] += 1
    found = [ModelAgreement(task, language, *numbers) for (task, language), numbers in counts.items()]
    return sorted(found, key=lambda each: (TASKS.index(each.task), each.language != ALL, -each.judged, each.language))


def overall(rows: Sequence[Correction]) -> tuple[int, int]:
    """Judged contacts of which the person says all that the model said, and judged contacts."""
    by: dict[str, list[bool]] = {}
    for row in _reviewed(rows):
        if row.agrees is not None:
            by.setdefault(row.correction_id, []).append(row.agrees)
    return sum(all(tasks) for tasks in by.values()), len(by)


def between_reviewers(rows: Sequence[Correction]) -> list[ReviewerAgreement]:
    """Agreement of people who judged the same contact, by task. Each person's newest judgement of a contact counts."""
    said: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for row in _reviewed(rows):
        said.setdefault((row.task or "", row.contact_id), {})[row.who] = tuple(sorted(row.new))
    found = []
    for task in TASKS:
        pairs = [
            (by[one], by[other])
            for (of, _), by in sorted(said.items())
            if of == task
            for one, other in combinations(sorted(by), 2)
        ]
        if pairs:
            found.append(ReviewerAgreement(task, sum(a == b for a, b in pairs), len(pairs), kappa(pairs)))
    return found


def kappa(pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> float | None:
    """Cohen's kappa (Cohen 1960) of pairs of labels; None where both always say the same one label.

    Agreement beyond chance, over the most that there could be: the library that has it takes seconds to import, which
    nobody waits for on a page.
    """
    observed = sum(one == other for one, other in pairs) / len(pairs)
    ours, theirs = (Counter(side) for side in zip(*pairs, strict=True))
    chance = sum(count * theirs[label] for label, count in ours.items()) / len(pairs) ** 2
    return None if chance == 1 else (observed - chance) / (1 - chance)


def moves(rows: Sequence[Correction]) -> list[Move]:
    """Labels that people changed, the most frequent first. One reason exchanged for another is one move."""
    counts: Counter[tuple[str, str | None, str | None]] = Counter()
    for row in holding(rows):
        gone = [label for label in row.old if label not in row.new]
        come = [label for label in row.new if label not in row.old]
        while gone or come:
            counts[row.task or "", gone.pop(0) if gone else None, come.pop(0) if come else None] += 1
    found = [Move(*what, number) for what, number in counts.items()]
    return sorted(found, key=lambda each: (-each.contacts, TASKS.index(each.task), each.before or "", each.after or ""))


def _reviewed(rows: Sequence[Correction]) -> list[Correction]:
    return [row for row in holding(rows) if row.place == Place.REVIEW]
