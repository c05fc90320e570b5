"""How logits become decisions: what a model's dev contacts settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from voc.models.calibration import Scaling, Scalings
from voc.models.tasks import Floats, Task


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
