import numpy as np
import pytest

from voc.models.calibration import ALL, Scaling, calibrated
from voc.models.metrics import expected_calibration_error
from voc.models.tasks import Floats, Task
from voc.training.scalings import LEAST_ROWS, fit_scalings

MOODS = Task("mood", "multiclass", ("bad", "so-so", "good"))
LEAVES = Task("leaves", "binary", ("no", "yes"))
REASONS = Task("reason", "multilabel", ("bill", "outage", "login"))


def drawn(task: Task, too_sure: float, rows: int = 4000) -> tuple[Floats, Floats]:
    """Logits `too_sure` times too large, and labels drawn from what the right ones say."""
    draw = np.random.default_rng(7)
    right = draw.normal(0, 1.5, (rows, task.outputs)).astype(np.float32)
    chances = task.probabilities(right)
    if task.kind == "multiclass":
        picks = (chances.cumsum(1) > draw.random((rows, 1))).argmax(1)
        targets = np.eye(task.outputs, dtype=np.float32)[picks]
    else:
        sure = chances[:, 1:] if task.kind == "binary" else chances
        targets = (draw.random(sure.shape) < sure).astype(np.float32)
    return right * np.float32(too_sure), targets


def truth(task: Task, targets: Floats) -> np.ndarray:
    return np.concatenate([1 - targets, targets], axis=1) > 0.5 if task.kind == "binary" else targets > 0.5


@pytest.mark.parametrize("task", [MOODS, LEAVES, REASONS], ids=lambda task: task.kind)
def test_sureness_is_put_right(task: Task) -> None:
    logits, targets = drawn(task, 3.0)
    scalings = fit_scalings(task, logits[:2000], targets[:2000], ["hr"] * 2000)
    assert scalings[ALL].slope == pytest.approx(1 / 3, rel=0.15)
    before = expected_calibration_error(task, truth(task, targets[2000:]), task.probabilities(logits[2000:]))
    after = expected_calibration_error(task, truth(task, targets[2000:]), calibrated(task, logits[2000:], scalings))
    assert before > 0.1 > 0.03 > after


def test_a_language_has_its_own_where_it_has_rows_enough() -> None:
    sure, targets = drawn(MOODS, 4.0, 600)
    right, more = drawn(MOODS, 1.0, 600)
    few = LEAST_ROWS - 1
    logits = np.concatenate([sure, right, sure[:few]])
    languages = ["hr"] * 600 + ["sl"] * 600 + ["en"] * few
    scalings = fit_scalings(MOODS, logits, np.concatenate([targets, more, targets[:few]]), languages)
    assert set(scalings) == {ALL, "hr", "sl"}
    assert scalings["hr"].slope == pytest.approx(0.25, rel=0.25)
    assert scalings["sl"].slope == pytest.approx(1.0, rel=0.25)
    same = np.repeat(sure[:1], 3, axis=0)
    found = calibrated(MOODS, same, scalings, ["hr", "sl", "xx"])
    for row, name in enumerate(("hr", "sl", ALL)):
        expected = MOODS.probabilities(same[:1] * np.float32(scalings[name].slope))[0]
        assert found[row] == pytest.approx(expected, abs=1e-5)
    assert found[0].max() < found[2].max() < found[1].max()


def test_order_of_labels_stays() -> None:
    logits, targets = drawn(MOODS, 5.0, 500)
    found = calibrated(MOODS, logits, fit_scalings(MOODS, logits, targets, ["hr"] * 500))
    assert (found.argmax(1) == logits.argmax(1)).all()


def test_rows_without_label_do_not_count() -> None:
    logits, targets = drawn(MOODS, 2.0, 400)
    holes = np.concatenate([targets, np.full((300, 3), np.nan, np.float32)])
    more = np.concatenate([logits, np.zeros((300, 3), np.float32)])
    assert fit_scalings(MOODS, more, holes, ["hr"] * 700) == fit_scalings(MOODS, logits, targets, ["hr"] * 400)


def test_nothing_known_leaves_all_as_it_is() -> None:
    holes = np.full((5, 3), np.nan, np.float32)
    assert fit_scalings(MOODS, np.ones((5, 3), np.float32), holes, ["hr"] * 5) == {ALL: Scaling()}


def test_all_right_stays_finite() -> None:
    logits = np.eye(3, dtype=np.float32) * 4
    (scaling,) = fit_scalings(MOODS, logits, np.eye(3, dtype=np.float32), ["hr"] * 3).values()
    assert 1 <= scaling.slope < 100
