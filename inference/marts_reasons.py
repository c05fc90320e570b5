"""Contact reasons: the app's questions over the labels, as small frames of counts."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd

from voc.inference.selection import SELECTED, Selection, values

SLICES = ("channel", "product", "segment", "language")
"""What reasons can be broken down by."""


def counts(connection: duckdb.DuckDBPyConnection, selection: Selection) -> pd.DataFrame:
    """Columns reason, contacts, customers, negative, leaving; most contacts first. A contact may name several."""
    return _frame(
        connection,
        f"""SELECT reason, count(*)::INTEGER AS contacts, count(DISTINCT customer)::INTEGER AS customers,
                   count(*) FILTER (sentiment = 'negative')::INTEGER AS negative,
                   count(*) FILTER (churn_intent)::INTEGER AS leaving
            FROM contact_reason JOIN contact USING (number) WHERE {SELECTED}
            GROUP BY reason ORDER BY contacts DESC, reason""",
        values(selection),
    )


def slices(connection: duckdb.DuckDBPyConnection, selection: Selection, column: str) -> pd.DataFrame:
    """Reasons by channel, product, segment or language.

    Columns reason, value, contacts, customers, and of the whole slice scored, people (its customers): a row for every
    reason that occurs and every value, zeros included; largest slices first. A customer without a known segment is in
    the slice NOT_STATED. Raises ValueError for another column.
    """
    if column not in SLICES:
        raise ValueError(f"expected one of {', '.join(SLICES)}, got {column!r}")
    return _frame(
        connection,
        f"""WITH chosen AS (
                SELECT number, customer, {column} AS value FROM contact WHERE {SELECTED} AND scored),
            sliced AS (
                SELECT value, count(*)::INTEGER AS scored, count(DISTINCT customer)::INTEGER AS people
                FROM chosen GROUP BY value),
            cells AS (
                SELECT reason, value, count(*)::INTEGER AS contacts,
                       count(DISTINCT customer)::INTEGER AS customers
                FROM contact_reason JOIN chosen USING (number) GROUP BY ALL)
            SELECT reason, value, coalesce(contacts, 0)::INTEGER AS contacts,
                   coalesce(customers, 0)::INTEGER AS customers, scored, people
            FROM (SELECT DISTINCT reason FROM cells) CROSS JOIN sliced LEFT JOIN cells USING (reason, value)
            ORDER BY scored DESC, value, reason""",
        values(selection),
    )


def daily(connection: duckdb.DuckDBPyConnection, selection: Selection, reason: str) -> pd.DataFrame:
    """Columns day, contacts, customers of one reason: every day of the selection, those without as zeros."""
    return _frame(
        connection,
        f"""WITH counted AS (
                SELECT day, count(*) AS contacts, count(DISTINCT customer) AS customers
                FROM contact_reason JOIN contact USING (number) WHERE {SELECTED} AND reason = $reason GROUP BY day)
            SELECT calendar.day::TIMESTAMP AS day, coalesce(contacts, 0)::INTEGER AS contacts,
                   coalesce(customers, 0)::INTEGER AS customers
            FROM (SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS day) AS calendar
            LEFT JOIN counted USING (day) ORDER BY day""",
        values(selection) | {"reason": reason},
    )


def classes(connection: duckdb.DuckDBPyConnection, selection: Selection, classed: Mapping[str, str]) -> dict[str, int]:
    """Contacts by the class of their reasons; one with reasons of two classes counts in both, in each once.

    Args:
        connection: Of the marts.
        selection: Which contacts.
        classed: Class of each reason. Reasons that are not in it count nowhere.
    """
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"""SELECT class, count(DISTINCT number)
                FROM contact_reason JOIN contact USING (number)
                JOIN (SELECT unnest($reasons::VARCHAR[]) AS reason, unnest($classes::VARCHAR[]) AS class)
                USING (reason) WHERE {SELECTED} GROUP BY class""",
            values(selection) | {"reasons": list(classed), "classes": [str(each) for each in classed.values()]},
        ).fetchall()
    return dict(rows)


def _frame(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> pd.DataFrame:
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(sql, parameters).df()
        return frame
