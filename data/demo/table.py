"""The internal table of contacts: what was planned, what was said, and the label a person would give."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from voc.data.demo.company import Company
from voc.data.demo.draw import Draw
from voc.data.demo.people import People, Person
from voc.data.demo.phrases import phrase_book
from voc.data.demo.plan import PARTIAL, Planned, Planner
from voc.data.demo.wording import Composed, Writer
from voc.labels import Sentiment, Split

SOURCE = "demo generator"


@dataclass(frozen=True)
class Row:
    """One generated contact with everything that is known about it."""

    contact_id: str
    plan: Planned
    person: Person
    words: Composed
    label: dict[str, Any] | None

    @property
    def partial(self) -> bool:
        """Whether the label lacks a task."""
        return self.label is not None and not {"reasons", "sentiment", "churn_intent"} <= set(self.label)


def rows(company: Company, people: People, contacts: int, first_day: date, days: int, seed: int) -> Iterator[Row]:
    """All contacts in order of time, one at a time."""
    draw, labelling = Draw(seed, 3), Draw(seed, 4)
    writers = {form: Writer(phrase_book(form, seed), form, draw) for form in company.forms}
    planner = Planner(company, people, contacts, first_day, days, seed)
    width, number = max(6, len(str(contacts))), 0
    for day, planned in enumerate(planner.days()):
        sunday = (first_day + timedelta(days=day)).weekday() == 6
        for plan in planned:
            number += 1
            person = people.persons[plan.customer]
            words = writers[person.form].write(plan, person, sunday)
            contact_id = f"Z-{number:0{width}d}"
            yield Row(contact_id, plan, person, words, _label(contact_id, plan, labelling))


def _label(contact_id: str, plan: Planned, draw: Draw) -> dict[str, Any] | None:
    if plan.split == Split.TRAIN and not plan.labelled:
        return None
    tasks: dict[str, Any] = {"churn_intent": plan.leaving}
    # A cancelled order, appointment or package: only the phrase tells which reason it is, so none is said.
    if plan.churn != "staying/cancel_order":
        tasks["reasons"] = list(plan.reasons)
    # Words of praise or of threat without a phrase of mood: people would not agree on the mood.
    if plan.mood is not None or plan.churn not in ("leaving/praise", "leaving/conditional"):
        tasks["sentiment"] = str(plan.mood or Sentiment.NEUTRAL)
    if plan.split == Split.TRAIN and draw.chance(PARTIAL):
        for _ in range(1 + draw.below(2)):
            if len(tasks) > 1:
                del tasks[draw.pick(sorted(tasks))]
    return {"contact_id": contact_id, **tasks, "split": str(plan.split), "source": SOURCE}
