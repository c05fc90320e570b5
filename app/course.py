"""How a customer feels over the turns of one contact: a small line, and the same in words. No Streamlit."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from voc.app import vega, words
from voc.app.charts import GREEN, GREY, ORANGE
from voc.i18n import N_, Texts, _
from voc.inference.courses import TurnSentiment, movement
from voc.labels import Sentiment

HEIGHT = 76
MOST_STEPS = 5
"""Steps that are said one by one; of more the middle is left out."""
MOVEMENTS = Texts(
    {"better": N_("Turned better towards the end."), "worse": N_("Turned worse towards the end.")},
)
ICONS: dict[str, str] = {
    Sentiment.NEGATIVE: ":material/sentiment_dissatisfied:",
    Sentiment.POSITIVE: ":material/sentiment_satisfied:",
}
"""Of moods that are marked; a neutral turn has none."""
# Height and shape say the same as the colour.
_MARKS: dict[str, tuple[int, str, str]] = {
    Sentiment.NEGATIVE: (-1, ORANGE, "triangle-down"),
    Sentiment.NEUTRAL: (0, GREY, "circle"),
    Sentiment.POSITIVE: (1, GREEN, "triangle-up"),
}


def moves(said: Sequence[TurnSentiment]) -> bool:
    """Whether there is a course to show: several turns, and not all of them alike."""
    return len({each.sentiment for each in said}) > 1


def steps(said: Sequence[TurnSentiment]) -> str:
    """`Negative → Neutral → Positive`: turns alike are one step."""
    names = [words.SENTIMENT_NAMES.get(mood, mood) for mood, _turns in groupby(each.sentiment for each in said)]
    if len(names) > MOST_STEPS:
        names = [*names[:2], "…", *names[-2:]]
    return " → ".join(names)


def sentence(said: Sequence[TurnSentiment]) -> str | None:
    """Whether the customer's mood turned about; None where it did not."""
    found = movement(said)
    return MOVEMENTS[found] if found else None


def chart(said: Sequence[TurnSentiment]) -> dict[str, Any]:
    """A thin line through a mark for each turn, positive ones above and negative ones below. At least two turns."""
    rows = [
        {
            "place": place,
            "mood": _MARKS[each.sentiment][0],
            "name": words.SENTIMENT_NAMES[each.sentiment],
            "turn": words.count(place + 1),
            "likely": words.likelihood(each.probability),
        }
        for place, each in enumerate(said)
    ]
    along = {"domain": [-0.3, len(rows) - 0.7], "nice": False, "zero": False}
    high = {"domain": [-1.2, 1.2], "nice": False, "zero": False}
    x = vega.quantity("place", axis=None, scale=along)
    y = vega.quantity("mood", axis=None, scale=high)
    moods, colours, shapes = (list(each) for each in zip(*_MARKS.values(), strict=True))
    marks = {
        "color": vega.name("mood", legend=None, scale={"domain": moods, "range": colours}),
        "shape": vega.name("mood", legend=None, scale={"domain": moods, "range": shapes}),
        "tooltip": [
            vega.told("turn", _("Customer's turn")),
            vega.told("name", _("Sentiment")),
            vega.told("likely", _("Probability")),
        ],
    }
    return {
        "data": {"values": rows},
        "height": HEIGHT,
        "encoding": {"x": x, "y": y},
        "layer": [
            vega.layer("line", {}, color=GREY, strokeWidth=1.5, opacity=0.6),
            vega.layer("point", marks, filled=True, opacity=1, size=100),
        ],
    }
