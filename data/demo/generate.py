"""Generate the demo company: planted problems, hidden dissatisfaction, honest splits, all of it invented."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from voc.data.demo.company import Company, load_company
from voc.data.demo.files import README, ContactFiles, write_people
from voc.data.demo.people import People
from voc.data.demo.plan import first_day_of
from voc.data.demo.table import Row, rows
from voc.labels import Split


@dataclass(frozen=True)
class DemoCounts:
    """What was generated. Counts by name; `labels` and `splits` by split."""

    contacts: int
    customers: int
    churned: int
    languages: dict[str, int]
    scripts: dict[str, int]
    forms: dict[str, int]
    channels: dict[str, int]
    splits: dict[str, int]
    labels: dict[str, int]
    partial: int
    """Labels that lack a task."""
    several_reasons: int
    leaving: int
    """Contacts in which the customer says that he is leaving."""
    staying: int
    """Contacts that only sound like it."""
    moods: dict[str, int]
    planted: dict[str, int]

    @property
    def labelled(self) -> int:
        """Contacts with a label."""
        return sum(self.labels.values())

    @property
    def churn_rate(self) -> float:
        """Share of the customers who left within the window."""
        return self.churned / self.customers if self.customers else 0.0

    def share(self, count: int) -> float:
        """A count of contacts as a share of all."""
        return count / self.contacts if self.contacts else 0.0


def generate(
    out: Path,
    *,
    contacts: int = 20_000,
    customers: int = 4_000,
    days: int = 120,
    last_day: date = date(2026, 6, 30),
    seed: int = 7,
) -> DemoCounts:
    """Write the demo company into the folder `out`: same arguments, same bytes.

    Writes calls.jsonl, chats.jsonl, emails.csv, tickets.parquet, customers.csv, outcomes.csv, labels.jsonl,
    README.txt, and truth.json, which says what was planted and must never be ingested. Raises ValueError on a
    company without contacts, customers or days.
    """
    if min(contacts, customers, days) < 1:
        raise ValueError(f"expected at least one contact, customer and day, got {contacts=}, {customers=}, {days=}")
    out.mkdir(parents=True, exist_ok=True)
    company, first_day = load_company(), first_day_of(last_day, days)
    people = People(company, customers, days, seed)
    tally = _Tally(company)
    with ContactFiles(out, first_day) as files:
        for row in rows(company, people, contacts, first_day, days, seed):
            files.add(row)
            tally.add(row)
    churned = write_people(out, people, first_day, days)
    truth = {
        "synthetic": True,
        "company": "Zvono",
        "seed": seed,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "contacts": tally.contacts,
        "customers": customers,
        "planted": list(tally.planted(first_day, days)),
        "dissatisfaction": {
            person.customer_id: round(float(people.dissatisfaction[index]), 3)
            for index, person in enumerate(people.persons)
        },
    }
    _write(out / "truth.json", json.dumps(truth, ensure_ascii=False, indent=1) + "\n")
    _write(out / "README.txt", README)
    return tally.counts(customers, churned)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


class _Tally:
    """Counts rows as they go by, and remembers which were planted."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.contacts = 0
        self.by: dict[str, Counter[str]] = defaultdict(Counter)
        self.hits: dict[str, list[str]] = {name: [] for name in company.planted}
        self.noise: list[str] = []

    def add(self, row: Row) -> None:
        plan = row.plan
        form = self.company.forms[row.person.form]
        self.contacts += 1
        self.by["language"][form.language] += 1
        self.by["script"][form.script] += 1
        self.by["form"][row.person.form] += 1
        self.by["channel"][plan.channel] += 1
        self.by["split"][plan.split] += 1
        self.by["mood"][plan.mood or "none"] += 1
        self.by["kind"][plan.churn.split("/")[0] if plan.churn else "none"] += 1
        self.by["several"]["yes"] += len(plan.reasons) > 1
        if row.label is not None:
            self.by["label"][plan.split] += 1
            self.by["partial"]["yes"] += row.partial
        if plan.problem:
            self.hits[plan.problem].append(row.contact_id)
        if plan.day == self.company.noise_day.day:
            self.noise.append(row.contact_id)

    def planted(self, first_day: date, days: int) -> Iterator[dict[str, Any]]:
        """What was planted, as the truth file says it."""

        def window(first: int, last: int) -> dict[str, Any]:
            last = min(last, days - 1)
            return {
                "first_day": (first_day + timedelta(days=first)).isoformat(),
                "last_day": (first_day + timedelta(days=last)).isoformat(),
                "first_index": first,
                "last_index": last,
            }

        for name, problem in self.company.planted.items():
            windows = [window(stage.first, stage.last) for stage in problem.stages if stage.first < days]
            if windows:
                yield {
                    "id": name,
                    "kind": problem.kind,
                    "reason": problem.reason,
                    "language": problem.language,
                    "phrases": f"planted/{name}",
                    "windows": windows,
                    "contact_ids": self.hits[name],
                }
        noise = self.company.noise_day
        if noise.day < days:
            yield {
                "id": "noise_day",
                "kind": "noise",
                "reason": None,
                "language": None,
                "phrases": None,
                "factor": noise.factor,
                "windows": [window(noise.day, noise.day)],
                "contact_ids": self.noise,
            }

    def counts(self, customers: int, churned: int) -> DemoCounts:
        """The totals."""
        return DemoCounts(
            contacts=self.contacts,
            customers=customers,
            churned=churned,
            languages=_plain(self.by["language"]),
            scripts=_plain(self.by["script"]),
            forms=_plain(self.by["form"]),
            channels=_plain(self.by["channel"]),
            splits={str(split): self.by["split"][split] for split in Split},
            labels={str(split): self.by["label"][split] for split in Split},
            partial=self.by["partial"]["yes"],
            several_reasons=self.by["several"]["yes"],
            leaving=self.by["kind"]["leaving"],
            staying=self.by["kind"]["staying"],
            moods=_plain(self.by["mood"]),
            planted={name: len(ids) for name, ids in self.hits.items()},
        )


def _plain(counter: Counter[str]) -> dict[str, int]:
    return {str(key): count for key, count in sorted(counter.items())}
