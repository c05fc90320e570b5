"""The app's only way to data, and its only cache: answers are kept while the lake's tables stand."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pandas as pd
import streamlit as st

from voc.app.launch import WORKSPACE_VARIABLE
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.marts import (
    TABLES,
    ContactView,
    Criteria,
    Marts,
    Options,
    Page,
    Selection,
    Span,
    ThemeSummary,
    Totals,
)
from voc.inference.marts_signals import AlertSummary, Emergence


@dataclass(frozen=True)
class State:
    """What every answer depends on: the tables' versions and the model whose scores people see."""

    root: str
    versions: tuple[int, ...]
    model: str | None


def workspace() -> Workspace:
    """The workspace of this app. Raises WorkspaceError or ConfigError."""
    root = os.environ.get(WORKSPACE_VARIABLE)
    if not root:
        raise WorkspaceError(f"{WORKSPACE_VARIABLE} is not set; start the app with: voc app --workspace FOLDER")
    return Workspace.open(Path(root))


def span() -> Span | None:
    """What the lake holds; None when nothing was ingested."""
    return cast(Span | None, _answer(_state(), "span"))


def options() -> Options:
    """Products, channels and languages to choose from."""
    return cast(Options, _answer(_state(), "options"))


def totals(selection: Selection) -> Totals:
    """Counts of a selection."""
    return cast(Totals, _answer(_state(), "totals", selection))


def daily(selection: Selection, theme: str | None = None) -> pd.DataFrame:
    """Contacts a day."""
    return cast(pd.DataFrame, _answer(_state(), "daily", selection, theme))


def reasons(selection: Selection, before: Selection | None) -> pd.DataFrame:
    """Columns reason, name, contacts, customers, contacts_before; most frequent first."""
    now = cast(pd.DataFrame, _answer(_state(), "reasons", selection))
    if before is None:
        now["contacts_before"] = 0
    else:
        earlier = cast(pd.DataFrame, _answer(_state(), "reasons", before))
        earlier = earlier.rename(columns={"contacts": "contacts_before"}).drop(columns="customers")
        now = now.merge(earlier, on="reason", how="outer")
        for column in ("contacts", "customers", "contacts_before"):
            now[column] = now[column].fillna(0).astype(int)
        now = now.sort_values(["contacts", "reason"], ascending=[False, True], ignore_index=True)
    now["name"] = now["reason"].map(workspace().taxonomy.name)
    return now


def sentiment(selection: Selection, step: int) -> pd.DataFrame:
    """Sentiment by steps of days."""
    return cast(pd.DataFrame, _answer(_state(), "sentiment", selection, step))


def themes(selection: Selection) -> tuple[ThemeSummary, ...]:
    """All active themes."""
    return cast(tuple[ThemeSummary, ...], _answer(_state(), "themes", selection))


def theme(theme_id: str, selection: Selection) -> ThemeSummary | None:
    """One theme."""
    return cast(ThemeSummary | None, _answer(_state(), "theme", theme_id, selection))


def theme_shares(theme_id: str, selection: Selection, column: str) -> pd.DataFrame:
    """One theme by product, language or channel."""
    return cast(pd.DataFrame, _answer(_state(), "theme_shares", theme_id, selection, column))


def emergence() -> Emergence:
    """What is emerging now; reasons by their names."""
    found = cast(Emergence, _answer(_state(), "emergence"))
    name = workspace().taxonomy.name
    named = (replace(each, label=name(each.group_id)) if each.kind == "reason" else each for each in found.alerts)
    return replace(found, alerts=tuple(named))


def theme_alerts(theme_id: str) -> tuple[AlertSummary, ...]:
    """All alerts of one theme, newest first."""
    return cast(tuple[AlertSummary, ...], _answer(_state(), "theme_alerts", theme_id))


def baseline(kind: str, group_id: str, first: date | None = None) -> pd.DataFrame:
    """What is usual for a theme or reason, day by day."""
    return cast(pd.DataFrame, _answer(_state(), "baseline", kind, group_id, first))


def contacts(selection: Selection, criteria: Criteria, limit: int, offset: int) -> Page:
    """A page of the list. Not cached: each is read once."""
    return _marts(_state()).contacts(selection, criteria, limit, offset)


def contact(contact_id: str) -> ContactView | None:
    """One contact with its transcript."""
    return _marts(_state()).contact(contact_id)


def contacts_by_id(contact_ids: Sequence[str]) -> tuple[ContactView, ...]:
    """These contacts with their transcripts."""
    return cast(tuple[ContactView, ...], _answer(_state(), "contacts_by_id", tuple(contact_ids)))


def model() -> str | None:
    """Version of the model whose scores are shown."""
    return _state().model


def _state() -> State:
    return _read_state(os.environ.get(WORKSPACE_VARIABLE, ""))


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_state(root: str) -> State:
    """Looking up the versions opens every table's log: every ten seconds is enough."""
    opened = workspace()
    return State(root, opened.lake.versions(*TABLES), opened.current_model)


@st.cache_resource(ttl=3600, max_entries=2, show_spinner="Reading the lake…")
def _marts(state: State) -> Marts:
    return Marts.load(workspace().lake, state.model)


@st.cache_data(ttl=900, max_entries=500, show_spinner=False)
def _answer(state: State, question: str, *arguments: Any) -> Any:
    return getattr(_marts(state), question)(*arguments)
