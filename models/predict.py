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
from voc.models.predictions import Passages, Predictions
from voc.models.reading import Rows, Segmented, length_batches
from voc.models.tasks import Floats, Task
from voc.models.turns import BY_TURN, Turns

Forward = Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]
Heads = Callable[[Pooled], Mapping[str, torch.Tensor]]
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
        read = Segmented.of(texts)
        turns, asked = Turns.of(read), [task for task in self.tasks if task.name in BY_TURN]
        was_training = self.classifier.training
        self.classifier.eval()
        try:
            with torch.inference_mode():
                encoded = self._encoded(read)
                whole = self._heard(self._whole, encoded, read.rows)
                by_turn = self._heard(lambda pooled: self.classifier.read(pooled, asked), encoded, turns.rows)
        finally:
            self.classifier.train(was_training)
        logits = {task.name: whole[f"logits.{task.name}"] for task in self.tasks}
        scalings = {task.name: self.calibration.get(task.name, IDENTITY) for task in self.tasks}
        return Predictions(
            {task.name: calibrated(task, logits[task.name], scalings[task.name], languages) for task in self.tasks},
            whole["pooled"],
            logits,
            {task.name: whole[f"spoken.{task.name}"].astype(np.int64) for task in self.tasks},
            {
                task.name: turns.probabilities(
                    task, by_turn[task.name], scalings[task.name], languages, len(texts)
                )
                for task in asked
            },
            Passages(read.rows, torch.nn.functional.normalize(encoded["vectors"].float(), dim=1).cpu().numpy()),
        )  # fmt: skip

    def pooled(self, texts: Sequence[str]) -> Iterator[Pooled]:
        """What the heads see of `texts`, in their order, some at a time; equal segments are read once."""
        read = Segmented.of(texts)
        yield from self._pooled(self._encoded(read), read.rows)

    def _encoded(self, read: Segmented) -> Mapping[str, torch.Tensor]:
        """Of segments the `vectors` (segments, width) and numbers of `tokens` (segments,)."""
        config, device = self.classifier.config, self.classifier.device
        if not read.unique:
            width = int(self.classifier.encoder.config.hidden_size)
            return {"vectors": torch.empty(0, width, device=device), "tokens": torch.empty(0, device=device)}
        found = encode(
            read.unique,
            self.tokenizer,
            self._pool,
            prefix=config.prefix,
            max_tokens=config.max_tokens,
            batch_tokens=self.batch_tokens,
        )
        return {name: torch.from_numpy(values).to(device) for name, values in found.items()}

    def _pooled(self, encoded: Mapping[str, torch.Tensor], rows: Rows) -> Iterator[Pooled]:
        """What the heads see of contacts, or of turns, with these `rows` of segments; without any, of none once."""
        for part in torch.split(torch.from_numpy(rows).to(self.classifier.device), _HEADS_AT_ONCE):
            longest = int((part >= 0).sum(1).max()) if len(part) else 1
            yield Pooled.of(encoded["vectors"], encoded["tokens"], part[:, :longest])

    def _heard(self, heads: Heads, encoded: Mapping[str, torch.Tensor], rows: Rows) -> dict[str, Floats]:
        parts: dict[str, list[Floats]] = {}
        for pooled in self._pooled(encoded, rows):
            for name, values in heads(pooled).items():
                parts.setdefault(name, []).append(values.float().cpu().numpy())
        return {name: np.concatenate(values) for name, values in parts.items()}

    def _whole(self, pooled: Pooled) -> dict[str, torch.Tensor]:
        found = {"pooled": pooled.whole}
        found |= {f"logits.{name}": values for name, values in self.classifier.read(pooled).items()}
        said = self.classifier.read_segments(pooled)
        return found | {f"spoken.{name}": values.argmax(dim=1) for name, values in said.items()}

    def _pool(self, batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        device = self.classifier.device
        with torch.inference_mode(), autocast(device, self.bf16):
            mask = batch["attention_mask"].to(device)
            return {"vectors": self.classifier.pool(batch["input_ids"].to(device), mask), "tokens": mask.sum(1)}
