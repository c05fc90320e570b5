"""STAR with several reasons: learnt from dialogues about one task, judged on dialogues about two to five."""

from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from voc.config import EncoderSettings, TrainingSettings
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.judging import (
    Bools,
    abstention_curve,
    baseline,
    ends,
    interval,
    peak_rss_mb,
    reliability,
)
from voc.experiments.quality import context_of, from_data_alone, learn, reader_of, sampled
from voc.experiments.rivals import Tfidf, timed
from voc.experiments.sets import by_split, labels_of
from voc.experiments.suites.star_texts import several_tasks
from voc.labels import Split, TaskName
from voc.models.metrics import expected_calibration_error, task_quality
from voc.models.registry import RunLog
from voc.models.tasks import Floats, Task

TRAINING = from_data_alone(speakers="everyone", epochs=3)


def star_multi(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
) -> BenchResult:
    """The threshold is chosen on dev; the rival's is the best one for it on test itself, for which ours is given too.

    Raises InputError without the data.
    """
    encoder = encoder or EncoderSettings()
    rows = list(several_tasks(data, settings.speakers))
    task = Task(TaskName.REASON, "multilabel", labels_of(rows, TaskName.REASON))
    sets = sampled(by_split(rows, (task,)), settings)
    fitted = learn(sets, (task,), encoder, settings, run, progress)
    progress("judging", 1.0)
    dev, test = sets[Split.DEV], sets[Split.TEST]
    truth = test.targets(task) > 0.5
    found = reader_of(fitted.predictor, task)(test.texts)
    threshold = fitted.decisions.thresholds[task.name]
    _log(run, task, truth, found, threshold)
    figures = several_figures(task, truth, found, threshold)
    figures |= ends("micro_f1", _interval(truth, found >= threshold, settings.seed))
    figures |= {"micro_f1.best_threshold": several_figures(task, truth, found, best_of_all(truth, found))["micro_f1"]}
    figures |= {"train_seconds": fitted.seconds, "peak_rss_mb": peak_rss_mb()}
    progress("rival tfidf", 1.0)
    predict, seconds = timed(Tfidf(one_vs_rest=True), sets[Split.TRAIN], task)
    theirs = predict(test.texts)
    chosen = best_of_all(dev.targets(task) > 0.5, predict(dev.texts))
    figures |= baseline("tfidf", several_figures(task, truth, theirs, best_of_all(truth, theirs)))
    figures |= baseline("tfidf", {"train_seconds": seconds})
    figures |= baseline("tfidf-dev", several_figures(task, truth, theirs, chosen))
    context = context_of(
        "STAR; learnt from the train part of the suite star's single-task dialogues, threshold from their dev part, "
        "judged on every complete dialogue of two to five tasks; tfidf is one against the rest, at the threshold that "
        "is best for it on test itself, tfidf-dev at the one that is best on dev",
        settings, encoder, sets, threshold=threshold,
    )  # fmt: skip
    return BenchResult("quality star-multi", figures, context)


def several_figures(task: Task, truth: Bools, probabilities: Floats, threshold: float) -> dict[str, float]:
    """(rows, labels) truth and probabilities to figures at a threshold; accuracy asks for every label of a row."""
    quality = task_quality(task, truth, probabilities >= threshold, probabilities)
    return {
        "micro_f1": quality.micro_f1,
        "macro_f1": quality.macro_f1,
        "accuracy": quality.accuracy,
        "ece": expected_calibration_error(task, truth, probabilities),
    }


def best_of_all(truth: Bools, probabilities: Floats) -> float:
    """The threshold of the highest micro-F1 on these rows: any probability that occurs, for a rival's may be tiny."""
    order = np.argsort(-probabilities, axis=None, kind="stable")
    sorted_found = probabilities.reshape(-1)[order]
    hits = np.cumsum(truth.reshape(-1)[order])
    scores = 2 * hits / (np.arange(1, len(hits) + 1) + truth.sum())
    last_of_its_value = np.append(sorted_found[1:] < sorted_found[:-1], True)
    return float(sorted_found[int(np.argmax(np.where(last_of_its_value, scores, -1.0)))])


def _interval(truth: Bools, decided: Bools, seed: int) -> tuple[float, float]:
    hits, mentioned = (truth & decided).sum(axis=1), truth.sum(axis=1) + decided.sum(axis=1)
    return interval(lambda rows: float(2 * hits[rows].sum() / max(mentioned[rows].sum(), 1)), len(truth), seed)


def _log(run: RunLog, task: Task, truth: Bools, probabilities: Floats, threshold: float) -> None:
    """As Answers.log does for one label a row: a row is as sure as its least sure label, and right in every label."""
    decided = probabilities >= threshold
    run.table("star-multi-classes", task_quality(task, truth, decided, probabilities).per_class)
    run.table(
        "star-multi-tasks",
        {
            int(tasks): float(f1_score(truth[rows], decided[rows], average="micro", zero_division=0.0))
            for tasks in np.unique(truth.sum(axis=1))
            if (rows := truth.sum(axis=1) == tasks).any()
        },
    )
    sure = np.abs(probabilities - threshold).min(axis=1)
    run.table("star-multi-abstention", abstention_curve(sure, (truth == decided).all(axis=1)))
    pairs = probabilities.reshape(-1)
    run.table(
        "star-multi-reliability",
        reliability(np.maximum(pairs, 1 - pairs), (pairs >= 0.5) == truth.reshape(-1)),
    )
