"""What people can do from the app: each is one edit of a theme, stored with who did it."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from voc.app import access, queries, theme_sentences, words
from voc.app.access import May
from voc.data.lake import Lake
from voc.errors import ThemeError, VocError
from voc.inference import theme_edits
from voc.inference.theme_edits import Edit

_SAID = "theme_said"
Change = Callable[[Lake, str], Edit]


def key(field: str, theme_id: str) -> str:
    """Key of a form's widget: each theme has its own, or what was typed for one would stand in the form of another."""
    return f"{field}_{theme_id}"


def rename(theme_id: str) -> None:
    """Give the theme the name in the form."""
    _do(theme_id, lambda lake, by: theme_edits.rename(lake, theme_id, _text("name", theme_id), by))


def own(theme_id: str) -> None:
    """Give the theme the owner in the form."""
    _do(theme_id, lambda lake, by: theme_edits.owner(lake, theme_id, _text("owner", theme_id), by))


def mark_fixed(theme_id: str) -> None:
    """Mark the theme as fixed on the day, or with the release, in the form."""
    day: date | None = st.session_state.get(key("fixed_on", theme_id))
    release = _text("release", theme_id)
    _do(theme_id, lambda lake, by: theme_edits.mark_fixed(lake, theme_id, by, day=day, release=release))


def merge(theme_id: str) -> None:
    """Merge the theme into the one chosen in the form."""

    def change(lake: Lake, by: str) -> Edit:
        into = st.session_state.get(key("into", theme_id))
        if into is None:
            raise ThemeError(f"theme {theme_id}: expected a theme to merge it into, got none")
        queries.check_theme(into)
        return theme_edits.merge(lake, theme_id, into, by)

    _do(theme_id, change)


def split(theme_id: str) -> None:
    """Make a theme of the contacts chosen in the form, and of those that say the words in it."""
    chosen, said = st.session_state.get(key("contacts", theme_id)) or [], _text("words", theme_id)
    _do(theme_id, lambda lake, by: theme_edits.split_off(lake, theme_id, by, chosen, said))


def dismiss(theme_id: str) -> None:
    """Say that this is not a theme."""
    _do(theme_id, lambda lake, by: theme_edits.dismiss(lake, theme_id, by))


def undo(theme_id: str) -> None:
    """Take back the theme's last edit."""
    _do(theme_id, lambda lake, by: theme_edits.undo_last(lake, theme_id, by))


def say() -> None:
    """Show once what came of the last action."""
    said: Edit | str | None = st.session_state.pop(_SAID, None)
    if isinstance(said, Edit):
        st.success(theme_sentences.done(said), icon=":material/check_circle:")
    elif said is not None:
        st.error(words.escaped(said), icon=":material/error:")


def _do(theme_id: str, change: Change) -> None:
    """Run a change (a callback: before the page is drawn), so that the page shows what it did.

    Whether they may is asked here again: the page with the form may be an hour old.
    """
    try:
        person = access.require(May.DECIDE)
        queries.check_theme(theme_id)
        edit = change(queries.workspace().lake, person.name)
    except VocError as error:
        st.session_state[_SAID] = str(error)
        return
    queries.look_again()
    st.session_state[_SAID] = edit


def _text(field: str, theme_id: str) -> str:
    return str(st.session_state.get(key(field, theme_id)) or "")
