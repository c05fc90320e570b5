"""The app's only way to data, and its only cache: answers are kept while the lake's tables stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow.dataset as ds
import streamlit as st

from voc.app import access
from voc.app.access import May
from voc.app.figures import FiguresOnly, without_words
from voc.app.freshness import Shown
from voc.data.corrections import Correction
from voc.data.corrections import history as corrections_of
from voc.data.runs import Run, latest_runs
from voc.data.workspace import SETTINGS_FILE, TAXONOMY_FILE, FileState, Workspace, file_state
from voc.errors import AccessError, ModelFolderError
from voc.inference.corrections import Queued
from voc.inference.corrections import queue as queue_of
from voc.inference.corrections import reason_evidence as reason_evidence_of
from voc.inference.courses import TurnSentiment
from voc.inference.courses import course as course_of
from voc.inference.digest import Digest, Week, build
from voc.inference.emergence.impact import Impact
from voc.inference.evidence import Evidence
from voc.inference.marts import (
    CORRECTIONS,
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
from voc.inference.marts_area import Area
from voc.inference.marts_churn import BackTest, CallList, Head, Order, head_of
from voc.inference.marts_groups import ThemeGroup
from voc.inference.marts_journey import Stage
from voc.inference.marts_map import MapView, Marked, Region
from voc.inference.marts_models import Judged
from voc.inference.marts_pulse import FixedTheme, Opening, Service
from voc.inference.marts_signals import AlertSummary, Emergence
from voc.inference.marts_store import Wanted
from voc.inference.marts_themes import Gone, Story
from voc.inference.meaning import SearchReader, typical
from voc.inference.model_report import ModelReport
from voc.inference.model_report import model_reports as model_reports_of
from voc.inference.theme_edits import history
from voc.models.exported import is_exported

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
    corrections: int = 0
    """Version of what people said of contacts in the place of the model."""
    area: Area = None
    """Products whose contacts who asks may see; None: all."""
    words: bool = True
    """Whether they may see contacts and customers at all, or figures alone."""


def workspace() -> Workspace:
    """The workspace of this app. Raises WorkspaceError or ConfigError."""
    place = access.root()
    return _read_workspace(place, file_state(place / SETTINGS_FILE), file_state(place / TAXONOMY_FILE))


def span() -> Span | None:
    """What the lake holds; None when nothing was ingested."""
    return cast(Span | None, _answer(_state(), "span"))


def options() -> Options:
    """Products, channels, languages, segments of customers and stages to choose from."""
    return cast(Options, _answer(_state(), "options"))


def everybody(selection: Selection) -> bool:
    """Whether it is of all customers, as what is usual and a benchmark are: no filter, and all products may be seen."""
    return not selection.filtered and access.current().area is None


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


def service(selection: Selection) -> Service:
    """How customers were served and what they think of it."""
    return cast(Service, _answer(_state(), "service", selection, _opening(), horizon()))


def trend(selection: Selection, step: int) -> pd.DataFrame:
    """The figures step by step, as of `marts_pulse.trend`."""
    return cast(pd.DataFrame, _answer(_state(), "trend", selection, step, _opening(), horizon()))


def fixed_themes(since: date) -> tuple[FixedTheme, ...]:
    """Themes marked as fixed since a day, and whether it worked."""
    return cast(tuple[FixedTheme, ...], _answer(_state(), "fixed_themes", since))


def stages(selection: Selection) -> tuple[Stage, ...]:
    """Stages of the customer journey."""
    return cast(tuple[Stage, ...], _answer(_state(), "stages", selection))


def stage_cells(selection: Selection) -> pd.DataFrame:
    """Stages by reasons."""
    return cast(pd.DataFrame, _answer(_state(), "stage_cells", selection))


def sentiment(selection: Selection, step: int) -> pd.DataFrame:
    """Sentiment by steps of days."""
    return cast(pd.DataFrame, _answer(_state(), "sentiment", selection, step))


def themes(selection: Selection) -> tuple[ThemeSummary, ...]:
    """All active themes."""
    return cast(tuple[ThemeSummary, ...], _answer(_state(), "themes", selection))


def in_themes(selection: Selection) -> int:
    """Contacts that speak of any active theme."""
    return cast(int, _answer(_state(), "in_themes", selection))


def theme_groups(selection: Selection) -> tuple[ThemeGroup, ...]:
    """Groups of active themes."""
    return cast(tuple[ThemeGroup, ...], _answer(_state(), "theme_groups", selection))


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


def check_theme(theme_id: str) -> None:
    """Raises AccessError where the theme is none that who asks may see."""
    if access.current().area is not None and not _answer(_state(), "knows", theme_id):
        raise AccessError(f"theme {theme_id}: not of your products")


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
    access.require(May.MODELS)
    return _read_models(str(access.root()))


def runs() -> tuple[Run, ...]:
    """The latest runs of every step, newest first."""
    access.require(May.MODELS)
    return _read_runs(str(access.root()))


def digest(week: Week) -> Digest:
    """One week in one page: figures, the same in every language. Raises InputError for a week outside the data."""
    state = _state()
    found = _read_digest(replace(state, words=True), str(week))
    return found if state.words else without_words(found)


def contacts(selection: Selection, criteria: Criteria, limit: int, offset: int) -> Page:
    """A page of the list. Not cached: each is read once."""
    return _marts(_state()).contacts(selection, criteria, limit, offset)


def by_meaning() -> bool:
    """Whether contacts can be searched by meaning: they have vectors, and the model that gave them has an export."""
    state = _state()
    if state.model is None or not is_exported(workspace().models / state.model):
        return False
    return bool(_answer(state, "meaning_middle"))


def near(text: str) -> tuple[float, ...] | None:
    """What somebody looks for, as `Criteria.near`; None where the export cannot be read, or is not what gave contacts
    their vectors. Wants `by_meaning`. Not cached: what people type is kept nowhere."""
    access.require(May.READ)
    opened, state = workspace(), _state()
    middle = cast(tuple[float, ...], _answer(state, "meaning_middle"))
    try:
        reader = _search_reader(opened.models / (state.model or ""), typical(opened.taxonomy))
    except ModelFolderError:
        return None
    return reader.vector(text, middle) if reader.width == len(middle) else None


def contact(contact_id: str) -> ContactView | None:
    """One contact with its transcript."""
    return _marts(_state()).contact(contact_id)


def contacts_by_id(contact_ids: Sequence[str]) -> tuple[ContactView, ...]:
    """These contacts with their transcripts."""
    return cast(tuple[ContactView, ...], _answer(_state(), "contacts_by_id", tuple(contact_ids)))


def reason_evidence(contact: ContactView) -> tuple[Evidence, ...]:
    """The words that the model's reasons of a contact rest on."""
    access.require(May.READ)
    return _read_evidence(replace(_state(), edits=0, corrections=0), contact.contact_id, contact.day)


def sentiment_course(contact: ContactView) -> tuple[TurnSentiment, ...]:
    """What the model says of each of the customer's turns."""
    access.require(May.READ)
    return _read_course(replace(_state(), edits=0, corrections=0), contact.contact_id, contact.day)


def review_queue() -> tuple[Queued, ...]:
    """Contacts worth judging, the most worth it first, judged ones included."""
    access.require(May.REVIEW)
    return _read_queue(str(access.root()))


def corrections() -> tuple[Correction, ...]:
    """All that people said of contacts, oldest first, with what they took back."""
    access.require(May.REVIEW)
    state = _state()
    return _read_corrections(state.root, state.corrections)


def first_scored(contact_ids: Sequence[str]) -> ContactView | None:
    """The first of these contacts that who asks may see, and that the model has scored."""
    return _marts(_state()).first_scored(contact_ids)


def languages_of(contact_ids: Sequence[str]) -> dict[str, str]:
    """Language of each of these contacts."""
    return _marts(_state()).languages_of(contact_ids)


def model() -> str | None:
    """Version of the model whose scores are shown."""
    return _state().model


def _opening() -> Opening:
    company = workspace().config.company
    return Opening(company.timezone, tuple(sorted(company.opening_hours.items())))


def _state() -> State:
    """The only way to an answer: what who asks may see is part of it, and so of the key of everything cached."""
    person = access.current()
    state = _read_state(str(access.root()))
    return replace(state, area=person.area, words=person.may(May.READ))


@st.cache_resource(max_entries=1, show_spinner=False)
def _search_reader(folder: Path, short: tuple[str, ...]) -> SearchReader:
    """One for all sessions, made when somebody first searches by meaning: until then no model is in memory."""
    return SearchReader(folder, short)


@lru_cache(maxsize=4)
def _read_workspace(root: Path, _settings: FileState, _taxonomy: FileState) -> Workspace:
    """A page asks for it twenty times: its files are read again only when they have changed."""
    return Workspace.open(root)


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_state(root: str) -> State:
    """Looking up the versions opens every table's log: every ten seconds is enough."""
    opened = workspace()
    model = opened.current_model
    head = head_of(opened.models, model)
    lake = opened.lake
    newest, shown = State(root, lake.versions(*TABLES), model, head), _shown(root)
    prepared, contacts = True, 0
    if shown.last is not None and shown.last != newest:
        prepared = (opened.marts / Wanted(model, head.version if head else None).name(lake)).is_file()
        before = _loaded(shown.last).span()
        contacts = before.contacts if before else 0
    chosen = shown.choose(newest, prepared, contacts)
    return replace(chosen, edits=lake.version(EDITS), corrections=lake.version(CORRECTIONS))


@st.cache_resource(max_entries=4, show_spinner=False)
def _shown(root: str) -> Shown[State]:
    return Shown(Path(root))


def _marts(state: State) -> Marts:
    whole = replace(state, words=True)
    _take_in(whole)
    marts = _load(replace(whole, edits=0, corrections=0))
    return marts if state.words else cast(Marts, FiguresOnly(marts))


def _load(state: State) -> Marts:
    return _loaded(state) if state.area is None else _loaded_area(state)


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_models(root: str) -> tuple[ModelReport, ...]:
    return model_reports_of(workspace())


@st.cache_data(ttl=10, max_entries=4, show_spinner=False)
def _read_runs(root: str) -> tuple[Run, ...]:
    return latest_runs(workspace().lake, RUNS_EACH)


@st.cache_resource(ttl=3600, max_entries=12, show_spinner=False)
def _take_in(state: State) -> int:
    """Once for each version of what people decided: far less work than reading the lake again."""
    marts, lake = _load(replace(state, edits=0, corrections=0)), workspace().lake
    marts.take_in(history(lake))
    marts.correct(_read_corrections(state.root, state.corrections))
    return state.edits


@st.cache_resource(ttl=3600, max_entries=2, show_spinner=False)
def _read_corrections(root: str, version: int) -> tuple[Correction, ...]:
    return corrections_of(workspace().lake)


@st.cache_data(ttl=10, max_entries=2, show_spinner=False)
def _read_queue(root: str) -> tuple[Queued, ...]:
    return queue_of(workspace().lake)


@st.cache_data(ttl=900, max_entries=500, show_spinner=False)
def _read_evidence(state: State, contact_id: str, day: date) -> tuple[Evidence, ...]:
    return reason_evidence_of(workspace().lake, contact_id, day, state.model or "")


@st.cache_data(ttl=900, max_entries=500, show_spinner=False)
def _read_course(state: State, contact_id: str, day: date) -> tuple[TurnSentiment, ...]:
    return course_of(_scores(replace(state, area=None, words=True)), contact_id, day, state.model or "")


@st.cache_resource(ttl=3600, max_entries=2, show_spinner=False)
def _scores(state: State) -> ds.Dataset:
    """Opening a table reads its whole log, which takes much longer than reading one contact."""
    return workspace().lake.dataset("scores")


@st.cache_resource(ttl=3600, max_entries=2, show_spinner=False)
def _loaded(state: State) -> Marts:
    return _opened(state)


@st.cache_resource(ttl=3600, max_entries=8, show_spinner=False)
def _loaded_area(state: State) -> Marts:
    """Of the contacts of an area alone: small, so more of them are kept."""
    return _opened(state)


def _opened(state: State) -> Marts:
    opened, head = workspace(), state.head.version if state.head else None
    return Marts.load(opened.lake, state.model, head, state.area, opened.marts)


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
