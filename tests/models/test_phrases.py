"""Themes are named by phrases that customers say, in one language where their contacts allow it."""

import numpy as np
import pytest

from voc.models import phrases
from voc.models.phrases import BETWEEN, LONGEST, theme_names

CANCEL = [
    "Kako da otkažem prijenos novca?",
    "Molim vas, otkažem prijenos novca kako?",
    "Ne mogu otkazati: otkažem prijenos novca, a on prođe.",
    "Hitno je, otkažem prijenos novca ili zovem banku",
]
CANCEL_EN = ["How do I cancel a transfer?", "please cancel a transfer", "cancel a transfer now", "Cancel a transfer!"]
LOST = [
    "Izgubio sam karticu u autobusu",
    "izgubio sam karticu jučer",
    "Izgubio sam karticu, što sad",
    "opet izgubio sam karticu",
]
LOST_SR = ["Нестала ми је картица", "нестала ми је картица синоћ", "Нестала ми је картица опет"]
OTHER = [f"nešto {word} drugo" for word in ("sasvim", "posve", "potpuno", "malo", "jako", "dosta")]


def names(groups: list[list[tuple[str, str]]], customers: list[str] | None = None, **rest: object) -> tuple[str, ...]:
    rows = [(text, language, theme) for theme, group in enumerate(groups) for text, language in group]
    people = customers or [f"k{row}" for row in range(len(rows))]
    members = np.array([theme for *_, theme in rows])
    texts, languages = [text for text, *_ in rows], [language for _, language, _ in rows]
    return theme_names(texts, people, languages, members, len(groups), **{"wanted": "hr"} | rest)  # type: ignore[arg-type]


def said(texts: list[str], language: str = "hr") -> list[tuple[str, str]]:
    return [(text, language) for text in texts]


def test_a_theme_is_named_by_what_is_said_in_it_and_not_elsewhere() -> None:
    cancel, lost, _ = names([said(CANCEL), said(LOST), said(OTHER)])
    assert cancel.split(BETWEEN)[0] == "Otkažem prijenos novca"
    assert lost.split(BETWEEN)[0] == "Izgubio sam karticu"


def test_a_phrase_begins_and_ends_with_a_word_that_says_something_and_crosses_no_mark_and_no_number() -> None:
    texts = [f"{word}, da li ću platiti račun 5 eura" for word in ("evo", "pa", "ma", "e")]
    (name, _) = names([said(texts), said(OTHER)])
    assert "platiti račun" in name.lower()
    assert not any(part.lower().startswith(("da ", "li ")) for part in name.split(BETWEEN))
    assert "5" not in name and "račun eura" not in name


def test_names_are_in_the_language_that_is_wanted() -> None:
    groups = [[*said(CANCEL), *said(CANCEL_EN, "en")], [*said(LOST), *said(LOST_SR, "sr")]]
    assert names(groups)[0].startswith("Otkažem prijenos novca")
    assert names(groups, wanted="en")[0].startswith("Cancel a transfer")


def test_what_is_not_said_in_that_language_is_named_in_its_own_in_latin_script() -> None:
    _, lost = names([[*said(CANCEL_EN * 2, "en")], said(LOST_SR, "sr")], wanted="en")
    assert lost == "Nestala mi je kartica"


def test_a_phrase_needs_texts_and_customers() -> None:
    once = [*said(LOST), ("plaćam premium paket odmah", "hr"), ("zovem", "hr")]
    assert "premium" not in names([once, said(OTHER)])[0].lower()
    same = [f"plaćam premium paket {word}" for word in ("danas", "sutra", "odmah", "uvijek")]
    one_person = ["a", "b", "c", "d", *["one"] * 4, *(f"o{number}" for number in range(6))]
    assert "premium" not in names([said([*LOST, *same]), said(OTHER)], one_person)[0].lower()
    assert "premium" in names([said([*LOST, *same]), said(OTHER)])[0].lower()


def test_a_form_letter_is_one_text() -> None:
    copies = said([*LOST, *["Otkazujem osiguranje kućanstva"] * 9, "OTKAZUJEM osiguranje kucanstva"])
    assert "osiguranje" not in names([copies, said(OTHER)])[0].lower()


def test_only_those_asked_for_are_named_and_the_companys_name_says_nothing() -> None:
    assert names([said(CANCEL), said(LOST)], only=[1])[0] == ""
    texts = [f"Zvonov paket {word}" for word in ("spor", "skup", "loš", "mali")]
    assert "zvon" in names([said(texts), said(OTHER)])[0].lower()
    assert "zvon" not in names([said(texts), said(OTHER)], unsaid=["Zvono"])[0].lower()


def test_nothing_said_gives_no_name_and_no_name_is_long() -> None:
    assert names([said(["hvala", "molim", "da", "ne"]), said(LOST)])[0] == ""
    assert theme_names([], [], [], np.zeros(0, np.int64), 2, "hr") == ("", "")
    long = [f"elektroenergetskoga distribucijskoga telekomunikacijskoga nadzornika {word}" for word in ("a", "e", "u")]
    assert all(len(name) <= LONGEST for name in names([said(long), said(OTHER)]))


def test_the_order_of_texts_changes_nothing() -> None:
    rows = [(text, theme) for theme, group in enumerate((CANCEL, LOST, OTHER)) for text in group]
    found = set()
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(rows))
        texts, members = [rows[row][0] for row in order], np.array([rows[row][1] for row in order])
        found.add(theme_names(texts, [str(row) for row in order], ["hr"] * len(rows), members, 3, "hr"))
    assert len(found) == 1


def test_of_many_texts_the_same_are_looked_at_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "MOST_TEXTS", 8)
    monkeypatch.setattr(phrases, "MOST_ELSEWHERE", 16)
    marks = [a + b for a in "abcdefgh" for b in "klmno"]
    texts = [*(f"{mark} plava kartica" for mark in marks), *(f"{mark} crveni ruter" for mark in marks)]
    named = {
        names([said(texts[::step]), said(OTHER)], [f"k{number}" for number in range(len(texts) + len(OTHER))])[0]
        for step in (1, -1)
    }
    assert len(named) == 1 and "" not in named
