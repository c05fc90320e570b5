"""Do themes keep still? Of a workspace's contacts: in another order, with a tenth more, and with equal words."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.optimize import linear_sum_assignment

from voc.data.text import contact_text, fold
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.inference.themes import themes
from voc.models.registry import RunLog

GROWTH = 0.1
"""So many times the contacts before come in addition, the latest ones."""
_CONTACTS = "SELECT * FROM contacts ORDER BY started_at, contact_id"
_SCORES = "SELECT * FROM scores WHERE model_version = $version"
_ASSIGNED = "SELECT contact_id, theme_id FROM theme_assignments"


def theme_stability(workspace: Workspace, progress: Progress, run: RunLog) -> BenchResult:
    """Find themes in copies of the workspace. Raises WorkspaceError where nothing is scored.

    `reordered`: share of contacts with the same theme id after the same contacts came in reverse order.
    `kept`: share of contacts with the same theme id (or still none) after a tenth more contacts and a refit.
    `equal_texts`: share of the contacts whose customer's words another contact has, too, that are in that one's theme.
    The rival of `kept` numbers the themes of a new fit by the most contacts in common, one to one.
    """
    version = workspace.required_model()
    contacts = workspace.lake.query(_CONTACTS)
    scores = workspace.lake.query(_SCORES, {"version": version})
    if scores.num_rows == 0:
        raise WorkspaceError(f"{workspace.root}: nothing scored with model {version}; run: voc score")
    early = contacts.slice(0, round(contacts.num_rows / (1 + GROWTH)))
    late = contacts.slice(early.num_rows)
    with copied(workspace, version) as grown:
        progress("themes of the first contacts", 0.1)
        _fill(grown, early, scores)
        themes(grown)
        before = _themes_of(grown)
        progress("with a tenth more", 0.35)
        _fill(grown, late, scores)
        summary = themes(grown)
        after = _themes_of(grown)
    with copied(workspace, version) as other:
        progress("all contacts, newly fitted", 0.6)
        _fill(other, contacts, scores)
        themes(other)
        fresh = _themes_of(other)
    with copied(workspace, version) as other:
        progress("in reverse order", 0.8)
        _fill(other, contacts.take(pa.array(np.arange(contacts.num_rows)[::-1])), scores)
        themes(other)
        reordered = _themes_of(other)
    figures = {
        "reordered": _same(fresh, reordered),
        "kept": _same(before, after),
        "baseline.rematched.kept": _same(before, _rematched(before, fresh)),
        "equal_texts": _equal_texts(contacts, after),
        "contacts": float(contacts.num_rows),
        "themes": float(len(set(after.values()) - {None})),
        "outliers": summary.unassigned_share,
        **{f"events.{kind}": float(count) for kind, count in summary.event_counts.items()},
    }
    run.table("theme-stability", figures)
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    data = f"contacts of {workspace.config.company.name}{synthetic}"
    return BenchResult("themes stability", figures, machine_context() | {"data": data, "seed": 13})


@contextmanager
def copied(workspace: Workspace, version: str) -> Iterator[Workspace]:
    """The workspace's settings with an empty lake."""
    with tempfile.TemporaryDirectory(prefix="voc-stability-") as folder:
        root = Path(folder)
        for name in ("voc.toml", "taxonomy.toml"):
            shutil.copy(workspace.root / name, root / name)
        (root / "models" / version).mkdir(parents=True)
        copy = Workspace.open(root)
        copy.make_current(version)
        yield copy


def _fill(workspace: Workspace, contacts: pa.Table, scores: pa.Table) -> None:
    # Arrow's join takes no lists along: the numbers of the rows are joined instead.
    numbers = pa.table({"contact_id": scores["contact_id"], "row": pa.array(np.arange(scores.num_rows))})
    kept = contacts.select(["contact_id"]).join(numbers, "contact_id", join_type="inner")["row"]
    workspace.lake.append("contacts", contacts)
    workspace.lake.append("scores", scores.take(kept))


def _themes_of(workspace: Workspace) -> dict[str, str | None]:
    rows = workspace.lake.query(_ASSIGNED)
    return dict(zip(rows["contact_id"].to_pylist(), rows["theme_id"].to_pylist(), strict=True))


def _same(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> float:
    return float(np.mean([after[contact] == theme for contact, theme in before.items()]))


def _rematched(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> dict[str, str | None]:
    """`after` with the names of `before`, one to one, by the most contacts in common."""
    old, new = (sorted({theme for theme in named.values() if theme}) for named in (before, after))
    common = np.zeros((len(new), len(old)), dtype=np.int64)
    for contact, theme in before.items():
        then = after[contact]
        if theme and then:
            common[new.index(then), old.index(theme)] += 1
    pairs = zip(*linear_sum_assignment(-common), strict=True)
    names: dict[str, str] = {new[one]: old[other] for one, other in pairs}
    return {contact: names.get(theme, f"new {theme}") if theme else None for contact, theme in after.items()}


def _equal_texts(contacts: pa.Table, found: Mapping[str, str | None]) -> float:
    """Share of contacts with repeated words that have the theme of the first contact with them; 1 where none repeat."""
    groups: dict[str, list[str | None]] = {}
    for contact, turns in zip(contacts["contact_id"].to_pylist(), contacts["turns"].to_pylist(), strict=True):
        groups.setdefault(fold(contact_text(turns)), []).append(found[contact])
    repeated = [theme == group[0] for group in groups.values() if len(group) > 1 for theme in group[1:]]
    return float(np.mean(repeated)) if repeated else 1.0
