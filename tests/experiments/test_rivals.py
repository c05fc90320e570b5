"""Rivals learn what can be learnt, and say so as probabilities of all labels."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from voc.config import EncoderSettings
from voc.errors import MissingExtraError
from voc.experiments.rivals import Frozen, Plain, Rival, SetFit, Tfidf, timed
from voc.experiments.sets import Row, labelled_set
from voc.labels import Split
from voc.models.tasks import Task

TASK = Task("reason", "multilabel", ("a", "b", "never"))
CHURN = Task("churn", "binary", ("no", "yes"))
ROWS = [
    Row(f"{label}{number}", f"{words} {number}", {"reason": (label,), "churn": label == "a"})
    for label, words in (("a", "I want to leave you now"), ("b", "my parcel is late"))
    for number in range(8)
]
UNLABELLED = Row("none", "my parcel is late", {})
TRAIN = labelled_set([*ROWS, UNLABELLED], (TASK, CHURN), Split.TRAIN)
QUESTIONS = ["I want to leave you", "the parcel is late"]
without_setfit = pytest.mark.skipif(find_spec("setfit") is None, reason="the extra bench is not installed")


@pytest.fixture
def rivals(tiny_encoder: Path) -> dict[str, Rival]:
    encoder = EncoderSettings(name=str(tiny_encoder))
    return {
        "tfidf": Tfidf(),
        "one-vs-rest": Tfidf(one_vs_rest=True),
        "frozen": Frozen(encoder),
        "plain": Plain(encoder, epochs=200, seed=1),
        "setfit": SetFit(encoder, seed=1, iterations=2),
    }


NAMES = ["tfidf", "one-vs-rest", "frozen", "plain", pytest.param("setfit", marks=without_setfit)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", [TASK, CHURN], ids=["reason", "churn"])
def test_a_rival_learns(rivals: dict[str, Rival], name: str, task: Task) -> None:
    predict, seconds = timed(rivals[name], TRAIN, task)
    found = predict(QUESTIONS)
    assert found.shape == (2, len(task.labels)) and seconds > 0
    assert found.argmax(axis=1).tolist() == ([0, 1] if task is TASK else [1, 0])
    if name not in {"one-vs-rest"}:
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    if task is TASK and name != "plain":
        assert (found[:, 2] == 0).all()  # never seen in train


def test_one_against_the_rest_may_say_both_or_neither() -> None:
    fees = [Row(f"c{number}", f"a fee of {number} euros", {"reason": ("never",)}) for number in range(8)]
    predict = Tfidf(one_vs_rest=True)(labelled_set([*ROWS, *fees], (TASK,), Split.TRAIN), TASK)
    single, both, neither = predict(["I want to leave you", "I want to leave you my parcel is late", "hello"])
    assert sorted(both)[1] > sorted(single)[1] and neither.sum() < 0.8


def test_a_frozen_encoder_reads_a_text_once(tiny_encoder: Path) -> None:
    frozen = Frozen(EncoderSettings(name=str(tiny_encoder)))
    first = frozen.vectors(["x", "y", "x"])
    frozen._read["x"] = frozen._read["x"] * 2
    again = frozen.vectors(["x", "y"])
    assert np.array_equal(again[0], first[0] * 2) and np.array_equal(again[1], first[1])


@pytest.mark.skipif(find_spec("setfit") is not None, reason="the extra bench is installed")
def test_setfit_says_what_to_install() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'voc-insights\[bench\]'"):
        SetFit.require()
