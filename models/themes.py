"""Theme discovery: BERTopic over vectors of the theme space, and assignment of any contact to the themes found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voc.config import ThemeSettings
from voc.data.text import wording
from voc.models.keywords import theme_keywords
from voc.models.tasks import Floats
from voc.models.theme_space import unit

Ints = npt.NDArray[np.int64]

SAME = 0.8
"""Clusters whose centres are at this cosine or more are one theme."""
NEAR = 0.4
"""A text belongs to the nearest theme down to so large a share of the cosine that the theme's texts have in the middle.
Higher, more is in no theme; lower, what is new is taken for something known. Chosen on NatCS banking and a sample of
CLINC150, with intents kept out of the fit."""
MANY = 10_000
"""Above so many texts UMAP starts from principal components and takes half the steps of its default. Themes then agree
with true intents as well, and are hardly farther from those of the default than another seed's are: tried on 11,000 and
20,000 mixtures of Banking77 and CLINC150, by a script that is not kept."""
_STEPS = 100


@dataclass(frozen=True)
class Themes:
    """Themes found, largest first.

    `keywords` a list a theme, most telling first, as customers write them; `centroids` (themes, width) of unit length;
    `floors` (themes,) the least cosine to the centroid with which a text still belongs to the theme; `members` a
    theme of each fitted text, -1 for none: what `assign` says of it, and the same for texts that are equal but for
    case, diacritics, script and numbers.
    """

    keywords: tuple[tuple[str, ...], ...]
    centroids: Floats
    floors: Floats
    members: Ints

    def __len__(self) -> int:
        return len(self.keywords)

    def assign(self, vectors: Floats) -> tuple[Ints, Floats]:
        """See `assign`."""
        return assign(vectors, self.centroids, self.floors)

    def label(self, theme: int, words: int = 3) -> str:
        """A short name out of the keywords."""
        return label_of(self.keywords[theme], words)


def label_of(keywords: Sequence[str], words: int = 3) -> str:
    """A short name out of keywords; a dash where there are none."""
    return ", ".join(keywords[:words]) or "–"


def assign(vectors: Floats, centroids: Floats, floors: Floats, least: Floats | None = None) -> tuple[Ints, Floats]:
    """Nearest of (themes, width) centroids for each (rows, width) vector, -1 below its floor; and the cosine.

    `least` (rows, themes): a centroid at a lower cosine of this row is passed over, however near it is.
    """
    if len(centroids) == 0 or len(vectors) == 0:
        return np.full(len(vectors), -1), np.zeros(len(vectors), dtype=np.float32)
    cosines = vectors @ centroids.T
    if least is not None:
        cosines[cosines < least] = -1.0
    best = cosines.argmax(axis=1)
    similarity = cosines[np.arange(len(best)), best]
    return np.where(similarity >= floors[best], best, -1), similarity


def floor_of(vectors: Floats, centroid: Floats) -> float:
    """The least cosine to a theme's (width,) centroid with which a text is in it, by its own (rows, width) texts."""
    return float(NEAR * np.median(vectors @ centroid))


def find_themes(
    texts: Sequence[str], vectors: Floats, settings: ThemeSettings, customers: Sequence[str] | None = None
) -> Themes:
    """Cluster texts by their unit vectors (rows, width), of `customers` (None: a different one each).

    The same for the same texts, vectors and seed in any order. Texts that are equal but for case, diacritics, script or
    numbers count once, so that a form letter is no theme by its copies. Fewer distinct texts than two themes need give
    none.
    """
    said = [wording(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda row: (said[row], texts[row], vectors[row].tobytes()))
    first: dict[str, int] = {}
    for row in order:
        first.setdefault(said[row], row)
    rows = np.array(list(first.values()), dtype=np.int64)
    if len(rows) < max(2 * settings.size_for(len(rows)), settings.neighbours + 2):
        return _no_themes(len(texts), vectors.shape[1])
    distinct = np.ascontiguousarray(vectors[rows])
    clusters = _merged(_clusters([said[row] for row in rows], distinct, settings), distinct)
    if clusters.max() < 0:
        return _no_themes(len(texts), vectors.shape[1])
    centroids, floors = _centres(clusters, distinct)
    place = dict(zip(first, assign(distinct, centroids, floors)[0].tolist(), strict=True))
    members = np.array([place[text] for text in said], dtype=np.int64)
    centroids, floors, members = _largest_first(centroids, floors, members)
    people = customers if customers is not None else [str(row) for row in range(len(texts))]
    keywords = theme_keywords(texts, people, members, len(centroids), settings.keywords)
    return Themes(keywords, centroids, floors, members)


def _clusters(texts: Sequence[str], vectors: Floats, settings: ThemeSettings) -> Ints:
    """A cluster of each text, -1 for none, by BERTopic."""
    # Importing these compiles and takes seconds: only commands that look for themes pay for it.
    from bertopic import BERTopic
    from bertopic.vectorizers import ClassTfidfTransformer
    from hdbscan import HDBSCAN
    from sklearn.feature_extraction.text import CountVectorizer
    from umap import UMAP

    topics = BERTopic(
        umap_model=UMAP(
            n_neighbors=settings.neighbours,
            n_components=settings.components,
            min_dist=0.0,
            metric="cosine",
            random_state=settings.seed,
            n_jobs=1,
            init="pca" if len(texts) > MANY else "spectral",
            n_epochs=_STEPS if len(texts) > MANY else None,
        ),
        hdbscan_model=HDBSCAN(
            min_cluster_size=settings.size_for(len(texts)),
            # The densest cores, not the widest clusters: what is between them is given to the nearest one afterwards.
            cluster_selection_method="leaf",
            core_dist_n_jobs=1,
        ),
        # Its own keywords are not used (see models.keywords); any word will do.
        vectorizer_model=CountVectorizer(token_pattern=r"\S+", lowercase=False, max_features=1000),
        ctfidf_model=ClassTfidfTransformer(),
        calculate_probabilities=False,
    )
    found, _ = topics.fit_transform(list(texts), embeddings=vectors)
    return np.asarray(found, dtype=np.int64)


def _merged(clusters: Ints, vectors: Floats) -> Ints:
    """Clusters with the closest centres made one, pair by pair, until no two are the same."""
    clusters = clusters.copy()
    while clusters.max() > 0:
        names = np.unique(clusters[clusters >= 0])
        centres = unit(np.stack([vectors[clusters == name].mean(axis=0) for name in names]))
        cosines = np.triu(centres @ centres.T, k=1)
        one, other = np.unravel_index(cosines.argmax(), cosines.shape)
        if cosines[one, other] < SAME:
            break
        clusters[clusters == names[other]] = names[one]
    return clusters


def _centres(clusters: Ints, vectors: Floats) -> tuple[Floats, Floats]:
    """Centroids (themes, width) and floors (themes,)."""
    names = np.unique(clusters[clusters >= 0])
    centroids = unit(np.stack([vectors[clusters == name].mean(axis=0) for name in names]))
    floors = [floor_of(vectors[clusters == name], centroid) for name, centroid in zip(names, centroids, strict=True)]
    return centroids, np.asarray(floors, dtype=np.float32)


def _largest_first(centroids: Floats, floors: Floats, members: Ints) -> tuple[Floats, Floats, Ints]:
    """Themes by their number of texts; those that are left without any are gone."""
    sizes = np.bincount(members[members >= 0], minlength=len(centroids))
    order = [theme for theme in np.argsort(-sizes, kind="stable").tolist() if sizes[theme]]
    number = np.full(len(centroids) + 1, -1, dtype=np.int64)  # the last place is that of -1
    number[order] = np.arange(len(order))
    return centroids[order], floors[order], number[members]


def _no_themes(rows: int, width: int) -> Themes:
    return Themes((), np.zeros((0, width), np.float32), np.zeros(0, np.float32), np.full(rows, -1))
