"""`voc themes`: find themes over the stored vectors, keep the identity of those known, give every contact its theme."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from voc.config import Config, ThemeSettings
from voc.data.columns import vectors_of
from voc.data.contracts import THEME_EVENTS, THEMES
from voc.data.lake import Lake
from voc.data.runs import latest_runs, record_run
from voc.data.text import contact_text, said_in
from voc.data.workspace import Workspace
from voc.errors import ModelFolderError, ThemeError, WorkspaceError
from voc.inference.lineage import KnownTheme, ThemeEvent, continue_themes, with_newcomers
from voc.inference.naming import name_groups, name_themes
from voc.inference.newcomers import Newcomer, days_to_look, first_needed, newcomers, spoken
from voc.inference.spoken_themes import spoken_themes
from voc.inference.theme_assignment import Standing, assign_all
from voc.inference.theme_edits import Edits, current_edits, editing, history
from voc.inference.theme_groups import group_themes
from voc.inference.theme_map import draw_map
from voc.inference.verbatims import choose_verbatims
from voc.models.keywords import theme_keywords
from voc.models.stopwords import words_of
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace, unit
from voc.models.themes import Ints, find_themes, floor_of, label_of

Progress = Callable[[str], None]

# A seeded sample: ordering by a hash of the id takes the same contacts whatever order the files are read in. Ids are
# ordered alone: sorting a million vectors to keep a part of them would take gigabytes.
_SAMPLE = """
    WITH chosen AS (
        SELECT contact_id, md5(contact_id || $seed) AS place FROM scores SEMI JOIN contacts USING (contact_id)
        WHERE model_version = $version ORDER BY place, contact_id LIMIT $most
    )
    SELECT contact_id, customer_id, turns, reasons[1].evidence AS told, embedding, language || '-' || script AS form,
           theme_id
    FROM chosen JOIN scores USING (contact_id) JOIN contacts USING (contact_id)
         LEFT JOIN theme_assignments USING (contact_id)
    WHERE model_version = $version
    ORDER BY place, contact_id
"""
_NAMED = """
    SELECT contact_id, customer_id, turns, reasons[1].evidence AS told, embedding, language || '-' || script AS form,
           theme_id
    FROM scores JOIN contacts USING (contact_id) LEFT JOIN theme_assignments USING (contact_id)
    WHERE model_version = $version AND list_contains($ids::VARCHAR[], contact_id) ORDER BY contact_id
"""
_LAST_DAY = "SELECT max(day) AS day FROM scores WHERE model_version = $version"
_SEEDS = """
    SELECT embedding, language || '-' || script AS form FROM scores JOIN contacts USING (contact_id)
    WHERE model_version = $version AND list_contains($ids::VARCHAR[], contact_id) ORDER BY contact_id
"""
_FACTS = f"""
    SELECT theme_id, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
           min(contacts.day) AS first_day, max(contacts.day) AS last_day
    FROM {spoken_themes("assigned")} JOIN contacts USING (contact_id) GROUP BY theme_id
"""
_ROWS = "SELECT * FROM themes ORDER BY theme_id"


@dataclass(frozen=True)
class ThemeLine:
    """One theme, for people."""

    theme_id: str
    label: str
    contacts: int
    customers: int


@dataclass(frozen=True)
class ThemesSummary:
    """What a run found: themes that have contacts, largest first, and what happened to themes since the last run."""

    themes: tuple[ThemeLine, ...]
    contacts: int
    unassigned: int
    seconds: float
    events: tuple[ThemeEvent, ...] = ()
    naming_failure: str | None = None
    """Why the language model that is asked for names gave none, or not all."""

    @property
    def unassigned_share(self) -> float:
        """Share of the contacts that are in no theme."""
        return self.unassigned / self.contacts if self.contacts else 0.0

    @property
    def event_counts(self) -> Mapping[str, int]:
        """Number of events of each kind."""
        return Counter(event.kind for event in self.events)


@dataclass(frozen=True)
class _Sample:
    """The contacts that themes are fitted on; `vectors` in the theme space, `before` their theme until now. `told` is
    the passage of the most probable reason, or the whole text where there is none: without greetings and courtesies it
    says best what a theme is called."""

    contact_ids: list[str]
    customers: list[str]
    texts: list[str]
    told: list[str]
    languages: list[str]
    vectors: Floats
    before: list[str | None]

    @classmethod
    def of(cls, read: pa.Table, space: ThemeSpace) -> "_Sample":
        """Contacts as `_SAMPLE` gives them."""
        forms, turns = read["form"].to_pylist(), read["turns"].to_pylist()
        return cls(
            read["contact_id"].to_pylist(),
            read["customer_id"].to_pylist(),
            [contact_text(spoken) for spoken in turns],
            [said_in(spoken, place) for spoken, place in zip(turns, read["told"].to_pylist(), strict=True)],
            [form.partition("-")[0] for form in forms],
            space.apply(vectors_of(read["embedding"]), forms),
            read["theme_id"].to_pylist(),
        )

    @property
    def telling(self) -> "_Sample":
        """The same with the passages for texts: what words and names are taken from."""
        return replace(self, texts=self.told)

    def __add__(self, more: "_Sample") -> "_Sample":
        return _Sample(
            self.contact_ids + more.contact_ids,
            self.customers + more.customers,
            self.texts + more.texts,
            self.told + more.told,
            self.languages + more.languages,
            np.concatenate([self.vectors, more.vectors]),
            self.before + more.before,
        )


def themes(
    workspace: Workspace, progress: Progress = lambda what: None, *, refit: bool = True, afresh: bool = False
) -> ThemesSummary:
    """Find themes among the contacts that the current model scored, and assign every one of them.

    New themes are looked for among at most `max_fit_contacts` contacts, without `refit` not at all. Known ones keep
    their id and their centre; `afresh` moves each centre to the middle of the theme's contacts, as a new model does
    anyway. People's edits hold. The tables `themes` and `theme_assignments` are replaced, `theme_events` grows; with
    `refit` the map is drawn anew. Raises WorkspaceError where nothing is scored.
    """
    version = workspace.required_model()
    lake, settings = workspace.lake, workspace.config.themes
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    progress("reading")
    read = lake.query(_SAMPLE, {"version": version, "seed": str(settings.seed), "most": settings.max_fit_contacts})
    if read.num_rows == 0:
        raise WorkspaceError(f"{workspace.root}: nothing scored with model {version}; run: voc score")
    rows = {row["theme_id"]: row for row in lake.query(_ROWS).to_pylist()}
    edits = current_edits(lake)
    raw, forms = vectors_of(read["embedding"]), read["form"].to_pylist()
    stored = None if afresh else _stored_space(workspace, rows.values(), version)
    space = stored or ThemeSpace.of(raw, forms)
    sample = _Sample.of(read, space)
    known = _known(rows.values(), edits, sample, moved=stored is None)
    known += _split_off(lake, known, edits, space, version)
    used = [*rows, *(split.new_theme_id for split in edits.splits), *edits.unsplit]
    events: tuple[ThemeEvent, ...] = ()
    if refit:
        progress("finding themes")
        found = find_themes(sample.texts, sample.vectors, settings, sample.customers)
        continued = continue_themes(known, found, sample.vectors, edits.touched, used)
        known, events = list(continued.themes), continued.events
    progress("looking for new ones")
    arrived, until = _arrived(lake, space, version, known, settings)
    continued = with_newcomers(known, arrived, used)
    known, events = list(continued.themes), events + continued.events
    more = _makers(lake, arrived, sample, version)
    sample = sample + _Sample.of(more, space) if more.num_rows else sample
    standing = Standing.of(known, edits)
    progress("assigning contacts")
    assigned = assign_all(lake, standing, space, version)
    table, changed, failure = _theme_rows(lake, standing, rows, assigned, sample, edits, workspace.config)
    events += changed
    table = _with_groups(table, rows, sample, assigned, workspace.config, regroup=refit or afresh)
    stamp = {"space": space.save(workspace.root / "themes"), "model_version": version, "fitted_at": started_at}
    table = pa.Table.from_pylist([row | stamp for row in table], schema=THEMES.schema)
    with editing(lake):
        _refuse_twice_given(lake, known, rows, edits)
        lake.insert_new("theme_events", _event_rows(events, table, started_at))
        lake.replace("theme_assignments", assigned)
        lake.replace("themes", table)
    if refit and settings.map_contacts:
        progress("drawing the map")
        draw_map(lake, space, version, sample.texts, sample.vectors, settings)
    unassigned = assigned["theme_id"].null_count
    seconds = time.perf_counter() - begin
    record_run(
        lake, "themes", started_at, seconds,
        inputs={"refit": refit, "looked_until": until.isoformat() if until else None, "naming_failure": failure},
        counts={"themes": len(known), "contacts": assigned.num_rows, "unassigned": unassigned},
        versions={"model": version},
    )  # fmt: skip
    lines = tuple(
        ThemeLine(row["theme_id"], row["label"], row["contacts"], row["customers"])
        for row in sorted(table.to_pylist(), key=lambda row: (-row["contacts"], row["theme_id"]))
        if row["contacts"]
    )
    return ThemesSummary(lines, assigned.num_rows, unassigned, seconds, events, failure)


def _arrived(
    lake: Lake, space: ThemeSpace, version: str, known: Sequence[KnownTheme], settings: ThemeSettings
) -> tuple[list[Newcomer], date | None]:
    """Themes that were new on the days on which nobody has looked for them yet, and the last of these days."""
    if not settings.newcomers_per_day:
        return [], None
    last = lake.query(_LAST_DAY, {"version": version})["day"][0].as_py()
    runs = latest_runs(lake, 1, "themes")
    looked = runs[0].inputs.get("looked_until") if runs else None
    days = days_to_look(last, date.fromisoformat(looked) if looked else None)
    said = spoken(lake, space, version, first_needed(days), settings.newcomers_per_day)
    centres = np.stack([theme.centroid for theme in known]) if known else np.zeros((0, space.width), np.float32)
    return list(newcomers(said, centres, days)), last


def _makers(lake: Lake, arrived: Sequence[Newcomer], sample: _Sample, version: str) -> pa.Table:
    """The contacts that made new themes plain, as far as the sample lacks them: these themes need words."""
    there = set(sample.contact_ids)
    ids = sorted({contact for theme in arrived for contact in theme.contact_ids} - there)
    return lake.query(_NAMED, {"version": version, "ids": ids})


def _refuse_twice_given(
    lake: Lake, known: Sequence[KnownTheme], rows: Mapping[str, Mapping[str, Any]], edits: Edits
) -> None:
    """Raise ThemeError where somebody split a theme during the run, and the new id is that of a theme just found, too.

    Nothing is written then, and the next run begins with that split.
    """
    born = {theme.theme_id for theme in known} - set(rows) - {split.new_theme_id for split in edits.splits}
    twice = sorted(born & {split.new_theme_id for split in current_edits(lake).splits})
    if twice:
        raise ThemeError(f"theme {twice[0]}: a theme was split while themes were looked for; run: voc themes")


def _stored_space(workspace: Workspace, rows: Any, version: str) -> ThemeSpace | None:
    """The space that the known themes lie in; None where there is none yet, or it is of another model's vectors."""
    names = {(row["space"], row["model_version"]) for row in rows}
    if len(names) != 1:
        return None
    name, model = names.pop()
    if name is None or model != version:
        return None
    try:
        return ThemeSpace.load(workspace.root / "themes", name)
    except ModelFolderError:
        return None  # the themes' contacts know where their centres are


def _known(rows: Any, edits: Edits, sample: _Sample, moved: bool) -> list[KnownTheme]:
    """Known themes that have a centre; in a new space (`moved`) it is in the middle of the theme's sampled contacts."""
    found = []
    before = np.array([theme or "" for theme in sample.before])
    for row in rows:
        # What a person merged, he can undo; what a refit merged, stays so.
        merged_into = None if row["theme_id"] in edits.ever_merged | set(edits.unsplit) else row["merged_into"]
        centroid, floor = np.asarray(row["centroid"] or [], dtype=np.float32), row["floor"]
        if moved:
            centroid, floor = _middle(sample.vectors[before == row["theme_id"]])
        if len(centroid) and floor is not None:
            words = tuple(row["keywords"] or ())
            found.append(KnownTheme(row["theme_id"], words, centroid, floor, merged_into, row.get("since")))
    return found


def _middle(vectors: Floats) -> tuple[Floats, float]:
    """Centre (width,) and floor of (rows, width) vectors; a centre of no width where there are none."""
    if not len(vectors):
        return np.zeros(0, dtype=np.float32), 0.0
    centroid = unit(vectors.mean(axis=0))
    return centroid, floor_of(vectors, centroid)


def _split_off(
    lake: Lake, known: Sequence[KnownTheme], edits: Edits, space: ThemeSpace, version: str
) -> list[KnownTheme]:
    """Themes that people split off and that have no centre yet: in the middle of the contacts they named."""
    there = {theme.theme_id: theme for theme in known}
    made = []
    for split in edits.splits:
        if split.new_theme_id in there:
            continue
        seeds = lake.query(_SEEDS, {"version": version, "ids": list(split.contact_ids)})
        if seeds.num_rows:
            vectors = space.apply(vectors_of(seeds["embedding"]), seeds["form"].to_pylist())
            parent = there.get(split.theme_id)
            floor = parent.floor if parent else _middle(vectors)[1]
            made.append(KnownTheme(split.new_theme_id, (), _middle(vectors)[0], floor))
    return made


def _theme_rows(
    lake: Lake,
    standing: Standing,
    rows: Mapping[str, Mapping[str, Any]],
    assigned: pa.Table,
    sample: _Sample,
    edits: Edits,
    config: Config,
) -> tuple[list[dict[str, Any]], tuple[ThemeEvent, ...], str | None]:
    """Rows of the table themes without what is the same in all, which themes fell silent or came back, and why the
    model for names failed."""
    with lake.connect("contacts") as connection:
        connection.register("assigned", assigned)
        facts = {row["theme_id"]: row for row in connection.sql(_FACTS).to_arrow_table().to_pylist()}
    silent = _last_day(assigned) - timedelta(days=config.themes.retire_after_days)
    ids = standing.ids
    members = _members(assigned, sample, ids)
    company = words_of(config.company.name)
    telling = sample.telling
    keywords = theme_keywords(telling.texts, telling.customers, members, len(ids), config.themes.keywords, company)
    renamed = {edit.theme_id for edit in history(lake) if edit.kind == "rename"}
    named = {**{theme: row["label"] for theme, row in rows.items() if theme not in renamed}, **edits.labels}
    unnamed = [place for place, identity in enumerate(ids) if not named.get(identity)]
    new = name_themes(telling, members, keywords, unnamed, set(named.values()), config)
    nothing: dict[str, Any] = {"contacts": 0, "customers": 0, "first_day": None, "last_day": None}
    found, events = [], []
    for place, theme in enumerate(standing.themes):
        identity, old = theme.theme_id, rows.get(theme.theme_id, {})
        row = nothing | facts.get(identity, {})
        status = _status(identity, standing, row["last_day"], silent)
        if status == "retired" and old.get("status") in (None, "active"):
            events.append(ThemeEvent("retired", identity))
        if status == "active" and old.get("status") == "retired":
            events.append(ThemeEvent("returned", identity))
        words = keywords[place] or theme.keywords
        places = np.flatnonzero(members == place)
        chosen = choose_verbatims(
            places, sample.vectors, theme.centroid, sample.texts, sample.customers, config.themes.verbatims
        )
        fixed = edits.fixed.get(identity)
        found.append(
            row
            | {
                "theme_id": identity,
                "label": named.get(identity) or new.names.get(place) or label_of(words),
                "keywords": list(words),
                "verbatim_ids": [sample.contact_ids[number] for number in chosen] or old.get("verbatim_ids") or [],
                "centroid": theme.centroid.tolist(),
                "floor": theme.floor,
                "since": theme.since,
                "status": status,
                "merged_into": standing.goes_to[identity] if status == "merged" else None,
                "owner": edits.owners.get(identity) or None,
                "fixed_on": fixed.day if fixed else None,
                "fixed_release": fixed.release if fixed else None,
            }
        )
    # A theme whose contacts the current model has not read has no centre; it keeps its name for when it has.
    unplaced = [
        {**rows[identity], "contacts": 0, "customers": 0, "status": "retired", "centroid": None, "floor": None}
        for identity in rows
        if identity not in ids
    ]
    return found + unplaced, tuple(events), new.failure


def _with_groups(
    found: list[dict[str, Any]],
    before: Mapping[str, Mapping[str, Any]],
    sample: _Sample,
    assigned: pa.Table,
    config: Config,
    *,
    regroup: bool,
) -> list[dict[str, Any]]:
    """Rows of the table themes with the groups of the active ones; a group that goes on keeps its name."""
    active = [row for row in found if row["status"] == "active"]
    ids = [row["theme_id"] for row in active]
    known = {theme: row["theme_group"] for theme, row in before.items() if row.get("theme_group")}
    labels = {row["theme_group"]: row["theme_group_label"] for row in before.values() if row.get("theme_group")}
    centroids = np.array([row["centroid"] for row in active], dtype=np.float32)
    group_of = group_themes(ids, centroids, [row["contacts"] for row in active], known, regroup=regroup)
    groups = sorted(set(group_of.values()))
    if not set(groups) <= set(labels):
        theme = _members(assigned, sample, ids)
        place = np.array([groups.index(group_of[identity]) for identity in ids] + [-1])
        labels = dict(zip(groups, name_groups(sample.telling, place[theme], len(groups), config), strict=True)) | labels
    return [
        row
        | {"theme_group": group_of.get(row["theme_id"]), "theme_group_label": labels.get(group_of.get(row["theme_id"]))}
        for row in found
    ]


def _status(identity: str, standing: Standing, last_day: date | None, silent: date) -> str:
    goes_to = standing.goes_to[identity]
    if goes_to is None:
        return "dismissed"
    if goes_to != identity:
        return "merged"
    return "retired" if last_day is None or last_day <= silent else "active"


def _last_day(assigned: pa.Table) -> date:
    last: date = pc.max(assigned["day"]).as_py()
    return last


def _members(assigned: pa.Table, sample: _Sample, ids: Sequence[str]) -> Ints:
    """Place among `ids` of each sampled contact's theme, -1 for none."""
    rows = pc.index_in(pa.array(sample.contact_ids, pa.string()), value_set=assigned["contact_id"])
    theme = pc.index_in(assigned["theme_id"].take(rows), value_set=pa.array(ids, pa.string()))
    return np.asarray(pc.fill_null(theme, -1).to_numpy(), dtype=np.int64)


def _event_rows(events: Sequence[ThemeEvent], table: pa.Table, at: datetime) -> pa.Table:
    """Events as rows; the same event has the same id, so that a run that was killed in between does not double it."""
    facts = {row["theme_id"]: row for row in table.select(["theme_id", "label", "last_day"]).to_pylist()}
    rows = []
    for event in events:
        fact = facts[event.theme_id]
        last = fact["last_day"].isoformat() if fact["last_day"] else None
        content = json.dumps([event.kind, event.theme_id, event.others, last])
        rows.append(
            {
                "event_id": hashlib.sha256(content.encode()).hexdigest()[:32],
                "at": at,
                "kind": event.kind,
                "theme_id": event.theme_id,
                "other_theme_ids": list(event.others),
                "details": json.dumps({"label": fact["label"], "last_day": last}, ensure_ascii=False),
            }
        )
    return pa.Table.from_pylist(rows, schema=THEME_EVENTS.schema)
