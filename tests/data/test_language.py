"""Languages of contacts that do not say theirs. Loads the detector's models once (about two seconds)."""

import pytest

from voc.data.language import detect
from voc.labels import Language

SAID = {
    "Мој рачун је опет већи него прошлог месеца.": Language.SERBIAN,
    "Здравствуйте, интернет не работает уже второй день": Language.OTHER,
    "My bill is much higher than last month, why?": Language.ENGLISH,
    "Račun mi je opet veći nego prošlog mjeseca, zašto?": Language.HBS,
    "Račun mi je opet veći nego prošlog meseca, zašto?": Language.HBS,
    "Moj račun je spet višji kot prejšnji mesec, zakaj?": Language.SLOVENIAN,
    "Meine Rechnung ist schon wieder höher als im letzten Monat": Language.OTHER,
    "La mia bolletta è più alta del mese scorso": Language.OTHER,
    "ok": Language.OTHER,
    "12345 67,80 €": Language.OTHER,
    "": Language.OTHER,
}


def test_each_text_gets_its_language_in_place() -> None:
    assert dict(zip(SAID, detect(list(SAID)), strict=True)) == SAID


@pytest.mark.parametrize("text", ["ana@example.com http://example.com/a-b", "{amount} {plan} 12/05"])
def test_what_is_in_no_language_is_not_read(text: str) -> None:
    assert detect([text, text + " kje je moj račun, prosim za odgovor"]) == [
        Language.OTHER,
        Language.SLOVENIAN,
    ]


def test_nothing_asked() -> None:
    assert detect([]) == []
