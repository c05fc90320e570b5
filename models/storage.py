"""Folders of models: written whole or not at all, with a manifest of checksums; anything else in them is refused."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from voc.errors import ModelFolderError

MANIFEST = "manifest.json"


def write_whole(
    folder: Path,
    manifest: Mapping[str, Any],
    fill: Callable[[Path], None],
    what: str,
    workshop: Path | None = None,
    replace: bool = False,
) -> Path:
    """Let `fill` write the files of `folder`, and add the manifest with their checksums; `what` is "a model", say.

    Until then they lie in `workshop`, on the same disk; without one, beside `folder`. Raises ModelFolderError when the
    folder is there, unless it is to `replace`.
    """
    if folder.exists() and not replace:
        raise ModelFolderError(f"{folder}: {what} is there; versions are never written over")
    workshop = workshop or folder.parent
    workshop.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=workshop))
    try:
        fill(temporary)
        files = {path.name: _sha256(path) for path in sorted(temporary.iterdir())}
        write_json(temporary / MANIFEST, {**manifest, "files": files})
        temporary.chmod(0o755)  # a temporary folder is its maker's alone; the app may run as somebody else
        if folder.exists():
            folder.rename(temporary.with_name(f"{temporary.name}-old"))
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary.with_name(f"{temporary.name}-old"), ignore_errors=True)
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def manifest_of(
    folder: Path, form: int, allowed: frozenset[str], what: str, beside: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The manifest, checked against the folder's list of files but not their content. Names in `beside` may be there
    without standing in it. Raises ModelFolderError."""
    try:
        values: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderError(f"{folder}: not {what} (no {MANIFEST})") from None
    except json.JSONDecodeError as error:
        raise ModelFolderError(f"{folder / MANIFEST}: not valid JSON: {error}") from None
    if values.get("format") != form:
        raise ModelFolderError(f"{folder}: expected {what} of format {form}, got {values.get('format')!r}")
    named = set(values.get("files", {}))
    strangers = sorted({path.name for path in folder.iterdir()} - named - {MANIFEST} - beside) + sorted(named - allowed)
    if strangers:
        raise ModelFolderError(f"{folder}: files that do not belong to {what}: {', '.join(strangers)}")
    return values


def verify(folder: Path, files: Mapping[str, str]) -> None:
    """Raise ModelFolderError where a file is missing or changed."""
    for name, expected in files.items():
        path = folder / name
        found = _sha256(path) if path.is_file() else "no such file"
        if found != expected:
            raise ModelFolderError(f"{path}: expected sha256 {expected[:12]}…, got {found[:12]}")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write as JSON that a person can read."""
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
