"""The glossary: customers' English, phrase by phrase, in Croatian, Slovenian and Serbian; written for this project.

Most labels are English, the contacts are not. So an English contact with labels is also learnt from as a rough
translation: the longest phrases that the glossary knows are put into the other language, the rest stays (multilingual
code-switching as augmentation, Qin et al. 2020). Grammar suffers, meaning hardly does, and nothing of it is ever
measured on.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from voc.config import TrainingSettings
from voc.data.text import to_latin
from voc.labels import Language
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet, target_column
from voc.training.seed import FORMS as SEED_FORMS

FORMS = tuple(form for form in SEED_FORMS if form != Language.ENGLISH)
RARE = 0.1
"""A language with fewer labels than this share of the English ones is one that labels lack."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?…\n]\s*$")


@dataclass(frozen=True)
class Glossary:
    """English phrases, lower case, to their translations by written form; `longest` is the most words of a phrase."""

    entries: Mapping[str, Mapping[str, str]]
    longest: int

    def switch(self, text: str, form: str) -> str:
        """English into `form`, longest phrases first; what is not known stays as it is."""
        words = list(_WORD.finditer(text))
        parts: list[str] = []
        place, done = 0, 0
        while place < len(words):
            count, said = self._longest_at(text, words, place, form)
            begin, end = words[place].start(), words[place + count - 1].end()
            between = text[done:begin]
            starts = begin == 0 or bool(_SENTENCE_END.search(text[:begin]))
            if starts and text[begin].isupper():
                said = said[:1].upper() + said[1:]
            # A word that the other language leaves out takes the space before it along.
            parts.append((between if said else between.rstrip(" ")) + said)
            place, done = place + count, end
        return ("".join(parts) + text[done:]).strip()

    def _longest_at(self, text: str, words: Sequence[re.Match[str]], place: int, form: str) -> tuple[int, str]:
        """How many words from here on are one phrase, and what they become."""
        key, last = "", words[place].start()
        found = (1, words[place][0])
        for count, word in enumerate(words[place : place + self.longest], start=1):
            if count > 1 and text[last : word.start()] != " ":
                break
            key, last = f"{key} {word[0].lower().replace('’', chr(39))}".strip(), word.end()
            if key in self.entries:
                found = (count, self.entries[key][form])
        return found


@cache
def glossary() -> Glossary:
    """The built-in one."""
    rows = csv.DictReader((files(__package__) / "glossary.csv").read_text(encoding="utf-8").splitlines())
    entries = {
        row["en"]: {"hr": row["hr"], "sl": row["sl"], "sr-Cyrl": row["sr"], "sr-Latn": to_latin(row["sr"])}
        for row in rows
    }
    return Glossary(entries, max(len(key.split()) for key in entries))


def with_switched(own: LabelledSet, tasks: Sequence[Task], settings: TrainingSettings) -> LabelledSet:
    """The contacts and, in `switched_forms` of the written forms that labels lack, copies of the English ones.

    A copy's anchor is its original.
    """
    languages = np.asarray(own.languages)
    english = np.flatnonzero(languages == Language.ENGLISH)
    lacking = [form for form in FORMS if (languages == form).sum() < RARE * len(english)]
    most = min(settings.switched_forms, len(lacking))
    if not most:
        return own
    draw = np.random.default_rng(settings.seed)
    chosen = [(row, lacking[form]) for row in english.tolist() for form in draw.permutation(len(lacking))[:most]]
    texts, anchors = own.texts, own.anchors
    rows = own.dataset.select([row for row, _ in chosen])
    columns: dict[str, Sequence[object]] = {
        "contact_id": [f"{identity}-{form}" for identity, (_, form) in zip(rows["contact_id"], chosen, strict=True)],
        "split": rows["split"],
        "language": [form for _, form in chosen],
        "text": [glossary().switch(texts[row], form) for row, form in chosen],
    }
    columns |= {target_column(task): rows[target_column(task)] for task in tasks}
    return own.extended(columns, [anchors[row] for row, _ in chosen])
