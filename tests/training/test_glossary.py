"""Rough translations of labelled English contacts."""

import csv
from importlib.resources import files

import numpy as np
import pytest

from voc.config import TrainingSettings
from voc.data.text import script_of
from voc.experiments.sets import Row, labelled_set
from voc.labels import Script, Split, TaskName
from voc.models.tasks import Task
from voc.training.glossary import FORMS, Glossary, glossary, with_switched

SMALL = Glossary(
    {
        "the": dict.fromkeys(FORMS, ""),
        "my card": {"hr": "moja kartica", "sl": "moja kartica", "sr-Cyrl": "моја картица", "sr-Latn": "moja kartica"},
        "my": {"hr": "moj", "sl": "moj", "sr-Cyrl": "мој", "sr-Latn": "moj"},
        "hasn't arrived": {"hr": "nije stigla", "sl": "ni prišla", "sr-Cyrl": "није стигла", "sr-Latn": "nije stigla"},
        "bill": {"hr": "račun", "sl": "račun", "sr-Cyrl": "рачун", "sr-Latn": "račun"},
    },
    longest=2,
)
TASK = Task(TaskName.REASON, "multiclass", ("card", "bill"))


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("My card hasn’t arrived!", "hr", "Moja kartica nije stigla!"),
        ("My card hasn't arrived!", "sr-Cyrl", "Моја картица није стигла!"),
        ("my bill, the bill", "sl", "moj račun, račun"),
        ("Zvono? My QX12 bill", "hr", "Zvono? Moj QX12 račun"),
        ("my, card", "hr", "moj, card"),
        ("The bill", "hr", "račun"),
        ("", "hr", ""),
        ("Картица", "hr", "Картица"),
    ],
)
def test_longest_phrases_are_switched_and_the_rest_stays(text: str, form: str, expected: str) -> None:
    assert SMALL.switch(text, form) == expected


def rows(languages: dict[str, int]) -> list[Row]:
    return [
        Row(
            f"{language}{number}",
            f"my bill number {number} is wrong",
            {TASK.name: ("card", "bill")[number % 2]},
            language=language,
        )
        for language, count in languages.items()
        for number in range(count)
    ]


def switched(languages: dict[str, int], **settings: int) -> list[tuple[str, str, str]]:
    own = labelled_set(rows(languages), (TASK,), Split.TRAIN)
    found = with_switched(own, (TASK,), TrainingSettings(**settings))
    assert found.texts[: len(own)] == own.texts
    targets = found.targets(TASK)
    for row in range(len(own), len(found)):
        original = own.texts.index(found.anchors[row])
        assert np.array_equal(targets[row], targets[original])
    return list(zip(found.languages, found.texts, found.anchors, strict=True))[len(own) :]


def test_english_labels_are_learnt_from_in_the_languages_that_lack_labels() -> None:
    copies = switched({"en": 40, "hr": 20, "sl": 3}, switched_forms=2)
    assert len(copies) == 80
    assert {form for form, _, _ in copies} == {"sl", "sr-Cyrl", "sr-Latn"}
    assert all(text != anchor for _, text, anchor in copies)


def test_nothing_is_added_where_every_language_has_labels_or_none_is_english() -> None:
    assert switched({"en": 20, "hr": 5, "sl": 5, "sr-Cyrl": 5, "sr-Latn": 5}) == []
    assert switched({"hr": 20}) == []
    assert switched({"en": 20}, switched_forms=0) == []


def test_the_built_in_glossary_is_whole() -> None:
    text = (files("voc.training.glossary") / "glossary.csv").read_text(encoding="utf-8")
    written = list(csv.DictReader(text.splitlines()))
    assert len(written) > 3000
    for row in written:
        assert set(row) == {"en", "hr", "sl", "sr"} and None not in row.values(), row
        assert row["en"] and row["en"] == row["en"].lower().strip(), row
        assert script_of(row["hr"] + row["sl"]) == Script.LATIN, row
        # Serbian is in Cyrillic, but for abbreviations.
        assert not row["sr"].islower() or script_of(row["sr"]) == Script.CYRILLIC, row
    names = [row["en"] for row in written]
    assert names == sorted(set(names))


def test_ordinary_sentences_are_nearly_all_translated() -> None:
    text = "My card was charged twice for the transfer and has not arrived yet."
    for form in FORMS:
        words = set(glossary().switch(text, form).lower().split())
        assert len(words & set(text.lower().split())) <= 1, words
