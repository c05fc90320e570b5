"""Marts: the app's questions, answered with SQL over the lake as counts and small frames.

`Marts.load` opens the file that `marts_store` makes of the lake; all sessions share it. What people decide is laid
over it in memory, and transcripts are read from the lake when somebody reads them.
"""

import shutil
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pandas as pd

from voc.data import corrections as said
from voc.data.corrections import Correction
from voc.data.lake import Lake
from voc.data.text import fold
from voc.data.workspace import Workspace
from voc.inference import (
    marts_churn,
    marts_corrections,
    marts_counts,
    marts_groups,
    marts_journey,
    marts_map,
    marts_meaning,
    marts_models,
    marts_pulse,
    marts_reasons,
    marts_signals,
    marts_store,
    marts_themes,
)
from voc.inference.corrections import Proposal
from voc.inference.emergence import impact as impacts
from voc.inference.emergence.impact import Impact, Prices
from voc.inference.evidence import Evidence
from voc.inference.marts_area import Area
from voc.inference.marts_churn import BackTest, CallList, Order
from voc.inference.marts_counts import Counts
from voc.inference.marts_groups import ThemeGroup
from voc.inference.marts_journey import Stage
from voc.inference.marts_map import MapView, Marked, Region
from voc.inference.marts_models import Judged
from voc.inference.marts_pulse import FixedTheme, Opening, Service
from voc.inference.marts_signals import RISING, AlertSummary, Emergence, Rise
from voc.inference.marts_store import TABLES as TABLES
from voc.inference.marts_store import Wanted
from voc.inference.marts_themes import FixTest, Gone, Story
from voc.inference.selection import COUNTED
from voc.inference.selection import FILTERED as _FILTERED
from voc.inference.selection import NOT_STATED as NOT_STATED
from voc.inference.selection import SELECTED as _SELECTED
from voc.inference.selection import Selection as Selection
from voc.inference.selection import values as _values
from voc.inference.spoken_themes import IN_THEME, SPOKEN
from voc.inference.theme_edits import Edit, history
from voc.inference.transcripts import Transcripts
from voc.inference.transcripts import Turn as Turn

EDITS = "theme_edits"
"""What people decide: a change in it is taken in by `Marts.take_in`, without reading the others again."""
CORRECTIONS = "corrections"
"""What people say of a contact in the place of the model: taken in by `Marts.correct` in the same way."""


@dataclass(frozen=True)
class Criteria:
    """What a listed contact has to meet besides the selection. None: anything."""

    words: str = ""
    """All of these words must occur, whatever their script, case and diacritics."""
    reason: str | None = None
    sentiment: str | None = None
    churn_intent: bool | None = None
    theme: str | None = None
    unknown: bool = False
    """Only contacts that the model abstained on."""
    stage: str | None = None
    """Stage of the customer journey; NOT_STATED: those without one."""
    near: tuple[float, ...] | None = field(default=None, repr=False)
    """Vector of a search by meaning, as `meaning.SearchReader` gives it: what is like it, the most alike first."""

    @property
    def folded_words(self) -> tuple[str, ...]:
        """The words as the lake's `search_text` spells them, each once."""
        return tuple(dict.fromkeys(fold(self.words).split()))


@dataclass(frozen=True)
class Span:
    """What the lake holds at all."""

    contacts: int
    scored: int
    first: date
    last: date
    latest: datetime


@dataclass(frozen=True)
class Options:
    """Values that can be chosen, most frequent first."""

    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    """Of customers; NOT_STATED among them where some have one and others do not."""
    stages: tuple[str, ...] = ()
    """Of the customer journey; NOT_STATED among them where some contacts have one and others do not."""


@dataclass(frozen=True)
class Totals:
    """Counts of a selection. `scored` is the denominator of `negative`, `leaving` and `unknown`."""

    contacts: int
    customers: int
    active: float
    """Active customers of the company, or of the chosen segments, mean over the days; 0 where that is not known."""
    scored: int
    negative: int
    leaving: int
    unknown: int


@dataclass(frozen=True)
class ThemeSummary(Counts):
    """One theme, and how it does in a selection."""

    theme_id: str
    label: str
    keywords: tuple[str, ...]
    status: str
    """active, or retired: nobody has spoken of it for long."""
    first_day: date
    verbatim_ids: tuple[str, ...]
    languages: tuple[tuple[str, int], ...] = field(default=())
    owner: str | None = None
    fixed_on: date | None = None
    fixed_release: str | None = None
    standing: str | None = None
    """Its status on the last day tested, as `emergence.alerts.ThemeStatus` names them; None before any test."""
    group_id: str | None = None
    """Of the group of themes that it is in; None where there are too few for groups."""
    fix: FixTest | None = None
    """What the test of the fix said; None where the theme is not marked as fixed, or was not tested since."""

    @property
    def state(self) -> str | None:
        """How it stands, for people: `standing`, unless it is marked as fixed; then whether that helped."""
        if self.fix is None or (self.fix.verdict == "unproven" and self.standing in RISING):
            return self.standing
        return self.fix.verdict


@dataclass(frozen=True)
class ContactTheme:
    """A theme that a contact speaks of."""

    theme_id: str
    label: str
    evidence: Evidence | None
    """The passage that does; None: the whole contact."""


@dataclass(frozen=True)
class ContactView:
    """A contact with its labels, for a list or for reading."""

    contact_id: str
    customer_id: str
    started_at: datetime
    day: date
    channel: str
    product: str
    language: str
    scored: bool
    abstained: bool
    reasons: tuple[tuple[str, float], ...]
    sentiment: str | None
    sentiment_probability: float | None
    churn_intent: bool
    churn_probability: float | None
    churn_direction: str | None
    evidence: Evidence | None
    themes: tuple[ContactTheme, ...]
    """What it speaks of, what its most probable reason is about first."""
    turns: tuple[Turn, ...]
    proposal: Proposal | None = None
    """What the model says; None where it has not scored the contact. The labels above are those that hold."""
    corrections: tuple[Correction, ...] = ()
    """What people said that holds, a task each; the newest last."""

    def said_of(self, theme_id: str) -> str | None:
        """The passage that speaks of this theme, on one line; None where the whole contact does, or nothing in it."""
        for theme in self.themes:
            place = theme.evidence
            # A contact that was told anew after it had been scored may have fewer turns.
            if theme.theme_id == theme_id and place is not None and place.turn < len(self.turns):
                return " ".join(self.turns[place.turn].text[place.begin : place.end].split())
        return None

    def corrected(self, task: str) -> bool:
        """Whether the label of this task is a person's."""
        return any(each.task == task for each in self.corrections)


@dataclass(frozen=True)
class Page:
    """One page of a list, and how many there are in all."""

    total: int
    contacts: tuple[ContactView, ...]


class Marts:
    """Answers over one state of the lake. Methods may be called from several threads at once."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, transcripts: Transcripts, passing: Path | None = None, *,
        part: bool = False,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._transcripts = transcripts
        self._passing = passing
        # Also of marts that nobody closes, when they are collected or the process ends.
        self._forget = weakref.finalize(self, shutil.rmtree, passing, ignore_errors=True) if passing else _nothing
        self._editing = Lock()
        self._edits: tuple[Edit, ...] = ()
        self._corrections: tuple[Correction, ...] = ()
        self._held: dict[str, tuple[Correction, ...]] = {}
        self._part = part

    @classmethod
    def load(
        cls,
        lake: Lake,
        model_version: str | None,
        head_version: str | None = None,
        area: Area = None,
        folder: Path | None = None,
    ) -> "Marts":
        """The marts of the lake as it is now, with the scores of this model and of this outcome head alone.

        They are read from a file in `folder`, which is made where it is not there yet; where that may not be, or no
        folder is given, in a passing place. With an area no contact of another product is in them: there is no
        question that could find one.
        """
        wanted = Wanted(model_version, head_version, area)
        path, passing = marts_store.found_or_made(lake, wanted, folder)
        marts = cls(marts_store.opened(path), Transcripts(lake.dataset("contacts")), passing, part=area is not None)
        marts.take_in(history(lake))
        marts_corrections.lay(marts._connection)
        marts.correct(said.history(lake))
        return marts

    @classmethod
    def of(cls, workspace: Workspace) -> "Marts":
        """The marts of the whole workspace as it is now, as the app opens them."""
        head = marts_churn.head_of(workspace.models, workspace.current_model)
        return cls.load(workspace.lake, workspace.current_model, head.version if head else None, folder=workspace.marts)

    def take_in(self, edits: tuple[Edit, ...]) -> None:
        """Let what people decided about themes (all edits, oldest first) hold in the answers from now on."""
        with self._editing:
            if len(edits) >= len(self._edits):  # edits are only ever added; fewer are an older state
                marts_themes.apply_edits(self._connection, edits)
                self._edits = edits

    def correct(self, rows: tuple[Correction, ...]) -> None:
        """Let what people said of contacts (all rows, oldest first) hold in the answers from now on."""
        with self._editing:
            if len(rows) >= len(self._corrections):
                marts_corrections.apply(self._connection, rows)
                self._corrections, self._held = rows, said.by_contact(rows)

    def close(self) -> None:
        """Free the memory. No question can be asked afterwards."""
        self._connection.close()
        self._forget()

    def span(self) -> Span | None:
        """What there is; None when nothing was ever ingested."""
        found = self._rows(
            "SELECT count(*), count(*) FILTER (scored), min(day), max(day), max(started_at) FROM contact"
        )[0]
        if not found[0]:
            return None
        contacts, scored, first, last, latest = found
        return Span(contacts, scored, first, last, latest.replace(tzinfo=UTC))

    def options(self) -> Options:
        """Products, channels, languages, segments and stages that occur."""
        values = {
            column: tuple(
                row[0] for row in self._rows(f"SELECT {column} FROM contact GROUP BY 1 ORDER BY count(*) DESC, 1")
            )
            for column in ("product", "channel", "language", "segment", "stage")
        }
        segments, stages = (
            values[column] if values[column] != (NOT_STATED,) else () for column in ("segment", "stage")
        )
        return Options(values["product"], values["channel"], values["language"], segments, stages)

    def totals(self, selection: Selection) -> Totals:
        """Counts of the selection."""
        counts = self._rows(
            f"""SELECT count(*), count(DISTINCT customer), count(*) FILTER (scored),
                       count(*) FILTER (sentiment = 'negative'), count(*) FILTER (churn_intent),
                       count(*) FILTER (abstained)
                FROM contact WHERE {_SELECTED}""",
            _values(selection),
        )[0]
        active = self._rows(
            f"SELECT coalesce(sum(active) / count(DISTINCT day), 0) FROM active WHERE {COUNTED}",
            {"first": selection.first, "last": selection.last, "segments": list(selection.segments)},
        )[0][0]
        contacts, customers, scored, negative, leaving, unknown = counts
        return Totals(contacts, customers, active, scored, negative, leaving, unknown)

    def daily(self, selection: Selection, theme: str | None = None) -> pd.DataFrame:
        """Columns day, contacts, customers: every day of the selection, those without contacts as zeros."""
        return self._frame(
            f"""WITH counted AS (
                    SELECT day, count(*) AS contacts, count(DISTINCT customer) AS customers
                    FROM contact WHERE {_SELECTED} AND ($theme IS NULL OR {IN_THEME}) GROUP BY day)
                SELECT calendar.day::TIMESTAMP AS day, coalesce(contacts, 0)::INTEGER AS contacts,
                       coalesce(customers, 0)::INTEGER AS customers
                FROM (SELECT unnest(generate_series($first, $last, INTERVAL 1 DAY))::DATE AS day) AS calendar
                LEFT JOIN counted USING (day) ORDER BY day""",
            _values(selection) | {"theme": theme},
        )

    def reasons(self, selection: Selection) -> pd.DataFrame:
        """Columns reason, contacts, customers, negative, leaving; as of `marts_reasons.counts`."""
        return marts_reasons.counts(self._connection, selection)

    def reason_slices(self, selection: Selection, column: str) -> pd.DataFrame:
        """Reasons by channel, product, segment or language; as of `marts_reasons.slices`."""
        return marts_reasons.slices(self._connection, selection, column)

    def reason_daily(self, selection: Selection, reason: str) -> pd.DataFrame:
        """Columns day, contacts, customers of one reason."""
        return marts_reasons.daily(self._connection, selection, reason)

    def reason_classes(self, selection: Selection, classed: Mapping[str, str]) -> dict[str, int]:
        """Contacts by the class of their reasons."""
        return marts_reasons.classes(self._connection, selection, classed)

    def call_list(self, selection: Selection, order: Order, capacity: int, horizon: int) -> CallList:
        """Whom to call after the selection's last day; as of `marts_churn.call_list`."""
        return marts_churn.call_list(self._connection, selection, order, capacity, horizon)

    def observed_until(self) -> date | None:
        """Last day of which outcomes are known; None without any leave."""
        return marts_churn.observed_until(self._connection)

    def back_test(
        self, selection: Selection, order: Order, capacity: int, horizon: int, until: date, since: date
    ) -> BackTest | None:
        """What the list would have been worth on earlier days; as of `marts_churn.back_test`."""
        return marts_churn.back_test(self._connection, selection, order, capacity, horizon, until, since)

    def at_risk(self) -> bool:
        """Whether any contact has a risk."""
        return bool(self._rows("SELECT count(risk) > 0 FROM contact")[0][0])

    def service(self, selection: Selection, opening: Opening, horizon: int) -> Service:
        """How customers were served and what they think of it; as of `marts_pulse.service`."""
        return marts_pulse.service(self._connection, selection, opening, horizon)

    def trend(self, selection: Selection, step: int, opening: Opening, horizon: int) -> pd.DataFrame:
        """The figures of a selection step by step; as of `marts_pulse.trend`."""
        return marts_pulse.trend(self._connection, selection, step, opening, horizon)

    def fixed_themes(self, since: date) -> tuple[FixedTheme, ...]:
        """Themes marked as fixed since a day; as of `marts_pulse.fixed_themes`."""
        return marts_pulse.fixed_themes(self._connection, since)

    def stages(self, selection: Selection) -> tuple[Stage, ...]:
        """Stages of the customer journey; as of `marts_journey.stages`."""
        return marts_journey.stages(self._connection, selection)

    def stage_cells(self, selection: Selection) -> pd.DataFrame:
        """Stages by reasons; as of `marts_journey.cells`."""
        return marts_journey.cells(self._connection, selection)

    def sentiment(self, selection: Selection, step: int) -> pd.DataFrame:
        """Columns from_day, to_day, negative, neutral, positive, scored, a row for every `step` days.

        Steps are counted back from the selection's last day, so the newest is always whole; a first one that
        would be incomplete is left out, unless there is no other.
        """
        return self._frame(
            f"""WITH counted AS (
                    SELECT (($last::DATE - day) // $step)::INTEGER AS back,
                           count(*) FILTER (sentiment = 'negative') AS negative,
                           count(*) FILTER (sentiment = 'neutral') AS neutral,
                           count(*) FILTER (sentiment = 'positive') AS positive, count(*) AS scored
                    FROM contact WHERE {_SELECTED} AND scored GROUP BY 1),
                dated AS (
                    SELECT ($last::DATE - (back + 1) * $step::INTEGER + 1) AS from_day,
                           ($last::DATE - back * $step::INTEGER) AS to_day, * FROM counted)
                SELECT greatest(from_day, $first::DATE)::TIMESTAMP AS from_day, to_day::TIMESTAMP AS to_day,
                       negative::INTEGER AS negative, neutral::INTEGER AS neutral,
                       positive::INTEGER AS positive, scored::INTEGER AS scored
                FROM dated WHERE from_day >= $first::DATE OR back = 0 ORDER BY 1""",
            _values(selection) | {"step": step},
        )

    def themes(self, selection: Selection) -> tuple[ThemeSummary, ...]:
        """All active themes, largest in the selection first. `recent` and `baseline` end on the data's last day."""
        return self._themes(selection, None)

    def in_themes(self, selection: Selection) -> int:
        """How many contacts of the selection speak of any active theme; the themes' own counts overlap."""
        active = "SELECT theme_id FROM theme WHERE status = 'active'"
        found = self._rows(
            f"""SELECT count(*) FROM contact WHERE {_SELECTED} AND (
                    theme_id IN ({active})
                    OR number IN (SELECT number FROM other_theme WHERE theme_id IN ({active})))""",
            _values(selection),
        )
        return int(found[0][0])

    def theme_groups(self, selection: Selection) -> tuple[ThemeGroup, ...]:
        """Groups of active themes, largest in the selection first; as of `marts_groups.theme_groups`."""
        return marts_groups.theme_groups(self._connection, selection)

    def theme(self, theme_id: str, selection: Selection) -> ThemeSummary | None:
        """One theme, also a retired one; None when there is none of that id, or it was merged or dismissed."""
        return next(iter(self._themes(selection, theme_id)), None)

    def theme_shares(self, theme_id: str, selection: Selection, column: str) -> pd.DataFrame:
        """Columns value, contacts, all_contacts: the theme by product, language or channel, most first.

        `all_contacts` counts every contact of the selection with that value: what the theme is compared with.
        """
        if column not in ("product", "language", "channel"):
            raise ValueError(f"expected product, language or channel, got {column!r}")
        return self._frame(
            f"""SELECT {column} AS value, count(*) FILTER ({IN_THEME})::INTEGER AS contacts,
                       count(*)::INTEGER AS all_contacts
                FROM contact WHERE {_SELECTED} GROUP BY 1 ORDER BY contacts DESC, value""",
            _values(selection) | {"theme": theme_id},
        )

    def nearest(self, theme_id: str, selection: Selection, limit: int) -> tuple[str, ...]:
        """Ids of the theme's contacts in the selection, those nearest to its centre first."""
        found = self._rows(
            f"""SELECT contact_id FROM {SPOKEN} WHERE {_SELECTED} AND theme_id = $theme
                ORDER BY similarity DESC NULLS LAST, number LIMIT $limit""",
            _values(selection) | {"theme": theme_id, "limit": limit},
        )
        return tuple(row[0] for row in found)

    def impact(self, theme_id: str, selection: Selection, prices: Prices = ()) -> Impact:
        """What a theme does to the company in a selection; `prices` is the cost of a contact by channel."""
        everybody = not self._part and not selection.filtered
        with self._connection.cursor() as cursor:
            return impacts.measure(
                cursor, theme_id, selection.first, selection.last, prices, _SELECTED, _values(selection),
                everybody=everybody,
            )  # fmt: skip

    def story(self, theme_id: str) -> Story:
        """What happened to a theme, what waits for the next run, and which themes are like it."""
        return marts_themes.story(self._connection, self._edits, theme_id)

    def knows(self, theme_id: str) -> bool:
        """Whether there is a theme of that id, shown or not."""
        return bool(self._rows("SELECT count(*) > 0 FROM theme_row WHERE theme_id = $theme", {"theme": theme_id})[0][0])

    def gone(self, theme_id: str) -> Gone | None:
        """What became of a theme that is not shown; None where there never was one of that id."""
        return marts_themes.gone(self._connection, self._edits, theme_id)

    def theme_names(self) -> dict[str, str]:
        """Names of the active themes by id."""
        return marts_themes.names(self._connection)

    def rises(self, first: date, last: date) -> tuple[Rise, ...]:
        """Themes that rose in these days, as it was known on the last of them."""
        return marts_signals.rises(self._connection, first, last)

    def emergence(self) -> Emergence:
        """What is emerging now, in the whole company."""
        return marts_signals.emergence(self._connection)

    def theme_alerts(self, theme_id: str) -> tuple[AlertSummary, ...]:
        """All alerts of one theme, newest first."""
        return marts_signals.theme_alerts(self._connection, theme_id)

    def baseline(self, kind: str, group_id: str, first: date | None = None) -> pd.DataFrame:
        """Columns day, customers, expected, lower, upper of a theme or reason: its tested days from `first` on."""
        return marts_signals.baseline(self._connection, kind, group_id, first)

    def weeks(self) -> pd.DataFrame:
        """What comes in and what the model makes of it by week; as of `marts_models.weeks`."""
        return marts_models.weeks(self._connection)

    def week_languages(self) -> pd.DataFrame:
        """Contacts by week and language; as of `marts_models.week_languages`."""
        return marts_models.week_languages(self._connection)

    def judged(self) -> Judged | None:
        """The contacts that the model was judged on; as of `marts_models.judged`."""
        return marts_models.judged(self._connection)

    def map_view(self, selection: Selection, most: int, least_customers: int) -> MapView:
        """The map of a selection; as of `marts_map.view`."""
        return marts_map.view(self._connection, selection, most, least_customers)

    def marked(self, selection: Selection, region: Region) -> Marked:
        """The contacts in a region of the map; as of `marts_map.marked`."""
        return marts_map.marked(self._connection, selection, region)

    def contacts_by_number(self, numbers: Sequence[int]) -> tuple[ContactView, ...]:
        """Contacts by the numbers that `marked` gives, in that order."""
        return self._views(numbers)

    def contacts(self, selection: Selection, criteria: Criteria, limit: int, offset: int = 0) -> Page:
        """Contacts that meet everything, newest first, those with the same meaning nearest first, with transcripts.

        Raises ValueError where the vector of a search has another width than those of contacts.
        """
        cursor = self._connection.cursor()
        where, values, order = [_SELECTED], _values(selection), "number"
        if criteria.folded_words:
            words = {f"word{place}": _like(word) for place, word in enumerate(criteria.folded_words)}
            matches = " AND ".join(rf"search_text LIKE ${name} ESCAPE '\'" for name in words)
            cursor.execute(
                f"""CREATE TEMP TABLE hit AS SELECT number FROM contact_words
                    WHERE day BETWEEN $first AND $last AND {matches}""",
                {"first": selection.first, "last": selection.last, **words},
            )
            where.append("number IN (SELECT number FROM hit)")
        if criteria.near is not None:
            marts_meaning.find(cursor, criteria.near, selection.first, selection.last)
            where.append("number IN (SELECT number FROM near)")
            order = "(SELECT similarity FROM near WHERE near.number = contact.number) DESC, number"
        if criteria.reason is not None:
            where.append("number IN (SELECT number FROM contact_reason WHERE reason = $reason)")
            values["reason"] = criteria.reason
        for column in ("sentiment", "churn_intent"):
            if (wanted := getattr(criteria, column)) is not None:
                where.append(f"{column} = ${column}")
                values[column] = wanted
        if criteria.theme is not None:
            where.append(IN_THEME)
            values["theme"] = criteria.theme
        if criteria.unknown:
            where.append("abstained")
        if criteria.stage is not None:
            where.append("stage = $stage")
            values["stage"] = criteria.stage
        condition = " AND ".join(where)
        total = cursor.execute(f"SELECT count(*) FROM contact WHERE {condition}", values).fetchone()
        numbers = cursor.execute(
            f"SELECT number FROM contact WHERE {condition} ORDER BY {order} LIMIT $limit OFFSET $offset",
            values | {"limit": limit, "offset": offset},
        ).fetchall()
        cursor.close()
        return Page(total[0] if total else 0, self._views([row[0] for row in numbers]))

    def meaning_middle(self) -> tuple[float, ...]:
        """The mean of the vectors that contacts are searched by meaning with; empty where they have none."""
        return marts_meaning.middle(self._connection)

    def languages_of(self, contact_ids: Sequence[str]) -> dict[str, str]:
        """Language of each of these contacts, as far as they are here."""
        return dict(
            self._rows(
                "SELECT contact_id, language FROM contact SEMI JOIN (SELECT unnest($ids::VARCHAR[]) AS contact_id) "
                "USING (contact_id)",
                {"ids": list(contact_ids)},
            )
        )

    def first_scored(self, contact_ids: Sequence[str]) -> ContactView | None:
        """The first of these contacts that is here and scored."""
        found = self._rows(
            "SELECT number FROM (SELECT unnest($ids::VARCHAR[]) AS contact_id, "
            "generate_subscripts($ids::VARCHAR[], 1) AS place) JOIN contact USING (contact_id) "
            "WHERE scored ORDER BY place LIMIT 1",
            {"ids": list(contact_ids)},
        )
        return next(iter(self._views([number for (number,) in found])), None)

    def contact(self, contact_id: str) -> ContactView | None:
        """One contact; None when there is none of that id."""
        return next(iter(self.contacts_by_id((contact_id,))), None)

    def contacts_by_id(self, contact_ids: Sequence[str]) -> tuple[ContactView, ...]:
        """These contacts in the order given; ids that the lake does not hold are left out."""
        numbers = dict(
            self._rows(
                "SELECT contact_id, number FROM contact WHERE list_contains($ids::VARCHAR[], contact_id)",
                {"ids": list(contact_ids)},
            )
        )
        views = {view.contact_id: view for view in self._views(list(numbers.values()))}
        return tuple(views[contact_id] for contact_id in contact_ids if contact_id in views)

    def _themes(self, selection: Selection, theme_id: str | None) -> tuple[ThemeSummary, ...]:
        rows = self._rows(
            f"""WITH {marts_counts.ENDS},
                inside AS (
                    SELECT spoken.*, newest - day AS age FROM {SPOKEN} AS spoken, ends
                    WHERE {_FILTERED} AND ($theme IS NULL OR theme_id = $theme)),
                {marts_counts.counting("theme_id")},
                told AS (
                    SELECT theme_id, list((language, n) ORDER BY n DESC, language) AS languages
                    FROM (SELECT theme_id, language, count(*) AS n FROM chosen GROUP BY ALL) GROUP BY 1)
                SELECT {marts_counts.COLUMNS}, theme_id, label, keywords, status, first_day, verbatim_ids, languages,
                       owner, fixed_on, fixed_release, standing, theme_group
                FROM theme LEFT JOIN standing ON kind = 'theme' AND group_id = theme_id
                {marts_counts.joined("theme_id")} LEFT JOIN told USING (theme_id), ends
                WHERE theme_id = $theme OR $theme IS NULL AND status = 'active'
                ORDER BY contacts DESC NULLS LAST, theme_id""",
            _values(selection) | {"theme": theme_id},
        )
        fixes = marts_themes.fix_tests(self._connection)
        return tuple(
            ThemeSummary(
                theme_id=theme,
                label=label,
                keywords=tuple(keywords or ()),
                status=status,
                first_day=first_day,
                verbatim_ids=tuple(verbatim_ids or ()),
                languages=tuple((language, count) for language, count in languages or ()),
                owner=owner,
                fixed_on=fixed_on,
                fixed_release=release,
                standing=standing,
                group_id=group,
                fix=fixes.get(theme),
                **marts_counts.counts(row[: marts_counts.WIDTH]),
            )
            for row in rows
            for (
                theme,
                label,
                keywords,
                status,
                first_day,
                verbatim_ids,
                languages,
                owner,
                fixed_on,
                release,
                standing,
                group,
            ) in [row[marts_counts.WIDTH :]]
        )

    def _views(self, numbers: Sequence[int]) -> tuple[ContactView, ...]:
        """Contacts by number, in that order, with transcripts from the lake (only their days' files)."""
        if not numbers:
            return ()
        rows = self._rows(
            """SELECT number, contact_id, customer_id, started_at, day, channel, product, language, scored,
                      abstained,
                      sentiment, sentiment_probability, churn_intent, churn_probability,
                      (SELECT list((reason, probability) ORDER BY probability DESC) FROM contact_reason
                       WHERE contact_reason.number = contact.number), churn_direction, churn_evidence
               FROM contact
               WHERE list_contains($numbers::INTEGER[], number)""",
            {"numbers": list(numbers)},
        )
        themes: dict[int, list[ContactTheme]] = {}
        for number, theme, label, place in self._rows(_THEMES_OF, {"numbers": list(numbers)}):
            found = ContactTheme(theme, label, Evidence(**place) if place else None)
            themes.setdefault(number, []).append(found)
        turns = self._transcripts.read({row[1]: row[4] for row in rows})
        proposals = marts_corrections.proposals(self._connection, numbers)
        views = {
            row[0]: ContactView(
                contact_id=row[1],
                customer_id=row[2],
                started_at=row[3].replace(tzinfo=UTC),
                day=row[4],
                channel=row[5],
                product=row[6],
                language=row[7],
                scored=row[8],
                abstained=row[9],
                reasons=tuple((reason, probability) for reason, probability in row[14] or ()),
                sentiment=row[10],
                sentiment_probability=row[11],
                churn_intent=bool(row[12]),
                churn_probability=row[13],
                churn_direction=row[15],
                evidence=Evidence(**row[16]) if row[16] else None,
                themes=tuple(themes.get(row[0], ())),
                turns=turns.get(row[1], ()),
                proposal=proposals.get(row[1]),
                corrections=self._held.get(row[1], ()) if row[8] else (),
            )
            for row in rows
        }
        return tuple(views[number] for number in numbers)

    def _rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, dict(values or {})).fetchall()

    def _frame(self, sql: str, values: Mapping[str, Any]) -> pd.DataFrame:
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, dict(values)).df()


_THEMES_OF = """
SELECT number, theme_id, label, theme_evidence FROM (
    SELECT number, 0 AS place, theme_id, theme_evidence FROM contact WHERE list_contains($numbers::INTEGER[], number)
    UNION ALL
    SELECT number, place, theme_id, theme_evidence FROM other_theme WHERE list_contains($numbers::INTEGER[], number))
JOIN theme USING (theme_id) ORDER BY number, place
"""


def _like(word: str) -> str:
    """A pattern that finds `word` anywhere, its own wildcards taken literally."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _nothing() -> None:
    """There is nothing to delete."""
