"""The gate of an exported model: it is let through where it is as good as the trained one.

The export decides by the trained model's calibration and thresholds: chosen anew for it, on a thousand contacts, they
move more decisions than its arithmetic does.

A loss of some tenths of a point is less than a thousand labels can show: whether a handful of contacts near a
threshold falls this way or that decides it. So the loss is looked at twice. Against labels it must not be more than is
allowed and than chance explains (`low`). And over many contacts without labels, the trained model's calibrated
probabilities say what macro-F1 the decisions of either may be expected to have (`models.metrics.expected_macro_f1`):
that loss is known closely, leans towards the trained model, and must not be more than is allowed.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from voc.config import ExportSettings, PromotionSettings
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
from voc.models.manifest import EXPORT, REFUSED
from voc.models.metrics import TaskQuality, expected_macro_f1, task_quality
from voc.models.onnx_predict import OnnxPredictor
from voc.models.predictions import Predictions
from voc.models.storage import write_json, write_whole
from voc.models.tasks import Floats, Task
from voc.training.evaluate import truth_of
from voc.training.labelled import LabelledSet, labelled_sets, unlabelled_texts
from voc.training.promote import ALL, Judged, compare_decisions
from voc.training.resampling import resamples

PrecisionName = Literal["auto", "int8", "fp32"]
Progress = Callable[[str, float], None]
_DRAWS = 1000


@dataclass(frozen=True)
class GateLine:
    """One task over all contacts, or in one written form: `trained` and `exported` hold macro-F1 and ECE.

    `contacts` were read, `rows` of them have a label. `agreement` is the share of contacts about which both decide the
    same, `expected_loss` the macro-F1 lost on all of them if the trained model's probabilities are right. `low` and
    `expected_low` bound the two losses from below, together with those of all other lines (paired bootstrap).
    """

    task: str
    where: str
    rows: int
    agreement: float
    trained: dict[str, float]
    exported: dict[str, float]
    low: float
    contacts: int
    expected_loss: float
    expected_low: float

    @property
    def loss(self) -> float:
        """Macro-F1 that the export loses against the labels; below zero where it gains."""
        return self.trained.get("macro_f1", 0.0) - self.exported.get("macro_f1", 0.0)

    def refused(self, settings: ExportSettings) -> bool:
        """Whether it loses more than it may, with contacts enough to say so."""
        return self.refused_by_labels(settings) or self.refused_without(settings)

    def refused_by_labels(self, settings: ExportSettings) -> bool:
        """Whether labels show a loss that is too large, and that chance does not explain."""
        return self.rows >= settings.least_rows and self.loss > settings.margin and self.low > 0

    def refused_without(self, settings: ExportSettings) -> bool:
        """Whether the trained model's own probabilities expect a loss that is too large."""
        too_much = self.contacts >= settings.least_rows and self.expected_loss > settings.margin
        return too_much and (self.where == ALL or self.expected_low > 0)


@dataclass(frozen=True)
class GateReport:
    """An export beside the model that it was made of, by so many `contacts`, the `labelled` among them."""

    version: str
    precision: Precision
    contacts: int
    labelled: int
    cosine_mean: float
    cosine_least: float
    lines: tuple[GateLine, ...]
    settings: ExportSettings

    @property
    def refusal(self) -> str | None:
        """What it loses too much of, and where; None where it may be used."""
        allowed = f"{self.settings.margin * 100:.2f} are allowed"
        found = [
            f"{line.task} ({line.where}) loses {line.loss * 100:.2f} points of macro-F1 "
            f"on {line.rows:,} labelled contacts, {allowed}"
            for line in self.lines
            if line.refused_by_labels(self.settings)
        ]
        found += [
            f"{line.task} ({line.where}) is expected to lose {line.expected_loss * 100:.2f} points of macro-F1 "
            f"on {line.contacts:,} contacts, {allowed}"
            for line in self.lines
            if line.refused_without(self.settings)
        ]
        if self.cosine_mean < self.settings.least_cosine:
            found.append(f"mean cosine of vectors {self.cosine_mean:.5f}, {self.settings.least_cosine:.5f} is needed")
        return "; ".join(found) or None

    @property
    def largest_loss(self) -> float:
        """Most macro-F1 lost by any task over all labelled contacts; not below zero."""
        judged = (line for line in self.lines if line.where == ALL and line.rows >= self.settings.least_rows)
        return max([0.0, *(line.loss for line in judged)])

    @property
    def largest_expected_loss(self) -> float:
        """Most macro-F1 that any task is expected to lose over all contacts; not below zero."""
        return max([0.0, *(line.expected_loss for line in self.lines if line.where == ALL)])

    def to_json(self) -> dict[str, object]:
        """All of it as plain values."""
        return asdict(self) | {
            "settings": self.settings.model_dump(),
            "largest_loss": self.largest_loss,
            "largest_expected_loss": self.largest_expected_loss,
            "refusal": self.refusal,
        }


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
    version = version or workspace.required_model()
    folder = workspace.models / version
    facts = read_facts(folder)
    gap = taxonomy_gap(folder, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(f"model {version} was made for other contact reasons: {gap}; train one for these first")
    progress("reading the labelled contacts", 0.0)
    sets = labelled_sets(workspace.lake, facts.tasks, facts.speakers)
    model = load_model(folder)
    progress("the trained model reads dev and others", 0.1)
    config, dev = workspace.config, sets[Split.DEV]
    others = unlabelled_texts(workspace.lake, config.export.unlabelled, facts.speakers)
    texts = [*dev.texts, *(text for text, _ in others)]
    languages = [*dev.languages, *(form for _, form in others)]
    trained = model.predictor().predict(texts, languages)

    def judge(graphs: Path, each: Precision) -> GateReport:
        progress(f"{each}: the export reads them", 0.6)
        found = OnnxPredictor(Exported(folder, graphs, facts, each)).predict(texts, languages)
        return compare(facts, each, dev, languages, trained, found, config.export)

    looked_at = calibrating_texts(sets[Split.TRAIN])
    reports: list[GateReport] = []
    for each in PRECISIONS if precision == "auto" else (precision,):
        progress(f"{each}: graphs", 0.4)
        reports.append(_publish(model, facts, folder, each, looked_at, partial(judge, each=each)))
        if reports[-1].refusal is None:
            return tuple(reports)
    raise ExportError(_refusal(reports, precision))


def calibrating_texts(train: LabelledSet) -> Sequence[str]:
    """Train contacts by which an int8 export rounds its weights."""
    return train.sample(200, 13).texts


def compare(
    facts: Facts,
    precision: Precision,
    dev: LabelledSet,
    languages: Sequence[str],
    trained: Predictions,
    exported: Predictions,
    settings: ExportSettings,
) -> GateReport:
    """Both models' predictions beside each other: of the labelled contacts of `dev` and then of others, `languages`
    naming the written form of each."""
    cosines = (trained.embeddings * exported.embeddings).sum(axis=1)
    pairs = [_Pair.of(task, facts.decisions, dev, languages, trained, exported) for task in facts.tasks]
    promotion = PromotionSettings(least_support=settings.least_rows)
    judged = [pair.judged for pair in pairs if len(pair.rows)]
    low = {(line.task, line.where): -line.high for line in compare_decisions(judged, dev.languages, promotion)}
    alone = (1 - promotion.confidence) / (len(pairs) * (1 + len(set(languages))))  # of one line, so that all hold
    lines = tuple(line for pair in pairs for line in pair.lines(languages, low, alone))
    return GateReport(
        facts.version, precision, len(languages), len(dev), float(cosines.mean()), float(cosines.min()), lines, settings
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
    judge: Callable[[Path], GateReport],
) -> GateReport:
    reports: list[GateReport] = []

    def fill(place: Path) -> None:
        export_graphs(model, place, precision, texts)
        report = judge(place)
        if report.refusal is not None:
            raise _Refused(report)
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
    each, and of the `rows` with a label, which stand first, the truth."""

    task: Task
    rows: npt.NDArray[np.int64]
    truth: npt.NDArray[np.bool_]
    sure: tuple[Floats, Floats]
    said: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]

    @classmethod
    def of(
        cls,
        task: Task,
        decisions: Decisions,
        dev: LabelledSet,
        languages: Sequence[str],
        trained: Predictions,
        exported: Predictions,
    ) -> "_Pair":
        targets = dev.targets(task)
        rows = np.flatnonzero(~np.isnan(targets).any(axis=1))
        mine, theirs = (
            calibrated(task, found.logits[task.name], decisions.calibration.get(task.name, IDENTITY), languages)
            for found in (trained, exported)
        )
        said = (decisions.decide(task, mine), decisions.decide(task, theirs))
        return cls(task, rows, truth_of(task, targets[rows]), (mine, theirs), said)

    @property
    def judged(self) -> Judged:
        """The same for a comparison by bootstrap."""
        mine, theirs = (each[self.rows] for each in self.said)
        return Judged(self.task.name, self.task.labels, self.rows, self.truth, mine, theirs)

    def lines(self, languages: Sequence[str], low: Mapping[tuple[str, str], float], alone: float) -> Iterator[GateLine]:
        """Over all contacts and by written form; `low` bounds the loss there from below, and so will the expected
        one's quantile `alone`."""
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
            expected, expected_low = self._expected(here, alone)
            yield GateLine(
                self.task.name, where, int(own.sum()), float(same[here].mean()), figures[0], figures[1],
                low.get((self.task.name, where), 0.0), int(here.sum()), expected, expected_low,
            )  # fmt: skip

    def _expected(self, here: npt.NDArray[np.bool_], alone: float) -> tuple[float, float]:
        """Macro-F1 that the export is expected to lose on these contacts, and that quantile of it."""
        believed, said = self.sure[0][here], [each[here] for each in self.said]
        point = np.subtract(*(expected_macro_f1(believed, each) for each in said))
        drawn = np.concatenate(
            [
                np.subtract(*(expected_macro_f1(believed, each, times) for each in said))
                for times in resamples(int(here.sum()), _DRAWS, 13)
            ]
        )
        return float(point[0]), float(np.quantile(drawn, alone))


def _headline(quality: TaskQuality) -> dict[str, float]:
    return {"macro_f1": quality.macro_f1, "ece": quality.ece}
