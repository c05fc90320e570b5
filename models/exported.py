"""An exported model: ONNX graphs and the table of word vectors, in the folder `onnx` of a model folder.

The word vectors are most of a multilingual encoder, and a text needs few of them. They lie in a file of their own that
all processes map into memory together, so that a process holds little more than the layers, and starts at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from voc.errors import ModelFolderError
from voc.models.facts import Facts, read_facts
from voc.models.manifest import EXPORT
from voc.models.storage import MANIFEST, manifest_of, verify

Precision = Literal["int8", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
EXPORT_FORMAT = 3
ENCODER, WHOLE, SEGMENTS = "encoder.onnx", "whole.onnx", "segments.onnx"
WORDS, SCALES, REPORT = "words.npy", "scales.npy", "report.json"
ALLOWED = frozenset({ENCODER, WHOLE, SEGMENTS, WORDS, SCALES, REPORT})
TOKENIZER, WEIGHTS = "tokenizer.json", "model.safetensors"


@dataclass(frozen=True)
class Exported:
    """A model folder and the folder of its graphs, which is not in it yet while an export is being judged."""

    folder: Path
    graphs: Path
    facts: Facts
    precision: Precision

    @property
    def tokenizer(self) -> Path:
        """File of the tokenizer."""
        return self.folder / TOKENIZER


def is_exported(folder: Path) -> bool:
    """Whether a model folder has an export."""
    return (folder / EXPORT / MANIFEST).is_file()


def export_manifest(facts: Facts, precision: Precision) -> dict[str, Any]:
    """What the manifest of an export says besides its files: what it was made of, and how."""
    weights = facts.manifest.files[WEIGHTS]
    return {"version": facts.version, "weights": weights, "precision": precision, "format": EXPORT_FORMAT}


def load_exported(folder: Path, checked: bool = False) -> Exported:
    """The export of a model folder. Without `checked` every file is compared with its checksum.

    Raises ModelFolderError where there is none, where a file is missing or changed, or where it was made of other
    weights than the folder's.
    """
    facts, graphs = read_facts(folder), folder / EXPORT
    values = manifest_of(graphs, EXPORT_FORMAT, ALLOWED, "an exported model")
    _check_origin(graphs, values, facts)
    if not checked:
        verify(graphs, values["files"])
        verify(folder, {TOKENIZER: facts.manifest.files.get(TOKENIZER, "none named")})
    return Exported(folder, graphs, facts, values["precision"])


def _check_origin(graphs: Path, values: Mapping[str, Any], facts: Facts) -> None:
    weights = facts.manifest.files.get(WEIGHTS)
    if values.get("precision") not in PRECISIONS or values.get("weights") != weights:
        raise ModelFolderError(
            f"{graphs}: expected an export of the weights {str(weights)[:12]}…, got one of "
            f"{str(values.get('weights'))[:12]}… ({values.get('precision')}); make it anew with: voc export"
        )
