"""Sweeps on a small workspace with a tiny encoder: real Optuna, real MLflow."""

import json
import tomllib
from pathlib import Path

import pytest
from mlflow import MlflowClient

from voc.config import Config, parse
from voc.data.workspace import Workspace
from voc.errors import ConfigError
from voc.experiments.sweep import DEFAULT_SPACE, Dimension, SearchSpace, load_space, sweep

SPACE = SearchSpace(
    training={
        "head_learning_rate": Dimension(low=1e-4, high=3e-2, log=True),
        "freeze_layers": Dimension(low=0, high=2),
        "epochs": Dimension(choices=(0, 1)),
    }
)


def runs(workspace: Workspace) -> tuple[list[str], list[str]]:
    """Names of the runs without a parent, and of those under the first of them."""
    client = MlflowClient(workspace.tracking_uri)
    found = client.search_runs([client.get_experiment_by_name("voc").experiment_id])
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    nested = [run for run in found if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    return [run.info.run_name for run in parents], sorted(run.info.run_name for run in nested)


class Impatient:
    """A progress that interrupts when it hears of so many trials."""

    def __init__(self, trial: int) -> None:
        self.trial = trial

    def __call__(self, what: str, share: float) -> None:
        assert 0 <= share <= 1
        if what.startswith(f"trial {self.trial} ") and "heads" in what:
            raise KeyboardInterrupt


def test_an_interrupted_sweep_goes_on_with_the_trials_that_are_missing(workspace: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(workspace, 3, SPACE, Impatient(2))
    first = sweep(workspace, 2, SPACE)
    assert (first.before, len(first.trials)) == (1, 2)
    assert {trial.number for trial in first.trials} == {0, 2}  # 1 was cut short, 2 has its settings
    second = sweep(workspace, 3, SPACE)
    assert (second.before, len(second.trials), second.study) == (2, 3, first.study)
    assert set(trial.number for trial in first.trials) < set(trial.number for trial in second.trials)
    assert len({json.dumps(dict(trial.settings)) for trial in second.trials}) == 3
    scores = [trial.score for trial in second.trials]
    assert scores == sorted(scores, reverse=True)
    assert runs(workspace) == (["sweep"], ["trial 0", "trial 1", "trial 2", "trial 3"])
    assert not list(workspace.models.glob(".sweep-*"))  # no checkpoints are left
    # Nothing is missing now, and whatever stands in test makes no difference.
    worse = "CASE split WHEN 'test' THEN 'positive' ELSE sentiment END"
    labels = workspace.lake.query(f"SELECT * REPLACE ({worse} AS sentiment) FROM labels")
    workspace.lake.replace("labels", labels.cast(workspace.lake.dataset("labels").schema))
    assert sweep(workspace, 3, SPACE).trials == second.trials


def test_the_first_trial_has_our_own_settings_and_the_best_is_a_snippet(workspace: Workspace) -> None:
    space = SearchSpace(training={"head_learning_rate": SPACE.training["head_learning_rate"]})
    fast = workspace.config.training.model_copy(update={"epochs": 0})
    config = workspace.config.model_copy(update={"training": fast})
    done = sweep(Workspace(workspace.root, config, workspace.taxonomy), 2, space)
    assert done.baseline is not None
    assert (done.baseline.number, done.baseline.settings) == (0, {"head_learning_rate": 0.003})
    found = parse(Config, tomllib.loads(done.snippet), "snippet")
    assert found.training.head_learning_rate == done.best.settings["head_learning_rate"]


def test_the_shipped_space_is_valid() -> None:
    space = load_space(DEFAULT_SPACE)
    assert {
        "learning_rate",
        "head_learning_rate",
        "preserve",
        "freeze_layers",
        "epochs",
        "seed_forms",
        "switched_forms",
    } == set(space.training)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[training]\n", "expected at least one setting"),
        ("[training.epoch]\nchoices = [1]\n", "training.epoch: unknown key, did you mean 'epochs'"),
        ("[training.epochs]\nchoices = [1, -1]\n", "training: epochs: Input should be greater than or equal to 0"),
        ("[training.epochs]\nlow = 3\nhigh = 2\n", "expected low below high"),
        ("[training.epochs]\nlow = 3\nchoices = [2]\n", "got both"),
        ("[training.preserve]\nlow = 0.0\nhigh = 1.0\nlog = true\n", "low above 0"),
    ],
    ids=["empty", "unknown", "not allowed", "upside down", "both", "log of 0"],
)
def test_a_wrong_space_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_space(path)
    assert "\n" not in str(caught.value)
