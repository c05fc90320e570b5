"""How a quality suite runs: learn, judge, let the rivals learn and be judged alike, and say what it all was done on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from voc.config import EncoderSettings, TrainingSettings
from voc.experiments.bench import Progress, machine_context
from voc.experiments.judging import Answers, baseline
from voc.experiments.rivals import Predict, Rival, timed
from voc.labels import Split
from voc.models.predict import Predictor
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.training.fit import Fitted, fit
from voc.training.labelled import LabelledSet

Judge = Callable[[Predict], dict[str, float]]


def from_data_alone(**settings: Any) -> TrainingSettings:
    """Settings of a suite: without seed corpus and glossary, so that all models learn from the same rows."""
    return TrainingSettings(seed=13, seed_forms=0, switched_forms=0, **settings)


def sampled(sets: Mapping[Split, LabelledSet], settings: TrainingSettings) -> dict[Split, LabelledSet]:
    """The sets with no more train rows than the settings allow."""
    found = dict(sets)
    if settings.max_train_contacts is not None:
        found[Split.TRAIN] = found[Split.TRAIN].sample(settings.max_train_contacts, settings.seed)
    return found


def learn(
    sets: Mapping[Split, LabelledSet],
    tasks: tuple[Task, ...],
    encoder: EncoderSettings,
    settings: TrainingSettings,
    run: RunLog,
    progress: Progress,
) -> Fitted:
    """Fine-tune with everything tracked. Test is only named to the tracker."""
    run.parameters({"encoder": encoder.model_dump(), "training": settings.model_dump()})
    run.dataset("test", sets[Split.TEST].digest, "testing", {"rows": len(sets[Split.TEST])})
    return fit(sets, tasks, encoder, settings, run, progress)


def reader_of(predictor: Predictor, task: Task) -> Predict:
    """Our model as the rivals are: texts to probabilities of one task."""
    return lambda texts: predictor.predict(texts).probabilities[task.name]


def single_judge(test: LabelledSet, task: Task) -> Judge:
    """Figures on test where every row has one label."""
    return lambda predict: Answers.of(test, task, predict(test.texts)).figures


def judge_rivals(
    rivals: Mapping[str, Rival], train: LabelledSet, task: Task, judge: Judge, progress: Progress
) -> dict[str, float]:
    """Let each rival learn and judge it; figures are named baseline.<rival>.<figure>, with its seconds of learning."""
    figures: dict[str, float] = {}
    for name, rival in rivals.items():
        progress(f"rival {name}", 1.0)
        predict, seconds = timed(rival, train, task)
        figures |= baseline(name, judge(predict) | {"train_seconds": seconds})
    return figures


def context_of(
    data: str,
    settings: TrainingSettings,
    encoder: EncoderSettings,
    sets: Mapping[Split, LabelledSet] | None = None,
    **more: object,
) -> dict[str, object]:
    """What the figures depend on."""
    rows = {"rows": {split.value: len(labelled) for split, labelled in sets.items()}} if sets else {}
    return machine_context() | {
        "data": data,
        **rows,
        **more,
        "encoder": encoder.model_dump(),
        "training": settings.model_dump(),
        "seed": settings.seed,
    }


class PartLog:
    """A tracker for one part of a run (a fold): names get the part in front, so that parts don't collide."""

    def __init__(self, run: RunLog, part: str) -> None:
        self.run = run
        self.part = part

    def parameters(self, values: Mapping[str, object]) -> None:
        """See RunLog."""
        self.run.parameters({self.part: values})

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """See RunLog."""
        self.run.metrics({f"{self.part}/{name}": value for name, value in values.items()}, step)

    def dataset(self, name: str, digest: str, context: str, profile: Mapping[str, object]) -> None:
        """See RunLog."""
        self.run.dataset(f"{self.part}-{name}", digest, context, profile)

    def table(self, name: str, values: object) -> None:
        """See RunLog."""
        self.run.table(f"{self.part}-{name}", values)

    def figure(self, name: str, picture: Any) -> None:
        """See RunLog."""
        self.run.figure(f"{self.part}-{name}", picture)

    def model(self, folder: Path) -> None:
        """See RunLog."""
        self.run.model(folder)
