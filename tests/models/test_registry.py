"""The real MLflow, in a folder of its own."""

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from mlflow import MlflowClient

from voc.errors import VocError
from voc.models.registry import REGISTERED_MODEL, Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", "tests")


def test_a_run_keeps_what_it_was_told(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "v1"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    with registry.run("train", {"encoder": "tiny"}) as run:
        run.parameters({"training": {"epochs": 2, "bf16": False}})
        run.metrics({"loss": 2.0}, step=10)
        run.metrics({"loss": 1.0}, step=20)
        run.metrics({"test.reason.sr-Cyrl.macro_f1": 0.5})
        run.dataset("train", "abc123", "training", {"rows": 5})
        run.table("confusion", {"labels": ["a"], "counts": [[1]]})
        run.figure("confusion", Figure())
        run.model(folder)
    client = MlflowClient(registry.uri, registry.uri)
    stored = client.get_run(run.run_id)
    assert stored.info.status == "FINISHED"
    assert stored.data.params == {"training.epochs": "2", "training.bf16": "False"}
    assert stored.data.metrics == {"loss": 1.0, "test.reason.sr-Cyrl.macro_f1": 0.5}
    assert [point.step for point in client.get_metric_history(run.run_id, "loss")] == [10, 20]
    (entry,) = stored.inputs.dataset_inputs
    assert (entry.dataset.name, entry.dataset.digest) == ("train", "abc123")
    kept = Path(client.download_artifacts(run.run_id, "tables/confusion.json", str(tmp_path)))
    assert json.loads(kept.read_text())["counts"] == [[1]]
    assert [item.path for item in client.list_artifacts(run.run_id, "figures")] == ["figures/confusion.png"]
    (version,) = client.search_model_versions(f"name = '{REGISTERED_MODEL}'")
    assert version.tags["folder"] == "v1"
    assert (tmp_path / "mlflow-artifacts").is_dir()


def test_promotion_moves_the_alias(registry: Registry, tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        with registry.run("train") as run:
            run.model(tmp_path / name)
    client = MlflowClient(registry.uri, registry.uri)
    for name in ("v1", "v2"):
        registry.promote(name)
        champion = client.get_model_version_by_alias(REGISTERED_MODEL, "champion")
        assert champion.tags["folder"] == name
    with pytest.raises(VocError, match="'v9' is not registered"):
        registry.promote("v9")


def test_promotion_keeps_the_one_before(registry: Registry, tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        with registry.run("train") as run:
            run.model(tmp_path / name)
    client = MlflowClient(registry.uri, registry.uri)
    registry.promote("v2", "v1")
    assert client.get_model_version_by_alias(REGISTERED_MODEL, "previous").tags["folder"] == "v1"
    registry.promote("v1", "from-another-server")
    assert set(client.get_registered_model(REGISTERED_MODEL).aliases) == {"champion"}
    registry.promote("v2", "from-another-server")


def test_a_run_may_be_part_of_another_and_go_on_later(registry: Registry) -> None:
    with registry.run("sweep") as parent, registry.run("trial 0", parent=parent.run_id) as nested:
        pass
    client = MlflowClient(registry.uri)
    assert client.get_run(nested.run_id).data.tags["mlflow.parentRunId"] == parent.run_id
    with registry.run("sweep", resume=parent.run_id) as again:
        assert client.get_run(parent.run_id).info.status == "RUNNING"
    assert again.run_id == parent.run_id
    assert client.get_run(parent.run_id).info.status == "FINISHED"
    with registry.run("sweep", resume="0" * 32) as other:
        assert other.run_id not in {"0" * 32, parent.run_id}


def test_a_run_that_raises_has_failed(registry: Registry) -> None:
    with pytest.raises(RuntimeError), registry.run("train") as run:
        raise RuntimeError
    assert MlflowClient(registry.uri).get_run(run.run_id).info.status == "FAILED"
