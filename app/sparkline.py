"""The small line under a figure, as a plain description for Vega: dozens of them cost nothing. No Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voc.app.charts import GREY
from voc.i18n import _

HEIGHT = 40
_CALM = 0.15
"""The line's height stands for at least so much of the figure itself, so that chance does not look like mountains."""


@dataclass(frozen=True)
class Point:
    """One step of a trend."""

    when: str
    """Its days, in words."""
    value: float
    said: str
    """The value as people read it."""


def sparkline(points: Sequence[Point]) -> dict[str, Any]:
    """A grey line with a dot on its newest point; days and value stand in the tooltip. At least two points."""
    values = [point.value for point in points]
    low, high = min(values), max(values)
    missing = _CALM * abs(sum(values) / len(values)) - (high - low)
    if missing > 0:
        low, high = low - missing / 2, high + missing / 2
    rows = [
        {"place": place, "value": point.value, "when": point.when, "said": point.said}
        for place, point in enumerate(points)
    ]
    # Domains are said outright: data reach the chart after it is drawn first, and Vega warns of what it cannot measure.
    along = {"domain": [0, max(len(rows) - 1, 1)], "nice": False, "zero": False}
    x = {"field": "place", "type": "quantitative", "axis": None, "scale": along}
    scale = {"domain": [low, high if high > low else low + 1], "nice": False, "zero": False, "clamp": True}
    y = {"field": "value", "type": "quantitative", "axis": None, "scale": scale}
    tooltip = [
        {"field": "when", "type": "nominal", "title": _("Days")},
        {"field": "said", "type": "nominal", "title": _("Value")},
    ]
    newest = {"filter": f"datum.place == {len(rows) - 1}"}
    return {
        "data": {"values": rows},
        "height": HEIGHT,
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": {"type": "line", "color": GREY, "strokeWidth": 1.75, "interpolate": "monotone"}},
            {"mark": {"type": "circle", "color": GREY, "size": 40, "opacity": 1}, "transform": [newest]},
            {
                "mark": {"type": "rule", "opacity": 0.001, "strokeWidth": 9},
                "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": "height"}, "tooltip": tooltip},
            },
        ],
    }
