"""Medians of waiting times, with intervals that ask nothing of how the times are spread."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from voc.inference import intervals
from voc.inference.intervals import Interval


@dataclass(frozen=True)
class Timing:
    """The median of some seconds."""

    n: int
    median: Interval
    """In seconds. Bounds are order statistics (Conover 1999, section 3.2), so they hold whatever the shape is."""


def timings(
    connection: duckdb.DuckDBPyConnection, column: str, group: str, where: str, parameters: Mapping[str, Any]
) -> dict[Any, Timing]:
    """The median of a column of `contact` in each group that has any; never sorts, so a million contacts are a moment.

    Args:
        connection: Of the marts.
        column: Seconds.
        group: Column or constant that contacts are grouped by.
        where: Condition on the contacts.
        parameters: Of `where`.
    """
    with connection.cursor() as cursor:
        chosen = f"FROM contact WHERE {where} AND {column} IS NOT NULL GROUP BY part"
        counts = dict(cursor.execute(f"SELECT {group} AS part, count(*) {chosen}", dict(parameters)).fetchall())
        wanted = sorted({share for n in counts.values() for share in _bounds(n)})
        if not wanted:
            return {}
        rows = cursor.execute(
            f"SELECT {group} AS part, median({column}), quantile_disc({column}, {wanted}) {chosen}", dict(parameters)
        ).fetchall()
    found = {}
    for part, median, values in rows:
        low, high = (float(values[wanted.index(share)]) for share in _bounds(counts[part]))
        found[part] = Timing(counts[part], Interval(float(median), low, high))
    return found


def ranks(n: int) -> tuple[int, int]:
    """Which of `n` values in order, from 1, are the 95 % bounds of their median (binomial, normal approximation)."""
    half = intervals.quantile() * math.sqrt(n) / 2
    return max(1, math.floor(n / 2 - half)), min(n, 1 + math.ceil(n / 2 + half))


def _bounds(n: int) -> tuple[float, float]:
    """The ranks as shares: DuckDB's discrete quantile gives the value of rank ceil(share * n)."""
    low, high = ranks(n)
    return (low - 0.5) / n, (high - 0.5) / n
