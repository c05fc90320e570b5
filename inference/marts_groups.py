"""Groups of themes: what the level above the themes says of a selection."""

from dataclasses import dataclass

import duckdb

from voc.inference.marts_counts import COLUMNS, ENDS, WIDTH, Counts, counting, counts, joined
from voc.inference.selection import FILTERED, Selection, values

_REASONS = 2


@dataclass(frozen=True)
class ThemeGroup(Counts):
    """Themes that lie near each other, and how they do together in a selection."""

    group_id: str
    label: str
    themes: int
    """How many active ones."""
    reasons: tuple[tuple[str, int], ...]
    """The most frequent contact reasons, and how many of the contacts name each."""


def theme_groups(connection: duckdb.DuckDBPyConnection, selection: Selection) -> tuple[ThemeGroup, ...]:
    """All groups of active themes, largest in the selection first; none where there are too few themes for groups."""
    with connection.cursor() as cursor:
        rows = cursor.execute(_GROUPS, values(selection) | {"most": _REASONS}).fetchall()
    return tuple(
        ThemeGroup(
            group_id=group,
            label=label,
            themes=themes,
            reasons=tuple((reason, contacts) for reason, contacts in reasons or ()),
            **counts(row[:WIDTH]),
        )
        for row in rows
        for group, label, themes, reasons in [row[WIDTH:]]
    )


# Only active themes have a group.
_GROUPS = f"""
WITH {ENDS},
inside AS (
    SELECT number, customer, theme_group, day, newest - day AS age
    FROM contact JOIN theme USING (theme_id), ends WHERE {FILTERED} AND theme_group IS NOT NULL
    UNION ALL
    -- A contact counts once in a group, however many of its themes it speaks of.
    SELECT DISTINCT number, customer, too.theme_group, day, newest - day
    FROM contact JOIN other_theme USING (number) JOIN theme AS too ON too.theme_id = other_theme.theme_id
         LEFT JOIN theme ON theme.theme_id = contact.theme_id, ends
    WHERE {FILTERED} AND too.theme_group IS NOT NULL AND too.theme_group IS DISTINCT FROM theme.theme_group),
{counting("theme_group")},
named AS (
    SELECT theme_group, list((reason, n) ORDER BY n DESC, reason)[:$most] AS reasons
    FROM (SELECT theme_group, reason, count(*) AS n FROM contact_reason JOIN chosen USING (number) GROUP BY ALL)
    GROUP BY 1),
listed AS (
    SELECT theme_group, any_value(theme_group_label) AS label, count(*) AS themes
    FROM theme WHERE theme_group IS NOT NULL GROUP BY 1)
SELECT {COLUMNS}, theme_group, label, themes, reasons
FROM listed {joined("theme_group")} LEFT JOIN named USING (theme_group), ends
ORDER BY contacts DESC NULLS LAST, theme_group
"""
