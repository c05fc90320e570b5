"""Words that tell a theme from the others: class TF-IDF with a minimum of evidence, the same in every language."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from voc.data.text import fold
from voc.models.stopwords import WORD, stop_words

LEAST_TEXTS = 3
"""A keyword, in any of its forms, occurs in at least so many different texts of its theme (in half of them where it has
fewer than six)."""
LEAST_SHARE = 0.04
"""And in such a share of them: with five written forms in one inbox, a fifth of those that could have the word."""
LEAST_CUSTOMERS = 2
_CANDIDATES = 8  # times as many words are looked at as are wanted, since evidence and twins take some away
_STEM = 5  # words with so many first letters alike are forms of one word: inflected languages would repeat it


def theme_keywords(
    texts: Sequence[str],
    customers: Sequence[str],
    members: npt.NDArray[np.int64],
    themes: int,
    most: int,
    unsaid: Sequence[str] = (),
) -> tuple[tuple[str, ...], ...]:
    """At most `most` words a theme, most telling first, as customers write them.

    `members` (texts,) is the theme of each text, -1 for none. Words are compared folded, so that one in two scripts is
    one word; forms that share their beginning count once. Forms of `unsaid` words, the company's name for one, say
    nothing. A theme of stop words alone has no keywords. Weights are BERTopic's class TF-IDF.
    """
    # Imported here: BERTopic takes seconds, and only commands that look for themes pay for it.
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    own = [fold(word) for word in unsaid]
    placed = np.flatnonzero(members >= 0).tolist()
    folded = [fold(texts[row]) for row in placed]
    vectoriser = CountVectorizer(stop_words=sorted(stop_words()), token_pattern=WORD, lowercase=False)
    try:
        counts = vectoriser.fit_transform(folded)
    except ValueError:  # not one word that is no stop word
        return ((),) * themes
    theme_of = members[placed]
    in_theme = csr_matrix((np.ones(len(placed)), (theme_of, np.arange(len(placed)))), shape=(themes, len(placed)))
    totals = csr_matrix(in_theme @ counts)
    weights = csr_matrix(ClassTfidfTransformer().fit(totals).transform(totals))
    words, surface = vectoriser.get_feature_names_out(), _surface_forms([texts[row] for row in placed])
    by_word = (counts > 0).tocsc()
    forms: dict[str, list[str]] = defaultdict(list)
    for word in words.tolist():
        forms[word[:_STEM]].append(word)
    found = []
    for theme in range(themes):
        rows = set(np.flatnonzero(theme_of == theme).tolist())
        distinct = len({folded[row] for row in rows})
        least = min(max(LEAST_TEXTS, LEAST_SHARE * distinct), max(1, distinct // 2))
        chosen: list[str] = []
        for word in _ranked(weights[theme], words)[: most * _CANDIDATES]:
            alike = [vectoriser.vocabulary_[form] for form in forms[word[:_STEM]] if one_word(word, form)]
            having = rows.intersection(
                row for place in alike for row in by_word.indices[by_word.indptr[place] : by_word.indptr[place + 1]]
            )
            enough = len({folded[row] for row in having}) >= least
            people = {customers[placed[row]] for row in having}
            if (
                enough
                and len(people) >= LEAST_CUSTOMERS
                and not any(one_word(word, other) for other in [*own, *chosen])
            ):
                chosen.append(word)
            if len(chosen) == most:
                break
        found.append(tuple(_as_written(word, surface) for word in chosen))
    return tuple(found)


def _ranked(weights: csr_matrix, words: npt.NDArray[np.object_]) -> list[str]:
    """Words of a row of weights, heaviest first; equal ones by name, so that no order of texts shows."""
    pairs = zip(weights.data.tolist(), words[weights.indices].tolist(), strict=True)
    return [word for weight, word in sorted(pairs, key=lambda pair: (-pair[0], pair[1])) if weight > 0]


def one_word(word: str, other: str) -> bool:
    """Whether two folded words are forms of one: they begin alike."""
    shorter = min(len(word), len(other))
    return word[: max(_STEM, shorter - 2)] == other[: max(_STEM, shorter - 2)]


def _surface_forms(texts: Sequence[str]) -> dict[str, Counter[str]]:
    """How customers write each folded word, counted."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in text.split():
            bare = word.strip(".,;:!?()[]\"'„“”»«…-").lower()
            if bare:
                forms[fold(bare)][bare] += 1
    return forms


def _as_written(word: str, surface: dict[str, Counter[str]]) -> str:
    forms = surface.get(word)
    return min(forms, key=lambda form: (-forms[form], form)) if forms else word
