"""Fine-tuning of the multi-task classifier with the transformers Trainer."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    EarlyStoppingCallback,
    PreTrainedTokenizerFast,
    PrinterCallback,
    TrainingArguments,
    set_seed,
)

from voc.config import EncoderSettings, TrainingSettings
from voc.errors import TrainingError
from voc.labels import Split
from voc.models.batching import pad_batch, token_ids
from voc.models.classifier import Classifier, Pooled, layer_of
from voc.models.decisions import Decisions
from voc.models.encoder import load_tokenizer
from voc.models.precision import fastest_precision
from voc.models.predict import Predictor, encode
from voc.models.reading import Segmented
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.models.threads import one_thread
from voc.training.evaluate import Report, choose_decisions, report_of
from voc.training.glossary import with_switched
from voc.training.labelled import TARGET, LabelledSet, target_column
from voc.training.seed import assumed_shares, for_decisions, with_seed
from voc.training.trainer import PartsTrainer, Tracking, checkpoint_folder, last_checkpoint, segments_of

Progress = Callable[[str, float], None]
_SAME = 1e-4  # a text and its anchor with vectors this close are one text


@dataclass(frozen=True)
class Fitted:
    """What fine-tuning gives: the model of the best dev epoch, and how it did there."""

    classifier: Classifier
    tokenizer: PreTrainedTokenizerFast
    decisions: Decisions
    dev: Report
    seconds: float

    @property
    def predictor(self) -> Predictor:
        """The model, ready to read texts."""
        return Predictor(self.classifier, self.tokenizer, calibration=self.decisions.calibration)


def fit(
    sets: Mapping[Split, LabelledSet],
    tasks: Sequence[Task],
    encoder: EncoderSettings,
    settings: TrainingSettings,
    run: RunLog,
    progress: Progress = lambda what, share: None,
    checkpoints: Path | None = None,
) -> Fitted:
    """Fine-tune on train, choosing the epoch, the calibration and the thresholds on dev. Test is not looked at.

    `progress` is told what goes on and the share done. With a folder for `checkpoints`, a training that was
    interrupted goes on at its last whole epoch. Raises TrainingError where a task has no train label, or only one
    value of it.
    """
    begin = time.perf_counter()
    set_seed(settings.seed)
    own, dev = sets[Split.TRAIN], sets[Split.DEV]
    run.dataset("train", own.digest, "training", {"rows": len(own)})
    run.dataset("dev", dev.digest, "validation", {"rows": len(dev)})
    train = with_seed(with_switched(own, tasks, settings), tasks, settings)
    _check_labels(train, tasks)
    tokenizer = load_tokenizer(encoder.name)
    classifier = Classifier.fresh(
        encoder.name,
        tasks,
        prefix=encoder.prefix,
        speakers=settings.speakers,
        max_tokens=settings.max_tokens,
        preserve=settings.preserve,
    )
    if encoder.scripts:
        tokenizer = classifier.cut_vocabulary(tokenizer, encoder.scripts)
    classifier.freeze(settings.freeze_word_embeddings, settings.freeze_layers)
    progress("reading the texts", 0.0)
    texts = _Texts.of(train, classifier, tokenizer)
    targets = {task.name: torch.from_numpy(train.targets(task)) for task in tasks}
    progress("training the heads", 0.0)
    _warm_up_heads(classifier, texts, targets, settings)
    precision = fastest_precision(classifier, settings.bf16)
    run.parameters({"bf16": precision})
    deciding, shares = for_decisions(dev, tasks, settings), assumed_shares(dev, tasks, settings)
    judge = Judge(tuple(tasks), dev, deciding, settings.false_unknown, shares)
    rows = texts.training_rows(train)
    with checkpoint_folder(checkpoints) as folder:
        trainer = _Trainer(
            model=classifier,
            args=_arguments(folder, settings, len(rows), precision),
            train_dataset=rows,
            eval_dataset=dev.dataset,  # the Trainer asks for one; `evaluate` below reads it through the predictor
            data_collator=_Collator(tokenizer, tuple(tasks), texts),
            callbacks=[EarlyStoppingCallback(settings.patience), Tracking(run, progress, "fine-tuning")],
        )
        trainer.remove_callback(PrinterCallback)  # the tracker has the curves, the command line the progress
        trainer.prepare(judge, Predictor(classifier, tokenizer, bf16=precision), settings)
        if settings.epochs > 0:
            trainer.train(resume_from_checkpoint=last_checkpoint(folder))
        decisions, report = judge.judge(trainer.predictor)
    return Fitted(classifier.eval(), tokenizer, decisions, report, time.perf_counter() - begin)


def _check_labels(train: LabelledSet, tasks: Sequence[Task]) -> None:
    for task in tasks:
        targets = train.targets(task)
        known = targets[~torch.isnan(torch.from_numpy(targets)).any(dim=1).numpy()]
        if len(known) == 0:
            raise TrainingError(f"task {task.name}: expected labels in the train split, got none")
        if (known == known[0]).all():
            raise TrainingError(
                f"task {task.name}: expected at least two different labels in train, got one on all {len(known)} rows"
            )


@dataclass(frozen=True)
class _Texts:
    """Training texts as the untouched encoder reads them.

    `ids` are token ids of unique segments, `vectors` (segments, width) and `tokens` (segments,) what the encoder makes
    of them, `rows` (texts, most) the segments of each text and `teacher` (texts, width) where each text should lie:
    where it lay before, or for a translation where its original lay.
    """

    ids: list[list[int]]
    vectors: torch.Tensor
    tokens: torch.Tensor
    rows: torch.Tensor
    teacher: torch.Tensor

    @classmethod
    def of(cls, train: LabelledSet, classifier: Classifier, tokenizer: PreTrainedTokenizerFast) -> "_Texts":
        own, anchors = train.texts, train.anchors
        read = Segmented.of([*own, *anchors])
        config = classifier.config
        ids = token_ids(read.unique, tokenizer, config.prefix, config.max_tokens)

        def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
            with torch.inference_mode():
                device = classifier.device
                return {"vectors": classifier.pool(**{name: values.to(device) for name, values in batch.items()})}

        classifier.eval()
        found = encode(read.unique, tokenizer, forward, prefix=config.prefix, max_tokens=config.max_tokens)
        vectors = torch.from_numpy(found["vectors"])
        tokens = torch.tensor([len(row) for row in ids])
        rows = torch.from_numpy(read.rows)
        teacher = torch.cat([Pooled.of(vectors, tokens, part).whole for part in torch.split(rows[len(own) :], 256)])
        return cls(ids, vectors, tokens, rows[: len(own)], teacher)

    def pooled(self, texts: torch.Tensor) -> Pooled:
        """What the heads see of these texts before the encoder is changed."""
        rows = self.rows[texts]
        return Pooled.of(self.vectors, self.tokens, rows[:, : int((rows >= 0).sum(1).max())])

    def training_rows(self, train: LabelledSet) -> Dataset:
        """Targets, the text's number, and its length in tokens for batches of similar texts."""
        lengths = torch.where(self.rows >= 0, self.tokens[self.rows.clamp(min=0)], 0).sum(1).tolist()
        targets = [name for name in train.dataset.column_names if name.startswith(TARGET)]
        return train.dataset.select_columns(targets).add_column("text", list(range(len(train)))).add_column(
            "length", lengths
        )  # fmt: skip


def _warm_up_heads(
    classifier: Classifier, texts: _Texts, targets: Mapping[str, torch.Tensor], settings: TrainingSettings
) -> None:
    """Train the heads alone on the untouched encoder's vectors.

    It takes seconds, and fine-tuning then starts from a good model instead of tearing at the encoder with random heads
    (linear probing before fine-tuning, Kumar et al. 2022). Few epochs: heads that know the training set by heart leave
    the encoder nothing to learn.
    """
    every = torch.arange(len(texts.rows))
    whole = torch.cat([texts.pooled(part).whole for part in torch.split(every, 256)])
    apart = whole - texts.teacher
    translations = apart[apart.abs().amax(dim=1) > _SAME]
    classifier.standardise_by(whole, torch.nn.functional.normalize(texts.vectors, dim=1), translations)
    classifier.train()
    optimiser = torch.optim.AdamW(
        classifier.head_parameters(), lr=settings.head_learning_rate, weight_decay=settings.head_weight_decay
    )
    order = torch.Generator().manual_seed(settings.seed)
    with one_thread():
        for _ in range(settings.head_epochs):
            for rows in torch.split(torch.randperm(len(every), generator=order), 64):
                losses = classifier.task_losses(
                    classifier.read(texts.pooled(rows)), {name: target[rows] for name, target in targets.items()}
                )
                torch.autograd.backward(torch.stack(list(losses.values())).sum())
                optimiser.step()
                optimiser.zero_grad()


def _arguments(folder: Path, settings: TrainingSettings, rows: int, bf16: bool) -> TrainingArguments:
    steps = math.ceil(rows / settings.batch_size) * settings.epochs
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=int(steps * settings.warmup_share),
        lr_scheduler_type="linear",
        bf16=bf16,
        use_cpu=not torch.cuda.is_available(),
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        remove_unused_columns=False,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="score",
        greater_is_better=True,
        logging_steps=10,
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
        dataloader_pin_memory=False,
    )


class _Collator:
    """Rows to a batch: its unique segments, which of them each text has, and targets by task."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, tasks: Sequence[Task], texts: _Texts) -> None:
        self.tokenizer = tokenizer
        self.tasks = tasks
        self.texts = texts

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        numbers = torch.tensor([row["text"] for row in rows])
        unique, places = segments_of(self.texts.rows[numbers])
        batch: dict[str, Any] = dict(pad_batch([self.texts.ids[row] for row in unique.tolist()], self.tokenizer))
        batch["rows"] = places
        batch["targets"] = {task.name: torch.tensor([row[target_column(task)] for row in rows]) for task in self.tasks}
        batch["teacher"] = self.texts.teacher[numbers]
        return batch


class Judge:
    """Quality on dev, with the code that scores contacts."""

    def __init__(
        self,
        tasks: tuple[Task, ...],
        dev: LabelledSet,
        deciding: LabelledSet,
        false_unknown: float,
        shares: Mapping[str, float],
    ) -> None:
        self.tasks = tasks
        self.dev = dev
        self.deciding = deciding
        self.false_unknown = false_unknown
        self.shares = shares

    def judge(self, predictor: Predictor) -> tuple[Decisions, Report]:
        """Calibration and thresholds, chosen on all that may decide, and the quality on the company's own part."""
        predictions = predictor.predict(self.deciding.texts)
        decisions = choose_decisions(predictions, self.tasks, self.deciding, self.false_unknown, self.shares)
        own = predictions.take(np.arange(len(self.dev)))
        return decisions, report_of(own, self.tasks, self.dev, decisions)


class _Trainer(PartsTrainer):
    """The Trainer with a larger learning rate for the new heads, and our own evaluation."""

    def prepare(self, judge: Judge, predictor: Predictor, settings: TrainingSettings) -> None:
        """Hand over what the evaluation and the optimiser need."""
        self.judge = judge
        self.predictor = predictor
        self.settings = settings

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW in groups: by layer, and with weight decay or (biases, norms) without; heads have their own rate."""
        settings, layers = self.settings, self.model.layers
        groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = defaultdict(list)
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                rate = settings.head_learning_rate
                if name.startswith("encoder."):
                    below = layers - 1 - layer_of(name, layers)
                    rate = settings.learning_rate * settings.layer_decay**below
                groups[rate, parameter.ndim > 1].append(parameter)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": parameters, "lr": rate, "weight_decay": settings.weight_decay if decays else 0.0}
                for (rate, decays), parameters in groups.items()
            ]
        )
        return self.optimizer

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The model's own loss; its parts are kept for the log."""
        output = model(**inputs)
        self.keep_parts(output.losses)
        return (output.loss, output) if return_outputs else output.loss

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Quality on dev."""
        _, report = self.judge.judge(self.predictor)
        metrics = {"eval_score": report.score} | {
            f"eval_{name}.macro_f1": task.whole.macro_f1 for name, task in report.tasks.items()
        }
        self.log(dict(metrics))
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics
