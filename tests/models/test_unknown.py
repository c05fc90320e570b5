import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from voc.models.tasks import Floats
from voc.models.unknown import Regions, Strangeness


def places(draw: np.random.Generator, centres: Floats, rows: int) -> tuple[Floats, list[int]]:
    labels = draw.integers(0, len(centres), rows)
    spread = draw.normal(0, 1, (rows, centres.shape[1])) * np.linspace(0.05, 1.0, centres.shape[1])
    return (centres[labels] + spread).astype(np.float32), labels.tolist()


@pytest.fixture
def drawn() -> tuple[Regions, Floats, Floats]:
    draw = np.random.default_rng(3)
    centres = draw.normal(0, 1, (6, 12)).astype(np.float32)
    known, labels = places(draw, centres, 900)
    strange, _ = places(draw, draw.normal(0, 1, (6, 12)).astype(np.float32), 300)
    return Regions.of(known[:600], labels[:600]), known[600:], strange


def auroc(known: Floats, strange: Floats) -> float:
    return float(roc_auc_score([0] * len(known) + [1] * len(strange), np.concatenate([known, strange])))


def test_other_regions_are_strange(drawn: tuple[Regions, Floats, Floats]) -> None:
    regions, known, strange = drawn
    assert auroc(regions.distance(known), regions.distance(strange)) > 0.95
    # Directions of much noise count less than in a plain distance.
    plain = [np.square(rows[:, None] - regions.centres[None]).sum(2).min(1) for rows in (known, strange)]
    assert auroc(*plain) < auroc(regions.distance(known), regions.distance(strange))


def test_what_is_far_from_the_middle_of_all_may_be_as_far_from_its_label(drawn: tuple[Regions, Floats, Floats]) -> None:
    regions, _, _ = drawn
    assert (regions.distance(regions.centres) < 0).all()  # on the spot, and away from the middle
    assert (regions.distance(regions.middle[None]) > 0).all()  # the other way round


def test_either_view_alone_can_tell(drawn: tuple[Regions, Floats, Floats]) -> None:
    regions, known, strange = drawn
    loud, silent = np.zeros((len(known), 4), np.float32), np.zeros((len(known), 4), np.float32)
    loud[:, 0] = 6 + np.random.default_rng(0).normal(0, 1, len(loud))
    score = Strangeness.of(regions, known, loud)
    own = score.score(known, loud)
    assert own.mean() == pytest.approx(0, abs=0.01)
    assert auroc(own, score.score(known, silent)) > 0.97
    assert auroc(own, score.score(strange, loud[: len(strange)])) > 0.9


def test_fewer_texts_than_directions() -> None:
    vectors = np.random.default_rng(1).normal(0, 1, (8, 40)).astype(np.float32)
    assert np.isfinite(Regions.of(vectors, [0, 0, 1, 1, 2, 2, 3, 3]).distance(vectors)).all()
