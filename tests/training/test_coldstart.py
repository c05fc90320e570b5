"""A first model out of the taxonomy: it can be scored with, says that it is not measured, and its heads compute what
the rule says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from voc.cli import app
from voc.config import parse
from voc.data.workspace import Workspace
from voc.errors import ConfigError, TrainingError
from voc.inference.score import score
from voc.models.calibration import Scaling, calibrated
from voc.models.classifier import Classifier
from voc.models.decisions import Decisions
from voc.models.encoder import load_tokenizer
from voc.models.folder import load_model
from voc.models.predict import Predictor
from voc.models.tasks import Task, default_tasks
from voc.taxonomy import Taxonomy
from voc.training.centroids import Background, Read, Space, left_out_logits, set_heads
from voc.training.coldstart import few_shot_train, leave_one_out_decisions, shifted_decisions, taxonomy_set
from voc.training.train import train

REASON = Task("reason", "multilabel", ("bill", "outage", "nothing"))
TEXTS = ["Račun je previsok.", "The bill is too high.", "Internet ne radi.", "No connection. It has been down all day."]
LABELS = np.array([0, 0, 1, 1])


def taxonomy(**reasons: dict[str, Any]) -> Taxonomy:
    base = {"group": "g", "name": "Name", "journey": "use", "owner": "o", "class": "keep"}
    values = {name: {key: value for key, value in (base | changes).items() if value is not None}
              for name, changes in reasons.items()}  # fmt: skip
    return parse(Taxonomy, {"version": "1", "groups": {"g": {"name": "G"}}, "reasons": values}, "taxonomy.toml")


def without_labels(tmp_path: Path, like: Workspace) -> Workspace:
    settings = (like.root / "voc.toml").read_text()
    return Workspace.create(tmp_path / "empty", settings, (like.root / "taxonomy.toml").read_text())


@pytest.fixture
def predictor(tiny_encoder: Path) -> Predictor:
    torch.manual_seed(1)
    classifier = Classifier.fresh(str(tiny_encoder), (REASON,), max_tokens=48).eval()
    predictor = Predictor(classifier, load_tokenizer(str(tiny_encoder)))
    read = Read.of(predictor.pooled(TEXTS))
    classifier.standardise_by(torch.from_numpy(read.whole), torch.from_numpy(read.segments))
    return predictor


@pytest.mark.parametrize(
    ("reasons", "message"),
    [
        ({"a": {"examples": [f"e{n}" for n in range(9)]}}, "reasons.a.examples: expected at most 8 examples, got 9"),
        ({"a": {"examples": ["good", " "]}}, "reasons.a.examples.1: .*expected some text, got ' '"),
        ({"a": {"examples": ["x" * 501]}}, "reasons.a.examples.0: .*expected at most 500 characters"),
        (
            {"a": {"examples": ["My bill"]}, "b": {"examples": ["my  Bill"]}},
            "expected an example under one reason, got 'my  Bill' under a, b$",
        ),
        ({"a": {"name": None}}, "reasons.a.name: missing"),
        ({"a": {"name": ""}}, "reasons.a.name: .*expected some text, got ''"),
        ({"a": {"exampels": []}}, "reasons.a.exampels: unknown key, did you mean 'examples'"),
    ],
    ids=["nine examples", "empty", "long", "under two reasons", "no name", "empty name", "typo"],
)
def test_bad_reasons_are_one_line(reasons: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        taxonomy(**reasons)
    assert "\n" not in str(caught.value)


def test_name_definition_and_examples_are_texts_of_their_reason() -> None:
    found = taxonomy(bill={"definition": "Too high.", "examples": ["Račun", "Рачун"]}, outage={"name": "Outage"})
    tasks = default_tasks(found.reason_ids)
    described = taxonomy_set(found, tasks)
    assert described.texts == ["Name", "Too high.", "Račun", "Рачун", "Outage"]
    assert described.targets(tasks[0]).argmax(axis=1).tolist() == [0, 0, 0, 0, 1]
    assert all(np.isnan(described.targets(task)).all() for task in tasks[1:])


def test_heads_compute_the_rule(predictor: Predictor) -> None:
    read = Read.of(predictor.pooled(TEXTS))
    background = Background.of(read, ["hr", "en", "hr", "en"])
    set_heads(predictor.classifier, REASON, read, LABELS, background)

    def unit(vectors: np.ndarray) -> np.ndarray:
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

    whole, segments = background.whole(read.whole), background.segments(read.segments)
    means = unit(np.stack([unit(whole)[label == LABELS].mean(0) for label in (0, 1)]))
    spoken = unit(np.stack([unit(segments)[LABELS[read.owners] == label].mean(0) for label in (0, 1)]))
    expected = whole @ means.T + np.stack([(segments[read.owners == row] @ spoken.T).max(0) for row in range(4)])
    logits = predictor.predict(TEXTS).logits["reason"]
    assert logits[:, :2] == pytest.approx(expected, abs=1e-3)
    assert (logits[:, 2] < logits[:, :2].min() - 10).all()  # a label without texts is never said
    assert (logits.argmax(axis=1) == LABELS).all()


def test_a_space_takes_out_where_languages_differ() -> None:
    draw = np.random.default_rng(1)
    shift = draw.normal(size=16)
    vectors = draw.normal(size=(400, 16)) + np.repeat([1, -1], 200)[:, None] * shift + 5
    languages = ["hr"] * 200 + ["sl"] * 200
    found = Space.of(vectors, languages)(vectors)
    assert np.abs(found.mean(axis=0)).max() < 1e-9
    assert np.linalg.norm(found[:200].mean(0) - found[200:].mean(0)) < 1e-6
    kept = Space.of(vectors, ["hr"] * 400)(vectors)
    assert np.linalg.norm(kept[:200].mean(0) - kept[200:].mean(0)) > 0.1


def test_no_text_judges_itself() -> None:
    """Labels by chance: a text that is part of its own mean is known by it."""
    draw = np.random.default_rng(1)
    vectors, labels = draw.normal(size=(90, 128)), draw.integers(0, 3, 90)
    read = Read(vectors, vectors, np.arange(90))
    background = Background.of(
        Read(draw.normal(size=(500, 128)), draw.normal(size=(500, 128)), np.arange(500)), [""] * 500
    )
    held = left_out_logits(REASON, read, labels, background)
    inside = background.whole(vectors) @ np.stack([background.whole(vectors)[labels == n].mean(0) for n in range(3)]).T
    assert (inside.argmax(axis=1) == labels).mean() > 0.8
    assert (held.argmax(axis=1) == labels).mean() < 0.5


def test_contacts_have_one_reason_on_average() -> None:
    logits = np.random.default_rng(1).normal(size=(1000, 3)).astype(np.float32)
    found = shifted_decisions(REASON, logits, Decisions({"reason": 0.2}, {"reason": {"all": Scaling(3.0, 1.0)}}))
    decided = REASON.decide(calibrated(REASON, logits, found.calibration["reason"]), found.thresholds["reason"])
    assert found.thresholds == {"reason": 0.5} and found.calibration["reason"]["all"].slope == 3.0
    assert decided.sum() == pytest.approx(1000, abs=2)
    assert 0.1 < (~decided.any(axis=1)).mean() < 0.5


def test_the_threshold_leaves_few_texts_unknown(predictor: Predictor) -> None:
    draw = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], 20)
    logits = (draw.normal(size=(60, 3)) + 4 * np.eye(3)[labels]).astype(np.float32)
    decisions = leave_one_out_decisions(REASON, logits, labels, 0.1)
    scaling = decisions.calibration["reason"]["all"]
    probabilities = REASON.probabilities(logits * scaling.slope + scaling.shift)
    assert 0 < decisions.thresholds["reason"] < 1
    assert (probabilities.max(axis=1) < decisions.thresholds["reason"]).mean() <= 0.1


def test_without_labels_the_message_names_the_command_and_the_command_works(
    tmp_path: Path, workspace: Workspace
) -> None:
    empty = without_labels(tmp_path, workspace)
    with pytest.raises(TrainingError, match="voc train --few-shot"):
        train(empty)
    done = CliRunner().invoke(app, ["train", "--few-shot", "-w", str(empty.root)])
    assert done.exit_code == 0, done.output
    assert "Its quality is not measured" in done.output and "Next: voc score -w" in done.output
    version = empty.current_model
    assert version is not None
    model = load_model(empty.models / version)
    card = (empty.models / version / "card.md").read_text()
    assert "cold start, quality not measured" in card and "0 labelled contacts" in card and "macro-F1" not in card
    reason = model.predictor().predict(["Račun je viši nego prije"]).probabilities["reason"]
    assert reason.shape == (1, 28) and 0 < model.decisions.thresholds["reason"] < 1
    assert {task.name for task in model.classifier.tasks} == {"reason", "sentiment", "churn_intent", "churn_direction"}


def test_the_lakes_labels_are_learnt_from_and_its_contacts_can_be_scored(workspace: Workspace) -> None:
    summary = few_shot_train(workspace)
    assert summary.contacts > 100 and summary.texts == 28 * 10
    assert workspace.current_model == summary.version
    assert score(workspace).contacts > 800


def test_one_reason_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    toml = (
        'version = "1"\n[groups.g]\nname = "G"\n[reasons.a]\ngroup = "g"\nname = "A"\njourney = "use"\n'
        'owner = "o"\nclass = "keep"\n'
    )
    lonely = Workspace.create(tmp_path / "one", (workspace.root / "voc.toml").read_text(), toml)
    with pytest.raises(TrainingError, match="expected at least two reasons in the taxonomy, got 1"):
        few_shot_train(lonely)
