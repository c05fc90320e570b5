"""Identity of themes through a refit, on vectors whose clusters are known."""

from dataclasses import replace

import numpy as np
import pytest

from voc.inference.lineage import Continued, KnownTheme, ThemeEvent, continue_themes, match
from voc.models.themes import Themes, assign

WIDTH = 12


def axis(number: int, towards: int | None = None, share: float = 0.0) -> np.ndarray:
    """A unit vector along an axis, turned a share of the way towards another."""
    vector = np.eye(WIDTH, dtype=np.float32)[number] * (1 - share)
    if towards is not None:
        vector = vector + np.eye(WIDTH, dtype=np.float32)[towards] * share
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def cloud(centre: np.ndarray, rows: int = 40, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(scale=0.05, size=(rows, WIDTH))
    points = (centre + noise).astype(np.float32)
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def known(number: int, words: str, centroid: np.ndarray, floor: float = 0.5) -> KnownTheme:
    return KnownTheme(f"T{number:03d}", tuple(words.split()), centroid, floor)


def refit(*clusters: tuple[str, np.ndarray]) -> tuple[Themes, np.ndarray]:
    """Clusters of (words, vectors) as `find_themes` gives them, and all vectors."""
    centroids = np.stack([vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0)) for _, vectors in clusters])
    floors = np.full(len(clusters), 0.5, dtype=np.float32)
    vectors = np.concatenate([part for _, part in clusters])
    members = np.repeat(np.arange(len(clusters)), [len(part) for _, part in clusters])
    return Themes(tuple(tuple(words.split()) for words, _ in clusters), centroids, floors, members), vectors


ROUTER, BILL = known(1, "router overheats", axis(0)), known(2, "račun naplaćen", axis(1))


def test_the_first_run_bears_all() -> None:
    found, vectors = refit(("router", cloud(axis(0))), ("račun", cloud(axis(1))))
    first = continue_themes([], found, vectors)
    assert [theme.theme_id for theme in first.themes] == ["T001", "T002"]
    assert first.events == (ThemeEvent("born", "T001"), ThemeEvent("born", "T002"))


def test_the_same_clusters_in_another_order_change_nothing() -> None:
    found, vectors = refit(("račun naplaćen", cloud(axis(1))), ("router overheats", cloud(axis(0))))
    assert match([ROUTER, BILL], found) == {0: 1, 1: 0}
    assert continue_themes([ROUTER, BILL], found, vectors) == Continued((ROUTER, BILL), ())


def test_words_decide_between_centres_that_are_equally_near() -> None:
    between = [known(1, "router", axis(0, 1, 0.4)), known(2, "račun", axis(0, 2, 0.4))]
    found, _ = refit(("račun", cloud(axis(0))))
    assert match(between, found) == {0: 1}
    cyrillic, _ = refit(("рачун", cloud(axis(0))))
    assert match(between, cyrillic) == {0: 1}


def test_a_match_is_one_to_one() -> None:
    found, _ = refit(("router overheats", cloud(axis(0))), ("router overheats", cloud(axis(0, 3, 0.1))))
    assert sorted(match([ROUTER, BILL], found).values()) == [0]


def test_something_new_is_born_under_an_id_that_was_never_used() -> None:
    found, vectors = refit(("router overheats", cloud(axis(0))), ("signal village", cloud(axis(5))))
    grown = continue_themes([ROUTER, BILL], found, vectors, used=["T001", "T002", "T007"])
    assert [theme.theme_id for theme in grown.themes] == ["T001", "T002", "T008"]
    assert grown.events == (ThemeEvent("born", "T008"),)


def test_a_slice_of_a_known_theme_is_not_new() -> None:
    found, vectors = refit(("router overheats", cloud(axis(0))), ("router slow", cloud(axis(0, 3, 0.15))))
    assert continue_themes([ROUTER, BILL], found, vectors).events == ()


def test_borders_drawn_elsewhere_are_no_news() -> None:
    # A cluster of contacts that two known themes hold firmly: neither a match nor part of one, yet nothing new.
    themes = [known(1, "router", axis(0), floor=0.3), known(2, "račun", axis(1), floor=0.3)]
    between = np.concatenate([cloud(axis(0, 1, 0.46)), cloud(axis(1, 0, 0.46))])
    found, vectors = refit(("router", cloud(axis(0))), ("račun", cloud(axis(1))), ("kabel", between))
    mixed = replace(found, centroids=np.stack([axis(0), axis(1), axis(7)]))
    assert continue_themes(themes, mixed, vectors).events == ()


def test_what_lay_inside_a_wide_theme_and_stands_apart_splits_off() -> None:
    wide = known(1, "router", axis(0), floor=0.2)
    found, vectors = refit(("router", cloud(axis(0))), ("kabel", cloud(axis(0, 4, 0.68))))
    assert (assign(vectors, np.stack([wide.centroid]), np.array([wide.floor]))[0] == 0).all()
    grown = continue_themes([wide, BILL], found, vectors)
    assert grown.events == (ThemeEvent("split", "T003", ("T001",)),)


@pytest.mark.parametrize(("protected", "merges"), [((), True), (("T002",), False)], ids=["free", "named by a person"])
def test_two_themes_that_became_one_cluster_merge(protected: tuple[str, ...], merges: bool) -> None:
    close = known(2, "router heat", axis(0, 3, 0.35))
    both = np.concatenate([cloud(axis(0)), cloud(axis(0, 3, 0.35), rows=20)])
    found, vectors = refit(("router overheats", both))
    grown = continue_themes([ROUTER, close], found, vectors, protected)
    assert (grown.events == (ThemeEvent("merged", "T002", ("T001",)),)) == merges
    assert grown.themes[1].merged_into == ("T001" if merges else None)


def test_distant_themes_in_one_cluster_stay_apart() -> None:
    both = np.concatenate([cloud(axis(0)), cloud(axis(1), rows=20)])
    found, vectors = refit(("router račun", both))
    assert continue_themes([ROUTER, BILL], found, vectors).events == ()
