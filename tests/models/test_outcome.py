"""The outcome head's folder: whole, checked, and nothing else is loaded."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from voc.data.columns import day_groups
from voc.errors import ModelFolderError, WorkspaceError
from voc.models.outcome import FeatureSpace, HeadManifest, OutcomeHead, current_head, load_head, save_head


@pytest.fixture
def head() -> OutcomeHead:
    generator = np.random.default_rng(0)
    axes = generator.normal(size=(6, 3)).astype(np.float32)
    space = FeatureSpace(generator.normal(size=6).astype(np.float32), axes, ("bill_higher", "moving_home"))
    width = len(space.names)
    mean, scale, weights = generator.uniform(0.5, 1.5, (3, width)).astype(np.float32)
    manifest = HeadManifest("outcome-1", "c1", 60, "2026-01-01T00:00:00+00:00", "0.1.0")
    return OutcomeHead(manifest, space, mean, scale, weights, -1.5, 0.8, -0.2)


@pytest.fixture
def contacts() -> pa.Table:
    vectors = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)
    return pa.table(
        {
            "channel": ["call", "chat", "email", "ticket"],
            "top_reason": ["bill_higher", "unheard_of", None, "moving_home"],
            "top_probability": pa.array([0.9, 0.8, None, 0.5], pa.float32()),
            "sentiment": pa.array(["negative", "neutral", None, "positive"]),
            "sentiment_probability": pa.array([0.7, 0.6, None, 0.9], pa.float32()),
            "churn_probability": pa.array([0.5, 0.0, None, 1.0], pa.float32()),
            "churn_direction": pa.array([None, "none", "leaving", "staying"], pa.string()),
            "embedding": pa.array(list(vectors), pa.list_(pa.float32())),
        }
    )


def test_one_column_a_name(head: OutcomeHead, contacts: pa.Table) -> None:
    matrix = head.space.matrix(contacts)
    column = {name: matrix[:, place].tolist() for place, name in enumerate(head.space.names)}
    assert matrix.shape == (4, len(head.space.names)) and np.isfinite(matrix).all()
    assert column["reason.bill_higher"] == pytest.approx([0.9, 0, 0, 0])
    assert column["sentiment.positive"] == pytest.approx([0, 0, 0, 0.9])
    assert column["direction.leaving"] == [0, 0, 1, 0]
    assert column["channel.email"] == [0, 0, 1, 0]
    assert column["churn_intent.logit"] == pytest.approx([0, -13.8, 0, 13.8], abs=0.1)


def test_a_saved_head_is_the_same(head: OutcomeHead, contacts: pa.Table, tmp_path: Path) -> None:
    folder = save_head(head, {"figures": {}}, tmp_path / "outcome-1")
    loaded = load_head(folder)
    assert loaded.probabilities(contacts).tolist() == head.probabilities(contacts).tolist()
    assert loaded.version == "outcome-1" and loaded.manifest.horizon_days == 60
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
    with pytest.raises(ModelFolderError, match="never written over"):
        save_head(head, {}, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["outcome-1"]


def test_what_is_not_a_head_is_refused(head: OutcomeHead, tmp_path: Path) -> None:
    folder = save_head(head, {}, tmp_path / "outcome-1")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "extra.pkl").write_bytes(b"")
    with pytest.raises(ModelFolderError, match=r"extra\.pkl"):
        load_head(folder)
    (folder / "extra.pkl").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 9}))
    with pytest.raises(ModelFolderError, match="format"):
        load_head(folder)
    report = (folder / "report.json").read_bytes()
    (folder / "report.json").unlink()
    fewer = {name: digest for name, digest in manifest["files"].items() if name != "report.json"}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"files": fewer}))
    with pytest.raises(ModelFolderError, match=r"lacks report\.json"):
        load_head(folder)
    (folder / "report.json").write_bytes(report)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "head.safetensors").write_bytes(b"changed")
    with pytest.raises(ModelFolderError, match="sha256"):
        load_head(folder)
    with pytest.raises(ModelFolderError, match="not an outcome head"):
        load_head(tmp_path)


def test_a_head_of_another_classifier_is_not_used(head: OutcomeHead, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no outcome head yet"):
        current_head(tmp_path, "c1")
    save_head(head, {}, tmp_path / "outcomes" / "outcome-1")
    (tmp_path / "outcomes" / "current").write_text("outcome-1\n")
    assert current_head(tmp_path, "c1").version == "outcome-1"
    with pytest.raises(WorkspaceError, match="rests on classifier c1"):
        current_head(tmp_path, "c2")


def test_days_are_read_together_until_there_are_enough() -> None:
    assert day_groups({1: 5, 2: 5, 3: 20, 4: 1}, 10) == [(1, 2), (3, 3), (4, 4)]
    assert day_groups({}, 10) == []
