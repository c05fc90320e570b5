"""Texts to probabilities and vectors with torch, in batches of equal length."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from voc.models.classifier import Classifier
from voc.models.precision import autocast
from voc.models.reading import pad_batch, read_texts
from voc.models.tasks import Floats, Task

Forward = Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]


@dataclass(frozen=True)
class Predictions:
    """For `rows` texts: probabilities (rows, labels) by task, and pooled vectors (rows, width) of unit length."""

    probabilities: Mapping[str, Floats]
    embeddings: Floats


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
    read = read_texts(texts, tokenizer, prefix, max_tokens)
    results: dict[str, Floats] = {}
    for rows in _length_batches([len(row) for row in read["input_ids"]], batch_tokens):
        batch = pad_batch([{name: read[name][row] for name in read} for row in rows], tokenizer)
        for name, values in forward(batch).items():
            found = values.float().cpu().numpy()
            if name not in results:
                results[name] = np.empty((len(texts), *found.shape[1:]), dtype=np.float32)
            results[name][rows] = found
    return results


class Predictor:
    """Scores texts with a classifier. The same code serves evaluation during training and the nightly batch."""

    def __init__(
        self,
        classifier: Classifier,
        tokenizer: PreTrainedTokenizerFast,
        batch_tokens: int = 4096,
        bf16: bool = False,
    ) -> None:
        self.classifier = classifier
        self.tokenizer = tokenizer
        self.batch_tokens = batch_tokens
        self.bf16 = bf16

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The classifier's tasks, in order."""
        return self.classifier.tasks

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Probabilities and vectors of `texts`, in their order."""
        config = self.classifier.config
        if not texts:
            width = self.classifier.encoder.config.hidden_size
            empty = {task.name: np.empty((0, len(task.labels)), np.float32) for task in self.tasks}
            return Predictions(empty, np.empty((0, width), np.float32))
        was_training = self.classifier.training
        self.classifier.eval()
        try:
            outputs = encode(
                texts,
                self.tokenizer,
                self._forward,
                prefix=config.prefix,
                max_tokens=config.max_tokens,
                batch_tokens=self.batch_tokens,
            )
        finally:
            self.classifier.train(was_training)
        probabilities = {task.name: task.probabilities(outputs[task.name]) for task in self.tasks}
        return Predictions(probabilities, outputs["pooled"])

    def _forward(self, batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        device = self.classifier.device
        with torch.inference_mode(), autocast(device, self.bf16):
            output = self.classifier(**{name: values.to(device) for name, values in batch.items()})
        return {**output.logits, "pooled": output.pooled}


def _length_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        if batch and lengths[row] * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
