"""What our trainings with the transformers Trainer share: checkpoints, curves, and the segments of a batch."""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from voc.models.reading import NO_SEGMENT
from voc.models.registry import RunLog


class PartsTrainer(Trainer):  # type: ignore[misc]
    """A Trainer that logs the parts of its loss beside the whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts: dict[str, list[float]] = defaultdict(list)

    def keep_parts(self, losses: Mapping[str, torch.Tensor]) -> None:
        """Remember the parts of one batch's loss until the next log."""
        for name, value in losses.items():
            self.parts[f"loss.{name}"].append(float(value.detach()))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """The Trainer's figures and the mean of each part of the loss since the last log."""
        means = {name: sum(values) / len(values) for name, values in self.parts.items() if values}
        self.parts.clear()
        super().log({**logs, **means}, start_time)


class Tracking(TrainerCallback):  # type: ignore[misc]
    """Curves to the tracker, and progress, as `what` goes on, to whoever waits."""

    def __init__(self, run: RunLog, progress: Callable[[str, float], None], what: str) -> None:
        self.run = run
        self.progress = progress
        self.what = what

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell the share done."""
        self.progress(self.what, state.global_step / state.max_steps)

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float], **_: Any) -> None:
        """Record the figures at their step."""
        self.run.metrics({name: value for name, value in logs.items() if name != "epoch"}, state.global_step)


@contextmanager
def checkpoint_folder(folder: Path | None) -> Iterator[Path]:
    """The folder for checkpoints: kept while training may still be interrupted, gone when it is done."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="voc-train-") as temporary:
            yield Path(temporary)
        return
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that was written whole; others are thrown away."""
    found: str | None = get_last_checkpoint(str(folder))
    if found is not None and not (Path(found) / "trainer_state.json").is_file():
        # The Trainer writes its state last, so this one was cut short.
        shutil.rmtree(found)
        return last_checkpoint(folder)
    return found


def segments_of(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(texts, most) numbers of segments, filled up with NO_SEGMENT, to the different ones (segments,), and their places
    among these (texts, most of these texts): what a batch reads once, and which of it each text has."""
    unique, places = torch.unique(rows, return_inverse=True)
    if unique[0] == NO_SEGMENT:
        unique, places = unique[1:], places - 1  # NO_SEGMENT comes first and becomes -1 again
    return unique, places[:, : int((rows != NO_SEGMENT).sum(1).max())]
