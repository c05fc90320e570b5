"""`voc train`: learn from the labelled contacts of the lake, judge on test once, keep the model, track everything.

Labels that people corrected in the app are learnt from in the place of the old ones; those of test never change.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voc.config import EncoderSettings, TrainingSettings
from voc.data.workspace import Workspace
from voc.labels import Split
from voc.models.folder import Model, save_model
from voc.models.manifest import new_manifest
from voc.models.quality import Quality
from voc.models.registry import Registry, RunLog
from voc.models.tasks import Task, default_tasks
from voc.taxonomy import Taxonomy
from voc.training.card import model_card
from voc.training.evaluate import Report, report_of
from voc.training.figures import confusion_figure
from voc.training.fit import Fitted, Progress, fit
from voc.training.labelled import LabelledSet, labelled_table, split_sets
from voc.training.quality import quality_of
from voc.training.seed import seed_digest


@dataclass(frozen=True)
class TrainSummary:
    """What a training gave."""

    version: str
    folder: Path
    rows: Mapping[str, int]
    dev: Report
    test: Report
    seconds: float
    corrected: int = 0
    """Contacts of train and dev with a label that somebody gave, or confirmed, in the app."""


def train(workspace: Workspace, progress: Progress = lambda what, share: None) -> TrainSummary:
    """Fine-tune on the workspace's labelled contacts, save the model as a new version and register it in MLflow.

    The first model of a workspace becomes its current one; a later one has to be promoted. Raises TrainingError
    where labels are missing.
    """
    config = workspace.config
    tasks = default_tasks(workspace.taxonomy.reason_ids, directions=config.training.seed_forms > 0)
    table = labelled_table(workspace.lake)
    sets = split_sets(table, tasks, config.training.speakers)
    corrected = sum(table["corrected"].to_pylist())
    registry = Registry(workspace.tracking_uri, config.tracking.experiment)
    with registry.run("train", {"encoder": config.encoder.name}) as run:
        run.metrics({"corrected_contacts": corrected})
        summary = train_on(
            sets, tasks, config.encoder, config.training, workspace.taxonomy, workspace.models, run, progress,
            config.company.synthetic,
        )  # fmt: skip
    summary = replace(summary, corrected=corrected)
    if workspace.current_model is None:
        workspace.make_current(summary.version)
        registry.promote(summary.version)
    return summary


def train_on(
    sets: Mapping[Split, LabelledSet],
    tasks: tuple[Task, ...],
    encoder: EncoderSettings,
    settings: TrainingSettings,
    taxonomy: Taxonomy,
    models: Path,
    run: RunLog,
    progress: Progress = lambda what, share: None,
    synthetic: bool = False,
) -> TrainSummary:
    """Train on given sets, write the model under `models`, and log parameters, curves, figures and model to `run`.

    `synthetic`: the model's figures are said to be of generated contacts.
    """
    sets = dict(sets)
    if settings.max_train_contacts is not None:
        sets[Split.TRAIN] = sets[Split.TRAIN].sample(settings.max_train_contacts, settings.seed)
    run.parameters({"encoder": encoder.model_dump(), "training": settings.model_dump()})
    checkpoints = models / f".training-{_fingerprint(sets, encoder, settings)}"
    fitted = fit(sets, tasks, encoder, settings, run, progress, checkpoints)
    progress("judging on test", 1.0)
    found = fitted.predictor.predict(sets[Split.TEST].texts)
    test = report_of(found, fitted.predictor.tasks, sets[Split.TEST], fitted.decisions)
    quality = quality_of(found, fitted.predictor.tasks, sets, fitted.decisions, synthetic)
    run.dataset("test", sets[Split.TEST].digest, "testing", {"rows": len(sets[Split.TEST])})
    for report in (fitted.dev, test):
        run.metrics(report.flat())
    run.metrics({"train_seconds": fitted.seconds})
    run.table("report-test", test.to_json())
    _log_confusion(run, tasks, test)
    rows = {split.value: len(labelled) for split, labelled in sets.items()}
    folder = _save(fitted, encoder, settings, taxonomy, models, test, rows, quality)
    run.model(folder)
    return TrainSummary(folder.name, folder, rows, fitted.dev, test, fitted.seconds)


def _fingerprint(sets: Mapping[Split, LabelledSet], encoder: EncoderSettings, settings: TrainingSettings) -> str:
    """What a training depends on: one that was interrupted goes on only where all of it is still the same."""
    parts = [seed_digest(), encoder.model_dump_json(), settings.model_dump_json()]
    parts += [sets[split].digest for split in Split]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _save(
    fitted: Fitted,
    encoder: EncoderSettings,
    settings: TrainingSettings,
    taxonomy: Taxonomy,
    models: Path,
    test: Report,
    rows: Mapping[str, int],
    quality: Quality,
) -> Path:
    mark = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()
    manifest = new_manifest(encoder.name, taxonomy.version, taxonomy.digest, mark)
    model = Model(manifest, fitted.classifier, fitted.tokenizer, fitted.decisions)
    card = model_card(manifest, settings, fitted.dev, test, rows)
    return save_model(model, models / manifest.version, card, quality)


def _log_confusion(run: RunLog, tasks: tuple[Task, ...], test: Report) -> None:
    for task in tasks:
        if task.name in test.tasks:
            counts = test.tasks[task.name].confusion
            run.table(f"confusion-{task.name}", {"labels": list(task.labels), "counts": counts})
            run.figure(f"confusion-{task.name}", confusion_figure(task.labels, counts))
