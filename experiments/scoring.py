"""`voc bench scoring`: the scoring engine beside three transformers pipelines on real transcripts."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, pipeline

from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import copied, watched
from voc.experiments.suites.multidogo import conversations
from voc.experiments.suites.star import dialogues
from voc.inference.engine import Engine, Texts, open_engine
from voc.labels import Split
from voc.models.encoder import without_pooler
from voc.models.export import export_graphs
from voc.models.exported import Exported, is_exported, load_exported
from voc.models.folder import Model, load_model
from voc.models.manifest import read_manifest
from voc.models.onnx_predict import OnnxEncoder, OnnxPredictor, OnnxTokenizer
from voc.models.reading import Segmented
from voc.models.registry import RunLog
from voc.models.threads import one_thread
from voc.training.evaluate import Report, report_of
from voc.training.exporting import calibrating_texts, compare
from voc.training.labelled import LabelledSet, labelled_sets

SEED = 13
TOKENS = 128
PIPELINES = 3  # reasons, sentiment, churn: a model each, as they are usually put together
_STUDENT = "student_"
_MANY = 10_000  # contacts that an engine is told to expect, so that it starts its processes


@dataclass(frozen=True)
class Sizes:
    """How much is measured: so many rounds, in each of them so many texts for the engine and for the pipelines, and
    contacts in the whole batch whose memory is watched."""

    rounds: int = 5
    texts: int = 600
    pipeline_texts: int = 40
    contacts: int = 4096


def scoring(workspace: Workspace, data: Path, progress: Progress, run: RunLog, sizes: Sizes = Sizes()) -> BenchResult:
    """Speed, memory, start and loss of the exported current model, and of its student where one is exported.

    All sides read the same transcripts, are warmed, and take turns; the ratio is that of the medians of their texts a
    second. Raises WorkspaceError without a model, ModelFolderError without an export.
    """
    folder = workspace.models / workspace.required_model()
    exported = load_exported(folder)
    progress("reading the transcripts", 0.0)
    texts = transcripts(data, exported.facts.speakers, sizes.rounds * sizes.texts)
    figures: dict[str, float] = {"start_seconds": start_seconds(folder, texts[:8])}
    progress("a whole batch", 0.1)
    figures |= batch_figures(workspace, sizes.contacts)
    model = load_model(folder)
    progress("efficiency", 0.3)
    figures |= efficiency(exported, model, texts)
    student = newest_student(workspace, exported.facts.version)
    with ExitStack() as opened:
        named = {"": exported} | ({_STUDENT: student} if student else {})
        engines = {
            prefix: opened.enter_context(open_engine(each.folder, workspace.config.scoring, "onnx", _MANY))
            for prefix, each in named.items()
        }
        figures |= ratios(
            engines, _pipelines(model), texts, sizes, lambda share: progress("rounds", 0.35 + 0.6 * share)
        )
    figures["unique_segments"] = unique_share(texts)
    progress("what int8 loses", 0.97)
    figures |= losses(workspace, model, exported, student)
    run.table("scoring", figures)
    context = machine_context() | {
        "data": f"{len(texts):,} transcripts of STAR and MultiDoGO in equal parts; memory on contacts of the workspace",
        "model": exported.facts.version, "precision": exported.precision,
        "student": student.facts.version if student else None,
        "student_precision": student.precision if student else None, "sizes": vars(sizes), "seed": SEED,
    }  # fmt: skip
    return BenchResult("scoring", figures, context)


def transcripts(data: Path, speakers: str, count: int) -> list[str]:
    """A seeded draw of transcripts as the model reads them, STAR's and MultiDoGO's in equal parts, mixed.

    Raises InputError without the data, or with fewer than `count`.
    """
    star = [contact_text(dialogue["turns"], speakers) for dialogue in dialogues(data)]
    both = [sorted(filter(str.strip, set(part))) for part in (star, (row.text for row in conversations(data)))]
    draw = random.Random(SEED)
    if any(len(part) < count - count // 2 for part in both):
        raise InputError(f"{data}: expected at least {count:,} transcripts, got {sum(map(len, both)):,}")
    found = draw.sample(both[0], count // 2) + draw.sample(both[1], count - count // 2)
    draw.shuffle(found)
    return found


def newest_student(workspace: Workspace, teacher: str) -> Exported | None:
    """The newest exported model that was distilled from `teacher`; None where there is none."""
    versions = sorted((path.name for path in workspace.models.iterdir() if is_exported(path)), reverse=True)
    students = (name for name in versions if read_manifest(workspace.models / name).teacher == teacher)
    newest = next(students, None)
    return load_exported(workspace.models / newest) if newest else None


def ratios(
    engines: Mapping[str, Engine],
    rivals: Sequence[Callable[[Sequence[str]], object]],
    texts: Sequence[str],
    sizes: Sizes,
    progress: Callable[[float], None],
) -> dict[str, float]:
    """Texts a second of the pipelines and of each engine, whose figures begin with its name, and their ratio to the
    pipelines', medians over rounds in which all take turns.

    A round's texts for the pipelines are some of those for the engines, which need more of them to fill their
    processes.
    """
    begins = range(0, sizes.rounds * sizes.texts, sizes.texts)
    rounds = [list(texts[begin : begin + sizes.texts]) for begin in begins]
    for engine in engines.values():
        _engine_seconds(engine, rounds[0])
    _pipeline_seconds(rivals, rounds[0][:4])
    ours: dict[str, list[float]] = {name: [] for name in engines}
    theirs = []
    for number, part in enumerate(rounds):
        for name, engine in engines.items():
            ours[name].append(len(part) / _engine_seconds(engine, part))
        some = part[:: max(1, len(part) // sizes.pipeline_texts)][: sizes.pipeline_texts]
        theirs.append(len(some) / _pipeline_seconds(rivals, some))
        progress((number + 1) / len(rounds))
    other = _spread("pipelines.", theirs)
    found = {f"{name}ratio_to_pipelines": float(np.median(rates) / np.median(theirs)) for name, rates in ours.items()}
    return found | other | {key: value for name, rates in ours.items() for key, value in _spread(name, rates).items()}


def _spread(prefix: str, rates: Sequence[float]) -> dict[str, float]:
    name = f"{prefix}texts_per_second"
    return {name: float(np.median(rates)), f"{name}.low": min(rates), f"{name}.high": max(rates)}


def efficiency(exported: Exported, model: Model, texts: Sequence[str], repeats: int = 9) -> dict[str, float]:
    """What the engine does of useful work on texts of 128 tokens, over what this machine does in fp32: on one core
    each, the better of several, taking turns."""
    long = replace(exported, facts=replace(exported.facts, max_tokens=TOKENS))
    encoder, tokenizer = OnnxEncoder(long), OnnxTokenizer(long)
    joined = [" ".join(texts[place : place + 40]) for place in range(0, min(len(texts), 320), 40)]
    segments = [ids for ids in tokenizer.ids(joined) if len(ids) == TOKENS]
    if not segments:
        raise InputError(f"expected transcripts of {TOKENS} tokens when joined, got shorter ones")
    square = torch.randn(1024, 1024)
    work, limit = [], []
    with torch.inference_mode(), one_thread():
        for _ in range(repeats):
            work.append(_seconds(lambda: encoder.read(segments)) / len(segments))
            limit.append(_seconds(lambda: torch.mm(square, square)))
    useful = encoder_gflop(model.classifier.config.encoder, TOKENS) / min(work)
    most = 2 * 1024**3 / 1e9 / min(limit)
    return {f"efficiency_{TOKENS}": useful / most, "useful_gflops": useful, "fp32_gflops": most}


def encoder_gflop(config: Mapping[str, Any], tokens: int) -> float:
    """Multiplications and additions of an encoder's products for one text, in 10^9."""
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * tokens * (4 * width * width + 2 * width * inner)
    attention = 4 * tokens * tokens * width
    return float(layers * (linear + attention) / 1e9)


_START = """
import sys
from pathlib import Path
from voc.config import ScoringSettings
from voc.inference.engine import Texts, open_engine
if __name__ == "__main__":
    with open_engine(Path(sys.argv[1]), ScoringSettings(), "onnx", 10_000) as engine:
        next(iter(engine.read([Texts(sys.argv[2:])])))
        print("scored", flush=True)
"""


def start_seconds(folder: Path, texts: Sequence[str], repeats: int = 3) -> float:
    """Seconds from the start of a process to its first scores, worker processes included; the median."""
    found = []
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        script = Path(name) / "start.py"
        script.write_text(_START, encoding="utf-8")
        for _ in range(repeats):
            begin = time.perf_counter()
            command = [sys.executable, str(script), str(folder.resolve()), *texts]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                if process.stdout.readline().strip() != "scored":
                    raise InputError(f"{folder}: expected an engine that starts, got none")
                found.append(time.perf_counter() - begin)
    return float(np.median(found))


def batch_figures(workspace: Workspace, contacts: int) -> dict[str, float]:
    """`voc score` over so many contacts of the workspace, in a copy: peak memory of all its processes, contacts a
    second. Shared pages count once (proportional set size)."""
    rows = workspace.lake.query("SELECT * FROM contacts ORDER BY contact_id LIMIT $most", {"most": contacts})
    with copied(workspace) as copy:
        copy.lake.append("contacts", rows)
        took = watched(["score", "--engine", "onnx", "--workspace", str(copy.root)])
    found = {"batch.contacts": float(rows.num_rows), "batch.per_second": rows.num_rows / took.seconds}
    return {"peak_rss_mb": took.peak_mb, **found}


def unique_share(texts: Sequence[str]) -> float:
    """Segments that are read, over all segments of the texts."""
    read = Segmented.of(texts)
    return len(read.unique) / max(1, int((read.rows >= 0).sum()))


def losses(workspace: Workspace, model: Model, exported: Exported, student: Exported | None) -> dict[str, float]:
    """Macro-F1 (0 to 1) that int8 loses on the labelled contacts of the test split, which no gate ever saw: of each
    task over all contacts and by written form, and the most over all contacts under `int8_macro_f1_loss`; and what it
    is expected to lose there. Where another export is in use, int8's graphs are made for it. And what the exported
    student, where there is one, is below the trained model: see `student_losses`.

    Raises TrainingError where nothing is labelled.
    """
    facts, settings = exported.facts, workspace.config.export
    sets = labelled_sets(workspace.lake, facts.tasks, facts.speakers)
    test = sets[Split.TEST]
    with tempfile.TemporaryDirectory(prefix="voc-int8-") as folder:
        if exported.precision != "int8":
            export_graphs(model, Path(folder), "int8", calibrating_texts(sets[Split.TRAIN]))
            exported = replace(exported, graphs=Path(folder), precision="int8")
        found = OnnxPredictor(exported).predict(test.texts, test.languages)
    trained = model.predictor().predict(test.texts, test.languages)
    report = compare(facts, "int8", test, test.languages, trained, found, settings)
    figures = {
        f"int8_loss.{line.task}.{line.where}": line.loss for line in report.lines if line.rows >= settings.least_rows
    }
    figures |= {
        "int8_macro_f1_loss": report.largest_loss,
        "int8_expected_loss": report.largest_expected_loss,
        "int8_cosine": report.cosine_mean,
    }
    if student is None:
        return figures
    return figures | student_losses(report_of(trained, facts.tasks, test, model.decisions), test, student)


def student_losses(teacher: Report, test: LabelledSet, student: Exported) -> dict[str, float]:
    """Macro-F1 (0 to 1) that the exported student is below its trained teacher's on `test`, each with its own
    thresholds: of each task over all contacts, and the most of them."""
    found = OnnxPredictor(student).predict(test.texts, test.languages)
    own = report_of(found, student.facts.tasks, test, student.facts.decisions)
    lost = {name: teacher.tasks[name].whole.macro_f1 - report.whole.macro_f1 for name, report in own.tasks.items()}
    return {f"student_loss.{name}": value for name, value in lost.items()} | {
        "student_macro_f1_loss": max([0.0, *lost.values()])
    }


def _pipelines(model: Model) -> list[Callable[[Sequence[str]], object]]:
    """Three classifiers on the same encoder in fp32, each with an own head, as transformers.pipeline runs them."""
    encoder = model.classifier.encoder
    found = []
    for _ in range(PIPELINES):
        whole = AutoModelForSequenceClassification.from_config(encoder.config)
        base = getattr(whole, whole.base_model_prefix)
        base.load_state_dict(encoder.state_dict(), strict=not without_pooler(encoder.config))
        found.append(pipeline("text-classification", model=whole.eval(), tokenizer=model.tokenizer, truncation=True))
    return found


def _engine_seconds(engine: Engine, texts: Sequence[str]) -> float:
    return _seconds(lambda: list(engine.read([Texts(texts)])))


def _pipeline_seconds(rivals: Sequence[Callable[[Sequence[str]], object]], texts: Sequence[str]) -> float:
    return _seconds(lambda: [rival(list(texts)) for rival in rivals])


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
