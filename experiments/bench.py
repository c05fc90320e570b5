"""`voc bench`: figures that anyone can reproduce, with what they were measured on."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from voc.config import EncoderSettings
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.models.registry import Registry, RunLog

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class BenchResult:
    """Figures by name, and their context: machine, versions, data, seed."""

    bench: str
    figures: Mapping[str, float]
    context: Mapping[str, object]

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


QUALITY, THEMES = "quality", "themes"
"""Benches that have suites."""
Bench = Callable[[Progress, RunLog], BenchResult]
"""Tells how far it is, and the tracker what it found."""
DataSuite = Callable[[Path, Progress, RunLog], BenchResult]
"""A suite on public data: the folder of the data sets, who is told how far it is, and the tracker."""
WorkspaceSuite = Callable[[Workspace, Progress, RunLog], BenchResult]
"""A suite on a workspace, likewise."""


def run_bench(
    name: str,
    suite: str,
    data: Path | None,
    workspace: Path | None,
    registry: Registry,
    progress: Progress,
    encoder: EncoderSettings | None = None,
    repeats: int | None = None,
    contacts: int | None = None,
) -> BenchResult:
    """Run one bench, tracked; on `encoder` where the suite trains a model on one of choice, `repeats` in the replay,
    with so many `contacts` where the bench makes its own.

    Raises InputError for an unknown name, or for data or a workspace that is not there.
    """
    bench = _bench(name, suite, data, workspace, encoder, repeats, contacts)
    with registry.run(f"bench {name} {suite}" if name in (QUALITY, THEMES) else f"bench {name}") as run:
        result = bench(progress, run)
        run.metrics(result.figures)
    return result


def _bench(
    name: str,
    suite: str,
    data: Path | None,
    workspace: Path | None,
    encoder: EncoderSettings | None,
    repeats: int | None,
    contacts: int | None,
) -> Bench:
    """What is asked for, imported only now: a bench may bring everything that learns."""
    if name == "scoring":
        from voc.experiments.scoring import scoring

        return partial(scoring, _bench_workspace(workspace), bench_data(data))
    if name == "emergence":
        from voc.experiments.replay.emergence import REPEATS, emergence

        return partial(emergence, _bench_workspace(workspace), repeats=repeats or REPEATS)
    if name == "kills":
        from voc.experiments.kills import ROUNDS, kills

        return partial(kills, rounds=repeats or ROUNDS)
    if name == "serving":
        from voc.experiments.serving import serving

        return partial(serving, _bench_workspace(workspace))
    if name == "growth":
        from voc.experiments.growth import MANY, growth

        return partial(growth, _bench_workspace(workspace), contacts or MANY)
    if name == "daily":
        from voc.experiments.daily import CONTACTS as NIGHT
        from voc.experiments.daily import daily

        return partial(daily, _bench_workspace(workspace), contacts or NIGHT)
    if name == "app":
        from voc.experiments.app import CONTACTS, app

        return partial(app, contacts or CONTACTS, folder=workspace)
    benches = {QUALITY: (quality_suites(encoder), workspace_suites(data)), THEMES: theme_suites(encoder, data)}
    on_data, on_workspace = benches.get(name, ({}, {}))
    if suite in on_data:
        return partial(on_data[suite], bench_data(data))
    if suite in on_workspace:
        return partial(on_workspace[suite], _bench_workspace(workspace))
    known = (f"{bench} --suite {key}" for bench, kinds in benches.items() for kind in kinds for key in kind)
    names = ", ".join([*known, "emergence", "kills", "scoring", "growth", "serving", "daily", "app"])
    raise InputError(f"bench: expected one of {names}; got {name} --suite {suite}")


def quality_suites(encoder: EncoderSettings | None = None) -> dict[str, DataSuite]:
    """The suites on public data by name; imported when asked for, since they bring everything that learns."""
    from voc.experiments.suites.churn import churn
    from voc.experiments.suites.clinc import clinc
    from voc.experiments.suites.multidogo import multidogo
    from voc.experiments.suites.single import SUITES
    from voc.experiments.suites.star import star
    from voc.experiments.suites.star_multi import star_multi
    from voc.experiments.suites.transfer import transfer
    from voc.experiments.suites.xci import xci

    return {
        "star": star,
        "star-multi": star_multi,
        "transfer": partial(transfer, encoder=encoder),
        "clinc": partial(clinc, encoder=encoder),
        "clinc-oos-train": partial(clinc, oos_train=True, encoder=encoder),
        "xci": xci,
        "churn": churn,
        "multidogo": multidogo,
        **{name: partial(suite, encoder=encoder) for name, suite in SUITES.items()},
    }


def workspace_suites(data: Path | None = None) -> dict[str, WorkspaceSuite]:
    """The suites on a workspace by name; cold start takes the public data sets as well where they are given."""
    from voc.experiments.suites.churn_behaviour import churn_behaviour
    from voc.experiments.suites.churn_outcomes import churn_outcomes
    from voc.experiments.suites.cold_start import cold_start
    from voc.experiments.suites.meaning import meaning

    return {
        "churn-behaviour": lambda workspace, progress, run: churn_behaviour(workspace, run),
        "churn-outcomes": churn_outcomes,
        "cold-start": partial(cold_start, data=data),
        "meaning": meaning,
    }


def theme_suites(
    encoder: EncoderSettings | None = None, data: Path | None = None
) -> tuple[dict[str, DataSuite], dict[str, WorkspaceSuite]]:
    """The suites of theme discovery by name: those on public data, and those on a workspace."""
    from voc.experiments.suites.idea import SUITES as IDEA
    from voc.experiments.suites.newcomers import suite as newcomers
    from voc.experiments.suites.theme_reasons import theme_reasons
    from voc.experiments.suites.theme_scale import theme_scale
    from voc.experiments.suites.theme_stability import theme_stability
    from voc.experiments.suites.themes import SUITES

    on_data: dict[str, DataSuite] = {
        **{name: partial(suite, encoder=encoder) for name, suite in SUITES.items()},
        **{name: partial(suite, encoder=encoder) for name, suite in IDEA.items()},
        "scale": partial(theme_scale, encoder=encoder),
    }
    on_workspace: dict[str, WorkspaceSuite] = {
        "stability": theme_stability,
        "reasons": theme_reasons,
        "newcomers": partial(newcomers, data=data),
    }
    return on_data, on_workspace


def _bench_workspace(root: Path | None) -> Workspace:
    if root is None:
        raise InputError("bench: this one judges a workspace; name it with --workspace")
    return Workspace.open(root)


def bench_data(folder: Path | None) -> Path:
    """The folder of public data sets. Raises InputError when none is named or it is not there."""
    if folder is None:
        raise InputError("bench: the public data sets are needed; name their folder with --data or VOC_BENCH_DATA")
    if not folder.is_dir():
        raise InputError(f"bench: no folder {folder}; name the data sets' folder with --data or VOC_BENCH_DATA")
    return folder


def machine_context() -> dict[str, object]:
    """What a figure of speed depends on."""
    packages = ("voc-insights", "torch", "transformers", "scikit-learn", "bertopic")
    return {
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
    }
