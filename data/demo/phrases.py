"""The hand-written phrases: read, tagged by where they fit, and parted so that tests hold unseen ones."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from voc.config import read_toml
from voc.data.demo.company import FOLDER, Company, Speech, load_company
from voc.data.demo.draw import Draw
from voc.data.demo.gender import Gender, speaker_gender
from voc.data.text import to_latin
from voc.labels import Language, Script, Split

PARTED = ("openings", "details", "mood", "churn", "planted")
"""Tables whose lists are parted into train, dev and test; greetings and agents' lines give nothing away."""
_TEST_SHARE, _DEV_SHARE = 0.25, 0.15


@dataclass(frozen=True)
class Phrase:
    """One phrase and what is known of it. `id` is the same in both Serbian scripts: it is the same phrase."""

    id: str
    text: str
    split: Split | None
    """The split that may use it; None for those that every split uses."""
    gender: Gender | None
    business: bool
    greets: bool
    sloppy: bool
    spoken: bool
    written: bool
    when: str | None
    helped: bool
    fixed: bool
    unfit: bool


@dataclass(frozen=True)
class Want:
    """What a phrase has to fit. A wish that the pool cannot grant is dropped: a text always comes out."""

    gender: Gender | None = None
    business: bool = True
    spoken: bool | None = None
    """True in a call, False in writing, None where it does not matter."""
    when: str | None = None
    """Part of the day, for greetings and good-byes; `sunday` on Sundays."""
    helped: bool = True
    """False before help was given: no thanks for it then."""
    no_greeting: bool = False
    fixed: bool = True
    """False for those who have no fixed line."""

    def fits(self, phrase: Phrase) -> bool:
        """Whether every wish is granted."""
        return (
            (phrase.gender is None or self.gender is None or phrase.gender == self.gender)
            and (self.business or not phrase.business)
            and not (self.spoken is True and (phrase.written or phrase.sloppy))
            and not (self.spoken is False and phrase.spoken)
            and (phrase.when is None or phrase.when == self.when)
            and (self.helped or not phrase.helped)
            and not (self.no_greeting and phrase.greets)
            and (self.fixed or not phrase.fixed)
            and not phrase.unfit
        )


class PhraseBook:
    """Phrases of one form (a language in one script)."""

    def __init__(self, language: Language, lists: Mapping[str, Sequence[Phrase]], speech: Speech) -> None:
        self.language = language
        self.lists = lists
        self.speech = speech
        self._fitting: dict[tuple[str, Split, Want], list[Phrase]] = {}
        self._granted: dict[tuple[str, Split, Want], list[Phrase]] = {}

    def pick(self, draw: Draw, name: str, split: Split, want: Want) -> Phrase:
        """A phrase of the list `name` that a contact of `split` may use."""
        return draw.pick(self.fitting(name, split, want))

    def pick_fitting(self, draw: Draw, name: str, split: Split, want: Want) -> Phrase | None:
        """The same, or None where no phrase grants every wish."""
        key = (name, split, want)
        if key not in self._granted:
            self._granted[key] = [phrase for phrase in self.fitting(*key) if want.fits(phrase)]
        return draw.pick(self._granted[key]) if self._granted[key] else None

    def fitting(self, name: str, split: Split, want: Want) -> list[Phrase]:
        """The phrases of a list that `split` may use and that fit; where none does, wishes are dropped."""
        key = (name, split, want)
        if key not in self._fitting:
            allowed = [phrase for phrase in self.lists[name] if phrase.split in (None, split)]
            wishes = (want, Want(gender=want.gender, fixed=want.fixed), Want(gender=want.gender), Want())
            tried = ([phrase for phrase in allowed if wish.fits(phrase)] for wish in wishes)
            self._fitting[key] = next(filter(None, tried), allowed)
        return self._fitting[key]


@cache
def raw_lists(language: Language, folder: Path = FOLDER / "phrases") -> dict[str, list[str]]:
    """All lists of a phrase file by path: `openings/bill_higher`, `churn/leaving/plain`, …"""
    return dict(_walk(read_toml(folder / f"{language}.toml"), ""))


def phrase_book(form: str, seed: int) -> PhraseBook:
    """The phrases of a form, parted by `seed`. Both Serbian scripts are parted alike."""
    company = load_company()
    language, script = company.forms[form].language, company.forms[form].script
    speech = company.speech[language]
    lists = {name: _phrases(company, language, name, texts, seed) for name, texts in raw_lists(language).items()}
    if language == Language.SERBIAN and script == Script.LATIN:
        lists = {
            name: [replace(phrase, text=to_latin(phrase.text)) for phrase in phrases] for name, phrases in lists.items()
        }
        speech = _latin(speech)
    return PhraseBook(language, lists, speech)


def partition(count: int, rng: np.random.Generator) -> list[Split]:
    """A split for each phrase of a list: about 60 % train, 15 % dev, 25 % test, at least one of each."""
    test, dev = max(1, round(count * _TEST_SHARE)), max(1, round(count * _DEV_SHARE))
    splits = [Split.TEST] * test + [Split.DEV] * dev + [Split.TRAIN] * (count - test - dev)
    return [splits[index] for index in rng.permutation(count)]


def _phrases(company: Company, language: Language, name: str, texts: Sequence[str], seed: int) -> list[Phrase]:
    splits: Sequence[Split | None] = [None] * len(texts)
    if name.split("/")[0] in PARTED:
        # Seeded by the list's name, so that a list added later leaves the other partitions as they are.
        splits = partition(len(texts), np.random.default_rng([seed, *f"{language}/{name}".encode()]))
    speech = company.speech[language]
    return [
        _phrase(f"{language}/{name}/{index}", text, split, language, speech)
        for index, (text, split) in enumerate(zip(texts, splits, strict=True))
    ]


def _phrase(id_: str, text: str, split: Split | None, language: Language, speech: Speech) -> Phrase:
    lower, table = text.lower(), id_.split("/")[1]
    framing = table in ("agent", "customer")  # greetings and the like, whose wording gives the channel away

    def has(beginnings: tuple[str, ...]) -> bool:
        return bool(beginnings) and _any_of(beginnings).search(lower) is not None

    times = {name: getattr(speech, name) for name in ("morning", "afternoon", "evening", "sunday")}
    return Phrase(
        id=id_,
        text=text,
        split=split,
        gender=speaker_gender(text, language),
        business=table != "mood" and has(speech.business),
        greets=speech.greets(text),
        sloppy=text[:1].islower(),
        spoken=framing and has(speech.spoken),
        written=has(speech.formal) or (framing and has(speech.written)),
        when=next((name for name, stems in times.items() if has(stems)), None),
        helped=has(speech.helped),
        fixed=table not in ("agent", "mood") and has(speech.fixed),
        unfit=has(speech.unfit),
    )


@cache
def _any_of(beginnings: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, beginnings))})")


def _walk(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, list[str]]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{path}{key}/")
        elif isinstance(value, list):
            yield f"{path}{key}", value


def _latin(speech: Speech) -> Speech:
    values = {
        name: to_latin(value) if isinstance(value, str) else tuple(map(to_latin, value))
        for name, value in speech.model_dump().items()
    }
    return Speech.model_validate(values)
