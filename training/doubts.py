"""`voc doubts`: labels that are probably wrong, the worst first, for a person to look at again.

Confident learning (Northcutt et al. 2021, by cleanlab) on out-of-sample probabilities: a logistic regression on the
untouched encoder's vectors says of every labelled contact what the labels of the *others* make of it. Neither part
has seen the label it judges; the fine-tuned model has, and would defend its mistakes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues
from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
from cleanlab.rank import get_label_quality_scores
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from voc.config import EncoderSettings
from voc.data.columns import FORM_SQL
from voc.data.sheets import write_sheet
from voc.data.text import contact_text, fold
from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.labels import TaskName
from voc.models.encoder import load_encoder, load_tokenizer
from voc.models.predict import Reader
from voc.models.tasks import Floats, Task, default_tasks

FOLDS = 5
"""Each label is judged by a model of the other four fifths. A label with fewer contacts than this is not judged."""

_STRENGTH = 0.01  # inverse of regularisation: a weak model that cannot learn single mistakes by heart
_MOST_TOKENS = 192
_AT_ONCE = 512
_LABELLED = f"""
    SELECT contact_id, {FORM_SQL} AS language,
           turns, reasons, sentiment, churn_intent, split, labels.source AS labelled_by
    FROM labels JOIN contacts USING (contact_id) ORDER BY contact_id
"""
_COLUMNS = {TaskName.REASON: "reasons", TaskName.SENTIMENT: "sentiment", TaskName.CHURN_INTENT: "churn_intent"}

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelDoubt:
    """A row whose label of one task is doubtful: what was given, and what the model would say instead.

    `support` is the probability that the model finds in the label as given, `confidence` in its own proposal; with
    several labels a row, of the one where they differ most.
    """

    row: int
    given: tuple[str, ...]
    proposed: tuple[str, ...]
    support: float
    confidence: float


@dataclass(frozen=True)
class Doubt:
    """A labelled contact with a doubtful label. `text` is the customer's words: personal data."""

    contact_id: str
    language: str
    split: str
    labelled_by: str
    task: str
    label: LabelDoubt
    text: str = field(repr=False)


def doubts(workspace: Workspace, progress: Callable[[str, float], None] = lambda what, share: None) -> list[Doubt]:
    """Doubtful labels of all tasks and splits, the least supported first.

    Raises TrainingError where nothing is labelled, or a label names what the taxonomy has not.
    """
    settings = workspace.config
    rows = workspace.lake.query(_LABELLED).to_pylist()
    if not rows:
        raise TrainingError("labels: expected labelled contacts, got none; store some with: voc ingest labels.csv")
    texts = [contact_text(row["turns"], settings.training.speakers) for row in rows]
    groups = [fold(text) for text in texts]
    vectors = frozen_vectors(texts, settings.encoder, lambda share: progress("reading", 0.8 * share))
    found: list[Doubt] = []
    tasks = [task for task in default_tasks(workspace.taxonomy.reason_ids) if task.name in _COLUMNS]
    for number, task in enumerate(tasks):
        progress(task.name, 0.8 + 0.2 * number / len(tasks))
        found += [
            Doubt(
                rows[doubt.row]["contact_id"],
                rows[doubt.row]["language"],
                rows[doubt.row]["split"],
                rows[doubt.row]["labelled_by"],
                task.name,
                doubt,
                texts[doubt.row],
            )
            for doubt in label_doubts(task, _targets(task, rows), vectors, groups, settings.training.seed)
        ]
    return sorted(found, key=lambda doubt: (doubt.label.support, -doubt.label.confidence, doubt.contact_id))


def label_doubts(task: Task, targets: Floats, vectors: Floats, groups: Sequence[str], seed: int) -> list[LabelDoubt]:
    """Doubtful labels among (rows, outputs) targets (NaN: no label), the least supported first.

    `vectors` are (rows, width); rows of one group (the same text) are never judged by each other.
    """
    known = np.flatnonzero(~np.isnan(targets).any(axis=1))
    names = np.unique(np.asarray(groups, dtype=object), return_inverse=True)[1]
    judge = _multilabel if task.kind == "multilabel" else _single
    return sorted(judge(task, targets, vectors, names, known, seed), key=lambda doubt: (doubt.support, doubt.row))


def out_of_sample(vectors: Floats, labels: Ints, groups: Ints, seed: int) -> npt.NDArray[np.float64]:
    """(rows, classes) probabilities of labels 0 to classes - 1, each row's from a model of other rows and groups."""
    classes = int(labels.max()) + 1
    found = np.zeros((len(labels), classes))
    for train, judged in _folds(labels, groups, seed):
        present = np.unique(labels[train])
        if len(present) == 1:
            found[judged, present[0]] = 1.0
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=300))
        model.fit(vectors[train], labels[train])
        found[np.ix_(judged, model.classes_)] = model.predict_proba(vectors[judged])
    return found


def frozen_vectors(
    texts: Sequence[str], encoder: EncoderSettings, progress: Callable[[float], None] = lambda share: None
) -> Floats:
    """(rows, width) vectors of unit length by the untouched encoder; equal texts are read once."""
    reader = Reader(load_encoder(encoder.name), load_tokenizer(encoder.name), encoder.prefix, _MOST_TOKENS)
    unique = list(dict.fromkeys(texts))
    parts = []
    for start in range(0, len(unique), _AT_ONCE):
        part = unique[start : start + _AT_ONCE]
        parts.append(reader.vectors(part))
        progress(min(1.0, (start + len(part)) / len(unique)))
    place = {text: row for row, text in enumerate(unique)}
    return np.concatenate(parts)[[place[text] for text in texts]]


def write_doubts(found: Sequence[Doubt], path: Path, with_text: bool = False) -> None:
    """Write a sheet to check, with the verbatim text, which is personal data, only if asked for."""
    columns = ("contact_id", "language", "split", "labelled_by", "task", "given", "proposed", "support", "confidence")
    write_sheet(
        path,
        (*columns, "text") if with_text else columns,
        (
            {
                "contact_id": doubt.contact_id,
                "language": doubt.language,
                "split": doubt.split,
                "labelled_by": doubt.labelled_by,
                "task": doubt.task,
                "given": _as_ingest_takes_it(doubt.task, doubt.label.given),
                "proposed": _as_ingest_takes_it(doubt.task, doubt.label.proposed),
                "support": f"{doubt.label.support:.3f}",
                "confidence": f"{doubt.label.confidence:.3f}",
                "text": doubt.text,
            }
            for doubt in found
        ),
    )


def _as_ingest_takes_it(task: str, labels: tuple[str, ...]) -> str:
    if task == TaskName.REASON:
        return json.dumps(labels)
    return str(labels == ("yes",)).lower() if task == TaskName.CHURN_INTENT else labels[0]


def _targets(task: Task, rows: Sequence[Mapping[str, Any]]) -> Floats:
    try:
        return np.array([task.target(row[_COLUMNS[TaskName(task.name)]]) for row in rows], dtype=np.float32)
    except ValueError as error:
        raise TrainingError(f"labels: {error}") from None


def _single(task: Task, targets: Floats, vectors: Floats, groups: Ints, known: Ints, seed: int) -> list[LabelDoubt]:
    """One label a row. The rare ones are left out, and the others numbered without gaps, as cleanlab wants them."""
    classes = (targets[known, 0] > 0.5).astype(np.int64) if task.kind == "binary" else targets[known].argmax(axis=1)
    kept = np.flatnonzero(np.bincount(classes, minlength=len(task.labels)) >= FOLDS)
    rows, classes = known[np.isin(classes, kept)], classes[np.isin(classes, kept)]
    if len(kept) < 2 or len(np.unique(groups[rows])) < FOLDS:
        return []
    labels = np.searchsorted(kept, classes)
    probabilities = out_of_sample(vectors[rows], labels, groups[rows], seed)
    support = get_label_quality_scores(labels, probabilities, method="self_confidence")
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -1
    proposed = others.argmax(axis=1)
    return [
        LabelDoubt(
            int(rows[place]),
            (task.labels[kept[labels[place]]],),
            (task.labels[kept[proposed[place]]],),
            float(support[place]),
            float(others[place, proposed[place]]),
        )
        for place in np.flatnonzero(find_label_issues(labels, probabilities, n_jobs=1))
    ]


def _multilabel(task: Task, targets: Floats, vectors: Floats, groups: Ints, known: Ints, seed: int) -> list[LabelDoubt]:
    """Any number of labels a row: each label is a question of its own, and a row's doubtful ones are turned over."""
    given = targets[known] > 0.5
    counts = given.sum(axis=0)
    kept = np.flatnonzero((counts >= FOLDS) & (len(known) - counts >= FOLDS))
    if len(kept) == 0 or len(np.unique(groups[known])) < FOLDS:
        return []
    asked = given[:, kept]
    probabilities = np.stack(
        [out_of_sample(vectors[known], column.astype(np.int64), groups[known], seed)[:, 1] for column in asked.T],
        axis=1,
    )
    doubtful = np.asarray(
        find_multilabel_issues_per_class([np.flatnonzero(row).tolist() for row in asked], probabilities, n_jobs=1)
    )
    support = np.where(asked, probabilities, 1 - probabilities)
    found = []
    for place in np.flatnonzero(doubtful.any(axis=1)):
        turned = given[place].copy()
        turned[kept[doubtful[place]]] ^= True
        if not turned.any():  # a contact has a reason: the likeliest one of those that it had not
            turned[kept[np.where(asked[place], -1, probabilities[place]).argmax()]] = True
        least = float(support[place][doubtful[place]].min())
        found.append(LabelDoubt(int(known[place]), _named(task, given[place]), _named(task, turned), least, 1 - least))
    return found


def _named(task: Task, chosen: Bools) -> tuple[str, ...]:
    return tuple(task.labels[label] for label in np.flatnonzero(chosen))


def _folds(labels: Ints, groups: Ints, seed: int) -> list[tuple[Ints, Ints]]:
    """Train and judged rows. Stratified where every label reaches every fold by groups as well, plain otherwise."""
    reach = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    kind = StratifiedGroupKFold if reach >= FOLDS else GroupKFold
    return list(kind(FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels, groups))
