"""How themes, or groups of themes, do in a selection: the same counts, by whatever the contacts are put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

RECENT_DAYS = 7
BASELINE_DAYS = 28
TREND_WEEKS = 12


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Contacts of a selection, and how they move; what is recent ends on the data's last day."""

    contacts: int
    customers: int
    recent: int
    """Contacts of the last seven days of the data."""
    baseline: int
    """Contacts of the (at most 28) days before those seven."""
    baseline_days: int
    trend: tuple[int, ...] = ()
    """Contacts a week over up to twelve weeks, oldest first; weeks that end on the data's last weekday."""


ENDS = "ends AS (SELECT max(day) AS newest, min(day) AS oldest FROM contact)"
"""A table expression: first and last day of the data."""
COLUMNS = f"""
coalesce(contacts, 0), coalesce(customers, 0), coalesce(recent, 0), coalesce(baseline, 0),
greatest(0, least({BASELINE_DAYS}, (newest - oldest) + 1 - {RECENT_DAYS})), weeks,
least({TREND_WEEKS}, greatest(1, (newest - oldest + 1) // 7))
"""
"""What `counts` takes, out of `joined` and `ends`."""
WIDTH = 7
"""How many columns that are."""


def counting(key: str) -> str:
    """Table expressions by the column `key` of a table `inside` (key, customer, day, age in days), which has the
    contacts of all days; parameters `first` and `last` are the ends of the selection."""
    return f"""
    chosen AS (SELECT * FROM inside WHERE day BETWEEN $first::DATE AND $last::DATE),
    counted AS (SELECT {key}, count(*) AS contacts, count(DISTINCT customer) AS customers FROM chosen GROUP BY 1),
    moved AS (
        SELECT {key}, count(*) FILTER (age < {RECENT_DAYS}) AS recent,
               count(*) FILTER (age >= {RECENT_DAYS} AND age < {RECENT_DAYS + BASELINE_DAYS}) AS baseline
        FROM inside GROUP BY 1),
    weekly AS (
        SELECT {key}, map_from_entries(list((week, n))) AS weeks
        FROM (SELECT {key}, (age // 7)::INTEGER AS week, count(*) AS n FROM inside GROUP BY ALL) GROUP BY 1)
    """


def joined(key: str) -> str:
    """The joins that bring the counts to a table with the column `key`."""
    return " ".join(f"LEFT JOIN {table} USING ({key})" for table in ("counted", "moved", "weekly"))


def counts(row: Sequence[Any]) -> dict[str, Any]:
    """Fields of `Counts` out of `COLUMNS`."""
    contacts, customers, recent, baseline, baseline_days, weeks, length = row
    return {
        "contacts": contacts,
        "customers": customers,
        "recent": recent,
        "baseline": baseline,
        "baseline_days": baseline_days,
        "trend": tuple((weeks or {}).get(week, 0) for week in reversed(range(length or 0))),
    }
