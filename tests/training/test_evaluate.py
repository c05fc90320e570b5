"""How decisions are chosen on dev."""

import numpy as np
import pytest
from datasets import Dataset

from voc.labels import Split
from voc.models.metrics import best_threshold, expected_threshold
from voc.models.predictions import Predictions
from voc.models.tasks import Floats, Task
from voc.training.evaluate import choose_decisions, report_of
from voc.training.labelled import LabelledSet, target_column

REASON = Task("reason", "multilabel", ("bill", "outage"))
LEAVES = Task("churn_intent", "binary", ("no", "yes"))


def labelled(task: Task, targets: Floats) -> LabelledSet:
    rows = len(targets)
    columns = {
        "contact_id": [str(row) for row in range(rows)], "split": ["dev"] * rows, "language": ["hr"] * rows,
        "text": ["x"] * rows, target_column(task): targets.tolist(),
    }  # fmt: skip
    return LabelledSet(Split.DEV, Dataset.from_dict(columns))


def predictions(task: Task, logits: Floats) -> Predictions:
    return Predictions(
        {task.name: task.probabilities(logits)}, np.zeros((len(logits), 2), np.float32), {task.name: logits}, {}
    )


@pytest.fixture
def noisy() -> tuple[Floats, Floats]:
    draw = np.random.default_rng(5)
    targets = np.eye(2, dtype=np.float32)[draw.integers(0, 2, 400)]
    return (targets * 2 - 1) * 1.5 + draw.normal(0, 2, (400, 2)).astype(np.float32), targets


@pytest.mark.parametrize("allowed", [0.01, 0.2])
def test_no_more_known_reasons_are_unknown_than_allowed(noisy: tuple[Floats, Floats], allowed: float) -> None:
    logits, targets = noisy
    dev = labelled(REASON, targets)
    decisions = choose_decisions(predictions(REASON, logits), (REASON,), dev, allowed)
    slope, shift = (getattr(decisions.calibration["reason"]["all"], name) for name in ("slope", "shift"))
    surest = REASON.probabilities(logits * np.float32(slope) + np.float32(shift)).max(axis=1)
    assert (surest < decisions.floors["reason"] - 1e-6).mean() <= allowed


def test_a_rare_yes_is_said_at_its_best_f1() -> None:
    draw = np.random.default_rng(2)
    yes = (draw.random((2000, 1)) < 0.08).astype(np.float32)
    logits = (yes * 2 - 3 + draw.normal(0, 1, (2000, 1))).astype(np.float32)
    dev = labelled(LEAVES, yes)
    decisions = choose_decisions(predictions(LEAVES, logits), (LEAVES,), dev, 0.05)
    assert decisions.thresholds["churn_intent"] < 0.45
    chosen = report_of(predictions(LEAVES, logits), (LEAVES,), dev, decisions).tasks["churn_intent"].whole
    half = type(decisions)({"churn_intent": 0.5}, decisions.calibration)
    plain = report_of(predictions(LEAVES, logits), (LEAVES,), dev, half).tasks["churn_intent"].whole
    assert chosen.per_class["yes"]["f1"] > plain.per_class["yes"]["f1"] + 0.05
    assert chosen.ece < 0.03


def test_a_few_labels_do_not_place_the_threshold() -> None:
    draw = np.random.default_rng(2)
    yes = (draw.random((300, 1)) < 0.1).astype(np.float32)
    logits = (yes * 2 - 3 + draw.normal(0, 1, yes.shape)).astype(np.float32)
    decisions = choose_decisions(predictions(LEAVES, logits), (LEAVES,), labelled(LEAVES, yes), 0.05)
    scaling = decisions.calibration["churn_intent"]["all"]
    sure = LEAVES.probabilities(logits * np.float32(scaling.slope) + np.float32(scaling.shift))[:, 1]
    assert decisions.thresholds["churn_intent"] == expected_threshold(sure, np.ones(len(sure)))
    assert decisions.thresholds["churn_intent"] != best_threshold(yes > 0, sure[:, None])


def test_nothing_labelled_leaves_the_defaults() -> None:
    dev = labelled(LEAVES, np.full((4, 1), np.nan, np.float32))
    decisions = choose_decisions(predictions(LEAVES, np.zeros((4, 1), np.float32)), (LEAVES,), dev, 0.05)
    assert decisions.thresholds == {"churn_intent": 0.5}
    assert decisions.calibration == {}


def test_a_yes_that_is_rarer_than_in_dev_is_said_less_often() -> None:
    draw = np.random.default_rng(4)
    many, few = ((draw.random((rows, 1)) < share).astype(np.float32) for rows, share in ((3000, 0.4), (20_000, 0.05)))
    seen, met = ((yes * 2 - 1 + draw.normal(0, 1, yes.shape)).astype(np.float32) for yes in (many, few))
    dev, field = labelled(LEAVES, many), labelled(LEAVES, few)
    plain = choose_decisions(predictions(LEAVES, seen), (LEAVES,), dev, 0.05)
    told = choose_decisions(predictions(LEAVES, seen), (LEAVES,), dev, 0.05, {"churn_intent": 0.05})
    found = {
        name: report_of(predictions(LEAVES, met), (LEAVES,), field, decisions).tasks["churn_intent"].whole
        for name, decisions in (("plain", plain), ("told", told))
    }
    assert found["told"].ece < 0.02 < found["plain"].ece
    assert found["told"].per_class["yes"]["f1"] > found["plain"].per_class["yes"]["f1"] + 0.05
