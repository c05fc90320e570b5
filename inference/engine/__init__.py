"""What reads contacts: the trained model in this process, or its export in as many processes as there are cores."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from voc.config import ScoringSettings
from voc.errors import InputError, ModelFolderError
from voc.inference.engine.base import Engine, InProcess, Texts
from voc.inference.engine.workers import Workers, cores
from voc.models.exported import is_exported, load_exported

__all__ = ["ENGINES", "Engine", "EngineName", "InProcess", "Texts", "Workers", "engine_named", "open_engine"]

EngineName = Literal["auto", "onnx", "torch", "ray"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
FEW = 256
"""So few contacts are read before worker processes would have started."""


def engine_named(name: str) -> EngineName:
    """The name, checked. Raises InputError."""
    if name not in ENGINES:
        raise InputError(f"--engine: expected one of {', '.join(ENGINES)}, got {name!r}")
    return name


@contextmanager
def open_engine(folder: Path, settings: ScoringSettings, name: EngineName, contacts: int) -> Iterator[Engine]:
    """An engine on this machine for the model in `folder`, for about so many contacts; `ray` is not one (on_ray).

    `auto` takes the export where there is one, else torch. Raises ModelFolderError where what is asked for is not
    there, or not as its manifest says: an export that cannot be used is never passed over in silence.
    """
    if name == "torch" or (name == "auto" and not is_exported(folder)):
        yield _with_torch(folder, settings.batch_tokens)
        return
    if not is_exported(folder):
        raise ModelFolderError(f"{folder}: expected an exported model, got none; make one with: voc export")
    exported = load_exported(folder)
    own = cores(settings.workers)
    if len(own) > 1 and contacts > FEW:
        with Workers(exported, own) as workers:
            yield workers
    else:
        # Where it is used alone, an engine takes a moment to import.
        from voc.models.onnx_predict import OnnxPredictor

        yield InProcess(f"onnx {exported.precision}", OnnxPredictor(exported), exported.facts.decisions)


def _with_torch(folder: Path, batch_tokens: int) -> Engine:
    from voc.models.folder import load_model  # nothing else here needs torch

    model = load_model(folder)
    return InProcess("torch", model.predictor(batch_tokens), model.decisions)
