"""Names for themes: what customers say in them and hardly anywhere else, as phrases of one language."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voc.data.text import fingerprints, fold, to_latin, wording
from voc.labels import Language
from voc.models.keywords import LEAST_CUSTOMERS, LEAST_SHARE, LEAST_TEXTS, one_word
from voc.models.stopwords import LEAST_LETTERS, stop_words

MOST_WORDS = 4
LONGEST = 60
"""Characters of a name."""
MOST_TEXTS = 400
"""So many texts of a theme are looked at for its name: more would change little, and cost."""
MOST_ELSEWHERE = 5_000
"""And so many of all themes for what is said elsewhere."""
BETWEEN = " · "
_PHRASES = 2
_LEAST_LIFT = 2.0  # times as frequent in the theme as in all others
_PRIOR = 50.0  # texts without the phrase that are added to the others: of few texts little can be said
_NEW = 0.5  # share of a second phrase's texts that do not have the first
_SAYS_MORE = (1.0, 1.5, 1.8, 1.9)  # by the number of words: a phrase is rarer than its words, and tells more
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]|[\d_]|\n")
_SERBOCROATIAN = frozenset({Language.CROATIAN, Language.SERBIAN, Language.HBS})

Members = npt.NDArray[np.int64]


def theme_names(
    texts: Sequence[str],
    customers: Sequence[str],
    languages: Sequence[str],
    members: Members,
    themes: int,
    wanted: str,
    unsaid: Sequence[str] = (),
    only: Collection[int] | None = None,
) -> tuple[str, ...]:
    """A name a theme out of one or two phrases; empty where there are none, or where it is not among `only`.

    `members` (texts,) is the theme of each text, -1 for none. Names are in the language that is `wanted` as far as the
    theme's texts allow it, else in a kindred or their own most frequent one; Serbian is written in Latin. A phrase has
    as much evidence as a keyword (see `keywords`): nobody's name, and no number, gets into a name of a theme by one
    customer. Forms of `unsaid` words, the company's name for one, say nothing.
    """
    placed = np.asarray(members) >= 0
    names = [""] * themes
    if not placed.any():
        return tuple(names)
    spoken, silent = np.asarray(languages), frozenset(unsaid)
    asked = set(range(themes) if only is None else only).intersection(members[placed].tolist())
    groups = [(frozenset({wanted}), asked)]
    if wanted in _SERBOCROATIAN:
        groups.append((_SERBOCROATIAN, asked))
    own = {theme: _commonest(spoken[members == theme]) for theme in sorted(asked)}
    groups += [
        (frozenset({language}), {theme for theme in asked if own[theme] == language})
        for language in sorted(set(own.values()))
    ]
    for group, which in groups:
        unnamed = {theme for theme in which if not names[theme]}
        if unnamed:
            _fill(names, unnamed, texts, customers, members, placed & np.isin(spoken, list(group)), silent)
    return tuple(names)


def _fill(
    names: list[str],
    asked: Collection[int],
    texts: Sequence[str],
    customers: Sequence[str],
    members: Members,
    rows: npt.NDArray[np.bool_],
    unsaid: frozenset[str],
) -> None:
    """Name these themes out of these rows of texts."""
    first: dict[str, int] = {}  # a form letter is no phrase of many
    for row in np.flatnonzero(rows).tolist():
        first.setdefault(wording(texts[row]), row)
    # By a hash of the words: so the first ones are a fair draw, whatever order the texts come in.
    order = np.argsort(fingerprints(first), kind="stable")
    drawn = np.fromiter(first.values(), np.int64, len(first))[order]
    said = {
        theme: _said(texts, customers, drawn[members[drawn] == theme][:MOST_TEXTS].tolist(), unsaid)
        for theme in sorted(asked)
    }
    candidates = {phrase for phrases, _ in said.values() for phrase in phrases}
    everywhere, of_theme = Counter[str](), Counter[tuple[str, int]]()
    for row in drawn[:MOST_ELSEWHERE].tolist():
        found = {phrase for phrase, _ in _phrases(texts[row])} & candidates
        everywhere.update(found)
        of_theme.update((phrase, int(members[row])) for phrase in found)
    for theme, (phrases, inside) in said.items():
        others = int((members[drawn[:MOST_ELSEWHERE]] != theme).sum()) + _PRIOR
        scores = {}
        for phrase, having in phrases.items():
            share = len(having) / inside
            elsewhere = max(everywhere[phrase] - of_theme[phrase, theme], 1) / others
            if share >= _LEAST_LIFT * elsewhere:
                scores[phrase] = float(share**0.5 * np.log(share / elsewhere) * _SAYS_MORE[phrase.count(" ")])
        chosen = _chosen(scores, phrases)
        names[theme] = _joined([_written(phrase, [texts[row] for row in phrases[phrase]]) for phrase in chosen])


def _said(
    texts: Sequence[str], customers: Sequence[str], rows: Sequence[int], unsaid: frozenset[str]
) -> tuple[dict[str, frozenset[int]], int]:
    """Phrases with enough evidence among a theme's rows, with the rows that have each, and how many rows there are."""
    having: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for phrase in {phrase for phrase, _ in _phrases(texts[row])}:
            having[phrase].append(row)
    least = max(LEAST_TEXTS, LEAST_SHARE * len(rows))
    kept = {
        phrase: frozenset(found)
        for phrase, found in having.items()
        if len(found) >= least
        and len({customers[row] for row in found}) >= LEAST_CUSTOMERS
        and not any(one_word(word, fold(other)) for word in phrase.split() for other in unsaid)
    }
    return kept, len(rows)


def _chosen(scores: dict[str, float], phrases: dict[str, frozenset[int]]) -> list[str]:
    """The most telling phrase, and another one of other words and mostly other texts."""
    chosen: list[str] = []
    for phrase in sorted(scores, key=lambda each: (-scores[each], each)):
        rows = phrases[phrase]
        if any(_alike(phrase, other) or len(rows - phrases[other]) < _NEW * len(rows) for other in chosen):
            continue
        chosen.append(phrase)
        if len(chosen) == _PHRASES:
            break
    return chosen


def _alike(phrase: str, other: str) -> bool:
    return any(one_word(one, two) for one in _telling(phrase) for two in _telling(other))


def _telling(phrase: str) -> list[str]:
    return [word for word in phrase.split() if word not in stop_words()]


def _phrases(text: str) -> Iterator[tuple[str, str]]:
    """Each phrase of a text, folded and as it is written in Latin: up to MOST_WORDS words with nothing between them,
    the first and the last of which say something."""
    run: list[tuple[str, str]] = []
    for token in [*_TOKEN.findall(to_latin(text)), "\n"]:
        if token[0].isalpha():
            run.append((_folded(token), token))
            continue
        for begin, (word, _) in enumerate(run):
            if _says_something(word):
                for end in range(begin, min(begin + MOST_WORDS, len(run))):
                    if _says_something(run[end][0]):
                        part = run[begin : end + 1]
                        yield " ".join(one for one, _ in part), " ".join(two for _, two in part)
        run = []


@lru_cache(maxsize=100_000)
def _folded(token: str) -> str:
    return fold(token)


def _says_something(word: str) -> bool:
    return len(word) >= LEAST_LETTERS and word.isalpha() and word not in stop_words()


def _written(phrase: str, texts: Iterable[str]) -> str:
    """A folded phrase as most of the texts have it, small letters apart: it may have begun a sentence."""
    forms = Counter(written.lower() for text in texts for found, written in _phrases(text) if found == phrase)
    return min(forms, key=lambda form: (-forms[form], form))


def _joined(phrases: Sequence[str]) -> str:
    name = ""
    for phrase in phrases:
        longer = f"{name}{BETWEEN}{phrase}" if name else phrase
        if len(longer) > LONGEST:
            break
        name = longer
    return name[:1].upper() + name[1:]


def _commonest(values: npt.NDArray[np.str_]) -> str:
    found, counts = np.unique(values, return_counts=True)
    return str(found[counts.argmax()])
