"""What a model folder says of itself besides its weights: enough to cut texts, decide and name the model."""

import json
from dataclasses import dataclass
from pathlib import Path

from voc.models.decisions import Decisions
from voc.models.manifest import DECISIONS, Manifest, read_manifest
from voc.models.storage import verify
from voc.models.tasks import Task

CONFIG = "config.json"


@dataclass(frozen=True)
class Facts:
    """A model without its weights. `max_tokens` are those of one segment, the `prefix` among them."""

    manifest: Manifest
    tasks: tuple[Task, ...]
    decisions: Decisions
    speakers: str
    prefix: str
    max_tokens: int

    @property
    def version(self) -> str:
        """Its name in tables and in the registry."""
        return self.manifest.version


def read_facts(folder: Path) -> Facts:
    """Read them; takes no time. Raises ModelFolderError where `folder` is no model or one of the files has changed."""
    manifest = read_manifest(folder)
    verify(folder, {name: manifest.files.get(name, "none named") for name in (CONFIG, DECISIONS)})
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return Facts(
        manifest,
        tuple(Task.of(values) for values in config["tasks"]),
        Decisions.of(json.loads((folder / DECISIONS).read_text(encoding="utf-8"))),
        config["speakers"],
        config["prefix"],
        config["max_tokens"],
    )
