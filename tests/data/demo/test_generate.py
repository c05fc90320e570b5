"""The generated company keeps its promises: formats, splits without leaks, planted truth, rhythm, churn."""

import csv
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from voc.config import Config, parse
from voc.data.demo import DemoCounts, generate, settings_toml, taxonomy_toml
from voc.data.demo.company import Company, demo_taxonomy, load_company
from voc.data.demo.people import People
from voc.data.demo.phrases import phrase_book
from voc.data.demo.plan import first_day_of
from voc.data.demo.table import Row, rows
from voc.data.records import Contact, Customer, Label, Outcome
from voc.data.text import fold, script_of
from voc.data.workspace import Workspace
from voc.labels import Channel, Language, Script, Sentiment, Speaker, Split

ZONE = ZoneInfo("Europe/Zagreb")
FILES = {
    "README.txt", "calls.jsonl", "chats.jsonl", "customers.csv", "emails.csv", "labels.jsonl", "outcomes.csv",
    "tickets.parquet", "truth.json",
}  # fmt: skip

CONTACTS, CUSTOMERS, DAYS, LAST_DAY, SEED = 6_000, 1_500, 120, date(2026, 6, 30), 7


@dataclass(frozen=True)
class Generated:
    """The same company twice: as the files that `generate` wrote, and as the internal table behind them."""

    folder: Path
    counts: DemoCounts
    company: Company
    people: People
    rows: list[Row]
    first_day: date


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("zvono")
    counts = generate(folder, contacts=CONTACTS, customers=CUSTOMERS, days=DAYS, last_day=LAST_DAY, seed=SEED)
    company, first_day = load_company(), first_day_of(LAST_DAY, DAYS)
    people = People(company, CUSTOMERS, DAYS, SEED)
    table = list(rows(company, people, CONTACTS, first_day, DAYS, SEED))
    return Generated(folder, counts, company, people, table, first_day)


def raw_contacts(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in ("calls.jsonl", "chats.jsonl"):
        found += [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    with (folder / "emails.csv").open(encoding="utf-8", newline="") as file:
        found += list(csv.DictReader(file))
    return found + pq.read_table(folder / "tickets.parquet").to_pylist()


def contacts(folder: Path) -> dict[str, Contact]:
    context = {"zone": ZONE, "now": datetime(2026, 7, 1, 12, tzinfo=UTC), "limits": Config().ingest}
    read = [Contact.model_validate(raw, context=context) for raw in raw_contacts(folder)]
    return {contact.contact_id: contact for contact in read}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels(folder: Path) -> list[Label]:
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [Label.model_validate_json(line) for line in lines]


def customer_text(row: Row) -> str:
    return "\n".join(turn.text for turn in row.words.turns if turn.speaker == Speaker.CUSTOMER)


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    counts = [generate(tmp_path / name, contacts=300, customers=80, seed=3) for name in ("a", "b")]
    assert counts[0] == counts[1]
    assert {path.name for path in (tmp_path / "a").iterdir()} == FILES
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), contacts=50, customers=20, seed=seed)
    assert (tmp_path / "1" / "emails.csv").read_bytes() != (tmp_path / "2" / "emails.csv").read_bytes()


@pytest.mark.parametrize(("size", "people", "days"), [(1, 1, 1), (40, 3, 10)], ids=["one", "tiny"])
def test_a_tiny_company_is_still_one(tmp_path: Path, size: int, people: int, days: int) -> None:
    counts = generate(tmp_path, contacts=size, customers=people, days=days, seed=5)
    assert counts.customers == people
    assert len(contacts(tmp_path)) == counts.contacts <= size


def test_an_empty_company_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected at least one contact, customer and day, got contacts=0"):
        generate(tmp_path, contacts=0)


def test_every_row_passes_the_door(demo: Generated) -> None:
    read = contacts(demo.folder)
    customers = [Customer.model_validate(row) for row in table(demo.folder, "customers.csv")]
    outcomes = [Outcome.model_validate(row) for row in table(demo.folder, "outcomes.csv")]
    known = {customer.customer_id for customer in customers}
    assert len(read) == demo.counts.contacts == 6_000
    assert len(customers) == len(outcomes) == len(known) == demo.counts.customers
    assert {contact.customer_id for contact in read.values()} <= known
    assert all(contact.attributes == {"synthetic": "true"} for contact in read.values())
    assert {label.contact_id for label in labels(demo.folder)} <= set(read)
    assert {label.source for label in labels(demo.folder)} == {"demo generator"}


def test_ids_follow_time(demo: Generated) -> None:
    read = contacts(demo.folder)
    starts = [read[contact_id].started_at for contact_id in sorted(read)]
    assert starts == sorted(starts)
    assert starts[0].astimezone(ZONE).date() == demo.first_day
    assert starts[-1].astimezone(ZONE).date() == LAST_DAY


def test_files_and_internal_table_are_the_same_contacts(demo: Generated) -> None:
    read = contacts(demo.folder)
    for row in demo.rows:
        assert [turn.text for turn in read[row.contact_id].turns] == [t.text for t in row.words.turns]


def test_every_reason_occurs_in_every_written_form(demo: Generated) -> None:
    seen = {(reason, row.person.form) for row in demo.rows for reason in row.plan.reasons}
    reasons = demo_taxonomy().reason_ids
    assert len(reasons) == 28
    assert seen == {(reason, form) for reason in reasons for form in demo.company.forms}


def test_languages_and_scripts_have_their_shares(demo: Generated) -> None:
    counts = demo.counts
    assert sum(counts.languages.values()) == sum(counts.scripts.values()) == counts.contacts
    expected = {"hr": 0.40, "sl": 0.25, "sr": 0.25, "en": 0.10}
    for language, share in expected.items():
        assert counts.share(counts.languages[language]) == pytest.approx(share, abs=0.05)
    assert counts.scripts["Cyrl"] == counts.forms["sr-Cyrl"] > 400
    per_customer: dict[str, set[str]] = defaultdict(set)
    for row in demo.rows:
        form = demo.company.forms[row.person.form]
        per_customer[row.person.customer_id].add(form.language)
        assert script_of(customer_text(row)) == form.script or form.script == Script.LATIN
    assert all(len(languages) == 1 for languages in per_customer.values())


def test_a_contact_uses_phrases_of_its_split_only(demo: Generated) -> None:
    split_of = {
        phrase.id: phrase.split
        for form in demo.company.forms
        for phrases in phrase_book(form, 7).lists.values()
        for phrase in phrases
    }
    for row in demo.rows:
        assert row.words.phrases
        assert {split_of[phrase] for phrase in row.words.phrases} == {row.plan.split}, row.contact_id


def test_no_test_phrase_is_found_in_training_or_dev_texts(demo: Generated) -> None:
    texts = {
        language: "\n".join(
            fold(row.words.clean)
            for row in demo.rows
            if row.plan.split != Split.TEST and row.person.language == language
        )
        for language in Language
    }
    for form in ("en", "hr", "sl", "sr-Cyrl"):
        book = phrase_book(form, 7)
        tested = [p for phrases in book.lists.values() for p in phrases if p.split == Split.TEST]
        pieces = [(p.id, max(fold(p.text).replace("}", "{").split("{"), key=len)) for p in tested]
        found = [id_ for id_, piece in pieces if len(piece) >= 25 and piece in texts[book.language]]
        assert found == []


def test_labels_cover_test_and_dev_and_part_of_train(demo: Generated) -> None:
    counts = demo.counts
    assert counts.labels["test"] == counts.splits["test"]
    assert counts.labels["dev"] == counts.splits["dev"]
    assert counts.share(counts.splits["test"]) == pytest.approx(0.15, abs=0.02)
    assert counts.share(counts.splits["dev"]) == pytest.approx(0.05, abs=0.01)
    assert counts.labels["train"] / counts.splits["train"] == pytest.approx(0.44, abs=0.03)
    assert 0.05 < counts.partial / counts.labelled < 0.2
    read = labels(demo.folder)
    assert len(read) == counts.labelled
    for label in read:
        assert (label.reasons, label.sentiment, label.churn_intent) != (None, None, None)


def test_labels_say_what_was_said(demo: Generated) -> None:
    by_id = {row.contact_id: row for row in demo.rows}
    for label in labels(demo.folder):
        plan, said = by_id[label.contact_id].plan, by_id[label.contact_id].words.phrases
        assert label.split == plan.split
        if label.churn_intent is not None:
            assert label.churn_intent == any("/churn/leaving/" in phrase for phrase in said)
        if label.sentiment is not None:
            moods = [phrase.split("/")[2] for phrase in said if "/mood/" in phrase]
            assert moods in ([], [label.sentiment])
            assert moods or label.sentiment == Sentiment.NEUTRAL
        if label.reasons is not None:
            opened = {phrase.split("/")[2] for phrase in said if "/openings/" in phrase}
            assert opened <= set(label.reasons) <= set(demo_taxonomy().reasons)


def test_reasons_moods_and_intents_have_their_shares(demo: Generated) -> None:
    counts = demo.counts
    assert counts.share(counts.several_reasons) == pytest.approx(0.12, abs=0.03)
    assert counts.share(counts.leaving) == pytest.approx(0.06, abs=0.015)
    assert counts.share(counts.staying) == pytest.approx(0.08, abs=0.02)
    assert counts.share(counts.moods["negative"]) == pytest.approx(0.34, abs=0.06)
    assert counts.share(counts.moods["positive"]) == pytest.approx(0.16, abs=0.04)
    assert max(len(row.plan.reasons) for row in demo.rows) >= 3
    praising = [row for row in demo.rows if row.plan.churn == "leaving/praise"]
    assert praising and all(row.plan.mood in (None, Sentiment.POSITIVE) for row in praising)


def test_planted_contacts_lie_in_their_windows_as_the_truth_file_says(demo: Generated) -> None:
    truth = json.loads((demo.folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["synthetic"] is True
    by_id = {row.contact_id: row for row in demo.rows}
    planted = {problem["id"]: problem for problem in truth["planted"]}
    assert set(planted) == {*demo.company.planted, "noise_day"}
    for name, problem in planted.items():
        days = set()
        for window in problem["windows"]:
            days |= set(range(window["first_index"], window["last_index"] + 1))
            first = demo.first_day + timedelta(days=window["first_index"])
            assert window["first_day"] == first.isoformat()
        hit = [by_id[contact_id] for contact_id in problem["contact_ids"]]
        assert hit and all(row.plan.day in days for row in hit)
        if name == "noise_day":
            continue
        assert all(row.plan.problem == name for row in hit)
        assert all(problem["reason"] in row.plan.reasons for row in hit)
        assert all(any(f"/planted/{name}/" in phrase for phrase in row.words.phrases) for row in hit)
        assert sum(row.plan.problem == name for row in demo.rows) == len(hit)
        per_day = Counter((row.plan.day, row.plan.customer) for row in hit)
        assert set(per_day.values()) == {1}, "distinct customers a day"


def test_planted_problems_have_their_shapes(demo: Generated) -> None:
    by_day: dict[str, Counter[int]] = defaultdict(Counter)
    for row in demo.rows:
        if row.plan.problem:
            by_day[row.plan.problem][row.plan.day] += 1
    crash, heat, card = (by_day[n] for n in ("app_update_crash", "router_overheats", "card_charged_twice"))
    assert min(crash[day] for day in range(85, 95)) >= 2  # 8 to 12 a day, at 50 contacts a day instead of 167
    assert sum(crash[day] for day in range(85, 95)) > sum(crash[day] for day in range(95, 115))
    assert sum(heat[day] for day in range(93, 120)) > 3 * sum(heat[day] for day in range(40, 67))
    assert sum(card[day] for day in range(46, 96)) == 0
    assert sum(card[day] for day in range(96, 120)) > 10
    lockers = [row for row in demo.rows if row.plan.problem == "parcel_locker_code"]
    assert {row.person.language for row in lockers} == {Language.SLOVENIAN}


def test_weeks_have_a_rhythm_and_one_day_is_noisy(demo: Generated) -> None:
    per_day = Counter(row.plan.day for row in demo.rows)
    weekday: dict[int, list[int]] = defaultdict(list)
    for day in range(DAYS):
        if day != demo.company.noise_day.day:
            weekday[(demo.first_day + timedelta(days=day)).weekday()].append(per_day[day])
    mean = {day: sum(counts) / len(counts) for day, counts in weekday.items()}
    assert mean[0] == max(mean.values())
    assert mean[6] == min(mean.values()) < 0.5 * mean[0]
    noisy = demo.company.noise_day.day
    same = mean[(demo.first_day + timedelta(days=noisy)).weekday()]
    assert per_day[noisy] / same == pytest.approx(2.5, rel=0.3)
    hours = Counter(row.plan.second // 3600 for row in demo.rows)
    assert 0.05 < sum(hours[h] for h in (*range(8), *range(20, 24))) / len(demo.rows) < 0.25


def test_who_has_left_is_silent(demo: Generated) -> None:
    outcomes = {row["customer_id"]: row for row in table(demo.folder, "outcomes.csv")}
    active = {row["customer_id"]: row for row in table(demo.folder, "customers.csv")}
    churned = {id_: row["churned_at"] for id_, row in outcomes.items() if row["kind"] == "churned"}
    assert len(churned) == demo.counts.churned
    assert demo.counts.churn_rate == pytest.approx(0.08, abs=0.025)
    assert {id_: active[id_]["active_to"] for id_ in churned} == churned
    assert all(not active[id_]["active_to"] for id_ in active if id_ not in churned)
    for row in demo.rows:
        day = demo.first_day + timedelta(days=row.plan.day)
        customer = row.person.customer_id
        assert date.fromisoformat(active[customer]["active_from"]) <= day
        assert customer not in churned or day < date.fromisoformat(churned[customer])


def test_words_show_only_part_of_who_leaves(demo: Generated) -> None:
    churned = {r["customer_id"] for r in table(demo.folder, "outcomes.csv") if r["kind"] == "churned"}
    stated = {row.person.customer_id for row in demo.rows if row.plan.leaving}
    everyone = {person.customer_id for person in demo.people.persons}
    assert len(stated & churned) / len(stated) > 2 * len(churned - stated) / len(everyone - stated)
    assert len(stated - churned) > len(stated & churned), "many who threaten stay"
    assert len(churned - stated) > 0.3 * len(churned), "many leave without a word"


def test_each_channel_sounds_like_itself(demo: Generated) -> None:
    calls = [row for row in demo.rows if row.plan.channel == Channel.CALL]
    spoken = "".join(customer_text(row) for row in calls)
    assert spoken == spoken.lower() and not set(",.?!") & set(spoken)
    for row in demo.rows:
        alone = len(row.words.turns) == 1
        assert alone == (row.plan.channel in (Channel.EMAIL, Channel.TICKET)) or row.plan.channel == Channel.CHAT
    emails = [customer_text(row) for row in demo.rows if row.plan.channel == Channel.EMAIL]
    assert sum("\n\n" in text for text in emails) > 0.8 * len(emails)
    texts = [customer_text(row) for row in demo.rows]
    assert len(set(texts)) > 0.99 * len(texts)
    assert not any(slot in text for text in texts for slot in ("{amount}", "{days}", "{plan}", "{city}"))


def test_settings_and_taxonomy_make_a_workspace(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", settings_toml(), taxonomy_toml())
    assert workspace.config.company.synthetic
    assert workspace.config.company.name == "Zvono (synthetic demo company)"
    assert workspace.config.company.benchmark_contact_rate and workspace.config.company.opening_hours["sat"]
    assert parse(Config, workspace.config.model_dump(), "settings") == workspace.config
    assert workspace.taxonomy.reason_ids == demo_taxonomy().reason_ids
