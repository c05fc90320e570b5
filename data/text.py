"""Text of a contact as models and searches see it, the same in all languages and both scripts."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from voc.cyrillic import CYRILLIC, LETTERS
from voc.cyrillic import to_latin as to_latin
from voc.labels import Script, Speaker

# The first three have a stroke that Unicode's decomposition does not take off; the others are here for speed, since
# they are nearly all that Croatian, Slovenian and Serbian need.
_PLAIN = (("đ", "d"), ("ł", "l"), ("ø", "o"), ("č", "c"), ("ć", "c"), ("š", "s"), ("ž", "z"))
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_MARKS = re.compile("[\u0300-\u036f]+")  # those of European writing, removed in one go
_PERHAPS_MARK = re.compile("[\u0300-\U0010ffff]")  # below, no character is a combining one
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # they would steer a terminal
_LATIN = re.compile("[A-Za-zªµº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+")


def fold(text: str) -> str:
    """The form in which words are compared: Latin, lower case, no diacritics, single spaces.

    Folding twice is folding once. (Compatibility caseless matching of the Unicode Standard, section 3.13,
    D146, with the marks taken off.)
    """
    if not text.isascii():
        text = _plain(text.casefold())
        if not text.isascii():
            text = _plain(unicodedata.normalize("NFKD", text).casefold())
            text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
        if not text.isascii():
            text = _PERHAPS_MARK.sub(_without_mark, text)
    return " ".join(text.casefold().split())


def wording(text: str) -> str:
    """The folded text with every number as 0: the same for all copies of a form letter, however they are filled in."""
    return _NUMBER.sub("0", fold(text))


def fingerprints(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    """64 bits of each text's wording, (texts,): equal for texts that are equal but for case, diacritics, script and
    numbers."""
    digests = b"".join(hashlib.blake2b(wording(text).encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=np.uint64)


def one_line(text: str) -> str:
    """What somebody typed into a field: without control characters, single spaces."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def script_of(text: str) -> Script:
    """The script that most letters are in; Latin where there are none."""
    if text.isascii() or not (cyrillic := _letters(CYRILLIC, text)):
        return Script.LATIN
    return Script.CYRILLIC if cyrillic > _letters(_LATIN, text) else Script.LATIN


def _letters(runs: re.Pattern[str], text: str) -> int:
    return sum(map(len, runs.findall(text)))


def _plain(text: str) -> str:
    """Lower-case letters of the region without script and diacritics; a replacement each is faster than a table."""
    if CYRILLIC.search(text):
        for letter, latin in LETTERS.items():
            text = text.replace(letter, latin)
    for letter, plain in _PLAIN:
        text = text.replace(letter, plain)
    return text


def _without_mark(match: re.Match[str]) -> str:
    return "" if unicodedata.combining(match[0]) else match[0]


def contact_text(turns: Sequence[Mapping[str, Any]], speakers: str = "customer") -> str:
    """What a model reads of a contact, one turn a line.

    The customer's words come first, since a long text is cut at its end; with `speakers="everyone"` the
    company's follow.
    """
    return "\n".join(" ".join(turns[number]["text"].split()) for number in turn_numbers(turns, speakers))


def said_in(turns: Sequence[Mapping[str, Any]], place: Mapping[str, int] | None) -> str:
    """The words in a passage (turn, begin, end), as written. Without one, or where a contact that was told anew has no
    such turn any more, what the customer says in all."""
    if place is None or place["turn"] >= len(turns):
        return contact_text(turns)
    return str(turns[place["turn"]]["text"][place["begin"] : place["end"]])


def turn_numbers(turns: Sequence[Mapping[str, Any]], speakers: str = "customer") -> list[int]:
    """The turns that `contact_text` reads, a line each, in the order of its lines; blank ones are left out."""
    own = _spoken(turns, {Speaker.CUSTOMER})
    return [*own, *_spoken(turns, {Speaker.AGENT, Speaker.BOT})] if speakers == "everyone" else own


def _spoken(turns: Sequence[Mapping[str, Any]], who: set[Speaker]) -> list[int]:
    return [number for number, turn in enumerate(turns) if turn["speaker"] in who and turn["text"].strip()]
