"""How words come out of a keyboard or a speech recogniser: noise on a clean text."""

import re

from voc.data.demo.company import Speech
from voc.data.demo.draw import Draw
from voc.data.demo.people import Style

_ROWS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopšđ", "asdfghjklčć", "yxcvbnm"),
    "љњертз": ("љњертзуиопшђ", "асдфгхјклчћ", "ѕџцвбнм"),
}
_BARE = str.maketrans("čćžšČĆŽŠ", "cczsCCZS")
_WORDS = re.compile(r"[^\W\d_]+")


def _neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    return {
        letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
        for row in rows
        for place, letter in enumerate(row)
    }


_KEYS = {name: _neighbours(rows) for name, rows in _ROWS.items()}


def keyboard(form: str) -> dict[str, str]:
    """Which keys lie beside a letter, on the keyboard of a form."""
    return _KEYS[{"en": "qwerty", "sr-Cyrl": "љњертз"}.get(form, "qwertz")]


def bare(text: str, dj: bool) -> str:
    """Without diacritics; `dj` for those who write đ as two letters."""
    text = text.replace("Đ", "Dj" if dj else "D").replace("đ", "dj" if dj else "d")
    return text.translate(_BARE)


def typed(draw: Draw, text: str, style: Style, form: str, relaxed: bool) -> str:
    """A written text as this writer leaves it; `relaxed` in chats and tickets, where nobody rereads."""
    if style.typos:
        keys = keyboard(form)
        rate = style.typos * (1.0 if relaxed else 0.5)
        text = _WORDS.sub(
            lambda word: _mistype(draw, word[0], keys) if len(word[0]) > 3 and draw.chance(rate) else word[0],
            text,
        )
    if relaxed and style.lower:
        text = text.lower()
    if relaxed and style.careless:
        text = re.sub(r",(?=\s)", "", text) if draw.chance(0.5) else text
        text = text.removesuffix(".")
    if style.bare:
        text = bare(text, dj=form == "sr-Latn")
    return text


def recognised(draw: Draw, text: str, speech: Speech, form: str, customer: bool) -> str:
    """A spoken text as a recogniser writes it: lower case, no punctuation, fillers, repeats, wrong joins.

    An agent speaks prepared sentences, so his turns get less of it.
    """
    text = re.sub(r"(?<=\d)[.,](?=\d)", "", text.lower())
    words = re.sub(r"[^\w\s'’-]|(?<!\w)[-'’]|[-'’](?!\w)", " ", text.replace("%", " % ")).split()
    much = 1.0 if customer else 0.3
    spoken: list[str] = []
    if customer and draw.chance(0.25):
        spoken.append(draw.pick(speech.fillers))
    for word in words:
        if len(spoken) > 1 and spoken[-1] in speech.joins and word.isalpha() and draw.chance(0.05 * much):
            spoken[-1] += word
            continue
        spoken.append(word)
        if draw.chance(0.02 * much) and word.isalpha():
            spoken.append(word)
        elif draw.chance(0.035 * much):
            spoken.append(draw.pick(speech.fillers))
    heard = " ".join(spoken)
    if form not in ("en", "sr-Cyrl") and draw.chance(0.15):
        heard = bare(heard, dj=False)
    return heard


def _mistype(draw: Draw, word: str, keys: dict[str, str]) -> str:
    place = 1 + draw.below(len(word) - 1)
    letter = word[place]
    kind = draw.uniform()
    if kind < 0.3:
        return word[:place] + word[place + 1 :]
    if kind < 0.55:
        return word[: place - 1] + letter + word[place - 1] + word[place + 1 :]
    if kind < 0.7:
        return word[:place] + letter + word[place:]
    beside = keys.get(letter.lower())
    return word[:place] + draw.pick(beside) + word[place + 1 :] if beside else word
