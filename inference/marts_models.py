"""What comes in and what the model makes of it, week by week, and the same of the contacts that it was judged on.

They join the marts' contacts with the scores in the lake, of which only narrow columns are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pandas as pd
import pyarrow.dataset as ds

TABLES = ("labels",)


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


def weeks(connection: duckdb.DuckDBPyConnection, scores: ds.Dataset, model: str, most: int = 26) -> pd.DataFrame:
    """Columns from_day, to_day, contacts, scored, unknown, confidence, spread: at most `most` weeks, oldest first.

    Weeks are counted back from the newest contact's day; a first one that would be incomplete is left out, unless there
    is no other. Confidence is that of the scored contacts, NaN without any.
    """
    with connection.cursor() as cursor:
        cursor.register("lake_scores", scores)
        frame: pd.DataFrame = cursor.execute(
            f"""WITH ends AS (SELECT max(day) AS newest, min(day) AS oldest FROM contact),
                counted AS (
                    SELECT ((newest - contact.day) // 7)::INTEGER AS back, count(*) AS contacts,
                           count(s.contact_id) AS scored, count(*) FILTER (s.abstained) AS unknown,
                           avg(top_probability) AS confidence, stddev_samp(top_probability) AS spread
                    FROM contact LEFT JOIN ({_SCORED}) AS s USING (contact_id), ends GROUP BY ALL)
                SELECT greatest(newest - back * 7 - 6, oldest)::TIMESTAMP AS from_day,
                       (newest - back * 7)::TIMESTAMP AS to_day, contacts::INTEGER AS contacts,
                       scored::INTEGER AS scored, unknown::INTEGER AS unknown, confidence, coalesce(spread, 0) AS spread
                FROM counted, ends WHERE back < $most AND (newest - back * 7 - 6 >= oldest OR back = 0)
                ORDER BY back DESC""",
            {"model": model, "most": most},
        ).df()
        cursor.unregister("lake_scores")
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


def judged(connection: duckdb.DuckDBPyConnection, labels: ds.Dataset, scores: ds.Dataset, model: str) -> Judged | None:
    """The contacts that the model was judged on, as it scored them; None where none of them is scored."""
    with connection.cursor() as cursor:
        cursor.register("lake_scores", scores)
        cursor.register("lake_labels", labels)
        cursor.execute(
            f"""CREATE TEMP TABLE judged AS
                SELECT contact.day AS day, language, s.abstained AS abstained, top_probability
                FROM contact JOIN (SELECT contact_id FROM lake_labels WHERE split IN ('dev', 'test')) USING (contact_id)
                JOIN ({_SCORED}) AS s USING (contact_id)""",
            {"model": model},
        )
        contacts, unknown, confidence, spread, first, last = cursor.execute(
            """SELECT count(*), count(*) FILTER (abstained), avg(top_probability),
                      coalesce(stddev_samp(top_probability), 0), min(day), max(day) FROM judged"""
        ).fetchall()[0]
        languages = dict(
            cursor.execute("SELECT language, count(*) FROM judged GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        )
        cursor.execute("DROP TABLE judged")
    return Judged(contacts, unknown, confidence, spread, first, last, languages) if contacts else None


_SCORED = "SELECT contact_id, abstained, top_probability FROM lake_scores WHERE model_version = $model"
