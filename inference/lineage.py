"""Which theme is which after a refit: new clusters matched to known themes, and what became of those.

Clustering is a noisy instrument: with a few more contacts, or another seed, it draws its borders elsewhere. So what is
known stays, with its centre, until a refit gives a reason to change it: something new, a clear split, a clear merge.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from voc.data.text import fold
from voc.inference.newcomers import Newcomer
from voc.inference.theme_edits import next_theme_id
from voc.models.tasks import Floats
from voc.models.themes import NEAR, Ints, Themes, assign

EventKind = Literal["born", "split", "merged", "retired", "returned"]

VECTOR_WEIGHT = 0.8
"""Weight of the centres' cosine in the likeness of two themes; the rest is the share of common keywords."""
SAME_THEME = 0.55
"""A cluster at least so like a known theme is that theme."""
COVERED = 0.6
"""A cluster whose centre is at this cosine of a known one or nearer is part of that theme, not a new one."""
LOOSE = 0.5
"""A contact is loosely in a theme below this share of the cosine that the theme's contacts have in the middle: most
texts of an intent that was kept out of the fit are, and few others."""
NEWS = 0.5
"""A cluster is new where at least such a share of its contacts was in no theme, or loosely in one."""
MERGING = 0.75
"""Two themes that a refit puts into one cluster become one if their centres are at this cosine or nearer."""
MOST = 0.6
"""So large a share of a theme's contacts is most of it."""


@dataclass(frozen=True)
class KnownTheme:
    """A theme with its identity. `centroid` (width,) of unit length, `floor` as in Themes; `merged_into` another id;
    `since` the first day of a theme that was found in its first days."""

    theme_id: str
    keywords: tuple[str, ...]
    centroid: Floats
    floor: float
    merged_into: str | None = None
    since: date | None = None


@dataclass(frozen=True)
class ThemeEvent:
    """What became of a theme. `others`: split: what it was part of; merged: what it is part of now."""

    kind: EventKind
    theme_id: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Continued:
    """The themes after a refit, known ones first, and what happened."""

    themes: tuple[KnownTheme, ...]
    events: tuple[ThemeEvent, ...]


def match(known: Sequence[KnownTheme], found: Themes) -> dict[int, int]:
    """Found theme to known theme, one to one, by the likeness of centres and words, as much likeness in all as can be.

    Pairs that are less alike than `SAME_THEME` are left out. (Hungarian method, Kuhn 1955.)
    """
    if not known or not len(found):
        return {}
    cosines = found.centroids @ np.stack([theme.centroid for theme in known]).T
    words = [{fold(word) for word in keywords} for keywords in found.keywords]
    of_known = [{fold(word) for word in theme.keywords} for theme in known]
    common = np.array([[len(a & b) / max(1, min(len(a), len(b))) for b in of_known] for a in words])
    likeness = VECTOR_WEIGHT * cosines + (1 - VECTOR_WEIGHT) * common
    pairs = zip(*linear_sum_assignment(-likeness), strict=True)
    return {int(one): int(other) for one, other in pairs if likeness[one, other] >= SAME_THEME}


def continue_themes(
    known: Sequence[KnownTheme],
    found: Themes,
    vectors: Floats,
    protected: Collection[str] = (),
    used: Collection[str] = (),
) -> Continued:
    """Carry known themes over to what a refit found among `vectors` (rows, width), the fitted ones, in their order.

    Known themes keep their centres. A found theme that is none of them and not part of one is born where half of its
    contacts were in no theme, or loosely in one; where most were of one known theme, it split off. Two known themes of
    which one found theme has most contacts become one, unless the smaller is `protected` (a person named it, or merged
    it himself). `used` are ids that are taken.
    """
    if not known:
        ids = _new_ids(len(found), used)
        born = tuple(
            KnownTheme(identity, found.keywords[place], found.centroids[place], float(found.floors[place]))
            for place, identity in enumerate(ids)
        )
        return Continued(born, tuple(ThemeEvent("born", identity) for identity in ids))
    matched = match(known, found)
    centroids = np.stack([theme.centroid for theme in known])
    floors = np.array([theme.floor for theme in known], dtype=np.float32)
    before, similarity = assign(vectors, centroids, floors)
    loose = (before < 0) | (similarity < LOOSE / NEAR * floors[before])
    counts = np.zeros((len(found), len(known)), dtype=np.int64)
    both = (found.members >= 0) & (before >= 0)
    np.add.at(counts, (found.members[both], before[both]), 1)
    themes, events = list(known), list[ThemeEvent]()
    for small, large in _merging(counts, centroids, known, protected):
        themes[small] = replace(themes[small], merged_into=known[large].theme_id)
        events.append(ThemeEvent("merged", known[small].theme_id, (known[large].theme_id,)))
    nearest = (found.centroids @ centroids.T).max(axis=1, initial=-1.0)
    ids = [*used, *(theme.theme_id for theme in known)]
    for place in range(len(found)):
        parent, here = int(counts[place].argmax()), found.members == place
        from_one = counts[place, parent] >= MOST * here.sum()
        if place in matched or nearest[place] >= COVERED or not (from_one or loose[here].mean() >= NEWS):
            continue
        (identity,) = _new_ids(1, ids)
        ids.append(identity)
        themes.append(KnownTheme(identity, found.keywords[place], found.centroids[place], float(found.floors[place])))
        events.append(
            ThemeEvent("split", identity, (known[parent].theme_id,)) if from_one else ThemeEvent("born", identity)
        )
    return Continued(tuple(themes), tuple(events))


def with_newcomers(known: Sequence[KnownTheme], arrived: Sequence[Newcomer], used: Collection[str] = ()) -> Continued:
    """Known themes, and after them those in their first days. `used` are ids that are taken."""
    ids = _new_ids(len(arrived), [*used, *(theme.theme_id for theme in known)])
    born = [
        KnownTheme(identity, (), one.centroid, one.floor, since=one.since)
        for identity, one in zip(ids, arrived, strict=True)
    ]
    return Continued((*known, *born), tuple(ThemeEvent("born", identity) for identity in ids))


def _merging(
    counts: Ints, centroids: Floats, known: Sequence[KnownTheme], protected: Collection[str]
) -> list[tuple[int, int]]:
    """Pairs of the smaller and the larger known theme that one found theme has most contacts of."""
    sizes = counts.sum(axis=0)
    pairs = []
    for row in counts:
        here = [theme for theme in range(len(known)) if sizes[theme] and row[theme] >= MOST * sizes[theme]]
        here = [theme for theme in here if known[theme].merged_into is None]
        if len(here) < 2:
            continue
        large = max(here, key=lambda theme: (row[theme], -theme))
        pairs += [
            (small, large)
            for small in here
            if small != large
            and known[small].theme_id not in protected
            and centroids[small] @ centroids[large] >= MERGING
        ]
    return pairs


def _new_ids(count: int, used: Collection[str]) -> list[str]:
    ids = list(used)
    for _ in range(count):
        ids.append(next_theme_id(ids))
    return ids[len(ids) - count :]
