"""What people corrected, laid over the marts: every page lists and counts a contact by what a person says of it.

The model's labels stay beside, as `given_contact` and `given_reason`; `contact` and `contact_reason` become views that
lay corrections over them. `apply` makes a small table anew, each time somebody decides something. A contact that
the model in use has not scored is left as it is: no page counts its labels.
"""

from collections.abc import Sequence
from typing import Any

import duckdb

from voc.data.corrections import NO, YES, Correction, current, labels_of
from voc.inference.corrections import Proposal
from voc.labels import TaskName

_TABLE = """
CREATE OR REPLACE TABLE corrected AS
SELECT number, len(c.reasons) = 0 AS abstained, c.reasons AS reasons, c.sentiment AS sentiment,
       c.churn_intent AS churn_intent
FROM said AS c JOIN given_contact USING (contact_id) WHERE scored ORDER BY number;
"""
_PLAIN = """
CREATE OR REPLACE VIEW contact AS SELECT * FROM given_contact;
CREATE OR REPLACE VIEW contact_reason AS SELECT * FROM given_reason;
"""
# What a person says is certain. A view of its own for the case without corrections, which then cost nothing.
_OVERLAID = """
CREATE OR REPLACE VIEW contact AS
SELECT g.* REPLACE (
    coalesce(k.abstained, g.abstained) AS abstained,
    coalesce(k.sentiment, g.sentiment) AS sentiment,
    CASE WHEN k.sentiment IS NULL THEN g.sentiment_probability ELSE 1 END AS sentiment_probability,
    coalesce(k.churn_intent, g.churn_intent) AS churn_intent,
    CASE WHEN k.churn_intent IS NULL THEN g.churn_probability ELSE k.churn_intent::INTEGER END AS churn_probability)
FROM given_contact AS g LEFT JOIN corrected AS k USING (number);
CREATE OR REPLACE VIEW contact_reason AS
SELECT number, reason, probability FROM given_reason
ANTI JOIN (SELECT number FROM corrected WHERE reasons IS NOT NULL) USING (number)
UNION ALL
SELECT number, unnest(reasons) AS reason, 1 AS probability FROM corrected;
"""
_GIVEN = """
SELECT contact_id, sentiment, sentiment_probability, churn_intent, churn_probability,
       (SELECT list((reason, probability) ORDER BY probability DESC) FROM given_reason
        WHERE given_reason.number = given_contact.number)
FROM given_contact WHERE scored AND list_contains($numbers::INTEGER[], number)
"""


def lay(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the model's labels beside, once for a connection: `contact` and `contact_reason` are to be overlaid."""
    for name, given in (("contact", "given_contact"), ("contact_reason", "given_reason")):
        connection.execute(f"ALTER VIEW {name} RENAME TO {given}")
    connection.execute(_PLAIN)


def apply(connection: duckdb.DuckDBPyConnection, rows: Sequence[Correction]) -> None:
    """Let corrections hold in the answers (all rows, oldest first). Wants `lay`."""
    said = labels_of(current(rows).values())
    with connection.cursor() as cursor:
        cursor.register("said", said)
        cursor.execute(f"BEGIN; {_TABLE} {_OVERLAID if said.num_rows else _PLAIN} COMMIT")
        cursor.unregister("said")


def proposals(connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> dict[str, Proposal]:
    """What the model says of these contacts, by their ids; those that it has not scored are left out. Wants `lay`."""
    with connection.cursor() as cursor:
        found = cursor.execute(_GIVEN, {"numbers": list(numbers)}).fetchall()
    return {row[0]: _proposal(row) for row in found}


def _proposal(row: tuple[Any, ...]) -> Proposal:
    contact_id, sentiment, sure, churn, leaving, reasons = row
    labels: dict[str, tuple[tuple[str, float], ...]] = {TaskName.REASON: tuple(reasons or ())}
    if sentiment is not None:
        labels[TaskName.SENTIMENT] = ((sentiment, float(sure or 0)),)
    if churn is not None:
        probability = float(leaving or 0)
        labels[TaskName.CHURN_INTENT] = ((YES, probability) if churn else (NO, 1 - probability),)
    return Proposal(contact_id, labels)
