"""An area: the marts of some products alone, for people who may see no others.

`marts_store` puts no contact of another product into the area's file, so that what it answers, today's questions and
tomorrow's, cannot hold one. What is left to do here are the tables that the lake keeps of the whole company: themes
and what was tested of them. Of those an area keeps what its own contacts speak of.
"""

import duckdb

from voc.inference.selection import NOT_STATED
from voc.inference.spoken_themes import SPOKEN

Area = tuple[str, ...] | None
"""Products that somebody may see, NOT_STATED for contacts without one; None: all there is."""
INSIDE = f"""(getvariable('area') IS NULL
              OR list_contains(getvariable('area'), coalesce(c.product, '{NOT_STATED}')))"""
"""Condition on the lake's contacts `c`; the variable `area` has the products."""
_VERBATIMS = 8
"""Contacts that show a theme, as many as `voc themes` chooses."""


def restrict(connection: duckdb.DuckDBPyConnection, area: tuple[str, ...]) -> None:
    """Leave in the tables what the contacts of the area speak of.

    Themes, alerts and tested days that count customers of the whole company stay where the area has contacts of that
    theme or reason: they are counts, and hold nobody's words. A theme's verbatims are chosen anew, from the area.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OWN)
        cursor.execute(_THEMES)
        cursor.execute(_EVENTS)
        for table in ("signal", "standing", "alert"):
            cursor.execute(_TESTED.format(table=table))
        cursor.execute(_SLICES, {"area": list(area)})
        cursor.execute("DROP TABLE own_theme")


_OWN = "CREATE TEMP TABLE own_theme AS SELECT DISTINCT theme_id FROM " + SPOKEN
# Those that the run chose first, then the nearest to the centre; one of each customer.
_THEMES = f"""
CREATE OR REPLACE TABLE theme_row AS
WITH nearest AS (
    SELECT spoken.theme_id, customer_id, contact_id, number, similarity,
           list_position(verbatim_ids, contact_id) AS place
    FROM {SPOKEN} AS spoken JOIN theme_row USING (theme_id)
    QUALIFY row_number() OVER (
        PARTITION BY spoken.theme_id, customer_id ORDER BY place NULLS LAST, similarity DESC NULLS LAST, number) = 1),
chosen AS (
    SELECT * FROM nearest
    QUALIFY row_number() OVER (
        PARTITION BY theme_id ORDER BY place NULLS LAST, similarity DESC NULLS LAST, number) <= {_VERBATIMS}),
listed AS (
    SELECT theme_id, list(contact_id ORDER BY place NULLS LAST, similarity DESC NULLS LAST, number) AS contact_ids
    FROM chosen GROUP BY theme_id)
SELECT theme_row.* REPLACE (coalesce(contact_ids, []) AS verbatim_ids)
FROM theme_row LEFT JOIN listed USING (theme_id)
WHERE theme_id IN (FROM own_theme) OR coalesce(merged_into IN (FROM own_theme), FALSE)
"""
_EVENTS = """
DELETE FROM theme_event WHERE theme_id NOT IN (SELECT theme_id FROM theme_row)
"""
_TESTED = """
DELETE FROM {table}
WHERE kind = 'theme' AND group_id NOT IN (FROM own_theme)
   OR kind = 'reason' AND group_id NOT IN (SELECT reason FROM contact_reason)
"""
_SLICES = """
DELETE FROM alert
WHERE kind = 'slice' AND (
    split_part(group_id, ' | ', 1) NOT IN (FROM own_theme)
    OR split_part(group_id, ' | ', 2) = 'product'
       AND NOT list_contains($area::VARCHAR[], split_part(group_id, ' | ', 3)))
"""
