"""The tiny workspace with an export."""

import shutil
from pathlib import Path

import pytest

from voc.data.workspace import Workspace
from voc.training.exporting import export
from voc.training.train import TrainSummary


@pytest.fixture(scope="session")
def exported_fp32(tmp_path_factory: pytest.TempPathFactory, trained_once: tuple[Path, TrainSummary]) -> Path:
    """A workspace whose model is exported in fp32, which says the same whatever is read together. Not to be changed."""
    root = tmp_path_factory.mktemp("exported-fp32") / "ws"
    shutil.copytree(trained_once[0], root)
    with (root / "voc.toml").open("a") as file:
        file.write("[export]\nmargin = 1.0\n")
    export(Workspace.open(root), precision="fp32")
    return root
