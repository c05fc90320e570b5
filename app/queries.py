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
from voc.data.runs import Run, latest_runs
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.digest import Digest, Week, build
from voc.inference.emergence.impact import Impact
from voc.inference.marts import (
    EDITS,
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
from voc.inference.marts_churn import BackTest, CallList, Head, Order, head_of
from voc.inference.marts_map import MapView, Marked, Region
from voc.inference.marts_models import Judged
from voc.inference.marts_signals import AlertSummary, Emergence
from voc.inference.marts_themes import Gone, Story
from voc.inference.model_report import ModelReport
from voc.inference.model_report import model_reports as model_reports_of
from voc.inference.theme_edits import history

RUNS_EACH = 3
"""So many of the latest runs of each step are shown."""


@dataclass(frozen=True)
class State:
    """What every answer depends on: the tables' versions, and the model and outcome head whose scores people see."""

    root: str
    versions: tuple[int, ...]
    model: str | None
    head: Head | None
    edits: int = 0
    """Version of what people decided about themes."""


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
    """Columns reason, name, contacts, customers, negative, leaving, contacts_before; most frequent first."""
    now = cast(pd.DataFrame, _answer(_state(), "reasons", selection))
    if before is None:
        now["contacts_before"] = 0
    else:
        earlier = cast(pd.DataFrame, _answer(_state(), "reasons", before))
        earlier = earlier.rename(columns={"contacts": "contacts_before"})[["reason", "contacts_before"]]
        now = now.merge(earlier, on="reason", how="outer")
        for column in ("contacts", "customers", "negative", "leaving", "contacts_before"):
            now[column] = now[column].fillna(0).astype(int)
        now = now.sort_values(["contacts", "reason"], ascending=[False, True], ignore_index=True)
    now["name"] = now["reason"].map(workspace().taxonomy.name)
    return now


def reason_slices(selection: Selection, column: str) -> pd.DataFrame:
    """Reasons by channel, product, segment or language."""
    return cast(pd.DataFrame, _answer(_state(), "reason_slices", selection, column))


def reason_daily(selection: Selection, reason: str) -> pd.DataFrame:
    """Contacts a day that name this reason."""
    return cast(pd.DataFrame, _answer(_state(), "reason_daily", selection, reason))


def reason_classes(selection: Selection) -> dict[str, int]:
    """Contacts by the class of their reasons."""
    classed = {reason_id: str(reason.class_) for reason_id, reason in workspace().taxonomy.reasons.items()}
    return cast(dict[str, int], _answer(_state(), "reason_classes", selection, classed))


def call_list(selection: Selection, order: Order, capacity: int) -> CallList:
    """Whom to call on the morning after the selection's last day."""
    return cast(CallList, _answer(_state(), "call_list", selection, order, capacity, horizon()))


def back_test(selection: Selection, order: Order, capacity: int, first: date) -> BackTest | None:
    """What the list would have been worth earlier; `first` is the first day of the data."""
    state, known = _state(), workspace().config.outcomes.observed_until
    until = known or cast(date | None, _answer(state, "observed_until"))
    if until is None:
        return None
    since = max(first, state.head.judged_from) if order == "risk" and state.head else first
    return cast(BackTest | None, _answer(state, "back_test", selection, order, capacity, horizon(), until, since))


def at_risk() -> bool:
    """Whether the outcome head in use has scored any contact."""
    return bool(_answer(_state(), "at_risk"))


def has_outcomes() -> bool:
    """Whether it is known of any customer that they left."""
    return _answer(_state(), "observed_until") is not None


def head() -> Head | None:
    """The outcome head in use."""
    return _state().head


def horizon() -> int:
    """Days within which somebody leaves, or does not: the head's, else the setting."""
    found = head()
    return found.horizon_days if found else workspace().config.outcomes.horizon_days


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


def theme_names() -> dict[str, str]:
    """Names of the active themes by id."""
    return cast(dict[str, str], _answer(_state(), "theme_names"))


def impact(theme_id: str, selection: Selection) -> Impact:
    """What a theme does to the company; with its cost where `voc.toml` says what a contact costs."""
    prices = tuple((str(channel), price) for channel, price in workspace().config.costs.per_contact.items())
    return cast(Impact, _answer(_state(), "impact", theme_id, selection, prices))


def story(theme_id: str) -> Story:
    """What happened to a theme, what waits for the next run, and which themes are like it."""
    return cast(Story, _answer(_state(), "story", theme_id))


def gone(theme_id: str) -> Gone | None:
    """What became of a theme that is not shown."""
    return cast(Gone | None, _answer(_state(), "gone", theme_id))


def look_again() -> None:
    """Look the tables' versions up now: somebody has just decided something."""
    _read_state.clear()


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


def map_view(selection: Selection, most: int) -> MapView:
    """The map of a selection with at most so many dots."""
    least = workspace().config.privacy.least_customers
    return cast(MapView, _large_answer(_state(), "map_view", selection, most, least))


def marked(selection: Selection, region: Region) -> Marked:
    """The contacts in a region of the map."""
    return cast(Marked, _large_answer(_state(), "marked", selection, region))


def contacts_by_number(numbers: Sequence[int]) -> tuple[ContactView, ...]:
    """Contacts by the numbers that `marked` gives. Not cached: each is read once."""
    return _marts(_state()).contacts_by_number(numbers)


def weeks() -> pd.DataFrame:
    """What comes in and what the model makes of it, week by week."""
    return cast(pd.DataFrame, _answer(_state(), "weeks"))


def week_languages() -> pd.DataFrame:
    """Contacts by week and language."""
    return cast(pd.DataFrame, _answer(_state(), "week_languages"))


def judged() -> Judged | None:
    """The contacts that the model was judged on, as it scored them."""
    return cast(Judged | None, _answer(_state(), "judged"))


def model_reports() -> tuple[ModelReport, ...]:
    """What the model folders say, newest first."""
    return _read_models(os.environ.get(WORKSPACE_VARIABLE, ""))


def runs() -> tuple[Run, ...]:
    """The latest runs of every step, newest first."""
    return _read_runs(os.environ.get(WORKSPACE_VARIABLE, ""))


def digest(week: Week) -> Digest:
    """One week in one page. Raises InputError for a week outside the data."""
    return _read_digest(_state(), str(week))


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
    model = opened.current_model
    head = head_of(opened.models, model)
    return State(root, opened.lake.versions(*TABLES), model, head, opened.lake.version(EDITS))


def _marts(state: State) -> Marts:
    _take_in(state)
    return _loaded(replace(state, edits=0))


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_models(root: str) -> tuple[ModelReport, ...]:
    return model_reports_of(workspace())


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_runs(root: str) -> tuple[Run, ...]:
    return latest_runs(workspace().lake, RUNS_EACH)


@st.cache_resource(ttl=3600, max_entries=4, show_spinner=False)
def _take_in(state: State) -> int:
    """Once for each version of what people decided: far less work than reading the lake again."""
    _loaded(replace(state, edits=0)).take_in(history(workspace().lake))
    return state.edits


@st.cache_resource(ttl=3600, max_entries=2, show_spinner="Reading the lake…")
def _loaded(state: State) -> Marts:
    return Marts.load(workspace().lake, state.model, state.head.version if state.head else None)


@st.cache_data(ttl=900, max_entries=500, show_spinner=False)
def _answer(state: State, question: str, *arguments: Any) -> Any:
    return getattr(_marts(state), question)(*arguments)


@st.cache_data(ttl=900, max_entries=20, show_spinner=False)
def _read_digest(state: State, week: str) -> Digest:
    return build(_marts(state), workspace(), Week.parse(week))


@st.cache_data(ttl=900, max_entries=20, show_spinner=False)
def _large_answer(state: State, question: str, *arguments: Any) -> Any:
    """The same for answers of a megabyte, of which fewer are kept."""
    return getattr(_marts(state), question)(*arguments)
