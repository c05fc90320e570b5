"""A workspace of any size for `voc bench app`: the demo company's conversations, repeated under new ids, and tables by
their contracts around them. Everything in it is synthetic; labels and themes are drawn, not read from the texts.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from voc.data.columns import vectors_column
from voc.data.contracts import CONTRACTS, EVIDENCE, OTHER_THEME
from voc.data.demo import generate, settings_toml, taxonomy_toml
from voc.data.ingest import ingest
from voc.data.lake import Lake
from voc.data.workspace import Workspace, write_atomically
from voc.inference.spoken_themes import spoken_themes
from voc.inference.theme_edits import EditKind
from voc.labels import Sentiment
from voc.models.outcome import CURRENT, FOLDER, FeatureSpace, HeadManifest, OutcomeHead, save_head

MODEL = "synthetic"
HEAD = "synthetic-head"
LAST_DAY = date(2026, 6, 30)
SEGMENTS = ("home", "business", "prepaid")
"""Of customers, a third each."""
WIDTH = 8
"""Of the vectors in `scores`. Short, to save disk: no page reads them."""
_BATCH = 50_000  # contacts of a commit, about
_POOL = 4_000  # different conversations
_FIXED = 20  # themes that somebody marked as fixed
_SEVERAL = 0.13  # of the contacts in a theme speak of another one as well, about as many as in the demo
_JUDGED = 10_000  # labelled contacts of the test split
Column: TypeAlias = "pa.Array | pa.ChunkedArray"
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How large it is: contacts over so many days of so many themes; conversations that they repeat."""

    contacts: int
    themes: int = 300
    days: int = 365
    pool: int = _POOL


def synthetic_workspace(root: Path, shape: Shape, told: Callable[[float], None], seed: int = 13) -> Workspace:
    """Make the workspace in `root`, in parts of about 50,000 contacts; `told` hears the share that is done."""
    workspace = Workspace.create(root, settings_toml(), taxonomy_toml())
    lake, random = workspace.lake, np.random.default_rng(seed)
    _model(workspace)
    drawn = _Drawn(shape, _pool(shape, seed), workspace.taxonomy.reason_ids, random)
    for numbers, days in drawn.batches():
        for name, rows in drawn.rows(numbers, days).items():
            lake.append(name, rows)
        told((numbers[-1] + 1) / shape.contacts if len(numbers) else 1.0)
    for name, rows in drawn.people().items():
        lake.append(name, rows)
    _themes(lake, shape, random)
    _signals(lake, shape)
    return workspace


def synthetic_contacts(shape: Shape, seed: int = 13) -> Iterator[pa.Table]:
    """The contacts of such a workspace alone, as rows of the table `contacts`, about 50,000 at a time."""
    with tempfile.TemporaryDirectory(prefix="voc-contacts-") as root:
        taxonomy = Workspace.create(Path(root) / "w", settings_toml(), taxonomy_toml()).taxonomy
    drawn = _Drawn(shape, _pool(shape, seed), taxonomy.reason_ids, np.random.default_rng(seed))
    for numbers, days in drawn.batches():
        yield drawn.contacts(numbers, days)


class _Drawn:
    """Rows by number of the contact, oldest first."""

    def __init__(self, shape: Shape, pool: pa.Table, reasons: tuple[str, ...], random: np.random.Generator) -> None:
        self.shape, self.pool, self.random = shape, pool, random
        self.first = LAST_DAY - timedelta(days=shape.days - 1)
        self.customers = max(shape.contacts // 2, 2)
        self.reasons = np.array(reasons)
        self.centres = random.normal(0, 6, (shape.themes, 2))

    def per_day(self) -> Numbers:
        """Contacts of each day, with a rhythm of weekdays; they add up to all."""
        weekday = np.array([(self.first + timedelta(days=day)).weekday() for day in range(self.shape.days)])
        weights = np.array([1.25, 1.12, 1.05, 1.0, 0.95, 0.5, 0.4])[weekday]
        ends = np.round(np.cumsum(weights) / weights.sum() * self.shape.contacts).astype(np.int64)
        return np.asarray(np.diff(ends, prepend=0), np.int64)

    def batches(self) -> Iterator[tuple[Numbers, Numbers]]:
        """The numbers of all contacts and the day of each, whole days together, about 50,000 contacts at a time."""
        per_day = self.per_day()
        for days in _batches(per_day):
            first = int(per_day[: days[0]].sum())
            yield np.arange(first, first + int(per_day[days].sum())), np.repeat(days, per_day[days])

    def contacts(self, numbers: Numbers, days: Numbers) -> pa.Table:
        """What these contacts of these days are in the table `contacts`."""
        return self._contacts(numbers, _ids("c", numbers), days, pa.array(np.datetime64(self.first) + days))

    def rows(self, numbers: Numbers, days: Numbers) -> dict[str, pa.Table]:
        """What these contacts of these days are in each table."""
        ids = _ids("c", numbers)
        day = pa.array(np.datetime64(self.first) + days)
        contacts = self._contacts(numbers, ids, days, day)
        theme = _skewed(self.random, self.shape.themes, len(numbers))
        inside = self.random.random(len(numbers)) < 0.85
        places = (self.centres[theme] + self.random.normal(0, 1, (len(numbers), 2))).astype(np.float32)
        similarity = pa.array(self.random.uniform(0.3, 0.95, len(numbers)).astype(np.float32))
        risk = pa.array(self.random.beta(1, 12, len(numbers)).astype(np.float32))
        labelled = numbers >= self.shape.contacts - _JUDGED
        return {
            "contacts": contacts,
            "scores": self._scores(ids, day),
            "theme_assignments": _table(
                "theme_assignments",
                contact_id=ids, day=day, theme_id=pc.if_else(pa.array(inside), _ids("T", theme, 3), None),
                similarity=similarity, others=self._others(theme, inside),
            ),
            "theme_map": _table(
                "theme_map", contact_id=ids, day=day, x=pa.array(places[:, 0]), y=pa.array(places[:, 1])
            ),
            "outcome_scores": _table(
                "outcome_scores", contact_id=ids, model_version=_same(HEAD, ids), day=day, outcome_probability=risk
            ),
            "labels": _table("labels", contact_id=ids, split=_same("test", ids)).filter(pa.array(labelled)),
        }  # fmt: skip

    def _others(self, theme: Numbers, inside: np.ndarray) -> pa.Array:
        """Another theme for some of the contacts that are in one."""
        several = inside & (self.random.random(len(theme)) < _SEVERAL)
        more = (theme[several] + 1 + self.random.integers(0, self.shape.themes - 1, several.sum())) % self.shape.themes
        near = pa.array(np.full(len(more), 0.5, np.float32))
        rows = pa.StructArray.from_arrays(
            [_ids("T", more, 3), near, pa.nulls(len(more), EVIDENCE)], fields=list(OTHER_THEME)
        )
        begins = np.concatenate([[0], np.cumsum(several)])
        return pa.ListArray.from_arrays(pa.array(begins, pa.int32(), mask=np.append(~several, False)), rows)

    def people(self) -> dict[str, pa.Table]:
        """All customers, of whom one in twenty leaves."""
        ids = _ids("u", np.arange(self.customers))
        since = np.datetime64(self.first) - self.random.integers(1, 900, self.customers)
        left = np.datetime64(self.first) + self.random.integers(10, self.shape.days + 10, self.customers)
        goes = pa.array(self.random.random(self.customers) < 0.05)
        churned = pc.if_else(goes, pa.array(left), None)
        segment = pa.array(np.array(SEGMENTS)[self.random.integers(0, len(SEGMENTS), self.customers)])
        return {
            "customers": _table(
                "customers", customer_id=ids, active_from=pa.array(since), active_to=churned, segment=segment,
                digest=ids,
            ),
            "outcomes": _table("outcomes", customer_id=ids, churned_at=churned, digest=ids),
        }  # fmt: skip

    def _contacts(self, numbers: Numbers, ids: Column, days: Numbers, day: Column) -> pa.Table:
        told = self.pool.take(pa.array(self.random.integers(0, len(self.pool), len(numbers))))
        second = np.sort(self.random.integers(7 * 3600, 21 * 3600, len(numbers)))
        started = np.datetime64(self.first, "us") + days * np.timedelta64(86_400_000_000, "us")
        turns = told["turns"].combine_chunks()
        # What a customer would name in the last turn: so no two conversations are the same.
        spoken = turns.flatten()
        texts = spoken.field("text")
        ends = turns.offsets.to_numpy()[1:] - turns.offsets[0].as_py() - 1
        last = np.zeros(len(spoken), bool)
        last[ends] = True
        named = pc.binary_join_element_wise(texts.take(pa.array(ends)), ids, " ")
        texts = pc.replace_with_mask(texts, pa.array(last), named)
        spoken = pa.StructArray.from_arrays(
            [spoken.field("speaker"), texts, pa.nulls(len(spoken), spoken.field("at").type)], ["speaker", "text", "at"]
        )
        return _table(
            "contacts",
            **{
                name: told[name]
                for name in (
                    "channel", "product", "journey_stage", "language", "script", "csat", "nps", "ces",
                    "first_response_s", "duration_s", "attributes",
                )
            },
            contact_id=ids,
            customer_id=_ids("u", (self.customers * self.random.power(0.8, len(numbers))).astype(np.int64)),
            started_at=pc.assume_timezone(pa.array(started + second * np.timedelta64(1_000_000, "us")), "UTC"),
            day=day,
            turns=pa.ListArray.from_arrays(pc.subtract(turns.offsets, turns.offsets[0]), spoken),
            source=_same("synthetic", ids),
            search_text=pc.binary_join_element_wise(told["search_text"], ids, " "),
            digest=ids,
        )  # fmt: skip

    def _scores(self, ids: Column, day: Column) -> pa.Table:
        count, random = len(ids), self.random
        top = random.uniform(0.4, 0.99, count).astype(np.float32)
        known = random.random(count) > 0.07
        several = known & (random.random(count) < 0.15)
        first = _skewed(random, len(self.reasons), count)
        second = (first + 1 + random.integers(0, len(self.reasons) - 1, count)) % len(self.reasons)
        each = known.astype(np.int64) + several
        begins = np.concatenate([[0], np.cumsum(each)])
        named, sure = np.empty(begins[-1], np.int64), np.empty(begins[-1], np.float32)
        named[begins[:-1][known]], sure[begins[:-1][known]] = first[known], top[known]
        named[begins[:-1][several] + 1], sure[begins[:-1][several] + 1] = second[several], top[several] / 2
        kind = CONTRACTS["scores"].schema.field("reasons").type
        reasons = pa.StructArray.from_arrays(
            [
                pa.array(self.reasons[named]),
                pa.array(sure),
                pa.nulls(len(named), kind.value_type.field("evidence").type),
            ],
            fields=list(kind.value_type.fields),
        )
        leaving = random.random(count) < 0.03
        where = CONTRACTS["scores"].schema.field("churn_evidence").type
        evidence = pa.StructArray.from_arrays(
            [
                pa.array(np.zeros(count, np.int16)), pa.array(np.zeros(count, np.int32)),
                pa.array(np.full(count, 4, np.int32)),
            ],
            fields=list(where.fields), mask=pa.array(~leaving),
        )  # fmt: skip
        moods = np.array([Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE])
        return _table(
            "scores",
            contact_id=ids,
            model_version=_same(MODEL, ids),
            day=day,
            reasons=pa.ListArray.from_arrays(pa.array(begins.astype(np.int32)), reasons),
            abstained=pa.array(~known),
            top_reason=pa.array(self.reasons[first]),
            top_probability=pa.array(top),
            sentiment=pa.array(moods[random.choice(3, count, p=(0.34, 0.52, 0.14))]),
            sentiment_probability=pa.array(random.uniform(0.5, 0.99, count).astype(np.float32)),
            churn_intent=pa.array(leaving),
            churn_probability=pa.array(np.where(leaving, 0.9, 0.05).astype(np.float32)),
            churn_evidence=evidence,
            churn_direction=pa.array(np.where(leaving, "leaving", "none")),
            embedding=vectors_column(random.normal(size=(count, WIDTH)).astype(np.float32)),
        )


def _pool(shape: Shape, seed: int) -> pa.Table:
    """Conversations of the demo company, as `voc ingest` stores them."""
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        sources = Path(name) / "sources"
        generate(sources, contacts=shape.pool, customers=max(shape.pool // 5, 1), last_day=LAST_DAY, seed=seed)
        workspace = Workspace.create(Path(name) / "workspace", settings_toml(), taxonomy_toml())
        ingest(workspace, [path for path in sorted(sources.iterdir()) if path.name.startswith(_CONVERSATIONS)])
        return workspace.lake.query("SELECT * FROM contacts WHERE len(turns) > 0 ORDER BY contact_id")


def _model(workspace: Workspace) -> None:
    """Folders with the names of a model and of an outcome head: scores are drawn, but pages look whose they are."""
    (workspace.models / MODEL).mkdir(parents=True)
    workspace.make_current(MODEL)
    space = FeatureSpace(np.zeros(WIDTH, np.float32), np.zeros((WIDTH, 1), np.float32), ())
    none = np.zeros(len(space.names), np.float32)
    manifest = HeadManifest(HEAD, MODEL, 30, datetime.now(UTC).isoformat(), "synthetic")
    report = {"split": {"test_first": (LAST_DAY - timedelta(days=180)).isoformat()}}
    save_head(OutcomeHead(manifest, space, none, none + 1, none, 0.0), report, workspace.models / FOLDER / HEAD)
    write_atomically(workspace.models / FOLDER / CURRENT, HEAD + "\n")


def _themes(lake: Lake, shape: Shape, random: np.random.Generator) -> None:
    """Themes of what was assigned, named by numbers; twenty of them marked as fixed."""
    found = lake.query(
        f"""SELECT theme_id, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
                  min(day) AS first_day, max(day) AS last_day, arg_max(contact_id, similarity, 8) AS verbatim_ids
           FROM {spoken_themes()} JOIN contacts USING (contact_id)
           GROUP BY theme_id ORDER BY theme_id"""
    )
    count, now = len(found), datetime(2026, 7, 1, tzinfo=UTC)
    words = [[f"tema{place}", f"riječ{place}", f"word{place}", "račun", "internet"] for place in range(count)]
    lake.append(
        "themes",
        _table(
            "themes",
            **{name: found[name] for name in found.column_names},
            label=pa.array([", ".join(each[:3]).capitalize() for each in words]),
            keywords=pa.array(words, pa.list_(pa.string())),
            centroid=vectors_column(random.normal(size=(count, 100)).astype(np.float32)),
            floor=pa.array(np.full(count, 0.1, np.float32)),
            space=_same("synthetic", found),
            model_version=_same(MODEL, found),
            status=_same("active", found),
            fitted_at=_same(now, found),
        ),
    )
    ids, born = found["theme_id"].to_pylist(), found["first_day"].to_pylist()
    lake.append(
        "theme_events",
        _rows(
            "theme_events",
            [
                {"event_id": f"e{theme}", "at": now, "kind": "born", "theme_id": theme, "other_theme_ids": []}
                for theme in ids
            ],
        ),
    )
    fixed_on = LAST_DAY - timedelta(days=20)
    fixed = [theme for theme, first in zip(ids, born, strict=True) if first < fixed_on][:_FIXED]
    lake.append(
        "theme_edits",
        _rows(
            "theme_edits",
            [
                {
                    "edit_id": f"f{theme}", "at": now, "who": "synthetic", "kind": str(EditKind.FIXED),
                    "theme_id": theme, "contact_ids": [], "value": fixed_on.isoformat(),
                }
                for theme in fixed
            ],
        ),
    )  # fmt: skip
    lake.append(
        "closures",
        _rows(
            "closures",
            [
                {
                    "edit_id": f"f{theme}", "theme_id": theme, "fixed_on": fixed_on, "tested_on": LAST_DAY,
                    "verdict": ("resolved", "unproven", "regressed")[place % 3], "before": 200, "after": 90,
                    "days_before": 56, "days_after": 20, "ratio": 0.7, "low": 0.5, "high": 0.95, "exact": False,
                }
                for place, theme in enumerate(fixed)
            ],
        ),
    )  # fmt: skip


def _signals(lake: Lake, shape: Shape) -> None:
    """What is usual for each theme and reason on each day: its mean. Every twentieth theme is rising."""
    groups = {
        "theme": f"""SELECT theme_id AS group_id, day, customer_id FROM {spoken_themes()}
            JOIN contacts USING (contact_id)""",
        "reason": "SELECT unnest(reasons).reason AS group_id, day, customer_id FROM scores JOIN contacts "
        "USING (contact_id, day)",
    }
    for kind, members in groups.items():
        found = lake.query(
            f"""WITH counted AS (
                    SELECT group_id, day, count(DISTINCT customer_id) AS customers FROM ({members}) GROUP BY ALL)
                SELECT group_id, day, customers, avg(customers) OVER (PARTITION BY group_id) AS expected,
                       dense_rank() OVER (ORDER BY group_id) % 20 = 1 AND day > $since AS rising
                FROM counted ORDER BY group_id, day""",
            {"since": LAST_DAY - timedelta(days=10)},
        )
        spread = pc.multiply(pc.sqrt(found["expected"]), 2.0)
        lake.append(
            "signals",
            _table(
                "signals",
                kind=_same(kind, found),
                group_id=found["group_id"],
                day=found["day"],
                customers=found["customers"],
                expected=found["expected"],
                lower=pc.subtract(found["expected"], pc.min_element_wise(spread, found["expected"])),
                upper=pc.add(found["expected"], spread),
                status=pc.if_else(found["rising"], "emerging", "stable"),
            ),
        )
    living = lake.query(
        """SELECT kind, group_id, min(day) AS began, sum(customers)::BIGINT AS customers, sum(expected) AS expected
           FROM signals WHERE status = 'emerging' GROUP BY ALL ORDER BY ALL"""
    ).to_pylist()
    alerts = [
        row | {
            "alert_id": f"{row['kind']}:{row['group_id']}",
            "opened": row["began"] + timedelta(days=1),
            "last": LAST_DAY, "closed": False, "test": "excess", "impact": row["customers"] - row["expected"],
            "peak": 2.0,
        }
        for row in living
    ]  # fmt: skip
    lake.append("alerts", _rows("alerts", alerts))


def _batches(per_day: Numbers) -> list[Numbers]:
    """Days in groups of about `_BATCH` contacts."""
    group = np.cumsum(per_day) // _BATCH
    return [np.flatnonzero(group == each) for each in np.unique(group)]


def _skewed(random: np.random.Generator, kinds: int, count: int) -> Numbers:
    """Draws of 0 to kinds - 1, of which the first are frequent and the last rare."""
    weights = 1 / np.arange(2, kinds + 2) ** 0.8
    return random.choice(kinds, count, p=weights / weights.sum()).astype(np.int64)


def _ids(letter: str, numbers: Numbers, digits: int = 7) -> Column:
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(letter, padded, "")


def _same(value: object, rows: "Column | pa.Table") -> Column:
    return pa.repeat(pa.scalar(value, pa.timestamp("us", "UTC") if isinstance(value, datetime) else None), len(rows))


def _table(name: str, **columns: Column) -> pa.Table:
    """Columns as a table of the contract `name`; those that are not given are null."""
    schema = CONTRACTS[name].schema
    rows = len(next(iter(columns.values())))
    return pa.table(
        [
            columns[field.name].cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _rows(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CONTRACTS[name].schema)


_CONVERSATIONS = ("calls", "chats", "emails", "tickets")
