"""A scoring run on a disk that is full, or that nobody may write to: one line, and nothing half-written."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from voc.data.workspace import Workspace
from voc.inference.score import score

_SCORE = [sys.executable, "-c", "from voc.cli import main; main()", "score", "--engine", "onnx", "--workspace"]


@pytest.fixture
def workspace(unscored: Workspace, tmp_path: Path) -> Workspace:
    return Workspace.open(Path(shutil.copytree(unscored.root, tmp_path / "ws")))


def scored(workspace: Workspace, before: Callable[[], None] | None = None) -> tuple[int, list[str]]:
    """Exit code and what was said of a run; `before` happens in its process first."""
    found = subprocess.run([*_SCORE, str(workspace.root)], capture_output=True, text=True, preexec_fn=before)
    return found.returncode, [line for line in found.stderr.splitlines() if line.strip()]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk in memory, with options of mount; skips where this process may not."""
    place = tmp_path / "disk"
    place.mkdir()

    def mounted(options: str) -> Path:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode:
            pytest.skip("this process may not mount a disk")
        return place

    yield mounted
    subprocess.run(["umount", place], capture_output=True)


def test_a_limit_of_the_size_of_files_is_one_line_and_the_next_run_finishes(workspace: Workspace) -> None:
    limit = 8_000  # bytes of a file
    code, said = scored(workspace, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert (code, said) == (2, [f"voc: {workspace.lake.root}: not written: File too large"])
    assert workspace.lake.version("scores") == -1
    assert scored(workspace)[0] == 0
    assert score(workspace).contacts == 0


def test_a_disk_that_runs_full_is_one_line_and_what_was_committed_stays(
    workspace: Workspace, mount: Callable[[str], Path]
) -> None:
    lake = workspace.root / "lake"
    used = sum(path.stat().st_blocks * 512 for path in lake.rglob("*") if path.is_file())
    disk = mount(f"size={used + 600_000}")
    shutil.copytree(lake, disk, dirs_exist_ok=True)
    shutil.rmtree(lake)
    lake.symlink_to(disk)
    code, said = scored(workspace)
    assert (code, len(said)) == (2, 1) and "not written: No space left on device" in said[0]
    done = workspace.lake.query("SELECT count(*) AS n FROM scores")["n"][0].as_py()
    assert done > 0
    subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
    contacts = workspace.lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py()
    assert score(workspace).contacts == contacts - done
    assert score(workspace).contacts == 0


def test_a_lake_that_nobody_may_write_to_is_one_line(workspace: Workspace, mount: Callable[[str], Path]) -> None:
    lake = workspace.root / "lake"
    if os.getuid():
        lake.chmod(0o500)
        reason = "Permission denied"
    else:  # rights do not hold root back
        disk = mount("size=50m")
        shutil.copytree(lake, disk, dirs_exist_ok=True)
        shutil.rmtree(lake)
        lake.symlink_to(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        reason = "Read-only file system"
    code, said = scored(workspace)
    lake.chmod(0o700) if os.getuid() else None
    assert (code, said) == (2, [f"voc: {lake}/.score.lock: not written: {reason}"])
