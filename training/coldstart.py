"""`voc train --few-shot`: a first model out of the taxonomy alone, before anybody has labelled a contact.

What a reason is called, how it is defined and up to eight examples are its texts. Moods and churn come from the seed
corpus, and whatever labels the lake has are learnt from as well.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets

from voc.config import TrainingSettings
from voc.data.lake import Lake
from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.labels import Language, Split, TaskName
from voc.models.calibration import ALL, Scaling
from voc.models.decisions import Decisions
from voc.models.folder import Model, save_model
from voc.models.manifest import new_manifest
from voc.models.predict import Predictor
from voc.models.predictions import Predictions
from voc.models.reading import segment_spans
from voc.models.registry import Registry
from voc.models.tasks import Floats, Task, default_tasks
from voc.taxonomy import Taxonomy
from voc.training.card import cold_start_card
from voc.training.centroids import Background, Read, Rows, left_out_logits, set_heads
from voc.training.evaluate import choose_decisions
from voc.training.fit import Fitted, Progress, fit
from voc.training.labelled import LabelledSet, labelled_rows, labelled_table, target_column, unlabelled_texts
from voc.training.seed import FORMS, seed_contacts

BACKGROUND = 1500
"""Unlabelled texts that say what vectors look like: contacts of the lake, filled up from the seed corpus."""
LEAST_CONTACTS = 100
"""With fewer unlabelled contacts the threshold comes from the taxonomy's texts alone, and leaves more unknown."""


@dataclass(frozen=True)
class Unlabelled:
    """Texts with their languages; the first `contacts` of them are the lake's own, the rest the seed corpus's."""

    texts: list[str]
    languages: list[str]
    contacts: int


@dataclass(frozen=True)
class ColdStartSummary:
    """What a cold start gave. Nothing is said of its quality, for there is nothing to measure it on."""

    version: str
    folder: Path
    reasons: int
    texts: int
    contacts: int
    seconds: float


def few_shot_train(workspace: Workspace, progress: Progress = lambda what, share: None) -> ColdStartSummary:
    """Make a first model out of the taxonomy, and register it as `train` does.

    Raises TrainingError where fewer than two reasons are described.
    """
    config, taxonomy = workspace.config, workspace.taxonomy
    # The heads only: so few texts would spoil the encoder. Moods and churn are known from the seed corpus alone.
    settings = config.training.model_copy(update={"epochs": 0, "seed_forms": max(1, config.training.seed_forms)})
    tasks = default_tasks(taxonomy.reason_ids)
    reason = tasks[0]
    described = taxonomy_set(taxonomy, tasks)
    if len(taxonomy.reason_ids) < 2:
        raise TrainingError(f"few-shot: expected at least two reasons in the taxonomy, got {len(taxonomy.reason_ids)}")
    own = _labelled(workspace.lake, Split.TRAIN, tasks, settings, described)
    dev = _labelled(workspace.lake, Split.DEV, tasks, settings, described)
    train = LabelledSet(Split.TRAIN, concatenate_datasets([described.dataset, own.dataset]))
    sets = {Split.TRAIN: train, Split.DEV: dev}
    registry = Registry(workspace.tracking_uri, config.tracking.experiment)
    with registry.run("train --few-shot", {"encoder": config.encoder.name}) as run:
        run.parameters({"encoder": config.encoder.model_dump(), "training": settings.model_dump(), "few_shot": True})
        fitted = fit(sets, tasks, config.encoder, settings, run, progress)
        progress("learning the reasons", 1.0)
        unlabelled = background_texts(workspace.lake, settings)
        fitted = with_reasons(fitted, reason, described, own, unlabelled, settings.false_unknown)
        run.metrics({"train_seconds": fitted.seconds})
        mark = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()
        manifest = new_manifest(config.encoder.name, taxonomy.version, taxonomy.digest, mark)
        card = cold_start_card(manifest, settings, len(taxonomy.reason_ids), len(described), len(own))
        model = Model(manifest, fitted.classifier, fitted.tokenizer, fitted.decisions)
        folder = save_model(model, workspace.models / manifest.version, card)
        run.model(folder)
    if workspace.current_model is None:
        workspace.make_current(manifest.version)
        registry.promote(manifest.version)
    return ColdStartSummary(
        manifest.version, folder, len(taxonomy.reason_ids), len(described), len(own), fitted.seconds
    )


def taxonomy_set(taxonomy: Taxonomy, tasks: Sequence[Task]) -> LabelledSet:
    """Name, definition and examples of every reason as texts with that reason; other tasks have no label."""
    rows = [
        (f"{reason_id}-{number}", text, reason_id)
        for reason_id, reason in taxonomy.reasons.items()
        for number, text in enumerate(filter(None, [reason.name, reason.definition.strip(), *reason.examples]))
    ]
    columns: dict[str, list[object]] = {
        "contact_id": [identity for identity, _, _ in rows],
        "split": [Split.TRAIN.value] * len(rows),
        "language": [Language.OTHER.value] * len(rows),
        "text": [text for _, text, _ in rows],
    }
    for task in tasks:
        columns[target_column(task)] = [
            task.target([label] if task.name == TaskName.REASON else None) for _, _, label in rows
        ]
    return LabelledSet(Split.TRAIN, Dataset.from_dict(columns))


def with_reasons(
    fitted: Fitted,
    reason: Task,
    described: LabelledSet,
    own: LabelledSet,
    unlabelled: Unlabelled,
    false_unknown: float,
) -> Fitted:
    """The model with reasons told by the means of the described texts, on the background of unlabelled
    ones. Of the company's own labelled contacts the sentence that speaks for the reason joins in.

    Calibration comes from leaving each text out in turn. The texts are short and clean, and long contacts point less
    clearly, so all of it is shifted to where the lake's contacts have one reason on average.
    """
    predictor = Predictor(fitted.classifier, fitted.tokenizer)
    pooled = list(predictor.pooled(unlabelled.texts))
    background = Background.of(Read.of(pooled), unlabelled.languages)
    told, labels = list(described.texts), places(described, reason)
    read = Read.of(predictor.pooled(told))
    set_heads(fitted.classifier, reason, read, labels, background)
    if said := _spoken(predictor, own, reason):
        told += [text for text, _ in said]
        labels = np.concatenate([labels, [label for _, label in said]])
        read = Read.of(predictor.pooled(told))
        set_heads(fitted.classifier, reason, read, labels, background)
    logits = left_out_logits(reason, read, labels, background)
    chosen = leave_one_out_decisions(reason, logits, labels, false_unknown)
    if unlabelled.contacts >= LEAST_CONTACTS:
        with torch.inference_mode():
            found = [fitted.classifier.read(part)[reason.name].cpu().numpy() for part in pooled]
        contacts = np.concatenate(found)[: unlabelled.contacts]
        chosen = shifted_decisions(reason, contacts, chosen)
    decisions = Decisions(
        {**fitted.decisions.thresholds, **chosen.thresholds}, {**fitted.decisions.calibration, **chosen.calibration}
    )
    return replace(fitted, decisions=decisions)


def shifted_decisions(reason: Task, logits: Floats, decisions: Decisions) -> Decisions:
    """The same slope, shifted so that contacts, by their (contacts, labels) logits, have one reason of 50 % or more on
    average: a default, since nothing is labelled. Those that have none are unknown."""
    slope = decisions.calibration[reason.name][ALL].slope
    border = float(np.sort(logits, axis=None)[-len(logits)])
    return Decisions({reason.name: 0.5}, {reason.name: {ALL: Scaling(slope, -slope * border)}})


def places(described: LabelledSet, reason: Task) -> Rows:
    """(texts,) place of each text's label among the task's labels."""
    return np.asarray(described.targets(reason).argmax(axis=1), dtype=np.int64)


def background_texts(lake: Lake, settings: TrainingSettings) -> Unlabelled:
    """Unlabelled texts and their languages: contacts of the lake, filled up from the seed corpus."""
    found = unlabelled_texts(lake, BACKGROUND, settings.speakers)
    contacts = len(found)
    draw = np.random.default_rng(settings.seed)
    seeds = [(contact.texts[form], form) for contact in seed_contacts() for form in FORMS]
    found += [seeds[place] for place in draw.permutation(len(seeds))[: max(0, BACKGROUND - len(found))]]
    return Unlabelled([text for text, _ in found], [language for _, language in found], contacts)


def _spoken(predictor: Predictor, own: LabelledSet, reason: Task) -> list[tuple[str, int]]:
    """Of each contact that has one reason, the segment that speaks for it most, and the place of the reason."""
    targets = own.targets(reason)
    rows = np.flatnonzero(np.nan_to_num(targets).sum(axis=1) == 1)
    if len(rows) == 0:
        return []
    every = own.texts
    texts = [every[row] for row in rows.tolist()]
    labels = targets[rows].argmax(axis=1)
    found = predictor.predict(texts).spoken[reason.name]
    spans = [
        segment_spans(text)[found[place, label]] for place, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    return [(text[begin:end], int(label)) for text, (begin, end), label in zip(texts, spans, labels, strict=True)]


def leave_one_out_decisions(reason: Task, logits: Floats, labels: Rows, false_unknown: float) -> Decisions:
    """Calibration and threshold as from dev, out of (texts, labels) logits of texts that were each judged without
    itself; `labels` (texts,) are their places."""
    columns = {
        "language": [Language.OTHER.value] * len(labels),
        target_column(reason): [reason.target([reason.labels[label]]) for label in labels],
    }
    judged = LabelledSet(Split.DEV, Dataset.from_dict(columns))
    nothing = np.empty((len(labels), 0), dtype=np.float32)
    return choose_decisions(Predictions({}, nothing, {reason.name: logits}, {}), (reason,), judged, false_unknown)


def _labelled(
    lake: Lake, split: Split, tasks: Sequence[Task], settings: TrainingSettings, like: LabelledSet
) -> LabelledSet:
    """The lake's labelled contacts of a split, perhaps none, with the columns of `like`."""
    empty = like.dataset.select([])
    rows = labelled_table(lake, split)
    if rows.num_rows == 0:
        return LabelledSet(split, empty)
    prepared = labelled_rows(rows, tasks, settings.speakers)
    return LabelledSet(split, prepared.select_columns(empty.column_names).cast(empty.features))
