"""How a customer feels over the turns of a contact, as the model reads each turn by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from voc.data.lake import Lake
from voc.labels import Sentiment

Movement = Literal["better", "worse"]
_COURSE = """
    SELECT unnest(sentiment_course) AS said FROM scores
    WHERE day = $day AND contact_id = $contact AND model_version = $model
"""


@dataclass(frozen=True)
class TurnSentiment:
    """Sentiment of one turn of the customer; turns of the contact are counted from 0."""

    turn: int
    sentiment: str
    probability: float


def course(lake: Lake, contact_id: str, day: date, model: str) -> tuple[TurnSentiment, ...]:
    """Of each turn of the customer, in order; nothing where the contact was scored before scores had it."""
    rows = lake.query(_COURSE, {"day": day, "contact": contact_id, "model": model}).to_pylist()
    return tuple(TurnSentiment(**row["said"]) for row in rows)


def movement(said: Sequence[TurnSentiment]) -> Movement | None:
    """Whether the first mood and the last one are opposite; None where they are not.

    From neutral to negative is no worsening: most people say what is wrong before they say how they feel about it.
    """
    moods = [each.sentiment for each in said if each.sentiment != Sentiment.NEUTRAL]
    if not moods or moods[0] == moods[-1]:
        return None
    return "better" if moods[-1] == Sentiment.POSITIVE else "worse"
