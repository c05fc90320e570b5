"""The figures of quality that a model folder keeps: by task, written form and label with intervals; calibration."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from voc.labels import Split
from voc.models.calibration import IDENTITY, calibrated
from voc.models.decisions import Decisions
from voc.models.metrics import expected_calibration_error, reliability, task_quality
from voc.models.predictions import Predictions
from voc.models.quality import Figure, Quality, TaskFigures
from voc.models.tasks import Floats, Task
from voc.training.evaluate import truth_of
from voc.training.labelled import LabelledSet
from voc.training.resampling import f1_of, macro_of, resamples

DRAWS = 1000
_TAIL = 0.025
_SEED = 13


def quality_of(
    predictions: Predictions,
    tasks: Sequence[Task],
    sets: Mapping[Split, LabelledSet],
    decisions: Decisions,
    synthetic: bool = False,
    split: Split = Split.TEST,
) -> Quality:
    """Figures of the predictions of one split, calibrated and decided by `decisions`, with 95 % intervals.

    The intervals are those of a bootstrap over contacts, shifted to where the figure is, as in `training.promote`. They
    hold one by one, not all together. A figure that never moves has the exact bound of a share that is 0 or 1.
    """
    judged = sets[split]
    languages = np.asarray(judged.languages)
    found = {}
    for task in tasks:
        targets = judged.targets(task)
        known = ~np.isnan(targets).any(axis=1)
        if known.any():
            found[task.name] = _figures(
                task, predictions.logits[task.name][known], truth_of(task, targets[known]), languages[known], decisions
            )
    sizes = {each.value: len(rows) for each, rows in sets.items()}
    return Quality(split.value, sizes, found, synthetic)


def _figures(
    task: Task, logits: Floats, truth: npt.NDArray[np.bool_], languages: npt.NDArray[np.str_], decisions: Decisions
) -> TaskFigures:
    scalings = decisions.calibration.get(task.name, IDENTITY)
    probabilities = calibrated(task, logits, scalings, languages.tolist())
    decided = decisions.decide(task, probabilities)
    whole = task_quality(task, truth, decided, probabilities)
    places = {name: languages == name for name in sorted(set(languages.tolist()))}
    own = {name: task_quality(task, truth[rows], decided[rows], probabilities[rows]) for name, rows in places.items()}
    drawn_whole, drawn_labels = [], []
    drawn: dict[str, list[Floats]] = {name: [] for name in places}
    for counts in resamples(len(truth), DRAWS, _SEED):
        support = counts @ truth.astype(np.float32)
        f1 = f1_of(counts, truth, decided, support)
        drawn_labels.append(f1)
        drawn_whole.append(macro_of(f1, support))
        for name, rows in places.items():
            some = counts[:, rows] @ truth[rows].astype(np.float32)
            drawn[name].append(macro_of(f1_of(counts[:, rows], truth[rows], decided[rows], some), some))
    by_label = np.concatenate(drawn_labels)
    return TaskFigures(
        whole=_figure(whole.macro_f1, np.concatenate(drawn_whole), whole.rows),
        languages={name: _figure(own[name].macro_f1, np.concatenate(drawn[name]), own[name].rows) for name in places},
        labels={
            label: _figure(each["f1"], by_label[:, task.labels.index(label)], int(each["support"]))
            for label, each in whole.per_class.items()
        },
        ece=expected_calibration_error(task, truth, probabilities),
        language_ece={name: own[name].ece for name in places},
        reliability=reliability(task, truth, probabilities),
    )


def _figure(value: float, drawn: Floats, contacts: int) -> Figure:
    """A figure with the bounds that its draws (draws,) give."""
    moved = drawn.astype(np.float64) - float(drawn.mean(dtype=np.float64))
    low, high = (value + float(np.quantile(moved, tail)) for tail in (_TAIL, 1 - _TAIL))
    exact = _TAIL ** (1 / max(contacts, 1))  # Clopper and Pearson 1934, of none or all
    if value <= 0.0:
        low, high = 0.0, max(high, 1 - exact)
    if value >= 1.0:
        low, high = min(low, exact), 1.0
    return Figure(value, min(value, max(0.0, low)), max(value, min(1.0, high)), contacts)
