"""Theme discovery: BERTopic over stored vectors, and assignment of any contact to the themes found."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voc.config import ThemeSettings
from voc.data.text import fold
from voc.models.stopwords import WORD, stop_words
from voc.models.tasks import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Centres:
    """Mean vectors of groups of texts (a language in one script), and of all texts.

    A multilingual encoder puts every language into a corner of its own. Measured from their own language's mean,
    translations come together and themes run across languages.
    """

    groups: Mapping[str, Floats]
    whole: Floats

    @classmethod
    def of(cls, vectors: Floats, groups: Sequence[str], least: int = 100) -> "Centres":
        """Means of (rows, width) vectors by group; groups with fewer than `least` rows go by the mean of all."""
        names = np.asarray(groups)
        means = {
            name: vectors[names == name].mean(axis=0) for name in sorted(set(groups)) if (names == name).sum() >= least
        }
        return cls(means, vectors.mean(axis=0))

    def apply(self, vectors: Floats, groups: Sequence[str]) -> Floats:
        """Vectors (rows, width) measured from their group's mean, of unit length."""
        shifted = vectors - np.stack([self.groups.get(name, self.whole) for name in groups])
        length = np.linalg.norm(shifted, axis=1, keepdims=True)
        return np.asarray(shifted / np.maximum(length, 1e-9), dtype=np.float32)


@dataclass(frozen=True)
class Themes:
    """Themes found, largest first.

    `keywords` a list a theme, most telling first, as customers write them; `centroids` (themes, width) of unit length;
    `floors` (themes,) the least cosine to the centroid with which a text still belongs to the theme; `members` a
    theme of each fitted text, -1 for none.
    """

    keywords: tuple[tuple[str, ...], ...]
    centroids: Floats
    floors: Floats
    members: Ints

    def __len__(self) -> int:
        return len(self.keywords)

    def assign(self, vectors: Floats) -> tuple[Ints, Floats]:
        """Nearest theme of each (rows, width) vector, -1 where it is below that theme's floor; and its cosine."""
        if len(self) == 0 or len(vectors) == 0:
            return np.full(len(vectors), -1), np.zeros(len(vectors), dtype=np.float32)
        cosines = vectors @ self.centroids.T
        best = cosines.argmax(axis=1)
        similarity = cosines[np.arange(len(best)), best]
        return np.where(similarity >= self.floors[best], best, -1), similarity

    def label(self, theme: int, words: int = 3) -> str:
        """A short name out of the keywords."""
        return ", ".join(self.keywords[theme][:words])


def find_themes(texts: Sequence[str], vectors: Floats, settings: ThemeSettings) -> Themes:
    """Cluster texts by their unit vectors (rows, width). Deterministic for the same texts, order, vectors and seed.

    Texts that are equal but for case, diacritics or script count once, so that a form letter is no theme by its copies.
    Fewer distinct texts than two themes need give no themes.
    """
    folded = [fold(text) for text in texts]
    first = {text: row for row, text in reversed(list(enumerate(folded)))}
    rows = np.array(sorted(first.values()), dtype=np.int64)
    if len(rows) < max(2 * settings.size_for(len(rows)), settings.neighbours + 2):
        return _no_themes(len(texts), vectors.shape[1])
    topics = _bertopic(settings, len(rows))
    found, _ = topics.fit_transform([folded[row] for row in rows], embeddings=vectors[rows])
    clusters = np.asarray(found)
    if clusters.max() < 0:
        return _no_themes(len(texts), vectors.shape[1])
    surface = _surface_forms(texts)
    keywords = tuple(
        tuple(_as_written(word, surface) for word, weight in topics.get_topic(theme) if word and weight > 0)
        for theme in range(clusters.max() + 1)
    )
    centroids = np.stack([_unit(vectors[rows[clusters == theme]].mean(axis=0)) for theme in range(len(keywords))])
    floors = np.array(
        [np.quantile(vectors[rows[clusters == theme]] @ centroids[theme], 0.1) for theme in range(len(keywords))],
        dtype=np.float32,
    )
    theme_of = dict(zip((folded[row] for row in rows), clusters.tolist(), strict=True))
    members = np.array([theme_of[text] for text in folded], dtype=np.int64)
    return Themes(keywords, centroids.astype(np.float32), floors, members)


def _bertopic(settings: ThemeSettings, texts: int) -> "BERTopic":  # type: ignore[name-defined]  # noqa: F821
    # Importing these compiles and takes seconds: only commands that look for themes pay for it.
    from bertopic import BERTopic
    from bertopic.vectorizers import ClassTfidfTransformer
    from hdbscan import HDBSCAN
    from sklearn.feature_extraction.text import CountVectorizer
    from umap import UMAP

    return BERTopic(
        umap_model=UMAP(
            n_neighbors=settings.neighbours,
            n_components=settings.components,
            min_dist=0.0,
            metric="cosine",
            random_state=settings.seed,
            n_jobs=1,
        ),
        hdbscan_model=HDBSCAN(min_cluster_size=settings.size_for(texts), core_dist_n_jobs=1),
        vectorizer_model=CountVectorizer(
            stop_words=sorted(stop_words()),
            token_pattern=WORD,
            lowercase=False,
        ),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
        top_n_words=settings.keywords,
        calculate_probabilities=False,
    )


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
    return forms.most_common(1)[0][0] if forms else word


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _no_themes(rows: int, width: int) -> Themes:
    return Themes((), np.zeros((0, width), np.float32), np.zeros(0, np.float32), np.full(rows, -1))
