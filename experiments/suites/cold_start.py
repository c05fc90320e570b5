"""Cold start: how far a name, a definition and a few examples a reason go, judged on the dev labels of a workspace.

For 0 to 8 examples the most probable reason is compared with the labels, beside the classifier's ordinary heads learnt
on the same texts (`baseline.heads`). With the public data sets Banking77 is done as well: names out of the label ids,
random train rows as examples, a tenth of train (by hash) to judge on. Choices of the method were made on these same
parts, so the figures are dev figures, and no test part is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from voc.config import EncoderSettings, TrainingSettings
from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import baseline
from voc.experiments.sets import few_shot, labelled_set, labels_of
from voc.experiments.suites.banking77 import banking
from voc.labels import Split, TaskName
from voc.models.calibration import calibrated
from voc.models.classifier import Classifier, Pooled
from voc.models.decisions import Decisions
from voc.models.encoder import load_tokenizer
from voc.models.metrics import expected_calibration_error, task_quality
from voc.models.predict import Predictor
from voc.models.registry import RunLog
from voc.models.tasks import Floats, Task, default_tasks
from voc.training.centroids import Background, Read, Rows, left_out_logits, set_heads
from voc.training.coldstart import (
    Unlabelled,
    background_texts,
    leave_one_out_decisions,
    places,
    shifted_decisions,
    taxonomy_set,
)
from voc.training.evaluate import truth_of
from voc.training.labelled import LabelledSet, labelled_sets

SHOTS = (0, 1, 2, 4, 8)
BANKING_SHOTS = (0, 1, 4, 8)
BANKING_SEEDS = (1, 2, 3)
HEAD_EPOCHS = 30
"""More (100) was worse on dev."""


def cold_start(workspace: Workspace, progress: Progress, run: RunLog, data: Path | None = None) -> BenchResult:
    """Figures by the number of examples: accuracy and macro-F1 of the most probable reason, accuracy by language, and
    of the decisions the share called unknown and how often the rest have a right reason."""
    config, taxonomy = workspace.config, workspace.taxonomy
    run.parameters({"encoder": config.encoder.model_dump(), "shots": list(SHOTS)})
    tasks = default_tasks(taxonomy.reason_ids, directions=False)
    dev = labelled_sets(workspace.lake, tasks, config.training.speakers)[Split.DEV]
    progress("reading contacts", 0.0)
    judge = _Judge.of(tasks[0], dev, background_texts(workspace.lake, config.training), config.encoder, config.training)
    figures: dict[str, float] = {}
    for number, shots in enumerate(SHOTS):
        progress(f"{shots} examples", number / len(SHOTS))
        reasons = {
            identity: reason.model_copy(update={"examples": reason.examples[:shots]})
            for identity, reason in taxonomy.reasons.items()
        }
        described = taxonomy_set(taxonomy.model_copy(update={"reasons": reasons}), tasks)
        found = judge.figures(described.texts, places(described, tasks[0]), by_language=True)
        figures |= {f"{name}.{shots}": value for name, value in found.items()}
    if data is not None:
        progress("Banking77", 1.0)
        figures |= _banking(data, config.encoder, config.training)
    synthetic = " (synthetic)" if config.company.synthetic else ""
    context = machine_context() | {
        "data": f"dev labels of {config.company.name}{synthetic}" + (", Banking77: a tenth of train" if data else ""),
        "rows": len(dev),
        "encoder": config.encoder.model_dump(),
        "seed": config.training.seed,
    }
    return BenchResult("quality cold-start", figures, context)


@dataclass(frozen=True)
class _Judge:
    """Contacts to judge on and the background, read once by the untouched encoder."""

    task: Task
    predictor: Predictor
    unlabelled: list[Pooled]
    background: Background
    pooled: list[Pooled]
    targets: Floats
    languages: np.ndarray

    @classmethod
    def of(
        cls,
        task: Task,
        dev: LabelledSet,
        unlabelled: Unlabelled,
        encoder: EncoderSettings,
        settings: TrainingSettings,
    ) -> "_Judge":
        torch.manual_seed(settings.seed)
        classifier = Classifier.fresh(
            encoder.name,
            (task,),
            prefix=encoder.prefix,
            speakers=settings.speakers,
            max_tokens=settings.max_tokens,
        )
        predictor = Predictor(classifier.eval(), load_tokenizer(encoder.name))
        apart = list(predictor.pooled(unlabelled.texts))
        read = Read.of(apart)
        classifier.standardise_by(torch.from_numpy(read.whole), torch.from_numpy(read.segments))
        targets = dev.targets(task)
        rows = np.flatnonzero(np.nan_to_num(targets).any(axis=1))
        texts = dev.texts
        with torch.inference_mode():
            pooled = list(predictor.pooled([texts[row] for row in rows.tolist()]))
        background = Background.of(read, unlabelled.languages)
        return cls(task, predictor, apart, background, pooled, targets[rows], np.asarray(dev.languages)[rows])

    def figures(self, texts: Sequence[str], labels: Rows, by_language: bool) -> dict[str, float]:
        """Learn from these texts by both rules."""
        classifier = self.predictor.classifier
        with torch.inference_mode():
            told = list(self.predictor.pooled(texts))
        self._learn_heads(told, labels)
        figures = baseline("heads", self._quality(self._logits(self.pooled), by_language))
        read = Read.of(told)
        set_heads(classifier, self.task, read, labels, self.background)
        logits = self._logits(self.pooled)
        held = left_out_logits(self.task, read, labels, self.background)
        decisions = leave_one_out_decisions(self.task, held, labels, TrainingSettings().false_unknown)
        decisions = shifted_decisions(self.task, self._logits(self.unlabelled), decisions)
        decided = self._decided(logits, decisions)
        return self._quality(logits, by_language) | decided | figures

    def _logits(self, parts: Sequence[Pooled]) -> Floats:
        with torch.inference_mode():
            return np.concatenate([self.predictor.classifier.read(part)[self.task.name].numpy() for part in parts])

    def _quality(self, logits: Floats, by_language: bool) -> dict[str, float]:
        truth = truth_of(self.task, self.targets)
        best = np.eye(self.task.outputs, dtype=np.bool_)[logits.argmax(axis=1)]
        right = (truth & best).any(axis=1)
        single = truth.sum(axis=1) == 1
        figures = {
            "accuracy": float(right.mean()),
            "macro_f1": task_quality(self.task, truth[single], best[single], logits[single]).macro_f1,
        }
        if by_language:
            for name in sorted(set(self.languages.tolist())):
                figures[f"accuracy.{name}"] = float(right[self.languages == name].mean())
        return figures

    def _decided(self, logits: Floats, decisions: Decisions) -> dict[str, float]:
        probabilities = calibrated(self.task, logits, decisions.calibration[self.task.name])
        decided = decisions.decide(self.task, probabilities)
        answered = decided.any(axis=1)
        truth = truth_of(self.task, self.targets)
        right = truth[np.arange(len(logits)), logits.argmax(axis=1)]
        return {
            "ece": expected_calibration_error(self.task, truth, probabilities),
            "micro_f1": task_quality(self.task, truth, decided, probabilities).micro_f1,
            "unknown": float(1 - answered.mean()),
            "reasons_a_contact": float(decided.sum(axis=1).mean()),
            "accuracy_of_known": float(right[answered].mean()) if answered.any() else 0.0,
        }

    def _learn_heads(self, told: Sequence[Pooled], labels: Rows) -> None:
        """The ordinary heads from scratch, on the same texts."""
        classifier = self.predictor.classifier
        settings = TrainingSettings()
        torch.manual_seed(settings.seed)
        for heads in (classifier.whole_heads, classifier.segment_heads):
            for layer in heads.modules():
                if isinstance(layer, torch.nn.Linear):
                    layer.reset_parameters()
        optimiser = torch.optim.AdamW(
            classifier.head_parameters(), lr=settings.head_learning_rate, weight_decay=settings.head_weight_decay
        )
        targets = torch.eye(self.task.outputs)[torch.from_numpy(labels)]
        whole = torch.cat([part.whole for part in told])
        most = max(part.present.shape[1] for part in told)
        pad = torch.nn.functional.pad
        segments = torch.cat([pad(part.segments, (0, 0, 0, most - part.present.shape[1])) for part in told])
        present = torch.cat([pad(part.present, (0, most - part.present.shape[1])) for part in told])
        classifier.train()
        for _ in range(HEAD_EPOCHS):
            for rows in torch.split(torch.randperm(len(labels)), 64):
                logits = classifier.read(Pooled(whole[rows], segments[rows], present[rows]))
                torch.autograd.backward(classifier.task_losses(logits, {self.task.name: targets[rows]})[self.task.name])
                optimiser.step()
                optimiser.zero_grad()
        classifier.eval()


def _banking(data: Path, encoder: EncoderSettings, settings: TrainingSettings) -> dict[str, float]:
    """Means over three draws of the examples."""
    rows = [row for row in banking(data) if row.split != Split.TEST]
    names = labels_of(rows, TaskName.REASON)
    task = Task(TaskName.REASON, "multilabel", names)
    train = [row for row in rows if row.split == Split.TRAIN]
    dev = labelled_set([row for row in rows if row.split == Split.DEV], (task,), Split.DEV)
    unlabelled = [train[place].text for place in np.random.default_rng(settings.seed).permutation(len(train))[:1000]]
    judge = _Judge.of(task, dev, Unlabelled(unlabelled, ["en"] * len(unlabelled), len(unlabelled)), encoder, settings)
    figures: dict[str, float] = {}
    for shots in BANKING_SHOTS:
        drawn = []
        for seed in BANKING_SEEDS if shots else BANKING_SEEDS[:1]:
            examples = [row for row in few_shot(train, task.name, shots, seed) if row.split == Split.TRAIN]
            texts = [name.replace("_", " ") for name in names] + [row.text for row in examples]
            chosen = [row.labels[task.name] for row in examples]
            labels = [*range(len(names)), *(names.index(ids[0]) for ids in chosen if isinstance(ids, tuple))]
            drawn.append(judge.figures(texts, np.asarray(labels, dtype=np.int64), by_language=False))
        for name in drawn[0]:
            figures[f"banking77.{name}.{shots}"] = float(np.mean([found[name] for found in drawn]))
    return figures
