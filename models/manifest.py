"""The manifest of a model folder: read without loading the model."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from voc.errors import ModelFolderError
from voc.models.storage import MANIFEST, manifest_of

FORMAT = 2
DECISIONS = "decisions.json"
CARD = "card.md"
QUALITY = "quality.json"
"""Figures of quality, for the app; a cold start has none."""
ALLOWED = frozenset(
    {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        DECISIONS, CARD, QUALITY,
    }
)  # fmt: skip
EXPORT = "onnx"
"""Folder of the exported model inside the model's own."""
REFUSED = "onnx-refused.json"
"""Why the last export was not let through."""


@dataclass(frozen=True)
class Manifest:
    """What stands in a model folder, with the checksum of each file."""

    version: str
    created_at: str
    voc_version: str
    encoder: str
    taxonomy_version: str
    taxonomy_digest: str
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT
    teacher: str | None = None
    """Of a distilled model: the version that it learnt from."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, checked against the folder's list of files but not their content."""
    values = manifest_of(folder, FORMAT, ALLOWED, "a model", frozenset({EXPORT, REFUSED}))
    try:
        return Manifest(**values)
    except TypeError as error:
        raise ModelFolderError(f"{folder / MANIFEST}: {error}") from None


def new_manifest(encoder: str, taxonomy_version: str, taxonomy_digest: str, seed_text: str) -> Manifest:
    """A manifest with a fresh version: the time of making it, and a few characters of what it was made from."""
    now = datetime.now(UTC)
    mark = hashlib.sha256(f"{seed_text}{now.isoformat()}".encode()).hexdigest()[:4]
    return Manifest(
        version=f"{now:%Y%m%d-%H%M%S}-{mark}",
        created_at=now.isoformat(timespec="seconds"),
        voc_version=version("voc-insights"),
        encoder=encoder,
        taxonomy_version=taxonomy_version,
        taxonomy_digest=taxonomy_digest,
    )
