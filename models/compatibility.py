"""Whether a model answers for the contact reasons that a workspace has now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voc.labels import TaskName
from voc.models.manifest import read_manifest
from voc.taxonomy import Taxonomy

MOST_NAMES = 8
"""So many reasons are named, where a model and a taxonomy differ."""


@dataclass(frozen=True)
class Gap:
    """How the reasons of a model differ from a taxonomy's: by neither tuple, only in their order."""

    missing: tuple[str, ...]
    """Reasons that the model does not know."""
    extra: tuple[str, ...]
    """Reasons that the taxonomy no longer has."""

    def __str__(self) -> str:
        parts = [f"the model does not know {_listed(self.missing)}"] if self.missing else []
        parts += [f"taxonomy.toml no longer has {_listed(self.extra)}"] if self.extra else []
        return "; ".join(parts) or "the same reasons in another order"


def taxonomy_gap(folder: Path, taxonomy: Taxonomy) -> str | None:
    """How the reasons of the model in `folder` differ from those of `taxonomy`, in a few words; None where they don't.

    Raises ModelFolderError where `folder` is no model.
    """
    found = gap_between(folder, taxonomy)
    return None if found is None else str(found)


def gap_between(folder: Path, taxonomy: Taxonomy) -> Gap | None:
    """The same as the reasons themselves.

    Only the manifest and the configuration are read. Raises ModelFolderError where `folder` is no model.
    """
    if read_manifest(folder).taxonomy_digest == taxonomy.digest:
        return None
    known = _reasons(folder)
    return Gap(
        missing=tuple(reason for reason in taxonomy.reason_ids if reason not in known),
        extra=tuple(reason for reason in known if reason not in taxonomy.reason_ids),
    )


def _reasons(folder: Path) -> tuple[str, ...]:
    tasks = json.loads((folder / "config.json").read_text(encoding="utf-8"))["tasks"]
    return tuple(label for task in tasks if task["name"] == TaskName.REASON for label in task["labels"])


def _listed(reasons: Sequence[str]) -> str:
    left = len(reasons) - MOST_NAMES
    return ", ".join(reasons[:MOST_NAMES]) + (f" and {left} more" if left > 0 else "")
