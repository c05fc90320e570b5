"""Transfer: English labels only (Banking77), judged in Croatian, Slovenian and Serbian.

The development contacts in `experiments/devsets` are hand-written for this project, over 30 of the 77 reasons. They
serve to choose between ways of training; a figure on them is not a final one.
"""

import csv
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from voc.config import EncoderSettings, TrainingSettings
from voc.data.contracts import TURN
from voc.data.splits import split_of
from voc.data.text import to_latin
from voc.errors import InputError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import frozen_encoder, judge_single, tfidf
from voc.labels import Split, TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.training.fit import fit
from voc.training.labelled import LabelledSet, labelled_rows, split_sets

DEVSETS = Path(__file__).parents[1] / "devsets"
TRAINING = TrainingSettings(max_tokens=64, epochs=2, seed=13)

_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()), ("language", pa.string()), ("script", pa.string()), ("turns", pa.list_(TURN)),
        ("reasons", pa.list_(pa.string())), ("sentiment", pa.string()), ("churn_intent", pa.bool_()),
        ("split", pa.string()),
    ]
)  # fmt: skip


def transfer(data: Path, progress: Progress, run: RunLog, settings: TrainingSettings = TRAINING) -> BenchResult:
    """Fine-tune on English Banking77 and judge on its test split and on the development contacts of each language.

    Raises InputError without the data.
    """
    rows = list(_banking(data))
    task = Task(TaskName.REASON, "multilabel", tuple(sorted({row["reasons"][0] for row in rows})))
    sets = split_sets(pa.Table.from_pylist(rows, schema=_SCHEMA), (task,), settings.speakers)
    others = development_sets(task)
    fitted = fit(sets, (task,), EncoderSettings(), settings, run, progress)
    progress("judging", 1.0)

    def judge(labelled: LabelledSet) -> dict[str, float]:
        found = fitted.predictor.predict(labelled.texts).probabilities[task.name]
        return judge_single(task, labelled.targets(task), found)

    figures = judge(sets[Split.TEST]) | {"train_seconds": fitted.seconds}
    figures |= {f"accuracy.{name}": judge(labelled)["accuracy"] for name, labelled in others.items()}
    rivals = {
        "tfidf": tfidf(sets, task, others),
        "frozen": frozen_encoder(sets, task, EncoderSettings(), others),
    }
    for rival, found in rivals.items():
        figures |= {f"baseline.{rival}.{name}": value for name, value in found.items()}
    context = machine_context() | {
        "data": "Banking77, official split, English; development contacts of experiments/devsets (30 reasons)",
        "training": settings.model_dump(),
        "seed": settings.seed,
    }
    return BenchResult("quality transfer", figures, context)


def development_sets(task: Task) -> dict[str, LabelledSet]:
    """The development contacts by written form: hr, sl, sr-Cyrl, sr-Latn."""
    sets = {}
    for path in sorted(DEVSETS.glob("banking_*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        language, contacts = content["language"], content["contact"]
        scripts: dict[str, Callable[[str], str]] = (
            {"Cyrl": str, "Latn": to_latin} if language == "sr" else {"Latn": str}
        )
        for script, write in scripts.items():
            rows = [
                _row(f"{path.stem}-{number}", write(contact["text"]), contact["reason"], Split.DEV, language, script)
                for number, contact in enumerate(contacts)
            ]
            name = f"{language}-{script}" if language == "sr" else language
            table = pa.Table.from_pylist(rows, schema=_SCHEMA)
            sets[name] = LabelledSet(Split.DEV, labelled_rows(table, (task,), "customer"))
    return sets


def _banking(data: Path) -> Iterator[dict[str, Any]]:
    """Official test split; a tenth of train, fixed by a hash of the text, is dev."""
    folder = data / "banking77"
    for name in ("train", "test"):
        path = folder / f"{name}.csv"
        if not path.is_file():
            raise InputError(f"{path}: expected Banking77's {name}.csv, got no such file")
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines)):
                split = Split.TEST if name == "test" else _train_or_dev(row["text"])
                yield _row(f"{name}-{number}", row["text"], row["category"], split, "en", "Latn")


def _train_or_dev(text: str) -> Split:
    """The hash gives 70/10/20; official train has no test part, so that goes to train."""
    return Split.DEV if split_of(text) == Split.DEV else Split.TRAIN


def _row(identity: str, text: str, reason: str, split: Split, language: str, script: str) -> dict[str, Any]:
    return {
        "contact_id": identity,
        "language": language,
        "script": script,
        "turns": [{"speaker": "customer", "text": text, "at": None}],
        "reasons": [reason],
        "sentiment": None,
        "churn_intent": None,
        "split": split,
    }
