"""`voc promote` and `voc rollback`: a new model takes the current one's place unless it is worse where it matters.

Both models read the same contacts, the test split, and the same redrawn samples of them (paired bootstrap, Efron and
Tibshirani 1993, chapter 8), so that what is hard for both cancels out. There are dozens of languages and reasons to
look at; if each had an interval of its own, nine in ten models that are just as good would be refused for one of them
by chance. The intervals therefore hold for all lines together (single-step max-t, Westfall and Young 1993, 2.6).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.config import PromotionSettings
from voc.data.lake import Lake
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.errors import ModelFolderError, VocError, WorkspaceError
from voc.labels import Split, TaskName
from voc.models.compatibility import taxonomy_gap
from voc.models.folder import Model, load_model
from voc.models.metrics import Decisions
from voc.models.registry import Registry
from voc.models.tasks import Floats, Task
from voc.training.evaluate import truth_of
from voc.training.fit import Progress
from voc.training.labelled import LabelledSet, labelled_rows, labelled_table
from voc.training.resampling import f1_of, macro_of, resamples

ALL = "all"


class PromotionError(VocError):
    """A model must not become the current one; the message says where it is worse, or which reasons differ."""


@dataclass(frozen=True)
class Judged:
    """What two models decided in one task about the test contacts that have a label of it.

    `rows` are those contacts' places among all; `truth`, `champion` and `challenger` are (rows, labels).
    """

    task: str
    labels: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    truth: Decisions
    champion: Decisions
    challenger: Decisions


@dataclass(frozen=True)
class Line:
    """Both models' figures in one place: macro-F1 over `all` contacts or those of a language, or a reason's F1.

    `contacts` are those that have a label of the task or, for a reason, those that have the reason. `low` and `high`
    bound the difference; each end holds, with the chosen confidence, for all lines together. `alone` is the upper end
    if this were the only line.
    """

    task: str
    where: str
    figure: str
    contacts: int
    champion: float
    challenger: float
    low: float
    high: float
    alone: float

    @property
    def difference(self) -> float:
        """Challenger less champion."""
        return self.challenger - self.champion

    def worse(self, margin: float) -> bool:
        """Whether the challenger is worse by more than the margin, and not by chance."""
        return self.difference < -margin and self.high < 0

    def doubtful(self, margin: float) -> bool:
        """Whether it would be worse if nobody had looked anywhere else: worth a look, no reason to refuse."""
        return self.difference < -margin and self.alone < 0

    def __str__(self) -> str:
        return (
            f"task {self.task}, {self.where}: {self.figure} {self.challenger:.3f} instead of {self.champion:.3f}"
            f" ({self.difference:+.3f}, interval {self.low:+.3f} to {self.high:+.3f}, {self.contacts:,} contacts)"
        )


@dataclass(frozen=True)
class Comparison:
    """A challenger beside the current model. `champion` is None, and there are no lines, where there is none."""

    challenger: str
    champion: str | None
    settings: PromotionSettings
    started_at: datetime
    incompatible: str | None = None
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    test: LabelledSet | None = None

    @property
    def worse(self) -> tuple[Line, ...]:
        """Lines that forbid the promotion, the worst first."""
        found = [line for line in self.lines if line.worse(self.settings.margin)]
        return tuple(sorted(found, key=lambda line: line.difference))

    @property
    def refusal(self) -> str | None:
        """Why the challenger must not be promoted, in one line; None where it may."""
        if self.incompatible is not None:
            return f"model {self.challenger} was made for other contact reasons: {self.incompatible}"
        if not self.worse:
            return None
        more = f"; and {len(self.worse) - 1} more" if len(self.worse) > 1 else ""
        return f"model {self.challenger} is worse than {self.champion}: {self.worse[0]}{more}"


def compare(workspace: Workspace, version: str, progress: Progress = lambda what, share: None) -> Comparison:
    """Let the model `version` and the current one read the labelled contacts of the test split, and compare them.

    Raises WorkspaceError where there is no such version or it is the current one, ModelFolderError where it cannot be
    loaded.
    """
    started_at, settings = datetime.now(UTC), workspace.config.promotion
    if not (workspace.models / version).is_dir():
        raise WorkspaceError(f"{workspace.models}: no model version {version!r}")
    if version == workspace.current_model:
        raise WorkspaceError(f"{workspace.root}: model {version} is the current one already")

    def result(**found: Any) -> Comparison:
        return Comparison(version, workspace.current_model, settings, started_at, **found)

    gap = taxonomy_gap(workspace.models / version, workspace.taxonomy)
    if gap is not None:
        return result(incompatible=gap)
    challenger = load_model(workspace.models / version)
    if workspace.current_model is None:
        return result(notes=("no current model: nothing to compare with",))
    try:
        champion = load_model(workspace.models / workspace.current_model)
    except ModelFolderError as error:
        return result(notes=(f"the current model cannot be read: nothing to compare with ({error})",))
    tasks, notes = common_tasks(champion.classifier.tasks, challenger.classifier.tasks)
    test = _test_set(workspace.lake, tasks, challenger.classifier.config.speakers)
    if len(test) == 0:
        return result(notes=(*notes, "no labels in the test split: nothing to compare on"))
    progress("reading the test contacts", 0.0)
    by_challenger = _decisions(challenger, test, tasks)
    progress("reading them with the current model", 0.45)
    speakers = champion.classifier.config.speakers
    same = speakers == challenger.classifier.config.speakers
    by_champion = _decisions(champion, test if same else _test_set(workspace.lake, tasks, speakers), tasks)
    progress("comparing", 0.9)
    judged = []
    for task in tasks:
        targets = test.targets(task)
        rows = np.flatnonzero(~np.isnan(targets).any(axis=1))
        if len(rows) == 0:
            notes.append(f"task {task.name}: no labels in the test split, so not compared")
            continue
        decided = (by_champion[task.name][rows], by_challenger[task.name][rows])
        judged.append(Judged(task.name, task.labels, rows, truth_of(task, targets[rows]), *decided))
    lines = compare_decisions(judged, test.languages, settings)
    return result(lines=lines, notes=tuple(notes), test=test)


def promote(workspace: Workspace, comparison: Comparison, force: bool = False) -> None:
    """Make the challenger the current model and remember the one before, unless the comparison forbids it.

    Logged as a run `promote` with the table of differences, and in the table `runs`, whatever comes of it. Raises
    PromotionError when it is refused; `force` promotes all the same.
    """
    refusal = comparison.refusal
    outcome = "promoted" if refusal is None else "forced" if force else "refused"
    registry = _registry(workspace)
    with registry.run("promote", {"challenger": comparison.challenger, "outcome": outcome}) as run:
        run.parameters(
            {
                "challenger": comparison.challenger,
                "champion": comparison.champion,
                "outcome": outcome,
                "promotion": comparison.settings.model_dump(),
            }
        )
        if comparison.test is not None:
            run.dataset("test", comparison.test.digest, "testing", {"rows": len(comparison.test)})
        run.metrics({f"difference.{line.task}.{line.where}": line.difference for line in comparison.lines})
        run.table(
            "differences",
            {
                "refusal": refusal,
                "notes": comparison.notes,
                "lines": [asdict(line) | {"difference": line.difference} for line in comparison.lines],
            },
        )
        if outcome != "refused":
            registry.promote(comparison.challenger, workspace.current_model)
            workspace.make_current(comparison.challenger)
    record_run(
        workspace.lake,
        "promote",
        comparison.started_at,
        (datetime.now(UTC) - comparison.started_at).total_seconds(),
        inputs={"outcome": outcome, "forced": outcome == "forced", "refusal": refusal},
        counts={"lines": len(comparison.lines), "worse": len(comparison.worse)},
        versions={"model": comparison.challenger, "previous": comparison.champion},
    )
    if outcome == "refused":
        raise PromotionError(f"{refusal}; --force promotes it all the same")


@dataclass(frozen=True)
class Rollback:
    """Which model is current again, which one was, and how the former's reasons differ from the taxonomy's, if so."""

    current: str
    before: str
    incompatible: str | None


def rollback(workspace: Workspace) -> Rollback:
    """Make the model current that was so before; once more returns. Raises WorkspaceError where there was none."""
    started_at, before, current = datetime.now(UTC), workspace.current_model, workspace.previous_model
    if before is None or current is None:
        raise WorkspaceError(f"{workspace.root}: no model was current before; nothing to go back to")
    if not (workspace.models / current).is_dir():
        raise WorkspaceError(f"{workspace.models}: the model before, {current}, is no longer there")
    gap = taxonomy_gap(workspace.models / current, workspace.taxonomy)
    registry = _registry(workspace)
    with registry.run("rollback") as run:
        run.parameters({"current": current, "before": before})
        registry.promote(current, before)
        workspace.make_current(current)
    seconds = (datetime.now(UTC) - started_at).total_seconds()
    versions = {"model": current, "previous": before}
    record_run(workspace.lake, "rollback", started_at, seconds, counts={}, versions=versions)
    return Rollback(current, before, gap)


def common_tasks(champion: Sequence[Task], challenger: Sequence[Task]) -> tuple[list[Task], list[str]]:
    """Tasks that both models can be compared in, and what is left out. Of the reasons, those that both know."""
    tasks, notes = [], []
    known = {task.name: task for task in champion}
    for task in challenger:
        other = known.get(task.name)
        if other is None:
            notes.append(f"task {task.name}: the current model does not know it, so not compared")
            continue
        shared = tuple(label for label in task.labels if label in other.labels)
        if other.kind != task.kind or not shared or (task.kind != "multilabel" and task.labels != other.labels):
            notes.append(f"task {task.name}: the current model has other labels, so not compared")
            continue
        if shared != task.labels:
            notes.append(f"task {task.name}: only the {len(shared)} labels that both models know are compared")
        tasks.append(Task(task.name, task.kind, shared))
    return tasks, notes


def compare_decisions(
    judged: Sequence[Judged], languages: Sequence[str], settings: PromotionSettings
) -> tuple[Line, ...]:
    """Lines for each task over all its contacts, for each language, and for each reason, where there is enough support.

    `languages` has an entry a test contact. The same seed gives the same lines.
    """
    places = [place for one in judged for place in _places(one, np.asarray(languages), settings.least_support)]
    if not places:
        return ()
    whole = np.ones((1, len(languages)), dtype=np.float32)
    champion, challenger = (values[0] for values in _figures(places, whole))
    drawn = np.concatenate(
        [
            np.subtract(*reversed(_figures(places, counts)))
            for counts in resamples(len(languages), settings.draws, settings.seed)
        ]
    )
    difference = challenger - champion
    low, high = joint_bounds(difference, drawn, settings.confidence)
    alone = np.quantile(drawn, settings.confidence, axis=0)
    return tuple(
        Line(
            place.judged.task, place.name, place.figure, place.contacts, float(champion[number]),
            float(challenger[number]), float(low[number]), float(high[number]), float(alone[number]),
        )
        for number, place in enumerate(places)
    )  # fmt: skip


def joint_bounds(
    point: npt.NDArray[np.floating], drawn: npt.NDArray[np.floating], confidence: float
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Lower and upper bounds (lines,) of figures (lines,) from their draws (draws, lines).

    All upper bounds hold together with this confidence, and so do all lower ones: each figure's distance from its mean
    is measured in its own deviations, and the farthest of a draw counts.
    """
    drawn = drawn.astype(np.float64)
    spread = drawn.std(axis=0)
    # A figure that never moves is certain: it is no part of the farthest, and its bounds are the figure.
    moves = spread > 1e-6
    scaled = (drawn - drawn.mean(axis=0))[:, moves] / spread[moves]
    if not moves.any():
        return point, point
    lower = np.quantile(scaled.min(axis=1), 1 - confidence)
    upper = np.quantile(scaled.max(axis=1), confidence)
    spread = np.where(moves, spread, 0.0)
    return point + lower * spread, point + upper * spread


@dataclass(frozen=True)
class _Place:
    """Where two models are compared: some contacts of a task, all labels (None) or one."""

    judged: Judged
    name: str
    members: npt.NDArray[np.int64]
    label: int | None
    contacts: int

    @property
    def figure(self) -> str:
        return "macro-F1" if self.label is None else "F1"


def _places(judged: Judged, languages: npt.NDArray[np.str_], least: int) -> Iterator[_Place]:
    everywhere = np.arange(len(judged.rows))
    yield _Place(judged, ALL, everywhere, None, len(everywhere))
    own = languages[judged.rows]
    for language in sorted(set(own.tolist())):
        members = np.flatnonzero(own == language)
        if len(members) >= least:
            yield _Place(judged, language, members, None, len(members))
    if judged.task == TaskName.REASON:
        for label, support in enumerate(judged.truth.sum(axis=0).tolist()):
            if support >= least:
                yield _Place(judged, judged.labels[label], everywhere, label, support)


def _figures(places: Sequence[_Place], counts: Floats) -> tuple[Floats, Floats]:
    """Champion's and challenger's figures, each (draws, places), of samples given as counts (draws, test contacts)."""
    found: list[tuple[Floats, Floats]] = []
    reasons: dict[str, tuple[Floats, Floats]] = {}
    for place in places:
        judged = place.judged
        if place.label is not None:
            champion, challenger = reasons[judged.task]
            found.append((champion[:, place.label], challenger[:, place.label]))
            continue
        taken = counts[:, judged.rows[place.members]]
        truth = judged.truth[place.members]
        support = taken @ truth.astype(np.float32)
        both = tuple(
            f1_of(taken, truth, decided[place.members], support) for decided in (judged.champion, judged.challenger)
        )
        if place.name == ALL:
            reasons[judged.task] = (both[0], both[1])
        found.append((macro_of(both[0], support), macro_of(both[1], support)))
    return np.stack([one for one, _ in found], axis=1), np.stack([other for _, other in found], axis=1)


def _test_set(lake: Lake, tasks: Sequence[Task], speakers: str) -> LabelledSet:
    """The labelled contacts of the test split. Labels that these tasks don't have (any more) are dropped."""
    rows = labelled_table(lake, Split.TEST)
    known = {label for task in tasks if task.name == TaskName.REASON for label in task.labels}
    reasons = [
        None if given is None else [reason for reason in given if reason in known]
        for given in rows["reasons"].to_pylist()
    ]
    column = rows.schema.get_field_index("reasons")
    rows = rows.set_column(column, rows.schema.field(column), pa.array(reasons, rows.schema.field(column).type))
    return LabelledSet(Split.TEST, labelled_rows(rows, tasks, speakers))


def _decisions(model: Model, test: LabelledSet, tasks: Sequence[Task]) -> Mapping[str, Decisions]:
    """(rows, labels) by task, decided as in scoring, in the order of the labels of `tasks`."""
    found = model.predictor().predict(test.texts, test.languages)
    own = {task.name: task for task in model.classifier.tasks}
    decided = {}
    for task in tasks:
        mine = own[task.name]
        whole = model.decisions.decide(mine, found.probabilities[task.name])
        decided[task.name] = whole[:, [mine.labels.index(label) for label in task.labels]]
    return decided


def _registry(workspace: Workspace) -> Registry:
    return Registry(workspace.tracking_uri, workspace.config.tracking.experiment)
