"""Scoring with the exported model: in this process, in workers, killed at random."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from voc.config import ScoringSettings
from voc.data.locks import alone
from voc.data.workspace import Workspace
from voc.errors import InputError, ModelFolderError
from voc.experiments.processes import family, memory_mb
from voc.inference.engine import InProcess, Texts, Workers, engine_named, open_engine
from voc.inference.engine.workers import cores
from voc.inference.score import score
from voc.models.exported import load_exported
from voc.models.onnx_predict import OnnxPredictor

TableOf = Callable[[Workspace, str, str], str]
SCORES = ("scores", "model_version, contact_id")


@pytest.fixture(scope="module")
def exported_once(exported_with: Callable[[str], Path]) -> Path:
    """The tiny workspace with an int8 export, whatever it loses: the gate has its own tests."""
    return exported_with("commit_contacts = 60")


@pytest.fixture
def exported(exported_once: Path, tmp_path: Path) -> Workspace:
    """A copy of it to write to."""
    return Workspace.open(Path(shutil.copytree(exported_once, tmp_path / "exported")))


def folder_of(workspace: Workspace) -> Path:
    assert workspace.current_model is not None
    return workspace.models / workspace.current_model


def texts_of(workspace: Workspace, count: int) -> list[str]:
    rows = workspace.lake.query(f"SELECT turns FROM contacts ORDER BY contact_id LIMIT {count}")
    return ["\n".join(turn["text"] for turn in turns) for turns in rows["turns"].to_pylist()]


def test_workers_say_bit_for_bit_what_one_process_says(exported_once: Path) -> None:
    workspace = Workspace.open(exported_once)
    texts = texts_of(workspace, 400)
    parts = [Texts(texts[begin : begin + 150], ["hr"] * len(texts[begin : begin + 150])) for begin in (0, 150, 300)]
    model = load_exported(folder_of(workspace))
    alone_read = list(InProcess("onnx", OnnxPredictor(model), model.facts.decisions).read(parts))
    with Workers(model, [cores(None)[0]] * 2) as workers:
        together = list(workers.read(parts))
    assert len(together) == 3
    for mine, theirs in zip(alone_read, together, strict=True):
        assert (mine.embeddings == theirs.embeddings).all()
        for name in mine.probabilities:
            assert (mine.probabilities[name] == theirs.probabilities[name]).all()
            assert (mine.spoken[name] == theirs.spoken[name]).all()
    assert not active_children()


def test_workers_take_one_part_more_than_they_gave(exported_once: Path) -> None:
    taken = []

    def parts() -> "object":
        for number in range(4):
            taken.append(number)
            yield Texts([f"račun {number}"])

    with Workers(load_exported(folder_of(Workspace.open(exported_once))), cores(1)) as workers:
        reading = workers.read(parts())  # type: ignore[arg-type]
        for given in range(3):
            next(reading)
            assert len(taken) == given + 2


def test_tables_of_export_and_torch_have_one_schema_and_the_same_contacts(exported: Workspace) -> None:
    score(exported, engine="torch")
    torch_rows = exported.lake.query("SELECT * FROM scores ORDER BY contact_id")
    exported.lake.replace("scores", exported.lake.dataset("scores").schema.empty_table())
    summary = score(exported)
    rows = exported.lake.query("SELECT * FROM scores ORDER BY contact_id")
    assert rows.schema == torch_rows.schema
    assert rows["contact_id"] == torch_rows["contact_id"]
    assert summary.contacts == rows.num_rows
    recorded = exported.lake.query("SELECT versions FROM runs WHERE step = 'score' ORDER BY started_at")
    engines = [json.loads(versions)["engine"] for versions in recorded["versions"].to_pylist()]
    assert engines == ["torch", "onnx int8"]


def test_without_an_export_auto_is_torch_and_onnx_is_one_line(trained: Workspace) -> None:
    with pytest.raises(ModelFolderError, match="expected an exported model, got none; make one with: voc export"):
        score(trained, engine="onnx")
    score(trained)
    versions = trained.lake.query("SELECT versions FROM runs WHERE step = 'score'")["versions"].to_pylist()
    assert [json.loads(run)["engine"] for run in versions] == ["torch"]


def test_a_spoilt_export_is_never_passed_over(exported: Workspace) -> None:
    (folder_of(exported) / "onnx" / "words.npy").write_bytes(b"short")
    with pytest.raises(ModelFolderError, match=r"words\.npy: expected sha256"):
        score(exported)


def test_few_contacts_start_no_processes(exported: Workspace) -> None:
    with open_engine(folder_of(exported), ScoringSettings(workers=2), "onnx", 3) as engine:
        assert isinstance(engine, InProcess)


def test_unknown_engine_is_one_line() -> None:
    assert engine_named("auto") == "auto"
    with pytest.raises(InputError, match="--engine: expected one of auto, onnx, torch, ray, got 'spark'"):
        engine_named("spark")


def test_two_runs_cannot_score_at_once(exported: Workspace) -> None:
    with (
        alone(exported.lake.root, "score"),
        pytest.raises(InputError, match="expected no other score, got one that is still running"),
    ):
        score(exported)
    assert score(exported).contacts > 0


_SCORE = """
import sys
from pathlib import Path
from voc.data.workspace import Workspace
from voc.inference.score import score
if __name__ == "__main__":
    print(score(Workspace.open(Path(sys.argv[1]))).contacts)
    print(sorted({"torch", "transformers", "sklearn", "mlflow"} & set(sys.modules)))
"""


def scoring(workspace: Workspace, tmp_path: Path) -> subprocess.Popen[str]:
    script = tmp_path / "run_score.py"
    script.write_text(_SCORE)
    command = [sys.executable, str(script), str(workspace.root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_whole_run_imports_no_torch(exported: Workspace, tmp_path: Path) -> None:
    printed, _ = scoring(exported, tmp_path).communicate(timeout=120)
    assert int(printed.splitlines()[0]) > 256  # enough for worker processes
    assert printed.splitlines()[1] == "[]"


def test_killed_at_random_moments_ends_in_the_same_table(
    exported: Workspace, tmp_path: Path, table_of: TableOf
) -> None:
    score(exported)
    whole = table_of(exported, *SCORES)
    exported.lake.replace("scores", exported.lake.dataset("scores").schema.empty_table())
    draw, begun = random.Random(5), exported.lake.version("scores")
    kills = 0
    for _ in range(3):
        process = scoring(exported, tmp_path)
        seen = exported.lake.version("scores")
        until = time.monotonic() + 120
        while exported.lake.version("scores") == seen and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.2)
        children = family(process.pid)[1:]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        while any(map(memory_mb, children)) and time.monotonic() < until:
            time.sleep(0.01)
        assert not any(map(memory_mb, children))  # workers end with their parent
    assert kills > 0 and exported.lake.version("scores") > begun
    score(exported)
    assert table_of(exported, *SCORES) == whole
    assert score(exported).contacts == 0


def test_vectors_are_of_unit_length(exported_once: Path) -> None:
    predictor = OnnxPredictor(load_exported(folder_of(Workspace.open(exported_once))))
    found = predictor.predict(["Račun je previsok.\nHvala.", "", "Интернет не ради"])
    assert np.linalg.norm(found.embeddings, axis=1) == pytest.approx(1, abs=1e-5)
