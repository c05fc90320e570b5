"""What people and runs did to themes: the app's questions over `theme_edits`, `theme_events` and `closures`.

People's decisions are laid over the table `themes` as far as they can be without a new run (name, owner, fixed, "not a
theme"), each time somebody decides something: `apply_edits` makes the small table `theme` anew and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import duckdb
import numpy as np
import pyarrow as pa

from voc.inference.intervals import Interval
from voc.inference.theme_edits import Edit, EditKind, Edits, fixed_of, holding_edits, last_edit

TABLES = ("theme_events", "closures")
CREATE = """
CREATE TABLE theme_row AS
SELECT theme_id, label, keywords, coalesce(status, 'active') AS status, first_day, verbatim_ids, owner, fixed_on,
       fixed_release, merged_into, theme_group, theme_group_label, centroid, space, fitted_at::TIMESTAMP AS fitted_at
FROM lake_themes;
CREATE TABLE theme_event AS
SELECT "at"::TIMESTAMP AS "at", event_id, kind, theme_id, other_theme_ids FROM lake_theme_events;
CREATE TABLE closure AS SELECT * FROM lake_closures;
"""
"""Of the registered datasets. A theme of before there were decisions has no status: it is active."""
RELATED = 4
_ALIKE = 0.2
"""Centres below this cosine have hardly anything in common."""
_STRUCTURAL = (EditKind.MERGE, EditKind.SPLIT, EditKind.DISMISS)

Happening = Literal[
    "born", "split", "gave", "merged", "took", "retired", "returned", "renamed", "dismissed", "owned", "fixed"
]


@dataclass(frozen=True)
class FixTest:
    """A theme marked as fixed, before and after. Customers count once a day."""

    fixed_on: date
    release: str | None
    tested_on: date
    """Last day of the data that was tested."""
    verdict: str
    """As `emergence.closure.Verdict` names them."""
    before: int
    after: int
    days_before: int
    days_after: int
    ratio: Interval | None
    """Customers of the theme in relation to all others, after over before; None where nothing can be said."""

    @property
    def waited(self) -> int:
        """Days from the fix to the test."""
        return max(0, (self.tested_on - self.fixed_on).days)


@dataclass(frozen=True)
class Happened:
    """One thing that happened to a theme: by a run, or by a person (`who`)."""

    day: date
    kind: Happening
    others: tuple[tuple[str, str], ...] = ()
    """Ids and names of the other themes in it. split: what it was part of; gave: what was split off from it."""
    who: str | None = None
    value: str | None = None
    """renamed: the name; owned: by whom (none: nobody); fixed: the release."""
    since: date | None = None
    """fixed: on which day."""


@dataclass(frozen=True)
class Waiting:
    """A decision that the next run of `voc themes` carries out."""

    edit: Edit
    other: str | None
    """Name of the other theme in it."""
    undone: bool
    """Whether it is to be taken back."""


@dataclass(frozen=True)
class Gone:
    """A theme that is not shown any more."""

    theme_id: str
    label: str
    into: str | None
    """The theme that its contacts count for; None: a person said that it is none."""


@dataclass(frozen=True)
class Related:
    """A theme with a near centre."""

    theme_id: str
    label: str
    cosine: float


@dataclass(frozen=True)
class Story:
    """What there is to tell of a theme besides its figures."""

    happened: tuple[Happened, ...]
    """Newest first."""
    waiting: tuple[Waiting, ...]
    last: Edit | None
    """The edit that an undo would take back."""
    related: tuple[Related, ...]
    """Nearest first."""


def apply_edits(connection: duckdb.DuckDBPyConnection, history: Sequence[Edit]) -> None:
    """Make the table `theme` out of `theme_row` and what people decided (all edits, oldest first)."""
    rows = _overlay(history)
    with connection.cursor() as cursor:
        cursor.register("edited", pa.Table.from_pylist(rows, schema=_EDITED))
        cursor.execute(_THEME)
        cursor.unregister("edited")


def fix_tests(connection: duckdb.DuckDBPyConnection) -> dict[str, FixTest]:
    """The tests of all fixes that hold, by theme."""
    rows = _rows(connection, _FIXES)
    return {row[0]: _fix(row[1:]) for row in rows}


def story(connection: duckdb.DuckDBPyConnection, history: Sequence[Edit], theme_id: str) -> Story:
    """What happened to a theme, what waits, and what is like it."""
    names: dict[str, str] = dict(_rows(connection, _NAMES))
    fitted = _rows(connection, "SELECT max(fitted_at) FROM theme_row")[0][0]
    return Story(
        tuple(sorted(_happened(connection, history, theme_id, names), key=lambda each: each.day, reverse=True)),
        _waiting(history, theme_id, names, fitted),
        last_edit(history, theme_id),
        _related(connection, theme_id),
    )


def gone(connection: duckdb.DuckDBPyConnection, history: Sequence[Edit], theme_id: str) -> Gone | None:
    """What became of a theme that is not shown; None where there never was one of that id, or it is shown."""
    found = _rows(connection, _GONE, {"theme": theme_id})
    if not found:
        return None
    label, status, into = found[0]
    dismissed = theme_id in Edits.of(history).dismissed or status == "dismissed"
    return Gone(theme_id, label, None if dismissed else into)


def names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Names of the active themes by id, in the order of the names."""
    return dict(_rows(connection, "SELECT theme_id, label FROM theme WHERE status = 'active' ORDER BY label, theme_id"))


def _overlay(history: Sequence[Edit]) -> list[dict[str, Any]]:
    """A row for each theme that a person ever did something to."""
    edits = Edits.of(history)
    by_theme: dict[str, list[Edit]] = {}
    for edit in history:
        by_theme.setdefault(edit.theme_id, []).append(edit)
    rows = []
    for theme, own in by_theme.items():
        kinds = {edit.kind for edit in own}
        fixed = edits.fixed.get(theme)
        rows.append(
            {
                "theme_id": theme,
                "name": edits.labels.get(theme),
                "former_names": [edit.value for edit in own if edit.kind == EditKind.RENAME],
                "owned": EditKind.OWNER in kinds,
                "by": edits.owners.get(theme) or None,
                "marked": EditKind.FIXED in kinds,
                "since": fixed.day if fixed else None,
                "in_release": fixed.release if fixed else None,
                "fixed_by": fixed.edit_id if fixed else None,
                "hidden": theme in edits.dismissed,
            }
        )
    return rows


def _happened(
    connection: duckdb.DuckDBPyConnection, history: Sequence[Edit], theme_id: str, names: dict[str, str]
) -> list[Happened]:
    def named(ids: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return tuple((each, names.get(each, each)) for each in ids)

    found = []
    for at, kind, theme, others in _rows(connection, _EVENTS, {"theme": theme_id}):
        if theme == theme_id:
            found.append(Happened(at.date(), kind, named(others or ())))
        elif kind in _OTHER_SIDE:
            found.append(Happened(at.date(), _OTHER_SIDE[kind], named((theme,))))
    for edit in holding_edits(history):
        day, other = edit.at.date(), edit.other_theme_id
        if edit.theme_id == theme_id:
            kind = _OWN_SIDE[EditKind(edit.kind)]
            fixed = fixed_of(edit) if edit.kind == EditKind.FIXED else None
            value, since = (fixed.release, fixed.day) if fixed else (edit.value, None)
            found.append(Happened(day, kind, named((other,) if other else ()), edit.who, value, since))
        elif other == theme_id:
            found.append(
                Happened(day, "split" if edit.kind == EditKind.SPLIT else "took", named((edit.theme_id,)), edit.who)
            )
    return found


def _waiting(
    history: Sequence[Edit], theme_id: str, names: dict[str, str], fitted: datetime | None
) -> tuple[Waiting, ...]:
    """What the next run changes: edits that hold now and did not when it ran last, and the other way round."""
    carried_out = [edit for edit in history if fitted is not None and edit.at.replace(tzinfo=None) <= fitted]
    now, then = (
        {edit.edit_id: edit for edit in holding_edits(edits) if edit.kind in _STRUCTURAL}
        for edits in (history, carried_out)
    )
    changed = [(edit, False) for key, edit in now.items() if key not in then]
    changed += [(edit, True) for key, edit in then.items() if key not in now]
    return tuple(
        Waiting(edit, names.get(other, other) if other else None, undone)
        for edit, undone in changed
        if theme_id in (edit.theme_id, edit.other_theme_id)
        for other in [edit.other_theme_id if edit.theme_id == theme_id else edit.theme_id]
    )


def _related(connection: duckdb.DuckDBPyConnection, theme_id: str) -> tuple[Related, ...]:
    rows = _rows(connection, _CENTRES)
    own = next((row for row in rows if row[0] == theme_id), None)
    if own is None:
        return ()
    rows = [row for row in rows if row[3] == own[3] and len(row[2]) == len(own[2])]
    centres = np.array([row[2] for row in rows], np.float64)
    lengths = np.maximum(np.linalg.norm(centres, axis=1), 1e-12)
    place = next(number for number, row in enumerate(rows) if row[0] == theme_id)
    cosines = (centres / lengths[:, None]) @ (centres[place] / lengths[place])
    near = [Related(row[0], row[1], float(cosine)) for row, cosine in zip(rows, cosines, strict=True)]
    near = [each for each in near if each.theme_id != theme_id and each.cosine >= _ALIKE]
    return tuple(sorted(near, key=lambda each: (-each.cosine, each.theme_id))[:RELATED])


def _fix(row: tuple[Any, ...]) -> FixTest:
    fixed_on, release, tested_on, verdict, before, after, days_before, days_after, ratio, low, high = row
    interval = Interval(ratio, low, high) if ratio is not None else None
    return FixTest(fixed_on, release, tested_on, verdict, before, after, days_before, days_after, interval)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        return cursor.execute(sql, values or {}).fetchall()


_OTHER_SIDE: dict[str, Happening] = {"split": "gave", "merged": "took"}
_OWN_SIDE: dict[EditKind, Happening] = {
    EditKind.RENAME: "renamed",
    EditKind.MERGE: "merged",
    EditKind.SPLIT: "gave",
    EditKind.DISMISS: "dismissed",
    EditKind.OWNER: "owned",
    EditKind.FIXED: "fixed",
}
_EDITED = pa.schema(
    {
        "theme_id": pa.string(),
        "name": pa.string(),
        "former_names": pa.list_(pa.string()),
        "owned": pa.bool_(),
        "by": pa.string(),
        "marked": pa.bool_(),
        "since": pa.date32(),
        "in_release": pa.string(),
        "fixed_by": pa.string(),
        "hidden": pa.bool_(),
    }
)
# A name that was taken back after a run had written it is not known any more: the next run makes one of the keywords.
_THEME = """
CREATE OR REPLACE TABLE theme AS
SELECT theme_id,
       CASE WHEN name IS NOT NULL THEN name
            WHEN list_contains(former_names, label)
            THEN coalesce(nullif(array_to_string(keywords[:3], ', '), ''), '–')
            ELSE label END AS label,
       keywords, status, first_day, verbatim_ids,
       CASE WHEN owned THEN "by" ELSE owner END AS owner,
       CASE WHEN marked THEN since ELSE fixed_on END AS fixed_on,
       CASE WHEN marked THEN in_release ELSE fixed_release END AS fixed_release,
       fixed_by, theme_group, theme_group_label
FROM theme_row LEFT JOIN edited USING (theme_id)
WHERE status NOT IN ('merged', 'dismissed') AND NOT coalesce(hidden, FALSE)
"""
_FIXES = """
SELECT theme.theme_id, closure.fixed_on, release, tested_on, verdict, before, after, days_before, days_after,
       ratio, low, high
FROM closure JOIN theme ON fixed_by = edit_id
"""
_NAMES = """
SELECT theme_id, coalesce(theme.label, theme_row.label) FROM theme_row LEFT JOIN theme USING (theme_id)
"""
_EVENTS = """
SELECT "at", kind, theme_id, other_theme_ids FROM theme_event
WHERE theme_id = $theme OR list_contains(other_theme_ids, $theme) ORDER BY "at", event_id
"""
_GONE = """
SELECT label, status, merged_into FROM theme_row
WHERE theme_id = $theme AND theme_id NOT IN (SELECT theme_id FROM theme)
"""
_CENTRES = """
SELECT theme_id, theme.label, centroid, space FROM theme JOIN theme_row USING (theme_id)
WHERE theme.status = 'active' AND len(centroid) > 0
"""
