"""Scoring of the lake: every contact that a model has not read yet, some days or a shard of a large day a commit."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import tee
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from voc.config import ScoringSettings
from voc.data.columns import forms_of, vectors_column
from voc.data.contracts import SCORES
from voc.data.lake import Lake
from voc.data.locks import alone
from voc.data.runs import record_run
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.answers import Answers
from voc.inference.engine import EngineName, Texts, open_engine
from voc.inference.pending import Anew, Pending, Shard, Span, clear, plan, shards
from voc.models.compatibility import taxonomy_gap
from voc.models.facts import Facts, read_facts
from voc.models.manifest import EXPORT
from voc.models.predictions import Predictions
from voc.models.storage import MANIFEST

Progress = Callable[[int, int], None]


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
) -> ScoreSummary:
    """Score every contact that the current model, or the version `model`, has not read yet, of whatever day.

    With `since` contacts of days from then on, those with a score once more; earlier days are left alone. Scores of a
    version that is not current lie beside those that people see. What is committed together arrives whole, so a run
    that is killed anywhere and started again leaves the same table as one that was not; with `since` it takes up where
    it stopped. Raises WorkspaceError without a model, or where the taxonomy has changed since it was made, and
    InputError while another run is scoring here.
    """
    version = model or workspace.current_model
    if version is None:
        raise WorkspaceError(f"{workspace.root}: no model yet; train one with: voc train")
    folder = workspace.models / version
    if not (folder / MANIFEST).is_file():
        raise WorkspaceError(f"{workspace.models}: no model version {version!r}")
    gap = taxonomy_gap(folder, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(
            f"model {version} was made for other contact reasons: {gap}; "
            f"train one for these with: voc train -w {workspace.root}, and then voc promote"
        )
    with alone(workspace.lake.root, "score"):
        clear(workspace.lake)
        return _score(workspace, read_facts(folder), progress, engine, since)


def _score(
    workspace: Workspace, facts: Facts, progress: Progress, engine: EngineName, since: date | None
) -> ScoreSummary:
    lake, settings = workspace.lake, workspace.config.scoring
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    folder = workspace.models / facts.version
    anew = None
    if since is not None:
        anew = Anew(lake.root / ".score-anew.json", facts.version, _fingerprint(folder, engine), since)
    pending = Pending(facts.version, since or date.min, anew is not None)
    ahead = plan(lake, pending, settings, anew.reached() if anew else None)
    done, abstained, used = 0, 0, "none"
    if ahead.spans:
        with open_engine(folder, settings, engine, ahead.contacts) as reader:
            used, own = reader.name, replace(facts, decisions=reader.decisions)
            rows: list[pa.Table] = []
            mine, theirs = tee(_parts(lake, facts, pending, ahead.spans, settings))
            for part, found in zip(mine, reader.read(each.texts for each in theirs), strict=True):
                rows.append(_rows(own, part, found))
                done += part.contacts.num_rows
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


def _store(lake: Lake, scores: pa.Table, shard: Shard, anew: Anew | None) -> None:
    """One commit; of a run that scores anew in the place of the scores that were there."""
    if anew is None:
        lake.append("scores", scores)
        return
    lake.replace("scores", scores, f"model_version = '{anew.version}' AND {shard.where}")
    anew.remember(shard.place)


def _fingerprint(folder: Path, engine: EngineName) -> str:
    """Of the model in a folder and its export, if there is one."""
    found = [path.read_bytes() for path in (folder / MANIFEST, folder / EXPORT / MANIFEST) if path.is_file()]
    return hashlib.sha256(b"".join([engine.encode(), *found])).hexdigest()


@dataclass(frozen=True)
class _Part:
    """Contacts (contact_id, day, language, script, turns) that are read together; the last of a shard `closes` it."""

    contacts: pa.Table
    turns: Sequence[Sequence[Mapping[str, Any]]]
    texts: Texts
    closes: Shard | None


def _parts(
    lake: Lake, facts: Facts, pending: Pending, spans: Sequence[Span], settings: ScoringSettings
) -> Iterator[_Part]:
    together = settings.read_contacts
    for span in spans:
        for shard in shards(lake, pending, span, settings):
            count = shard.contacts.num_rows
            for start in range(0, count, together):
                part = shard.contacts.slice(start, together)
                turns = part["turns"].to_pylist()
                texts = Texts([contact_text(spoken, facts.speakers) for spoken in turns], forms_of(part))
                yield _Part(part, turns, texts, shard if start + together >= count else None)


def _rows(facts: Facts, part: _Part, found: Predictions) -> pa.Table:
    """What the model says about contacts, one row a contact, by the contract of `scores`."""
    contacts, count = part.contacts, part.contacts.num_rows
    columns: dict[str, Any] = {
        "contact_id": contacts["contact_id"],
        "model_version": pa.repeat(facts.version, count),
        "day": contacts["day"],
        "embedding": vectors_column(found.embeddings),
        **Answers(facts, part.turns, part.texts.texts, found).columns(),
    }
    empty = {name: pa.nulls(count, SCORES.schema.field(name).type) for name in SCORES.schema.names}
    return pa.table({**empty, **columns}, schema=SCORES.schema)
