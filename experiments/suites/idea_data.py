"""IDEA (Gao et al. 2018): reviews of apps by version with their change logs, and the rule by which issues are judged.

The rule is that of the authors' own program. An issue of a change log is a few words; it is found where any of them is
like any word of a label. A version is judged by its own line of the change log and the next one, and not at all where
its own is empty. `recall` is the share of these issues that the labels of all themes name, `precision` the share of
emerging themes whose labels name any of them; both are means over versions, and F is their harmonic mean. The first
version has no emerging themes; one in which nothing emerges does not count for precision.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voc.data.text import fold, one_line
from voc.errors import InputError
from voc.experiments.sets import wrong
from voc.models.tasks import Floats

LEAST_REVIEWS = 51
"""Versions with fewer reviews are left out, as IDEA does."""
_FOLDER, _BETWEEN = "idea_appreviews", "******"
_REVIEWS = "total_info.txt"
_STEM = 5

Words = frozenset[str]
Alike = Callable[[str, str], bool]
"""Whether two folded words say the same."""


@dataclass(frozen=True)
class Version:
    """One version of an app: its reviews, and the issues of its line of the change log and of the next one."""

    name: str
    reviews: tuple[str, ...]
    own: tuple[Words, ...]
    following: tuple[Words, ...]

    @property
    def issues(self) -> tuple[Words, ...]:
        """What it is judged by."""
        return self.own + self.following


@dataclass(frozen=True)
class Theme:
    """What a finder says of one theme in one version: the words of its labels, and the sentences that stand for it."""

    words: tuple[str, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a finder says of one version: themes that matter, and those that emerge."""

    themes: tuple[Theme, ...]
    emerging: tuple[Theme, ...]


def read_app(data: Path, name: str, text: int = 1, version: int = 3) -> tuple[Version, ...]:
    """The versions of an app, oldest first; the numbers say which columns of a line are text and version.

    Raises InputError without the data.
    """
    folder = data / _FOLDER / name
    reviews: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(folder / _REVIEWS), start=1):
        fields = line.split(_BETWEEN)
        if len(fields) <= version:
            raise wrong(folder / _REVIEWS, number, "line", f"{version + 1} fields and more", len(fields))
        reviews.setdefault(fields[version].strip(), []).append(one_line(fields[text]))
    known = {key: found for key, found in reviews.items() if key.replace(".", "").isdigit()}
    names = sorted(known, key=lambda key: [int(part) for part in key.split(".")])
    log = [_issues(line) for line in _lines(next(iter(sorted(folder.glob("changelog_*.txt"))), folder / "changelog"))]
    log += [()] * (len(names) + 1 - len(log))
    return tuple(
        Version(key, tuple(known[key]), log[place], log[place + 1])
        for place, key in enumerate(names)
        if len(known[key]) >= LEAST_REVIEWS
    )


def judge(versions: Sequence[Version], reports: Sequence[Report], alike: Alike, sentences: bool) -> dict[str, float]:
    """`precision`, `recall` and `f` by the rule above; by the themes' sentences or by their labels' words."""
    precisions, recalls = [], []
    for place, (version, report) in enumerate(zip(versions, reports, strict=True)):
        if not version.own:
            continue
        said = [_words(theme, sentences) for theme in report.themes]
        everything = frozenset[str]().union(*said)
        recalls.append(float(np.mean([_names(everything, issue, alike) for issue in version.issues])))
        wanted = frozenset[str]().union(*version.issues)
        if place and report.emerging:
            precisions.append(
                float(np.mean([_names(_words(theme, sentences), wanted, alike) for theme in report.emerging]))
            )
    precision, recall = (float(np.mean(part)) if part else 0.0 for part in (precisions, recalls))
    f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f": f}


def same_word(one: str, other: str) -> bool:
    """Whether two folded words are equal but for their ending."""
    shorter = min(len(one), len(other))
    begin = max(_STEM, shorter - 2)
    return one == other or (shorter >= _STEM and one[:begin] == other[:begin])


@dataclass(frozen=True)
class NearWords:
    """Words are alike where they are the same word, or their vectors have a cosine of `least` or more."""

    vectors: dict[str, Floats]
    least: float

    def __call__(self, one: str, other: str) -> bool:
        """See Alike."""
        if same_word(one, other):
            return True
        if one not in self.vectors or other not in self.vectors:
            return False
        return float(self.vectors[one] @ self.vectors[other]) >= self.least


def chance_cosine(vectors: Floats, share: float) -> float:
    """The cosine that such a share of all pairs of different (rows, width) unit vectors reaches."""
    cosines = (vectors @ vectors.T)[np.triu_indices(len(vectors), k=1)]
    return float(np.quantile(cosines, 1 - share))


def _issues(line: str) -> tuple[Words, ...]:
    return tuple(frozenset(fold(part).split()) for part in line.split(",") if part.strip())


def _words(theme: Theme, sentences: bool) -> Words:
    parts = theme.sentences if sentences else theme.words
    return frozenset(word.strip(".,;:!?()'\"") for part in parts for word in fold(part).split()) - {""}


def _names(words: Words, issue: Words, alike: Alike) -> bool:
    return any(alike(word, wanted) for word in words for wanted in issue)


def _lines(path: Path) -> Iterator[str]:
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise InputError(f"{path}: expected a file of the data set, got no such file") from None
    yield from content.removesuffix("\n").split("\n")
