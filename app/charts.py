"""Charts from small frames, as descriptions for Vega-Lite; no Streamlit. Colours stand out from light and from dark."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Literal

import pandas as pd

from voc.app import chart_locale, vega, words
from voc.app.vega import Part
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.labels import Sentiment

BLUE, ORANGE, GREEN, GREY = "#2A86C7", "#D4602A", "#1B9A78", "#8593A3"  # 3:1 or more on white and on #11161D
SOFT = {False: "#4F5B69", True: "#AAB5C2"}
"""Of quiet words on a light page, on a dark one: no colour has the 4.5:1 that words need on both."""
ROW = 40
"""Height in pixels of one labelled bar."""
_MARGIN = 26  # what Streamlit keeps of a chart's height for itself
_COUNTS: Part = {"format": "~s", "tickCount": 4, "tickMinStep": 1}
_PALER_WEEKENDS = vega.either("datum.weekend", {"value": 0.45}, {"value": 0.95})


def grey_line(days: int) -> str:
    """What the grey line of `daily` is."""
    said = ngettext("The grey line is the {count} day before.", "The grey line is the {count} days before.", days)
    return words.counted(said, days)


def daily(frame: pd.DataFrame, before: pd.DataFrame | None = None, height: int = 220) -> Part:
    """Contacts a day as bars, weekends paler; the same place in the period before as a grey line.

    Args:
        frame: Columns day, contacts, customers; one row a day.
        before: The same of the equal period before.
        height: In pixels.
    """
    table = _with_weekends(frame)
    tooltip = [
        vega.dated("day", _("Day"), chart_locale.long_day()),
        vega.counted("contacts", _("Contacts")),
        vega.counted("customers", _("Customers")),
    ]
    if before is not None:
        table = table.assign(before=before["contacts"].to_numpy()[: len(table)])
        tooltip.append(vega.counted("before", _("In the period before")))
    x = _days(table["day"])
    bars = {"x": x, "y": vega.quantity("contacts", axis=_COUNTS), "opacity": _PALER_WEEKENDS, "tooltip": tooltip}
    layers = [
        vega.layer("bar", bars, color=BLUE, cornerRadiusTopLeft=2, cornerRadiusTopRight=2, width=_bar(len(table)))
    ]
    if before is not None:
        line = {"x": x, "y": vega.quantity("before"), "tooltip": tooltip}
        layers.append(vega.layer("line", line, color=GREY, strokeWidth=1.75, interpolate="monotone"))
    return vega.drawing(table, layers, height)


def usual(frame: pd.DataFrame, alerts: pd.DataFrame, height: int = 240) -> Part:
    """Customers a day as bars before the range of usual days; days of an alert in orange, its opening marked.

    Args:
        frame: Columns day, customers, contacts, expected, lower, upper, alert (whether one was open), range (in words);
            one row a day. The middle three are NaN where nothing was tested.
        alerts: Columns day (of the opening), test (in words).
        height: In pixels.
    """
    because = alerts.groupby("day")["test"].agg(", ".join)
    table = _with_weekends(frame).assign(because=frame["day"].map(because))
    x = _days(table["day"])
    tooltip = [
        vega.dated("day", _("Day"), chart_locale.long_day()),
        vega.counted("customers", _("Customers")),
        vega.told("range", _("Usual range")),
        vega.counted("contacts", _("Contacts")),
    ]
    band = {"x": x, "y": vega.quantity("lower"), "y2": {"field": "upper"}, "tooltip": tooltip}
    bars = {
        "x": x,
        "y": vega.quantity("customers", axis=_COUNTS),
        "color": vega.either("datum.alert", {"value": ORANGE}, {"value": BLUE}),
        "opacity": _PALER_WEEKENDS,
        "tooltip": tooltip,
    }
    line = {"x": x, "y": vega.quantity("expected"), "tooltip": tooltip}
    layers = [
        vega.layer("area", band, color=GREY, opacity=0.3, interpolate="monotone"),
        vega.layer(
            "bar", bars, cornerRadiusTopLeft=1, cornerRadiusTopRight=1, width=_bar(len(table)), binSpacing=0,
            minBandSize=2,
        ),
        vega.layer("line", line, color=GREY, strokeWidth=2, interpolate="monotone"),
    ]  # fmt: skip
    if len(alerts):
        opened = [vega.dated("day", _("Alert"), chart_locale.long_day()), vega.told("because", _("Because"))]
        where = "isValid(datum.because)"
        layers += [
            vega.layer(
                "rule", {"x": x, "tooltip": opened}, where, color=ORANGE, strokeWidth=1.5, strokeDash=[4, 3]
            ),
            vega.layer(
                "point", {"x": x, "y": {"value": 0}, "tooltip": opened}, where, shape="triangle-down", filled=True,
                color=ORANGE, size=110, opacity=1,
            ),
        ]  # fmt: skip
    return vega.drawing(table, layers, height)


def spark(frame: pd.DataFrame, began: date, height: int = 96) -> Part:
    """A small course: customers a day as a line, orange from `began` on, before the range of usual days.

    Args:
        frame: Columns day, customers, expected, lower, upper; one row a day.
        began: First day of the alert.
        height: In pixels.
    """
    table = frame.assign(
        rising=frame["day"].dt.date >= began,
        newest=frame["day"] == frame["day"].max(),
        range=[usual_range(low, high) for low, high in zip(frame["lower"], frame["upper"], strict=True)],
    )
    x = vega.moment(
        "day",
        axis={
            "values": [vega.day(table["day"].iloc[0]), vega.day(table["day"].iloc[-1])],
            "format": chart_locale.short_day(), "grid": False, "tickSize": 0, "labelFlush": True, "domain": False,
        },
    )  # fmt: skip
    course = {"x": x, "y": vega.quantity("customers", axis=None, scale={"zero": True})}
    band = {"x": x, "y": vega.quantity("lower", axis=None), "y2": {"field": "upper"}}
    tooltip = [
        vega.dated("day", _("Day"), chart_locale.long_day()),
        vega.counted("customers", _("Customers")),
        vega.told("range", _("Usual range")),
    ]
    layers = [
        vega.layer("area", band, color=GREY, opacity=0.3, interpolate="monotone"),
        vega.layer("line", course, color=BLUE, strokeWidth=2),
        vega.layer("line", course, "datum.rising", color=ORANGE, strokeWidth=2.5),
        vega.layer("circle", course, "datum.newest", color=ORANGE, size=64, opacity=1),
        vega.layer("rule", {"x": x, "tooltip": tooltip}, opacity=0.001, strokeWidth=9),
    ]
    return vega.drawing(table, layers, height)


def usual_range(low: float, high: float) -> str:
    """`3 to 9`, or that nothing was tested on the day."""
    if pd.isna(low) or pd.isna(high):
        return _("not tested")
    return words.bounds(words.decimal(low, 0), words.decimal(high, 0))


def reasons(frame: pd.DataFrame, scored: int, scored_before: int | None = None) -> Part:
    """A bar a reason with the interval of its share; a grey tick where the share stood in the period before.

    A click gives the selection `reason` with the reason's id.

    Args:
        frame: Columns reason, name, contacts, contacts_before; in the order to be shown.
        scored: Denominator of the shares.
        scored_before: The same for the period before; None leaves the ticks out.
    """
    table = _with_shares(frame, frame["contacts"], scored)
    table["reference"] = frame["contacts_before"] / scored_before if scored_before else None
    titles = (_("Reason"), _("Share of scored contacts"), _("In the period before"))
    return _labelled_bars(table, *titles, pick="reason")


def shares(frame: pd.DataFrame, label: str, contacts: int, all_contacts: int) -> Part:
    """What a theme is made of: a bar a group with the interval of its share; a grey tick at its share of all.

    Args:
        frame: Columns name, contacts, all_contacts.
        label: What the groups are.
        contacts: Denominator of the theme's shares.
        all_contacts: The same of all contacts.
    """
    table = _with_shares(frame, frame["contacts"], contacts)
    table["reference"] = frame["all_contacts"] / max(all_contacts, 1)
    return _labelled_bars(table, label, _("Share of the theme"), _("Share of all contacts"))


def sentiment(frame: pd.DataFrame, height: int = 250) -> Part:
    """Shares of negative and positive contacts with their intervals; columns as of `Marts.sentiment`."""
    moods = [Sentiment.NEGATIVE, Sentiment.POSITIVE]
    names = [words.SENTIMENT_NAMES[mood] for mood in moods]
    parts = []
    for mood, name in zip(moods, names, strict=True):
        part = _with_shares(frame, frame[str(mood)], frame["scored"])
        parts.append(part.assign(mood=name, count=frame[str(mood)]))
    table = pd.concat(parts, ignore_index=True)
    table["when"] = [
        words.days(first.date(), last.date()) for first, last in zip(table["from_day"], table["to_day"], strict=True)
    ]
    colour = vega.name(
        "mood",
        scale={"domain": names, "range": [ORANGE, GREEN]},
        legend={"title": None, "orient": "top", "direction": "horizontal", "symbolType": "circle", "offset": 4},
    )
    tooltip = [
        vega.told("when", _("Days")),
        vega.told("mood", _("Mood")),
        vega.counted("share", _("Share"), ".1%"),
        vega.told("interval", _("95 % interval")),
        vega.counted("count", _("Contacts")),
        vega.counted("scored", _("Of scored")),
    ]
    x = steps(table["to_day"], 7)
    share = {"x": x, "y": vega.quantity("share", axis=vega.SHARES), "color": colour}
    band = {"x": x, "y": vega.quantity("low"), "y2": {"field": "high"}, "color": colour}
    layers = [
        vega.layer("area", band, opacity=0.18, interpolate="monotone")
        if table["to_day"].nunique() > 1
        else vega.layer("rule", band, strokeWidth=2, opacity=0.5),  # a band has no width over one point
        vega.layer("line", share, strokeWidth=2.25, interpolate="monotone"),
        vega.layer("circle", {**share, "tooltip": tooltip}, size=52, opacity=1),
    ]
    return vega.drawing(table, layers, height)


def steps(days: "pd.Series[pd.Timestamp]", most: int) -> Part:
    """An axis of steps by their last days, of which at most so many are named."""
    found = sorted(days.unique())
    ticks = [vega.day(pd.Timestamp(each)) for each in found[:: -(-len(found) // most) or 1]]
    axis = {"format": chart_locale.short_day(), "values": ticks, "grid": False, "labelOverlap": True, "tickSize": 0}
    return vega.moment("to_day", axis=axis)


def digits(shares: Sequence[intervals.Interval | None]) -> int:
    """Digits after the point in a heat map of shares: one where all are so small that whole per cents say little."""
    return int(max((share.value for share in shares if share), default=1.0) < 0.1)


def _with_shares(frame: pd.DataFrame, counts: "pd.Series[int]", n: "int | pd.Series[int]") -> pd.DataFrame:
    """`frame` with columns share, low, high, interval and said (in words), empty without a denominator."""
    denominators = [n] * len(frame) if isinstance(n, int) else n.tolist()
    found = [intervals.share(int(count), int(of)) for count, of in zip(counts.tolist(), denominators, strict=True)]
    return frame.assign(
        share=[estimate.value if estimate else 0.0 for estimate in found],
        low=[estimate.low if estimate else 0.0 for estimate in found],
        high=[estimate.high if estimate else 0.0 for estimate in found],
        interval=[words.between(estimate) if estimate else "–" for estimate in found],
        place=range(len(frame)),
        said=[words.percent(estimate.value) if estimate else "–" for estimate in found],
    )


def _labelled_bars(table: pd.DataFrame, label: str, share: str, reference: str, pick: str = "") -> Part:
    """Name and share over each bar, so that long names need no margin and the chart fits a telephone.

    Both are labels of axes: those take their colour from the theme, in the light and in the dark.
    """
    top = max(float(table[["high", "reference"]].max(skipna=True).max()), 0.001)
    tooltip = [
        vega.told("name", label),
        vega.counted("contacts", _("Contacts")),
        vega.counted("share", share, ".1%"),
        vega.told("interval", _("95 % interval")),
    ]
    compared = bool(table["reference"].notna().any())
    if compared:
        tooltip.append(vega.counted("reference", reference, ".1%"))
    bar = {
        "x": vega.quantity("share", axis=None, scale={"domain": [0, top], "nice": False, "zero": True}),
        "y": _rows(table["name"].tolist(), "left"),
        "tooltip": tooltip,
    }
    interval = {
        "x": vega.quantity("low"),
        "x2": {"field": "high"},
        "y": _rows(table["said"].tolist(), "right"),
        "tooltip": tooltip,
    }
    layers = [
        vega.layer("bar", bar, color=BLUE, opacity=0.5, height=9, yOffset=9, cornerRadiusEnd=3),
        vega.layer("rule", interval, color=BLUE, strokeWidth=2.5, yOffset=9, opacity=1),
    ]
    if compared:
        tick = {"x": vega.quantity("reference"), "y": _rows(), "tooltip": tooltip}
        layers.append(vega.layer("tick", tick, color=GREY, thickness=3, size=15, yOffset=9, opacity=1))
    # The whole row answers to the pointer, not only the bar, which may be short.
    row = {"x": {"value": 0}, "x2": {"value": "width"}, "y": _rows(), "tooltip": tooltip}
    layers.append(vega.layer("bar", row, opacity=0.001, height=ROW - 2, cursor="pointer" if pick else "default"))
    drawn = vega.drawing(table, layers, ROW * len(table) + _MARGIN, (pick, [pick]) if pick else None)
    return {**drawn, "resolve": {"axis": {"y": "independent"}}}


def _rows(labels: Sequence[str] = (), side: Literal["left", "right"] = "left") -> Part:
    """One row a place; with labels these stand over the bars, inside the chart, at this side."""
    axis = None
    if labels:
        axis = {
            "orient": side, "labelAlign": side, "labelPadding": 0, "labelOffset": -10, "labelFlush": False,
            "labelBound": False, "labelLimit": 300, "labelFontSize": 13,
            "labelFontWeight": 600 if side == "right" else 400, "ticks": False, "domain": False, "grid": False,
            "minExtent": 0, "maxExtent": 0, "labelExpr": f"{json.dumps(labels)}[datum.value]",
        }  # fmt: skip
    return vega.place("place", axis=axis, scale={"paddingInner": 0.05, "paddingOuter": 0})


def _with_weekends(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(weekend=frame["day"].dt.day_of_week >= 5)


def _bar(days: int) -> Part | int:
    """Width of a day's bar. A band of few days would be a wall."""
    return {"band": 0.78} if days >= 7 else 56


def _days(days: "pd.Series[pd.Timestamp]") -> Part:
    """Days, with Mondays named (in a long period the first of each month, in a single week every day)."""
    stamps = days.tolist()
    if len(stamps) > 100:
        named = [stamp for stamp in stamps if stamp.day == 1]
    else:
        named = [stamp for stamp in stamps if len(stamps) <= 9 or stamp.day_of_week == 0]
    axis = {
        "format": chart_locale.short_day(), "grid": False, "labelOverlap": True, "tickSize": 0, "bandPosition": 0.5,
        "values": [vega.day(stamp, hours=12) for stamp in named],
    }  # fmt: skip
    return vega.moment("day", timeUnit="yearmonthdate", bandPosition=0.5, axis=axis)
