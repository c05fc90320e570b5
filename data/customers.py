"""How many customers there were on each day: what every contact rate divides by."""

from datetime import date

import pyarrow as pa

from voc.data.lake import Lake
from voc.errors import InputError

# Each customer is one step up and at most one down, and the days add the steps: linear in both.
_BY_SEGMENT = """
    WITH spans AS (
        SELECT greatest(active_from, $first) AS since, active_to AS until, coalesce(segment, '') AS segment
        FROM customers
        WHERE active_from <= $last AND (active_to IS NULL OR active_to > $first)
    ), steps AS (
        SELECT since AS day, segment, 1 AS step FROM spans
        UNION ALL
        SELECT until, segment, -1 FROM spans WHERE until <= $last
    ), changes AS (
        SELECT day, segment, sum(step) AS change FROM steps GROUP BY day, segment
    ), days AS (
        SELECT day::DATE AS day, segment
        FROM generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY) AS series (day)
        CROSS JOIN (SELECT '' AS segment UNION SELECT segment FROM spans)
    )
    SELECT day, segment,
           CAST(sum(coalesce(change, 0)) OVER (PARTITION BY segment ORDER BY day) AS BIGINT) AS active
    FROM days LEFT JOIN changes USING (day, segment)
    ORDER BY day, segment
"""
_ACTIVE = f"SELECT day, CAST(sum(active) AS BIGINT) AS active FROM ({_BY_SEGMENT}) GROUP BY day ORDER BY day"


def active_customers(lake: Lake, first: date, last: date) -> pa.Table:
    """Customers on each day from `first` to `last`, both included: `day` (date32) and `active` (int64).

    A customer counts from `active_from` to the day before `active_to`. Days without any have 0. Raises
    InputError where `first` is after `last`.
    """
    return _asked(lake, _ACTIVE, first, last)


def active_by_segment(lake: Lake, first: date, last: date) -> pa.Table:
    """The same for each segment of customers: `day`, `segment` (text; empty: not stated) and `active`.

    Every day has a row for every segment that occurs in those days, and for the empty one.
    """
    return _asked(lake, _BY_SEGMENT, first, last)


def _asked(lake: Lake, sql: str, first: date, last: date) -> pa.Table:
    if first > last:
        raise InputError(f"expected a first day not after the last, got {first} and {last}")
    return lake.query(sql, {"first": first, "last": last})
