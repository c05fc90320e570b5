"""A workspace: one folder with settings, taxonomy, lake and models."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from voc.config import Config, load_config
from voc.data.lake import Lake
from voc.errors import WorkspaceError
from voc.taxonomy import Taxonomy, load_taxonomy

SETTINGS_FILE = "voc.toml"
TAXONOMY_FILE = "taxonomy.toml"
FileState = tuple[int, ...]
"""What changes when a file does; empty where there is none."""


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
        config = load_config(root / SETTINGS_FILE)
        if (root / config.encoder.name).is_dir():
            # An aligned encoder lies in the workspace and is named by its place there.
            encoder = config.encoder.model_copy(update={"name": str((root / config.encoder.name).resolve())})
            config = config.model_copy(update={"encoder": encoder})
        return cls(root, config, load_taxonomy(root / TAXONOMY_FILE))

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
    def marts(self) -> Path:
        """Folder of the marts' files: what the app needs of the lake, worked out from it, and so never backed up."""
        return self.root / "marts"

    @property
    def encoders(self) -> Path:
        """Folder of aligned encoders, one a run of `voc align`."""
        return self.root / "encoders"

    @property
    def tracking_uri(self) -> str:
        """Where MLflow keeps runs: the setting, or the workspace's own SQLite store."""
        return self.config.tracking.uri or f"sqlite:///{(self.root / 'mlflow.db').resolve()}"

    @property
    def current_model(self) -> str | None:
        """Version of the model whose scores people see; None before the first."""
        path = self.models / "current"
        return path.read_text(encoding="utf-8").strip() if path.is_file() else None

    def required_model(self) -> str:
        """The current model's version. Raises WorkspaceError before the first."""
        if self.current_model is None:
            raise WorkspaceError(f"{self.root}: no model yet; train one with: voc train")
        return self.current_model

    @property
    def previous_model(self) -> str | None:
        """Version that was current before the current one; None where there was none."""
        return self._before().get(self.current_model or "")

    def make_current(self, version: str) -> None:
        """Let people see the scores of this model version from now on, and remember whose they saw before.

        Both change at one moment. The file `previous` says for each version which one was current before it, so it is
        right for the old version as well as for the new one, and `current`, which chooses, is written last.
        """
        if not (self.models / version).is_dir():
            raise WorkspaceError(f"{self.models}: no model version {version!r}")
        old = self.current_model
        if old is not None and old != version:
            kept = {name: before for name, before in self._before().items() if name == old}
            write_atomically(self.models / "previous", json.dumps({**kept, version: old}, indent=1) + "\n")
        write_atomically(self.models / "current", version + "\n")

    def _before(self) -> dict[str, str]:
        path = self.models / "previous"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def file_state(path: Path) -> FileState:
    """Whether a file is still what it was when it was read."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def write_atomically(path: Path, text: str | bytes, *, private: bool = False) -> None:
    """Write a file so that a reader, or a power cut, finds the old text or the new one, never half of it.

    A `private` one is never readable by others. Where the disk is full what stood there stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)  # of a killed process, perhaps with other rights
    try:
        rights = 0o600 if private else 0o666
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights), "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
