"""The script that MLflow keeps with an exported model and runs to read it (models from code). Nothing imports it."""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from voc.inference.serving.frames import asked_of, frame_of
from voc.inference.serving.scorer import Scorer


class ExportedModel(PythonModel):  # type: ignore[misc]  # MLflow is not typed
    """Frames of contacts to frames of answers."""

    def load_context(self, context: Any) -> None:
        """Read the export, a folder among the artefacts."""
        self.scorer = Scorer(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Columns of the signature in and out; see voc.inference.serving.frames."""
        return frame_of(self.scorer.score(asked_of(model_input)))


set_model(ExportedModel())
