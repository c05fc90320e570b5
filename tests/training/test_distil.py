"""Distillation with a tiny encoder: a student is its teacher with layers left out, and learns to answer alike."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient
from transformers import AutoConfig, AutoModel
from typer.testing import CliRunner

from voc.cli import app
from voc.config import DistillationSettings
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import TrainingError, WorkspaceError
from voc.labels import Split
from voc.models.classifier import Classifier, ClassifierConfig
from voc.models.encoder import load_encoder, load_tokenizer
from voc.models.folder import load_model, save_model
from voc.models.registry import REGISTERED_MODEL
from voc.models.tasks import default_tasks
from voc.training.distil import DistilSummary, distil
from voc.training.seed import FORMS, seed_contacts
from voc.training.student import Lesson, kept_layers, learn, student_of
from voc.training.train import TrainSummary

TASKS = default_tasks(("bill", "outage"))
SETTINGS = DistillationSettings(layers=2, epochs=3, batch_tokens=512, learning_rate=3e-3)
TEXTS = [contact.texts[form] for contact in seed_contacts()[:24] for form in FORMS]


class MemoryLog:
    """The part of a RunLog that learning writes to."""

    def __init__(self) -> None:
        self.curves: list[tuple[int | None, Mapping[str, float]]] = []

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.curves.append((step, values))


@pytest.fixture(scope="module")
def teacher(tiny_encoder: Path) -> Classifier:
    """Six layers, so that there is something to leave out, with heads that have seen the texts' vectors."""
    torch.manual_seed(3)
    shape = load_encoder(str(tiny_encoder)).config
    shape.num_hidden_layers = 6
    shape.initializer_range = 0.1  # with the usual 0.02 a random layer changes next to nothing
    config = ClassifierConfig(shape.to_dict(), [vars(task) for task in TASKS], max_tokens=48)
    classifier = Classifier(config).eval()
    lesson = Lesson.of(TEXTS, classifier, load_tokenizer(str(tiny_encoder)))
    classifier.standardise_by(lesson.wholes.vectors, lesson.segments.vectors)
    return classifier


@pytest.fixture(scope="module")
def distilled(
    trained_once: tuple[Path, TrainSummary], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, DistilSummary]:
    root = Path(shutil.copytree(trained_once[0], tmp_path_factory.mktemp("distilled") / "ws"))
    settings = root / "voc.toml"
    settings.write_text(settings.read_text() + "[distillation]\nlayers = 1\nepochs = 1\nmost_segments = 400\n")
    return root, distil(Workspace.open(root))


@pytest.mark.parametrize(
    ("of", "layers", "kept"),
    [(12, 6, [1, 3, 5, 7, 9, 11]), (12, 4, [2, 5, 8, 11]), (12, 1, [11]), (6, 4, [1, 2, 3, 5]), (2, 1, [1])],
)
def test_layers_are_evenly_spaced_and_end_with_the_last(of: int, layers: int, kept: list[int]) -> None:
    found = kept_layers(of, layers)
    assert found[-1] == of - 1 and len(set(found)) == layers
    assert found == kept


@pytest.mark.parametrize("every_layer", range(1, 12))
def test_no_layer_is_kept_twice(every_layer: int) -> None:
    found = kept_layers(12, every_layer)
    assert found == sorted(set(found)) and len(found) == every_layer and found[-1] == 11


def test_a_student_is_its_teacher_with_layers_left_out(teacher: Classifier) -> None:
    student = student_of(teacher, 2)
    assert (student.layers, teacher.layers) == (2, 6)
    own, others = student.state_dict(), teacher.state_dict()
    for name, values in own.items():
        wanted = name.replace("layer.0.", "layer.2.").replace("layer.1.", "layer.5.") if "layer." in name else name
        assert torch.equal(values, others[wanted]), name
    assert set(own) == {name for name in others if "layer." not in name or "layer.0." in name or "layer.1." in name}
    assert not student.encoder.get_input_embeddings().weight.requires_grad


@pytest.mark.parametrize("kind", ["distilbert", "xlm-roberta", "modernbert"])
def test_other_encoders_lose_layers_too(kind: str) -> None:
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2}
    shape = AutoConfig.for_model(kind, **sizes, intermediate_size=32, pad_token_id=1)
    encoder = AutoModel.from_config(shape)
    teacher = Classifier(ClassifierConfig(shape.to_dict(), [vars(TASKS[1])]), encoder)
    student = student_of(teacher, 2)
    assert student.layers == 2
    ids = torch.tensor([[5, 6, 7]])
    assert student.pool(ids, torch.ones_like(ids)).shape == teacher.pool(ids, torch.ones_like(ids)).shape


def distance(student: Classifier, lesson: Lesson, tokenizer: object) -> dict[str, float]:
    """How far the student is from the lesson, by the figures that its loss is made of."""
    own = Lesson.of(TEXTS, student, tokenizer)  # type: ignore[arg-type]
    every = torch.arange(len(TEXTS)), torch.arange(len(lesson.ids))
    found = lesson.wholes.distance(every[0], own.wholes.vectors, own.wholes.logits)
    found |= {
        f"segments.{name}": value
        for name, value in lesson.segments.distance(every[1], own.segments.vectors, own.segments.logits).items()
    }
    return {name: float(value) for name, value in found.items()}


def test_a_student_comes_to_answer_as_its_teacher(teacher: Classifier, tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    lesson = Lesson.of(TEXTS, teacher, tokenizer)
    assert distance(teacher, lesson, tokenizer) == pytest.approx(
        dict.fromkeys(distance(teacher, lesson, tokenizer), 0), abs=1e-4
    )
    student, log = student_of(teacher, 2), MemoryLog()
    words = student.encoder.get_input_embeddings().weight.clone()
    before = distance(student, lesson, tokenizer)
    learn(student, lesson, tokenizer, SETTINGS, log)  # type: ignore[arg-type]
    after = distance(student, lesson, tokenizer)
    for name in before:
        assert after[name] < 0.7 * before[name], name
    assert torch.equal(student.encoder.get_input_embeddings().weight, words)
    assert {"loss", "loss.segments.vectors", "loss.wholes.logits"} <= {
        name for _, values in log.curves for name in values
    }


class Interrupt(Exception):
    """Stands for a power cut."""


def test_an_interrupted_distillation_goes_on_and_ends_alike(
    teacher: Classifier, tiny_encoder: Path, tmp_path: Path
) -> None:
    tokenizer, settings = load_tokenizer(str(tiny_encoder)), SETTINGS.model_copy(update={"epochs": 3})
    lesson = Lesson.of(TEXTS[:60], teacher, tokenizer)

    def cut(what: str, share: float) -> None:
        if share > 0.5:
            raise Interrupt

    whole = student_of(teacher, 2)
    learn(whole, lesson, tokenizer, settings, MemoryLog())  # type: ignore[arg-type]
    with pytest.raises(Interrupt):
        learn(student_of(teacher, 2), lesson, tokenizer, settings, MemoryLog(), cut, tmp_path / "checkpoints")  # type: ignore[arg-type]
    log, again = MemoryLog(), student_of(teacher, 2)
    learn(again, lesson, tokenizer, settings, log, checkpoints=tmp_path / "checkpoints")  # type: ignore[arg-type]
    steps = [step or 0 for step, values in log.curves if "loss" in values]
    assert min(steps) > len(lesson.batches(settings.batch_tokens, settings.seed))  # not from the start
    for name, values in again.state_dict().items():
        assert torch.allclose(values, whole.state_dict()[name], atol=1e-6), name
    assert not (tmp_path / "checkpoints").exists()


def test_from_the_current_model_to_a_registered_student(
    distilled: tuple[Path, DistilSummary], trained_once: tuple[Path, TrainSummary]
) -> None:
    root, summary = distilled
    assert summary.teacher_test.flat() == pytest.approx(trained_once[1].test.flat(), abs=1e-4)
    workspace = Workspace.open(root)
    assert workspace.current_model == summary.teacher != summary.version  # it waits for promotion
    model = load_model(summary.folder)
    assert (model.classifier.layers, model.manifest.teacher) == (1, summary.teacher)
    assert load_model(workspace.models / summary.teacher).manifest.teacher is None
    assert summary.after["cosine"] > summary.before["cosine"]
    assert set(summary.lost) >= {"reason.all", "sentiment.sr-Cyrl", "churn_intent.hr"}
    place, lost = max(summary.lost.items(), key=lambda item: abs(item[1]))
    task, language = place.split(".")
    reports = [report.tasks[task] for report in (summary.teacher_test, summary.test)]
    best, own = (report.whole if language == "all" else report.by_language[language] for report in reports)
    assert lost == best.macro_f1 - own.macro_f1 != 0
    card = (summary.folder / "card.md").read_text()
    assert f"distilled from {summary.teacher}" in card and "1 of the 2 layers" in card
    assert f"| {own.macro_f1:.3f} | {best.macro_f1:.3f} | {lost:+.3f} |" in card.split(f"## {task}")[1]
    client = MlflowClient(workspace.tracking_uri, workspace.tracking_uri)
    (version,) = client.search_model_versions(f"name = '{REGISTERED_MODEL}' and tags.folder = '{summary.version}'")
    run = client.get_run(version.run_id)
    assert run.data.params["teacher"] == run.data.tags["teacher"] == summary.teacher
    assert run.data.metrics[f"lost.{place}"] == pytest.approx(lost)
    assert {entry.dataset.name for entry in run.inputs.dataset_inputs} == {"unlabelled", "dev", "test"}
    assert len(client.get_metric_history(run.info.run_id, "loss.wholes.vectors")) >= 1
    assert not list(workspace.models.glob(".distilling-*"))


def test_dev_and_test_are_not_learnt_from(distilled: tuple[Path, DistilSummary]) -> None:
    root, summary = distilled
    rows = Workspace.open(root).lake.query("SELECT turns, split FROM contacts LEFT JOIN labels USING (contact_id)")
    words = {contact_text(row["turns"]): row["split"] for row in rows.to_pylist()}
    own = [words[text] for text in summary.material.texts if text in words]
    assert len(own) == summary.material.contacts > 20
    assert not {Split.DEV, Split.TEST} & set(own)
    assert summary.material.segments <= 400
    seeds = {text: form for contact in seed_contacts() for form, text in contact.texts.items()}
    assert {seeds[text] for text in summary.material.texts if text not in words} == set(FORMS)
    judging = {text for contact in seed_contacts() if contact.split == Split.DEV for text in contact.texts.values()}
    assert not judging & set(summary.material.texts)


def test_a_workspace_without_a_model_is_one_line(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model to distil yet; train one with: voc train"):
        distil(workspace)


def test_a_model_for_other_reasons_is_one_line(trained: Workspace) -> None:
    reasons = dict(list(trained.taxonomy.reasons.items())[1:])
    changed = replace(trained, taxonomy=trained.taxonomy.model_copy(update={"reasons": reasons}))
    with pytest.raises(WorkspaceError, match=r"was made for other contact reasons: taxonomy\.toml no longer has"):
        distil(changed)


@pytest.mark.parametrize("layers", ["2", "7"])
def test_as_many_layers_as_the_teacher_are_one_line(trained: Workspace, layers: str) -> None:
    found = CliRunner().invoke(app, ["distil", "-w", str(trained.root), "--layers", layers])
    assert isinstance(found.exception, TrainingError)
    assert str(found.exception) == f"layers: expected at least 1 and fewer than the teacher's 2, got {layers}"


def test_an_empty_lake_is_one_line(trained: Workspace, tmp_path: Path) -> None:
    texts = [(trained.root / name).read_text() for name in ("voc.toml", "taxonomy.toml")]
    empty = Workspace.create(tmp_path / "empty", *texts)
    version = trained.current_model or ""
    save_model(load_model(trained.models / version), empty.models / version, "card")
    empty.make_current(version)
    with pytest.raises(TrainingError, match="expected contacts outside of dev and test to learn from, got none"):
        distil(empty, 1)


def test_models_from_before_there_were_students_can_be_read(trained: Workspace) -> None:
    folder = trained.models / (trained.current_model or "")
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["teacher"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert load_model(folder).manifest.teacher is None


def test_the_command_shows_what_is_lost(trained: Workspace) -> None:
    settings = trained.root / "voc.toml"
    settings.write_text(settings.read_text() + "[distillation]\nepochs = 1\nmost_segments = 100\n")
    found = CliRunner().invoke(app, ["distil", "-w", str(trained.root), "--layers", "1"])
    assert found.exit_code == 0, found.output
    (version,) = {path.name for path in trained.models.iterdir() if path.is_dir()} - {trained.current_model}
    shown = " ".join(found.output.split())
    assert f"Model {version}: 1 of the 2 layers of {trained.current_model}" in shown
    assert "sr-Cyrl" in shown and "Macro-F1 on test (below the teacher's)" in shown
    assert f"Promote it with: voc promote {version}" in shown
