"""What emerges in each version of an app: our themes, and what one would use instead. Nothing sees a later version,
but BERTopic, whose `topics_over_time` needs all of them at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control

from voc.config import EmergenceSettings, ThemeSettings
from voc.data.text import fold
from voc.experiments.rivals import Labels
from voc.experiments.suites.idea_data import Report, Theme
from voc.experiments.suites.themes import seeded_bertopic
from voc.inference.emergence.scan import excess
from voc.inference.verbatims import choose_verbatims
from voc.models.keywords import theme_keywords
from voc.models.stopwords import stop_words, words_of
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace
from voc.models.themes import Themes, find_themes

WINDOW = 3
"""Versions before that a version is compared with."""
THEMES, WORDS, SENTENCES = 12, 6, 3
"""Themes of a version that count for recall, words and sentences of each: IDEA's 12 topics with three phrases, of two
words or three, and three sentences."""
FALSE_SHARE = 0.1
"""Share of emerging themes that may be chance (Benjamini-Hochberg over a version's themes)."""
DISPERSION = 1.3
"""Variance over mean of the counts, as the daily tests take it where they know nothing better."""
DRIFT = 0.15
"""How differently versions draw the same reviews: standard deviation of a share, relative."""
SIGMAS = 1.25
"""Standard deviations above the mean, the threshold of IDEA for its own divergence, for rivals that have none."""
UNSAID = (
    "app", "application", "good", "great", "nice", "love", "best", "bad", "better", "awesome", "amazing", "cool",
    "super", "excellent", "perfect", "worst", "update", "version", "star", "stars", "rate", "review", "fix", "issue",
    "problem", "phone", "use", "work", "time", "try", "make", "give", "get", "download", "install", "thing", "way",
    "people",
)  # fmt: skip
"""What reviews of every app say. IDEA has such a list as well."""


@dataclass(frozen=True)
class Reviews:
    """Reviews of one version with their unit vectors (rows, width)."""

    texts: tuple[str, ...]
    vectors: Floats


@dataclass(frozen=True)
class SeenThemes:
    """Themes among the reviews of a version and of those before: what was found, each review's version (0: the latest),
    its words and its place in the space."""

    found: Themes
    texts: list[str]
    vectors: Floats
    age: Labels

    @property
    def counts(self) -> Labels:
        """(themes, versions): reviews of each theme, the latest version first."""
        counts = np.zeros((len(self.found), int(self.age.max()) + 1), dtype=np.int64)
        placed = self.found.members >= 0
        np.add.at(counts, (self.found.members[placed], self.age[placed]), 1)
        return counts

    @property
    def totals(self) -> Labels:
        """(versions,): reviews of each version."""
        return np.bincount(self.age)

    def report(self, emerging: Sequence[int], app: Sequence[str]) -> Report:
        """The largest themes of the latest version, and those that emerge, with their labels and sentences."""
        counts = self.counts[:, 0]
        largest = [theme for theme in np.argsort(-counts, kind="stable").tolist() if counts[theme]][:THEMES]
        now = np.where(self.age == 0, self.found.members, -1)
        customers = [str(row) for row in range(len(self.texts))]
        # Words are those of the theme, over all versions seen: one version may have too few reviews for six of them.
        words = theme_keywords(self.texts, customers, self.found.members, len(self.found), WORDS, [*UNSAID, *app])
        themes = {}
        for theme in {*largest, *emerging}:
            rows = np.flatnonzero(now == theme)
            centre = self.found.centroids[theme]
            shown = choose_verbatims(rows, self.vectors, centre, self.texts, customers, SENTENCES)
            themes[theme] = Theme(words[theme], tuple(self.texts[row] for row in shown))
        return Report(tuple(themes[theme] for theme in largest), tuple(themes[theme] for theme in emerging))


def seen_themes(versions: Sequence[Reviews], settings: ThemeSettings) -> list[SeenThemes]:
    """Themes as `voc themes` finds them, anew in each version and those before it."""
    return [_seen(versions, place, settings) for place in range(len(versions))]


def ours(seen: Sequence[SeenThemes], app: Sequence[str]) -> list[Report]:
    """Emerging is what the tests of `voc signals` call unusual, a version being what a day is there."""
    return [one.report(risen(one.counts, one.totals), app) for one in seen]


def zscore(seen: Sequence[SeenThemes], app: Sequence[str]) -> list[Report]:
    """The same themes; emerging is a share far above its mean in the versions before."""
    return [one.report(far_above(one.counts / one.totals), app) for one in seen]


def risen(counts: Labels, totals: Labels) -> list[int]:
    """Themes with more reviews in the latest version than the ones before explain; (themes, versions), latest first.

    Negative binomial tail of the count, given the pooled share of the versions before; the smallest p-value first.
    """
    if counts.shape[1] < 2 or not len(counts):
        return []
    settings = EmergenceSettings()
    seen = counts[:, 0].astype(np.float64)
    before = counts[:, 1:].sum(axis=1) + 0.5  # Jeffreys' prior: a theme that was never seen has a share
    mean = before / (totals[1:].sum() + 0.5) * totals[0]
    variance = DISPERSION * mean + mean**2 * (DISPERSION / before + DRIFT**2)
    p_value = excess(seen, mean, variance)
    enough = (seen >= settings.minimum_customers) & (seen >= settings.minimum_lift * mean)
    q_value = false_discovery_control(np.where(enough, p_value, 1.0))
    order = np.argsort(p_value, kind="stable").tolist()
    return [theme for theme in order if q_value[theme] <= FALSE_SHARE]


def far_above(shares: npt.NDArray[np.float64]) -> list[int]:
    """Rows of (themes, versions) shares, latest first, in which the latest is SIGMAS above the mean of the others."""
    if shares.shape[1] < 3:
        return []
    past = shares[:, 1:]
    above = shares[:, 0] - past.mean(axis=1) - SIGMAS * past.std(axis=1)
    return [theme for theme in np.argsort(-above, kind="stable").tolist() if above[theme] > 0]


def bigrams(versions: Sequence[Reviews], app: Sequence[str]) -> list[Report]:
    """Pairs of neighbouring words: the most frequent ones, and those that are new or far more frequent than before."""
    unsaid = {fold(word) for word in (*UNSAID, *app)} | stop_words()
    counted = [Counter(pair for text in version.texts for pair in _pairs(text, unsaid)) for version in versions]
    reports = []
    for place, version in enumerate(versions):
        now, past = counted[place], counted[max(0, place - WINDOW) : place]
        rows = sum(len(each.texts) for each in versions[max(0, place - WINDOW) : place])
        names = sorted(now, key=lambda pair: (-now[pair], pair))
        emerging: list[int] = []
        if past and names:
            before = [sum(each[pair] for each in past) for pair in names]
            counts = np.array([[now[pair], earlier] for pair, earlier in zip(names, before, strict=True)])
            emerging = risen(counts, np.array([len(version.texts), rows]))
        themes = [Theme((" ".join(pair),), _saying(version.texts, pair)) for pair in names[: 3 * THEMES]]
        new = [Theme((" ".join(names[row]),), _saying(version.texts, names[row])) for row in emerging]
        reports.append(Report(tuple(themes), tuple(new)))
    return reports


def bertopic(versions: Sequence[Reviews], seed: int) -> list[Report]:
    """Default BERTopic over all versions; its `topics_over_time` says how often and in which words each has a topic."""
    texts = [text for version in versions for text in version.texts]
    times = [place for place, version in enumerate(versions) for _ in version.texts]
    model = seeded_bertopic(seed)
    found, _ = model.fit_transform(texts, embeddings=np.concatenate([version.vectors for version in versions]))
    table = model.topics_over_time(texts, times, topics=found)
    topics = max(found) + 1
    shares, words = np.zeros((topics, len(versions))), {}
    for topic, said, count, time in zip(
        table["Topic"], table["Words"], table["Frequency"], table["Timestamp"], strict=True
    ):
        if topic >= 0:
            shares[topic, int(time)] = count / len(versions[int(time)].texts)
            words[topic, int(time)] = tuple(str(said).split(", "))
    by_topic: dict[tuple[int, int], list[str]] = {}
    for text, topic, time in zip(texts, found, times, strict=True):
        by_topic.setdefault((topic, time), []).append(text)
    reports = []
    for place in range(len(versions)):
        largest = [topic for topic in np.argsort(-shares[:, place], kind="stable").tolist() if shares[topic, place]]
        emerging = far_above(shares[:, max(0, place - WINDOW) : place + 1][:, ::-1]) if topics else []
        whole = {
            topic: Theme(words[topic, place], tuple(by_topic[topic, place][:SENTENCES]))
            for topic in (*largest[:THEMES], *emerging)
        }
        reports.append(
            Report(tuple(whole[topic] for topic in largest[:THEMES]), tuple(whole[topic] for topic in emerging))
        )
    return reports


def chance(versions: Sequence[Reviews], app: Sequence[str], seed: int) -> list[Report]:
    """Themes that are none: words and sentences drawn at random from the reviews of a version, a fourth "emerging"."""
    generator = np.random.default_rng(seed)
    unsaid = {fold(word) for word in (*UNSAID, *app)} | stop_words()
    reports = []
    for version in versions:
        words = sorted({word for text in version.texts for word in words_of(fold(text))} - unsaid)
        drawn = [
            Theme(tuple(generator.choice(words, WORDS)), tuple(generator.choice(version.texts, SENTENCES)))
            for _ in range(THEMES if words else 0)
        ]
        reports.append(Report(tuple(drawn), tuple(drawn[: THEMES // 4])))
    return reports


def _seen(versions: Sequence[Reviews], place: int, settings: ThemeSettings) -> SeenThemes:
    window = versions[max(0, place - WINDOW) : place + 1][::-1]
    texts = [text for version in window for text in version.texts]
    raw = np.concatenate([version.vectors for version in window])
    same = [""] * len(texts)
    vectors = ThemeSpace.of(raw, same).apply(raw, same)
    age = np.repeat(np.arange(len(window)), [len(version.texts) for version in window])
    return SeenThemes(find_themes(texts, vectors, settings), texts, vectors, age)


def _pairs(text: str, unsaid: set[str]) -> set[tuple[str, str]]:
    words = words_of(fold(text))
    return {(one, other) for one, other in pairwise(words) if not {one, other} & unsaid}


def _saying(texts: Sequence[str], pair: tuple[str, str]) -> tuple[str, ...]:
    said = " ".join(pair)
    return tuple(text for text in texts if said in " ".join(words_of(fold(text))))[:SENTENCES]
