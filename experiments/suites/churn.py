"""Churn intent in chats with a bot, towards a named brand: leaving one brand for another is churn for the first only.

The data are for evaluation only (their licence is read as non-commercial); nothing learnt from them is kept.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from voc.config import EncoderSettings, TrainingSettings
from voc.data.text import fold, one_line
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.crossval import CrossValidated, cross_validate, ours, theirs
from voc.experiments.judging import accuracy, baseline, ends, peak_rss_mb, positive_f1
from voc.experiments.quality import context_of, from_data_alone
from voc.experiments.rivals import Frozen, Rival, Tfidf
from voc.experiments.sets import Row, csv_records, grouped_folds, wrong
from voc.labels import TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Task

TRAINING = from_data_alone(max_tokens=64, epochs=8)
FOLDS, FOLDS_SEED = 5, 13
TASK = Task(TaskName.CHURN_INTENT, "binary", ("no", "yes"))
_FIELDS = ("text", "language", "brand", "label")
_NO_BRAND = frozenset({"", "no_brand"})


def churn(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
) -> BenchResult:
    """Both languages in one model, five-fold cross-validation by text; figures over all rows and by language.

    Raises InputError without the data.
    """
    encoder = encoder or EncoderSettings()
    rows = list(statements(data))
    folds = grouped_folds(rows, FOLDS, FOLDS_SEED, lambda row: f"{row.language} {row.labels[TASK.name]}")
    found = cross_validate(rows, folds, (TASK,), ours((TASK,), encoder, settings, run, progress, FOLDS))
    answers = found.kept[TASK.name].answers
    answers.log(run, "churn")
    figures = _figures(found) | {"peak_rss_mb": peak_rss_mb()}
    for name, part in {"f1": answers, **{f"f1.{key}": part for key, part in answers.by_language().items()}}.items():
        figures |= ends(name, part.interval(positive_f1, settings.seed))
    rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
    for name, rival in rivals.items():
        progress(f"rival {name}", 1.0)
        figures |= baseline(name, _figures(cross_validate(rows, folds, (TASK,), theirs(rival, (TASK,), settings))))
    context = context_of(
        f"churn-intent-DE, chatbot conversations, English and German; {FOLDS}-fold cross-validation with seed "
        f"{FOLDS_SEED} by text, the same brand and text once; the brand in question stands before the text",
        settings, encoder, rows=len(rows), texts=len({row.group for row in rows}),
        licence="non-commercial (NC): evaluation only, the models are thrown away",
    )  # fmt: skip
    return BenchResult("quality churn", figures, context)


def statements(data: Path) -> Iterator[Row]:
    """What the model reads is `brand: text`, and the text alone where no brand is named; no such text comes twice.

    Raises InputError.
    """
    seen: set[tuple[str, str]] = set()
    for name in ("EN", "DE"):
        path = data / "churn-intent-DE" / f"{name}_chatbot.csv"
        records = csv_records(path, _FIELDS, header=False, delimiter="\t", quoting=csv.QUOTE_NONE)
        for line, record in records:
            if record["language"] != name:
                raise wrong(path, line, "language", name, record["language"])
            if record["label"] not in ("0", "1"):
                raise wrong(path, line, "label", "0 or 1", record["label"])
            brand = record["brand"].strip().lower()
            text = one_line(record["text"])
            if (brand_text := ("" if brand in _NO_BRAND else brand, fold(text))) in seen:
                continue
            seen.add(brand_text)
            said = text if brand in _NO_BRAND else f"{brand}: {text}"
            yield Row(
                f"{name}-{line}", said, {TASK.name: record["label"] == "1"}, language=name.lower(), group=fold(text)
            )


def _figures(found: CrossValidated) -> dict[str, float]:
    answers = found.kept[TASK.name].answers
    figures = answers.figures | {"f1": answers.score(positive_f1), "train_seconds": found.seconds}
    for language, part in answers.by_language().items():
        figures |= {f"f1.{language}": part.score(positive_f1), f"accuracy.{language}": part.score(accuracy)}
    return figures
