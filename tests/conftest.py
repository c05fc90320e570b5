"""What all tests share: a tiny real encoder and a small real workspace, made once a session."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here may reach for a hub
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # `make test`: each process has its share of the cores, and no more
    share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))
    os.environ.pop("COLUMNS", None)  # its own, which would overrule the width that a test asks for

from voc.data.demo import generate, taxonomy_toml
from voc.data.ingest import ingest
from voc.data.workspace import Workspace
from voc.experiments.tiny import tiny_encoder as make_tiny_encoder
from voc.training.exporting import export
from voc.training.train import TrainSummary, train

_MAIN = sys.modules["__main__"]

SETTINGS = """
[company]
name = "Test company"
synthetic = true
[encoder]
name = "{encoder}"
[training]
epochs = 1
max_tokens = 48
head_learning_rate = 0.003
preserve = 0.1
seed_forms = 0
bf16 = "no"
[scoring]
commit_contacts = 60
[themes]
min_theme_size = 8
"""


@pytest.fixture(autouse=True)
def own_main() -> None:
    """Streamlit's AppTest leaves the app as `__main__`, and worker processes would begin with running it."""
    sys.modules["__main__"] = _MAIN


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder with a real tokenizer and a two-layer encoder with random weights (32 wide)."""
    return make_tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def demo_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small demo company: 900 contacts in 30 days."""
    folder = tmp_path_factory.mktemp("demo") / "sources"
    generate(folder, contacts=900, customers=200, days=110, last_day=date(2026, 6, 30))
    return folder


def contact_files(sources: Path) -> list[Path]:
    """The files to ingest: all but the truth and the readme."""
    return [path for path in sorted(sources.iterdir()) if path.name not in {"truth.json", "README.txt"}]


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, demo_sources: Path) -> Path:
    """The small demo company, ingested. Copied by the fixtures that hand it to a test, never changed."""
    root = tmp_path_factory.mktemp("ingested") / "ws"
    workspace = Workspace.create(root, SETTINGS.format(encoder=tiny_encoder), taxonomy_toml())
    ingest(workspace, contact_files(demo_sources))
    return root


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, ingested: Path) -> tuple[Path, TrainSummary]:
    """The same with a model, trained once: a fresh MLflow store alone takes seconds to make."""
    root = tmp_path_factory.mktemp("trained") / "ws"
    shutil.copytree(ingested, root)
    return root, train(Workspace.open(root))


@pytest.fixture(scope="session")
def exported_with(
    trained_once: tuple[Path, TrainSummary], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Makes copies of it with these lines under [scoring] and an int8 export, whatever that loses."""

    def made(scoring: str) -> Path:
        root = tmp_path_factory.mktemp("exported") / "ws"
        shutil.copytree(trained_once[0], root)
        path = root / "voc.toml"
        settings = path.read_text(encoding="utf-8").replace("commit_contacts = 60", scoring)
        path.write_text(f"{settings}\n[export]\nmargin = 1.0\nleast_cosine = 0.0\n", encoding="utf-8")
        export(Workspace.open(root), precision="int8")
        return root

    return made


@pytest.fixture
def workspace(tmp_path: Path, ingested: Path) -> Workspace:
    """A workspace with the small demo company ingested and no model yet."""
    return Workspace.open(Path(shutil.copytree(ingested, tmp_path / "ws")))


@pytest.fixture
def trained(tmp_path: Path, trained_once: tuple[Path, TrainSummary]) -> Workspace:
    """A workspace with the small demo company and a model, nothing scored yet."""
    return Workspace.open(Path(shutil.copytree(trained_once[0], tmp_path / "ws")))


@pytest.fixture
def table_of() -> Callable[[Workspace, str, str], str]:
    """A table's whole content in an order, as text to compare."""

    def read(workspace: Workspace, name: str, order: str) -> str:
        rows = workspace.lake.query(f"SELECT * FROM {name} ORDER BY {order}").to_pylist()
        return json.dumps(rows, default=str, sort_keys=True)

    return read
