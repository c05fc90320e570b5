"""What a theme does to the company over some days: figures with their 95 % intervals, None where nothing is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.spoken_themes import IN_THEME

Prices = tuple[tuple[str, float], ...]
"""Channels with the cost of one contact."""

# The theme's contacts and all others of the days.
_CHOSEN = """
WITH chosen AS (
    SELECT contact.*, coalesce({theme}, FALSE) AS inside FROM contact WHERE {where}
)
"""
_COUNTS = """
SELECT count(*) FILTER (inside), count(DISTINCT customer_id) FILTER (inside), count(*),
       count(*) FILTER (inside AND sentiment IS NOT NULL), count(*) FILTER (inside AND sentiment = 'negative'),
       count(*) FILTER (inside AND sentiment IS NOT NULL AND churn_intent),
       count(*) FILTER (NOT inside AND sentiment IS NOT NULL),
       count(*) FILTER (NOT inside AND sentiment IS NOT NULL AND churn_intent)
FROM chosen
"""
_CHANNELS = "SELECT channel, count(*) FROM chosen WHERE inside GROUP BY channel"
# How far each customer pulls the difference of the two means (linearisation of ratios, Woodruff 1971).
_CSAT = """
, answered AS (SELECT customer_id, csat, inside FROM chosen WHERE csat IS NOT NULL),
means AS (
    SELECT avg(csat) AS mean, avg(csat) FILTER (NOT inside) AS mean_without, count(*) AS answers,
           count(*) FILTER (NOT inside) AS answers_without
    FROM answered
),
pulls AS (
    SELECT (sum(csat) - any_value(mean) * count(*)) / any_value(answers)
           - (coalesce(sum(csat) FILTER (NOT inside), 0) - any_value(mean_without) * count(*) FILTER (NOT inside))
             / any_value(answers_without) AS pull
    FROM answered, means GROUP BY customer_id
)
SELECT (SELECT mean - mean_without FROM means), count(pull), sum(pull * pull),
       (SELECT answers > answers_without FROM means)
FROM pulls
"""
_EXPECTED = """
SELECT coalesce(sum(customers), 0), coalesce(sum(expected), 0), count(expected)
FROM signal WHERE kind = 'theme' AND group_id = $theme AND day BETWEEN $first AND $last
"""


@dataclass(frozen=True)
class Cost:
    """What handling a theme's contacts cost, by the configured cost of a contact."""

    total: float
    """Of the contacts on channels with a price: a sum, not an estimate."""
    contacts: int
    """How many those are."""
    above_usual: Interval | None
    """The part of the customers above the expected, if each costs as much as the others."""


@dataclass(frozen=True)
class Impact:
    """A theme's part in the contacts of some days."""

    contacts: int
    customers: int
    """Distinct customers affected: a count, not an estimate."""
    volume_share: Interval | None
    """Share of all contacts that are of this theme (Wilson)."""
    above_usual: Interval | None
    """Customers above the expected, each counted once a day; the interval is that of a Poisson count. None without
    a baseline on each of the days."""
    negative_share: Interval | None
    """Share of the theme's scored contacts that are negative (Wilson)."""
    csat_difference: Interval | None
    """Mean CSAT of all contacts less that of all but this theme's: what leaving the theme out would give back, so below
    zero where it costs (customers as clusters, Student's t)."""
    leaving_difference: Interval | None
    """Share of the theme's contacts in which the customer says that he leaves, less that of all others (Newcombe)."""
    cost: Cost | None = None
    """None where no channel of its contacts has a price."""


def measure(
    connection: duckdb.DuckDBPyConnection,
    theme_id: str,
    first: date,
    last: date,
    prices: Prices,
    where: str,
    values: Mapping[str, Any],
    *,
    everybody: bool = True,
) -> Impact:
    """Work out the impact from the tables `contact`, `other_theme` and `signal` of the marts.

    Args:
        connection: Where the tables are.
        theme_id: The theme.
        first: First of the days, included.
        last: Last of them, included.
        prices: Cost of one contact by channel.
        where: Condition that a contact has to meet, the days among it; it may use `values`.
        values: Parameters of `where`.
        everybody: Whether the condition leaves all customers in: what is usual is known of all of them alone.
    """
    chosen = _CHOSEN.format(theme=IN_THEME, where=where)
    parameters = {**values, "theme": theme_id}
    with connection.cursor() as cursor:

        def rows(sql: str, used: Mapping[str, Any]) -> list[tuple[Any, ...]]:
            return cursor.execute(sql, dict(used)).fetchall()

        counts = rows(chosen + _COUNTS, parameters)[0]
        contacts, customers, everything, told, negative, leaving, others, others_leaving = counts
        channels = rows(chosen + _CHANNELS, parameters) if prices else []
        csat = _csat_difference(*rows(chosen + _CSAT, parameters)[0])
        days = {"theme": theme_id, "first": first, "last": last}
        seen, expected, known = rows(_EXPECTED, days)[0] if everybody else (0, 0.0, 0)
    above = intervals.excess(int(seen), expected) if expected and known >= (last - first).days + 1 else None
    return Impact(
        contacts,
        customers,
        intervals.share(contacts, everything),
        above,
        intervals.share(negative, told),
        csat,
        intervals.share_change(leaving, told, others_leaving, others),
        _cost(dict(channels), dict(prices), above, int(seen)),
    )


def _csat_difference(
    difference: float | None, customers: int, squares: float | None, asked: bool | None
) -> Interval | None:
    """Leave-one-out: the mean of all answers less the mean of the others; what varies are customers, not contacts."""
    if difference is None or squares is None or not asked or customers < 2:
        return None
    return intervals.clustered(difference, squares, customers)


def _cost(channels: Mapping[str, int], prices: Mapping[str, float], above: Interval | None, seen: int) -> Cost | None:
    priced = {channel: count for channel, count in channels.items() if channel in prices}
    if not priced:
        return None
    total = sum(count * prices[channel] for channel, count in priced.items())
    each = total / seen if seen else 0.0
    more = Interval(above.value * each, above.low * each, above.high * each) if above and seen else None
    return Cost(total, sum(priced.values()), more)
