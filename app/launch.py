"""How the command line starts the app."""

import os
import sys
from pathlib import Path

WORKSPACE_VARIABLE = "VOC_WORKSPACE"
"""Environment variable with the workspace's folder, for the app's process."""


def command(workspace: Path, port: int | None = None) -> tuple[list[str], dict[str, str]]:
    """What to execute, and in which environment, to serve the workspace's app.

    Theme and server settings stand in `.streamlit/config.toml` beside `main.py`: Streamlit reads the file
    next to its script whatever the current folder is, and the user's STREAMLIT_* variables still win over it.

    Args:
        workspace: Folder of the workspace.
        port: Port to listen on; None leaves it to Streamlit (8501, or the next free one).
    """
    script = Path(__file__).resolve().with_name("main.py")
    arguments = [sys.executable, "-m", "streamlit", "run", str(script)]
    if port is not None:
        arguments += ["--server.port", str(port)]
    return arguments, {**os.environ, WORKSPACE_VARIABLE: str(workspace.resolve())}
