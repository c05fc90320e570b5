"""What is emerging: the app's questions over the tables `signals` and `alerts`, as small frames and dataclasses.

A lake without them, as older versions wrote it, answers that nothing was tested.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from voc.inference import intervals
from voc.inference.emergence.series import SEPARATOR
from voc.inference.intervals import Interval

TABLES = ("signals", "alerts")
CREATE = """
CREATE TABLE signal AS
SELECT kind, group_id, day, customers, expected, lower, upper, status FROM lake_signals
WHERE kind IN ('theme', 'reason');
CREATE TABLE standing AS
SELECT kind, group_id, arg_max(status, day) AS standing FROM signal GROUP BY ALL;
CREATE TABLE alert AS SELECT * FROM lake_alerts;
"""
"""Of the registered datasets `lake_signals` and `lake_alerts`. Of slices the alerts alone are kept."""
RISING = ("new", "emerging", "regressed", "growing")
"""How a theme or reason stands that asks for attention."""
_HARDLY_ANY = 0.5
"""With fewer customers expected, "so many times" would say more than is known."""
_LIVING_FIRST = "ORDER BY closed, customers - expected DESC, opened DESC, alert_id"


@dataclass(frozen=True)
class Part:
    """A slice of a theme with a living alert of its own."""

    theme_id: str
    label: str
    """The theme's."""
    dimension: str
    """product, channel, language or segment."""
    value: str
    customers: int
    expected: float


@dataclass(frozen=True)
class AlertSummary:
    """One rise of a theme or of a reason. Customers count once a day."""

    alert_id: str
    kind: str
    """theme or reason."""
    group_id: str
    label: str
    """The theme's words; of a reason its id."""
    began: date
    """First day of what opened it."""
    opened: date
    """The day on which it was known."""
    last: date
    """Last day above the usual; of a living alert the last day tested."""
    closed: bool
    test: str
    """Which test opened it, as `emergence.alerts.Test` names them."""
    customers: int
    """From `began` to `last`."""
    expected: float
    standing: str | None
    """The group's status on the last day tested, as `emergence.alerts.ThemeStatus` names them."""
    parts: tuple[Part, ...] = ()

    @property
    def above(self) -> Interval:
        """Customers above the expected, with the exact interval of a Poisson count (Garwood 1936)."""
        return intervals.excess(self.customers, self.expected)

    @property
    def times(self) -> Interval | None:
        """How many times the expected, with the same interval; None where next to nobody was expected."""
        if self.expected < _HARDLY_ANY:
            return None
        low, high = intervals.poisson(self.customers)
        return Interval(self.customers / self.expected, low / self.expected, high / self.expected)


@dataclass(frozen=True)
class Rise:
    """A theme above its usual in some days. Customers count once a day, from `since` to the last of the days."""

    theme_id: str
    standing: str
    """On the last day tested, as `emergence.alerts.ThemeStatus` names them."""
    since: date
    """First day of the rise where an alert tells it, else of the days asked for."""
    customers: int
    expected: float

    @property
    def above(self) -> Interval:
        """Customers above the expected, with the exact interval of a Poisson count (Garwood 1936)."""
        return intervals.excess(self.customers, self.expected)

    @property
    def times(self) -> float | None:
        """How many times the expected; None where next to nobody was expected."""
        return self.customers / self.expected if self.expected >= _HARDLY_ANY else None


@dataclass(frozen=True)
class Emergence:
    """What is emerging now, and what was looked at."""

    alerts: tuple[AlertSummary, ...]
    """Living alerts of themes and reasons, those with the most customers above the expected first."""
    parts: tuple[Part, ...]
    """Slices that rise while their theme as a whole does not."""
    tested: date | None
    """Last day tested; None before the first `voc signals`."""
    themes: int
    """Themes tested; before the first test, those that wait for it."""
    reasons: int


def emergence(connection: duckdb.DuckDBPyConnection) -> Emergence:
    """What is emerging. Themes that were merged, dismissed or retired are left out, and so are their slices."""
    parts = [_part(*row) for row in _rows(connection, _PARTS)]
    alerts = tuple(
        _alert(row, tuple(part for part in parts if row[1] == "theme" and part.theme_id == row[2]))
        for row in _rows(connection, f"{_ALERTS} AND NOT closed {_LIVING_FIRST}")
    )
    shown = {part for alert in alerts for part in alert.parts}
    tested, themes, reasons, waiting = _rows(connection, _TESTED)[0]
    return Emergence(
        alerts,
        tuple(part for part in parts if part not in shown),
        tested,
        waiting if tested is None else themes,
        reasons,
    )


def rises(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> tuple[Rise, ...]:
    """Active themes that rose in these days: those with the most customers above the expected first.

    Nothing that became known later counts: an alert opened after `last` is left out, and one that goes on is counted up
    to `last`.
    """
    found = (Rise(*row) for row in _rows(connection, _RISES, {"first": first, "last": last}))
    return tuple(sorted(found, key=lambda rise: (-rise.above.value, rise.theme_id)))


def theme_alerts(connection: duckdb.DuckDBPyConnection, theme_id: str) -> tuple[AlertSummary, ...]:
    """All alerts of one theme, newest first."""
    rows = _rows(connection, f"{_THEME_ALERTS} ORDER BY opened DESC", {"theme": theme_id})
    return tuple(_alert(row, ()) for row in rows)


def baseline(
    connection: duckdb.DuckDBPyConnection, kind: str, group_id: str, first: date | None = None
) -> pd.DataFrame:
    """Columns day, customers, expected, lower, upper: the group's tested days, from `first` (None: all) on.

    The last three are NaN where no baseline was possible. Empty for a group that was never tested.
    """
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(
            """SELECT day::TIMESTAMP AS day, customers::INTEGER AS customers, expected, lower, upper FROM signal
               WHERE kind = $kind AND group_id = $group AND ($first IS NULL OR day >= $first) ORDER BY day""",
            {"kind": kind, "group": group_id, "first": first},
        ).df()
        return frame


def _alert(row: tuple[Any, ...], parts: tuple[Part, ...]) -> AlertSummary:
    return replace(AlertSummary(*row), parts=parts)


def _part(group_id: str, label: str, customers: int, expected: float) -> Part:
    theme_id, dimension, value = group_id.split(SEPARATOR, 2)
    return Part(theme_id, label, dimension, value, customers, expected)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        return cursor.execute(sql, values or {}).fetchall()


_COLUMNS = """
SELECT alert_id, kind, group_id, coalesce(label, group_id), began, opened, last, closed, coalesce(test, ''),
       customers, coalesce(expected, 0), standing
FROM alert LEFT JOIN theme ON kind = 'theme' AND group_id = theme_id LEFT JOIN standing USING (kind, group_id)
"""
_ALERTS = f"{_COLUMNS} WHERE (kind = 'reason' OR kind = 'theme' AND theme.status = 'active')"
_THEME_ALERTS = f"{_COLUMNS} WHERE kind = 'theme' AND group_id = $theme"
_PARTS = f"""
SELECT group_id, label, customers, coalesce(expected, 0)
FROM alert JOIN theme ON theme_id = split_part(group_id, '{SEPARATOR}', 1) AND theme.status = 'active'
WHERE kind = 'slice' AND NOT closed {_LIVING_FIRST}
"""
_TESTED = """
SELECT max(day), count(DISTINCT group_id) FILTER (kind = 'theme'), count(DISTINCT group_id) FILTER (kind = 'reason'),
       (SELECT count(*) FROM theme WHERE status = 'active')
FROM signal
"""
_RISES = """
WITH known AS (
    SELECT group_id, min(began) AS began FROM alert
    WHERE kind = 'theme' AND opened <= $last AND "last" >= $first GROUP BY ALL),
told AS (
    SELECT group_id, arg_max(status, day) AS stood FROM signal
    WHERE kind = 'theme' AND day BETWEEN $first AND $last GROUP BY ALL)
SELECT group_id, stood, coalesce(began, $first) AS since, sum(customers)::INTEGER, coalesce(sum(expected), 0)
FROM told JOIN theme ON theme_id = group_id AND theme.status = 'active' LEFT JOIN known USING (group_id)
JOIN signal USING (group_id)
WHERE kind = 'theme' AND stood IN ('new', 'emerging', 'growing', 'regressed')
  AND day BETWEEN coalesce(began, $first) AND $last
GROUP BY ALL
"""
