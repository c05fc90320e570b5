"""Charts of contact reasons: a treemap for ECharts, which Vega-Lite lacks, and a heat map. No Streamlit."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from voc.app import charts, vega, words
from voc.app.charts import BLUE, GREY, ORANGE, SOFT
from voc.app.reason_rows import ReasonRow
from voc.app.vega import Part
from voc.i18n import _
from voc.inference import intervals

_INK = "#11161D"  # 4.5:1 or more on all three colours
_CELL = 34


def treemap(rows: Sequence[ReasonRow], compared: bool, dark: bool = False) -> tuple[dict[str, Any], list[str | None]]:
    """Areas and their reasons as rectangles of the size of their contacts.

    Orange where the share rose clearly, blue where it fell (and everywhere without a period before), else grey.

    Returns:
        The chart's option, and which reason each of its data indices is (None: an area, or all). ECharts numbers the
        nodes of a tree in preorder, an unseen root first.
    """
    areas: dict[str, list[ReasonRow]] = {}
    for row in rows:
        if row.contacts:
            areas.setdefault(row.shown_area, []).append(row)
    nodes: list[dict[str, Any]] = []
    places: list[str | None] = [None]
    for area, reasons in sorted(areas.items(), key=lambda pair: -sum(row.contacts for row in pair[1])):
        places += [None, *(row.reason for row in reasons)]
        leaves = [
            {
                "name": words.visible(row.name),
                "value": row.contacts,
                "itemStyle": {"color": _colour(row, compared)},
            }
            for row in reasons
        ]
        nodes.append({"name": words.visible(area), "children": leaves})
    series = {
        "type": "treemap",
        "data": nodes,
        "sort": False,
        "roam": False,
        "nodeClick": False,
        "selectedMode": "single",
        "breadcrumb": {"show": False},
        "left": 0, "top": 0, "right": 0, "bottom": 0,
        "label": {"color": _INK, "fontSize": 13, "lineHeight": 17, "formatter": "{b}\n{c}", "overflow": "truncate"},
        "upperLabel": {
            "show": True, "height": 24, "lineHeight": 24, "color": SOFT[dark], "fontSize": 13, "fontWeight": 600,
            "formatter": "{b}  {c}",
        },
        "levels": [
            {"itemStyle": {"borderWidth": 0, "gapWidth": 4}, "upperLabel": {"show": False}},
            {"itemStyle": {"color": "transparent", "borderColor": "transparent", "gapWidth": 2}},
            {"itemStyle": {"gapWidth": 2}},
        ],
    }  # fmt: skip
    return {"tooltip": {"formatter": "{b}: {c}"}, "series": [series]}, places


def cells(frame: pd.DataFrame, least_customers: int) -> pd.DataFrame:
    """`frame`, as of `marts_reasons.slices` with name and slice, with columns share, interval, said and hidden.

    A cell is hidden where fewer than `least_customers` but not none stand behind it, or so few are in its whole slice:
    who they are could be guessed. Its numbers are taken out, not only covered.
    """
    few = _("Fewer than {least} customers").format(least=words.count(least_customers))
    some = (frame["customers"] > 0) & (frame["customers"] < least_customers)
    hidden = some | (frame["people"] < least_customers)
    found = [
        None if closed else intervals.share(int(contacts), int(scored))
        for closed, contacts, scored in zip(hidden, frame["contacts"], frame["scored"], strict=True)
    ]
    digits = charts.digits(found)
    return frame.assign(
        hidden=hidden,
        share=pd.Series([estimate.value if estimate else None for estimate in found], index=frame.index, dtype=float),
        interval=[words.between(estimate) if estimate else few for estimate in found],
        said=[words.percent(estimate.value, digits) if estimate else "×" for estimate in found],
        counted=[
            "–" if closed else words.count(int(contacts))
            for closed, contacts in zip(hidden, frame["contacts"], strict=True)
        ],
    ).drop(columns=["contacts", "customers", "people"])


def heat_map(table: pd.DataFrame, slices: Sequence[str], names: Sequence[str], dark: bool = False) -> Part:
    """Share of each slice's contacts that name each reason; hidden cells are grey with a cross.

    A click gives the selection `cell` with the fields reason and value.

    Args:
        table: Columns reason, name, value, slice, share, interval, said, counted, hidden, scored.
        slices: Names of the slices, from left to right.
        names: Names of the reasons, from top to bottom.
        dark: Whether the page is dark.
    """
    top = max(float(table["share"].max()) if table["share"].notna().any() else 0.0, 0.001)
    tooltip = [
        vega.told("name", _("Reason")),
        vega.told("slice", _("Slice")),
        vega.told("said", _("Share")),
        vega.told("interval", _("95 % interval")),
        vega.told("counted", _("Contacts")),
        vega.counted("scored", _("Of scored")),
    ]
    quiet = {"ticks": False, "domain": False, "grid": False}
    cell = {
        "x": vega.name("slice", sort=list(slices), axis={"orient": "top", "labelAngle": 0, "labelLimit": 110, **quiet}),
        "y": vega.name("name", sort=list(names), axis={"labelLimit": 210, **quiet}),
        "tooltip": tooltip,
    }
    said = {**cell, "text": {"field": "said", "type": "nominal"}}
    colour = vega.quantity("share", legend=None, scale={"domain": [0, top], "range": ["#DCE9F4", BLUE]})
    seen: Part = {"aria": False}  # a screen reader hears of each cell once, by the last layer
    layers = [
        vega.layer("rect", {**cell, "color": colour}, "!datum.hidden", **seen, cornerRadius=2),
        vega.layer("rect", cell, "datum.hidden", **seen, cornerRadius=2, color=GREY, opacity=0.25),
        vega.layer("text", said, "!datum.hidden", **seen, fontSize=12, color=_INK),
        vega.layer("text", said, "datum.hidden", **seen, fontSize=12, color=SOFT[dark]),
        vega.layer("rect", cell, opacity=0.001, cursor="pointer"),
    ]
    return vega.drawing(table, layers, _CELL * len(names) + 40, ("cell", ["reason", "value"]))


def _colour(row: ReasonRow, compared: bool) -> str:
    if not compared:
        return BLUE
    if row.change is None or not row.change.excludes_zero:
        return GREY
    return ORANGE if row.change.value > 0 else BLUE
