"""Commands of ours run as users run them, in processes of their own: ended well or told, their memory watched."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from voc.data.workspace import SETTINGS_FILE, TAXONOMY_FILE, Workspace
from voc.errors import InputError

_CLI = "voc.cli"
VOC = (sys.executable, "-m", _CLI)
"""The beginning of every command of ours."""
_LOOK_SECONDS = 0.05
_LOOK_PAUSE = 20.0  # times as long as a look took: what watches takes no more of the machine than a twentieth
_START_SECONDS = 300.0


@dataclass(frozen=True)
class Watched:
    """What a command took: wall-clock seconds, and at its peak the memory of all its processes in MB."""

    seconds: float
    peak_mb: float


def watched(arguments: Sequence[str]) -> Watched:
    """Run `voc` with these arguments. Raises InputError where it does not end with 0, with the last line it said."""
    return watched_module(_CLI, arguments, f"voc {arguments[0]}")


def watched_module(module: str, arguments: Sequence[str], name: str) -> Watched:
    """Run a module of ours with these arguments; `name` is what an error calls it. See `watched`."""
    command = [sys.executable, "-m", module, *arguments]
    begin, peak = time.perf_counter(), 0.0
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as process,
    ):
        while process.poll() is None:
            look = time.perf_counter()
            peak = max(peak, sum(memory_mb(each) for each in family(process.pid)))
            # The system counts every page of a process that is looked at: large ones are looked at less often.
            time.sleep(max(_LOOK_SECONDS, _LOOK_PAUSE * (time.perf_counter() - look)))
        seconds = time.perf_counter() - begin
        if process.returncode:
            raise InputError(f"{name}: expected it to end with 0, got {process.returncode}: {_last_line(said)}")
    return Watched(seconds, peak)


@contextmanager
def serving(
    name: str, command: Sequence[str], address: str, route: str, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """A server with whatever it starts, from its first good answer on; all of it ended with the context. Its process.

    Raises InputError where it does not answer, with the last line it said.

    Args:
        name: What an error calls it.
        command: What starts it.
        address: Host and port that it listens on.
        route: What is asked until the answer has status 200.
        environment: Variables besides those of this process.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    until = time.monotonic() + _START_SECONDS
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, start_new_session=True,
            env={**os.environ, "PATH": path, **(environment or {})},
        )  # fmt: skip
        try:
            while not _answers(address, route):
                if process.poll() is not None or time.monotonic() > until:
                    raise InputError(f"{name}: expected a server that answers, got none: {_last_line(said)}")
                time.sleep(_LOOK_SECONDS)
            yield process.pid
        finally:
            with suppress(ProcessLookupError):  # ended by itself, and nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_address() -> str:
    """Host and port on this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


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


def peak_mb(process: int) -> float:
    """The most memory (resident set) that a process ever had."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@contextmanager
def copied(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace of the same settings and models, with an empty lake, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        root = Path(name)
        for file in (SETTINGS_FILE, TAXONOMY_FILE):
            (root / file).write_bytes((workspace.root / file).read_bytes())
        (root / "models").symlink_to(workspace.models.resolve())
        yield Workspace.open(root)


def _answers(address: str, route: str) -> bool:
    with closing(http.client.HTTPConnection(address, timeout=_START_SECONDS)) as connection:
        try:
            connection.request("GET", route)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _last_line(said: IO[str]) -> str:
    said.seek(0)
    return (said.read().strip().splitlines() or [""])[-1]
