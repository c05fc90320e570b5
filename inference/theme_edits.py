"""What people decide about themes: names, merges, splits, owners. Written once, and held through every refit.

Edits are appended and never changed; an undo is an edit as well. `voc themes` applies them, and `current_edits` tells
what holds now. Only one edit is checked and written at a time, so that none is lost and no id is given twice.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import pyarrow as pa

from voc.data.contracts import THEME_EDITS
from voc.data.lake import Lake, writable
from voc.data.locks import alone
from voc.data.text import fold, one_line, said_in
from voc.errors import ThemeError
from voc.inference.spoken_themes import spoken_themes

LONGEST_NAME = 120
"""Characters of a theme's name or of its owner's."""
_PATIENCE = 60.0  # seconds that an edit waits for another one to be written

_EDITS = 'SELECT * FROM theme_edits ORDER BY "at", edit_id'
_THEMES = "SELECT theme_id FROM themes"
# Words of the agent are in `search_text` as well; whose they are is looked at afterwards.
_SAYING = rf"""
    SELECT contact_id, turns, evidence FROM {spoken_themes()} JOIN contacts USING (contact_id)
    WHERE theme_id = $theme AND list_bool_and([search_text LIKE word ESCAPE '\' FOR word IN $words::VARCHAR[]])
    ORDER BY contact_id
"""
_LIKE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
_SIZE = f"SELECT count(*) AS contacts FROM {spoken_themes()} WHERE theme_id = $theme"
_KNOWN_CONTACTS = "SELECT contact_id FROM contacts WHERE list_contains($ids::VARCHAR[], contact_id)"


class EditKind(StrEnum):
    """What an edit does."""

    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    DISMISS = "dismiss"
    OWNER = "owner"
    FIXED = "fixed"
    UNDO = "undo"


@dataclass(frozen=True)
class Edit:
    """One row of `theme_edits`."""

    edit_id: str
    at: datetime
    who: str
    kind: str
    theme_id: str
    other_theme_id: str | None = None
    contact_ids: tuple[str, ...] = ()
    value: str | None = None


@dataclass(frozen=True)
class Fixed:
    """Since when a theme's problem is fixed, as somebody said: a day, a release by name, or both; and the edit."""

    day: date | None
    release: str | None
    edit_id: str
    at: datetime

    def since(self, zone: ZoneInfo) -> date:
        """The day of the fix; where only a release is named, the day on which somebody said so."""
        return self.day or self.at.astimezone(zone).date()


@dataclass(frozen=True)
class Split:
    """A theme made of some contacts of another."""

    theme_id: str
    new_theme_id: str
    contact_ids: tuple[str, ...]


@dataclass(frozen=True)
class Edits:
    """What holds now.

    `merged` says where a theme's contacts go, through chains of merges; `unsplit` which theme the contacts of an undone
    split go back to; `ever_merged` are the themes that a person merged at any time, undone or not; `touched` those that
    a person did something to.
    """

    labels: Mapping[str, str]
    merged: Mapping[str, str]
    dismissed: frozenset[str]
    owners: Mapping[str, str]
    fixed: Mapping[str, Fixed]
    splits: tuple[Split, ...]
    unsplit: Mapping[str, str]
    ever_merged: frozenset[str]
    touched: frozenset[str]

    @classmethod
    def of(cls, history: Sequence[Edit]) -> "Edits":
        """Out of all edits, oldest first. The latest of a kind holds."""
        holding = holding_edits(history)

        def latest(kind: EditKind) -> dict[str, Edit]:
            return {edit.theme_id: edit for edit in holding if edit.kind == kind}

        into = {theme: edit.other_theme_id or "" for theme, edit in latest(EditKind.MERGE).items()}
        return cls(
            labels={theme: edit.value or "" for theme, edit in latest(EditKind.RENAME).items()},
            merged={theme: _end_of(into, theme) for theme in into},
            dismissed=frozenset(latest(EditKind.DISMISS)),
            owners={theme: edit.value or "" for theme, edit in latest(EditKind.OWNER).items()},
            fixed={theme: fixed_of(edit) for theme, edit in latest(EditKind.FIXED).items()},
            splits=tuple(
                Split(edit.theme_id, edit.other_theme_id or "", edit.contact_ids)
                for edit in holding
                if edit.kind == EditKind.SPLIT
            ),
            unsplit={
                edit.other_theme_id or "": edit.theme_id
                for edit in history
                if edit.kind == EditKind.SPLIT and edit not in holding
            },
            ever_merged=frozenset(edit.theme_id for edit in history if edit.kind == EditKind.MERGE),
            touched=frozenset(
                theme for edit in holding for theme in (edit.theme_id, edit.other_theme_id) if theme is not None
            ),
        )


def history(lake: Lake) -> tuple[Edit, ...]:
    """All edits, oldest first, undone ones and undos included."""
    rows = lake.query(_EDITS).to_pylist()
    return tuple(Edit(**row | {"contact_ids": tuple(row["contact_ids"] or ())}) for row in rows)


def current_edits(lake: Lake) -> Edits:
    """What holds now."""
    return Edits.of(history(lake))


@contextmanager
def editing(lake: Lake) -> Iterator[None]:
    """Nobody else edits themes meanwhile. Raises InputError where somebody takes too long, LakeError without rights."""
    with writable(lake.root), alone(lake.root, "theme-edit", _PATIENCE):
        yield


def rename(lake: Lake, theme_id: str, label: str, who: str, at: datetime | None = None) -> Edit:
    """Call a theme so. Raises ThemeError for an unknown theme or an empty name."""
    text = _short(theme_id, label)
    if not text:
        raise ThemeError(f"theme {theme_id}: expected a name, got none")
    with editing(lake):
        return _append(lake, _edit(lake, EditKind.RENAME, theme_id, who, at, value=text))


def merge(lake: Lake, theme_id: str, into: str, who: str, at: datetime | None = None) -> Edit:
    """Let the contacts of a theme count as those of another. Raises ThemeError where that would go in a circle."""
    with editing(lake):
        edit = _edit(lake, EditKind.MERGE, theme_id, who, at, other_theme_id=_known(lake, into))
        current = current_edits(lake)
        if current.merged.get(into, into) == theme_id or into == theme_id:
            raise ThemeError(
                f"theme {theme_id}: expected another theme to merge it into, got {into}, which leads to it"
            )
        return _append(lake, edit)


def split(lake: Lake, theme_id: str, contact_ids: Sequence[str], who: str, at: datetime | None = None) -> Edit:
    """Make a new theme of contacts like these out of a theme; its id is the edit's `other_theme_id`.

    The next `voc themes` puts the new theme's centre in their middle. Raises ThemeError for unknown contacts or none.
    """
    wanted = tuple(dict.fromkeys(contact_ids))
    found = set(lake.query(_KNOWN_CONTACTS, {"ids": list(wanted)})["contact_id"].to_pylist())
    missing = [one for one in wanted if one not in found]
    if missing or not wanted:
        raise ThemeError(f"theme {theme_id}: expected contacts of the lake to split off, got {missing or 'none'}")
    with editing(lake):
        new = next_theme_id(_theme_ids(lake))
        return _append(lake, _edit(lake, EditKind.SPLIT, theme_id, who, at, other_theme_id=new, contact_ids=wanted))


def contacts_saying(lake: Lake, theme_id: str, words: str) -> tuple[str, ...]:
    """A theme's contacts in which the customer says all of these words, whatever their script, case and diacritics: of
    a contact with several reasons, in the passage about the theme."""
    folded = tuple(dict.fromkeys(fold(words).split()))
    if not folded:
        return ()
    likes = [f"%{word.translate(_LIKE)}%" for word in folded]
    found = lake.query(_SAYING, {"theme": theme_id, "words": likes}).to_pylist()
    said = ((row["contact_id"], fold(said_in(row["turns"] or (), row["evidence"]))) for row in found)
    return tuple(contact for contact, text in said if all(word in text for word in folded))


def split_off(
    lake: Lake, theme_id: str, who: str, contact_ids: Sequence[str] = (), words: str = "", at: datetime | None = None
) -> Edit:
    """Make a new theme of these contacts and of those of the theme that say these words.

    Raises ThemeError where nothing is named, or where words alone are and no contact says them, or every one does.
    """
    saying = contacts_saying(lake, _known(lake, theme_id), words)
    if not contact_ids:
        size = lake.query(_SIZE, {"theme": theme_id})["contacts"][0].as_py()
        if not saying or len(saying) == size:
            says = "all" if saying else "none"
            raise ThemeError(
                f"theme {theme_id}: expected words that some of its {size:,} contacts say, got {says} of them"
            )
    return split(lake, theme_id, [*contact_ids, *saying], who, at)


def dismiss(lake: Lake, theme_id: str, who: str, at: datetime | None = None) -> Edit:
    """Say that this is not a theme: its contacts are in none, and it does not come back. Raises ThemeError."""
    with editing(lake):
        return _append(lake, _edit(lake, EditKind.DISMISS, theme_id, who, at))


def owner(lake: Lake, theme_id: str, name: str, who: str, at: datetime | None = None) -> Edit:
    """Say who looks after a theme; an empty name: nobody. Raises ThemeError for an unknown theme."""
    text = _short(theme_id, name)
    with editing(lake):
        return _append(lake, _edit(lake, EditKind.OWNER, theme_id, who, at, value=text))


def mark_fixed(
    lake: Lake,
    theme_id: str,
    who: str,
    *,
    day: date | None = None,
    release: str | None = None,
    at: datetime | None = None,
) -> Edit:
    """Say since when a theme's problem is fixed: a day, a release, or both. Raises ThemeError where neither is given.

    `voc signals` tests whether it helped, from that day on; from the day of the edit where only a release is named.
    """
    named = _short(theme_id, release or "")
    parts = [f"day:{day.isoformat()}"] if day is not None else []
    parts += [f"release:{named}"] if named else []
    if not parts:
        raise ThemeError(f"theme {theme_id}: expected a day or a release, got neither")
    with editing(lake):
        return _append(lake, _edit(lake, EditKind.FIXED, theme_id, who, at, value=" ".join(parts)))


def undo(lake: Lake, edit_id: str, who: str, at: datetime | None = None) -> Edit:
    """Take an edit back (an undo as well: then it holds again). Raises ThemeError where there is no such edit."""
    with editing(lake):
        return _undo(lake, {edit.edit_id: edit for edit in history(lake)}.get(edit_id), edit_id, who, at)


def undo_last(lake: Lake, theme_id: str, who: str, at: datetime | None = None) -> Edit:
    """Take back the last edit of a theme that still holds. Raises ThemeError where there is none."""
    with editing(lake):
        found = last_edit(history(lake), _known(lake, theme_id))
        if found is None:
            raise ThemeError(f"theme {theme_id}: expected an edit that holds, got none to undo")
        return _undo(lake, found, found.edit_id, who, at)


def last_edit(history: Sequence[Edit], theme_id: str) -> Edit | None:
    """The last edit of a theme that still holds: of itself, or one that merged another into it or split it off."""
    held = [edit for edit in holding_edits(history) if theme_id in (edit.theme_id, edit.other_theme_id)]
    return held[-1] if held else None


def holding_edits(history: Sequence[Edit]) -> list[Edit]:
    """Edits, oldest first, that are not undone, without the undos: one that is undone itself takes nothing back."""
    undone: set[str] = set()
    for edit in reversed(history):
        if edit.kind == EditKind.UNDO and edit.edit_id not in undone:
            undone.add(edit.value or "")
    return [edit for edit in history if edit.kind != EditKind.UNDO and edit.edit_id not in undone]


def fixed_of(edit: Edit) -> Fixed:
    """What a mark says: its value is `day:2026-01-31`, `release:2.4` or `day:2026-01-31 release:2.4`."""
    value, day = edit.value or "", None
    if value.startswith("day:"):
        text, _, value = value.removeprefix("day:").partition(" ")
        day = date.fromisoformat(text)
    return Fixed(day, value.removeprefix("release:") or None, edit.edit_id, edit.at)


def next_theme_id(known: Sequence[str]) -> str:
    """The id after the highest one in use; ids are never used again."""
    numbers = [int(theme[1:]) for theme in known if theme[:1] == "T" and theme[1:].isdigit()]
    return f"T{max(numbers, default=0) + 1:03d}"


def _theme_ids(lake: Lake) -> list[str]:
    """Themes that there are, or will be once the edits are applied."""
    ids = lake.query(_THEMES)["theme_id"].to_pylist()
    return [*ids, *(edit.other_theme_id or "" for edit in history(lake) if edit.kind == EditKind.SPLIT)]


def _known(lake: Lake, theme_id: str) -> str:
    ids = _theme_ids(lake)
    if theme_id not in ids:
        raise ThemeError(f"theme {theme_id}: expected one of the {len(ids):,} themes of this workspace")
    return theme_id


def _edit(
    lake: Lake,
    kind: EditKind,
    theme_id: str,
    who: str,
    at: datetime | None,
    other_theme_id: str | None = None,
    contact_ids: tuple[str, ...] = (),
    value: str | None = None,
) -> Edit:
    identity = uuid.uuid4().hex
    moment = at or datetime.now(UTC)
    return Edit(identity, moment, who, kind, _known(lake, theme_id), other_theme_id, contact_ids, value)


def _undo(lake: Lake, found: Edit | None, edit_id: str, who: str, at: datetime | None) -> Edit:
    if found is None:
        raise ThemeError(f"edit {edit_id}: expected an edit of this workspace, got an unknown one")
    return _append(
        lake, Edit(uuid.uuid4().hex, at or datetime.now(UTC), who, EditKind.UNDO, found.theme_id, value=edit_id)
    )


def _short(theme_id: str, text: str) -> str:
    flat = one_line(text)
    if len(flat) > LONGEST_NAME:
        raise ThemeError(f"theme {theme_id}: expected at most {LONGEST_NAME} characters, got {len(flat)}")
    return flat


def _append(lake: Lake, edit: Edit) -> Edit:
    row = {**edit.__dict__, "contact_ids": list(edit.contact_ids)}
    lake.append("theme_edits", pa.Table.from_pylist([row], schema=THEME_EDITS.schema))
    return edit


def _end_of(into: Mapping[str, str], theme: str) -> str:
    seen = {theme}
    while into.get(theme, theme) not in seen:
        theme = into[theme]
        seen.add(theme)
    return theme
