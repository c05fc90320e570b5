"""IDEA's task: do the themes that emerge in an app's reviews foretell its change log? The rule: see `idea_data`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voc.config import EncoderSettings, ThemeSettings
from voc.data.text import fold
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import baseline
from voc.experiments.rivals import Frozen
from voc.experiments.suites import idea_finders as finders
from voc.experiments.suites.idea_data import (
    Alike,
    NearWords,
    Report,
    Version,
    chance_cosine,
    judge,
    read_app,
    same_word,
)
from voc.experiments.suites.idea_finders import Reviews
from voc.models.registry import RunLog
from voc.models.stopwords import stop_words, words_of
from voc.models.theme_space import unit

SEED = 13
LEAST_WORDS = 5
"""Shorter reviews are left out, as IDEA leaves out shorter sentences."""
MOST_REVIEWS = 2000
"""A seeded draw of so many reviews of a version at most: one version has two thirds of SwiftKey's."""
ALIKE_BY_CHANCE = 0.001
"""Words are alike from the cosine on that such a share of pairs of the words of another app's reviews reaches."""
_REFERENCE = "ios_youtube_sample"
_REFERENCE_COLUMNS = (1, 4)
_REFERENCE_WORDS = 1500


@dataclass(frozen=True)
class IdeaSuite:
    """One app of the data set; `columns` are those of text and version, `names` what the app is called."""

    name: str
    folder: str
    names: tuple[str, ...]
    columns: tuple[int, int] = (1, 3)

    def __call__(
        self, data: Path, progress: Progress, run: RunLog, encoder: EncoderSettings | None = None
    ) -> BenchResult:
        """Judge ours and the rivals. Raises InputError without the data.

        `f`, `precision` and `recall` are of labels, where words are alike by their vectors; `.sentences` of the themes'
        sentences instead, `.words` where only the same word counts.
        """
        encoder, settings = encoder or EncoderSettings(), ThemeSettings()
        versions = read_app(data, self.folder, *self.columns)
        run.parameters({"encoder": encoder.model_dump(), "themes": settings.model_dump(), "seed": SEED})
        frozen = Frozen(encoder)
        texts = [drawn(version) for version in versions]
        progress("reading reviews", 0.0)
        vectors = frozen.vectors([text for part in texts for text in part])
        ends = np.cumsum([len(part) for part in texts])[:-1]
        reviews = [Reviews(tuple(part), rows) for part, rows in zip(texts, np.split(vectors, ends), strict=True)]
        progress("themes", 0.5)
        seen = finders.seen_themes(reviews, settings)
        reports: dict[str, Sequence[Report]] = {"": finders.ours(seen, self.names)}
        reports["zscore"] = finders.zscore(seen, self.names)
        reports["bigrams"] = finders.bigrams(reviews, self.names)
        progress("default BERTopic", 0.7)
        reports["bertopic"] = finders.bertopic(reviews, SEED)
        reports["chance"] = finders.chance(reviews, self.names, SEED)
        progress("judging", 0.9)
        near = near_words(data, frozen, versions, [report for each in reports.values() for report in each])
        figures: dict[str, float] = {}
        for name, found in reports.items():
            judged = judged_all(versions, found, near) | {
                "themes": float(np.mean([len(report.themes) for report in found])),
                "emerging": float(np.mean([len(report.emerging) for report in found[1:]])),
            }
            figures |= baseline(name, judged) if name else judged
        figures |= {"alike_from_cosine": near.least, "versions": float(len(versions))}
        figures["versions.judged"] = float(sum(bool(version.own) for version in versions))
        run.table(f"idea-{self.name}", figures)
        context = machine_context() | {
            "data": f"IDEA (Gao et al. 2018), {self.folder}; reviews are lemmatised; settings were chosen on YouTube's",
            "rule": "IDEA's own program, but words are alike by the encoder and not by word2vec of 4 million reviews",
            "reviews": len(vectors),
            "encoder": encoder.model_dump(),
            "themes": settings.model_dump(),
            "seed": SEED,
        }
        return BenchResult(f"themes {self.name}", figures, context)


def drawn(version: Version) -> list[str]:
    """The texts of a version that are read: different ones, long enough, at most MOST_REVIEWS."""
    texts = sorted({review for review in version.reviews if len(review.split()) >= LEAST_WORDS})
    order = np.random.default_rng(SEED).permutation(len(texts))[:MOST_REVIEWS]
    return [texts[row] for row in np.sort(order).tolist()]


def judged_all(versions: Sequence[Version], found: Sequence[Report], near: Alike) -> dict[str, float]:
    """Figures of labels and of sentences, with words alike by vectors and with the same words only."""
    rules: Mapping[str, tuple[Alike, bool]] = {
        "": (near, False),
        ".sentences": (near, True),
        ".words": (same_word, False),
        ".words_sentences": (same_word, True),
    }
    return {
        f"{key}{end}": value
        for end, (alike, sentences) in rules.items()
        for key, value in judge(versions, found, alike, sentences).items()
    }


def near_words(data: Path, frozen: Frozen, versions: Sequence[Version], reports: Sequence[Report]) -> NearWords:
    """Vectors of all words that are compared, and the cosine from which on they are alike.

    The vectors are measured from the mean of the words of the other app's reviews, the cosine is one of their pairs.
    """
    said = {word for version in versions for issue in version.issues for word in issue}
    for report in reports:
        for theme in (*report.themes, *report.emerging):
            said |= {word for part in (*theme.words, *theme.sentences) for word in words_of(fold(part))}
    others = [text for version in read_app(data, _REFERENCE, *_REFERENCE_COLUMNS) for text in drawn(version)]
    counted: dict[str, int] = {}
    for text in others:
        for word in set(words_of(fold(text))) - stop_words():
            counted[word] = counted.get(word, 0) + 1
    frequent = sorted(counted, key=lambda word: (-counted[word], word))[:_REFERENCE_WORDS]
    reference = frozen.vectors(frequent)
    middle = reference.mean(axis=0)
    compared = sorted(said)
    return NearWords(
        dict(zip(compared, unit(frozen.vectors(compared) - middle), strict=True)),
        chance_cosine(unit(reference - middle), ALIKE_BY_CHANCE),
    )


SUITES: Mapping[str, IdeaSuite] = {
    suite.name: suite
    for suite in (
        IdeaSuite("idea-viber", "android_viber", ("viber",)),
        IdeaSuite("idea-swiftkey", "android_swiftkey", ("swiftkey", "swift", "keyboard")),
        IdeaSuite("idea-youtube", _REFERENCE, ("youtube", "google"), _REFERENCE_COLUMNS),
    )
}
