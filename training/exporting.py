"""The gate of an exported model: it is let through where it is as good as the trained one on dev.

Arithmetic in int8 moves logits a little, and thresholds that were the best for the trained model need not be so for its
export: each has its own, chosen on the same contacts in the same way. Over all contacts the loss itself is judged; in a
written form, where one contact weighs more, the loss must also be more than chance explains (`low`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from voc.config import Config, ExportSettings, PromotionSettings
from voc.data.workspace import Workspace, write_atomically
from voc.errors import ExportError, InputError, WorkspaceError
from voc.labels import Split
from voc.models.calibration import IDENTITY, calibrated
from voc.models.compatibility import taxonomy_gap
from voc.models.decisions import Decisions
from voc.models.export import export_graphs
from voc.models.exported import PRECISIONS, REPORT, Exported, Precision, export_manifest
from voc.models.facts import Facts, read_facts
from voc.models.folder import Model, load_model
from voc.models.manifest import DECISIONS, EXPORT, REFUSED
from voc.models.metrics import TaskQuality, task_quality
from voc.models.onnx_predict import OnnxPredictor
from voc.models.predictions import Predictions
from voc.models.storage import write_json, write_whole
from voc.models.tasks import Floats, Task
from voc.training.evaluate import choose_decisions, truth_of
from voc.training.labelled import LabelledSet, labelled_sets
from voc.training.promote import ALL, Judged, compare_decisions
from voc.training.seed import for_decisions

PrecisionName = Literal["auto", "int8", "fp32"]
Progress = Callable[[str, float], None]
_Value = TypeVar("_Value")
_LOOKED_AT = 200  # train contacts in which int8 looks for large activations


@dataclass(frozen=True)
class GateLine:
    """One task over all contacts, or in one written form: `trained` and `exported` hold macro-F1 and ECE.

    `agreement` is the share of contacts about which both decide the same. `low` bounds the loss from below, together
    with those of all other lines (paired bootstrap, as in training.promote). A task without labels has no rows.
    """

    task: str
    where: str
    rows: int
    agreement: float
    trained: dict[str, float]
    exported: dict[str, float]
    low: float

    @property
    def loss(self) -> float:
        """Macro-F1 that the export loses; below zero where it gains."""
        return self.trained.get("macro_f1", 0.0) - self.exported.get("macro_f1", 0.0)

    def refused(self, settings: ExportSettings) -> bool:
        """Whether it loses more than it may, with contacts enough to say so."""
        too_much = self.rows >= settings.least_rows and self.loss > settings.margin
        return too_much and (self.where == ALL or self.low > 0)


@dataclass(frozen=True)
class GateReport:
    """An export beside the model that it was made of."""

    version: str
    precision: Precision
    contacts: int
    cosine_mean: float
    cosine_least: float
    lines: tuple[GateLine, ...]
    settings: ExportSettings

    @property
    def refusal(self) -> str | None:
        """What it loses too much of, and where; None where it may be used."""
        found = [
            f"{line.task} ({line.where}) loses {line.loss * 100:.2f} points of macro-F1 "
            f"on {line.rows:,} contacts, {self.settings.margin * 100:.2f} are allowed"
            for line in self.lines
            if line.refused(self.settings)
        ]
        if self.cosine_mean < self.settings.least_cosine:
            found.append(f"mean cosine of vectors {self.cosine_mean:.5f}, {self.settings.least_cosine:.5f} is needed")
        return "; ".join(found) or None

    @property
    def largest_loss(self) -> float:
        """Most macro-F1 lost by any task over all contacts; not below zero."""
        judged = (line for line in self.lines if line.where == ALL and line.rows >= self.settings.least_rows)
        return max([0.0, *(line.loss for line in judged)])

    def to_json(self) -> dict[str, object]:
        """All of it as plain values."""
        found = {"settings": self.settings.model_dump(), "largest_loss": self.largest_loss, "refusal": self.refusal}
        return asdict(self) | found


def precision_named(name: str) -> PrecisionName:
    """The name, checked. Raises InputError."""
    if name != "auto" and name not in PRECISIONS:
        raise InputError(f"--precision: expected one of auto, {', '.join(PRECISIONS)}, got {name!r}")
    return name  # type: ignore[return-value]  # just compared with all of them


def export(
    workspace: Workspace,
    version: str | None = None,
    precision: PrecisionName = "auto",
    progress: Progress = lambda what, share: None,
) -> tuple[GateReport, ...]:
    """Export a model (None: the current one) and put the export into its folder where it passes the gate.

    `auto` tries int8 and then fp32. Returns the reports, that of the published export last. It is kept in the
    export's folder; the last one that was refused is `onnx-refused.json`. Raises ExportError where none passes: an
    earlier export stays as it is.
    """
    version = version or workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model yet; train one with: voc train")
    folder = workspace.models / version
    facts = read_facts(folder)
    gap = taxonomy_gap(folder, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(f"model {version} was made for other contact reasons: {gap}; train one for these first")
    progress("reading the labelled contacts", 0.0)
    sets = labelled_sets(workspace.lake, facts.tasks, facts.speakers)
    model = load_model(folder)
    progress("the trained model reads dev", 0.1)
    config, dev = workspace.config, sets[Split.DEV]
    deciding = for_decisions(dev, facts.tasks, config.training)
    trained = model.predictor().predict(dev.texts, dev.languages)

    def judge(graphs: Path, each: Precision) -> tuple[Decisions, GateReport]:
        progress(f"{each}: the export reads dev", 0.6)
        found = OnnxPredictor(Exported(folder, graphs, facts, each)).predict(deciding.texts, deciding.languages)
        decisions = own_decisions(facts, found, deciding, config) if each == "int8" else facts.decisions
        mine = found.take(np.arange(len(dev)))
        return decisions, compare(facts, each, dev, (trained, facts.decisions), (mine, decisions), config.export)

    texts = sets[Split.TRAIN].sample(_LOOKED_AT, 13).texts
    reports: list[GateReport] = []
    for each in PRECISIONS if precision == "auto" else (precision,):
        progress(f"{each}: graphs", 0.4)
        reports.append(_publish(model, facts, folder, each, texts, partial(judge, each=each)))
        if reports[-1].refusal is None:
            return tuple(reports)
    raise ExportError(_refusal(reports, precision))


def own_decisions(facts: Facts, found: Predictions, deciding: LabelledSet, config: Config) -> Decisions:
    """The best calibration and thresholds for what an export says about `deciding`. Tasks that have hardly any labels
    there keep the trained model's."""
    chosen = choose_decisions(found, facts.tasks, deciding, config.training.false_unknown)
    labelled = {
        task.name
        for task in facts.tasks
        if (~np.isnan(deciding.targets(task)).any(axis=1)).sum() >= config.export.least_rows
    }

    def merged(trained: Mapping[str, _Value], own: Mapping[str, _Value]) -> dict[str, _Value]:
        return {**trained, **{name: value for name, value in own.items() if name in labelled}}

    old = facts.decisions
    return Decisions(
        merged(old.thresholds, chosen.thresholds),
        merged(old.calibration, chosen.calibration),
        merged(old.floors, chosen.floors),
    )


Said = tuple[Predictions, Decisions]
"""What a model says of a labelled set, and how that becomes decisions."""


def compare(
    facts: Facts, precision: Precision, dev: LabelledSet, trained: Said, exported: Said, settings: ExportSettings
) -> GateReport:
    """Both models' predictions of a labelled set beside each other, each decided by its own decisions."""
    cosines = (trained[0].embeddings * exported[0].embeddings).sum(axis=1)
    pairs = [_Pair.of(task, dev, trained, exported) for task in facts.tasks]
    promotion = PromotionSettings(least_support=settings.least_rows)
    judged = [pair.judged for pair in pairs if len(pair.rows)]
    high = {(line.task, line.where): line.high for line in compare_decisions(judged, dev.languages, promotion)}
    lines = tuple(line for pair in pairs for line in pair.lines(dev.languages, high))
    return GateReport(
        facts.version, precision, len(dev), float(cosines.mean()), float(cosines.min()), lines, settings
    )  # fmt: skip


class _Refused(Exception):
    """Carries the report out of the making of a folder that must not be."""

    def __init__(self, report: GateReport) -> None:
        self.report = report


def _publish(
    model: Model,
    facts: Facts,
    folder: Path,
    precision: Precision,
    texts: Sequence[str],
    judge: Callable[[Path], tuple[Decisions, GateReport]],
) -> GateReport:
    reports: list[GateReport] = []

    def fill(place: Path) -> None:
        export_graphs(model, place, precision, texts)
        decisions, report = judge(place)
        if report.refusal is not None:
            raise _Refused(report)
        write_json(place / DECISIONS, asdict(decisions))
        write_json(place / REPORT, report.to_json())
        reports.append(report)

    # Made outside the model folder, in which nothing strange may stand even for a moment.
    manifest = export_manifest(facts, precision)
    try:
        write_whole(folder / EXPORT, manifest, fill, "an export", workshop=folder.parent, replace=True)
    except _Refused as refused:
        text = json.dumps(refused.report.to_json(), indent=1, ensure_ascii=False)
        write_atomically(folder.parent / f".{REFUSED}", text + "\n")
        (folder.parent / f".{REFUSED}").replace(folder / REFUSED)
        return refused.report
    return reports[0]


def _refusal(reports: Sequence[GateReport], precision: PrecisionName) -> str:
    parts = "; ".join(f"{report.precision}: {report.refusal}" for report in reports)
    hint = "; try: voc export --precision fp32" if precision == "int8" else ""
    return f"model {reports[0].version}: the export loses too much ({parts}){hint}"


@dataclass(frozen=True)
class _Pair:
    """What the trained and the exported model decide in one task: (all contacts, labels) probabilities and decisions of
    each, and of the `rows` with a label the truth."""

    task: Task
    rows: npt.NDArray[np.int64]
    truth: npt.NDArray[np.bool_]
    sure: tuple[Floats, Floats]
    said: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]

    @classmethod
    def of(cls, task: Task, dev: LabelledSet, trained: Said, exported: Said) -> "_Pair":
        targets = dev.targets(task)
        rows = np.flatnonzero(~np.isnan(targets).any(axis=1))
        mine, theirs = (
            calibrated(task, found.logits[task.name], own.calibration.get(task.name, IDENTITY), dev.languages)
            for found, own in (trained, exported)
        )
        said = (trained[1].decide(task, mine), exported[1].decide(task, theirs))
        return cls(task, rows, truth_of(task, targets[rows]), (mine, theirs), said)

    @property
    def judged(self) -> Judged:
        """The same for a comparison by bootstrap."""
        mine, theirs = (each[self.rows] for each in self.said)
        return Judged(self.task.name, self.task.labels, self.rows, self.truth, mine, theirs)

    def lines(self, languages: Sequence[str], high: Mapping[tuple[str, str], float]) -> Iterator[GateLine]:
        """Over all contacts and by written form; `high` bounds what the export gains there, from above."""
        names, same = np.asarray(languages), (self.said[0] == self.said[1]).all(axis=1)
        for where in [ALL, *sorted(set(names.tolist()))]:
            here: npt.NDArray[np.bool_] = np.ones(len(names), np.bool_) if where == ALL else names == where
            own = here[self.rows]
            figures: tuple[dict[str, float], ...] = ({}, {})
            if own.any():
                rows = self.rows[own]
                figures = tuple(
                    _headline(task_quality(self.task, self.truth[own], said[rows], sure[rows]))
                    for said, sure in zip(self.said, self.sure, strict=True)
                )
            low = -high.get((self.task.name, where), 0.0)
            agreement = float(same[here].mean())
            yield GateLine(self.task.name, where, int(own.sum()), agreement, figures[0], figures[1], low)


def _headline(quality: TaskQuality) -> dict[str, float]:
    return {"macro_f1": quality.macro_f1, "ece": quality.ece}
