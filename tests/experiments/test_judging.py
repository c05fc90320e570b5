"""Figures of answers: against scikit-learn, by hand, and how intervals and curves behave."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from voc.experiments.judging import (
    Answers,
    abstention_curve,
    accuracy,
    interval,
    judge_single,
    macro_f1,
    peak_rss_mb,
    positive_f1,
    reliability,
    share_interval,
)
from voc.experiments.sets import Row, labelled_set
from voc.experiments.suites.clinc import MOST_FALSE, UnknownScores
from voc.experiments.suites.star_multi import best_of_all, several_figures
from voc.labels import Split
from voc.models.tasks import Task

TASK = Task("reason", "multilabel", ("a", "b", "c"))
CHURN = Task("churn", "binary", ("no", "yes"))
RANDOM = np.random.default_rng(0)
TRUTH, FOUND = RANDOM.integers(4, size=200), RANDOM.integers(5, size=200)


def test_figures_are_scikit_learns() -> None:
    assert macro_f1(TRUTH, FOUND) == pytest.approx(f1_score(TRUTH, FOUND, average="macro"))
    yes, said = TRUTH > 1, FOUND > 2
    assert positive_f1(yes.astype(int), said.astype(int)) == pytest.approx(f1_score(yes, said))
    assert positive_f1(np.zeros(3, int), np.zeros(3, int)) == 0.0
    assert accuracy(np.array([0, 1]), np.array([0, 2])) == 0.5


def test_answers_leave_out_rows_without_a_label() -> None:
    rows = [Row("1", "x", {"reason": ("a",)}, language="en"), Row("2", "y", {}), Row("3", "z", {"reason": ("c",)},
            language="sr")]  # fmt: skip
    probabilities = np.array([[0.9, 0.5, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.4]], dtype=np.float32)
    answers = Answers.of(labelled_set(rows, (TASK,), Split.TEST), TASK, probabilities)
    assert (answers.truth.tolist(), answers.found.tolist()) == ([0, 2], [0, 1])
    assert {name: part.figures["accuracy"] for name, part in answers.by_language().items()} == {"en": 1.0, "sr": 0.0}
    # Shares of 1.5 and 1.2: the surest labels have .6 and .5, one of the two answers is right.
    assert answers.figures["ece"] == pytest.approx((0.4 + 0.5) / 2)


def test_a_yes_is_decided_by_the_threshold() -> None:
    rows = [Row(str(number), "x", {"churn": number > 0}) for number in range(2)]
    probabilities = np.array([[0.6, 0.4], [0.7, 0.3]], dtype=np.float32)
    labelled = labelled_set(rows, (CHURN,), Split.TEST)
    assert Answers.of(labelled, CHURN, probabilities).found.tolist() == [0, 0]
    assert Answers.of(labelled, CHURN, probabilities, threshold=0.35).found.tolist() == [1, 0]


def test_judge_single_takes_shares_of_sigmoids() -> None:
    targets = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    probabilities = np.array([[0.5, 0.0, 0.0], [0.9, 0.1, 0.0]], dtype=np.float32)
    figures = judge_single(TASK, targets, probabilities)
    assert figures == {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3), "ece": pytest.approx(0.45)}


def test_interval_is_that_of_the_binomial() -> None:
    hits = np.arange(400) < 300
    low, high = share_interval(hits, seed=1)
    assert (low, high) == (pytest.approx(0.7076, abs=0.005), pytest.approx(0.7924, abs=0.005))  # ±1.96·√(.75·.25/400)
    assert share_interval(hits, seed=1) == (low, high)


def test_groups_widen_the_interval() -> None:
    hits = np.repeat(np.arange(40) < 30, 10)
    groups = [str(row // 10) for row in range(400)]

    def width(ends: tuple[float, float]) -> float:
        return ends[1] - ends[0]

    alone = width(interval(lambda rows: float(hits[rows].mean()), 400, 1))
    together = width(interval(lambda rows: float(hits[rows].mean()), 400, 1, groups))
    assert together == pytest.approx(alone * np.sqrt(10), rel=0.15)


def test_strata_are_drawn_by_themselves() -> None:
    strata = np.array([0] * 99 + [1])
    seen: list[int] = []
    interval(lambda rows: seen.append(int(strata[rows].sum())) or 0.0, 100, 1, strata=strata, draws=50)
    assert set(seen) == {1}


def test_by_class_keeps_the_estimate_inside_though_classes_are_rare() -> None:
    truth = np.array([0] * 60 + list(range(1, 11)))
    answers = Answers(TASK, truth, np.where(np.arange(70) % 7 == 0, 0, truth), np.ones((70, 11), np.float32), [""] * 70)
    low, high = answers.interval(macro_f1, seed=1, by_class=True)
    assert low <= answers.score(macro_f1) <= high


def test_surer_answers_are_more_often_right() -> None:
    confidence = np.linspace(1, 0, 100, dtype=np.float32)
    curve = abstention_curve(confidence, np.arange(100) < 50)
    assert [(point["answered"], point["accuracy"]) for point in curve][:1] == [(1.0, 0.5)]
    assert {point["answered"]: point["accuracy"] for point in curve}[0.5] == 1.0
    assert curve[-1]["least_confidence"] == pytest.approx(confidence[9])


def test_reliability_has_every_row_once() -> None:
    bins = reliability(np.array([0.05, 0.95, 1.0, 0.96], dtype=np.float32), np.array([False, True, True, False]))
    assert [(row["rows"], row["accuracy"]) for row in bins] == [(1, 0.0), (3, pytest.approx(2 / 3))]


def test_unknown_is_told_by_a_threshold_from_dev() -> None:
    dev = np.arange(100, dtype=np.float32)
    scores = UnknownScores(dev, test=dev + 1, oos=np.array([94, 95, 96, 200], dtype=np.float32))
    assert scores.threshold == 95 and (dev > scores.threshold).mean() == MOST_FALSE
    assert scores.figures["false_unknown"] == pytest.approx(0.05) and scores.figures["oos_recall"] == 0.5
    assert scores.figures["auroc"] == pytest.approx((93 + 0.5 + 94 + 0.5 + 95 + 0.5 + 100) / 400)


def test_no_other_threshold_has_a_better_micro_f1() -> None:
    truth = RANDOM.random((50, 3)) < 0.4
    probabilities = (RANDOM.random((50, 3)) * 0.02 + truth * 0.005).astype(np.float32).round(4)
    best = best_of_all(truth, probabilities)
    scores = [f1_score(truth, probabilities >= value, average="micro", zero_division=0) for value in probabilities.flat]
    assert several_figures(TASK, truth, probabilities, best)["micro_f1"] == pytest.approx(max(scores))


def test_memory_is_in_megabytes() -> None:
    assert 50 < peak_rss_mb() < 100_000
