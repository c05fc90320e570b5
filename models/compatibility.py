"""Whether a model answers for the contact reasons that a workspace has now."""

import json
from collections.abc import Sequence
from pathlib import Path

from voc.labels import TaskName
from voc.models.manifest import read_manifest
from voc.taxonomy import Taxonomy

_MOST_NAMES = 8


def taxonomy_gap(folder: Path, taxonomy: Taxonomy) -> str | None:
    """How the reasons of the model in `folder` differ from those of `taxonomy`, in a few words; None where they don't.

    Only the manifest and the configuration are read. Raises ModelFolderError where `folder` is no model.
    """
    if read_manifest(folder).taxonomy_digest == taxonomy.digest:
        return None
    known = _reasons(folder)
    missing = [reason for reason in taxonomy.reason_ids if reason not in known]
    extra = [reason for reason in known if reason not in taxonomy.reason_ids]
    parts = [f"the model does not know {_listed(missing)}"] if missing else []
    parts += [f"taxonomy.toml no longer has {_listed(extra)}"] if extra else []
    return "; ".join(parts) or "the same reasons in another order"


def _reasons(folder: Path) -> tuple[str, ...]:
    tasks = json.loads((folder / "config.json").read_text(encoding="utf-8"))["tasks"]
    return tuple(label for task in tasks if task["name"] == TaskName.REASON for label in task["labels"])


def _listed(reasons: Sequence[str]) -> str:
    left = len(reasons) - _MOST_NAMES
    return ", ".join(reasons[:_MOST_NAMES]) + (f" and {left} more" if left > 0 else "")
