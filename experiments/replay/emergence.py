"""`voc bench emergence`: spikes injected into a lake's history, ours beside what others use, at equal false alarms."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import numpy as np

from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.bench import BenchResult, machine_context
from voc.experiments.judging import baseline
from voc.experiments.replay.alerts import Detector, Watch, in_pool, in_process
from voc.experiments.replay.figures import (
    Point,
    at_budget,
    costs_of,
    curve_of,
    event_figures,
    false_figures,
    medium_figures,
    recall_figures,
    total,
)
from voc.experiments.replay.history import History
from voc.experiments.replay.judging import Found, false_beside, outcomes, planted, raised_in, recall
from voc.experiments.replay.ours import Emergence
from voc.experiments.replay.rhythms import RHYTHMS, Rhythm
from voc.experiments.replay.rivals import RIVALS
from voc.experiments.replay.shuffles import shuffled_days, shuffled_weeks
from voc.experiments.replay.spikes import Sources
from voc.experiments.replay.trials import LEAST_HISTORY, NEW_DAYS, Replay, Trial, synthetic_trials
from voc.inference.emergence.series import Series
from voc.models.registry import RunLog

Progress = Callable[[str, float], None]
REPEATS = 8
"""Runs of one cell of the grid."""
RIVALS_HAVE = (
    "recall_medium_4d", "median_delay_days", "precision", "false_alerts_per_month", "recall_4d_at_1pm",
    "planted_found", "planted_total", "new_theme_alerted_3d", "rhythms.recall_medium_4d",
    "rhythms.false_alerts_per_month", "rhythms.recall_4d_at_1pm",
)  # fmt: skip
"""Figures that are given of rivals too; the others stand in the tracked table."""


@dataclass(frozen=True)
class Scene:
    """All that detectors are shown: the same for each of them."""

    history: History
    base: Series
    """The history without what was planted."""
    trials: tuple[Trial, ...]
    shuffled: dict[str, list[Series]]
    rhythms: tuple[Rhythm, ...]
    companies: tuple[Series, ...]
    synthetic: tuple[Trial, ...]

    @classmethod
    def of(cls, history: History, rhythms: Sequence[Rhythm], repeats: int, seed: int) -> "Scene":
        """Draw it; the same seed draws the same. Raises InputError where the history has no room for a spike."""
        least = LEAST_HISTORY + NEW_DAYS
        if history.days < least:
            raise InputError(f"bench emergence: expected at least {least} days of contacts, got {history.days}")
        replay = Replay(history, Sources(history, seed), seed)
        random = np.random.default_rng(seed)
        times = range(max(1, repeats // 2))
        shuffled = {
            "shuffled_weeks": [shuffled_weeks(replay.base, random) for _ in times],
            "shuffled_days": [shuffled_days(replay.base, random) for _ in times],
        }
        companies = tuple(rhythm.series(seed + number) for number, rhythm in enumerate(rhythms))
        synthetic = tuple(
            trial
            for number, series in enumerate(companies)
            for trial in synthetic_trials(series, number, 2 * repeats, seed + number)
        )
        return cls(
            history, replay.base, tuple(replay.trials(repeats)), shuffled, tuple(rhythms), companies, synthetic
        )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What came out for one detector."""

    figures: dict[str, float]
    curve: tuple[Point, ...]
    events: tuple[Found, ...]


def emergence(
    workspace: Workspace,
    progress: Progress,
    run: RunLog,
    repeats: int = REPEATS,
    seed: int = 13,
    workers: int | None = None,
    rhythms: Sequence[Rhythm] = RHYTHMS,
    detector: Detector | None = None,
) -> BenchResult:
    """Replay a workspace's history, and synthetic companies; the workspace stays as it is.

    `repeats` is how many runs a cell of the grid of sizes, durations and shapes has; `workers` how many processes the
    detector runs in (None: one a core that we may use); `detector` the one to judge (None: ours, with the workspace's
    settings). Raises WorkspaceError where no contact has a theme, InputError where the history is too short.
    """
    progress("reading", 0.0)
    history = History.of(workspace)
    scene = Scene.of(history, rhythms, repeats, seed)
    own = detector or Emergence(workspace.config.emergence)
    cores = workers or _cores()
    with ExitStack() as stack:
        watch = in_process(own)
        if cores > 1:
            # Not forked: a copy of a process that has threads may hang.
            processes = multiprocessing.get_context("spawn")
            watch = in_pool(own, stack.enter_context(ProcessPoolExecutor(cores, mp_context=processes)))
        judged = {own.name: judge(own, watch, scene, lambda share: progress(own.name, 0.95 * share))}
    figures = dict(judged[own.name].figures)
    for rival in RIVALS:
        progress(rival.name, 0.95)
        judged[rival.name] = judge(rival, in_process(rival), scene)
        found = judged[rival.name].figures
        figures |= baseline(rival.name, {key: found[key] for key in RIVALS_HAVE if key in found})
    report = {
        "figures": {name: one.figures for name, one in judged.items()},
        "curve": [asdict(point) for one in judged.values() for point in one.curve],
        "planted": {name: [asdict(event) | {"delay": event.delay} for event in one.events]
                    for name, one in judged.items()},
    }  # fmt: skip
    run.table("emergence", report)
    context = _context(workspace, scene, repeats, seed)
    return BenchResult("emergence", figures, context | {"curve": report["curve"], "planted": report["planted"]})


def judge(detector: Detector, watch: Watch, scene: Scene, show: Callable[[float], None] = lambda share: None) -> Judged:
    """Show a detector everything, the lake first, then the synthetic companies."""
    done, work = 0, len(scene.trials) + len(scene.synthetic)

    def tick() -> None:
        nonlocal done
        done += 1
        show(done / work)

    usual = [detector.default]
    levels = tuple(sorted({*detector.levels, detector.default}))
    medium = [trial for trial in scene.trials if trial.kind == "medium"]
    others = [trial for trial in scene.trials if trial.kind != "medium"]
    before = raised_in(watch, levels, [scene.base])
    swept = outcomes(watch, levels, medium, before, tick)
    rest = outcomes(watch, usual, others, before, tick)
    figures = recall_figures(swept[detector.default], rest[detector.default])
    [[untouched]] = watch([scene.history.series()], usual)
    figures |= false_figures("false_alerts_per_month", false_beside(untouched, scene.history))
    events = tuple(planted(untouched, scene.history))
    figures |= event_figures(events)
    costs = {kind: costs_of(raised_in(watch, levels, series)) for kind, series in scene.shuffled.items()}
    for kind, cost in costs.items():
        figures |= false_figures(f"false_alerts_per_month.{kind}", total(cost, detector.default))
    quiet = [cost for kind in costs.values() for cost in kind] + costs_of(before)
    curve = curve_of(detector.name, swept, quiet)
    figures |= at_budget(curve)
    own, points = _on_rhythms(detector, watch, scene, levels, tick)
    figures |= {f"rhythms.{key}": value for key, value in own.items()}
    return Judged(figures, (*curve, *points), events)


def _on_rhythms(
    detector: Detector, watch: Watch, scene: Scene, levels: tuple[float, ...], tick: Callable[[], None]
) -> tuple[dict[str, float], list[Point]]:
    """The synthetic companies, all together and one by one."""
    before = raised_in(watch, levels, scene.companies)
    costs = costs_of(before)
    swept = outcomes(watch, levels, scene.synthetic, before, tick)
    usual = swept[detector.default]
    figures = medium_figures(usual)
    for number, rhythm in enumerate(scene.rhythms):
        own = [one for one in usual if one.trial.base == number]
        figures |= {f"{rhythm.name}.recall_medium_4d": recall(own)} if own else {}
        figures[f"{rhythm.name}.false_alerts_per_month"] = costs[number][detector.default].per_month
    if costs:
        figures |= false_figures("false_alerts_per_month", total(costs, detector.default))
    curve = curve_of(f"{detector.name} on rhythms", swept, costs)
    return figures | at_budget(curve), curve


def _cores() -> int:
    """Cores that this process may use; not every system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _context(workspace: Workspace, scene: Scene, repeats: int, seed: int) -> dict[str, object]:
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    kinds = sorted({trial.kind for trial in scene.trials})
    return machine_context() | {
        "data": f"contacts of {workspace.config.company.name}{synthetic}; rhythms.*: counts from a formula (synthetic)",
        "themes": len(scene.base.groups),
        "days": scene.base.days,
        "runs": {kind: sum(trial.kind == kind for trial in scene.trials) for kind in kinds}
        | {"rhythms": len(scene.synthetic)},
        "settings": workspace.config.emergence.model_dump(mode="json"),
        "repeats": repeats,
        "seed": seed,
    }
