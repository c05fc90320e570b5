"""Text of a contact as models and searches see it, the same in all languages and both scripts."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from voc.labels import Script, Speaker

# Serbian Cyrillic is written one sound a letter, so this map loses nothing (ISO 9 aside, it is the one in daily use).
_CYRILLIC_TO_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "đ", "е": "e", "ж": "ž", "з": "z", "и": "i", "ј": "j",
    "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "ћ": "ć", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "č", "џ": "dž", "ш": "š",
}  # fmt: skip
_TO_LATIN = str.maketrans(
    _CYRILLIC_TO_LATIN | {key.upper(): value.capitalize() for key, value in _CYRILLIC_TO_LATIN.items()}
)
# Letters whose Unicode decomposition does not lose the stroke.
_STROKES = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "ø": "o", "ß": "ss"})


def to_latin(text: str) -> str:
    """Serbian Cyrillic letters to Latin ones; everything else stays."""
    return text.translate(_TO_LATIN)


def fold(text: str) -> str:
    """The form in which words are compared: Latin, lower case, no diacritics, single spaces."""
    decomposed = unicodedata.normalize("NFKD", to_latin(text).translate(_STROKES).casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.split())


def script_of(text: str) -> Script:
    """The script that most letters are in; Latin where there are none."""
    cyrillic = sum("\u0400" <= char <= "\u04ff" for char in text)
    latin = sum(char.isalpha() and char < "\u0250" for char in text)
    return Script.CYRILLIC if cyrillic > latin else Script.LATIN


def contact_text(turns: Sequence[Mapping[str, Any]], speakers: str = "customer") -> str:
    """What a model reads of a contact, one turn a line.

    The customer's words come first, since a long text is cut at its end; with `speakers="everyone"` the company's follow.
    """
    own = _spoken(turns, {Speaker.CUSTOMER})
    if speakers == "everyone":
        own = [*own, *_spoken(turns, {Speaker.AGENT, Speaker.BOT})]
    return "\n".join(own)


def _spoken(turns: Iterable[Mapping[str, Any]], who: set[Speaker]) -> list[str]:
    return [text for turn in turns if turn["speaker"] in who and (text := " ".join(turn["text"].split()))]
