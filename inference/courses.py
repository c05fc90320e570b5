"""How a customer feels over the turns of a contact, as the model reads each turn by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pyarrow.compute as pc
import pyarrow.dataset as ds

from voc.labels import Sentiment

Movement = Literal["better", "worse"]
SURE = 0.9
"""Where a course begins and where it ends have to be so sure before a sentence is made of it."""


@dataclass(frozen=True)
class TurnSentiment:
    """Sentiment of one turn of the customer; turns of the contact are counted from 0."""

    turn: int
    sentiment: str
    probability: float


def course(scores: ds.Dataset, contact_id: str, day: date, model: str) -> tuple[TurnSentiment, ...]:
    """Of each turn of the customer, in order; only the day's files of `scores` are opened.

    Nothing where the contact was scored before scores had it.
    """
    wanted = (pc.field("day") == day) & (pc.field("contact_id") == contact_id) & (pc.field("model_version") == model)
    rows = scores.to_table(columns=["sentiment_course"], filter=wanted).to_pylist()
    return tuple(TurnSentiment(**said) for row in rows for said in row["sentiment_course"] or ())


def movement(said: Sequence[TurnSentiment]) -> Movement | None:
    """Whether the first mood and the last one are opposite, and both sure; None where they are not.

    From neutral to negative is no worsening: most people say what is wrong before they say how they feel about it.
    """
    moods = [each for each in said if each.sentiment != Sentiment.NEUTRAL]
    if (
        not moods
        or moods[0].sentiment == moods[-1].sentiment
        or min(moods[0].probability, moods[-1].probability) < SURE
    ):
        return None
    return "better" if moods[-1].sentiment == Sentiment.POSITIVE else "worse"
