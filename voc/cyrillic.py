"""Serbian's two scripts. Leaf module, imports nothing of ours."""

import re

# Serbian Cyrillic is written one sound a letter, so this map, the one in daily use, loses nothing.
LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "đ", "е": "e", "ж": "ž", "з": "z", "и": "i",
    "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "ћ": "ć", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "č", "џ": "dž", "ш": "š",
}  # fmt: skip
"""Each small Cyrillic letter of Serbian as it is written in Latin."""
CYRILLIC = re.compile("[\u0400-\u04ff]+")
_TO_LATIN = str.maketrans(LETTERS | {key.upper(): value.capitalize() for key, value in LETTERS.items()})


def to_latin(text: str) -> str:
    """Serbian Cyrillic letters to Latin ones; everything else stays."""
    return text.translate(_TO_LATIN) if CYRILLIC.search(text) else text
