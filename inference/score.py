"""Scoring of the lake: every contact that a model has not read yet, some days or a shard of a large day a commit."""

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryFile

import pyarrow as pa
import pyarrow.compute as pc

from voc.config import ScoringSettings
from voc.data.lake import Lake, writable
from voc.data.locks import alone
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.engine import Engine, EngineName, Texts, open_engine
from voc.inference.parts import Part, Reading, Scored, cut_contacts
from voc.inference.pending import Anew, Cut, Pending, Plan, clear, plan
from voc.models.compatibility import taxonomy_gap
from voc.models.facts import Facts, read_facts
from voc.models.manifest import EXPORT
from voc.models.storage import MANIFEST

Progress = Callable[[int, int], None]
_LOG_BYTES = 65_536  # of a commit beside the rows, and to spare


@dataclass(frozen=True)
class ScoreSummary:
    """What a scoring run did."""

    model_version: str
    days: int
    contacts: int
    abstained: int
    seconds: float
    late: int = 0
    """Contacts among them of days before one that was scored already."""

    @property
    def per_second(self) -> float:
        """Contacts a second."""
        return self.contacts / self.seconds if self.seconds else 0.0


def score(
    workspace: Workspace,
    progress: Progress = lambda done, total: None,
    engine: EngineName = "auto",
    *,
    model: str | None = None,
    since: date | None = None,
    ray_address: str | None = None,
) -> ScoreSummary:
    """Score every contact that the current model, or the version `model`, has not read yet, of whatever day.

    With `since` contacts of days from then on, those with a score once more; earlier days are left alone. Scores of a
    version that is not current lie beside those that people see. What is committed together arrives whole, so a run
    that is killed anywhere and started again leaves the same table as one that was not; with `since` it takes up where
    it stopped. Raises WorkspaceError without a model, or where the taxonomy has changed since it was made, LakeError
    where the disk is full or nobody may write there, and InputError while another run is scoring here.
    """
    version = model or workspace.required_model()
    folder = workspace.models / version
    if not (folder / MANIFEST).is_file():
        raise WorkspaceError(f"{workspace.models}: no model version {version!r}")
    gap = taxonomy_gap(folder, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(
            f"model {version} was made for other contact reasons: {gap}; "
            f"train one for these with: voc train -w {workspace.root}, and then voc promote"
        )
    # Every query starts threads, and Arrow's own allocator keeps what each of them had: hundreds of MB over many days.
    pa.set_memory_pool(pa.system_memory_pool())
    with writable(workspace.lake.root), alone(workspace.lake.root, "score"):
        clear(workspace.lake)
        settings = workspace.config.scoring
        if ray_address is not None:
            settings = settings.model_copy(update={"ray_address": ray_address})
        return _score(workspace, settings, read_facts(folder), progress, engine, since)


def _score(
    workspace: Workspace,
    settings: ScoringSettings,
    facts: Facts,
    progress: Progress,
    engine: EngineName,
    since: date | None,
) -> ScoreSummary:
    lake = workspace.lake
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    folder = workspace.models / facts.version
    anew = None
    if since is not None:
        anew = Anew(lake.root / ".score-anew.json", facts.version, _fingerprint(folder, engine), since)
    pending = Pending(facts.version, since or date.min, anew is not None)
    ahead = plan(lake, pending, settings, anew.reached() if anew else None)
    done, abstained, used = 0, 0, "none"
    if ahead.spans:
        with _opened(lake, settings, folder, facts, pending, ahead, engine) as reading:
            used = reading.name
            rows: list[pa.Table] = []
            for part in reading.parts:
                rows.append(part.rows)
                done += part.rows.num_rows
                if part.closes is not None:
                    scores = pa.concat_tables(rows)
                    _store(lake, scores, part.closes, anew)
                    abstained += pc.sum(scores["abstained"]).as_py() or 0
                    rows.clear()
                progress(done, ahead.contacts)
    if anew is not None:
        anew.forget()
    summary = ScoreSummary(facts.version, ahead.days, done, abstained, time.perf_counter() - begin, ahead.late)
    counts = {"days": summary.days, "contacts": done, "abstained": abstained, "late": summary.late}
    inputs = {"since": since.isoformat()} if since is not None else {}
    versions = {"model": facts.version, "engine": used}
    record_run(lake, "score", started_at, summary.seconds, inputs=inputs, counts=counts, versions=versions)
    return summary


def _store(lake: Lake, scores: pa.Table, cut: Cut, anew: Anew | None) -> None:
    """One commit; of a run that scores anew in the place of the scores that were there."""
    _ask_for_room(lake.root, scores.nbytes)
    if anew is None:
        lake.append("scores", scores)
        return
    lake.replace("scores", scores, f"model_version = '{anew.version}' AND {cut.where}")
    anew.remember(cut.place)


def _ask_for_room(folder: Path, size: int) -> None:
    """Raise OSError where a disk, a quota or a limit has no room for so many bytes.

    delta-rs finds out when it is in the middle of a file, and its threads then say much more than one line.
    """
    if hasattr(os, "posix_fallocate"):
        with TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size + _LOG_BYTES)


def _fingerprint(folder: Path, engine: EngineName) -> str:
    """Of the model in a folder and its export, if there is one."""
    found = [path.read_bytes() for path in (folder / MANIFEST, folder / EXPORT / MANIFEST) if path.is_file()]
    return hashlib.sha256(b"".join([engine.encode(), *found])).hexdigest()


@contextmanager
def _opened(
    lake: Lake,
    settings: ScoringSettings,
    folder: Path,
    facts: Facts,
    pending: Pending,
    ahead: Plan,
    engine: EngineName,
) -> Iterator[Reading]:
    if engine == "ray":
        from voc.inference.on_ray import on_ray  # an optional part

        with on_ray(folder, lake, pending, ahead.spans, settings) as reading:
            yield reading
        return
    with open_engine(folder, settings, engine, ahead.contacts) as reader:
        own = replace(facts, decisions=reader.decisions)
        yield Reading(reader.name, _read_here(reader, own, lake, pending, ahead, settings))


def _read_here(
    reader: Engine, facts: Facts, lake: Lake, pending: Pending, ahead: Plan, settings: ScoringSettings
) -> Iterator[Scored]:
    cut = (found for span in ahead.spans for found in cut_contacts(lake, pending, span, settings))
    sent: deque[tuple[Part, Cut | None]] = deque()  # itertools.tee would hold as many as fifty-seven

    def texts() -> Iterator[Texts]:
        for contacts, closes in cut:
            part = Part.of(contacts, facts.speakers)
            sent.append((part, closes))
            yield part.texts

    for found in reader.read(texts()):
        part, closes = sent.popleft()
        yield Scored(part.rows(facts, found), closes)
