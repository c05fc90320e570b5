"""A vocabulary cut to the scripts in use: a smaller model that reads texts in these scripts exactly as before.

Four fifths of the default encoder's weights are word vectors, many of them of scripts that no contact is written in. A
piece of the vocabulary with a letter of another script can be part of no text without one, so to leave it out changes
how nothing else is read.
"""

import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerFast

from voc.errors import EncoderError
from voc.labels import Script

_LETTERS = {Script.LATIN: "LATIN ", Script.CYRILLIC: "CYRILLIC "}
_OF_ALL_SCRIPTS = ("COMBINING ", "MODIFIER LETTER ", "FEMININE ORDINAL ", "MASCULINE ORDINAL ")


def cut_vocabulary(encoder: Any, tokenizer: PreTrainedTokenizerFast, scripts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Take the word vectors of other scripts out of an encoder, in place; gives the tokenizer for what is left.

    Pieces are numbered anew, in their order. The given tokenizer stays as it is. Raises EncoderError where it has no
    Unigram vocabulary: pieces of another kind are made of each other.
    """
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    if content["model"]["type"] != "Unigram":
        raise EncoderError(f"[encoder] scripts: expected a Unigram vocabulary, got {content['model']['type']}")
    pieces = content["model"]["vocab"]
    special = {token["id"] for token in content["added_tokens"]}
    letters = tuple(_LETTERS[Script(script)] for script in scripts)
    kept = [place for place, (piece, _) in enumerate(pieces) if place in special or _written_in(piece, letters)]
    number = {old: new for new, old in enumerate(kept)}
    content["model"]["vocab"] = [pieces[place] for place in kept]
    content["model"]["unk_id"] = number[content["model"]["unk_id"]]
    for token in content["added_tokens"]:
        token["id"] = number[token["id"]]
    for token in (content["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [number[old] for old in token["ids"]]
    _cut_words(encoder, torch.tensor(kept), number)
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(content)),
        model_max_length=tokenizer.model_max_length,
        model_input_names=tokenizer.model_input_names,
        **tokenizer.special_tokens_map,
    )


def _cut_words(encoder: Any, kept: torch.Tensor, number: dict[int, int]) -> None:
    words = encoder.get_input_embeddings()
    if words.num_embeddings <= int(kept.max()):
        pieces = f"{int(kept.max()) + 1:,} pieces"
        raise EncoderError(f"[encoder] scripts: expected a vector for each of {pieces}, got {words.num_embeddings:,}")
    padding = None if words.padding_idx is None else number[words.padding_idx]
    weight = words.weight.detach()[kept].clone()
    encoder.set_input_embeddings(nn.Embedding(len(weight), weight.shape[1], padding_idx=padding, _weight=weight))
    encoder.config.vocab_size = len(kept)
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        old = getattr(encoder.config, name, None)
        if old is not None:
            setattr(encoder.config, name, number[old])


def _written_in(piece: str, letters: tuple[str, ...]) -> bool:
    return all(_belongs(sign, letters) for sign in piece)


@cache
def _belongs(sign: str, letters: tuple[str, ...]) -> bool:
    if unicodedata.category(sign)[0] not in "LM":
        return True
    return unicodedata.name(sign, "").startswith((*letters, *_OF_ALL_SCRIPTS))
