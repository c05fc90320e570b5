"""The outcome head of a workspace, judged on later contacts than it learnt from, beside last CSAT and stated intent."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, machine_context
from voc.models.registry import RunLog
from voc.training.outcomes import learn, outcome_frame, time_split


def churn_outcomes(workspace: Workspace, progress: Callable[[str, float], None], run: RunLog) -> BenchResult:
    """Train and judge a head on the current model's scores; the workspace stays as it is. Raises VocError."""
    version = workspace.required_model()
    settings = workspace.config.outcomes
    train, test = time_split(outcome_frame(workspace.lake, version, settings), settings)
    _, report = learn(workspace.lake, train, test, version, settings, progress)
    run.table("churn-outcomes", asdict(report))
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    context = machine_context() | {
        "data": f"contacts and outcomes of {workspace.config.company.name}{synthetic}",
        "model": version,
        "settings": settings.model_dump(mode="json"),
        "split": report.split,
        "train": report.train,
        "test": report.test,
        "notes": list(report.notes),
        "seed": settings.seed,
    }
    figures = {name: value for name, value in report.figures.items() if not np.isnan(value)}
    return BenchResult("quality churn-outcomes", figures, context)
