"""Charts of contact reasons: a treemap for ECharts, which Altair lacks, and a heat map. No Streamlit."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from voc.app import words
from voc.app.charts import BLUE, GREY, ORANGE, SOFT
from voc.app.reason_rows import ReasonRow
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
    return frame.assign(
        hidden=hidden,
        share=pd.Series([estimate.value if estimate else None for estimate in found], index=frame.index, dtype=float),
        interval=[words.between(estimate) if estimate else few for estimate in found],
        said=[words.percent(estimate.value, 0) if estimate else "×" for estimate in found],
        counted=[
            "–" if closed else words.count(int(contacts))
            for closed, contacts in zip(hidden, frame["contacts"], strict=True)
        ],
    ).drop(columns=["contacts", "customers", "people"])


def heat_map(table: pd.DataFrame, slices: Sequence[str], names: Sequence[str], dark: bool = False) -> alt.LayerChart:
    """Share of each slice's contacts that name each reason; hidden cells are grey with a cross.

    A click gives the selection `cell` with the fields reason and value.

    Args:
        table: Columns reason, name, value, slice, share, interval, said, counted, hidden, scored.
        slices: Names of the slices, from left to right.
        names: Names of the reasons, from top to bottom.
        dark: Whether the page is dark.
    """
    top = max(float(table["share"].max()) if table["share"].notna().any() else 0.0, 0.001)
    pick = alt.selection_point(name="cell", fields=["reason", "value"], on="click", empty=False)
    tooltip = [
        alt.Tooltip("name:N", title=_("Reason")),
        alt.Tooltip("slice:N", title=_("Slice")),
        alt.Tooltip("said:N", title=_("Share")),
        alt.Tooltip("interval:N", title=_("95 % interval")),
        alt.Tooltip("counted:N", title=_("Contacts")),
        alt.Tooltip("scored:Q", title=_("Of scored"), format=","),
    ]
    x = alt.X(
        "slice:N", title=None, sort=list(slices),
        axis=alt.Axis(orient="top", labelAngle=0, labelLimit=110, ticks=False, domain=False, grid=False),
    )  # fmt: skip
    y = alt.Y(
        "name:N", title=None, sort=list(names), axis=alt.Axis(labelLimit=210, ticks=False, domain=False, grid=False)
    )
    base = alt.Chart().encode(x=x, y=y, tooltip=tooltip)
    shown = base.transform_filter("!datum.hidden")
    seen: dict[str, Any] = {"aria": False}  # a screen reader hears of each cell once, by the last layer
    layers = [
        shown.mark_rect(**seen, cornerRadius=2).encode(
            color=alt.Color("share:Q", legend=None, scale=alt.Scale(domain=[0, top], range=["#DCE9F4", BLUE]))
        ),
        base.transform_filter("datum.hidden").mark_rect(**seen, cornerRadius=2, color=GREY, opacity=0.25),
        shown.mark_text(**seen, fontSize=12, color=_INK).encode(text="said:N"),
        base.transform_filter("datum.hidden").mark_text(**seen, fontSize=12, color=SOFT[dark]).encode(text="said:N"),
        base.mark_rect(opacity=0.001, cursor="pointer").add_params(pick),
    ]
    return alt.layer(*layers, data=table).properties(height=_CELL * len(names) + 40)


def _colour(row: ReasonRow, compared: bool) -> str:
    if not compared:
        return BLUE
    if row.change is None or not row.change.excludes_zero:
        return GREY
    return ORANGE if row.change.value > 0 else BLUE
