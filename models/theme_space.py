"""The space in which themes are looked for: vectors measured from their own language, and partly whitened."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from voc.errors import ModelFolderError
from voc.models.tasks import Floats

COMPONENTS = 100
"""Principal components that are kept; the others are mostly noise of single texts."""
POWER = 0.2
"""A component is divided by its variance to this power: 0 leaves it, 0.5 whitens it wholly. In between, what all
contacts of a company share no longer hides what they differ in, and noise is not yet as loud as meaning. Chosen on both
parts of NatCS and the test texts of Banking77, over five seeds each."""


@dataclass(frozen=True)
class Centres:
    """Mean vectors of groups of texts (a language in one script), and of all texts.

    A multilingual encoder puts every language into a corner of its own. Measured from their own language's mean,
    translations come together and themes run across languages.
    """

    groups: Mapping[str, Floats]
    whole: Floats

    @classmethod
    def of(cls, vectors: Floats, groups: Sequence[str], least: int = 100) -> "Centres":
        """Means of (rows, width) vectors by group; groups with fewer than `least` rows go by the mean of all."""
        names = np.asarray(groups)
        means = {
            name: vectors[names == name].mean(axis=0) for name in sorted(set(groups)) if (names == name).sum() >= least
        }
        return cls(means, vectors.mean(axis=0))

    def shift(self, vectors: Floats, groups: Sequence[str]) -> Floats:
        """Vectors (rows, width) measured from their group's mean."""
        return vectors - np.stack([self.groups.get(name, self.whole) for name in groups])

    def apply(self, vectors: Floats, groups: Sequence[str]) -> Floats:
        """The same, of unit length."""
        return unit(self.shift(vectors, groups))


@dataclass(frozen=True)
class ThemeSpace:
    """Centres, and a linear map (width, components) that evens out the variances behind them."""

    centres: Centres
    turn: Floats

    @classmethod
    def of(cls, vectors: Floats, groups: Sequence[str]) -> "ThemeSpace":
        """Learnt from (rows, width) vectors and the language of each."""
        centres = Centres.of(vectors, groups)
        apart = centres.shift(vectors, groups).astype(np.float64)
        values, directions = np.linalg.eigh(apart.T @ apart / len(apart))
        values, directions = values[::-1][:COMPONENTS], directions[:, ::-1][:, :COMPONENTS]
        real = values > 1e-6 * max(values[0], 1e-12)
        turn = directions[:, real] * values[real] ** -POWER
        return cls(centres, turn.astype(np.float32))

    @property
    def width(self) -> int:
        """Numbers in a vector of the space."""
        return int(self.turn.shape[1])

    def apply(self, vectors: Floats, groups: Sequence[str]) -> Floats:
        """Vectors (rows, width) into the space, (rows, components), of unit length."""
        return unit(self.centres.shift(vectors, groups) @ self.turn)

    def save(self, folder: Path) -> str:
        """Write into `folder` under a name that is a fingerprint of the content, and return the name."""
        names = sorted(self.centres.groups)
        means = [self.centres.groups[name] for name in names]
        arrays = {"whole": self.centres.whole, "turn": self.turn, "groups": np.stack([self.centres.whole, *means])}
        content = save(
            {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in arrays.items()},
            metadata={"groups": json.dumps(names)},
        )
        name = hashlib.sha256(content).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{name}"
        temporary.write_bytes(content)
        temporary.replace(folder / f"{name}.safetensors")
        return name

    @classmethod
    def load(cls, folder: Path, name: str) -> "ThemeSpace":
        """Read what `save` wrote. Raises ModelFolderError where it is not there or not readable."""
        path = folder / f"{name}.safetensors"
        try:
            with safe_open(path, framework="numpy") as file:
                names = json.loads(file.metadata()["groups"])
                means = file.get_tensor("groups")[1:]
                centres = Centres(dict(zip(names, means, strict=True)), file.get_tensor("whole"))
                return cls(centres, file.get_tensor("turn"))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(f"{path}: expected the themes' space, got {type(error).__name__}") from None


def unit(vectors: Floats) -> Floats:
    """Vectors (..., width) of unit length; one of no length stays."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)
