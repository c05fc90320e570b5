"""The heat map of the journey: stages by reasons, on rates. No Streamlit."""

import json
from collections.abc import Sequence

import pandas as pd

from voc.app import charts, vega, words
from voc.app.charts import BLUE, GREY, ORANGE, SOFT
from voc.app.vega import Part
from voc.i18n import N_, Texts, _
from voc.inference import intervals
from voc.inference.hotspots import Hotspot, hotspots

LEAST = 30
"""Of fewer nothing is said: their share would mostly be chance."""
MEASURES = Texts({"back": N_("Come back"), "negative": N_("Negative"), "rate": N_("Contact rate")})
"""What a cell may show: who gets in touch again soon, how they feel, or how many they are."""
_COUNTED = {"back": ("back", "asked"), "negative": ("negative", "contacts")}
_INK = "#11161D"  # 4.5:1 or more on all colours of the cells
_SHORT = 11  # characters of a name that a column has room for on a telephone
_ROW, _CELL, _DOWN = 66, 40, 10
_STRIPES = 7


def cells(
    frame: pd.DataFrame, measure: str, pairs: Sequence[tuple[int, int]], clear: Sequence[Hotspot], least_customers: int
) -> pd.DataFrame:
    """`frame` (as of `marts_journey.cells`) with columns state, share, said, of, interval and clear, numbers taken out.

    The state is `hidden` where fewer than `least_customers` stand behind a number: who they are could be guessed;
    `few` where the share of fewer than `LEAST` would mostly be chance; else `shown`. Of the clear cells those are
    marked that are shown.

    Args:
        frame: The cells.
        measure: One of `MEASURES`.
        pairs: As of `counts`.
        clear: As of `worst`.
        least_customers: As set in `[privacy]`.
    """
    people = frame["asked"] if measure == "back" else frame["customers"]
    hidden = [0 < number < least_customers for number in people]
    few = [n < LEAST for _count, n in pairs]
    states = ["hidden" if closed else "few" if small else "shown" for closed, small in zip(hidden, few, strict=True)]
    marked = {spot.place for spot in clear}
    shares = [intervals.share(*pair) if state == "shown" else None for pair, state in zip(pairs, states, strict=True)]
    digits = charts.digits(shares)
    closed = _("Fewer than {least} customers").format(least=words.count(least_customers))
    small = _("Too few (< {least})").format(least=LEAST)
    return frame.assign(
        state=states,
        share=pd.Series([share.value if share else None for share in shares], index=frame.index, dtype=float),
        clear=[place in marked and state == "shown" for place, state in enumerate(states)],
        said=[
            _said(share.value, measure, digits) + (" ▲" if place in marked else "") if share else ""
            for place, share in enumerate(shares)
        ],
        of=[
            "×" if state == "hidden" else f"n {words.count(own if measure == 'rate' else n)}"
            for (own, n), state in zip(pairs, states, strict=True)
        ],
        interval=[
            between(share, measure) if share else closed if state == "hidden" else small
            for share, state in zip(shares, states, strict=True)
        ],
    )[["stage", "reason", "state", "share", "clear", "said", "of", "interval"]]


def counts(frame: pd.DataFrame, measure: str, active: int) -> list[tuple[int, int]]:
    """Of each cell what is counted by a measure, and out of how many."""
    if measure == "rate":
        return [(int(customers), active) for customers in frame["customers"]]
    count, n = _COUNTED[measure]
    return [(int(each), int(of)) for each, of in zip(frame[count], frame[n], strict=True)]


def worst(pairs: Sequence[tuple[int, int]], measure: str) -> tuple[Hotspot, ...]:
    """Cells that are clearly worse than all others together, surest first. A contact rate is only large or small."""
    return () if measure == "rate" else hotspots(pairs, LEAST)


def between(share: intervals.Interval, measure: str) -> str:
    """Bounds of a share in per cent, or of a contact rate per 100."""
    if measure != "rate":
        return words.between(share)
    return words.bounds(words.decimal(100 * share.low, 2), words.decimal(100 * share.high, 2))


def heat_map(
    table: pd.DataFrame, measure: str, stages: Sequence[str], names: Sequence[str], dark: bool = False
) -> Part:
    """Rate and n of each stage and reason: the darker, the higher. What is too few is hatched, what is hidden a cross.

    The name of a reason stands over its cells, so that all of them fit a telephone. A click gives the selection `cell`
    with the fields stage and reason.

    Args:
        table: As of `cells`, with columns column (name of the stage) and name (of the reason).
        measure: One of `MEASURES`.
        stages: Names of the stages, from left to right.
        names: Names of the reasons, from top to bottom.
        dark: Whether the page is dark.
    """
    table = table.assign(place=[list(names).index(name) for name in table["name"]])
    top = max(float(table["share"].max()) if table["share"].notna().any() else 0.0, 0.001)
    pale, strong = ("#DCE9F4", BLUE) if measure == "rate" else ("#FBE9DF", ORANGE)
    tooltip = [
        vega.told("column", _("Stage")),
        vega.told("name", _("Reason")),
        vega.told("said", MEASURES[measure]),
        vega.told("interval", _("95 % interval")),
        vega.told("of", "n"),
    ]
    quiet = {"ticks": False, "domain": False, "grid": False}
    columns = {
        "orient": "top", "labelAngle": 0, "labelLimit": 100, "labelFontSize": 11, "labelFontWeight": 600,
        "labelOverlap": any(len(stage) > _SHORT for stage in stages), **quiet,
    }  # fmt: skip
    labels = {
        "orient": "left", "labelAlign": "left", "labelPadding": 0, "labelOffset": -22, "labelLimit": 330,
        "labelFontSize": 13, "labelFlush": False, "labelBound": False, "minExtent": 0, "maxExtent": 0,
        "labelExpr": f"{json.dumps(list(names))}[datum.value]", **quiet,
    }  # fmt: skip
    cell = {
        "x": vega.name("column", sort=list(stages), scale={"domain": list(stages), "paddingInner": 0.04}, axis=columns),
        "y": vega.place("place", axis=labels, scale={"domain": list(range(len(names))), "padding": 0}),
        "tooltip": tooltip,
    }
    said, of = ({**cell, "text": {"field": field, "type": "nominal"}} for field in ("said", "of"))
    colour = vega.quantity("share", legend=None, scale={"domain": [0, top], "range": [pale, strong]})
    shown, few, hidden = (f"datum.state == '{state}'" for state in ("shown", "few", "hidden"))
    shape: Part = {"height": _CELL, "yOffset": _DOWN, "cornerRadius": 3}
    seen: Part = {"aria": False}  # a screen reader hears of each cell once, by the last layer
    layers = [
        vega.layer("rect", {**cell, "color": colour}, shown, **shape, **seen),
        vega.layer("rect", cell, few, **shape, **seen, color=_hatching(), opacity=0.32),
        vega.layer("rect", cell, hidden, **shape, **seen, color=GREY, opacity=0.18),
        vega.layer("text", said, shown, **seen, fontSize=13, fontWeight=600, color=_INK, dy=_DOWN - 7),
        vega.layer("text", of, shown, **seen, fontSize=10.5, color=_INK, dy=_DOWN + 9),
        vega.layer("text", of, f"!({shown})", **seen, fontSize=10.5, color=SOFT[dark], dy=_DOWN),
        vega.layer("rect", cell, **shape, opacity=0.001, cursor="pointer"),
    ]
    return vega.drawing(table, layers, _ROW * len(names) + 8, ("cell", ["stage", "reason"]))


def _said(value: float, measure: str, digits: int) -> str:
    return words.decimal(100 * value, 2) if measure == "rate" else words.percent(value, digits)


def _hatching() -> Part:
    """Slanting stripes: Vega knows no patterns, but a gradient that jumps is one."""
    stops = []
    for stripe in range(_STRIPES):
        start, middle, end = (round((stripe + part) / _STRIPES, 4) for part in (0.0, 0.22, 1.0))
        stops += [
            {"color": GREY, "offset": start},
            {"color": GREY, "offset": middle},
            {"color": "rgba(133, 147, 163, 0.12)", "offset": middle},
            {"color": "rgba(133, 147, 163, 0.12)", "offset": end},
        ]
    return {"gradient": "linear", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "stops": stops}
