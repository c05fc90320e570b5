"""Weights of an encoder made ready for int8, so that its vectors move least.

ONNX Runtime's dynamic quantisation gives all activations of a call one scale, and rounds each output channel's weights
to 255 steps. Two things are done beforehand, which cost nothing when texts are read:

- Encoders have a few columns with values many times those of all others (Dettmers et al. 2022, "LLM.int8()"). Such
  columns are made smaller and their weights larger by the same factor, which changes nothing in the product (Xiao et
  al. 2023, "SmoothQuant", eq. 3).
- Weights are rounded one column after the other, and what a column loses is made good by the columns that are not
  rounded yet, by what the layer sees in real texts (Frantar et al. 2023, "GPTQ", eq. 2 and 3).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from voc.models.folder import Model

STEPS = 127  # on either side of zero
_EVENING = 0.7  # 0 leaves outlying columns as they are, 1 gives all of them the median column's size
_DAMPING = 0.01  # of the mean square of a column: keeps the inverse finite where columns depend on each other


@dataclass
class Inputs:
    """What a linear layer sees in some texts: each column's `largest` absolute value (columns,), and the sums of
    `products` of columns over all tokens (columns, columns)."""

    largest: torch.Tensor
    products: torch.Tensor

    @classmethod
    def none(cls, columns: int) -> "Inputs":
        """Before anything was seen."""
        return cls(torch.zeros(columns), torch.zeros(columns, columns))

    def add(self, seen: torch.Tensor) -> None:
        """Tokens, (…, columns)."""
        rows = seen.detach().flatten(0, -2)
        self.largest = torch.maximum(self.largest, rows.abs().amax(0))
        self.products += rows.T @ rows

    def factors(self) -> torch.Tensor:
        """By how much each column is to be made smaller, (columns,); 1 for usual ones and where nothing is known."""
        found = (self.largest / self.largest.median()).clamp(min=1) ** _EVENING
        return torch.where(found.isfinite(), found, torch.ones_like(found))


def linear_inputs(model: Model, texts: Sequence[str]) -> dict[str, Inputs]:
    """What each linear layer in the model's encoder sees while it reads `texts`."""
    encoder = model.classifier.encoder
    found = {name: Inputs.none(layer.in_features) for name, layer in _linear_layers(encoder)}

    def watch(inputs: Inputs) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        return lambda module, given: inputs.add(given[0])

    hooks = [layer.register_forward_pre_hook(watch(found[name])) for name, layer in _linear_layers(encoder)]
    try:
        model.predictor(batch_tokens=1).predict(texts)  # a segment at a time: padding is nothing to look at
    finally:
        for hook in hooks:
            hook.remove()
    return found


@contextmanager
def rounded_layers(encoder: nn.Module, inputs: Mapping[str, Inputs]) -> Iterator[None]:
    """The encoder with the linear layers of these inputs evened and rounded, for as long as the context lasts."""
    usual = {name: layer for name, layer in _linear_layers(encoder) if name in inputs}
    try:
        for name, layer in usual.items():
            encoder.set_submodule(name, _Rounded(layer, inputs[name]))
        yield
    finally:
        for name, layer in usual.items():
            encoder.set_submodule(name, layer)


def rounded(weights: torch.Tensor, products: torch.Tensor) -> torch.Tensor:
    """Weights (channels, columns) on each channel's own grid of 255 steps, in the place of weights as they are.

    The sum of squares by which outputs differ, over the tokens behind `products` (columns, columns), is kept small:
    columns that weigh most are rounded first. A channel's largest weight stays what it is, so that whoever takes the
    grid from the largest weight takes this one.
    """
    mean = products.diagonal().mean().clamp(min=1e-12)
    order = torch.argsort(products.diagonal(), descending=True)
    exact = weights.double()[:, order]
    curved = products.double()[order][:, order] + _DAMPING * mean * torch.eye(len(order), dtype=torch.float64)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(curved)), upper=True)
    largest = exact.abs().amax(1)
    steps = torch.where(largest > 0, largest / STEPS, 1.0)
    pinned = torch.where(exact.abs() == largest[:, None], exact.sign() * STEPS, torch.nan)
    found = torch.empty_like(exact)
    for column in range(len(order)):
        free = (exact[:, column] / steps).round().clamp(-STEPS, STEPS)
        found[:, column] = torch.where(pinned[:, column].isnan(), free, pinned[:, column]) * steps
        lost = (exact[:, column] - found[:, column]) / inverse[column, column]
        exact[:, column:] -= lost[:, None] * inverse[column, column:]
    return found[:, torch.argsort(order)].to(weights.dtype)


class _Rounded(nn.Module):
    """A linear layer with rounded weights, whose outlying input columns are made smaller."""

    def __init__(self, layer: nn.Linear, inputs: Inputs) -> None:
        super().__init__()
        factors = inputs.factors()
        self.weight = nn.Parameter(
            rounded(layer.weight.detach() * factors, inputs.products / (factors[:, None] * factors))
        )
        self.bias = layer.bias
        self.inverse = nn.Parameter(1 / factors) if bool((factors > 1).any()) else None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        evened = inputs if self.inverse is None else inputs * self.inverse
        return nn.functional.linear(evened, self.weight, self.bias)


def _linear_layers(encoder: Any) -> list[tuple[str, nn.Linear]]:
    return [(name, module) for name, module in encoder.named_modules() if isinstance(module, nn.Linear)]
