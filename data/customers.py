"""How many customers there were on each day: what every contact rate divides by."""

from datetime import date

import pyarrow as pa

from voc.data.lake import Lake
from voc.errors import InputError

# Each customer is one step up and at most one down, and the days add the steps: linear in both.
_ACTIVE = """
    WITH spans AS (
        SELECT greatest(active_from, $first) AS since, active_to AS until
        FROM customers
        WHERE active_from <= $last AND (active_to IS NULL OR active_to > $first)
    ), steps AS (
        SELECT since AS day, 1 AS step FROM spans
        UNION ALL
        SELECT until, -1 FROM spans WHERE until <= $last
    ), changes AS (
        SELECT day, sum(step) AS change FROM steps GROUP BY day
    ), days AS (
        SELECT day::DATE AS day
        FROM generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY) AS series (day)
    )
    SELECT day, CAST(sum(coalesce(change, 0)) OVER (ORDER BY day) AS BIGINT) AS active
    FROM days LEFT JOIN changes USING (day)
    ORDER BY day
"""


def active_customers(lake: Lake, first: date, last: date) -> pa.Table:
    """Customers on each day from `first` to `last`, both included: `day` (date32) and `active` (int64).

    A customer counts from `active_from` to the day before `active_to`. Days without any have 0. Raises
    InputError where `first` is after `last`.
    """
    if first > last:
        raise InputError(f"expected a first day not after the last, got {first} and {last}")
    return lake.query(_ACTIVE, {"first": first, "last": last})
