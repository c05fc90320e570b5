"""Language of contacts whose source does not say it."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from voc.data.text import script_of
from voc.labels import Language, Script

if TYPE_CHECKING:
    from lingua import ConfidenceValue, LanguageDetector

_MOST_CHARACTERS = 120
"""Characters that are read. The detector's time grows with them, its accuracy hardly does."""
_LEAST_LETTERS = 8
_LEAST_CONFIDENCE = 0.5
_NOT_WORDS = re.compile(r"\S*[@/\d_{}]\S*")  # addresses, links, numbers, placeholders: in no language
_NOT_SERBIAN = re.compile("[щъыьэюяйёіїєґѓќѕ]", re.IGNORECASE)

# Croatian, Serbian and Bosnian in Latin script are one: on short texts nothing tells them apart reliably.
_LANGUAGES = {
    "EN": Language.ENGLISH,
    "HR": Language.HBS,
    "SR": Language.HBS,
    "BS": Language.HBS,
    "SL": Language.SLOVENIAN,
    "DE": Language.OTHER,
    "IT": Language.OTHER,
}


def detect(texts: Sequence[str]) -> list[Language]:
    """Language of each text; `OTHER` also where a text is too short, or in none of the languages for sure.

    Cyrillic is Serbian here, unless it has letters that Serbian has not. The first text in Latin script loads
    the detector's models (about 1.4 s and 180 MB).
    """
    found = [Language.OTHER] * len(texts)
    words = [_words(text) for text in texts]
    asked = []
    for place, text in enumerate(words):
        if script_of(text) is Script.CYRILLIC:
            found[place] = Language.OTHER if _NOT_SERBIAN.search(text) else Language.SERBIAN
        elif sum(map(str.isalpha, text)) >= _LEAST_LETTERS:
            asked.append(place)
    if asked:
        answers = _detector().compute_language_confidence_values_in_parallel([words[place] for place in asked])
        for place, values in zip(asked, answers, strict=True):
            found[place] = _most_probable(values)
    return found


def _words(text: str) -> str:
    """The first words of a text, without what is in no language."""
    cut = " ".join(_NOT_WORDS.sub(" ", text[: 4 * _MOST_CHARACTERS]).split())
    return cut if len(cut) <= _MOST_CHARACTERS else cut[:_MOST_CHARACTERS].rsplit(" ", 1)[0]


def _most_probable(values: "list[ConfidenceValue]") -> Language:
    """The group with the surest member; its three members' sum would count the same words three times."""
    shares = dict.fromkeys(_LANGUAGES.values(), 0.0)
    for value in values:
        group = _LANGUAGES[value.language.iso_code_639_1.name]
        shares[group] = max(shares[group], value.value)
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= _LEAST_CONFIDENCE * sum(shares.values()) else Language.OTHER


@cache
def _detector() -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # its import costs what only this function needs

    codes = [getattr(IsoCode639_1, name) for name in _LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()
