"""A model as ONNX graphs, so that scoring needs neither torch nor transformers.

The heads stay in fp32: they are tiny. The encoder's matrix products become int8 (weights a channel, activations a call:
ONNX Runtime's dynamic quantisation), with weights that `models.rounding` makes ready for it.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from voc.errors import ExportError
from voc.models.classifier import Classifier
from voc.models.encoder import mean_pool
from voc.models.exported import ENCODER, SCALES, SEGMENTS, TOKENIZER, WHOLE, WORDS, Precision
from voc.models.folder import Model
from voc.models.rounding import linear_inputs, rounded_layers
from voc.models.tasks import Floats

OPSET = 18


def export_graphs(model: Model, folder: Path, precision: Precision, texts: Sequence[str]) -> None:
    """Write the graphs and word vectors of `model` into `folder`; int8 is rounded by what the layers see in `texts`.

    Raises ExportError where the encoder's code cannot be traced, or its tokenizer is not one that works without
    transformers.
    """
    if TOKENIZER not in model.manifest.files:
        raise ExportError(f"model {model.version}: expected a fast tokenizer ({TOKENIZER}), got one without")
    classifier = model.classifier.eval()
    names = [task.name for task in classifier.tasks]
    whole = _Heads(classifier.whole_scale, [classifier.whole_heads[name] for name in names])
    segments = _Heads(classifier.segment_scale, [classifier.segment_heads[name] for name in names])
    vectors = torch.zeros(2, int(classifier.encoder.config.hidden_size))
    _trace(whole, {"vectors": vectors}, names, folder / WHOLE)
    _trace(segments, {"vectors": vectors}, names, folder / SEGMENTS)
    words = classifier.encoder.get_input_embeddings().weight.detach().float().cpu().numpy()
    with TemporaryDirectory(prefix="voc-export-") as name:
        plain = Path(name) / ENCODER if precision == "int8" else folder / ENCODER
        with rounded_layers(classifier.encoder, linear_inputs(model, texts) if precision == "int8" else {}):
            _trace_encoder(classifier, words.shape[1], plain)
        if precision == "int8":
            _quantise(plain, folder / ENCODER)
    if precision == "fp32":
        np.save(folder / WORDS, words, allow_pickle=False)
    else:
        rows, scales = quantised_rows(words)
        np.save(folder / WORDS, rows, allow_pickle=False)
        np.save(folder / SCALES, scales, allow_pickle=False)


def quantised_rows(words: Floats) -> tuple[np.ndarray, Floats]:
    """(words, width) vectors as int8, and the scale of each row, (words,): the vector is their product."""
    scales = np.abs(words).max(axis=1) / 127
    scales[scales == 0] = 1.0
    return np.rint(words / scales[:, None]).astype(np.int8), scales.astype(np.float32)


class _Encoder(nn.Module):
    """Word vectors (segments, tokens, width) and mask (segments, tokens) to mean token vectors (segments, width)."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, embedded: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        # Given in four dimensions, encoders take the mask as it is; making it themselves they cannot be traced.
        unseen = (1.0 - mask[:, None, None, :].to(embedded.dtype)) * torch.finfo(torch.float32).min
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=unseen).last_hidden_state
        return mean_pool(hidden, mask)


class _Heads(nn.Module):
    """Vectors (rows, width) of unit length to the logits of each task."""

    def __init__(self, scale: nn.Module, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.scale = scale
        self.heads = nn.ModuleList(heads)

    def forward(self, vectors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        scaled = self.scale(vectors)
        return tuple(head(scaled) for head in self.heads)


def _trace_encoder(classifier: Classifier, width: int, path: Path) -> None:
    encoder = classifier.encoder
    usual = encoder.config._attn_implementation
    encoder.set_attn_implementation("eager")  # plain products, which are what becomes int8
    example = {"embedded": torch.randn(3, 7, width), "mask": torch.ones(3, 7, dtype=torch.int64)}
    example["mask"][1, 4:] = 0
    try:
        _trace(_Encoder(encoder), example, ["vectors"], path)
    finally:
        encoder.set_attn_implementation(usual)


def _trace(module: nn.Module, inputs: dict[str, torch.Tensor], outputs: list[str], path: Path) -> None:
    axes = {name: {0: "rows"} | ({1: "tokens"} if name in {"embedded", "mask"} else {}) for name in [*inputs, *outputs]}
    with warnings.catch_warnings(), torch.no_grad():
        # Old, and all that a graph without branches needs; the new exporter brings two more packages.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        try:
            torch.onnx.export(
                module.eval(), tuple(inputs.values()), path, input_names=list(inputs), output_names=outputs,
                dynamic_axes=axes, opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        except (RuntimeError, TypeError, ValueError, torch.onnx.errors.OnnxExporterError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ExportError(f"{path.name}: expected an encoder that can be traced, got: {reason}") from None


def _quantise(source: Path, target: Path) -> None:
    prepared = source.with_name("prepared.onnx")
    # Shapes alone: what its optimiser joins is faster in fp32, and slower where int8 products stand beside it.
    quant_pre_process(source, prepared, skip_optimization=True, skip_symbolic_shape=True)
    quantize_dynamic(
        prepared, target, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"]
    )  # fmt: skip
