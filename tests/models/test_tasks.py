import numpy as np
import pytest
import torch

from voc.models.losses import task_loss
from voc.models.tasks import Task, default_tasks

MANY = Task("reason", "multilabel", ("a", "b", "c"))
ONE = Task("sentiment", "multiclass", ("low", "high"))
YES = Task("churn_intent", "binary", ("no", "yes"))


@pytest.mark.parametrize(
    ("task", "value", "expected"),
    [
        (MANY, ["c", "a"], [1, 0, 1]),
        (MANY, [], [0, 0, 0]),
        (ONE, "high", [0, 1]),
        (YES, True, [1]),
        (YES, False, [0]),
    ],
    ids=["several", "none of them", "one", "yes", "no"],
)
def test_targets(task: Task, value: object, expected: list[float]) -> None:
    assert task.target(value) == expected


def test_missing_label_is_nan_throughout() -> None:
    assert np.isnan(MANY.target(None)).all()


def test_unknown_label_is_named() -> None:
    with pytest.raises(ValueError, match="task reason: expected labels of the task, got z"):
        MANY.target(["a", "z"])


@pytest.mark.parametrize("task", [MANY, ONE, YES], ids=lambda task: task.kind)
def test_loss_falls_as_the_right_logit_rises_and_ignores_unlabelled_rows(task: Task) -> None:
    value = {"multilabel": ["a"], "multiclass": "low", "binary": True}[task.kind]
    target = torch.tensor([task.target(value), task.target(None)])
    wrong = torch.zeros(2, task.outputs)
    better = wrong.clone()
    better[0, 0] = 2.0
    assert task_loss(task, better, target) < task_loss(task, wrong, target)
    better[1] = 100.0
    assert task_loss(task, better, target) == task_loss(task, torch.cat([better[:1], wrong[:1]]), target)


@pytest.mark.parametrize("task", [MANY, ONE, YES], ids=lambda task: task.kind)
def test_batch_without_any_label_gives_zero_with_a_gradient(task: Task) -> None:
    logits = torch.ones(2, task.outputs, requires_grad=True)
    loss = task_loss(task, logits, torch.tensor([task.target(None)] * 2))
    loss.backward()
    assert loss == 0
    assert logits.grad is not None


def test_multilabel_loss_is_the_published_formula() -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5]])
    found = task_loss(MANY, logits, torch.tensor([MANY.target(["a"])]))
    expected = np.log(1 + np.exp(-2.0) + np.exp(0.5)) + np.log(1 + np.exp(-1.0))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_probabilities_and_decisions() -> None:
    logits = np.array([[2.0, -2.0, 0.1]], dtype=np.float32)
    assert MANY.decide(MANY.probabilities(logits), 0.5).tolist() == [[True, False, True]]
    assert MANY.decide(MANY.probabilities(logits), 0.99).tolist() == [[False, False, False]]
    sure = np.array([[0.2, 0.4, 0.1], [0.7, 0.1, 0.6], [0.1, 0.2, 0.1]], dtype=np.float32)
    assert MANY.decide(sure, 0.5, 0.3).tolist() == [[False, True, False], [True, False, True], [False, False, False]]
    two = ONE.probabilities(logits[:, :2])
    assert two.sum() == pytest.approx(1)
    assert ONE.decide(two, 0.0).tolist() == [[True, False]]
    assert ONE.decide(two, 0.9999).tolist() == [[False, False]]
    yes = YES.probabilities(logits[:, :1])
    assert yes.shape == (1, 2)
    assert YES.decide(yes, 0.5).tolist() == [[False, True]]


def test_default_tasks_take_the_taxonomy() -> None:
    reason, sentiment, churn, direction = default_tasks(("x", "y"))
    assert reason.labels == ("x", "y")
    assert (sentiment.outputs, churn.outputs, direction.outputs) == (3, 1, 6)
    assert default_tasks(("x", "y"), directions=False) == (reason, sentiment, churn)
