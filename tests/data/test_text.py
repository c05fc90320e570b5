"""Folding and scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voc.data.text import contact_text, fingerprints, fold, script_of, to_latin, wording
from voc.labels import Script

SERBIAN = st.text(alphabet="абвгдђежзијклљмнњопрстћуфхцчџш АБЂЖЉЊЋЏШ,.", max_size=60)


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_folding_does_not_depend_on_script_or_composition(text: str) -> None:
    import unicodedata

    assert fold(to_latin(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


@given(SERBIAN)
def test_no_serbian_cyrillic_is_left(text: str) -> None:
    assert script_of(to_latin(text)) is Script.LATIN
    assert not any("\u0400" <= char <= "\u04ff" for char in to_latin(text))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đorđe ŠĆUĆUR  čeka", "dorde scucur ceka"),
        ("Ђорђе Шћућур\nчека", "dorde scucur ceka"),
        ("Straße, Łódź, Ørsted", "strasse, lodz, orsted"),
        ("℡ №5", "tel no5"),
        ("Йод", "iod"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("račun", Script.LATIN),
        ("рачун", Script.CYRILLIC),
        ("рачун je previsok", Script.LATIN),
        ("мој рачун је previsok", Script.CYRILLIC),
        ("12:30 — 5 €", Script.LATIN),
        ("", Script.LATIN),
    ],
)
def test_script_of(text: str, script: Script) -> None:
    assert script_of(text) is script


def test_a_form_letter_is_one_wording_whatever_it_is_filled_with() -> None:
    letters = ["Račun 12/2026: 1.234,50 EUR", "RACUN 7/2025: 8 eur", "Рачун 1: 2 EUR"]
    assert len({wording(letter) for letter in letters}) == 1
    assert wording("Račun bez broja") != wording("Račun 5 bez broja")
    assert len(set(fingerprints(letters).tolist())) == 1


def test_the_customers_words_come_first() -> None:
    turns = [
        {"speaker": "agent", "text": "Hello"},
        {"speaker": "customer", "text": " my \n bill "},
        {"speaker": "bot", "text": "1"},
        {"speaker": "customer", "text": " "},
    ]
    assert contact_text(turns) == "my bill"
    assert contact_text(turns, "everyone") == "my bill\nHello\n1"
