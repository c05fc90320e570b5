"""Themes found beside true intents, on public data: how well, how many, how fast; and what one would use instead.

Ours, default BERTopic and k-means that is told the true number see the same vectors, those of the untouched encoder.
What all three draw by chance is averaged over a few seeds.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from voc.config import EncoderSettings, ThemeSettings
from voc.data.text import one_line
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import baseline, peak_rss_mb
from voc.experiments.rivals import Frozen, Labels
from voc.experiments.sets import json_lines
from voc.experiments.suites.banking77 import banking
from voc.labels import Split, TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace
from voc.models.themes import find_themes

if TYPE_CHECKING:
    from bertopic import BERTopic

SEEDS = (13, 14, 15)
Finder = Callable[[Sequence[str], Floats, int], Labels]
"""Texts, their vectors (rows, width) and a seed to a cluster of each text, -1 for none."""


@dataclass(frozen=True)
class Utterance:
    """A text and its true intent."""

    text: str
    intent: str


@dataclass(frozen=True)
class ThemeSuite:
    """One such suite."""

    name: str
    read: Callable[[Path], Iterable[Utterance]]
    data: str

    def __call__(
        self, data: Path, progress: Progress, run: RunLog, encoder: EncoderSettings | None = None
    ) -> BenchResult:
        """Find themes and judge them, ours and the rivals'. Raises InputError without the data."""
        encoder, settings = encoder or EncoderSettings(), ThemeSettings()
        utterances = list(self.read(data))
        texts = [utterance.text for utterance in utterances]
        truth = np.unique([utterance.intent for utterance in utterances], return_inverse=True)[1]
        run.parameters({"encoder": encoder.model_dump(), "themes": settings.model_dump(), "seeds": list(SEEDS)})
        progress("reading texts", 0.0)
        vectors = Frozen(encoder).vectors(texts)
        finders: Mapping[str, Finder] = {
            "": ours(settings),
            "bertopic": default_bertopic,
            "kmeans": lambda texts, vectors, seed: true_kmeans(vectors, int(truth.max()) + 1, seed),
        }
        figures: dict[str, float] = {}
        for place, (name, finder) in enumerate(finders.items()):
            progress(name or "themes", (place + 1) / (len(finders) + 1))
            judged = averaged(finder, texts, vectors, truth)
            figures |= baseline(name, judged) if name else judged
            if not name:
                figures |= {"true_themes": float(truth.max() + 1), "peak_rss_mb": peak_rss_mb()}
        context = machine_context() | {
            "data": self.data,
            "rows": len(texts),
            "encoder": encoder.model_dump(),
            "themes": settings.model_dump(),
            "seed": list(SEEDS),
        }
        return BenchResult(f"themes {self.name}", figures, context)


def averaged(finder: Finder, texts: Sequence[str], vectors: Floats, truth: Labels) -> dict[str, float]:
    """Figures averaged over the seeds, the least and the highest accuracy, and the seconds of one run."""
    judged, seconds = [], []
    for seed in SEEDS:
        begin = time.perf_counter()
        found = finder(texts, vectors, seed)
        seconds.append(time.perf_counter() - begin)
        judged.append(judge(truth, found))
    figures = {name: float(np.mean([one[name] for one in judged])) for name in judged[0]}
    accuracies = [one["accuracy"] for one in judged]
    # The first run compiles UMAP, whoever comes first: the quickest is the fair one.
    return figures | {"accuracy.low": min(accuracies), "accuracy.high": max(accuracies), "seconds": min(seconds)}


def judge(truth: Labels, found: Labels) -> dict[str, float]:
    """Accuracy, NMI, ARI, share of outliers, number of themes; of (rows,) true classes and themes, -1 for none.

    Accuracy is that of the best one-to-one pairing of themes and classes (Hungarian method); a text in no theme, or in
    a theme without a class, is wrong. NMI (arithmetic mean) and ARI take the texts in no theme as one more theme.
    """
    counts = np.zeros((max(int(found.max()) + 1, 1), int(truth.max()) + 1), dtype=np.int64)
    placed = found >= 0
    np.add.at(counts, (found[placed], truth[placed]), 1)
    pairs = linear_sum_assignment(-counts)
    return {
        "accuracy": float(counts[pairs].sum() / len(truth)),
        "nmi": float(normalized_mutual_info_score(truth, found)),
        "ari": float(adjusted_rand_score(truth, found)),
        "outliers": float((~placed).mean()),
        "themes": float(found.max() + 1),
    }


def ours(settings: ThemeSettings) -> Finder:
    """Themes as `voc themes` finds them."""

    def find(texts: Sequence[str], vectors: Floats, seed: int) -> Labels:
        space = ThemeSpace.of(vectors, [""] * len(texts))
        seeded = settings.model_copy(update={"seed": seed})
        return find_themes(texts, space.apply(vectors, [""] * len(texts)), seeded).members

    return find


def default_bertopic(texts: Sequence[str], vectors: Floats, seed: int) -> Labels:
    """See `seeded_bertopic`."""
    found, _ = seeded_bertopic(seed).fit_transform(list(texts), embeddings=vectors)
    return np.asarray(found, dtype=np.int64)


def seeded_bertopic(seed: int) -> "BERTopic":
    """BERTopic as it comes: UMAP with 15 neighbours to 5 dimensions, HDBSCAN from 10 texts on; seeded."""
    from bertopic import BERTopic
    from umap import UMAP

    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1)
    return BERTopic(umap_model=reducer)


def true_kmeans(vectors: Floats, classes: int, seed: int) -> Labels:
    """K-means that is told the true number of classes."""
    return np.asarray(KMeans(classes, n_init=10, random_state=seed).fit_predict(vectors), dtype=np.int64)


def natcs(part: str) -> Callable[[Path], Iterable[Utterance]]:
    """Reader of one part of NatCS (DSTC11): customers' utterances that state an intent."""

    def read(data: Path) -> Iterable[Utterance]:
        path = data / "natcs_dstc11" / part / "test-utterances.jsonl"
        for _, values in json_lines(path, {"utterance": str, "intent": str}):
            yield Utterance(one_line(values["utterance"]), values["intent"])

    return read


def banking_test(data: Path) -> Iterable[Utterance]:
    """The official test split of Banking77."""
    for row in banking(data):
        if row.split == Split.TEST:
            label = row.labels[TaskName.REASON]
            yield Utterance(row.text, label[0] if isinstance(label, tuple) else str(label))


SUITES: Mapping[str, ThemeSuite] = {
    suite.name: suite
    for suite in (
        ThemeSuite("natcs-banking", natcs("test-banking"), "NatCS (DSTC11) test-banking; settings were chosen on it"),
        ThemeSuite("natcs-development", natcs("development"), "NatCS (DSTC11) development; settings were chosen on it"),
        ThemeSuite("banking77", banking_test, "Banking77, official test split; settings were chosen on it"),
    )
}
