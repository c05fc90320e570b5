"""What model folders say of their models: figures, export, how a promotion ended. Nothing here loads a model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voc.data.runs import latest_runs
from voc.data.workspace import Workspace
from voc.errors import ModelFolderError
from voc.models.compatibility import MOST_NAMES as MOST_NAMES
from voc.models.compatibility import Gap as Gap
from voc.models.compatibility import gap_between
from voc.models.exported import REPORT
from voc.models.manifest import CARD, EXPORT, REFUSED, Manifest, read_manifest
from voc.models.quality import Bin as Bin
from voc.models.quality import Figure as Figure
from voc.models.quality import Quality as Quality
from voc.models.quality import TaskFigures as TaskFigures
from voc.models.quality import read_quality
from voc.models.storage import MANIFEST

_LONGEST_CARD = 100_000  # characters


@dataclass(frozen=True)
class Gate:
    """How an export stood beside the model that it was made of, on so many contacts.

    `loss` is the most macro-F1 that any task is expected to lose over all of them; `cosine` the mean of the vectors'
    cosines. `refusal` says why it was not let through; None where it is used.
    """

    precision: str
    contacts: int
    loss: float
    allowed: float
    cosine: float
    refusal: str | None


@dataclass(frozen=True)
class Promotion:
    """How the last try to make a model the current one ended: `promoted`, `forced` or `refused`, and why."""

    outcome: str
    refusal: str | None


@dataclass(frozen=True)
class ModelReport:
    """One model folder. `manifest` is None, and `problem` says why, where it cannot be read.

    `quality` is None for a model that keeps no figures: one of before they were kept, or a cold start. `card` is what
    was written about it for people.
    """

    version: str
    manifest: Manifest | None
    quality: Quality | None
    card: str
    gate: Gate | None
    promotion: Promotion | None
    gap: Gap | None = None
    """How its reasons differ from those of the taxonomy."""
    problem: str | None = None


def model_reports(workspace: Workspace) -> tuple[ModelReport, ...]:
    """All models of the workspace, the newest first."""
    promotions = _promotions(workspace)
    folders = sorted((each for each in _folders(workspace.models)), key=lambda each: each.name, reverse=True)
    return tuple(_report(folder, workspace, promotions.get(folder.name)) for folder in folders)


def _folders(models: Path) -> Iterator[Path]:
    if models.is_dir():
        for folder in models.iterdir():
            if folder.is_dir() and not folder.name.startswith(".") and (folder / MANIFEST).is_file():
                yield folder


def _report(folder: Path, workspace: Workspace, promotion: Promotion | None) -> ModelReport:
    card = ""
    if (folder / CARD).is_file():
        card = (folder / CARD).read_text(encoding="utf-8", errors="replace")[:_LONGEST_CARD]
    try:
        manifest, quality = read_manifest(folder), read_quality(folder)
        gap = gap_between(folder, workspace.taxonomy)
    except ModelFolderError as error:
        return ModelReport(folder.name, None, None, card, None, promotion, problem=str(error))
    return ModelReport(folder.name, manifest, quality, card, _gate(folder), promotion, gap)


def _gate(folder: Path) -> Gate | None:
    """That of the export in use; without one that of the last one refused."""
    for path in (folder / EXPORT / REPORT, folder / REFUSED):
        try:
            return _read_gate(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            continue
        except (OSError, KeyError, TypeError, ValueError):
            return None
    return None


def _read_gate(values: Mapping[str, Any]) -> Gate:
    return Gate(
        values["precision"],
        values["contacts"],
        values["largest_expected_loss"],
        values["settings"]["margin"],
        values["cosine_mean"],
        values["refusal"],
    )


def _promotions(workspace: Workspace) -> dict[str, Promotion]:
    """The last try of each model."""
    found: dict[str, Promotion] = {}
    for run in latest_runs(workspace.lake, 1000, "promote"):
        version = run.versions.get("model")
        if isinstance(version, str) and version not in found:
            found[version] = Promotion(str(run.inputs.get("outcome", "")), run.inputs.get("refusal"))
    return found
