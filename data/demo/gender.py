"""Whether the speaker of a phrase says of himself "bio sam" or "bila sam": one contact must not say both.

Rules of thumb on words beside the first-person auxiliary, good enough to keep voices apart; where they see
nothing or both, the phrase fits everybody.
"""

import re
from enum import StrEnum

from voc.data.text import to_latin
from voc.labels import Language


class Gender(StrEnum):
    """Grammatical gender in which a speaker speaks of himself."""

    FEMININE = "f"
    MASCULINE = "m"


def _beside(auxiliary: str, participle: str) -> str:
    between = r"(?:\s+\w+){0,2}\s+"
    return rf"\b(?:{auxiliary})\b{between}{participle}\b|\b{participle}{between}(?:{auxiliary})\b"


_HBS_AUXILIARY = "sam|nisam|bih"
_HBS_FEMININE = (
    "sigurna|zadovoljna|nezadovoljna|razočarana|ljuta|dužna|prisiljena|spremna|sretna|srećna|zahvalna|prevarena|"
    "iskrena|nervozna|oduševljena|iznenađena|očajna|dostupna|slobodna|nova|korisnica|muža?|mužu|suprugu?"
)
_HBS_MASCULINE = (
    "siguran|zadovoljan|nezadovoljan|razočaran|dužan|prisiljen|spreman|sretan|srećan|zahvalan|prevaren|iskren|"
    "nervozan|oduševljen|iznenađen|očajan|dostupan|strpljiv|voljan|žena|ženu|ženom|supruga"
)
_SL_FEMININE = (
    "rada|razočarana|zadovoljna|jezna|obupana|hvaležna|vesela|presrečna|stoodstotna|dosegljiva|presenečena|sigurna|"
    "naveličana|navdušena|prepričana|mož|možem|moža"
)
_SL_MASCULINE = (
    "rad|razočaran|zadovoljen|jezen|obupan|hvaležen|vesel|srečen|navdušen|dosegljiv|presenečen|prepričan|"
    "žena|ženo|ženi|nov naročnik"
)

_HBS_RULES = (
    _beside(_HBS_AUXILIARY, r"(?!hvala)[^\W\d]{2,}la") + rf"|\b(?:{_HBS_FEMININE})\b",
    _beside(_HBS_AUXILIARY, r"(?!kao\b|dio\b|posao\b|cio\b|ceo\b)[^\W\d]+[aeiu]o") + rf"|\b(?:{_HBS_MASCULINE})\b",
)
_RULES = {
    Language.CROATIAN: _HBS_RULES,
    Language.SERBIAN: _HBS_RULES,
    Language.SLOVENIAN: (
        _beside("sem|nisem|bom|bi", r"(?!hvala)[^\W\d]{2,}la") + rf"|\b(?:{_SL_FEMININE})\b",
        _beside("sem|nisem|bom|bi", r"(?!signal|portal|kanal)[^\W\d]+[aeiouklgrš]l") + rf"|\b(?:{_SL_MASCULINE})\b",
    ),
    Language.ENGLISH: (r"\bmy husband\b", r"\bmy wife\b"),
}
_COMPILED = {
    language: (re.compile(feminine), re.compile(masculine)) for language, (feminine, masculine) in _RULES.items()
}


def speaker_gender(text: str, language: Language) -> Gender | None:
    """Gender of the speaker, or None where the phrase does not show it."""
    feminine, masculine = (pattern.search(to_latin(text).lower()) for pattern in _COMPILED[language])
    if bool(feminine) == bool(masculine):
        return None
    return Gender.FEMININE if feminine else Gender.MASCULINE
