"""CLINC150: queries to an assistant, 150 intents, and queries that are about none of them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from sklearn.metrics import roc_auc_score

from voc.config import EncoderSettings, TrainingSettings
from voc.data.text import one_line
from voc.errors import InputError
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.judging import Answers, accuracy, baseline, ends, peak_rss_mb, share_interval
from voc.experiments.quality import context_of, from_data_alone, judge_rivals, learn, sampled
from voc.experiments.rivals import Frozen, Predict, Rival, Tfidf
from voc.experiments.sets import Row, by_split, labelled_set, labels_of, wrong
from voc.labels import Split, TaskName
from voc.models.predictions import Predictions
from voc.models.registry import RunLog
from voc.models.tasks import Floats, Task
from voc.models.unknown import Regions, Strangeness
from voc.training.fit import Fitted
from voc.training.labelled import LabelledSet

TRAINING = from_data_alone(max_tokens=64, epochs=4)
MOST_FALSE = 0.04
"""Share of in-scope validation queries that may be called unknown: the point at which the literature is compared."""
NONE = "oos"
_PARTS = (("train", Split.TRAIN), ("val", Split.DEV), ("test", Split.TEST))


class UnknownScore(Protocol):
    """How much texts look like none of the known intents: (rows,) scores, higher is stranger."""

    def __call__(self, found: Predictions) -> Floats:
        """Score what the model says of texts."""


MakeUnknownScore = Callable[[Fitted, Mapping[Split, LabelledSet], Task], UnknownScore]
"""A fitted model, the in-scope sets it was fitted on, and the task to a score."""


def unknown_score(fitted: Fitted, sets: Mapping[Split, LabelledSet], task: Task) -> UnknownScore:
    """Energy of the logits and distance from the labels' regions (models.unknown), by train and in-scope dev."""
    train, dev = (fitted.predictor.predict(sets[split].texts) for split in (Split.TRAIN, Split.DEV))
    targets = sets[Split.TRAIN].targets(task)
    labelled = targets.sum(axis=1) == 1  # out-of-scope rows, where they are learnt from, have no region
    regions = Regions.of(train.embeddings[labelled], targets[labelled].argmax(axis=1).tolist())
    strangeness = Strangeness.of(regions, dev.embeddings, dev.logits[task.name])
    return lambda found: strangeness.score(found.embeddings, found.logits[task.name])


def softmax_score(fitted: Fitted, sets: Mapping[Split, LabelledSet], task: Task) -> UnknownScore:
    """One minus the greatest softmax of the same logits (Hendrycks and Gimpel 2017): what others compare with."""

    def score(found: Predictions) -> Floats:
        probabilities = found.probabilities[task.name].astype(np.float64).clip(1e-9, 1 - 1e-7)
        odds = probabilities / (1 - probabilities) if task.kind == "multilabel" else probabilities
        return np.asarray(1 - odds.max(axis=1) / odds.sum(axis=1), dtype=np.float32)

    return score


@dataclass(frozen=True)
class UnknownScores:
    """Scores of in-scope dev, in-scope test and out-of-scope test queries, (rows,) each."""

    dev: Floats
    test: Floats
    oos: Floats

    @property
    def threshold(self) -> float:
        """The least score that at most MOST_FALSE of dev is above; what is above it is called unknown."""
        return float(np.sort(self.dev)[::-1][int(MOST_FALSE * len(self.dev))])

    @property
    def figures(self) -> dict[str, float]:
        """On test: share of out-of-scope queries found, share of the others taken for such, area under the ROC."""
        strange = np.repeat([0, 1], [len(self.test), len(self.oos)])
        return {
            "oos_recall": float((self.oos > self.threshold).mean()),
            "false_unknown": float((self.test > self.threshold).mean()),
            "auroc": float(roc_auc_score(strange, np.concatenate([self.test, self.oos]))),
        }

    def ends(self, seed: int) -> dict[str, float]:
        """Intervals of the two shares; the threshold counts as given."""
        found: dict[str, float] = {}
        for name, scores in (("oos_recall", self.oos), ("false_unknown", self.test)):
            found |= ends(name, share_interval(scores > self.threshold, seed))
        return found


def clinc(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
    oos_train: bool = False,
    make_score: MakeUnknownScore = unknown_score,
) -> BenchResult:
    """Fine-tune on the official split; a threshold from in-scope validation tells the unknown.

    With `oos_train` the 100 out-of-scope train queries are learnt from as rows with no label at all; the rivals then
    learn them as one more class. Raises InputError without the data.
    """
    encoder = encoder or EncoderSettings()
    rows = list(queries(data))
    inside, outside = [row for row in rows if _is_known(row)], [row for row in rows if not _is_known(row)]
    # A row without any label can only be learnt from where labels are independent of each other.
    task = Task(TaskName.REASON, "multilabel" if oos_train else "multiclass", labels_of(inside, TaskName.REASON))
    extra = [replace(row, labels={task.name: ()}) for row in outside if row.split == Split.TRAIN] if oos_train else []
    sets = sampled(by_split([*inside, *extra], (task,)), settings)
    oos = [row.text for row in outside if row.split == Split.TEST]
    fitted = learn(sets, (task,), encoder, settings, run, progress)
    progress("judging", 1.0)
    parts = (sets[Split.DEV].texts, sets[Split.TEST].texts, oos)
    dev, test, strange = (fitted.predictor.predict(texts) for texts in parts)
    ours = Answers.of(sets[Split.TEST], task, test.probabilities[task.name])
    ours.log(run, "clinc")

    def scored(make: MakeUnknownScore) -> UnknownScores:
        score = make(fitted, sets, task)
        return UnknownScores(score(dev), score(test), score(strange))

    unknown = scored(make_score)
    figures = ours.figures | ends("accuracy", ours.interval(accuracy, settings.seed))
    figures |= unknown.figures | unknown.ends(settings.seed)
    figures |= {"train_seconds": fitted.seconds, "peak_rss_mb": peak_rss_mb()}
    figures |= baseline("softmax", scored(softmax_score).figures)
    figures |= _rivals(rows, task, sets, oos, oos_train, settings, encoder, progress)
    context = context_of(
        "CLINC150, data_full.json, official split; the threshold for unknown is chosen on in-scope validation",
        settings, encoder, sets, out_of_scope_test=len(oos), out_of_scope_learnt=len(extra),
        most_false_unknown=MOST_FALSE,
    )  # fmt: skip
    return BenchResult("quality clinc-oos-train" if oos_train else "quality clinc", figures, context)


def queries(data: Path) -> Iterator[Row]:
    """All queries, the out-of-scope ones under the label `oos`. Raises InputError."""
    path = data / "clinc_oos" / "data_full.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected a file of the data set, got no such file") from None
    except json.JSONDecodeError as error:
        raise wrong(path, error.lineno, "file", "one JSON object", error.msg) from None
    for part, split in _PARTS:
        for key in (part, f"{NONE}_{part}"):
            if not isinstance(content.get(key), list):
                raise wrong(path, 1, key, "a list of [text, intent]", content.get(key))
            for number, pair in enumerate(content[key]):
                if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(value, str) for value in pair)):
                    raise wrong(path, 1, f"{key}[{number}]", "[text, intent]", pair)
                if (pair[1] == NONE) != key.startswith(NONE):
                    raise wrong(path, 1, f"{key}[{number}]", f"{NONE} in the parts {NONE}_* and nowhere else", pair[1])
                yield Row(f"{key}-{number}", one_line(pair[0]), {TaskName.REASON: (pair[1],)}, split)


def _is_known(row: Row) -> bool:
    return row.labels[TaskName.REASON] != (NONE,)


def _rivals(
    rows: list[Row],
    task: Task,
    sets: Mapping[Split, LabelledSet],
    oos: list[str],
    oos_train: bool,
    settings: TrainingSettings,
    encoder: EncoderSettings,
    progress: Progress,
) -> dict[str, float]:
    """Rivals call unknown what they give no intent a high probability; with `oos_train` they have a class for it."""
    labels = (*task.labels, NONE) if oos_train else task.labels
    wide = Task(task.name, "multiclass", labels)
    test = sets[Split.TEST]
    learnt = [row for row in rows if row.split == Split.TRAIN and (oos_train or _is_known(row))]
    train = labelled_set(learnt, (wide,), Split.TRAIN)
    if settings.max_train_contacts is not None:
        train = train.sample(settings.max_train_contacts, settings.seed)

    def judge(predict: Predict) -> dict[str, float]:
        known = [predict(texts)[:, : len(task.labels)] for texts in (sets[Split.DEV].texts, test.texts, oos)]
        scores = UnknownScores(*(1 - found.max(axis=1) for found in known))
        return Answers.of(test, task, known[1]).figures | scores.figures

    rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
    return judge_rivals(rivals, train, wide, judge, progress)
