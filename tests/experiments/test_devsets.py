"""The development sets: complete, rightly labelled as far as a machine can tell, and in no training set."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from voc.data.text import fold, script_of
from voc.experiments.suites.churn_behaviour import churn_cases
from voc.experiments.suites.transfer import DEVSETS
from voc.labels import Script
from voc.training.seed import seed_contacts

PHRASES = Path(__file__).parents[2] / "data" / "demo" / "phrases"
FORMS = churn_cases()


@pytest.mark.parametrize("form", ["en", "hr", "sl", "sr-Cyrl", "sr-Latn"])
def test_at_least_25_churn_cases_of_each_kind(form: str) -> None:
    kinds = {(side, kind): len(set(texts)) for (side, kind), texts in FORMS[form].items()}
    assert Counter(side for side, _ in kinds) == {"leaving": 5, "staying": 6}
    assert min(kinds.values()) >= 25
    script = Script.CYRILLIC if form == "sr-Cyrl" else Script.LATIN
    assert all(script_of(text) == script for texts in FORMS[form].values() for text in texts)


def test_no_case_is_a_training_phrase() -> None:
    def strings(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [text for item in items for text in strings(item)]

    phrases = {
        fold(text) for path in PHRASES.glob("*.toml") for text in strings(tomllib.loads(path.read_text("utf-8")))
    }
    assert len(phrases) > 3000
    cases = {fold(text) for kinds in FORMS.values() for texts in kinds.values() for text in texts}
    assert not cases & phrases
    files = [tomllib.loads(path.read_text("utf-8")) for path in DEVSETS.glob("banking_*.toml")]
    contacts = {fold(text) for content in files for text in strings(content)}
    seeds = {fold(text) for contact in seed_contacts() for text in contact.texts.values()}
    assert not (cases | contacts) & seeds


@pytest.mark.parametrize("language", ["en", "hr", "sl", "sr"])
def test_banking_contacts(language: str) -> None:
    contacts = tomllib.loads((DEVSETS / f"banking_{language}.toml").read_text("utf-8"))["contact"]
    assert len({contact["text"] for contact in contacts}) == len(contacts) >= 150
    reasons = Counter(contact["reason"] for contact in contacts)
    assert len(reasons) == 30 and min(reasons.values()) >= 5
    assert {contact["sentiment"] for contact in contacts} == {"negative", "neutral", "positive"}


def test_english_contacts_are_the_croatian_ones() -> None:
    english, croatian = (
        [(contact["reason"], contact["sentiment"]) for contact in tomllib.loads(path.read_text("utf-8"))["contact"]]
        for path in (DEVSETS / "banking_en.toml", DEVSETS / "banking_hr.toml")
    )
    assert english == croatian
