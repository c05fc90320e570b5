"""The figures that a model folder keeps: intervals around them, calibration, and what is read back."""

import json

import numpy as np
import pytest
from datasets import Dataset

from voc.data.workspace import Workspace
from voc.errors import ModelFolderError
from voc.labels import Split
from voc.models.decisions import Decisions
from voc.models.metrics import reliability, task_quality
from voc.models.predictions import Predictions
from voc.models.quality import Quality, read_quality
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet, target_column
from voc.training.quality import quality_of
from voc.training.train import TrainSummary

TASK = Task("sentiment", "multiclass", ("negative", "neutral", "positive"))


def judged(rows: int, right: float, seed: int = 3) -> tuple[Predictions, dict[Split, LabelledSet]]:
    """Predictions of rows in three written forms, of which the share `right` is right, and the labelled set."""
    random = np.random.default_rng(seed)
    truth = random.integers(3, size=rows)
    said = np.where(random.random(rows) < right, truth, (truth + 1) % 3)
    logits = np.full((rows, 3), -1.0, dtype=np.float32)
    logits[np.arange(rows), said] = 1.0
    languages = [("hr", "sl", "sr-Cyrl")[number % 3] for number in range(rows)]
    columns = {
        "contact_id": [str(number) for number in range(rows)],
        "language": languages,
        "text": ["x"] * rows,
        target_column(TASK): [TASK.target(TASK.labels[label]) for label in truth],
    }
    found = Predictions({"sentiment": logits}, np.zeros((rows, 2), np.float32), {"sentiment": logits}, {})
    whole = LabelledSet(Split.TEST, Dataset.from_dict(columns))
    return found, {Split.TRAIN: whole, Split.TEST: whole}


def test_intervals_hold_what_is_true() -> None:
    """Of models that are right in 7 of 10 rows about 95 % of the intervals hold 0.7: of 40, not fewer than 33."""
    held = 0
    for seed in range(40):
        found, sets = judged(240, 0.7, seed)
        figure = quality_of(found, (TASK,), sets, Decisions({"sentiment": 0.0}, {}, {})).tasks["sentiment"].whole
        assert 0.05 < figure.high - figure.low < 0.2
        held += figure.low <= 0.7 <= figure.high
    assert held >= 33


def test_figures_are_those_of_the_report() -> None:
    found, sets = judged(300, 0.8)
    quality = quality_of(found, (TASK,), sets, Decisions({"sentiment": 0.0}, {}, {}), synthetic=True)
    task = quality.tasks["sentiment"]
    targets = sets[Split.TEST].targets(TASK) > 0.5
    chosen = found.logits["sentiment"] > 0
    expected = task_quality(TASK, targets, chosen, np.full((300, 3), 1 / 3, dtype=np.float32))
    assert task.whole.value == pytest.approx(expected.macro_f1)
    assert {label: figure.contacts for label, figure in task.labels.items()} == {
        label: int(targets[:, place].sum()) for place, label in enumerate(TASK.labels)
    }
    assert {name: figure.contacts for name, figure in task.languages.items()} == dict.fromkeys(
        ("hr", "sl", "sr-Cyrl"), 100
    )
    # A third of the contacts says less.
    assert all(each.high - each.low > task.whole.high - task.whole.low for each in task.languages.values())
    assert quality.contacts == {"train": 300, "test": 300} and quality.synthetic
    assert Quality.of(json.loads(json.dumps(quality.to_json()))) == quality


def test_a_figure_that_never_moves_is_not_certain() -> None:
    found, sets = judged(30, 1.0)
    whole = quality_of(found, (TASK,), sets, Decisions({"sentiment": 0.0}, {}, {})).tasks["sentiment"].whole
    assert whole.value == whole.high == 1.0
    assert whole.low == pytest.approx(0.884, abs=0.001)  # 30 of 30, Clopper and Pearson


def test_reliability_counts_answers_by_their_probability() -> None:
    probabilities = np.array([[0.1, 0.9], [0.15, 0.85], [0.75, 0.25]], dtype=np.float32)
    truth = np.array([[False, True], [True, False], [True, False]])
    binary = Task("churn_intent", "binary", ("no", "yes"))
    low, middle, high = reliability(binary, truth, probabilities)
    assert (low.answers, low.right, middle.answers, middle.right, high.answers, high.right) == (1, 0, 1, 0, 1, 1)
    assert high.said == pytest.approx(0.9)
    multilabel = reliability(Task("reason", "multilabel", ("a", "b")), truth, probabilities)
    assert sum(each.answers for each in multilabel) == 6
    assert sum(each.right for each in multilabel) == 3
    *_, sure = reliability(Task("sentiment", "multiclass", ("a", "b")), truth, probabilities)
    assert (sure.answers, sure.right) == (1, 1)


def test_a_trained_model_keeps_its_figures(trained_once: tuple[object, TrainSummary]) -> None:
    summary = trained_once[1]
    quality = read_quality(summary.folder)
    assert quality is not None and quality.synthetic
    assert quality.contacts == dict(summary.rows)
    for name, report in summary.test.tasks.items():
        assert quality.tasks[name].whole.value == pytest.approx(report.whole.macro_f1)
        assert quality.tasks[name].ece == pytest.approx(report.whole.ece)
        assert quality.tasks[name].languages.keys() == report.by_language.keys()


def test_a_changed_file_is_refused(trained: Workspace) -> None:
    folder = trained.models / str(trained.current_model)
    path = folder / "quality.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"value": 0.', '"value": 1.', 1), encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"quality\.json: expected sha256"):
        read_quality(folder)
