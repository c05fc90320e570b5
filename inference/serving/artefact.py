"""An exported model as an MLflow model: with its own code and a short list of packages, torch not among them."""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version as installed
from pathlib import Path

from voc.data.workspace import Workspace
from voc.inference.serving.frames import EXAMPLE, INPUTS, OUTPUTS
from voc.models.exported import TOKENIZER, load_exported
from voc.models.facts import CONFIG
from voc.models.manifest import DECISIONS, EXPORT
from voc.models.registry import Registry, ServedModel
from voc.models.storage import MANIFEST

REQUIREMENTS = ("mlflow", "numpy", "pandas", "pyarrow", "onnxruntime", "tokenizers", "lingua-language-detector")
"""What the code in the MLflow model imports; named with the versions that it was made with."""
_SCRIPT = Path(__file__).with_name("mlflow_model.py")
_IMPORTED = """
import sys, voc.inference.serving.frames, voc.inference.serving.scorer
for name, module in sys.modules.items():
    if name.split(".")[0] == "voc":
        print(name, module.__file__)
"""


def register_export(workspace: Workspace, version: str | None = None) -> str:
    """Record the export of a model (None: the current one) in MLflow, as a new version of the registered model.

    Whatever alias the model's folder has, `champion` for example, leads to it from then on. Returns its address there.
    Raises ModelFolderError where there is no export.
    """
    version = version or workspace.required_model()
    registry = Registry(workspace.tracking_uri, workspace.config.tracking.experiment)
    with tempfile.TemporaryDirectory(prefix="voc-export-") as name:
        served = served_model(workspace.models / version, Path(name))
        with registry.run("export", {"folder": version}) as run:
            run.parameters(served.tags)
            number = run.served_model(served)
    return registry.lead_to(version, number, champion=version == workspace.current_model)


def save_export(folder: Path, place: Path) -> Path:
    """Write the export of a model folder as an MLflow model into `place`, which must not be there; no registry."""
    with tempfile.TemporaryDirectory(prefix="voc-export-") as name:
        served_model(folder, Path(name)).save(place)
    return place


def served_model(folder: Path, workshop: Path) -> ServedModel:
    """What MLflow needs of the model in `folder`, put together in `workshop`. Raises ModelFolderError."""
    exported = load_exported(folder)
    files, code = workshop / "model", workshop / "code"
    files.mkdir()
    for each in (MANIFEST, CONFIG, DECISIONS, TOKENIZER):
        shutil.copy2(folder / each, files / each)
    shutil.copytree(folder / EXPORT, files / EXPORT)
    copy_code(code)
    return ServedModel(
        folder=folder.name,
        script=_SCRIPT,
        code=code / "voc",
        files=files,
        requirements=tuple(f"{each}=={installed(each)}" for each in REQUIREMENTS),
        inputs=INPUTS,
        outputs=OUTPUTS,
        example=EXAMPLE,
        tags={"folder": folder.name, "precision": exported.precision},
    )


def copy_code(place: Path) -> None:
    """Copy the modules that read an export, as a package `voc` in `place`.

    Which ones is asked of an interpreter that imports them, so that no list has to be kept in step.
    """
    command = [sys.executable, "-c", _IMPORTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, file = line.split(" ", 1)
        parts = name.split(".")
        own = [*parts, "__init__.py"] if Path(file).name == "__init__.py" else [*parts[:-1], f"{parts[-1]}.py"]
        target = place.joinpath(*own)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
