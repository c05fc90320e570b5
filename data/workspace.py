"""A workspace: one folder with settings, taxonomy, lake and models."""

import os
from dataclasses import dataclass
from pathlib import Path

from voc.config import Config, load_config
from voc.data.lake import Lake
from voc.errors import WorkspaceError
from voc.taxonomy import Taxonomy, load_taxonomy

SETTINGS_FILE = "voc.toml"
TAXONOMY_FILE = "taxonomy.toml"


@dataclass(frozen=True)
class Workspace:
    """An opened workspace."""

    root: Path
    config: Config
    taxonomy: Taxonomy

    @classmethod
    def open(cls, root: Path) -> "Workspace":
        """Open the workspace in `root`. Raises WorkspaceError when it is none, ConfigError when a file is wrong."""
        if not (root / SETTINGS_FILE).is_file():
            raise WorkspaceError(f"{root}: not a workspace (no {SETTINGS_FILE}); make one with: voc init {root}")
        return cls(root, load_config(root / SETTINGS_FILE), load_taxonomy(root / TAXONOMY_FILE))

    @classmethod
    def create(cls, root: Path, settings: str, taxonomy: str) -> "Workspace":
        """Write the two files (their TOML texts) unless they are there, and open the workspace."""
        root.mkdir(parents=True, exist_ok=True)
        for name, text in ((SETTINGS_FILE, settings), (TAXONOMY_FILE, taxonomy)):
            if not (root / name).exists():
                write_atomically(root / name, text)
        return cls.open(root)

    @property
    def lake(self) -> Lake:
        """The tables."""
        return Lake(self.root / "lake")

    @property
    def models(self) -> Path:
        """Folder of the model folders, one a version."""
        return self.root / "models"

    @property
    def tracking_uri(self) -> str:
        """Where MLflow keeps runs: the setting, or the workspace's own SQLite store."""
        return self.config.tracking.uri or f"sqlite:///{(self.root / 'mlflow.db').resolve()}"

    @property
    def current_model(self) -> str | None:
        """Version of the model whose scores people see; None before the first."""
        path = self.models / "current"
        return path.read_text(encoding="utf-8").strip() if path.is_file() else None

    def make_current(self, version: str) -> None:
        """Let people see the scores of this model version from now on."""
        if not (self.models / version).is_dir():
            raise WorkspaceError(f"{self.models}: no model version {version!r}")
        write_atomically(self.models / "current", version + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader, or a power cut, finds the old text or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
