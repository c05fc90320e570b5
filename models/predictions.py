"""What a model says about texts, whatever computed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from voc.models.reading import Rows
from voc.models.tasks import Floats


@dataclass(frozen=True)
class Passages:
    """The segments of texts: unit vectors (segments, width), and `rows` (texts, most segments of a text), the places of
    each text's segments among them, as `Segmented` has them."""

    rows: Rows
    vectors: Floats


@dataclass(frozen=True)
class Predictions:
    """For `rows` texts: probabilities (rows, labels) by task, pooled vectors (rows, width) of unit length, by task
    the logits (rows, outputs) before calibration, and which segment speaks most for each output (rows, outputs).

    `turns` has, of the tasks of models.turns.BY_TURN, what is said of each line of a text as if it were the whole
    contact: probabilities (rows, most lines, labels), NaN where a text has no such line, or it was not read.
    `passages` has the vectors of what the texts consist of."""

    probabilities: Mapping[str, Floats]
    embeddings: Floats
    logits: Mapping[str, Floats]
    spoken: Mapping[str, npt.NDArray[np.int64]]
    turns: Mapping[str, Floats] = field(default_factory=dict)
    passages: Passages | None = None

    def take(self, rows: npt.NDArray[np.int64]) -> "Predictions":
        """These rows, in this order."""
        return Predictions(
            {name: values[rows] for name, values in self.probabilities.items()},
            self.embeddings[rows],
            {name: values[rows] for name, values in self.logits.items()},
            {name: values[rows] for name, values in self.spoken.items()},
            {name: values[rows] for name, values in self.turns.items()},
            Passages(self.passages.rows[rows], self.passages.vectors) if self.passages else None,
        )
