"""Scoring by Ray's actors on a small real cluster: the same table, also where a machine or the run itself is killed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from voc.cli import app
from voc.config import ScoringSettings
from voc.data.contracts import SCORES as CONTRACT
from voc.data.workspace import Workspace
from voc.errors import ClusterError, InputError, LakeError, MissingExtraError, ModelFolderError
from voc.experiments.processes import family, memory_mb
from voc.inference import on_ray
from voc.inference.parts import Scored
from voc.inference.pending import Cut, Span
from voc.inference.score import score
from voc.models.exported import load_exported

TableOf = Callable[[Workspace, str, str], str]
SCORES = ("scores", "model_version, contact_id")


@pytest.fixture(scope="module")
def company(exported_with: Callable[[str], Path]) -> Path:
    """The tiny workspace with an int8 export: what is read together matters to it. Not to be changed."""
    return exported_with("commit_contacts = 60\nread_contacts = 30\nshard_contacts = 60")


@pytest.fixture
def workspace(company: Path, tmp_path: Path) -> Workspace:
    """A copy of it to write to."""
    return Workspace.open(Path(shutil.copytree(company, tmp_path / "on-ray")))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three machines on this one, of 1, 2 and 1 cores; all its files lie in a folder that goes with it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
    store = {"object_store_memory": 80 * 1024**2}
    with (
        tempfile.TemporaryDirectory(prefix="vr-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Where Ray notes the address of the cluster. It makes the folder only where it starts without one of ours.
        patch.setenv("RAY_TMPDIR", folder)
        (Path(folder) / "ray").mkdir()
        head = {"num_cpus": 1, "include_dashboard": False, "temp_dir": folder, "_system_config": quick, **store}
        found = Cluster(initialize_head=True, head_node_args=head)
        found.folder = Path(folder)
        found.other = found.add_node(num_cpus=2, **store)
        found.add_node(num_cpus=1, **store)
        found.wait_for_nodes()
        yield found
        found.shutdown()


def counted(workspace: Workspace, table: str) -> int:
    return int(workspace.lake.query(f"SELECT count(*) AS n FROM {table}")["n"][0].as_py())


def emptied(workspace: Workspace) -> None:
    workspace.lake.replace("scores", workspace.lake.dataset("scores").schema.empty_table())


def test_the_same_table_bit_for_bit_and_no_words_in_logs(
    workspace: Workspace, cluster: Any, table_of: TableOf, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = score(workspace)
    here = workspace.lake.query("SELECT * FROM scores ORDER BY contact_id")
    emptied(workspace)
    begun = workspace.lake.version("scores")
    told: list[tuple[int, int]] = []
    capfd.readouterr()
    summary = score(workspace, lambda done, total: told.append((done, total)), "ray", ray_address=cluster.address)
    assert capfd.readouterr() == ("", "")
    assert workspace.lake.query("SELECT * FROM scores ORDER BY contact_id").equals(here)
    assert (summary.contacts, summary.days, summary.abstained) == (whole.contacts, whole.days, whole.abstained)
    assert workspace.lake.version("scores") - begun > 5  # a commit a shard, as ever
    assert told[-1] == (summary.contacts, summary.contacts)
    versions = workspace.lake.query("SELECT versions FROM runs WHERE step = 'score' ORDER BY started_at")["versions"]
    assert [json.loads(run)["engine"] for run in versions.to_pylist()] == ["onnx int8", "onnx int8 on ray"]
    logs = "\n".join(path.read_text(errors="replace") for path in cluster.folder.rglob("*.*") if path.is_file())
    assert "ScoringActor" in logs
    spoken = workspace.lake.query("SELECT contact_id, turns FROM contacts").to_pylist()
    told_apart = [row["contact_id"] for row in spoken] + [
        turn["text"] for row in spoken for turn in row["turns"] if len(turn["text"]) > 20
    ]
    assert not [text for text in told_apart if text in logs]
    assert score(workspace, engine="ray", ray_address="127.0.0.1:1").contacts == 0  # nothing to do asks for no cluster


def test_a_killed_run_leaves_nothing_behind_and_the_next_one_finishes(
    workspace: Workspace, cluster: Any, table_of: TableOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="vr-"))
    command = [sys.executable, "-c", "from voc.cli import main; main()", "score", "--engine", "ray", "--workspace"]
    process = subprocess.Popen(
        [*command, str(workspace.root)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip
    until = time.monotonic() + 240
    while workspace.lake.version("scores") < 0 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(InputError, match="expected no other score, got one that is still running"):
        score(workspace, engine="ray", ray_address=cluster.address)
    children = family(process.pid)[1:]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL and len(children) > 3
    while any(map(memory_mb, children)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not list(filter(memory_mb, children))
    (left,) = temporary.glob("voc-ray-*")
    assert left.stat().st_mode & 0o077 == 0
    done = counted(workspace, "scores")
    assert 0 < done < counted(workspace, "contacts")
    assert score(workspace, engine="ray", ray_address=cluster.address).contacts == counted(workspace, "contacts") - done
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with on_ray._session_folder() as session:
        assert list(temporary.glob("voc-ray-*")) == [session.parent]  # what the killed one had left is gone
    shutil.rmtree(temporary)
    killed = table_of(workspace, *SCORES)
    emptied(workspace)
    score(workspace)
    assert table_of(workspace, *SCORES) == killed


def gated(folder: Path, day: date) -> type[on_ray.ScoringActor]:
    """An actor that leaves a mark before it reads contacts of the day or later ones, and waits for leave to."""

    class Gated(on_ray.ScoringActor):
        def __call__(self, batch: pa.Table) -> pa.Table:
            if max(on_ray._table(batch["table"][0])["day"].to_pylist()) >= day:
                (folder / f"mark-{os.getpid()}").touch()
                while not (folder / "go").exists():
                    time.sleep(0.01)
            return super().__call__(batch)

    return Gated


def test_a_machine_that_dies_in_the_middle_changes_nothing(
    workspace: Workspace,
    cluster: Any,
    table_of: TableOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    score(workspace)
    whole = table_of(workspace, *SCORES)
    emptied(workspace)
    days = workspace.lake.query("SELECT day FROM contacts ORDER BY day")["day"].to_pylist()
    read, alive, begun = on_ray._scored, [True], list[Sequence[Span]]()

    def counting(*arguments: Any, **more: Any) -> Iterator[Scored]:
        begun.append(arguments[3])
        return read(*arguments, **more)

    def told(done: int, total: int) -> None:
        if alive:
            alive.clear()
            until = time.monotonic() + 120
            while len(list(tmp_path.glob("mark-*"))) < 3 and time.monotonic() < until:
                time.sleep(0.01)
            cluster.remove_node(cluster.other, allow_graceful=False)
            (tmp_path / "go").touch()

    monkeypatch.setattr(on_ray, "_scored", counting)
    monkeypatch.setattr(on_ray, "ScoringActor", gated(tmp_path, days[len(days) // 3]))
    capfd.readouterr()
    summary = score(workspace, told, "ray", ray_address=cluster.address)
    assert capfd.readouterr() == ("", "")
    assert len(list(tmp_path.glob("mark-*"))) > 3  # three actors were at work, and at least one came after them
    assert len(begun) == 2 and 0 < len(begun[1]) < len(begun[0])  # the rest was read anew
    assert summary.contacts == counted(workspace, "contacts") == counted(workspace, "scores")
    assert table_of(workspace, *SCORES) == whole


def test_an_address_without_ray_is_one_line(company: Path) -> None:
    result = CliRunner().invoke(app, ["score", "-w", str(company), "--ray-address", "auto"])
    assert str(result.exception) == "--ray-address: expected --engine ray with it"


def cut(day: int, upto: str | None = None, after: str | None = None) -> Cut:
    first = date(2026, 5, day)
    return Cut(Span(first, first, 4, large=upto is not None), after, upto)


def rows(*names: str) -> pa.Table:
    empty = {field.name: pa.nulls(len(names), field.type) for field in CONTRACT.schema}
    return pa.table({**empty, "contact_id": pa.array(names, pa.string())}, schema=CONTRACT.schema)


def test_what_is_lost_is_read_anew_from_the_last_commit_on() -> None:
    from ray.exceptions import ActorDiedError

    spans = [cut(4).span, cut(5, "b").span, cut(6).span]
    asked: list[list[Span]] = []

    def read(left: Sequence[Span]) -> Iterator[Scored]:
        asked.append(list(left))
        if len(asked) == 1:
            yield Scored(rows("a"), cut(4))
            yield Scored(rows("a"), None)
            yield Scored(rows("b"), Cut(spans[1], None, "b"))
            yield Scored(rows("c"), None)
            raise ActorDiedError
        yield Scored(rows("c"), None)
        yield Scored(rows("d"), Cut(left[0], left[0].after, "d"))
        yield Scored(rows("e"), cut(6))

    found = list(on_ray._whole_cuts(read, spans, ScoringSettings()))
    assert [part.rows["contact_id"][0].as_py() for part in found] == ["a", "a", "b", "c", "d", "e"]
    assert [(span.first.day, span.after) for span in asked[1]] == [(5, "b"), (6, None)]


def test_what_is_lost_again_and_again_is_given_up_in_one_line() -> None:
    from ray.exceptions import ActorDiedError

    def read(left: Sequence[Span]) -> Iterator[Scored]:
        yield Scored(rows("a"), None)
        raise ActorDiedError

    with pytest.raises(ClusterError, match=r"^ray at head:1: lost what was being read 3 times: .*same command again"):
        list(on_ray._whole_cuts(read, [cut(4).span], ScoringSettings(ray_address="head:1")))


def test_an_error_of_ours_in_an_actor_is_what_it_was_there() -> None:
    from ray.exceptions import RayTaskError

    for cause, expected in ((LakeError("no room"), LakeError), (KeyError("reason"), RayTaskError)):
        with pytest.raises(expected) as raised, on_ray._own_errors():
            raise RayTaskError("read", "…", cause).as_instanceof_cause()
        assert expected is RayTaskError or str(raised.value) == "no room"


def test_a_model_travels_where_its_folder_is_not(company: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(company)
    folder = workspace.models / str(workspace.current_model)
    asked = []

    def files() -> dict[str, bytes]:
        asked.append(1)
        return on_ray.packed(folder)

    model = on_ray.Travelling.of(folder, files)
    assert model.here(tmp_path) == folder.resolve() and not asked
    away = on_ray.Travelling(tmp_path / "nowhere", model.mark, files)
    copy = away.here(tmp_path)
    assert load_exported(copy).facts == load_exported(folder).facts
    assert away.here(tmp_path) == copy and len(asked) == 1
    assert not (copy / "model.safetensors").exists()
    assert [path.name for path in tmp_path.iterdir()] == [model.mark]


def test_a_shelf_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    own = on_ray._own_folder(tmp_path / "own")
    assert own.stat().st_mode & 0o777 == 0o700
    own.chmod(0o777)
    with pytest.raises(ClusterError, match="expected a folder that this user alone may write to"):
        on_ray._own_folder(own)


def test_without_ray_without_an_export_and_without_a_cluster_it_is_one_line(
    trained: Workspace, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelFolderError, match="expected an exported model, got none; make one with: voc export"):
        score(trained, engine="ray")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ClusterError, match=f"^ray at 127.0.0.1:{port}: expected a cluster, got: .*refused$"):
        score(workspace, engine="ray", ray_address=f"127.0.0.1:{port}")
    for wrong in ("ray://head:10001", "head"):
        with pytest.raises(InputError, match=rf"expected host:port .* or auto, got {re.escape(repr(wrong))}"):
            score(workspace, engine="ray", ray_address=wrong)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"--engine ray \(ray\) needs .* pip install 'voc-insights\[ray\]'"):
        score(workspace, engine="ray")
    assert workspace.lake.version("scores") == -1
