"""`voc bench`: figures that anyone can reproduce, with what they were measured on."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

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


def run_bench(
    name: str, suite: str, data: Path | None, workspace: Path | None, registry: Registry, progress: Progress
) -> BenchResult:
    """Run one bench, tracked. Raises InputError for an unknown name, or for data or a workspace that is not there."""
    from voc.experiments.suites.churn_behaviour import churn_behaviour
    from voc.experiments.suites.star import star
    from voc.experiments.suites.transfer import transfer

    suites: Mapping[tuple[str, str], Callable[[RunLog], BenchResult]] = {
        ("quality", "star"): lambda run: star(bench_data(data), progress, run),
        ("quality", "transfer"): lambda run: transfer(bench_data(data), progress, run),
        ("quality", "churn-behaviour"): lambda run: churn_behaviour(_bench_workspace(workspace), run),
    }
    if (name, suite) not in suites:
        known = ", ".join(f"{bench} --suite {key}" for bench, key in suites)
        raise InputError(f"bench: expected one of {known}; got {name} --suite {suite}")
    with registry.run(f"bench {name} {suite}") as run:
        result = suites[name, suite](run)
        run.metrics(result.figures)
    return result


def _bench_workspace(root: Path | None) -> Workspace:
    if root is None:
        raise InputError("bench: this suite judges a workspace's current model; name it with --workspace")
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
