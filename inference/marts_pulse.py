"""What the first page says beside the counts: satisfaction, waiting, opening hours, who may leave, and what was fixed.

Every question is one grouped pass over the contacts of a selection.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from voc.inference import intervals, medians
from voc.inference.intervals import Interval
from voc.inference.marts_themes import FixTest, fix_tests
from voc.inference.medians import Timing
from voc.inference.selection import COUNTED, SELECTED, Selection, values

TREND_WEEKS = 12
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RATINGS = {
    "csat": "csat",
    "nps": "CASE WHEN nps >= 9 THEN 100 WHEN nps <= 6 THEN -100 WHEN nps IS NOT NULL THEN 0 END",
    "ces": "ces",
}
"""What is averaged: of NPS the share of promoters (9, 10) less that of detractors (0 to 6), in points."""


@dataclass(frozen=True)
class Opening:
    """When people answer: hours by weekday, such as `("mon", "08:00-20:00")`, in a time zone. No hours: not known."""

    zone: str
    hours: tuple[tuple[str, str], ...] = ()

    def parameters(self, first: date, last: date) -> dict[str, list[Any]]:
        """Days with opening hours, and the moments (UTC) of their beginning and end: lists of equal length."""
        zone, hours = ZoneInfo(self.zone), dict(self.hours)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        days = [day for day in days if _WEEKDAYS[day.weekday()] in hours]
        spans = [hours[_WEEKDAYS[day.weekday()]].split("-") for day in days]
        return {
            "open_days": days,
            "opens": [_moment(day, span[0], zone) for day, span in zip(days, spans, strict=True)],
            "closes": [_moment(day, span[1], zone) for day, span in zip(days, spans, strict=True)],
        }


@dataclass(frozen=True)
class Rating:
    """What customers answered to a question."""

    answers: int
    customers: int
    mean: float
    """Of NPS the score, -100 to 100."""
    interval: Interval | None
    """Around the mean, customers as clusters; None where nothing can be said of how answers vary."""


@dataclass(frozen=True)
class Risk:
    """Who may leave, by the outcome head: nothing of what they say."""

    customers: int
    """Those in touch whose latest contact has a risk."""
    expected: Interval
    """How many of them will leave within the horizon, if the risks are right (sum of chances that differ)."""


@dataclass(frozen=True)
class Service:
    """A selection, beside what `Totals` counts. None where the data say nothing of it."""

    csat: Rating | None
    nps: Rating | None
    ces: Rating | None
    first_response: Timing | None
    by_channel: tuple[tuple[str, int, float], ...]
    """Channels with how many contacts have a first response and its median in seconds, fastest first."""
    closed: int | None
    """Contacts that began outside the opening hours; None where those are not set."""
    risk: Risk | None


@dataclass(frozen=True)
class FixedTheme:
    """An active theme that somebody marked as fixed."""

    theme_id: str
    label: str
    fixed_on: date | None
    fixed_release: str | None
    fix: FixTest | None
    """None: not tested since."""


def service(connection: duckdb.DuckDBPyConnection, selection: Selection, opening: Opening, horizon: int) -> Service:
    """How customers were served, and what they think of it.

    Args:
        connection: Of the marts.
        selection: Which contacts.
        opening: When people answer.
        horizon: A risk of a contact so many days old or older no longer counts.
    """
    asked = values(selection)
    with connection.cursor() as cursor:
        rated = cursor.execute(_RATED, asked).fetchall()[0]
        ratings = [_rating(rated[start : start + 6]) for start in range(0, len(rated), 6)]
        channels = cursor.execute(_BY_CHANNEL, asked).fetchall()
        hours = opening.parameters(selection.first, selection.last)
        closed = cursor.execute(_CLOSED, asked | hours).fetchall()[0][0] if opening.hours else None
        fresh = {"fresh": selection.last - timedelta(days=horizon)}
        risk = _risk(*cursor.execute(_RISK, asked | fresh).fetchall()[0])
    waited = medians.timings(connection, "first_response_s", "TRUE", SELECTED, asked).get(True)
    return Service(ratings[0], ratings[1], ratings[2], waited, tuple(channels), closed, risk)


def trend_steps(selection: Selection, first: date) -> tuple[Selection, int]:
    """The days of a trend up to the selection's last, and how many of them are one step of it.

    At most twelve whole weeks, however long the selection is; with fewer than three of them the same in days. `first`
    is the first day of the data.
    """
    days = (selection.last - first).days + 1
    step = 7 if days >= 21 else 1
    length = min(TREND_WEEKS * 7, days // step * step) if step == 7 else max(days, 1)
    return replace(selection, first=selection.last - timedelta(days=length - 1)), step


def trend(
    connection: duckdb.DuckDBPyConnection, selection: Selection, step: int, opening: Opening, horizon: int
) -> pd.DataFrame:
    """The figures step by step, oldest first; a selection of whole steps of so many days (`trend_steps`).

    Columns to_day, contacts, customers, active, scored, negative, leaving, unknown, closed, csat, nps, ces,
    first_response and risk (customers expected to leave); those of which nothing is known in a step are NaN.
    """
    hours = opening.parameters(selection.first, selection.last)
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(
            _TREND, values(selection) | hours | {"step": step, "horizon": horizon}
        ).df()
        return frame


def fixed_themes(connection: duckdb.DuckDBPyConnection, since: date) -> tuple[FixedTheme, ...]:
    """Themes marked as fixed on `since` or later, newest first; of those without a day the test gives it."""
    tests = fix_tests(connection)
    with connection.cursor() as cursor:
        rows = cursor.execute(
            """SELECT theme_id, label, fixed_on, fixed_release FROM theme
               WHERE status = 'active' AND (fixed_on IS NOT NULL OR fixed_release IS NOT NULL)"""
        ).fetchall()
    found = []
    for theme_id, label, fixed_on, release in rows:
        test = tests.get(theme_id)
        day = fixed_on or (test.fixed_on if test else None)
        if day is None or day >= since:
            found.append(FixedTheme(theme_id, label, day, release, test))
    return tuple(sorted(found, key=lambda each: (-(each.fixed_on or date.max).toordinal(), each.theme_id)))


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hours, minutes = (int(part) for part in clock.split(":"))
    day, hours = (day + timedelta(days=1), 0) if hours == 24 else (day, hours)
    return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _rating(row: Sequence[Any]) -> Rating | None:
    answers, total, customers, squares, products, sizes = row
    if not answers:
        return None
    return Rating(
        int(answers),
        int(customers),
        total / answers,
        intervals.clustered_mean(int(answers), total, int(customers), squares, products, sizes),
    )


def _risk(customers: int, expected: float | None, variance: float | None) -> Risk | None:
    if not customers or expected is None or variance is None:
        return None
    half = intervals.quantile() * math.sqrt(variance)
    return Risk(customers, Interval(expected, max(0.0, expected - half), min(float(customers), expected + half)))


def _sums(name: str) -> str:
    count, total = f"{name}_count", f"{name}_total"
    return (
        f"sum({count})::BIGINT, sum({total})::DOUBLE, count(*) FILTER ({count} > 0), "
        f"sum({total} * {total})::DOUBLE, sum({total} * {count})::DOUBLE, sum({count} * {count})::DOUBLE"
    )


_RATED = f"""
WITH people AS (
    SELECT {
    ", ".join(
        f"count({said}) AS {name}_count, coalesce(sum({said}), 0)::DOUBLE AS {name}_total"
        for name, said in _RATINGS.items()
    )
}
    FROM contact WHERE {SELECTED} AND coalesce(csat, nps, ces) IS NOT NULL GROUP BY customer)
SELECT {", ".join(map(_sums, _RATINGS))} FROM people
"""
_BY_CHANNEL = f"""
SELECT channel, count(first_response_s), median(first_response_s) FROM contact
WHERE {SELECTED} AND first_response_s IS NOT NULL GROUP BY channel ORDER BY 3, channel
"""
_OPENING = """
opening AS (
    SELECT unnest($open_days::DATE[]) AS day, unnest($opens::TIMESTAMP[]) AS opens,
           unnest($closes::TIMESTAMP[]) AS closes)
"""
_IS_CLOSED = "opens IS NULL OR started_at < opens OR started_at >= closes"
_CLOSED = f"""
WITH {_OPENING}
SELECT count(*) FILTER ({_IS_CLOSED}) FROM contact LEFT JOIN opening USING (day) WHERE {SELECTED}
"""
_RISK = f"""
SELECT count(*), sum(risk), sum(risk * (1 - risk)) FROM (
    SELECT arg_min(risk, number) AS risk
    FROM contact
    WHERE {SELECTED} AND scored AND risk IS NOT NULL AND day > $fresh AND (gone_on IS NULL OR gone_on > $last)
    GROUP BY customer)
"""
_TREND = f"""
WITH {_OPENING},
chosen AS (
    SELECT contact.*, opens, closes, (($last::DATE - day) // $step)::INTEGER AS back
    FROM contact LEFT JOIN opening USING (day) WHERE {SELECTED}),
counted AS (
    SELECT back, count(*) AS contacts, count(DISTINCT customer) AS customers, count(*) FILTER (scored) AS scored,
           count(*) FILTER (sentiment = 'negative') AS negative, count(*) FILTER (churn_intent) AS leaving,
           count(*) FILTER (abstained) AS unknown, count(*) FILTER ({_IS_CLOSED}) AS closed,
           {", ".join(f"avg({said}) AS {name}" for name, said in _RATINGS.items())},
           median(first_response_s) AS first_response
    FROM chosen GROUP BY back),
risks AS (
    SELECT back, sum(risk) AS risk FROM (
        SELECT back, arg_min(risk, number) AS risk
        FROM chosen
        WHERE scored AND risk IS NOT NULL AND day > $last::DATE - back * $step::INTEGER - $horizon::INTEGER
          AND (gone_on IS NULL OR gone_on > $last::DATE - back * $step::INTEGER)
        GROUP BY back, customer)
    GROUP BY back),
known AS (
    SELECT (($last::DATE - day) // $step)::INTEGER AS back, sum(active) / count(DISTINCT day) AS active FROM active
    WHERE {COUNTED} GROUP BY 1),
steps AS (SELECT unnest(range((($last::DATE - $first::DATE) // $step + 1)::BIGINT))::INTEGER AS back)
SELECT ($last::DATE - back * $step::INTEGER)::TIMESTAMP AS to_day, coalesce(contacts, 0)::INTEGER AS contacts,
       coalesce(customers, 0)::INTEGER AS customers, coalesce(active, 0) AS active,
       coalesce(scored, 0)::INTEGER AS scored, coalesce(negative, 0)::INTEGER AS negative,
       coalesce(leaving, 0)::INTEGER AS leaving, coalesce(unknown, 0)::INTEGER AS unknown,
       coalesce(closed, 0)::INTEGER AS closed, csat, nps, ces, first_response, risk
FROM steps LEFT JOIN counted USING (back) LEFT JOIN risks USING (back) LEFT JOIN known USING (back)
ORDER BY back DESC
"""
