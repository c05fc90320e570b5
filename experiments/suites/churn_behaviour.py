"""Stated churn intent, case by case: hand-written texts that leave and that only sound like it, in five written forms.

None of the texts is in a training set of this project, which a test checks for the demo company's phrases. The figures
are of the workspace's current model; they serve to choose between models, so they are not final ones either.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from voc.data.text import to_latin
from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, machine_context
from voc.labels import TaskName
from voc.models.folder import load_model
from voc.models.registry import RunLog

CASES = Path(__file__).parents[1] / "devsets" / "churn"


def churn_behaviour(workspace: Workspace, run: RunLog) -> BenchResult:
    """Share of cases that the current model gets right, by form and kind. Raises WorkspaceError without a model."""
    version = workspace.required_model()
    model = load_model(workspace.models / version)
    predictor = model.predictor()
    (task,) = (task for task in predictor.tasks if task.name == TaskName.CHURN_INTENT)
    figures: dict[str, float] = {}
    right_of: dict[str, list[bool]] = {}
    for form, kinds in churn_cases().items():
        for (side, kind), texts in kinds.items():
            found = predictor.predict(texts, [form] * len(texts)).probabilities[task.name]
            said = model.decisions.decide(task, found)[:, 1]  # as `voc score` decides
            right = (said == (side == "leaving")).tolist()
            figures[f"accuracy.{form}.{kind}"] = float(np.mean(right))
            right_of.setdefault(form, []).extend(right)
    figures |= {f"accuracy.{form}": float(np.mean(right)) for form, right in right_of.items()}
    figures["accuracy"] = float(np.mean([value for right in right_of.values() for value in right]))
    run.table("churn-behaviour", figures)
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    context = machine_context() | {
        "data": "hand-written cases of experiments/devsets/churn",
        "model": f"trained on the contacts of {workspace.config.company.name}{synthetic}",
    }
    return BenchResult("quality churn-behaviour", figures, context)


def churn_cases() -> Mapping[str, Mapping[tuple[str, str], list[str]]]:
    """Texts by written form (en, hr, sl, sr-Cyrl, sr-Latn), then by side (leaving, staying) and kind."""
    forms: dict[str, dict[tuple[str, str], list[str]]] = {}
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        kinds = {(side, kind): texts for side in ("leaving", "staying") for kind, texts in content[side].items()}
        if content["language"] == "sr":
            forms["sr-Cyrl"] = kinds
            forms["sr-Latn"] = {key: [to_latin(text) for text in texts] for key, texts in kinds.items()}
        else:
            forms[content["language"]] = kinds
    return forms
