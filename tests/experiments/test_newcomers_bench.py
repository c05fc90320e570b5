"""The bench of themes in their first days: what it puts in, and what it says of what was found."""

import numpy as np
import pytest

from tests.inference.topics import WIDTH, near, said, usual_days
from voc.experiments.suites.newcomers import DAYS, PER_DAY, Draw, Outcome, Told, figures_of, judged
from voc.inference.newcomers import Spoken

LAST = 59


@pytest.fixture
def usual() -> Spoken:
    return usual_days(LAST + 1)


def told(centre: np.ndarray, languages: tuple[str, ...]) -> Told:
    random = np.random.default_rng(3)
    number = DAYS * PER_DAY
    spoken = said(near(centre, number, random), np.zeros(number, np.int64), "told-")
    return Told(spoken.vectors, spoken.words, np.resize(np.array(languages), number))


def drawn(usual: Spoken, centre: np.ndarray) -> Draw:
    centres = np.eye(WIDTH, dtype=np.float32)[:8]
    return Draw("own", usual, centres, np.full(8, 0.3, np.float32), told(centre, ("hr", "sl")), LAST - DAYS + 1)


def test_what_was_put_in_is_found_in_one_theme(usual: Spoken) -> None:
    outcome = judged(drawn(usual, np.eye(WIDTH)[20]), np.random.default_rng(1))
    assert outcome.delay in (0, 1)
    assert outcome.pure == 1
    assert outcome.inside.mean() > 0.9
    assert outcome.others == 0


def test_what_is_known_already_is_not_found(usual: Spoken) -> None:
    outcome = judged(drawn(usual, np.eye(WIDTH)[2]), np.random.default_rng(1))
    assert (outcome.delay, outcome.pure, outcome.others) == (None, 0, 0)
    assert not outcome.inside.any()


def test_figures(usual: Spoken) -> None:
    draw = drawn(usual, np.eye(WIDTH)[20])
    half = np.resize([True, False], DAYS * PER_DAY)
    outcomes = [Outcome(draw, 0, half, 1.0, 0), Outcome(draw, 2, half, 0.5, 3), Outcome(draw, None, half & False, 0, 0)]
    figures = figures_of("own", outcomes)
    assert [round(figures[f"own.found_{day}d"], 3) for day in (1, 2, 3)] == [0.333, 0.333, 0.667]
    assert figures["own.found_3d.low"] < 2 / 3 < figures["own.found_3d.high"]
    assert figures["own.pure"] == 0.75
    assert figures["own.in_one_theme"] == pytest.approx(8 / 15)
    assert (figures["own.in_one_theme.hr"], figures["own.in_one_theme.sl"]) == (1, 0)
    assert (figures["own.others"], figures["own.runs"]) == (3, 3)
    assert "own.pure" not in figures_of("own", outcomes[2:])
