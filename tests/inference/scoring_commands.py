"""`voc score` as processes of its own: to be killed, and to begin alike.

How many threads torch works with changes the last digit of a probability, and what ran before in a test's own process
may have changed how many it has there.
"""

import os
import signal
import subprocess
import sys
import time

from voc.data.workspace import Workspace


def _begun(workspace: Workspace) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "voc.cli", "score", "--workspace", str(workspace.root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_scoring(workspace: Workspace) -> None:
    """Score what is left, to the end."""
    assert _begun(workspace).wait(timeout=300) == 0


def kill_scoring(workspace: Workspace, version: int) -> int:
    """Score, and kill it as soon as `scores` has this version; how many contacts are left."""
    process = _begun(workspace)
    deadline = time.monotonic() + 120
    while workspace.lake.version("scores") < version and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = "SELECT (SELECT count(*) FROM contacts) - (SELECT count(*) FROM scores) AS n"
    return int(workspace.lake.query(left)["n"][0].as_py())
