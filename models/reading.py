"""How a text is read: token ids, and which segment (turn or sentence) each token belongs to.

What decides a label usually stands in one sentence of a contact: the complaint, the threat to leave. Averaged over all
the polite rest it fades, so heads look at every segment as well as at the whole.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

MOST_SEGMENTS = 16
"""Later segments count to the last one."""
NO_SEGMENT = -1
"""Segment of special tokens, of the prefix and of padding."""

_BOUNDARY = re.compile(r"\n\s*|(?<=[.!?…])\s+")


def read_texts(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerFast, prefix: str, max_tokens: int
) -> dict[str, list[list[int]]]:
    """`input_ids` and `segments` of each text, equally long, cut at `max_tokens`."""
    found = tokenizer(
        [prefix + text for text in texts], truncation=True, max_length=max_tokens, return_offsets_mapping=True
    )
    segments = [
        _segments_of(text, np.asarray(offsets), len(prefix))
        for text, offsets in zip(texts, found["offset_mapping"], strict=True)
    ]
    return {"input_ids": found["input_ids"], "segments": segments}


def pad_batch(rows: Sequence[Mapping[str, list[int]]], tokenizer: PreTrainedTokenizerFast) -> dict[str, torch.Tensor]:
    """Rows of `read_texts` to (batch, tokens) tensors: input_ids, attention_mask, segments."""
    padded = tokenizer.pad({"input_ids": [row["input_ids"] for row in rows]}, return_tensors="pt")
    segments = torch.full(padded["input_ids"].shape, NO_SEGMENT)
    for number, row in enumerate(rows):
        segments[number, : len(row["segments"])] = torch.tensor(row["segments"])
    return {"input_ids": padded["input_ids"], "attention_mask": padded["attention_mask"], "segments": segments}


def pool_segments(hidden: torch.Tensor, segments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean token vector of each segment: (batch, tokens, width) to (batch, MOST_SEGMENTS, width).

    The second result says which segments exist, (batch, MOST_SEGMENTS); the vectors of the others are zero.
    """
    belongs = segments.unsqueeze(1) == torch.arange(MOST_SEGMENTS, device=segments.device).view(1, -1, 1)
    weights = belongs.to(hidden.dtype)
    counts = weights.sum(2, keepdim=True)
    return (weights @ hidden) / counts.clamp(min=1), counts.squeeze(2) > 0


def _segments_of(text: str, offsets: np.ndarray, prefix: int) -> list[int]:
    starts = [match.end() for match in _BOUNDARY.finditer(text)]
    begins, ends = offsets[:, 0] - prefix, offsets[:, 1] - prefix
    # A token may begin with the space before its word, so its last character tells the segment.
    places = np.searchsorted(starts, ends - 1, side="right").clip(max=MOST_SEGMENTS - 1)
    found: list[int] = np.where((ends <= 0) | (ends == begins), NO_SEGMENT, places).tolist()
    return found
