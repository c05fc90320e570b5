"""X-CI: messages to brands; whether they complain, how severely, and in what mood."""

from collections.abc import Iterator
from pathlib import Path

from voc.config import EncoderSettings, TrainingSettings
from voc.data.text import fold, one_line
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.crossval import CrossValidated, cross_validate, ours, theirs
from voc.experiments.judging import baseline, ends, macro_f1, peak_rss_mb
from voc.experiments.quality import context_of, from_data_alone
from voc.experiments.rivals import Frozen, Rival, Tfidf
from voc.experiments.sets import Label, Row, csv_records, grouped_folds, wrong
from voc.labels import Sentiment, TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Task

TRAINING = from_data_alone(epochs=4)
FOLDS, FOLDS_SEED = 5, 13
COMPLAINT, SEVERITY = "complaint", "severity"
TASKS = (
    Task(COMPLAINT, "binary", ("no", "yes")),
    Task(SEVERITY, "multiclass", ("1", "2", "3", "4")),
    Task(TaskName.SENTIMENT, "multiclass", tuple(Sentiment)),
)
_MACRO = {COMPLAINT: "macro_f1", SEVERITY: "severity_macro_f1", TaskName.SENTIMENT: "sentiment_macro_f1"}
_FIELDS = ("id", "tweet", "label", "sentiment", "Severity")


def xci(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
) -> BenchResult:
    """All three tasks in one model, five-fold cross-validation; macro-F1 are means over the folds.

    Severity is learnt from and judged on complaints only. Raises InputError without the data.
    """
    encoder = encoder or EncoderSettings()
    rows = list(messages(data))
    folds = grouped_folds(rows, FOLDS, FOLDS_SEED, lambda row: str(row.labels.get(SEVERITY, "none")))
    found = cross_validate(rows, folds, TASKS, ours(TASKS, encoder, settings, run, progress, FOLDS))
    figures = _figures(found) | {"peak_rss_mb": peak_rss_mb()}
    for name, key in _MACRO.items():
        found.kept[name].answers.log(run, f"xci-{name}")
        figures |= ends(key, found.kept[name].mean_interval(macro_f1, settings.seed))
    rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
    for name, rival in rivals.items():
        progress(f"rival {name}", 1.0)
        figures |= baseline(name, _figures(cross_validate(rows, folds, TASKS, theirs(rival, TASKS, settings))))
    context = context_of(
        f"X-CI, {FOLDS}-fold cross-validation with seed {FOLDS_SEED}: messages with the same words besides mentions "
        "and links stay in one fold, folds are balanced by severity; dev is a tenth of the other folds' groups",
        settings, encoder, rows=len(rows), groups=len({row.group for row in rows}),
    )  # fmt: skip
    return BenchResult("quality xci", figures, context)


def messages(data: Path) -> Iterator[Row]:
    """All messages; those that are no complaint have no severity. Raises InputError."""
    path = data / "xci_acl2023" / "X-CI_Dataset.csv"
    for line, record in csv_records(path, _FIELDS):
        mood, severity = record["sentiment"].lower(), record["Severity"]
        if record["label"] not in ("0", "1"):
            raise wrong(path, line, "label", "0 or 1", record["label"])
        if severity not in ("1", "2", "3", "4") if record["label"] == "1" else severity != "0":
            raise wrong(path, line, "Severity", "1 to 4 for a complaint, else 0", severity)
        if mood not in list(Sentiment):
            raise wrong(path, line, "sentiment", f"one of {', '.join(Sentiment)}", record["sentiment"])
        labels: dict[str, Label] = {COMPLAINT: record["label"] == "1", TaskName.SENTIMENT: mood}
        if record["label"] == "1":
            labels[SEVERITY] = severity
        text = one_line(record["tweet"])
        yield Row(f"xci-{record['id']}", text, labels, group=_words_of(text))


def _figures(found: CrossValidated) -> dict[str, float]:
    means = {key: found.kept[name].mean(macro_f1) for name, key in _MACRO.items()}
    return found.kept[COMPLAINT].answers.figures | means | {"train_seconds": found.seconds}


def _words_of(text: str) -> str:
    """What makes two messages the same: their words without the addressed accounts, links and signs."""
    kept = " ".join(word for word in fold(text).split() if not word.startswith(("@", "http", "#")))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in kept).split())
