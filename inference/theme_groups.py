"""The level above themes: themes that lie near each other as groups, few enough to be read at a glance."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment

from voc.models.tasks import Floats
from voc.models.theme_space import unit
from voc.models.themes import Ints

LEAST_THEMES = 9
"""Fewer themes than this are read as they are."""
SAME_GROUP = 0.5
"""A group goes on where so large a share of its contacts, or of what it was before, stayed together."""


def group_themes(
    ids: Sequence[str],
    centroids: Floats,
    contacts: Sequence[int],
    before: Mapping[str, str],
    *,
    regroup: bool,
) -> dict[str, str]:
    """Group of each theme, by id.

    Of (themes, width) `centroids`, with so many `contacts` each; `before` the group of themes that had one. As many
    groups as the square root of the themes (Ward 1963, who joins what adds least variance), so that neither a group
    nor the list of groups is long. A group keeps its id while half of it stays together. Without `regroup` themes stay
    where they are, and new ones join the nearest group. Nothing where there are fewer than LEAST_THEMES.
    """
    if len(ids) < LEAST_THEMES:
        return {}
    known = [theme for theme in ids if theme in before]
    if not regroup and known:
        return _joined(ids, centroids, before)
    found = fcluster(linkage(centroids, "ward"), round(len(ids) ** 0.5), "maxclust") - 1
    names = _named(ids, found, np.maximum(np.asarray(contacts, dtype=np.float64), 1), before)
    return {theme: names[group] for theme, group in zip(ids, found.tolist(), strict=True)}


def _joined(ids: Sequence[str], centroids: Floats, before: Mapping[str, str]) -> dict[str, str]:
    groups = sorted({before[theme] for theme in ids if theme in before})
    middles = unit(
        np.stack(
            [
                centroids[[place for place, theme in enumerate(ids) if before.get(theme) == group]].mean(axis=0)
                for group in groups
            ]
        )
    )
    nearest = (centroids @ middles.T).argmax(axis=1)
    return {theme: before.get(theme, groups[nearest[place]]) for place, theme in enumerate(ids)}


def _named(ids: Sequence[str], found: Ints, sizes: npt.NDArray[np.float64], before: Mapping[str, str]) -> list[str]:
    """Ids of the groups found: those of before, one to one, as far as half of a group stayed together."""
    old = sorted({before[theme] for theme in ids if theme in before})
    common = np.zeros((found.max() + 1, len(old)))
    for theme, group, size in zip(ids, found.tolist(), sizes.tolist(), strict=True):
        if theme in before:
            common[group, old.index(before[theme])] += size
    share = common / np.maximum(np.minimum(_of(found, sizes)[:, None], common.sum(axis=0)[None, :]), 1)
    names = [""] * len(common)
    for new, was in zip(*linear_sum_assignment(-common), strict=True):
        if share[new, was] >= SAME_GROUP:
            names[new] = old[was]
    last = max((int(group[1:]) for group in before.values()), default=0)
    for new in np.argsort(-_of(found, sizes), kind="stable").tolist():
        if not names[new]:
            last += 1
            names[new] = f"G{last:02d}"
    return names


def _of(found: Ints, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.bincount(found, weights=sizes).astype(np.float64)
