"""Training from the lake to a registered model, with a tiny real encoder and the real MLflow."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.inference.score import score
from voc.labels import Split
from voc.models.folder import load_model
from voc.models.registry import REGISTERED_MODEL
from voc.models.tasks import Task, default_tasks
from voc.training.exporting import export
from voc.training.fit import fit
from voc.training.labelled import LabelledSet, labelled_sets
from voc.training.train import TrainSummary, train


class MemoryLog:
    """A RunLog that keeps what it is told."""

    def __init__(self) -> None:
        self.curves: list[tuple[int | None, Mapping[str, float]]] = []

    def parameters(self, values: Mapping[str, object]) -> None: ...

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.curves.append((step, values))

    def dataset(self, name: str, digest: str, context: str, profile: Mapping[str, object]) -> None: ...

    def table(self, name: str, values: object) -> None: ...

    def figure(self, name: str, picture: object) -> None: ...

    def model(self, folder: Path) -> None: ...


@pytest.fixture
def tasks(workspace: Workspace) -> tuple[Task, ...]:
    return default_tasks(workspace.taxonomy.reason_ids, directions=False)


@pytest.fixture
def sets(workspace: Workspace, tasks: tuple[Task, ...]) -> dict[Split, LabelledSet]:
    return labelled_sets(workspace.lake, tasks, "customer")


def test_sets_follow_the_labels_split_and_languages(sets: dict[Split, LabelledSet]) -> None:
    assert set(sets) == set(Split)
    ids = [set(labelled.dataset["contact_id"]) for labelled in sets.values()]
    assert not ids[0] & ids[1] and not ids[0] & ids[2] and not ids[1] & ids[2]
    assert {"en", "hr", "sl", "sr-Cyrl", "sr-Latn"} <= set(sets[Split.TRAIN].languages)


def test_partial_labels_become_nan(sets: dict[Split, LabelledSet], tasks: tuple[Task, ...]) -> None:
    missing = [np.isnan(sets[Split.TRAIN].targets(task)).any(axis=1).mean() for task in tasks]
    assert all(0 < share < 0.5 for share in missing)


def test_digest_depends_on_content(
    workspace: Workspace, tasks: tuple[Task, ...], sets: dict[Split, LabelledSet]
) -> None:
    again = labelled_sets(workspace.lake, tasks, "customer")
    assert again[Split.DEV].digest == sets[Split.DEV].digest
    assert again[Split.TRAIN].digest != sets[Split.DEV].digest


def test_training_end_to_end(trained_once: tuple[Path, TrainSummary]) -> None:
    root, summary = trained_once
    workspace = Workspace.open(root)
    assert workspace.current_model == summary.version
    model = load_model(summary.folder)
    assert [task.name for task in model.classifier.tasks] == ["reason", "sentiment", "churn_intent"]
    client = MlflowClient(workspace.tracking_uri, workspace.tracking_uri)
    (run,) = client.search_runs([client.get_experiment_by_name("voc").experiment_id])
    assert run.data.params["training.epochs"] == "1"
    assert {"test.reason.hr.macro_f1", "test.sentiment.sr-Cyrl.macro_f1", "test.score"} <= set(run.data.metrics)
    assert len(client.get_metric_history(run.info.run_id, "loss")) >= 1
    assert {entry.dataset.name for entry in run.inputs.dataset_inputs} == {"train", "dev", "test"}
    assert client.get_model_version_by_alias(REGISTERED_MODEL, "champion").tags["folder"] == summary.version
    assert "| sr-Cyrl |" in (summary.folder / "card.md").read_text()


def test_a_model_without_other_scripts_is_smaller_is_exported_and_scores(
    trained_once: tuple[Path, TrainSummary], workspace: Workspace
) -> None:
    settings = workspace.root / "voc.toml"
    text = settings.read_text(encoding="utf-8").replace("[encoder]\n", '[encoder]\nscripts = ["Latn"]\n', 1)
    settings.write_text(f"{text}\n[export]\nmargin = 1.0\nleast_cosine = 0.0\n", encoding="utf-8")
    opened = Workspace.open(workspace.root)
    summary = train(opened)
    model = load_model(opened.models / summary.version)
    whole = load_model(trained_once[0] / "models" / trained_once[1].version)
    words, before = (each.classifier.encoder.get_input_embeddings() for each in (model, whole))
    assert len(model.tokenizer) == words.num_embeddings < before.num_embeddings
    export(opened, precision="int8")
    scored = score(opened, engine="onnx")
    assert scored.contacts == opened.lake.dataset("contacts").count_rows()


def test_a_second_model_waits_for_promotion(trained: Workspace) -> None:
    first = trained.current_model
    second = train(trained)
    assert second.version != first
    assert trained.current_model == first
    trained.make_current(second.version)
    assert trained.current_model == second.version


def test_same_seed_same_model(workspace: Workspace, sets: dict[Split, LabelledSet], tasks: tuple[Task, ...]) -> None:
    config = workspace.config
    runs = [fit(sets, tasks, config.encoder, config.training, MemoryLog()) for _ in range(2)]
    found = [fitted.predictor.predict(sets[Split.DEV].texts[:20]).embeddings for fitted in runs]
    assert (found[0] == found[1]).all()
    assert runs[0].dev.score == runs[1].dev.score


def test_training_learns(workspace: Workspace, sets: dict[Split, LabelledSet], tasks: tuple[Task, ...]) -> None:
    """From random heads, the loss on what is learnt falls clearly."""
    settings = workspace.config.training.model_copy(
        update={"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "head_epochs": 0, "patience": 4}
    )
    log = MemoryLog()
    fit(sets, tasks, workspace.config.encoder, settings, log)
    losses = [values["loss"] for _, values in log.curves if "loss" in values]
    assert len(losses) > 6
    assert np.mean(losses[-3:]) < 0.96 * np.mean(losses[:3])  # 0.92 seen; 1.00 when nothing is learnt


def test_labels_of_one_kind_only_are_refused(workspace: Workspace, sets: dict[Split, LabelledSet]) -> None:
    lonely = Task("churn_intent", "binary", ("no", "yes"))
    column = f"target_{lonely.name}"
    one = {
        split: LabelledSet(split, labelled.dataset.map(lambda row: {column: [0.0]})) for split, labelled in sets.items()
    }
    settings = workspace.config.training.model_copy(update={"seed_forms": 0})
    with pytest.raises(TrainingError, match="task churn_intent: expected at least two different labels"):
        fit(one, [lonely], workspace.config.encoder, settings, MemoryLog())


def test_a_reason_that_left_the_taxonomy_is_one_line(workspace: Workspace) -> None:
    fewer = default_tasks(workspace.taxonomy.reason_ids[1:])
    gone = workspace.taxonomy.reason_ids[0]
    with pytest.raises(TrainingError, match=f"expected labels of the task, got {gone}; put it back into taxonomy.toml"):
        labelled_sets(workspace.lake, fewer, "customer")


def test_no_labels_is_one_line(tmp_path: Path, workspace: Workspace) -> None:
    empty = Workspace.create(
        tmp_path / "empty",
        (workspace.root / "voc.toml").read_text(),
        (workspace.root / "taxonomy.toml").read_text(),
    )
    with pytest.raises(TrainingError, match="expected labelled contacts, got none"):
        train(empty)


class Interrupt(Exception):
    """Stands for a power cut."""


def test_an_interrupted_training_goes_on_and_ends_alike(
    workspace: Workspace, sets: dict[Split, LabelledSet], tasks: tuple[Task, ...], tmp_path: Path
) -> None:
    encoder = workspace.config.encoder
    settings = workspace.config.training.model_copy(update={"epochs": 3, "max_train_contacts": None, "patience": 3})

    def cut(what: str, share: float) -> None:
        if share > 0.5:
            raise Interrupt

    whole = fit(sets, tasks, encoder, settings, MemoryLog())
    with pytest.raises(Interrupt):
        fit(sets, tasks, encoder, settings, MemoryLog(), cut, tmp_path / "checkpoints")
    # A checkpoint that was cut short while it was written is not gone on from.
    half = tmp_path / "checkpoints" / "checkpoint-9999"
    half.mkdir()
    log = MemoryLog()
    again = fit(sets, tasks, encoder, settings, log, checkpoints=tmp_path / "checkpoints")
    steps = [step for step, values in log.curves if "loss" in values]
    assert steps and min(step or 0 for step in steps) > 1  # not from the start
    assert again.dev.score == pytest.approx(whole.dev.score, abs=1e-6)
    texts = sets[Split.DEV].texts[:20]
    found, expected = (fitted.predictor.predict(texts).embeddings for fitted in (again, whole))
    assert found == pytest.approx(expected, abs=1e-5)
    assert not (tmp_path / "checkpoints").exists()
