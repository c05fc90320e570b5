"""A model is a folder of JSON, safetensors and text with a manifest; anything else is refused. No pickle."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from voc.errors import ModelFolderError
from voc.models.calibration import Scaling, Scalings
from voc.models.classifier import Classifier
from voc.models.predict import Predictor
from voc.models.storage import MANIFEST, manifest_of, verify, write_json, write_whole
from voc.models.tasks import Floats, Task

FORMAT = 2
DECISIONS = "decisions.json"
CARD = "card.md"
ALLOWED = frozenset(
    {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        DECISIONS, CARD,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Decisions:
    """How logits become probabilities, and these decisions: scalings and a threshold a task, chosen on dev."""

    thresholds: Mapping[str, float]
    calibration: Mapping[str, Scalings] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    """Of multilabel tasks: from here on the most probable label counts where no label reaches the threshold."""

    def decide(self, task: Task, probabilities: Floats) -> npt.NDArray[np.bool_]:
        """(rows, labels) calibrated probabilities to decisions."""
        return task.decide(probabilities, self.thresholds[task.name], self.floors.get(task.name))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Decisions":
        """Out of JSON."""
        return cls(
            values["thresholds"],
            {
                task: {language: Scaling(**scaling) for language, scaling in scalings.items()}
                for task, scalings in values.get("calibration", {}).items()
            },
            values.get("floors", {}),
        )


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


@dataclass(frozen=True)
class Model:
    """A loaded model: everything that is needed to score text."""

    manifest: Manifest
    classifier: Classifier
    tokenizer: PreTrainedTokenizerFast
    decisions: Decisions

    @property
    def version(self) -> str:
        """Its name in tables and in the registry."""
        return self.manifest.version

    def predictor(self, batch_tokens: int = 4096) -> Predictor:
        """The model, ready to read texts."""
        return Predictor(self.classifier, self.tokenizer, batch_tokens, calibration=self.decisions.calibration)


def save_model(model: Model, folder: Path, card: str) -> Path:
    """Write `model` as `folder`, whole or not at all. Raises ModelFolderError when the folder is there."""

    def fill(place: Path) -> None:
        model.classifier.save_pretrained(place)
        model.tokenizer.save_pretrained(place)
        write_json(place / DECISIONS, asdict(model.decisions))
        (place / CARD).write_text(card, encoding="utf-8")

    return write_whole(folder, asdict(model.manifest), fill, "a model")


def load_model(folder: Path) -> Model:
    """Load a model folder. Raises ModelFolderError when a file is missing, changed, or not of a kind that we read."""
    manifest = read_manifest(folder)
    verify(folder, manifest.files)
    decisions = Decisions.of(json.loads((folder / DECISIONS).read_text()))
    classifier = Classifier.from_pretrained(folder, use_safetensors=True).eval()
    return Model(manifest, classifier, AutoTokenizer.from_pretrained(folder), decisions)


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, checked against the folder's list of files but not their content."""
    values = manifest_of(folder, FORMAT, ALLOWED, "a model")
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
