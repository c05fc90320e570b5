"""How the command line starts the app."""

import os
import sys
from pathlib import Path

from voc.app.oidc import checked
from voc.data.accounts import PEOPLE_FILE, read_people
from voc.data.workspace import Workspace
from voc.errors import ConfigError

WORKSPACE_VARIABLE = "VOC_WORKSPACE"
"""Environment variable with the workspace's folder, for the app's process."""


def command(workspace: Path, port: int | None = None) -> tuple[list[str], dict[str, str]]:
    """What to execute, and in which environment, to serve the workspace's app.

    Theme and server settings stand in `.streamlit/config.toml` beside `server.py`: Streamlit reads the file
    next to its script whatever the current folder is, and the user's STREAMLIT_* variables still win over it.

    Args:
        workspace: Folder of the workspace.
        port: Port to listen on; None leaves it to Streamlit (8501, or the next free one).
    """
    script = Path(__file__).resolve().with_name("server.py")
    arguments = [sys.executable, "-m", "streamlit", "run", str(script)]
    if port is not None:
        arguments += ["--server.port", str(port)]
    return arguments, {**os.environ, WORKSPACE_VARIABLE: str(workspace.resolve())}


def check_access(workspace: Workspace) -> None:
    """Before the app is started: whether anybody could sign in. Raises ConfigError where nobody could."""
    mode = workspace.config.access.mode
    if mode == "open":
        return
    if mode == "oidc":
        checked(workspace.root)
    way = "password" if mode == "password" else "email"
    if not any(getattr(each, way) for each in read_people(workspace.root).accounts.values()):
        raise ConfigError(
            f"{workspace.root / PEOPLE_FILE}: access.mode is {mode!r} and nobody has a{'n' * (way == 'email')} {way}; "
            f"add somebody with: voc user add NAME --role admin -w {workspace.root}"
        )
