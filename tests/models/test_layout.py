"""The map's layout: like texts near each other, the same from the same, sensible with next to nothing."""

import numpy as np
import pytest

from voc.models.layout import RADIUS, Layout, landmarks
from voc.models.tasks import Floats
from voc.models.theme_space import unit


def groups(each: int, count: int = 3, width: int = 12, seed: int = 5) -> Floats:
    """Unit vectors in `count` tight groups of `each`, group by group."""
    random = np.random.default_rng(seed)
    centres = np.repeat(np.eye(width)[:count], each, axis=0)
    return unit(centres + random.normal(0, 0.1, centres.shape))


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout.of(groups(40), neighbours=10, seed=13)


def test_groups_lie_apart(layout: Layout) -> None:
    places = layout.places.reshape(3, 40, 2)
    middles = places.mean(axis=1)
    inside = np.linalg.norm(places - middles[:, None], axis=2).mean()
    between = np.linalg.norm(middles[[0, 0, 1]] - middles[[1, 2, 2]], axis=1).min()
    assert between > 3 * inside
    assert np.quantile(np.linalg.norm(layout.places, axis=1), 0.9) == pytest.approx(RADIUS, rel=1e-3)


def test_the_same_vectors_give_the_same_map(layout: Layout) -> None:
    again = Layout.of(groups(40), neighbours=10, seed=13)
    assert np.array_equal(again.places, layout.places)


def test_others_are_placed_with_their_group(layout: Layout) -> None:
    others = groups(10, seed=99)
    places = layout.place(others)
    middles = layout.places.reshape(3, 40, 2).mean(axis=1)
    nearest = np.linalg.norm(places[:, None] - middles[None], axis=2).argmin(axis=1)
    assert nearest.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    # One by one as all together, and a landmark where it is.
    assert np.allclose(layout.place(others[7:8])[0], places[7], atol=1e-4)
    assert np.linalg.norm(layout.place(layout.vectors) - layout.places, axis=1).max() < 1.0


def test_between_two_groups_nothing_is_put_into_the_void(layout: Layout) -> None:
    halfway = unit(groups(1)[0] + 0.98 * groups(1)[1])[None]
    place = layout.place(halfway)[0]
    assert np.linalg.norm(layout.places - place, axis=1).min() < 1.0


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_next_to_nothing_has_a_map_too(rows: int) -> None:
    vectors = groups(2)[:rows]
    layout = Layout.of(vectors, neighbours=15, seed=13)
    assert layout.places.shape == (rows, 2) and np.isfinite(layout.places).all()
    assert np.isfinite(layout.place(groups(2))).all()


def test_identical_vectors_do_not_break_it() -> None:
    vectors = np.repeat(groups(1)[:1], 30, axis=0)
    layout = Layout.of(vectors, neighbours=10, seed=13)
    assert np.isfinite(layout.place(vectors)).all()


def test_landmarks_are_different_texts() -> None:
    assert landmarks(["a", "b", "a", "c", "d"], 3) == [0, 1, 3]
    assert landmarks([], 3) == []
