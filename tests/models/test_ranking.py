"""Figures of a risk against hand-worked cases and scikit-learn; the bootstrap draws customers."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

from voc.models.ranking import Risk, intervals

DAY = np.datetime64("2026-01-01")


def risk(truth: list[int], scores: list[float], days: list[int] | None = None, per_day: int = 2) -> Risk:
    when = DAY + np.array(days if days is not None else [0] * len(truth))
    return Risk(np.array(truth, dtype=bool), np.array(scores), when, per_day)


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    scores = generator.integers(0, 8, 500) / 8  # with ties
    return generator.random(500) < scores / 3, scores


def test_pr_auc_and_brier_are_scikit_learns(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = drawn
    found = Risk(truth, scores, np.full(500, DAY), 5).figures()
    assert found["pr_auc"] == pytest.approx(average_precision_score(truth, scores))
    assert found["brier"] == pytest.approx(brier_score_loss(truth, scores))


def test_weights_are_copies_of_rows(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = drawn
    times = np.random.default_rng(5).integers(0, 4, 500)
    weighted = Risk(truth, scores, np.full(500, DAY), 5).figures(times.astype(float))
    copied = Risk(np.repeat(truth, times), np.repeat(scores, times), np.full(times.sum(), DAY), 5).figures()
    for name in copied.keys() - {"ece"}:  # bins are those of the rows, not of their copies
        assert weighted[name] == pytest.approx(copied[name]), name


def test_the_top_decile_of_ten_contacts_is_the_first() -> None:
    found = risk([1, 0, 0, 0, 1, 0, 0, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]).figures()
    assert (found["recall_top_decile"], found["lift_top_decile"]) == pytest.approx((0.5, 5.0))


def test_equal_scores_are_a_guess_in_every_order() -> None:
    for truth in ([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]):
        found = risk(truth, [0.2] * 5).figures()
        assert found["pr_auc"] == pytest.approx(0.2)
        assert found["lift_top_decile"] == pytest.approx(1.0)
        assert found["ece"] == pytest.approx(0.0)


def test_capacity_is_of_each_day() -> None:
    found = risk([0, 0, 1, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.05], days=[0, 0, 0, 1, 1], per_day=1).figures()
    assert found["recall_at_capacity"] == pytest.approx(0.5)  # the second day's, though lowest of the first day
    assert found["precision_at_capacity"] == pytest.approx(0.5)


def test_nobody_left() -> None:
    found = risk([0, 0], [0.1, 0.2]).figures()
    assert np.isnan(found["pr_auc"]) and found["prevalence"] == 0


def test_ece_sees_probabilities_that_are_too_high() -> None:
    truth = [1, 0, 0, 0] * 25
    assert risk(truth, [0.25] * 100).figures()["ece"] == pytest.approx(0.0)
    assert risk(truth, [0.75] * 100).figures()["ece"] == pytest.approx(0.5)


def test_contacts_of_one_customer_count_once_for_the_interval() -> None:
    generator = np.random.default_rng(1)
    fate = generator.random(40) < 0.3
    customers = np.repeat(np.arange(40), 25)
    same = Risk(fate[customers], np.full(1000, 0.3), np.full(1000, DAY), 5)
    low, high = intervals({"a": same}, customers, 300, 0)["a"]["prevalence"]
    each_low, each_high = intervals({"a": same}, np.arange(1000), 300, 0)["a"]["prevalence"]
    assert high - low > 3 * (each_high - each_low)


def test_a_gain_compares_within_the_same_draw() -> None:
    generator = np.random.default_rng(2)
    truth = generator.random(400) < 0.2
    one = Risk(truth, truth * 0.3 + generator.random(400), np.full(400, DAY), 5)
    found = intervals({"one": one, "again": one}, np.arange(400), 100, 0)
    assert found["again"]["pr_auc_gain"] == (0.0, 0.0)
    assert found["one"]["pr_auc"][0] < one.figures()["pr_auc"] < found["one"]["pr_auc"][1]
