"""`voc demo`: the whole line on the synthetic demo company, from generated files to an app to open."""

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voc.data.demo import DemoCounts, generate, settings_toml, taxonomy_toml
from voc.data.ingest import IngestSummary, ingest
from voc.data.workspace import Workspace
from voc.errors import ExportError
from voc.inference.emergence.run import EmergenceSummary, emergence
from voc.inference.score import ScoreSummary, score
from voc.inference.serving.artefact import register_export
from voc.inference.themes import ThemesSummary, themes
from voc.models.exported import is_exported
from voc.training.exporting import GateReport, export
from voc.training.review import queue_suggestions
from voc.training.suggest import suggest
from voc.training.train import TrainSummary, train

TO_REVIEW = 40
"""Contacts that wait on the page Review."""
Step = Callable[[str], AbstractContextManager[Callable[[str, float], None]]]


@dataclass(frozen=True)
class DemoSummary:
    """What each step of the demo did. `training` is None where the workspace had a model already, `exported` where it
    had an export or where none passed the gate (`refused` says why), and the trained model scores by itself."""

    workspace: Workspace
    generated: DemoCounts | None
    ingested: IngestSummary
    training: TrainSummary | None
    exported: GateReport | None
    refused: str
    scored: ScoreSummary
    found: ThemesSummary
    rising: EmergenceSummary
    to_review: int
    """Contacts put into the queue of the page Review; 0 where it had one already."""


def demo(root: Path, contacts: int, step: Step, settings: str | None = None) -> DemoSummary:
    """Make the demo workspace in `root`, or finish one that was interrupted: every step takes up where it stopped.

    `step(name)` is entered around each step and gives what reports its progress, so that the command line can show
    bars and a test nothing. `settings` is the text of voc.toml; None takes the demo company's own.
    """
    workspace = Workspace.create(root, settings or settings_toml(), taxonomy_toml())
    sources = root / "sources"
    generated = None
    with step("Generating the demo company's contacts"):
        if not sources.is_dir():
            generated = _generate(sources, contacts)
    with step("Ingesting"):
        files = [path for path in sorted(sources.iterdir()) if path.name not in {"truth.json", "README.txt"}]
        ingested = ingest(workspace, files)
    with step("Fine-tuning a model") as report:
        trained = train(workspace, report) if workspace.current_model is None else None
    with step("Exporting the model") as report:
        exported, refused = _export(workspace, report)
    with step("Scoring every contact") as report:
        scored = score(workspace, lambda done, total: report("scoring", done / max(total, 1)))
    with step("Finding themes") as report:
        found = themes(workspace, lambda what: report(what, 0.0))
    with step("Looking for what rises"):
        rising = emergence(workspace)
    with step("Choosing contacts to review"):
        waiting = _queue(workspace)
    return DemoSummary(workspace, generated, ingested, trained, exported, refused, scored, found, rising, waiting)


def truth(root: Path) -> Mapping[str, Any]:
    """What was planted into the demo: only for judging, nothing that reads contacts may look at it."""
    found: dict[str, Any] = json.loads((root / "sources" / "truth.json").read_text(encoding="utf-8"))
    return found


def _export(workspace: Workspace, report: Callable[[str, float], None]) -> tuple[GateReport | None, str]:
    version = workspace.current_model
    if version is None or is_exported(workspace.models / version):
        return None, ""
    try:
        made = export(workspace, version, progress=report)[-1]
    except ExportError as error:
        return None, str(error)
    register_export(workspace, version)
    return made, ""


def _queue(workspace: Workspace) -> int:
    """Once: a queue that somebody is working through is left as it is."""
    if workspace.lake.exists("review_queue"):
        return 0
    return queue_suggestions(workspace, suggest(workspace, TO_REVIEW, with_held_out=False))


def _generate(sources: Path, contacts: int) -> DemoCounts:
    """Into a temporary folder that is renamed at the end: half a demo is never taken for a whole one."""
    sources.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sources-", dir=sources.parent) as folder:
        made = Path(folder) / "sources"
        counts = generate(made, contacts=contacts, customers=max(50, contacts // 5))
        made.rename(sources)
    return counts
