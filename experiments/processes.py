"""Commands of ours run as users run them, in processes of their own, with their memory watched."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voc.data.workspace import SETTINGS_FILE, TAXONOMY_FILE, Workspace
from voc.errors import InputError

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Watched:
    """What a command took: wall-clock seconds, and at its peak the memory of all its processes in MB."""

    seconds: float
    peak_mb: float


def watched(arguments: Sequence[str]) -> Watched:
    """Run `voc` with these arguments. Raises InputError where it does not end with 0, with the last line it said."""
    command = [sys.executable, "-m", "voc.cli", *arguments]
    begin, peak = time.perf_counter(), 0.0
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as process,
    ):
        while process.poll() is None:
            peak = max(peak, sum(memory_mb(each) for each in family(process.pid)))
            time.sleep(_LOOK_SECONDS)
        seconds = time.perf_counter() - begin
        if process.returncode:
            said.seek(0)
            last = (said.read().strip().splitlines() or [""])[-1]
            raise InputError(f"voc {arguments[0]}: expected it to end with 0, got {process.returncode}: {last}")
    return Watched(seconds, peak)


def family(process: int) -> list[int]:
    """A process and its children, as far as they are still there."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return [process]
    return [process, *(each for child in children for each in family(int(child)))]


def memory_mb(process: int) -> float:
    """Proportional set size of a process (shared pages count once); 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def copied(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace of the same settings and models, with an empty lake, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        root = Path(name)
        for file in (SETTINGS_FILE, TAXONOMY_FILE):
            (root / file).write_bytes((workspace.root / file).read_bytes())
        (root / "models").symlink_to(workspace.models.resolve())
        yield Workspace.open(root)
