"""The export as an MLflow model: by itself, behind an alias, and the same as scoring."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from voc.data.workspace import Workspace
from voc.errors import InputError, ModelFolderError
from voc.inference.serving.artefact import register_export, save_export
from voc.inference.serving.frames import EXAMPLE, asked_of
from voc.inference.serving.scorer import Asked, Scorer
from voc.models.registry import CHAMPION, PREVIOUS, REGISTERED_MODEL, Registry


def folder_of(workspace: Workspace) -> Path:
    assert workspace.current_model is not None
    return workspace.models / workspace.current_model


@pytest.fixture(scope="module")
def saved(exported_fp32: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_export(folder_of(Workspace.open(exported_fp32)), tmp_path_factory.mktemp("saved") / "model")


# An interpreter in which neither this project nor torch is installed, as far as imports can tell.
_ALONE = """
import json, sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "transformers", "sklearn", "deltalake", "duckdb"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nowhere())
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
try:
    import voc
    sys.exit("voc is still there")
except ModuleNotFoundError:
    pass
import mlflow.pyfunc
model = mlflow.pyfunc.load_model(sys.argv[1])
import pandas, voc
rows = json.loads(sys.stdin.read())
print(model.predict(pandas.DataFrame(rows)).to_json(orient="records"))
print(json.dumps([voc.__file__, model.input_example.to_dict("records")]))
"""


def test_it_reads_by_itself_and_says_what_the_scorer_says(saved: Path, exported_fp32: Path, tmp_path: Path) -> None:
    rows = [
        {"text": "Račun je previsok, odlazim od vas!", "turns": None, "language": "hr"},
        {"text": None, "turns": [{"speaker": "customer", "text": "Интернет не ради."}], "language": None},
        {"text": "No signal at home at all. Please help.", "turns": None, "language": None},
    ]
    command = [sys.executable, "-c", _ALONE, str(saved)]
    done = subprocess.run(command, input=json.dumps(rows), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told, (place, example) = map(json.loads, done.stdout.splitlines()[-2:])
    assert Path(place).is_relative_to(saved / "code")
    assert len(example) == len(EXAMPLE["text"])
    expected = Scorer(folder_of(Workspace.open(exported_fp32))).score(
        [Asked.text(rows[0]["text"], "hr"), Asked(rows[1]["turns"]), Asked.text(rows[2]["text"])]
    )
    assert [each["language"] for each in told] == ["hr", "sr", "en"]
    for found, right in zip(told, expected, strict=True):
        assert set(found) == set(right)
        assert found["top_reason"] == right["top_reason"]
        assert found["top_probability"] == pytest.approx(right["top_probability"], abs=1e-5)
        assert [each["reason"] for each in found["reasons"]] == [each["reason"] for each in right["reasons"]]
        assert [each["evidence"] for each in found["reasons"]] == [each["evidence"] for each in right["reasons"]]
        assert [each["turn"] for each in found["sentiment_course"]] == [
            each["turn"] for each in right["sentiment_course"]
        ]
        for name in ("abstained", "sentiment", "churn_intent", "churn_evidence"):
            assert found[name] == right[name]


def test_it_holds_no_pickle_no_weights_of_torch_and_names_its_packages_exactly(saved: Path) -> None:
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert not [path.name for path in files if path.suffix in {".pkl", ".pickle", ".pt", ".bin", ".safetensors"}]
    needed = (saved / "requirements.txt").read_text().split()
    assert all("==" in line for line in needed)
    names = {line.split("==")[0] for line in needed}
    assert {"mlflow", "onnxruntime", "tokenizers", "numpy"} <= names
    assert not {"torch", "transformers", "voc-insights"} & names


def test_the_signature_covers_what_comes_in_and_out(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow.pyfunc

    monkeypatch.setattr(sys, "path", [*sys.path])  # it puts its own modules first, which worker processes would inherit
    model = mlflow.pyfunc.load_model(str(saved))
    assert model.metadata.signature.inputs.input_names() == ["text", "turns", "language"]
    out = model.predict(pd.DataFrame(EXAMPLE))
    declared = model.metadata.signature.outputs
    assert set(declared.required_input_names()) <= set(out.columns) <= set(declared.input_names())


def test_an_alias_leads_to_the_export(exported_fp32: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(Path(shutil.copytree(exported_fp32, tmp_path / "ws")))
    version = workspace.current_model
    client = MlflowClient(workspace.tracking_uri, workspace.tracking_uri)
    trained = client.get_model_version_by_alias(REGISTERED_MODEL, CHAMPION)
    assert trained.tags["folder"] == version
    registry = Registry(workspace.tracking_uri, "voc")
    client.set_registered_model_alias(REGISTERED_MODEL, PREVIOUS, trained.version)
    assert register_export(workspace) == f"models:/{REGISTERED_MODEL}@{CHAMPION}"
    for alias in (CHAMPION, PREVIOUS):
        found = client.get_model_version_by_alias(REGISTERED_MODEL, alias)
        assert int(found.version) > int(trained.version)
        assert found.tags == {"folder": version, "precision": "fp32"}
    assert (Path(found.source.removeprefix("file://")) / "MLmodel").is_file()
    # A promotion that comes later finds the export, not the trained model that was registered before it.
    client.set_registered_model_alias(REGISTERED_MODEL, CHAMPION, trained.version)
    assert version is not None
    registry.promote(version)
    assert client.get_model_version_by_alias(REGISTERED_MODEL, CHAMPION).version == found.version


def test_without_an_export_is_one_line(trained: Workspace) -> None:
    with pytest.raises(ModelFolderError, match="not an exported model"):
        register_export(trained)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "da", "turns": [{"speaker": "customer", "text": "da"}]}, "row 1: expected text or turns, got both"),
        ({"language": "hr"}, "row 1: expected text or turns, got neither"),
        ({"text": " "}, "row 1: expected at least one customer's turn with words, got none"),
        ({"text": "da", "language": "tajna"}, "row 1: language: expected one of en, hr, .*, got something else"),
        ({"turns": [{"speaker": "tajna", "text": "da"}]}, "row 1: turns: speaker: expected one of customer"),
    ],
    ids=["both", "neither", "blank", "language", "speaker"],
)
def test_a_wrong_row_is_named_and_not_repeated(row: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        asked_of(pd.DataFrame([{"text": "dobro"}, row]))
    assert "tajna" not in str(raised.value)
