"""Weights that are ready for int8."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from voc.data.workspace import Workspace
from voc.models.export import export_graphs
from voc.models.folder import Model, load_model
from voc.models.rounding import STEPS, Inputs, linear_inputs, rounded, rounded_layers

TEXTS = ["Račun je previsok, a nitko se ne javlja.", "no signal at home at all", "Интернет не ради већ три дана."]
CHANNELS, COLUMNS, TOKENS = 12, 32, 400


@pytest.fixture
def weights() -> torch.Tensor:
    torch.manual_seed(3)
    return torch.randn(CHANNELS, COLUMNS)


@pytest.fixture
def tokens() -> torch.Tensor:
    """Columns that say nearly the same, as those of an encoder do, some of them much larger than others."""
    torch.manual_seed(4)
    return (torch.randn(TOKENS, 6) @ torch.randn(6, COLUMNS)) * torch.logspace(-1, 1, COLUMNS)


@pytest.fixture(scope="module")
def model(trained_once: tuple[Path, object]) -> Model:
    workspace = Workspace.open(trained_once[0])
    assert workspace.current_model is not None
    return load_model(workspace.models / workspace.current_model)


def steps_of(weights: torch.Tensor) -> torch.Tensor:
    return weights.abs().amax(1, keepdim=True) / STEPS


def nearest(weights: torch.Tensor) -> torch.Tensor:
    return (weights / steps_of(weights)).round() * steps_of(weights)


def test_every_weight_lies_on_its_channels_grid_and_the_largest_stays(
    weights: torch.Tensor, tokens: torch.Tensor
) -> None:
    found = rounded(weights, tokens.T @ tokens)
    numbers = found / steps_of(weights)
    assert numbers.numpy() == pytest.approx(numbers.round().numpy(), abs=1e-3)
    assert found.abs().amax(1).numpy() == pytest.approx(weights.abs().amax(1).numpy(), rel=1e-6)


def test_outputs_move_less_than_by_the_nearest_step(weights: torch.Tensor, tokens: torch.Tensor) -> None:
    def moved(found: torch.Tensor) -> float:
        return float(((tokens @ (found - weights).T) ** 2).mean())

    assert moved(rounded(weights, tokens.T @ tokens)) < 0.5 * moved(nearest(weights))


def test_what_nobody_saw_is_rounded_to_the_nearest_step(weights: torch.Tensor) -> None:
    weights[3] = 0
    found = rounded(weights, torch.zeros(COLUMNS, COLUMNS))
    assert (found[3] == 0).all()
    rest = [row for row in range(CHANNELS) if row != 3]
    assert found[rest].numpy() == pytest.approx(nearest(weights[rest]).numpy(), abs=1e-5)


def test_only_outlying_columns_are_made_smaller() -> None:
    inputs = Inputs.none(4)
    inputs.add(torch.tensor([[[1.0, -2.0, 0.5, 3.0]], [[-1.0, 1.0, 1.0, 200.0]]]))
    assert inputs.largest.tolist() == [1, 2, 1, 200]
    assert inputs.products[3, 3] == pytest.approx(40009)
    factors = inputs.factors()
    assert factors[[0, 2]].tolist() == [1, 1]
    assert 1 < factors[1] < 2 < 20 < factors[3] < 200  # the median column is 1
    assert Inputs.none(4).factors().tolist() == [1, 1, 1, 1]


def test_a_layer_says_nearly_what_it_said_and_comes_back(weights: torch.Tensor, tokens: torch.Tensor) -> None:
    layer = nn.Linear(COLUMNS, CHANNELS)
    layer.weight = nn.Parameter(weights)
    encoder, inputs = nn.Sequential(layer), Inputs.none(COLUMNS)
    inputs.add(tokens)
    expected = encoder(tokens).detach()
    with rounded_layers(encoder, {"0": inputs}):
        found = encoder(tokens).detach()
        assert encoder[0] is not layer
    assert encoder[0] is layer
    moved = float(((found - expected) ** 2).mean() / (expected**2).mean())
    assert 0 < moved < 1e-4


def test_the_graph_holds_the_weights_as_they_were_rounded(model: Model, tmp_path: Path) -> None:
    export_graphs(model, tmp_path, "int8", TEXTS)
    kept = {each.name: numpy_helper.to_array(each) for each in onnx.load(tmp_path / "encoder.onnx").graph.initializer}
    found = [
        np.sort((rows.astype(np.float32) * kept[name.replace("_quantized", "_scale")]).ravel())
        for name, rows in kept.items()
        if name.endswith("_quantized")
    ]
    with rounded_layers(model.classifier.encoder, linear_inputs(model, TEXTS)):
        expected = [
            np.sort(value.detach().numpy().ravel())
            for name, value in model.classifier.encoder.named_parameters()
            if name.endswith("weight") and value.ndim == 2 and "embeddings" not in name
        ]
    assert len(found) == len(expected) > 0
    for values in expected:
        assert min(np.abs(values - other).max() for other in found if other.shape == values.shape) < 1e-5
