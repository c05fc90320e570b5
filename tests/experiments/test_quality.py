"""Every quality suite from files to figures, on data in miniature and with a tiny encoder."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voc.config import EncoderSettings, TrainingSettings
from voc.errors import MissingExtraError
from voc.experiments.bench import BenchResult, quality_suites
from voc.experiments.quality import PartLog
from voc.experiments.sets import by_split, few_shot
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.clinc import clinc
from voc.experiments.suites.single import SingleLabel
from voc.labels import Split, TaskName
from voc.models.tasks import Task

SETTINGS = TrainingSettings(
    epochs=1, max_tokens=48, head_learning_rate=0.003, bf16="no", seed_forms=0, switched_forms=0
)
BASIC = {"accuracy", "macro_f1", "ece", "train_seconds", "peak_rss_mb"}
RIVALS = {f"baseline.{name}.{key}" for name in ("tfidf", "frozen") for key in ("accuracy", "macro_f1", "train_seconds")}
EXPECTED: dict[str, set[str]] = {
    "banking77": {"accuracy.low", "accuracy.high"},
    "banking77-plain": {"baseline.plain.accuracy", "baseline.plain.train_seconds"},
    "clinc": {"oos_recall", "oos_recall.low", "false_unknown", "auroc", "baseline.softmax.auroc"},
    "clinc-oos-train": {"oos_recall", "baseline.frozen.oos_recall"},
    "xci": {"severity_macro_f1", "sentiment_macro_f1", "macro_f1.low", "baseline.tfidf.severity_macro_f1"},
    "parlasent": {"macro_f1.high", "macro_f1.hr", "baseline.frozen.macro_f1.sr-Latn"},
    "churn": {"f1", "f1.low", "f1.en", "f1.de.high", "accuracy.de", "baseline.tfidf.f1"},
    "xsid": {"accuracy.en", "accuracy.sr", "accuracy.sr.low", "baseline.tfidf.accuracy.sr"},
    "star-first": {"accuracy.low"},
    "star-multi": {"micro_f1", "micro_f1.low", "micro_f1.best_threshold", "baseline.tfidf-dev.micro_f1"},
    "multidogo": {"macro_f1.low", "macro_f1.finance", "macro_f1.media.high", "baseline.frozen.macro_f1.airline"},
}


class MemoryLog:
    """A RunLog that keeps the tables, and that no parameter be given twice."""

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}
        self.given: set[str] = set()

    def parameters(self, values: Mapping[str, object]) -> None:
        names = {
            f"{name}.{key}" for name, value in values.items() for key in (value if isinstance(value, dict) else ["-"])
        }
        assert not self.given & names, "MLflow takes a parameter once"
        self.given |= names

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        assert all(np.isfinite(list(values.values())))

    def dataset(self, name: str, digest: str, context: str, profile: Mapping[str, object]) -> None: ...

    def table(self, name: str, values: object) -> None:
        self.tables[name] = json.loads(json.dumps(values))

    def figure(self, name: str, picture: Any) -> None: ...

    def model(self, folder: Path) -> None: ...


def nothing(what: str, share: float) -> None: ...


def run_suite(name: str, data: Path, encoder: Path, log: MemoryLog, **settings: object) -> BenchResult:
    suite: Any = quality_suites()[name]
    changed = SETTINGS.model_copy(update=settings)
    return suite(data, nothing, log, settings=changed, encoder=EncoderSettings(name=str(encoder)))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_suite_from_files_to_figures(name: str, handmade: Path, tiny_encoder: Path) -> None:
    log = MemoryLog()
    result = run_suite(name, handmade, tiny_encoder, log)
    figures = result.figures
    rivals = {key for key in RIVALS if name != "star-multi" or ".tfidf." in key}
    assert BASIC | EXPECTED[name] | rivals <= set(figures)
    assert all(np.isfinite(list(figures.values())))
    bounded = [key for key in figures if not key.endswith(("seconds", "_mb"))]
    assert all(0 <= figures[key] <= 1 for key in bounded)
    intervals = [key.removesuffix(".low") for key in figures if key.endswith(".low")]
    assert intervals and all(figures[f"{key}.low"] <= figures[f"{key}.high"] for key in intervals)
    assert {kind for kind in ("classes", "abstention", "reliability") if any(kind in key for key in log.tables)} == {
        "classes", "abstention", "reliability",
    }  # fmt: skip
    assert result.bench == f"quality {name}" and result.context["seed"] == SETTINGS.seed
    assert ("evaluation only" in json.dumps(dict(result.context))) == (name == "churn")


def test_what_words_alone_decide_is_learnt(handmade: Path, tiny_encoder: Path) -> None:
    figures = run_suite("banking77", handmade, tiny_encoder, MemoryLog(), epochs=3, head_epochs=20).figures
    assert figures["accuracy"] > 0.7 and figures["baseline.tfidf.accuracy"] == 1.0


def test_a_smaller_sample_is_learnt_from(handmade: Path, tiny_encoder: Path) -> None:
    result = run_suite("star-first", handmade, tiny_encoder, MemoryLog(), max_train_contacts=12)
    assert result.context["rows"]["train"] == 12  # type: ignore[index]


def test_out_of_scope_rows_are_learnt_as_none_of_the_labels(handmade: Path, tiny_encoder: Path) -> None:
    result = run_suite("clinc-oos-train", handmade, tiny_encoder, MemoryLog())
    assert result.context["out_of_scope_learnt"] == 3
    assert result.context["rows"] == {"train": 51, "dev": 9, "test": 9}


def test_a_better_score_of_the_unknown_can_be_handed_in(handmade: Path, tiny_encoder: Path) -> None:
    def blind(fitted: Any, sets: Any, task: Task) -> Any:
        return lambda found: np.zeros(len(found.embeddings), dtype=np.float32)

    encoder = EncoderSettings(name=str(tiny_encoder))
    figures = clinc(handmade, nothing, MemoryLog(), SETTINGS, encoder, make_score=blind).figures
    assert (figures["auroc"], figures["oos_recall"], figures["false_unknown"]) == (0.5, 0.0, 0.0)


def _four_shots(data: Path) -> Any:
    return few_shot(banking(data), TaskName.REASON, 4, 13)


@pytest.mark.skipif(find_spec("setfit") is None, reason="the extra bench is not installed")
def test_setfit_is_a_rival_of_few_shots(handmade: Path, tiny_encoder: Path) -> None:
    suite = SingleLabel("few", _four_shots, "miniature", SETTINGS, setfit=True)
    figures = suite(handmade, nothing, MemoryLog(), SETTINGS, EncoderSettings(name=str(tiny_encoder))).figures
    assert {"baseline.setfit.accuracy", "baseline.setfit.train_seconds"} <= set(figures)


@pytest.mark.skipif(find_spec("setfit") is not None, reason="the extra bench is installed")
def test_a_missing_rival_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="bench"):
        quality_suites()["banking77-10shot"](tmp_path, nothing, MemoryLog())


def test_rivals_and_model_learn_from_the_same_few_rows(handmade: Path) -> None:
    task = Task(TaskName.REASON, "multilabel", ("card_fee", "lost_card", "open_account"))
    sets = by_split(_four_shots(handmade), (task,))
    assert len(sets[Split.TRAIN]) == 12 and sets[Split.TRAIN].texts == sets[Split.DEV].texts


def test_parts_of_a_run_keep_their_names_apart() -> None:
    log = MemoryLog()
    for fold in range(2):
        part = PartLog(log, f"fold-{fold}")
        part.parameters({"bf16": fold == 0})
        part.table("classes", fold)
    assert log.tables == {"fold-0-classes": 0, "fold-1-classes": 1}
