"""STAR: every dialogue through the whole line; reasons learnt and judged on the single-task ones."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voc.config import EncoderSettings, TrainingSettings
from voc.data.ingest import ingest
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.quality import judge_rivals, reader_of, single_judge
from voc.experiments.rivals import Tfidf
from voc.experiments.sets import json_lines
from voc.inference.score import score
from voc.inference.themes import themes
from voc.labels import Split, TaskName
from voc.models.folder import load_model
from voc.models.predict import Predictor
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.training.labelled import labelled_sets
from voc.training.train import train_on

TRAINING = TrainingSettings(speakers="everyone", max_tokens=64, epochs=1, seed_forms=0, switched_forms=0, seed=13)
"""One epoch is enough: the heads start from the untouched encoder's vectors, and the task is an easy one."""

_FIELDS = {"id": int, "tasks": list, "multitask": bool, "completion": str, "turns": list}


def star(
    data: Path, progress: Progress, run: RunLog, settings: TrainingSettings = TRAINING, keep: Path | None = None
) -> BenchResult:
    """Ingest every dialogue, train on the complete single-task ones, judge, score and find themes in all.

    The split is fixed by a hash of the dialogue's id. `keep` is a folder for the workspace; None throws it away.
    Raises InputError without the data.
    """
    with tempfile.TemporaryDirectory(prefix="voc-star-") as folder:
        return _star(data, progress, run, settings, keep or Path(folder))


def _star(data: Path, progress: Progress, run: RunLog, settings: TrainingSettings, root: Path) -> BenchResult:
    progress("ingesting", 0.0)
    workspace = star_workspace(data, root)
    dialogues = ingest(workspace, [root / "sources" / "contacts.jsonl"])
    ingest(workspace, [root / "sources" / "labels.jsonl"])
    tasks = (Task(TaskName.REASON, "multilabel", workspace.taxonomy.reason_ids),)
    sets = labelled_sets(workspace.lake, tasks, settings.speakers)
    trained = train_on(sets, tasks, EncoderSettings(), settings, workspace.taxonomy, workspace.models, run, progress)
    workspace.make_current(trained.version)
    model = load_model(trained.folder)
    judge = single_judge(sets[Split.TEST], tasks[0])
    figures = judge(reader_of(Predictor(model.classifier, model.tokenizer), tasks[0]))
    figures |= judge_rivals({"tfidf": Tfidf()}, sets[Split.TRAIN], tasks[0], judge, progress)
    progress("scoring and finding themes in all", 1.0)
    scored = score(workspace)
    grouped = themes(workspace)
    figures |= {
        "dialogues_read": dialogues.read,
        "dialogues_stored": dialogues.stored,
        "dialogues_quarantined": dialogues.quarantined,
        "train_rows": len(sets[Split.TRAIN]),
        "test_rows": len(sets[Split.TEST]),
        "train_seconds": trained.seconds,
        "scored_per_second": scored.per_second,
        "themes": len(grouped.themes),
        "themes_unassigned_share": grouped.unassigned_share,
    }
    context = machine_context() | {
        "data": "STAR, all dialogues; labels: complete single-task dialogues of at least 4 turns, split by dialogue",
        "training": settings.model_dump(),
        "seed": settings.seed,
    }
    return BenchResult("quality star", figures, context)


def star_workspace(data: Path, root: Path) -> Workspace:
    """Write the dialogues in our own formats, with a taxonomy of their tasks."""
    found = list(dialogues(data))
    names = sorted({dialogue["tasks"][0] for dialogue in found if is_single(dialogue)})
    groups = sorted({name.split("_")[0] for name in names})
    taxonomy = ['version = "star"', *(f'[groups.{group}]\nname = "{group}"' for group in groups)]
    taxonomy += [
        f'[reasons.{name}]\ngroup = "{name.split("_")[0]}"\nname = "{name}"\ndefinition = "STAR task"\n'
        'journey = "use"\nowner = "none"\nclass = "keep"'
        for name in names
    ]
    settings = '[company]\nname = "STAR"\ntimezone = "UTC"\n[ingest]\nmax_characters = 1000000\n'
    workspace = Workspace.create(root, settings, "\n".join(taxonomy))
    sources = root / "sources"
    sources.mkdir(exist_ok=True)
    with (sources / "contacts.jsonl").open("w", encoding="utf-8") as contacts:
        contacts.writelines(json.dumps(_contact(dialogue)) + "\n" for dialogue in found)
    with (sources / "labels.jsonl").open("w", encoding="utf-8") as labels:
        labels.writelines(json.dumps(_label(dialogue)) + "\n" for dialogue in found if is_single(dialogue))
    return workspace


def dialogues(data: Path) -> Iterator[Mapping[str, Any]]:
    """Every dialogue, as the files have it. Raises InputError."""
    files = sorted((data / "star").glob("star_compact_*.jsonl"))
    if not files:
        raise InputError(f"{data / 'star'}: expected star_compact_*.jsonl, got no such file")
    for path in files:
        for _, dialogue in json_lines(path, _FIELDS):
            yield dialogue


def is_single(dialogue: Mapping[str, Any]) -> bool:
    """Whether it was led to its end, about one task, in at least four turns."""
    return is_complete(dialogue) and len(dialogue["tasks"]) == 1 and not dialogue["multitask"]


def is_complete(dialogue: Mapping[str, Any]) -> bool:
    """Whether it was led to its end, in at least four turns."""
    return dialogue["completion"] == "Complete" and len(dialogue["turns"]) >= 4


def identity_of(dialogue: Mapping[str, Any]) -> str:
    """Its contact_id, whose hash also fixes its split."""
    return f"star-{dialogue['id']}"


def _contact(dialogue: Mapping[str, Any]) -> dict[str, object]:
    def moment(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).isoformat()

    turns = [{"speaker": turn["speaker"], "text": turn["text"], "at": moment(turn["t"])} for turn in dialogue["turns"]]
    first = dialogue["turns"][0]["t"] if dialogue["turns"] else 0
    return {
        "contact_id": identity_of(dialogue),
        "customer_id": identity_of(dialogue),
        "started_at": moment(first),
        "channel": "chat",
        "language": "en",
        "turns": turns,
    }


def _label(dialogue: Mapping[str, Any]) -> dict[str, object]:
    identity = identity_of(dialogue)
    return {
        "contact_id": identity, "reasons": dialogue["tasks"], "split": split_of(identity), "source": "STAR scenario",
    }  # fmt: skip
