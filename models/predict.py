"""Texts to probabilities and vectors with torch, in batches of equal length."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from voc.models.batching import pad_batch, token_ids
from voc.models.calibration import IDENTITY, Scalings, calibrated
from voc.models.classifier import Classifier, Pooled
from voc.models.encoder import mean_pool
from voc.models.precision import autocast
from voc.models.predictions import Predictions
from voc.models.reading import Segmented, length_batches
from voc.models.tasks import Floats, Task

Forward = Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]
_HEADS_AT_ONCE = 512  # contacts whose segments' vectors are laid out side by side


def encode(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerFast,
    forward: Forward,
    *,
    prefix: str,
    max_tokens: int,
    batch_tokens: int = 4096,
) -> dict[str, Floats]:
    """Run `forward` over texts sorted by length; returns its outputs, (rows, …) each, in the texts' order.

    Batches hold at most `batch_tokens` tokens, padding included, and texts of nearly the same length, so that hardly
    any work goes into padding.
    """
    ids = token_ids(texts, tokenizer, prefix, max_tokens)
    results: dict[str, Floats] = {}
    for rows in length_batches([len(row) for row in ids], batch_tokens):
        batch = pad_batch([ids[row] for row in rows], tokenizer)
        for name, values in forward(batch).items():
            found = values.float().cpu().numpy()
            if name not in results:
                results[name] = np.empty((len(texts), *found.shape[1:]), dtype=np.float32)
            results[name][rows] = found
    return results


class Reader:
    """An encoder's own pooled vectors of whole texts, with gradients or without."""

    def __init__(self, encoder: Any, tokenizer: PreTrainedTokenizerFast, prefix: str, max_tokens: int) -> None:
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.prefix = prefix
        self.max_tokens = min(max_tokens, tokenizer.model_max_length)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """(batch, tokens) ids and mask to (batch, width), of unit length."""
        mask = batch["attention_mask"]
        hidden = self.encoder(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
        return torch.nn.functional.normalize(mean_pool(hidden, mask), dim=1)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, width), of unit length."""

        def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
            with torch.inference_mode():
                return {"pooled": self.forward(batch)}

        return encode(texts, self.tokenizer, forward, prefix=self.prefix, max_tokens=self.max_tokens)["pooled"]


class Predictor:
    """Scores texts with a classifier. The same code serves evaluation during training and the nightly batch."""

    def __init__(
        self,
        classifier: Classifier,
        tokenizer: PreTrainedTokenizerFast,
        batch_tokens: int = 4096,
        bf16: bool = False,
        calibration: Mapping[str, Scalings] | None = None,
    ) -> None:
        self.classifier = classifier
        self.tokenizer = tokenizer
        self.batch_tokens = batch_tokens
        self.bf16 = bf16
        self.calibration = calibration or {}

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The classifier's tasks, in order."""
        return self.classifier.tasks

    def predict(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Predictions:
        """Probabilities and vectors of `texts`, in their order; calibrated by language where that is given."""
        was_training = self.classifier.training
        self.classifier.eval()
        try:
            outputs = self._read(texts)
        finally:
            self.classifier.train(was_training)
        logits = {task.name: outputs[f"logits.{task.name}"] for task in self.tasks}
        return Predictions(
            {
                task.name: calibrated(
                    task, logits[task.name], self.calibration.get(task.name, IDENTITY), languages
                )
                for task in self.tasks
            },
            outputs["pooled"],
            logits,
            {task.name: outputs[f"spoken.{task.name}"].astype(np.int64) for task in self.tasks},
        )  # fmt: skip

    def pooled(self, texts: Sequence[str]) -> Iterator[Pooled]:
        """What the heads see of `texts`, in their order, some at a time; equal segments are read once."""
        config, device = self.classifier.config, self.classifier.device
        read = Segmented.of(texts)
        found = encode(
            read.unique,
            self.tokenizer,
            self._pool,
            prefix=config.prefix,
            max_tokens=config.max_tokens,
            batch_tokens=self.batch_tokens,
        )
        if not texts:
            return
        vectors = torch.from_numpy(found["vectors"]).to(device)
        tokens = torch.from_numpy(found["tokens"]).to(device)
        rows = torch.from_numpy(read.rows).to(device)
        for part in torch.split(rows, _HEADS_AT_ONCE):
            longest = int((part >= 0).sum(1).max())
            yield Pooled.of(vectors, tokens, part[:, :longest])

    def _read(self, texts: Sequence[str]) -> dict[str, Floats]:
        tasks = self.tasks
        parts: dict[str, list[Floats]] = {}
        with torch.inference_mode():
            for pooled in self.pooled(texts):
                found = {"pooled": pooled.whole}
                found |= {f"logits.{name}": values for name, values in self.classifier.read(pooled).items()}
                found |= {
                    f"spoken.{name}": values.argmax(dim=1)
                    for name, values in self.classifier.read_segments(pooled).items()
                }
                for name, values in found.items():
                    parts.setdefault(name, []).append(values.float().cpu().numpy())
        if parts:
            return {name: np.concatenate(values) for name, values in parts.items()}
        width = self.classifier.encoder.config.hidden_size
        empty = {"pooled": np.empty((0, width), np.float32)}
        empty |= {f"logits.{task.name}": np.empty((0, task.outputs), np.float32) for task in tasks}
        return empty | {f"spoken.{task.name}": np.empty((0, task.outputs), np.float32) for task in tasks}

    def _pool(self, batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        device = self.classifier.device
        with torch.inference_mode(), autocast(device, self.bf16):
            mask = batch["attention_mask"].to(device)
            return {"vectors": self.classifier.pool(batch["input_ids"].to(device), mask), "tokens": mask.sum(1)}
