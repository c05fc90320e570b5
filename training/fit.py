"""Fine-tuning of the multi-task classifier with the transformers Trainer."""

import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    EarlyStoppingCallback,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from voc.config import EncoderSettings, TrainingSettings
from voc.errors import TrainingError
from voc.labels import Split
from voc.models.classifier import Classifier, Pooled
from voc.models.encoder import load_tokenizer
from voc.models.folder import Decisions
from voc.models.precision import fastest_precision
from voc.models.predict import Predictor, encode
from voc.models.reading import pad_batch, read_texts
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.training.evaluate import Report, choose_decisions, report_of
from voc.training.labelled import LabelledSet, target_column

Progress = Callable[[str, float], None]


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
        return Predictor(self.classifier, self.tokenizer)


def fit(
    sets: Mapping[Split, LabelledSet],
    tasks: Sequence[Task],
    encoder: EncoderSettings,
    settings: TrainingSettings,
    run: RunLog,
    progress: Progress = lambda what, share: None,
) -> Fitted:
    """Fine-tune on train, choosing the epoch and the thresholds on dev. Test is not looked at.

    `progress` is told what goes on and the share done. Raises TrainingError where a task has no train label, or
    only one value of it.
    """
    _check_labels(sets[Split.TRAIN], tasks)
    begin = time.perf_counter()
    set_seed(settings.seed)
    tokenizer = load_tokenizer(encoder.name)
    classifier = Classifier.fresh(
        encoder.name,
        tasks,
        prefix=encoder.prefix,
        speakers=settings.speakers,
        max_tokens=settings.max_tokens,
        preserve=settings.preserve,
    )
    if settings.freeze_word_embeddings:
        classifier.freeze_word_embeddings()
    train, dev = sets[Split.TRAIN], sets[Split.DEV]
    run.dataset("train", train.digest, "training", {"rows": len(train)})
    run.dataset("dev", dev.digest, "validation", {"rows": len(dev)})
    progress("reading the texts", 0.0)
    pooled = _untouched(train.texts, classifier, tokenizer)
    targets = {task.name: torch.from_numpy(train.targets(task)) for task in tasks}
    progress("training the heads", 0.0)
    _warm_up_heads(classifier, pooled, targets, settings)
    rows = _training_rows(train, classifier, tokenizer).add_column("teacher", list(pooled.whole.numpy()))
    precision = fastest_precision(classifier, settings.bf16)
    run.parameters({"bf16": precision})
    with tempfile.TemporaryDirectory(prefix="voc-train-") as folder:
        trainer = _Trainer(
            model=classifier,
            args=_arguments(Path(folder), settings, len(rows), precision),
            train_dataset=rows,
            eval_dataset=dev.dataset,  # the Trainer asks for one; `evaluate` below reads it through the predictor
            data_collator=_Collator(tokenizer, tuple(tasks)),
            callbacks=[EarlyStoppingCallback(settings.patience), _Tracking(run, progress)],
        )
        trainer.remove_callback(PrinterCallback)  # the tracker has the curves, the command line the progress
        trainer.prepare(dev, tokenizer, settings, precision)
        trainer.train()
        predictions = trainer.predictor.predict(dev.texts)
    decisions = choose_decisions(predictions, classifier.tasks, dev)
    report = report_of(predictions, classifier.tasks, dev, decisions)
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


def _training_rows(train: LabelledSet, classifier: Classifier, tokenizer: PreTrainedTokenizerFast) -> Dataset:
    """Token ids, segments and targets."""
    config = classifier.config

    def read(batch: Mapping[str, list[str]]) -> dict[str, Any]:
        found = read_texts(batch["text"], tokenizer, config.prefix, config.max_tokens)
        return {**found, "length": [len(row) for row in found["input_ids"]]}

    return train.dataset.map(read, batched=True, remove_columns=["contact_id", "split", "language", "text"])


def _untouched(texts: Sequence[str], classifier: Classifier, tokenizer: PreTrainedTokenizerFast) -> Pooled:
    """What the heads will see of these texts before the encoder is changed."""

    def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        with torch.inference_mode():
            pooled = classifier.pool(**{name: values.to(classifier.device) for name, values in batch.items()})
        return {"whole": pooled.whole, "segments": pooled.segments, "present": pooled.present}

    config = classifier.config
    classifier.eval()
    found = encode(texts, tokenizer, forward, prefix=config.prefix, max_tokens=config.max_tokens)
    return Pooled(
        torch.from_numpy(found["whole"]), torch.from_numpy(found["segments"]), torch.from_numpy(found["present"] > 0)
    )


def _warm_up_heads(
    classifier: Classifier, pooled: Pooled, targets: Mapping[str, torch.Tensor], settings: TrainingSettings
) -> None:
    """Train the heads alone on the untouched encoder's vectors.

    It takes seconds, and fine-tuning then starts from a good model instead of tearing at the encoder with random heads
    (linear probing before fine-tuning, Kumar et al. 2022). Few epochs: heads that know the training set by heart leave
    the encoder nothing to learn.
    """
    classifier.standardise_by(pooled)
    classifier.train()
    optimiser = torch.optim.AdamW(
        classifier.head_parameters(), lr=settings.head_learning_rate, weight_decay=settings.head_weight_decay
    )
    order = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.head_epochs):
        for rows in torch.split(torch.randperm(len(pooled.whole), generator=order), 64):
            present = pooled.present[rows]
            longest = max(1, int(present.sum(1).max()))  # segments are numbered from 0 without gaps
            batch = Pooled(pooled.whole[rows], pooled.segments[rows, :longest], present[:, :longest])
            losses = classifier.task_losses(
                classifier.read(batch), {name: target[rows] for name, target in targets.items()}
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
    """Rows to a padded batch with targets by task."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, tasks: Sequence[Task]) -> None:
        self.tokenizer = tokenizer
        self.tasks = tasks

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = dict(pad_batch(rows, self.tokenizer))
        batch["targets"] = {task.name: torch.tensor([row[target_column(task)] for row in rows]) for task in self.tasks}
        batch["teacher"] = torch.tensor([row["teacher"] for row in rows])
        return batch


class _Trainer(Trainer):  # type: ignore[misc]
    """The Trainer with a larger learning rate for the new heads, and our own evaluation."""

    def prepare(
        self, dev: LabelledSet, tokenizer: PreTrainedTokenizerFast, settings: TrainingSettings, bf16: bool
    ) -> None:
        """Hand over what the evaluation and the optimiser need."""
        self.dev = dev
        self.settings = settings
        self.predictor = Predictor(self.model, tokenizer, bf16=bf16)
        self.parts: dict[str, list[float]] = defaultdict(list)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW in four groups: encoder and heads, with weight decay and (biases, norms) without."""
        groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = defaultdict(list)
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                groups[not name.startswith("encoder."), parameter.ndim > 1].append(parameter)
        settings = self.settings
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": parameters,
                    "lr": settings.head_learning_rate if is_head else settings.learning_rate,
                    "weight_decay": settings.weight_decay if decays else 0.0,
                }
                for (is_head, decays), parameters in groups.items()
            ]
        )
        return self.optimizer

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The model's own loss; its parts are kept for the log."""
        output = model(**inputs)
        for name, value in output.losses.items():
            self.parts[f"loss.{name}"].append(float(value.detach()))
        return (output.loss, output) if return_outputs else output.loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """The Trainer's figures and the mean of each part of the loss since the last log."""
        means = {name: sum(values) / len(values) for name, values in self.parts.items() if values}
        self.parts.clear()
        super().log({**logs, **means}, start_time)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Quality on dev, with the code that scores contacts."""
        predictions = self.predictor.predict(self.dev.texts)
        tasks = self.model.tasks
        report = report_of(predictions, tasks, self.dev, choose_decisions(predictions, tasks, self.dev))
        metrics = {"eval_score": report.score} | {
            f"eval_{name}.macro_f1": task.whole.macro_f1 for name, task in report.tasks.items()
        }
        self.log(dict(metrics))
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


class _Tracking(TrainerCallback):  # type: ignore[misc]
    """Curves to the tracker, and progress to whoever waits."""

    def __init__(self, run: RunLog, progress: Progress) -> None:
        self.run = run
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.progress("fine-tuning", state.global_step / state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float], **_: Any) -> None:
        self.run.metrics({name: value for name, value in logs.items() if name != "epoch"}, state.global_step)
