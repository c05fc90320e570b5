"""Segments to padded tensors of token ids, by the tokenizer that a model was trained with."""

from collections.abc import Mapping, Sequence

import torch
from transformers import PreTrainedTokenizerFast


def pad_batch(ids: Sequence[Sequence[int]], tokenizer: PreTrainedTokenizerFast) -> dict[str, torch.Tensor]:
    """Token ids of segments to (segments, tokens) tensors: input_ids, attention_mask."""
    padded = tokenizer.pad({"input_ids": [list(row) for row in ids]}, return_tensors="pt")
    return {"input_ids": padded["input_ids"], "attention_mask": padded["attention_mask"]}


def token_ids(
    segments: Sequence[str], tokenizer: PreTrainedTokenizerFast, prefix: str, max_tokens: int
) -> list[list[int]]:
    """Token ids of each segment, cut at `max_tokens`."""
    if not segments:
        return []
    found: Mapping[str, list[list[int]]] = tokenizer(
        [prefix + text for text in segments], truncation=True, max_length=max_tokens
    )
    return found["input_ids"]
