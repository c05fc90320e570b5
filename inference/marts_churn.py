"""Who to call first: customers who say that they leave, and those that the outcome head thinks will.

Two signals that never mix: stated intent is what a contact says, risk what customers did after contacts like this one.
The back-test asks what the same list would have been worth on earlier days, with nothing known after them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb

from voc.errors import VocError
from voc.inference.selection import FILTERED, SELECTED, Selection, filter_values, values
from voc.models.outcome import FOLDER, current_head, load_report

Order = Literal["stated", "risk"]
TABLES = ("outcomes", "outcome_scores")
CREATE = """
CREATE TABLE leave AS
SELECT customer, churned_at FROM lake_outcomes
LEFT JOIN (SELECT DISTINCT customer_id, customer FROM contact) USING (customer_id);
"""
"""Of the registered dataset `lake_outcomes`: when whose outcome is known left; null: they have not."""
LISTED_DAYS = 28
"""The back-test makes the list on each of so many days in a row."""
_SIGNALS: dict[Order, tuple[str, str]] = {"stated": ("churn_intent", "churn_probability"), "risk": ("TRUE", "risk")}


@dataclass(frozen=True)
class Head:
    """The outcome head in use."""

    version: str
    horizon_days: int
    judged_from: date
    """First day of contacts that it neither learnt from nor was fitted to; earlier ones would flatter it."""


@dataclass(frozen=True)
class AtRisk:
    """One customer of the list."""

    customer_id: str
    stated_id: str | None
    """The latest contact in which they say that they leave; None: they do not."""
    stated_on: date | None
    stated_probability: float | None
    latest_id: str
    """Their latest contact of any kind."""
    risk: float | None
    """Of the latest contact that has one and is not older than the horizon."""


@dataclass(frozen=True)
class CallList:
    """Whom to call: as many as the team can, of all that have the signal."""

    total: int
    stated: int
    """Customers who say that they leave, listed or not."""
    customers: tuple[AtRisk, ...]


@dataclass(frozen=True)
class BackTest:
    """What the list was worth: on each day from `first` to `last` it was made of the contacts before that day."""

    first: date
    last: date
    listed: int
    """Customers who stood on it at least once and whose outcome is known."""
    left: int
    """Of those, how many left within the horizon, counted from the first day on which they stood on it."""
    expected: float
    """How many of as many customers drawn at random, on the same days, from those who had been in touch."""
    unknown: int
    """Customers who stood on it without a known outcome: in none of the other figures."""


def head_of(models: Path, classifier: str | None) -> Head | None:
    """The head in use for this classifier; None where there is none that can be read."""
    if classifier is None:
        return None
    try:
        head = current_head(models, classifier)
    except VocError:
        return None
    judged_from = date.fromisoformat(load_report(models / FOLDER / head.version)["split"]["test_first"])
    return Head(head.version, head.manifest.horizon_days, judged_from)


def call_list(
    connection: duckdb.DuckDBPyConnection, selection: Selection, order: Order, capacity: int, horizon: int
) -> CallList:
    """The list of the morning after the selection's last day.

    Customers who are gone by then are left out. First come the highest values of the chosen signal, equal ones by
    the newest contact; the other signal has no say in it.

    Args:
        connection: Of the marts.
        selection: Contacts that count.
        order: Which signal.
        capacity: At most so many.
        horizon: A risk of a contact so many days old or older no longer counts.
    """
    parameters = values(selection) | {"fresh": selection.last - timedelta(days=horizon), "capacity": capacity}
    column, newest = {"stated": ("stated_probability", "stated_number"), "risk": ("risk", "latest_number")}[order]
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"""WITH chosen AS (
                    SELECT number, customer, churn_intent, churn_probability,
                           CASE WHEN day > $fresh THEN risk END AS risk
                    FROM contact WHERE {SELECTED} AND scored AND (gone_on IS NULL OR gone_on > $last)),
                people AS (
                    SELECT min(number) FILTER (churn_intent) AS stated_number,
                           arg_min(churn_probability, number) FILTER (churn_intent) AS stated_probability,
                           min(number) AS latest_number, arg_min(risk, number) FILTER (risk IS NOT NULL) AS risk
                    FROM chosen GROUP BY customer),
                listed AS (
                    SELECT *, count(*) OVER () AS total FROM people WHERE {column} IS NOT NULL
                    ORDER BY {column} DESC, {newest} LIMIT $capacity)
                SELECT total, latest.customer_id, said.contact_id, said.day, stated_probability, latest.contact_id,
                       listed.risk
                FROM listed JOIN contact AS latest ON latest.number = latest_number
                LEFT JOIN contact AS said ON said.number = stated_number
                ORDER BY {column} DESC, {newest}""",
            parameters,
        ).fetchall()
        stated = cursor.execute(
            f"""SELECT count(DISTINCT customer) FROM contact
                WHERE {SELECTED} AND churn_intent AND (gone_on IS NULL OR gone_on > $last)""",
            values(selection),
        ).fetchall()[0][0]
    return CallList(rows[0][0] if rows else 0, stated, tuple(AtRisk(*row[1:]) for row in rows))


def observed_until(connection: duckdb.DuckDBPyConnection) -> date | None:
    """Last day of which outcomes are known, as `voc train-outcomes` reckons it; None without any leave."""
    with connection.cursor() as cursor:
        found: date | None = cursor.execute(
            "SELECT CASE WHEN count(churned_at) > 0 THEN least(max(churned_at), (SELECT max(day) FROM contact)) END "
            "FROM leave"
        ).fetchall()[0][0]
        return found


def back_test(
    connection: duckdb.DuckDBPyConnection,
    selection: Selection,
    order: Order,
    capacity: int,
    horizon: int,
    until: date,
    since: date,
) -> BackTest | None:
    """The list as it would have been made on earlier days, and who of it left.

    On each day it is made of the contacts of the days before, as many days as the selection is long, with the same
    filters; a leave counts from that day on, for `horizon` days. None where no day has contacts before and a whole
    horizon after it. Linear in the contacts of those days.

    Args:
        connection: Of the marts.
        selection: Gives the filters and how many days a contact counts.
        order: Which signal.
        capacity: At most so many on each day.
        horizon: Days.
        until: Last day of which outcomes are known.
        since: Contacts before this day do not count.
    """
    last = until - timedelta(days=horizon - 1)
    first = max(last - timedelta(days=LISTED_DAYS - 1), since + timedelta(days=1))
    if first > last:
        return None
    has, value = _SIGNALS[order]
    parameters: dict[str, Any] = filter_values(selection) | {
        "from": first, "to": last, "length": selection.days, "since": since, "horizon": horizon, "capacity": capacity,
        "fresh": horizon if order == "risk" else selection.days,
    }  # fmt: skip
    with connection.cursor() as cursor:
        listed, left, expected, unknown = cursor.execute(
            f"""WITH calendar AS (
                    SELECT unnest(generate_series($from::DATE, $to::DATE, INTERVAL 1 DAY))::DATE AS made_on),
                said AS (
                    SELECT customer, day, any_value(gone_on) AS gone_on, min(number) AS number,
                           arg_min({value}, number) FILTER ({has} AND {value} IS NOT NULL) AS signal
                    FROM contact
                    WHERE scored AND day >= greatest($since::DATE, $from::DATE - $length::INTEGER)
                      AND day < $to::DATE AND {FILTERED}
                    GROUP BY customer, day),
                known AS (
                    SELECT said.*, leave.customer IS NOT NULL AS sure, churned_at,
                           least($to::DATE, gone_on, day + $length::INTEGER) AS until
                    FROM said LEFT JOIN leave USING (customer)),
                -- Lists on which this is the customer's latest contact. Such spans never overlap, so sums of their
                -- begins and ends count the customers of every day at once.
                touched AS (
                    SELECT greatest(day + 1, $from::DATE) AS begins, churned_at,
                           least(until, lead(day) OVER (PARTITION BY customer ORDER BY day)) AS ends
                    FROM known WHERE sure),
                steps AS (
                    SELECT begins AS day, 1 AS people, 0 AS leavers FROM touched WHERE begins <= ends
                    UNION ALL SELECT ends + 1, -1, 0 FROM touched WHERE begins <= ends
                    UNION ALL SELECT greatest(begins, churned_at - $horizon::INTEGER + 1), 0, 1
                    FROM touched WHERE begins <= ends AND churned_at - $horizon::INTEGER < ends
                    UNION ALL SELECT ends + 1, 0, -1
                    FROM touched WHERE begins <= ends AND churned_at - $horizon::INTEGER < ends),
                changes AS (SELECT day, sum(people) AS people, sum(leavers) AS leavers FROM steps GROUP BY day),
                usual AS (
                    SELECT made_on, sum(leavers) / nullif(sum(people), 0) AS share
                    FROM calendar JOIN changes ON day <= made_on GROUP BY made_on),
                signalled AS (
                    SELECT customer, number, signal, sure, churned_at, greatest(day + 1, $from::DATE) AS begins,
                           least(until, day + $fresh::INTEGER,
                                 lead(day) OVER (PARTITION BY customer ORDER BY day)) AS ends
                    FROM known WHERE signal IS NOT NULL),
                -- Of those who compete for the very same lists, only so many can be on any.
                candidates AS (
                    SELECT * FROM signalled WHERE begins <= ends
                    QUALIFY row_number() OVER (PARTITION BY begins, ends ORDER BY signal DESC, number) <= $capacity),
                there AS (
                    SELECT *, unnest(generate_series(begins, ends, INTERVAL 1 DAY))::DATE AS made_on
                    FROM candidates),
                ranked AS (
                    SELECT * FROM there
                    QUALIFY row_number() OVER (PARTITION BY made_on ORDER BY signal DESC, number) <= $capacity),
                listed AS (
                    SELECT customer, min(made_on) AS made_on, any_value(sure) AS sure,
                           any_value(churned_at) AS churned_at
                    FROM ranked GROUP BY customer)
                SELECT count(*) FILTER (sure),
                       count(*) FILTER (sure AND churned_at < made_on + $horizon::INTEGER),
                       coalesce(sum(share) FILTER (sure), 0), count(*) FILTER (NOT sure)
                FROM listed LEFT JOIN usual USING (made_on)""",
            parameters,
        ).fetchall()[0]
    return BackTest(first, last, listed, left, expected, unknown)
