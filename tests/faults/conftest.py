"""A workspace whose scoring runs are disturbed."""

import shutil
from pathlib import Path

import pytest

from voc.data.workspace import Workspace
from voc.training.exporting import export

_SMALL = "commit_contacts = 45\nread_contacts = 15\nshard_contacts = 15"


@pytest.fixture(scope="session")
def unscored(trained_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny company with an int8 export and many small commits before it; not to be changed."""
    root = tmp_path_factory.mktemp("faults") / "ws"
    shutil.copytree(trained_once[0], root)
    path = root / "voc.toml"
    settings = path.read_text(encoding="utf-8").replace("commit_contacts = 60", _SMALL)
    path.write_text(f"{settings}\n[export]\nmargin = 1.0\nleast_cosine = 0.0\n", encoding="utf-8")
    workspace = Workspace.open(root)
    export(workspace, precision="int8")
    return workspace
