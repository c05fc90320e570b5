"""A student: a classifier with some of its teacher's layers that learns to answer as the teacher does.

It starts as its teacher with layers left out (Sanh et al. 2019, DistilBERT), and the same heads. Then it is drawn to
where the teacher's vectors lie, and its logits to the teacher's: regressed, not compared as probabilities (Ba and
Caruana 2014), since a contact's logits are sums over its segments, in which every number counts and not only which one
is the largest.
"""

import copy
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, PrinterCallback, TrainingArguments, set_seed

from voc.config import DistillationSettings
from voc.errors import TrainingError
from voc.models.batching import pad_batch, token_ids
from voc.models.classifier import Classifier, Pooled
from voc.models.predict import encode
from voc.models.reading import Segmented, length_batches
from voc.models.registry import RunLog
from voc.training.fit import Progress
from voc.training.trainer import PartsTrainer, Tracking, checkpoint_folder, last_checkpoint, segments_of

_LAYER = re.compile(r"(\blayers?\.)(\d+)(?=\.)")
_AT_ONCE = 512
Logits = Mapping[str, torch.Tensor]


def student_of(teacher: Classifier, layers: int) -> Classifier:
    """The teacher with so many of its layers, evenly spaced, the last among them. Word vectors are shared with it: they
    never change. Raises TrainingError where it has no more layers than that."""
    if not 1 <= layers < teacher.layers:
        raise TrainingError(f"layers: expected at least 1 and fewer than the teacher's {teacher.layers}, got {layers}")
    kept = kept_layers(teacher.layers, layers)
    config, encoder = copy.deepcopy(teacher.config), copy.deepcopy(teacher.encoder.config)
    encoder.num_hidden_layers = layers
    if getattr(encoder, "layer_types", None):  # of encoders whose layers differ in kind
        encoder.layer_types = [encoder.layer_types[place] for place in kept]
    config.encoder = encoder.to_dict()
    student = Classifier(config)
    weights = teacher.state_dict()
    student.load_state_dict({name: weights[_teachers(name, kept)] for name in student.state_dict()})
    student.encoder.set_input_embeddings(teacher.encoder.get_input_embeddings())
    student.freeze(word_embeddings=True, layers=0)
    student.eval()
    return student


def kept_layers(of: int, layers: int) -> list[int]:
    """Which of a teacher's layers a student keeps: every second one of 12 for 6, and always the last."""
    return [round((place + 1) * of / layers) - 1 for place in range(layers)]


def _teachers(name: str, kept: Sequence[int]) -> str:
    """A student's parameter by the name that it has in the teacher."""
    if not name.startswith("encoder."):
        return name
    return _LAYER.sub(lambda found: f"{found[1]}{kept[int(found[2])]}", name, count=1)


@dataclass(frozen=True)
class Goals:
    """What the teacher makes of segments, or of whole contacts: `vectors` (rows, width) of unit length with their
    middle, and `logits` (rows, outputs) by task with their variance."""

    vectors: torch.Tensor
    logits: Logits
    middle: torch.Tensor
    variance: Mapping[str, float]

    @classmethod
    def of(cls, parts: Sequence[tuple[torch.Tensor, Logits]]) -> "Goals":
        """Put together out of vectors and logits of some rows at a time."""
        vectors = torch.cat([vectors for vectors, _ in parts])
        logits = {name: torch.cat([found[name] for _, found in parts]) for name in parts[0][1]}
        variance = {name: max(float(values.var(0).mean()), 1e-6) for name, values in logits.items()}
        return cls(vectors, logits, vectors.mean(0), variance)

    def distance(self, rows: torch.Tensor, vectors: torch.Tensor, logits: Logits) -> dict[str, torch.Tensor]:
        """How far a student is from these rows, 0 for a perfect one: the angle between vectors seen from the middle
        (as cosine distance), and the squared difference of logits as a share of their variance, so that all tasks
        weigh alike."""
        device = vectors.device
        middle, goal = self.middle.to(device), self.vectors[rows].to(device)
        angle = 1 - functional.cosine_similarity(vectors - middle, goal - middle, dim=1)
        squares = [
            (logits[name].float() - values[rows].to(device)).square().mean() / self.variance[name]
            for name, values in self.logits.items()
        ]
        return {"vectors": angle.mean(), "logits": torch.stack(squares).mean()}


@dataclass(frozen=True)
class Lesson:
    """Texts and what the teacher makes of them: token ids of their different segments, `rows` (texts, most) with the
    segments of each text, and the goals for segments and for whole texts."""

    ids: list[list[int]]
    rows: torch.Tensor
    segments: Goals
    wholes: Goals

    @classmethod
    def of(cls, texts: Sequence[str], teacher: Classifier, tokenizer: PreTrainedTokenizerFast) -> "Lesson":
        """Let the teacher read at least one text, each segment once."""
        read = Segmented.of(texts)
        config = teacher.config
        ids = token_ids(read.unique, tokenizer, config.prefix, config.max_tokens)

        def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
            inputs = {name: values.to(teacher.device) for name, values in batch.items()}
            return {"vectors": teacher.pool(**inputs)}

        teacher.eval()
        with torch.no_grad():
            found = encode(read.unique, tokenizer, forward, prefix=config.prefix, max_tokens=config.max_tokens)
            vectors = torch.from_numpy(found["vectors"]).to(teacher.device)
            tokens = torch.tensor([len(row) for row in ids], device=teacher.device)
            rows = torch.from_numpy(read.rows)
            alone = [
                _alone(teacher, *part)
                for part in zip(torch.split(vectors, _AT_ONCE), torch.split(tokens, _AT_ONCE), strict=True)
            ]
            wholes = []
            for part in torch.split(rows, _AT_ONCE):
                unique, places = segments_of(part)
                wholes.append(_together(teacher, vectors[unique], tokens[unique], places.to(teacher.device)))
        return cls(ids, rows, _kept(alone), _kept(wholes))

    def batches(self, batch_tokens: int, seed: int) -> list[list[int]]:
        """Texts in batches of nearly the same length, at most `batch_tokens` tokens each."""
        tokens = torch.tensor([len(row) for row in self.ids])
        lengths = torch.where(self.rows >= 0, tokens[self.rows.clamp(min=0)], 0).sum(1).numpy()
        # A little noise, so that texts of one length don't always meet the same others.
        order = np.argsort(lengths + np.random.default_rng(seed).random(len(lengths)), kind="stable")
        return list(length_batches(lengths.tolist(), batch_tokens, order.tolist()))


def learn(
    student: Classifier,
    lesson: Lesson,
    tokenizer: PreTrainedTokenizerFast,
    settings: DistillationSettings,
    run: RunLog,
    progress: Progress = lambda what, share: None,
    checkpoints: Path | None = None,
    bf16: bool = False,
) -> None:
    """Train the student on a lesson; it is changed in place.

    With a folder for `checkpoints`, a distillation that was interrupted goes on at its last whole epoch.
    """
    set_seed(settings.seed)
    batches = lesson.batches(settings.batch_tokens, settings.seed)
    with checkpoint_folder(checkpoints) as folder:
        trainer = _Trainer(
            model=student,
            args=_arguments(folder, settings, len(batches), bf16),
            train_dataset=batches,
            data_collator=_Collator(lesson, tokenizer),
            callbacks=[Tracking(run, progress, "learning from the teacher")],
        )
        trainer.remove_callback(PrinterCallback)  # the tracker has the curves, the command line the progress
        trainer.lesson = lesson
        trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    student.eval()


def _alone(classifier: Classifier, vectors: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, Logits]:
    """Unit vectors and logits of segments, each by itself."""
    pooled = Pooled.of(vectors, tokens, torch.arange(len(vectors), device=vectors.device).unsqueeze(1))
    said = classifier.read_segments(pooled)
    return pooled.segments[:, 0], {name: values[:, 0] for name, values in said.items()}


def _together(
    classifier: Classifier, vectors: torch.Tensor, tokens: torch.Tensor, rows: torch.Tensor
) -> tuple[torch.Tensor, Logits]:
    """Unit vectors and logits of whole contacts."""
    pooled = Pooled.of(vectors, tokens, rows)
    return pooled.whole, classifier.read(pooled)


def _kept(parts: Sequence[tuple[torch.Tensor, Logits]]) -> Goals:
    """Goals in the main memory, wherever they were computed."""
    return Goals.of(
        [(vectors.cpu(), {name: values.cpu() for name, values in logits.items()}) for vectors, logits in parts]
    )


def _arguments(folder: Path, settings: DistillationSettings, batches: int, bf16: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=1,  # a row of the set is a whole batch already
        learning_rate=settings.learning_rate,
        weight_decay=0.0,
        warmup_steps=int(batches * settings.epochs * 0.05),
        lr_scheduler_type="linear",
        bf16=bf16,
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
        eval_strategy="no",
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=max(1, min(50, math.ceil(batches / 4))),
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
        dataloader_pin_memory=False,
    )


class _Collator:
    """A batch of texts: its different segments, which of them each text has, and the numbers of both."""

    def __init__(self, lesson: Lesson, tokenizer: PreTrainedTokenizerFast) -> None:
        self.lesson = lesson
        self.tokenizer = tokenizer

    def __call__(self, batches: Sequence[Sequence[int]]) -> dict[str, Any]:
        (batch,) = batches
        texts = torch.tensor(batch)
        segments, rows = segments_of(self.lesson.rows[texts])
        ids = [self.lesson.ids[segment] for segment in segments.tolist()]
        return {**pad_batch(ids, self.tokenizer), "rows": rows, "texts": texts, "segments": segments}


class _Trainer(PartsTrainer):
    """The Trainer with the distance to the teacher as its loss."""

    lesson: Lesson

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Distance of segments and of whole contacts; its parts are kept for the log."""
        model.eval()  # no dropout: the goal is a fixed vector, and noise only blurs the way to it
        vectors = model.pool_evenly(inputs["input_ids"], inputs["attention_mask"])
        tokens = inputs["attention_mask"].sum(1)
        alone = self.lesson.segments.distance(inputs["segments"].cpu(), *_alone(model, vectors, tokens))
        whole = self.lesson.wholes.distance(inputs["texts"].cpu(), *_together(model, vectors, tokens, inputs["rows"]))
        losses = {f"segments.{name}": value for name, value in alone.items()}
        losses |= {f"wholes.{name}": value for name, value in whole.items()}
        self.keep_parts(losses)
        loss = torch.stack(list(losses.values())).sum()
        return (loss, {}) if return_outputs else loss
