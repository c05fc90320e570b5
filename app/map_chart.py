"""The map as an ECharts option: dots by their colour, names in the middle of themes. No Streamlit."""

from typing import Any

import pandas as pd

from voc.app import words
from voc.app.charts import GREEN, GREY, ORANGE
from voc.i18n import N_, Texts, _
from voc.inference.marts_map import MapTheme, MapView, Region

COLOURS = Texts({"theme": N_("By theme"), "sentiment": N_("By sentiment")})
OWN_COLOUR = 5
"""Themes that have a colour of their own, the largest; the palette has no more that can be told apart."""
NAMES = 40
"""Most names on the map; where two would overlap, the smaller theme's is left out."""
_EDGE = 0.2
"""Share of the map's width at either side in which a name would not fit on both sides of its theme."""
_MOODS = {"neutral": GREY, "positive": GREEN, "negative": ORANGE}
_INK = {False: ("#1A2330", "#FFFFFF"), True: ("#E8EDF3", "#11161D")}


def option(found: MapView, colour: str, dark: bool, region: Region | None = None) -> dict[str, Any]:
    """The chart's option.

    Args:
        found: What to show; it must have a frame.
        colour: `theme` or `sentiment`.
        dark: Whether the page is dark.
        region: A part to outline: one that was marked elsewhere and came by link.
    """
    assert found.frame is not None
    left, right, low, high = found.frame.box
    parts = _moods(found.points) if colour == "sentiment" else _themes(found)
    dots = _size(len(found.points))
    tools = {"rect": _("Rectangle"), "polygon": _("Lasso"), "clear": _("Clear the mark")}
    series: list[dict[str, Any]] = [_names(found.themes[:NAMES], left, right, dark)]
    series += [
        {
            "type": "scatter",
            "name": name,
            "datasetIndex": place,
            "encode": {"x": "x", "y": "y", "tooltip": []},
            "symbolSize": dots,
            "large": True,
            "largeThreshold": 2000,
            "itemStyle": {"opacity": 0.35 if paint == GREY else 0.65, **({"color": paint} if paint else {})},
            "emphasis": {"disabled": True},
            "tooltip": {"formatter": "{a}"},
        }
        for place, (name, paint, _points) in enumerate(parts)
    ]
    if region is not None:
        series.append(_outline(region, dark))
    return {
        "animation": False,
        # As text in the canvas, never as HTML: names of themes are customers' words.
        "tooltip": {"renderMode": "richText", "trigger": "item"},
        "legend": {"type": "scroll", "left": 0, "right": 0, "top": 0, "data": [part[0] for part in parts]},
        "toolbox": {"right": 0, "top": 28, "feature": {"brush": {"type": [*tools], "title": tools}}},
        # Only the names are told about a mark: which dots lie inside is asked of the data, also of those not shown.
        "brush": {
            "xAxisIndex": "all", "yAxisIndex": "all", "seriesIndex": [0], "brushMode": "single",
            "throttleType": "debounce", "throttleDelay": 400,
            "outOfBrush": {"colorAlpha": 1}, "brushStyle": {"borderWidth": 2},
        },
        "grid": {"left": 4, "right": 4, "top": 56, "bottom": 4},
        "dataZoom": [
            {"type": "inside", "xAxisIndex": 0, "zoomOnMouseWheel": "ctrl", "filterMode": "none"},
            {"type": "inside", "yAxisIndex": 0, "zoomOnMouseWheel": "ctrl", "filterMode": "none"},
        ],
        "xAxis": _axis(left, right),
        "yAxis": _axis(low, high),
        "dataset": [{"source": points} for _name, _paint, points in parts],
        "series": series,
    }  # fmt: skip


def _themes(found: MapView) -> list[tuple[str, str | None, pd.DataFrame]]:
    """Name, colour (None: the palette's next) and places of each group, those in no theme first, to lie beneath."""
    theme = found.points["theme"]
    own = range(min(OWN_COLOUR, len(found.themes)))
    parts: list[tuple[str, str | None, pd.DataFrame]] = []
    if (none := theme < 0).any():
        parts.append((_("No theme"), GREY, _places(found.points[none])))
    if (other := theme >= OWN_COLOUR).any():
        parts.append((_("Other themes"), GREY, _places(found.points[other])))
    parts += [(words.visible(found.themes[place].label), None, _places(found.points[theme == place])) for place in own]
    return [part for part in parts if len(part[2])]


def _moods(points: pd.DataFrame) -> list[tuple[str, str | None, pd.DataFrame]]:
    unknown = points["sentiment"].isna()
    parts: list[tuple[str, str | None, pd.DataFrame]] = [(_("Not scored"), GREY, _places(points[unknown]))]
    parts += [
        (words.SENTIMENT_NAMES[mood], colour, _places(points[points["sentiment"] == mood]))
        for mood, colour in _MOODS.items()
    ]
    return [part for part in parts if len(part[2])]


def _places(points: pd.DataFrame) -> pd.DataFrame:
    return points[["x", "y"]].reset_index(drop=True)


def _names(themes: tuple[MapTheme, ...], left: float, right: float, dark: bool) -> dict[str, Any]:
    ink, paper = _INK[dark]
    edge = _EDGE * (right - left)
    return {
        "type": "scatter",
        "name": _("Themes"),
        "z": 5,
        "symbolSize": 1,
        "itemStyle": {"opacity": 0},
        "label": {
            "show": True, "formatter": "{b}", "color": ink, "textBorderColor": paper, "textBorderWidth": 3,
            "fontSize": 12, "fontWeight": 600, "width": 170, "overflow": "truncate", "opacity": 1,
        },
        "labelLayout": {"hideOverlap": True},
        "tooltip": {"formatter": "{b}"},
        "data": [
            {
                "name": words.visible(theme.label), "value": [round(theme.x, 3), round(theme.y, 3)],
                "label": {"position": _side(theme.x, left + edge, right - edge)},
            }
            for theme in themes
        ],
    }  # fmt: skip


def _side(x: float, left: float, right: float) -> str:
    """Where a name stands: over its theme, and at the map's edges beside it, or half of it would be cut off."""
    return "right" if x < left else "left" if x > right else "inside"


def _outline(region: Region, dark: bool) -> dict[str, Any]:
    corners = [[x, y] for x, y in (*region.corners, region.corners[0])]
    line = {"color": _INK[dark][0], "width": 2, "type": "dashed"}
    return {
        "type": "line", "name": _("Marked"), "data": corners, "symbol": "none", "lineStyle": line, "z": 4,
        "silent": True, "animation": False,
    }  # fmt: skip


def _axis(low: float, high: float) -> dict[str, Any]:
    margin = max(0.02 * (high - low), 0.5)
    return {"type": "value", "show": False, "min": round(low - margin, 2), "max": round(high + margin, 2)}


def _size(dots: int) -> int:
    """Pixels of a dot: the more there are, the smaller."""
    return 7 if dots < 2000 else 4 if dots < 30_000 else 3
