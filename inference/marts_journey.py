"""Where customers get stuck: the app's questions over the stages of the journey, as small frames and dataclasses.

Whoever gets in touch again soon, in the same stage or for the same reason, was not helped. Each customer counts once in
a stage or cell, by the first contact there, so a longer period does not make more of them come back.
"""

from dataclasses import dataclass

import duckdb
import pandas as pd

from voc.inference import medians
from voc.inference.medians import Timing
from voc.inference.selection import NOT_STATED, SELECTED, Selection, values

SOON_DAYS = 7
"""Whoever gets in touch again within so many days came back."""
# `number` counts from the newest contact. Hardly any contact is followed soon, so only those that are get a row.
CREATE = f"""
CREATE TABLE stage_return AS
SELECT number FROM (
    SELECT number, lead(day) OVER (PARTITION BY customer, stage ORDER BY number DESC) - day AS waited
    FROM contact WHERE stage <> '{NOT_STATED}')
WHERE waited <= {SOON_DAYS} ORDER BY number;
CREATE TABLE reason_return AS
SELECT number, reason FROM (
    SELECT number, reason, lead(day) OVER (PARTITION BY customer, reason ORDER BY number DESC) - day AS waited
    FROM contact_reason JOIN contact USING (number))
WHERE waited <= {SOON_DAYS} ORDER BY number;
"""
"""Of the tables `contact` and `contact_reason`: which contacts were followed soon."""


@dataclass(frozen=True)
class Stage:
    """One stage in a selection."""

    stage: str
    """As the source names it; NOT_STATED: it names none."""
    contacts: int
    customers: int
    scored: int
    negative: int
    asked: int
    """Customers whose first contact here is at least `SOON_DAYS` older than the newest of the data."""
    back: int
    """Of those, how many came back to this stage within `SOON_DAYS` of it."""
    first_response: Timing | None
    duration: Timing | None
    """From a contact's begin to its end."""


def stages(connection: duckdb.DuckDBPyConnection, selection: Selection) -> tuple[Stage, ...]:
    """The stages of a selection, largest first."""
    chosen = values(selection)
    with connection.cursor() as cursor:
        rows = cursor.execute(_STAGES, chosen).fetchall()
    first, whole = (
        medians.timings(connection, column, "stage", SELECTED, chosen) for column in ("first_response_s", "duration_s")
    )
    return tuple(
        Stage(stage, contacts, customers, scored, negative, asked, back, first.get(stage), whole.get(stage))
        for stage, contacts, customers, scored, negative, asked, back in rows
    )


def cells(connection: duckdb.DuckDBPyConnection, selection: Selection) -> pd.DataFrame:
    """Stages by reasons, those that occur; most contacts first.

    Columns stage, reason, contacts, customers, negative, and of the customers asked and back (as of `Stage`, but who
    came back did for the same reason, whatever the stage). A contact with two reasons is in two cells; without a stage
    it is in none.
    """
    with connection.cursor() as cursor:
        frame: pd.DataFrame = cursor.execute(_CELLS, values(selection)).df()
        return frame


_STAGES = f"""
WITH ends AS (SELECT max(day) - {SOON_DAYS} AS known FROM contact),
chosen AS (SELECT contact.*, day <= known AS whole FROM contact, ends WHERE {SELECTED}),
people AS (
    SELECT stage, max(number) FILTER (whole) AS number FROM chosen GROUP BY stage, customer),
returned AS (
    SELECT stage, count(*)::INTEGER AS customers, count(people.number)::INTEGER AS asked,
           count(stage_return.number)::INTEGER AS back
    FROM people LEFT JOIN stage_return USING (number) GROUP BY stage),
counted AS (
    SELECT stage, count(*)::INTEGER AS contacts, count(*) FILTER (scored)::INTEGER AS scored,
           count(*) FILTER (sentiment = 'negative')::INTEGER AS negative
    FROM chosen GROUP BY stage)
SELECT stage, contacts, customers, scored, negative, asked, back
FROM counted JOIN returned USING (stage) ORDER BY contacts DESC, stage
"""
_CELLS = f"""
WITH ends AS (SELECT max(day) - {SOON_DAYS} AS known FROM contact),
chosen AS (
    SELECT number, customer, stage, sentiment, day <= known AS whole FROM contact, ends
    WHERE {SELECTED} AND stage <> '{NOT_STATED}'),
people AS (
    SELECT stage, reason, customer, count(*) AS contacts, count(*) FILTER (sentiment = 'negative') AS negative,
           max(number) FILTER (whole) AS number
    FROM contact_reason JOIN chosen USING (number) GROUP BY ALL)
SELECT stage, reason, sum(contacts)::INTEGER AS contacts, count(*)::INTEGER AS customers,
       sum(negative)::INTEGER AS negative, count(people.number)::INTEGER AS asked,
       count(reason_return.number)::INTEGER AS back
FROM people LEFT JOIN reason_return USING (number, reason)
GROUP BY ALL ORDER BY contacts DESC, stage, reason
"""
