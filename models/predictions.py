"""What a model says about texts, whatever computed it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voc.models.tasks import Floats


@dataclass(frozen=True)
class Predictions:
    """For `rows` texts: probabilities (rows, labels) by task, pooled vectors (rows, width) of unit length, by task
    the logits (rows, outputs) before calibration, and which segment speaks most for each output (rows, outputs)."""

    probabilities: Mapping[str, Floats]
    embeddings: Floats
    logits: Mapping[str, Floats]
    spoken: Mapping[str, npt.NDArray[np.int64]]

    def take(self, rows: npt.NDArray[np.int64]) -> "Predictions":
        """These rows, in this order."""
        return Predictions(
            {name: values[rows] for name, values in self.probabilities.items()},
            self.embeddings[rows],
            {name: values[rows] for name, values in self.logits.items()},
            {name: values[rows] for name, values in self.spoken.items()},
        )
