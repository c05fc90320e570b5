"""`voc daily`: everything that a day asks for, in order: new files, scores, themes, what rises, outcome scores, marts.

Every step is one that can be killed and run again, so the whole can be as well. What one call did is in `runs`: a row
of step `daily` for each of its steps, which also says what the step had read. A step whose tables have not changed
since is not done again.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from voc.data.contracts import CONTRACTS
from voc.data.ingest import IngestSummary, Kind, ingest, kind_of
from voc.data.locks import alone
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.errors import InputError, VocError, WorkspaceError
from voc.inference.emergence.run import emergence
from voc.inference.engine import EngineName
from voc.inference.marts_store import prepare
from voc.inference.outcomes import score_outcomes
from voc.inference.progress import Report, paced
from voc.inference.score import score
from voc.inference.themes import themes
from voc.models.outcome import current_head

Around = Callable[[str], AbstractContextManager[Report]]
"""Entered around each step with its name; gives what reports the step's progress."""

STEPS = ("tidy", "ingest", "score", "themes", "signals", "outcomes", "marts")
_NEEDS = {"themes": "score", "signals": "themes", "outcomes": "score"}
_READS = {
    "themes": ("scores", "contacts", "theme_edits"),
    "signals": ("theme_assignments", "themes", "theme_edits", "scores", "contacts", "customers"),
}
_DAILY = "SELECT inputs, counts FROM runs WHERE step = 'daily' ORDER BY started_at"
_TIDIED = """
    SELECT started_at FROM runs WHERE step = 'daily' AND json_extract_string(inputs, '$.step') = 'tidy'
    AND json_extract_string(counts, '$.ending') = 'done'
"""
_TIDY_EVERY = timedelta(days=7)
_THEMES = "SELECT started_at, inputs FROM runs WHERE step = 'themes'"


class Ending(StrEnum):
    """How a step ended."""

    DONE = "done"
    NOTHING = "nothing new"
    LEFT_OUT = "left out"
    FAILED = "failed"


@dataclass(frozen=True)
class StepResult:
    """One step of a call: `rows` that it stored, or worked out; `note` says in one line what came of it, or why not."""

    step: str
    ending: Ending
    rows: int = 0
    seconds: float = 0.0
    note: str = ""
    quarantined: int = 0
    error: Exception | None = field(default=None, compare=False)
    """What nobody foresaw, where the step failed of it."""


@dataclass(frozen=True)
class DailySummary:
    """What a call did, a result a step."""

    steps: tuple[StepResult, ...]

    @property
    def seconds(self) -> float:
        """Of all steps."""
        return sum(step.seconds for step in self.steps)

    @property
    def failed(self) -> tuple[StepResult, ...]:
        """Steps that failed; those that were left out because of them are not among them."""
        return tuple(step for step in self.steps if step.ending is Ending.FAILED)

    @property
    def quarantined(self) -> int:
        """Rows that were refused."""
        return sum(step.quarantined for step in self.steps)

    def share(self, step: StepResult) -> float:
        """A step's share (0 to 1) of the time."""
        return step.seconds / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class _Call:
    workspace: Workspace
    sources: Sequence[Path]
    engine: EngineName
    now: datetime


@dataclass(frozen=True)
class _Done:
    """What a step did; `read` is remembered, so that the next call knows what there is to do."""

    rows: int
    note: str
    ending: Ending = Ending.DONE
    read: Mapping[str, object] = field(default_factory=dict)
    quarantined: int = 0


@contextmanager
def _silent(name: str) -> Iterator[Report]:
    yield lambda what, share: None


def daily(
    workspace: Workspace,
    sources: Sequence[Path] = (),
    around: Around = _silent,
    engine: EngineName = "auto",
    now: datetime | None = None,
) -> DailySummary:
    """Ingest `sources` (without any: what is new in the inbox), score, assign themes, test what rises, score outcomes.

    Files of tables as they were long ago are deleted once a week. Themes are looked for anew every `refit_days`, and
    where there are none yet; else only those in their first days.
    A step that fails is told in its result. The others go on, but for those that would work on what it should have
    made. Called again, at any time and after any interruption, it does what is left. Raises InputError while another
    call is at work here.
    """
    call = _Call(workspace, sources, engine, now or datetime.now(UTC))
    identity, results = uuid.uuid4().hex, dict[str, StepResult]()
    with alone(workspace.lake.root, "daily"):
        for step in STEPS:
            needed = results.get(_NEEDS.get(step, ""))
            if needed is not None and needed.ending in (Ending.FAILED, Ending.LEFT_OUT):
                results[step] = StepResult(step, Ending.LEFT_OUT, note=f"needs the step {needed.step}")
            else:
                results[step] = _run(call, step, around, identity)
    return DailySummary(tuple(results.values()))


def _run(call: _Call, step: str, around: Around, identity: str) -> StepResult:
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    work = _WORK[step]
    error: Exception | None = None
    try:
        done = work(call, around)
    except VocError as problem:
        done = _Done(0, str(problem), Ending.FAILED)
    # Nobody watches: whatever goes wrong in one step is told, and the others still have their night.
    except Exception as problem:
        done, error = _Done(0, f"{type(problem).__name__}: {problem}".partition("\n")[0], Ending.FAILED), problem
    seconds = time.perf_counter() - begin
    if done.ending in (Ending.DONE, Ending.FAILED):
        record_run(
            call.workspace.lake, "daily", started_at, seconds,
            inputs={"call": identity, "step": step, **done.read},
            counts={"rows": done.rows, "ending": done.ending},
            versions={"model": call.workspace.current_model},
        )  # fmt: skip
    return StepResult(step, done.ending, done.rows, seconds, done.note, done.quarantined, error)


def _tidy(call: _Call, around: Around) -> _Done:
    """First of all: it gives tables another version, and what comes after reads that one."""
    lake, keep = call.workspace.lake, timedelta(days=call.workspace.config.daily.keep_days)
    last = max((row["started_at"] for row in lake.query(_TIDIED).to_pylist()), default=None)
    if last is not None and call.now - last < _TIDY_EVERY:
        return _Done(0, "done this week", Ending.NOTHING)
    with around("Tidying") as report:
        gone = 0
        for place, name in enumerate(CONTRACTS):
            report(name, place / len(CONTRACTS))
            gone += lake.tidy(name, keep)
    if not gone:
        return _Done(0, f"no files older than {keep.days} days", Ending.NOTHING)
    return _Done(gone, f"{gone:,} files older than {keep.days} days deleted")


def _ingest(call: _Call, around: Around) -> _Done:
    """Of the sources that were named all files; of the inbox those that no call has read as they are now."""
    files = _files(call)
    stamps = {path: _stamp(path) for path in files}
    if not call.sources:
        known = _known_files(call.workspace)
        files = [path for path in files if known.get(path.name) != stamps[path]]
    if not files:
        return _Done(0, "no new files", Ending.NOTHING)
    with around("Ingesting") as report:
        summaries, read, problems = _ingest_all(call, files, report)
    stored, refused = sum(one.stored for one in summaries), sum(one.quarantined for one in summaries)
    there = sum(one.already_there for one in summaries)
    note = f"{stored:,} stored, {there:,} already there, {refused:,} quarantined, of {len(read):,} files"
    if problems:
        more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
        note = f"{problems[0]}{more}; {note}"
    remembered = {} if call.sources else {"files": {path.name: stamps[path] for path in read}}
    return _Done(stored, note, Ending.FAILED if problems else Ending.DONE, remembered, refused)


def _ingest_all(
    call: _Call, files: Sequence[Path], report: Report
) -> tuple[list[IngestSummary], list[Path], list[str]]:
    """All files together; one by one where one of them cannot be read, so that it keeps no other out. What came of
    them, which were read, and what is wrong with the others."""

    def tell(name: str, rows: int) -> None:
        report(f"{name}: {rows:,} rows", 0.0)

    try:
        return [ingest(call.workspace, files, now=call.now, progress=tell)], list(files), []
    except InputError as problem:
        if len(files) == 1:
            return [], [], [str(problem)]
    summaries, read, problems = [], [], []
    kinds = list(Kind)
    for path in sorted(files, key=lambda path: kinds.index(kind_of(path))):
        try:
            summaries.append(ingest(call.workspace, [path], now=call.now, progress=tell))
            read.append(path)
        except InputError as problem:
            problems.append(str(problem))
    return summaries, read, problems


def _files(call: _Call) -> list[Path]:
    """Files of the sources, or of the inbox, folders opened. Raises InputError where the inbox is no folder."""
    sources, inbox = list(call.sources), call.workspace.config.daily.inbox
    if not sources and inbox:
        sources = [call.workspace.root / inbox]
        if not sources[0].is_dir():
            raise InputError(f"{sources[0]}: expected the folder that inbox under [daily] in voc.toml names, got none")
    found: list[Path] = []
    for source in sources:
        inside = sorted(source.iterdir()) if source.is_dir() else [source]
        found += [path for path in inside if path == source or not path.name.startswith((".", "_"))]
    return found


def _stamp(path: Path) -> list[int]:
    """What changes when a file does; nothing for one that is not there, which is the readers' to tell."""
    return [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else []


def _known_files(workspace: Workspace) -> dict[str, list[int]]:
    """Files of the inbox that were read, and what they were like then."""
    found: dict[str, list[int]] = {}
    for inputs, _ in _calls(workspace, "ingest"):
        found |= inputs.get("files", {})
    return found


def _score(call: _Call, around: Around) -> _Done:
    with around("Scoring") as report:
        found = score(call.workspace, paced(report), call.engine)
    if not found.contacts:
        return _Done(0, f"every contact is scored with model {found.model_version}", Ending.NOTHING)
    late = f", {found.late:,} late ones" if found.late else ""
    note = f"{found.days:,} days{late}, {found.abstained:,} without a sure reason, {found.per_second:,.0f} a second"
    return _Done(found.contacts, note)


def _themes(call: _Call, around: Around) -> _Done:
    workspace, settings = call.workspace, call.workspace.config
    last = _last_refit(workspace)
    today = call.now.astimezone(settings.zone).date()
    due = last is None or (today - last.astimezone(settings.zone).date()).days >= settings.daily.refit_days
    read = _reading(workspace, "themes", settings.themes.model_dump_json())
    if not due and _done_before(workspace, "themes", read):
        return _Done(0, "no new scores", Ending.NOTHING)
    with around("Finding themes" if due else "Assigning themes") as report:
        found = themes(workspace, lambda what: report(what, 0.0), refit=due)
    how = "looked for anew" if due else "assigned"
    happened = "".join(f", {count:,} {kind}" for kind, count in found.event_counts.items())
    note = f"{len(found.themes):,} themes {how}, {found.unassigned_share:.0%} in none{happened}"
    if found.naming_failure:
        note += f"; {found.naming_failure}"
    return _Done(found.contacts, note, read={"read": read})


def _last_refit(workspace: Workspace) -> datetime | None:
    """When themes were last looked for; None where there are none."""
    lake = workspace.lake
    if not lake.dataset("themes").count_rows():
        return None
    runs = lake.query(_THEMES).to_pylist()
    return max((row["started_at"] for row in runs if json.loads(row["inputs"]).get("refit", True)), default=None)


def _signals(call: _Call, around: Around) -> _Done:
    workspace = call.workspace
    read = _reading(workspace, "signals", workspace.config.emergence.model_dump_json())
    if _done_before(workspace, "signals", read):
        return _Done(0, "no new assignments", Ending.NOTHING)
    with around("Looking for what rises"):
        found = emergence(workspace)
    note = f"{len(found.living):,} open alerts among {found.groups:,} groups"
    return _Done(found.groups, note, read={"read": read})


def _outcomes(call: _Call, around: Around) -> _Done:
    workspace = call.workspace
    try:
        current_head(workspace.models, workspace.current_model or "")
    except WorkspaceError as problem:
        return _Done(0, str(problem), Ending.LEFT_OUT)
    with around("Scoring outcomes") as report:
        found = score_outcomes(workspace, paced(report))
    if not found.contacts:
        return _Done(0, f"every contact is scored with outcome head {found.version}", Ending.NOTHING)
    return _Done(found.contacts, f"{found.days:,} days")


def _marts(call: _Call, around: Around) -> _Done:
    """Whatever became of the other steps: the app shows the lake as it is."""
    with around("Preparing the app"):
        files, new = prepare(call.workspace)
    if not new:
        return _Done(0, "the app's tables are there", Ending.NOTHING)
    return _Done(new, f"{new:,} of {files:,} files of the app's tables")


def _reading(workspace: Workspace, step: str, settings: str) -> list[object]:
    """What a step's result depends on."""
    return [*workspace.lake.versions(*_READS[step]), workspace.current_model, settings]


def _done_before(workspace: Workspace, step: str, read: list[object]) -> bool:
    """Whether the step has been done on the same, and nothing else since."""
    done = [inputs for inputs, counts in _calls(workspace, step) if counts["ending"] == Ending.DONE]
    return bool(done) and done[-1].get("read") == read


def _calls(workspace: Workspace, step: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Inputs and counts of a step in all calls until now, in their order."""
    rows = [(json.loads(row["inputs"]), json.loads(row["counts"])) for row in workspace.lake.query(_DAILY).to_pylist()]
    return [(inputs, counts) for inputs, counts in rows if inputs.get("step") == step]


_WORK: dict[str, Callable[[_Call, Around], _Done]] = {
    "tidy": _tidy,
    "ingest": _ingest,
    "score": _score,
    "themes": _themes,
    "signals": _signals,
    "outcomes": _outcomes,
    "marts": _marts,
}
