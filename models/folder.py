"""A model is a folder of JSON, safetensors and text with a manifest; anything else is refused. No pickle."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from voc.models.classifier import Classifier
from voc.models.decisions import Decisions
from voc.models.manifest import CARD, DECISIONS, QUALITY, Manifest, read_manifest
from voc.models.predict import Predictor
from voc.models.quality import Quality
from voc.models.storage import verify, write_json, write_whole


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


def save_model(model: Model, folder: Path, card: str, quality: Quality | None = None) -> Path:
    """Write `model` as `folder`, whole or not at all. Raises ModelFolderError when the folder is there."""

    def fill(place: Path) -> None:
        model.classifier.save_pretrained(place)
        model.tokenizer.save_pretrained(place)
        write_json(place / DECISIONS, asdict(model.decisions))
        (place / CARD).write_text(card, encoding="utf-8")
        if quality is not None:
            write_json(place / QUALITY, quality.to_json())

    return write_whole(folder, asdict(model.manifest), fill, "a model")


def load_model(folder: Path) -> Model:
    """Load a model folder. Raises ModelFolderError when a file is missing, changed, or not of a kind that we read."""
    manifest = read_manifest(folder)
    verify(folder, manifest.files)
    decisions = Decisions.of(json.loads((folder / DECISIONS).read_text()))
    classifier = Classifier.from_pretrained(folder, use_safetensors=True).eval()
    return Model(manifest, classifier, AutoTokenizer.from_pretrained(folder), decisions)
