"""Groups of themes: what the level above the themes says of a selection."""

from dataclasses import dataclass, field

import duckdb

from voc.inference.selection import FILTERED, Selection, values

RECENT_DAYS = 7
BASELINE_DAYS = 28
TREND_WEEKS = 12
_REASONS = 2


@dataclass(frozen=True)
class ThemeGroup:
    """Themes that lie near each other, and how they do together in a selection."""

    group_id: str
    label: str
    themes: tuple[str, ...]
    """Names of the active ones, with most contacts first."""
    contacts: int
    customers: int
    recent: int
    """Contacts of the last seven days of the data."""
    baseline: int
    """Contacts of the (at most 28) days before those seven."""
    baseline_days: int
    trend: tuple[int, ...] = field(default=())
    """Contacts a week over up to twelve weeks, oldest first; weeks that end on the data's last weekday."""
    reasons: tuple[tuple[str, int], ...] = field(default=())
    """The most frequent contact reasons, and how many of the contacts name each."""


def theme_groups(connection: duckdb.DuckDBPyConnection, selection: Selection) -> tuple[ThemeGroup, ...]:
    """All groups of active themes, largest in the selection first; none where there are too few themes for groups."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            _GROUPS, values(selection) | {"recent": RECENT_DAYS, "back": BASELINE_DAYS, "most": _REASONS}
        ).fetchall()
    return tuple(
        ThemeGroup(
            group_id=row[0],
            label=row[1],
            themes=tuple(row[2]),
            contacts=row[3],
            customers=row[4],
            recent=row[5],
            baseline=row[6],
            baseline_days=row[7],
            trend=tuple((row[8] or {}).get(week, 0) for week in reversed(range(row[9] or 0))),
            reasons=tuple((reason, contacts) for reason, contacts in row[10] or ()),
        )
        for row in rows
    )


_GROUPS = f"""
WITH ends AS (SELECT max(day) AS newest, min(day) AS oldest FROM contact),
grouped AS (SELECT theme_id, label, theme_group FROM theme WHERE status = 'active' AND theme_group IS NOT NULL),
inside AS (
    SELECT number, customer, theme_group, theme_id, day, newest - day AS age
    FROM contact JOIN grouped USING (theme_id), ends WHERE {FILTERED}),
chosen AS (SELECT * FROM inside WHERE day BETWEEN $first::DATE AND $last::DATE),
counted AS (
    SELECT theme_group, count(*) AS contacts, count(DISTINCT customer) AS customers FROM chosen GROUP BY 1),
moved AS (
    SELECT theme_group, count(*) FILTER (age < $recent) AS recent,
           count(*) FILTER (age >= $recent AND age < $recent + $back) AS baseline
    FROM inside GROUP BY 1),
weekly AS (
    SELECT theme_group, map_from_entries(list((week, n))) AS weeks
    FROM (SELECT theme_group, (age // 7)::INTEGER AS week, count(*) AS n FROM inside GROUP BY ALL) GROUP BY 1),
named AS (
    SELECT theme_group, list((reason, n) ORDER BY n DESC, reason)[:$most] AS reasons
    FROM (SELECT theme_group, reason, count(*) AS n FROM contact_reason JOIN chosen USING (number) GROUP BY ALL)
    GROUP BY 1),
sized AS (SELECT theme_id, count(*) AS n FROM chosen GROUP BY 1),
listed AS (
    SELECT theme_group, list(label ORDER BY n DESC NULLS LAST, theme_id) AS themes
    FROM grouped LEFT JOIN sized USING (theme_id) GROUP BY 1)
SELECT theme_group, (SELECT any_value(theme_group_label) FROM theme WHERE theme.theme_group = listed.theme_group),
       themes, coalesce(contacts, 0), coalesce(customers, 0), coalesce(recent, 0), coalesce(baseline, 0),
       greatest(0, least($back, (newest - oldest) + 1 - $recent)), weeks,
       least({TREND_WEEKS}, greatest(1, (newest - oldest + 1) // 7)), reasons
FROM listed LEFT JOIN counted USING (theme_group) LEFT JOIN moved USING (theme_group)
     LEFT JOIN weekly USING (theme_group) LEFT JOIN named USING (theme_group), ends
ORDER BY contacts DESC NULLS LAST, theme_group
"""
