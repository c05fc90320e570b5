"""`voc distil`: a smaller model that answers as the current one does, for when nights or machines are small.

The student needs no labels. It reads contacts of the lake and the seed corpus, in all written forms, and learns what
the teacher makes of them. Contacts of dev and test are kept back: dev settles its calibration and thresholds, as in a
training, and on test it is measured beside its teacher.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from voc.config import DistillationSettings
from voc.data.lake import Lake
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import TrainingError, WorkspaceError
from voc.labels import Split
from voc.models.classifier import Classifier
from voc.models.compatibility import taxonomy_gap
from voc.models.folder import Model, load_model, save_model
from voc.models.manifest import new_manifest
from voc.models.precision import fastest_precision
from voc.models.predict import Predictor
from voc.models.predictions import Predictions
from voc.models.reading import segment_spans
from voc.models.registry import Registry, RunLog
from voc.training.card import distilled_card
from voc.training.evaluate import Report, evaluate, report_of
from voc.training.fit import Judge, Progress
from voc.training.labelled import LabelledSet, labelled_sets
from voc.training.quality import quality_of
from voc.training.seed import FORMS, assumed_shares, for_decisions, seed_contacts
from voc.training.student import Lesson, learn, student_of

_NOT_JUDGING = """
    SELECT turns FROM contacts
    WHERE contact_id NOT IN (SELECT contact_id FROM labels WHERE split IN ('dev', 'test'))
    ORDER BY hash(contact_id, $seed), contact_id LIMIT $most
"""


@dataclass(frozen=True)
class Material:
    """Texts to learn from: so many `contacts` of the lake, the rest `seeds`, with so many different `segments`."""

    texts: list[str]
    contacts: int
    segments: int

    @property
    def seeds(self) -> int:
        """How many of them are texts of the seed corpus."""
        return len(self.texts) - self.contacts

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {"contacts": self.contacts, "seeds": self.seeds, "segments": self.segments}

    @property
    def digest(self) -> str:
        """Fingerprint of the texts."""
        return hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class DistilSummary:
    """A student and its teacher.

    `before` and `after` the training say how alike the two read dev: see `likeness`. `test` and `teacher_test` are
    their figures on the same contacts.
    """

    version: str
    folder: Path
    teacher: str
    layers: int
    teacher_layers: int
    material: Material
    before: Mapping[str, float]
    after: Mapping[str, float]
    dev: Report
    test: Report
    teacher_test: Report
    seconds: float

    @property
    def lost(self) -> dict[str, float]:
        """Macro-F1 on test that the student is below its teacher, by `task.language` and `task.all`; less than zero
        where it is above."""
        found = {}
        for task, report in self.test.tasks.items():
            teacher = self.teacher_test.tasks[task]
            found[f"{task}.all"] = teacher.whole.macro_f1 - report.whole.macro_f1
            for language, quality in report.by_language.items():
                found[f"{task}.{language}"] = teacher.by_language[language].macro_f1 - quality.macro_f1
        return found


def distil(
    workspace: Workspace, layers: int | None = None, progress: Progress = lambda what, share: None
) -> DistilSummary:
    """Distil the workspace's current model into one with fewer layers, saved and registered as a new version.

    `layers` overrules the setting. People go on seeing the teacher's scores until the student is promoted. Raises
    WorkspaceError without a model or where the taxonomy has changed since it was made; TrainingError where it has no
    more layers than that, and where the lake has no contacts to learn from, or none to judge by.
    """
    settings = workspace.config.distillation
    if layers is not None:
        settings = settings.model_copy(update={"layers": layers})
    teacher = _teacher(workspace)
    student = student_of(teacher.classifier, settings.layers)
    speakers = teacher.classifier.config.speakers
    material = _material(workspace.lake, speakers, settings)
    sets = labelled_sets(workspace.lake, teacher.classifier.tasks, speakers)
    registry = Registry(workspace.tracking_uri, workspace.config.tracking.experiment)
    with registry.run("distil", {"encoder": teacher.manifest.encoder, "teacher": teacher.version}) as run:
        run.parameters({"teacher": teacher.version, "distillation": settings.model_dump()})
        return _distil_on(material, sets, teacher, student, settings, workspace, run, progress)


def likeness(found: Predictions, goal: Predictions) -> dict[str, float]:
    """How alike two models read the same texts: the mean `cosine` of their vectors, seen from the middle of `goal`'s,
    and by task as `same.<task>` how often the same label comes first."""
    middle = goal.embeddings.mean(axis=0)
    own, others = found.embeddings - middle, goal.embeddings - middle
    lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(others, axis=1)
    figures = {"cosine": float(((own * others).sum(axis=1) / np.maximum(lengths, 1e-9)).mean())}
    for task, values in goal.probabilities.items():
        same = found.probabilities[task].argmax(axis=1) == values.argmax(axis=1)
        figures[f"same.{task}"] = float(same.mean())
    return figures


def _distil_on(
    material: Material,
    sets: Mapping[Split, LabelledSet],
    teacher: Model,
    student: Classifier,
    settings: DistillationSettings,
    workspace: Workspace,
    run: RunLog,
    progress: Progress,
) -> DistilSummary:
    """Teach the student, settle its decisions on dev, measure it on test beside its teacher, save and log it."""
    begin = time.perf_counter()
    training, taxonomy, tokenizer = workspace.config.training, workspace.taxonomy, teacher.tokenizer
    dev, test = sets[Split.DEV], sets[Split.TEST]
    run.dataset("unlabelled", material.digest, "training", material.counts)
    run.dataset("dev", dev.digest, "validation", {"rows": len(dev)})
    run.dataset("test", test.digest, "testing", {"rows": len(test)})
    progress("reading dev", 0.0)
    pupil = Predictor(student, tokenizer)
    goal = Predictor(teacher.classifier, tokenizer).predict(dev.texts)
    before = likeness(pupil.predict(dev.texts), goal)
    progress("reading with the teacher", 0.0)
    lesson = Lesson.of(material.texts, teacher.classifier, tokenizer)
    bf16 = fastest_precision(student, training.bf16)
    run.parameters({"bf16": bf16})
    mark = _fingerprint(teacher.version, settings, material)
    learn(student, lesson, tokenizer, settings, run, progress, workspace.models / f".distilling-{mark}", bf16)
    progress("judging on dev and test", 1.0)
    deciding, shares = for_decisions(dev, pupil.tasks, training), assumed_shares(dev, pupil.tasks, training)
    judge = Judge(pupil.tasks, dev, deciding, training.false_unknown, shares)
    decisions, on_dev = judge.judge(pupil)
    found = pupil.predict(test.texts)
    quality = quality_of(found, pupil.tasks, sets, decisions, workspace.config.company.synthetic)
    made = new_manifest(teacher.manifest.encoder, taxonomy.version, taxonomy.digest, mark)
    summary = DistilSummary(
        version=made.version,
        folder=workspace.models / made.version,
        teacher=teacher.version,
        layers=student.layers,
        teacher_layers=teacher.classifier.layers,
        material=material,
        before=before,
        after=likeness(pupil.predict(dev.texts), goal),
        dev=on_dev,
        test=report_of(found, pupil.tasks, test, decisions),
        teacher_test=evaluate(teacher.predictor(), test, teacher.decisions),
        seconds=time.perf_counter() - begin,
    )
    manifest = replace(made, teacher=teacher.version)
    depths = (summary.layers, summary.teacher_layers)
    card = distilled_card(manifest, depths, material.counts, settings.seed, on_dev, summary.test, summary.teacher_test)
    save_model(Model(manifest, student, tokenizer, decisions), summary.folder, card, quality)
    _log(run, summary)
    return summary


def _log(run: RunLog, summary: DistilSummary) -> None:
    for report in (summary.dev, summary.test):
        run.metrics(report.flat())
    run.metrics({f"teacher.{name}": value for name, value in summary.teacher_test.flat().items()})
    run.metrics({f"lost.{name}": value for name, value in summary.lost.items()})
    for name, value in summary.before.items():
        run.metrics({f"likeness.{name}.before": value, f"likeness.{name}.after": summary.after[name]})
    run.metrics({"distil_seconds": summary.seconds})
    run.table("report-test", summary.test.to_json())
    run.table("report-test-teacher", summary.teacher_test.to_json())
    run.model(summary.folder)


def _fingerprint(teacher: str, settings: DistillationSettings, material: Material) -> str:
    """What a distillation depends on: one that was interrupted goes on only where all of it is still the same."""
    parts = [teacher, settings.model_dump_json(), material.digest]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _teacher(workspace: Workspace) -> Model:
    version = workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model to distil yet; train one with: voc train")
    gap = taxonomy_gap(workspace.models / version, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(
            f"model {version} was made for other contact reasons: {gap}; train and promote one for these first"
        )
    return load_model(workspace.models / version)


def _material(lake: Lake, speakers: str, settings: DistillationSettings) -> Material:
    """Contacts of the lake and texts of the seed corpus, in turn, both in a seeded order."""
    rows = lake.query(_NOT_JUDGING, {"seed": settings.seed, "most": settings.most_segments})
    own = list(dict.fromkeys(text for turns in rows["turns"].to_pylist() if (text := contact_text(turns, speakers))))
    if not own:
        raise TrainingError(
            "contacts: expected contacts outside of dev and test to learn from, got none; store some with: voc ingest"
        )
    seeds = [contact.texts[form] for contact in seed_contacts() if contact.split == Split.TRAIN for form in FORMS]
    drawn = [seeds[place] for place in np.random.default_rng(settings.seed).permutation(len(seeds))]
    known, segments = set(own), set[str]()
    in_turn = chain.from_iterable(zip_longest(own, (text for text in drawn if text not in known)))
    texts = list(_within((text for text in in_turn if text is not None), settings.most_segments, segments))
    return Material(texts, sum(text in known for text in texts), len(segments))


def _within(texts: Iterable[str], most: int, segments: set[str]) -> Iterator[str]:
    """Texts for as long as they have at most so many different segments together; `segments` gathers these."""
    for text in texts:
        found = {text[begin:end] for begin, end in segment_spans(text)}
        if len(segments | found) > most:
            return
        segments |= found
        yield text
