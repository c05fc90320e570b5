"""The outcome head: the probability that a customer leaves within so many days of a contact, from that contact alone.

It learnt from what customers did, not from what they said: its output never mixes with the stated churn intent of the
text heads. A head rests on one version of the classifier, whose vectors and probabilities it reads. It is a folder of
JSON and safetensors beside the classifiers, `models/outcomes/<version>`. No pickle.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from safetensors.numpy import load_file, save_file

from voc.data.columns import vectors_of
from voc.data.lake import Lake
from voc.errors import ModelFolderError, WorkspaceError
from voc.labels import Channel, ChurnDirection, Sentiment
from voc.models.storage import MANIFEST, manifest_of, verify, write_json, write_whole
from voc.models.tasks import Floats

FORMAT = 1
FOLDER = "outcomes"
CURRENT = "current"
SPACE = "features.json"
WEIGHTS = "head.safetensors"
REPORT = "report.json"
ALLOWED = frozenset({SPACE, WEIGHTS, REPORT})

# What is known when the contact ends. Its own CSAT, NPS and CES are not: customers are asked after the contact.
_FEATURES = """
    SELECT contact_id, day, channel, top_reason, top_probability, sentiment, sentiment_probability, churn_probability,
           churn_direction, embedding
    FROM scores JOIN contacts USING (contact_id, day)
    WHERE model_version = $classifier AND day BETWEEN $first AND $last AND embedding IS NOT NULL
    ORDER BY day, contact_id
"""


@dataclass(frozen=True)
class FeatureSpace:
    """How a contact becomes numbers: learnt on the training contacts, then fixed.

    `centre` (width,) and `axes` (width, components) turn the classifier's vector into its principal components. A
    reason that is not among `reasons` counts as none.
    """

    centre: Floats
    axes: Floats
    reasons: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """One name a column of `matrix`."""
        return (
            *(f"vector.{number}" for number in range(self.axes.shape[1])),
            *(f"reason.{reason}" for reason in self.reasons),
            *(f"sentiment.{mood}" for mood in Sentiment),
            *(f"direction.{direction}" for direction in ChurnDirection),
            *(f"channel.{channel}" for channel in Channel),
            "churn_intent.logit",
        )

    def matrix(self, contacts: pa.Table) -> Floats:
        """(contacts, features) of a table as `contact_features` gives it."""
        vectors = (vectors_of(contacts["embedding"]) - self.centre) @ self.axes
        parts: list[npt.NDArray[Any]] = [
            vectors,
            _indicators(contacts["top_reason"], self.reasons, contacts["top_probability"]),
            _indicators(contacts["sentiment"], tuple(Sentiment), contacts["sentiment_probability"]),
            _indicators(contacts["churn_direction"], tuple(ChurnDirection)),
            _indicators(contacts["channel"], tuple(Channel)),
            logit(_floats(contacts["churn_probability"], 0.5))[:, None],
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)


@dataclass(frozen=True)
class HeadManifest:
    """What stands in a head's folder, with the checksum of each file."""

    version: str
    classifier: str
    """Version of the classifier whose scores it reads."""
    horizon_days: int
    created_at: str
    voc_version: str
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class OutcomeHead:
    """A logistic regression on standardised features, and its calibration (Platt 1999)."""

    manifest: HeadManifest
    space: FeatureSpace
    mean: Floats
    scale: Floats
    weights: Floats
    bias: float
    slope: float = 1.0
    shift: float = 0.0

    @property
    def version(self) -> str:
        """Its name in tables."""
        return self.manifest.version

    def probabilities(self, contacts: pa.Table) -> Floats:
        """Probability (contacts,) that the customer leaves within the horizon."""
        logits = ((self.space.matrix(contacts) - self.mean) / self.scale) @ self.weights + self.bias
        return sigmoid(self.slope * logits + self.shift)


def contact_features(lake: Lake, classifier: str, first: Any, last: Any) -> pa.Table:
    """What heads read of the contacts scored by `classifier` from day `first` to `last`, by day and contact_id.

    Holds nothing that comes after the contact.
    """
    return lake.query(_FEATURES, {"classifier": classifier, "first": first, "last": last})


def save_head(head: OutcomeHead, report: Mapping[str, Any], folder: Path) -> Path:
    """Write `head` and what it was judged as, whole or not at all. Raises ModelFolderError when the folder is there."""

    def fill(place: Path) -> None:
        arrays = {
            "centre": head.space.centre, "axes": head.space.axes, "mean": head.mean, "scale": head.scale,
            "weights": head.weights, "bias": np.array([head.bias]), "platt": np.array([head.slope, head.shift]),
        }  # fmt: skip
        save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, place / WEIGHTS)
        write_json(place / SPACE, {"reasons": head.space.reasons, "names": head.space.names})
        write_json(place / REPORT, report)

    return write_whole(folder, asdict(head.manifest), fill, "an outcome head")


def load_head(folder: Path) -> OutcomeHead:
    """Load a head. Raises ModelFolderError when a file is missing, changed, or not of a kind that we read."""
    manifest = _read_manifest(folder)
    verify(folder, manifest.files)
    features = json.loads((folder / SPACE).read_text(encoding="utf-8"))
    arrays = load_file(folder / WEIGHTS)
    space = FeatureSpace(arrays["centre"], arrays["axes"], tuple(features["reasons"]))
    if list(space.names) != features["names"]:
        raise ModelFolderError(f"{folder}: its features are not those of this version of voc; train it again")
    slope, shift = arrays["platt"].tolist()
    return OutcomeHead(
        manifest, space, arrays["mean"], arrays["scale"], arrays["weights"], float(arrays["bias"][0]), slope, shift
    )


def load_report(folder: Path) -> dict[str, Any]:
    """What a head was judged as, as JSON."""
    found: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return found


def current_head(models: Path, classifier: str) -> OutcomeHead:
    """The head that is in use. Raises WorkspaceError where there is none, or it rests on another classifier."""
    path = models / FOLDER / CURRENT
    if not path.is_file():
        raise WorkspaceError(f"{models}: no outcome head yet; train one with: voc train-outcomes")
    head = load_head(models / FOLDER / path.read_text(encoding="utf-8").strip())
    if head.manifest.classifier != classifier:
        raise WorkspaceError(
            f"{models}: outcome head {head.version} rests on classifier {head.manifest.classifier}, the current one is "
            f"{classifier}; train a head for it with: voc train-outcomes"
        )
    return head


def logit(probabilities: npt.NDArray[Any]) -> Floats:
    """Logarithm of the odds; certainty is held at one in a million."""
    inside = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float32)


def sigmoid(logits: npt.NDArray[Any]) -> Floats:
    """The inverse of `logit`."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits, dtype=np.float64))), dtype=np.float32)


def _indicators(column: pa.ChunkedArray, labels: Sequence[str], values: pa.ChunkedArray | None = None) -> Floats:
    """(rows, labels): 1, or the row's value, at its label; a row without one, or with another, is all 0."""
    places = pc.fill_null(pc.index_in(column, value_set=pa.array(list(labels), pa.string())), -1).to_numpy()
    found = np.zeros((len(places), len(labels)), dtype=np.float32)
    rows = np.flatnonzero(places >= 0)
    found[rows, places[rows]] = 1.0 if values is None else _floats(values, 0.0)[rows]
    return found


def _floats(column: pa.ChunkedArray, missing: float) -> Floats:
    return np.asarray(pc.fill_null(pc.cast(column, pa.float32()), missing).to_numpy(), dtype=np.float32)


def _read_manifest(folder: Path) -> HeadManifest:
    values = manifest_of(folder, FORMAT, ALLOWED, "an outcome head")
    if missing := sorted(ALLOWED - set(values.get("files", {}))):
        raise ModelFolderError(
            f"{folder / MANIFEST}: expected {', '.join(sorted(ALLOWED))}; lacks {', '.join(missing)}"
        )
    try:
        return HeadManifest(**values)
    except TypeError as error:
        raise ModelFolderError(f"{folder / MANIFEST}: {error}") from None
