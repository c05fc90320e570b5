"""The bench of the scoring engine on transcripts in miniature: every figure is there and means what it says."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.experiments.tracked import Tracked
from voc.data.workspace import Workspace
from voc.errors import InputError, ModelFolderError
from voc.experiments.bench import run_bench
from voc.experiments.processes import family, memory_mb
from voc.experiments.scoring import (
    Sizes,
    encoder_gflop,
    losses,
    newest_student,
    ratios,
    scoring,
    transcripts,
    unique_share,
)
from voc.inference.engine import Texts
from voc.models.exported import load_exported
from voc.models.folder import load_model
from voc.models.registry import Registry
from voc.training.distil import distil
from voc.training.exporting import export

SMALL = Sizes(rounds=2, texts=12, pipeline_texts=3, contacts=300)


def test_all_figures(trained: Workspace, handmade: Path) -> None:
    with (trained.root / "voc.toml").open("a") as file:
        file.write("[export]\nmargin = 1.0\nleast_cosine = 0.0\nleast_rows = 5\n")
        file.write("[distillation]\nlayers = 1\nepochs = 1\nmost_segments = 400\n")
    workspace = Workspace.open(trained.root)
    export(workspace, precision="int8")
    older, newer = distil(workspace), distil(workspace)
    export(workspace, older.version, "fp32")
    assert newest_student(workspace, older.teacher).facts.version == older.version  # type: ignore[union-attr]
    assert newest_student(workspace, older.version) is None
    export(workspace, newer.version, "fp32")
    tracked = Tracked()
    result = scoring(workspace, handmade, lambda what, share: None, tracked, SMALL)  # type: ignore[arg-type]
    figures = result.figures
    assert {
        "ratio_to_pipelines", "student_ratio_to_pipelines", "efficiency_128", "int8_macro_f1_loss", "peak_rss_mb",
        "start_seconds",
    } <= set(figures)  # fmt: skip
    loss = {name: value for name, value in figures.items() if name.startswith(("int8_", "student_loss"))}
    assert all(np.isfinite(value) and value >= 0 for name, value in figures.items() if name not in loss)
    assert set(loss) >= {f"int8_loss.{task}.all" for task in ("reason", "sentiment", "churn_intent")}
    assert loss["int8_macro_f1_loss"] == max(0.0, *(loss[name] for name in loss if name.endswith(".all")))
    assert 0.9 < loss["int8_cosine"] < 1
    assert figures["peak_rss_mb"] > 50
    assert figures["batch.contacts"] == 300
    assert result.context["precision"] == "int8"
    assert (result.context["student"], result.context["student_precision"]) == (newer.version, "fp32")
    lost = {name.split(".")[1]: value for name, value in figures.items() if name.startswith("student_loss.")}
    assert lost == pytest.approx({task: newer.lost[f"{task}.all"] for task in newer.test.tasks}, abs=1e-3)
    assert figures["student_macro_f1_loss"] == max(0.0, *lost.values())
    assert tracked.tables["scoring"] == figures
    json.dumps(result.context)
    assert workspace.lake.version("scores") == -1  # the workspace itself was left alone


def test_without_an_export_is_one_line(trained: Workspace, handmade: Path) -> None:
    with pytest.raises(ModelFolderError, match="not an exported model"):
        scoring(trained, handmade, lambda what, share: None, Tracked(), SMALL)  # type: ignore[arg-type]


def test_the_command_needs_data(trained: Workspace) -> None:
    registry = Registry("sqlite://", "bench")
    with pytest.raises(InputError, match="public data sets are needed"):
        run_bench("scoring", "star", None, trained.root, registry, lambda what, share: None)


def test_both_sides_take_turns_on_the_same_transcripts() -> None:
    seen: list[tuple[str, list[str]]] = []

    class Recording:
        def __init__(self, name: str) -> None:
            self.name = name

        def read(self, parts: "object") -> "object":
            for part in parts:  # type: ignore[attr-defined]
                assert isinstance(part, Texts)
                seen.append((self.name, list(part.texts)))
                yield None

    three = replace(SMALL, rounds=3)  # of two the mean would be the median
    texts = [f"text {number}" for number in range(36)]
    found = ratios(
        {"": Recording("engine"), "student_": Recording("student")},  # type: ignore[dict-item]
        [lambda part: seen.append(("pipeline", list(part)))] * 3,
        texts,
        three,
        lambda share: None,
    )
    warm, measured = seen[:5], seen[5:]
    assert [side for side, _ in warm] == ["engine", "student", *["pipeline"] * 3]
    assert [side for side, _ in measured] == ["engine", "student", *["pipeline"] * 3] * 3
    for begin, number in ((0, 0), (12, 5)):
        assert measured[number][1] == measured[number + 1][1] == texts[begin : begin + 12]
        assert len(measured[number + 2][1]) == 3
        assert set(measured[number + 2][1]) < set(measured[number][1])
    for side in ("", "student_"):
        quotient = found[f"{side}texts_per_second"] / found["pipelines.texts_per_second"]
        assert found[f"{side}ratio_to_pipelines"] == pytest.approx(quotient)


def test_transcripts_are_drawn_the_same_each_time(handmade: Path) -> None:
    found = transcripts(handmade, "customer", 20)
    assert found == transcripts(handmade, "customer", 20)
    assert len(set(found)) == 20 and all(text.strip() for text in found)
    assert sum("hello" in text for text in found) == 10  # MultiDoGO's half
    with pytest.raises(InputError, match="expected at least 5,000 transcripts, got"):
        transcripts(handmade, "customer", 5000)


def test_work_of_a_text() -> None:
    e5_small = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 12}
    assert encoder_gflop(e5_small, 128) == pytest.approx(5.74, abs=0.01)


def test_segments_said_twice_count_once() -> None:
    assert unique_share(["a\nb", "a\nc"]) == 0.75


def test_int8_is_judged_where_fp32_is_in_use(trained: Workspace) -> None:
    (fp32,) = (report.cosine_mean for report in export(trained, precision="fp32"))
    folder = trained.models / str(trained.current_model)
    int8 = losses(trained, load_model(folder), load_exported(folder), None)["int8_cosine"]
    assert 0.9 < int8 < 1  # a model this small and random loses little
    assert 1 - int8 > 3 * abs(1 - fp32)


def test_memory_of_this_process_and_its_family() -> None:
    assert family(os.getpid())[0] == os.getpid()
    assert memory_mb(os.getpid()) > 20
    assert memory_mb(2**22 + 1) == 0.0
