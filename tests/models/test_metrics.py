import numpy as np
import pytest

from voc.models.metrics import (
    best_threshold,
    by_group,
    confusion,
    expected_calibration_error,
    expected_macro_f1,
    expected_threshold,
    task_quality,
)
from voc.models.tasks import Task

TASK = Task("reason", "multilabel", ("a", "b", "c"))
TRUTH = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]], dtype=bool)
FOUND = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
PROBABILITIES = np.where(FOUND, 0.9, 0.1).astype(np.float32)


def test_figures_by_hand() -> None:
    quality = task_quality(TASK, TRUTH, FOUND, PROBABILITIES)
    # a: 2 of 2 right, none wrong: 1. b: 1 found of 3: F1 = 2*1*(1/3)/(4/3) = .5. c never occurs: not in the mean.
    assert quality.per_class["a"]["f1"] == 1
    assert quality.per_class["b"]["f1"] == pytest.approx(0.5)
    assert quality.per_class["c"] == {"f1": 0.0, "support": 0.0}
    assert quality.macro_f1 == pytest.approx(0.75)
    assert quality.micro_f1 == pytest.approx(2 * 3 / (4 + 5))
    assert quality.accuracy == 0.5


def test_calibration_error_by_hand() -> None:
    task = Task("s", "multiclass", ("x", "y"))
    probabilities = np.array([[0.9, 0.1]] * 10, dtype=np.float32)
    truth = np.array([[True, False]] * 7 + [[False, True]] * 3)
    assert expected_calibration_error(task, truth, probabilities) == pytest.approx(0.2, abs=1e-6)


def test_best_threshold_separates() -> None:
    probabilities = np.where(TRUTH, 0.42, 0.2).astype(np.float32)
    assert 0.2 < best_threshold(TRUTH, probabilities) <= 0.42


def test_the_threshold_to_be_expected_is_the_best_and_hardly_moves_with_the_sample() -> None:
    draw = np.random.default_rng(3)
    sure = draw.beta(0.15, 2.3, 200_000).astype(np.float32)  # of a yes, in 6 % of rows and calibrated
    yes = draw.random(len(sure)) < sure
    parts = [draw.choice(len(sure), 1000) for _ in range(40)]
    expected = [expected_threshold(sure[rows], np.ones(len(rows))) for rows in parts]
    found = [best_threshold(yes[rows, None], sure[rows, None]) for rows in parts]
    best = best_threshold(yes[:, None], sure[:, None])
    assert abs(np.mean(expected) - best) < 0.03
    assert np.std(expected) < 0.5 * np.std(found)


def test_rows_that_count_more_move_the_threshold() -> None:
    sure = np.repeat(np.float32([0.9, 0.5, 0.15]), [10, 10, 80])
    alike, rarer = np.ones(100), np.where(sure > 0.4, 0.1, 1.0)
    assert 0.15 < expected_threshold(sure, alike) <= 0.5
    assert expected_threshold(sure, rarer) <= 0.15
    assert 0.15 < expected_threshold(sure, np.repeat([1, 0.1, 0.01], [10, 10, 80])) <= 0.5


def test_confusion_counts_rows_with_one_label_only() -> None:
    assert confusion(TASK, TRUTH, PROBABILITIES).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]


def test_groups_are_judged_apart() -> None:
    groups = by_group(TASK, TRUTH, FOUND, PROBABILITIES, ["hr", "hr", "sl", "sl"])
    assert {name: quality.rows for name, quality in groups.items()} == {"hr": 2, "sl": 2}
    assert groups["hr"].accuracy == 0.5


def test_expected_macro_f1_is_that_of_the_expected_counts() -> None:
    believed = np.array([[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.2, 0.9, 0.1]], dtype=np.float32)
    decided = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=bool)
    # Counted are the first (1.6 expected) and the second (1.5): 2 * 1.4 / (2 + 1.6) and 2 * 0.9 / (1 + 1.5).
    assert expected_macro_f1(believed, decided) == pytest.approx([(2.8 / 3.6 + 1.8 / 2.5) / 2])
    assert expected_macro_f1(believed[:0], decided[:0]) == [0.0]
    assert expected_macro_f1(decided.astype(np.float32), decided) == [1.0]
    twice = np.array([[1, 1, 1], [2, 2, 2], [0, 1, 0]], dtype=np.float32)
    once, doubled, second = expected_macro_f1(believed, decided, twice)
    assert once == doubled == pytest.approx((2.8 / 3.6 + 1.8 / 2.5) / 2)
    assert second == pytest.approx((2 * 0.5 / 1.5 + 0) / 2)
