"""What comes in and what the model makes of it, week by week, and the same of the contacts that it was judged on.

It is the model that is looked at here: what people corrected does not count (`marts_corrections`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pandas as pd

TABLES = ("labels",)
CREATE = """
CREATE TABLE judged_contact AS
SELECT number FROM contact JOIN (SELECT contact_id FROM lake_labels WHERE split IN ('dev', 'test')) USING (contact_id)
WHERE scored ORDER BY number;
"""
"""Of the registered dataset `lake_labels`: the scored contacts that models are judged on."""


@dataclass(frozen=True)
class Judged:
    """The scored contacts that a model was judged on (splits dev and test): what later contacts are compared with.

    `confidence` is the mean probability of the most probable reason, `spread` its standard deviation.
    """

    contacts: int
    unknown: int
    confidence: float
    spread: float
    first: date
    last: date
    languages: Mapping[str, int] = field(default_factory=dict)


def weeks(connection: duckdb.DuckDBPyConnection, most: int = 26) -> pd.DataFrame:
    """Columns from_day, to_day, contacts, scored, unknown, confidence, spread: at most `most` weeks, oldest first.

    Weeks are counted back from the newest contact's day; a first one that would be incomplete is left out, unless there
    is no other. Confidence is that of the scored contacts, NaN without any.
    """
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(
            """WITH ends AS (SELECT max(day) AS newest, min(day) AS oldest FROM contact),
                counted AS (
                    SELECT ((newest - day) // 7)::INTEGER AS back, count(*) AS contacts,
                           count(*) FILTER (scored) AS scored, count(*) FILTER (abstained) AS unknown,
                           avg(top_probability) AS confidence, stddev_samp(top_probability) AS spread
                    FROM given_contact, ends GROUP BY ALL)
                SELECT greatest(newest - back * 7 - 6, oldest)::TIMESTAMP AS from_day,
                       (newest - back * 7)::TIMESTAMP AS to_day, contacts::INTEGER AS contacts,
                       scored::INTEGER AS scored, unknown::INTEGER AS unknown, confidence, coalesce(spread, 0) AS spread
                FROM counted, ends WHERE back < $most AND (newest - back * 7 - 6 >= oldest OR back = 0)
                ORDER BY back DESC""",
            {"most": most},
        ).df()
    return frame


def week_languages(connection: duckdb.DuckDBPyConnection, most: int = 26) -> pd.DataFrame:
    """Columns to_day, language, contacts: every language of every week, those of `weeks`."""
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(
            """WITH ends AS (SELECT max(day) AS newest, min(day) AS oldest FROM contact),
               counted AS (
                   SELECT ((newest - day) // 7)::INTEGER AS back, language, count(*) AS n
                   FROM contact, ends GROUP BY ALL),
               every AS (
                   SELECT DISTINCT back, l.language FROM counted, (SELECT DISTINCT language FROM counted) AS l, ends
                   WHERE back < $most AND (newest - back * 7 - 6 >= oldest OR back = 0))
               SELECT (newest - back * 7)::TIMESTAMP AS to_day, language, coalesce(n, 0)::INTEGER AS contacts
               FROM every LEFT JOIN counted USING (back, language), ends ORDER BY back DESC, language""",
            {"most": most},
        ).df()
    return frame


def judged(connection: duckdb.DuckDBPyConnection) -> Judged | None:
    """The contacts that the model was judged on, as it scored them; None where none of them is scored."""
    with connection.cursor() as cursor:
        contacts, unknown, confidence, spread, first, last = cursor.execute(
            """SELECT count(*), count(*) FILTER (abstained), avg(top_probability),
                      coalesce(stddev_samp(top_probability), 0), min(day), max(day)
               FROM given_contact JOIN judged_contact USING (number)"""
        ).fetchall()[0]
        languages = dict(
            cursor.execute(
                """SELECT language, count(*) FROM contact JOIN judged_contact USING (number)
                   GROUP BY 1 ORDER BY 2 DESC, 1"""
            ).fetchall()
        )
    return Judged(contacts, unknown, confidence, spread, first, last, languages) if contacts else None
