"""Altair charts from small frames; no Streamlit. Colours stand out from light and from dark.

The table of a chart of layers is given to the whole, once: altair copies and hashes what each layer holds.
"""

import json
from datetime import date
from typing import Any, Literal

import altair as alt
import pandas as pd

from voc.app import chart_locale, words
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.labels import Sentiment

BLUE, ORANGE, GREEN, GREY = "#2A86C7", "#D4602A", "#1B9A78", "#8593A3"  # 3:1 or more on white and on #11161D
SOFT = {False: "#4F5B69", True: "#AAB5C2"}
"""Of quiet words on a light page, on a dark one: no colour has the 4.5:1 that words need on both."""
ROW = 40
"""Height in pixels of one labelled bar."""
_MARGIN = 26  # what Streamlit keeps of a chart's height for itself


def grey_line(days: int) -> str:
    """What the grey line of `daily` is."""
    said = ngettext("The grey line is the {count} day before.", "The grey line is the {count} days before.", days)
    return words.counted(said, days)


def daily(frame: pd.DataFrame, before: pd.DataFrame | None = None, height: int = 220) -> alt.LayerChart:
    """Contacts a day as bars, weekends paler; the same place in the period before as a grey line.

    Args:
        frame: Columns day, contacts, customers; one row a day.
        before: The same of the equal period before.
        height: In pixels.
    """
    # A band of few days would be a wall.
    width: dict[str, float] | int = {"band": 0.78} if len(frame) >= 7 else 56
    table = frame.assign(weekend=frame["day"].dt.day_of_week >= 5)
    tooltip = [
        alt.Tooltip("day:T", title=_("Day"), format=chart_locale.long_day()),
        alt.Tooltip("contacts:Q", title=_("Contacts"), format=","),
        alt.Tooltip("customers:Q", title=_("Customers"), format=","),
    ]
    if before is not None:
        table = table.assign(before=before["contacts"].to_numpy()[: len(table)])
        tooltip.append(alt.Tooltip("before:Q", title=_("In the period before"), format=","))
    bars = (
        alt.Chart()
        .mark_bar(color=BLUE, cornerRadiusTopLeft=2, cornerRadiusTopRight=2, width=width)
        .encode(
            x=_day_axis(table["day"]),
            y=alt.Y("contacts:Q", title=None, axis=_count_axis()),
            opacity=alt.condition("datum.weekend", alt.value(0.45), alt.value(0.95)),
            tooltip=tooltip,
        )
    )
    layers: list[Any] = [bars]
    if before is not None:
        layers.append(
            alt.Chart()
            .mark_line(color=GREY, strokeWidth=1.75, interpolate="monotone")
            .encode(x=_day_axis(table["day"]), y="before:Q", tooltip=tooltip)
        )
    return alt.layer(*layers, data=table).properties(height=height)


def usual(frame: pd.DataFrame, alerts: pd.DataFrame, height: int = 240) -> alt.LayerChart:
    """Customers a day as bars before the range of usual days; days of an alert in orange, its opening marked.

    Args:
        frame: Columns day, customers, contacts, expected, lower, upper, alert (whether one was open), range (in words);
            one row a day. The middle three are NaN where nothing was tested.
        alerts: Columns day (of the opening), test (in words).
        height: In pixels.
    """
    width: dict[str, float] | int = {"band": 0.78} if len(frame) >= 7 else 56
    table = frame.assign(weekend=frame["day"].dt.day_of_week >= 5)
    x = _day_axis(table["day"])
    tooltip = [
        alt.Tooltip("day:T", title=_("Day"), format=chart_locale.long_day()),
        alt.Tooltip("customers:Q", title=_("Customers"), format=","),
        alt.Tooltip("range:N", title=_("Usual range")),
        alt.Tooltip("contacts:Q", title=_("Contacts"), format=","),
    ]
    base = alt.Chart()
    layers: list[Any] = [
        base.mark_area(color=GREY, opacity=0.3, interpolate="monotone").encode(
            x=x, y=alt.Y("lower:Q", title=None), y2="upper:Q", tooltip=tooltip
        ),
        base.mark_bar(cornerRadiusTopLeft=1, cornerRadiusTopRight=1, width=width, binSpacing=0, minBandSize=2).encode(
            x=x,
            y=alt.Y("customers:Q", title=None, axis=_count_axis()),
            color=alt.condition("datum.alert", alt.value(ORANGE), alt.value(BLUE)),
            opacity=alt.condition("datum.weekend", alt.value(0.45), alt.value(0.95)),
            tooltip=tooltip,
        ),
        base.mark_line(color=GREY, strokeWidth=2, interpolate="monotone").encode(
            x=x, y=alt.Y("expected:Q", title=None), tooltip=tooltip
        ),
    ]
    if len(alerts):
        opening = alt.Chart(alerts).encode(
            x=x,
            tooltip=[
                alt.Tooltip("day:T", title=_("Alert"), format=chart_locale.long_day()),
                alt.Tooltip("test:N", title=_("Because")),
            ],
        )
        layers.append(opening.mark_rule(color=ORANGE, strokeWidth=1.5, strokeDash=[4, 3]))
        layers.append(
            opening.mark_point(shape="triangle-down", filled=True, color=ORANGE, size=110, opacity=1).encode(
                y=alt.value(0)
            )
        )
    return alt.layer(*layers, data=table).properties(height=height)


def spark(frame: pd.DataFrame, began: date, height: int = 96) -> alt.LayerChart:
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
    ends = [table["day"].iloc[0], table["day"].iloc[-1]]
    x = alt.X(
        "day:T",
        title=None,
        axis=alt.Axis(
            values=[alt.DateTime(year=end.year, month=end.month, date=end.day) for end in ends],
            format=chart_locale.short_day(), grid=False, tickSize=0, labelFlush=True, domain=False,
        ),
    )  # fmt: skip
    hidden = alt.Y("customers:Q", title=None, axis=None, scale=alt.Scale(zero=True))
    tooltip = [
        alt.Tooltip("day:T", title=_("Day"), format=chart_locale.long_day()),
        alt.Tooltip("customers:Q", title=_("Customers"), format=","),
        alt.Tooltip("range:N", title=_("Usual range")),
    ]
    base = alt.Chart()
    return alt.layer(
        base.mark_area(color=GREY, opacity=0.3, interpolate="monotone").encode(
            x=x, y=alt.Y("lower:Q", title=None, axis=None), y2="upper:Q"
        ),
        base.mark_line(color=BLUE, strokeWidth=2).encode(x=x, y=hidden),
        base.transform_filter("datum.rising").mark_line(color=ORANGE, strokeWidth=2.5).encode(x=x, y=hidden),
        base.transform_filter("datum.newest").mark_circle(color=ORANGE, size=64, opacity=1).encode(x=x, y=hidden),
        base.mark_rule(opacity=0.001, strokeWidth=9).encode(x=x, tooltip=tooltip),
        data=table,
    ).properties(height=height)


def usual_range(low: float, high: float) -> str:
    """`3 to 9`, or that nothing was tested on the day."""
    if pd.isna(low) or pd.isna(high):
        return _("not tested")
    return words.bounds(words.decimal(low, 0), words.decimal(high, 0))


def reasons(frame: pd.DataFrame, scored: int, scored_before: int | None = None) -> alt.LayerChart:
    """A bar a reason with the interval of its share; a grey tick where the share stood in the period before.

    A click gives the selection `reason` with the reason's id.

    Args:
        frame: Columns reason, name, contacts, contacts_before; in the order to be shown.
        scored: Denominator of the shares.
        scored_before: The same for the period before; None leaves the ticks out.
    """
    table = _with_shares(frame, frame["contacts"], scored)
    table["reference"] = frame["contacts_before"] / scored_before if scored_before else None
    pick = alt.selection_point(name="reason", fields=["reason"], on="click", empty=False)
    return _labelled_bars(
        table, _("Reason"), _("Share of scored contacts"), _("In the period before"), pick
    ).properties(height=ROW * len(table) + _MARGIN)


def shares(frame: pd.DataFrame, label: str, contacts: int, all_contacts: int) -> alt.LayerChart:
    """What a theme is made of: a bar a group with the interval of its share; a grey tick at its share of all.

    Args:
        frame: Columns name, contacts, all_contacts.
        label: What the groups are.
        contacts: Denominator of the theme's shares.
        all_contacts: The same of all contacts.
    """
    table = _with_shares(frame, frame["contacts"], contacts)
    table["reference"] = frame["all_contacts"] / max(all_contacts, 1)
    return _labelled_bars(table, label, _("Share of the theme"), _("Share of all contacts")).properties(
        height=ROW * len(table) + _MARGIN
    )


def sentiment(frame: pd.DataFrame, height: int = 250) -> alt.LayerChart:
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
    colour = alt.Color(
        "mood:N",
        scale=alt.Scale(domain=names, range=[ORANGE, GREEN]),
        legend=alt.Legend(title=None, orient="top", direction="horizontal", symbolType="circle", offset=4),
    )
    tooltip = [
        alt.Tooltip("when:N", title=_("Days")),
        alt.Tooltip("mood:N", title=_("Mood")),
        alt.Tooltip("share:Q", title=_("Share"), format=".1%"),
        alt.Tooltip("interval:N", title=_("95 % interval")),
        alt.Tooltip("count:Q", title=_("Contacts"), format=","),
        alt.Tooltip("scored:Q", title=_("Of scored"), format=","),
    ]
    days = sorted({stamp.to_pydatetime() for stamp in table["to_day"]})
    ticks = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in days[:: -(-len(days) // 7)]]
    x = alt.X(
        "to_day:T",
        title=None,
        axis=alt.Axis(format=chart_locale.short_day(), values=ticks, grid=False, labelOverlap=True, tickSize=0),
    )
    base = alt.Chart()
    band = base.mark_area(opacity=0.18, interpolate="monotone").encode(
        x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2.25, interpolate="monotone").encode(
        x=x, y=alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=4)), color=colour
    )
    dots = base.mark_circle(size=52, opacity=1).encode(x=x, y="share:Q", color=colour, tooltip=tooltip)
    layers = [band, line, dots]
    if len(days) == 1:  # a band has no width over one point
        layers[0] = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=x, y="low:Q", y2="high:Q", color=colour)
    return alt.layer(*layers, data=table).properties(height=height)


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


def _labelled_bars(
    table: pd.DataFrame, label: str, share: str, reference: str, pick: alt.Parameter | None = None
) -> alt.LayerChart:
    """Name and share over each bar, so that long names need no margin and the chart fits a telephone.

    Both are labels of axes: those take their colour from the theme, in the light and in the dark.
    """
    top = max(float(table[["high", "reference"]].max(skipna=True).max()), 0.001)
    x = alt.X("share:Q", title=None, axis=None, scale=alt.Scale(domain=[0, top], nice=False, zero=True))
    tooltip = [
        alt.Tooltip("name:N", title=label),
        alt.Tooltip("contacts:Q", title=_("Contacts"), format=","),
        alt.Tooltip("share:Q", title=share, format=".1%"),
        alt.Tooltip("interval:N", title=_("95 % interval")),
    ]
    compared = bool(table["reference"].notna().any())
    if compared:
        tooltip.append(alt.Tooltip("reference:Q", title=reference, format=".1%"))
    base = alt.Chart()
    layers = [
        base.mark_bar(color=BLUE, opacity=0.5, height=9, yOffset=9, cornerRadiusEnd=3).encode(
            x=x, y=_rows(table["name"], "left"), tooltip=tooltip
        ),
        base.mark_rule(color=BLUE, strokeWidth=2.5, yOffset=9, opacity=1).encode(
            x=alt.X("low:Q", title=None), x2="high:Q", y=_rows(table["said"], "right"), tooltip=tooltip
        ),
    ]
    if compared:
        layers.append(
            base.mark_tick(color=GREY, thickness=3, size=15, yOffset=9, opacity=1).encode(
                x=alt.X("reference:Q", title=None), y=_rows(None), tooltip=tooltip
            )
        )
    # The whole row answers to the pointer, not only the bar, which may be short.
    target = base.mark_bar(opacity=0.001, height=ROW - 2, cursor="pointer" if pick else "default").encode(
        x=alt.value(0), x2=alt.value("width"), y=_rows(None), tooltip=tooltip
    )
    if pick:
        target = target.add_params(pick)
    return alt.layer(*layers, target, data=table).resolve_axis(y="independent")


def _rows(labels: "pd.Series[str] | None", side: Literal["left", "right"] = "left") -> alt.Y:
    """One row a place; with labels these stand over the bars, inside the chart, at this side."""
    axis = None
    if labels is not None:
        axis = alt.Axis(
            orient=side, labelAlign=side, labelPadding=0, labelOffset=-10, labelFlush=False, labelBound=False,
            labelLimit=300, labelFontSize=13, labelFontWeight=600 if side == "right" else 400, ticks=False,
            domain=False, grid=False, minExtent=0, maxExtent=0,
            labelExpr=f"{json.dumps(labels.tolist())}[datum.value]",
        )  # fmt: skip
    return alt.Y("place:O", title=None, axis=axis, scale=alt.Scale(paddingInner=0.05, paddingOuter=0))


def _day_axis(days: "pd.Series[pd.Timestamp]") -> alt.X:
    """Days, with Mondays named (in a long period the first of each month, in a single week every day)."""
    stamps = days.tolist()
    if len(stamps) > 100:
        named = [stamp for stamp in stamps if stamp.day == 1]
    else:
        named = [stamp for stamp in stamps if len(stamps) <= 9 or stamp.day_of_week == 0]
    values = [alt.DateTime(year=stamp.year, month=stamp.month, date=stamp.day, hours=12) for stamp in named]
    written = chart_locale.short_day()
    axis = alt.Axis(format=written, grid=False, labelOverlap=True, tickSize=0, values=values, bandPosition=0.5)
    return alt.X("day:T", timeUnit="yearmonthdate", bandPosition=0.5, title=None, axis=axis)


def _count_axis() -> alt.Axis:
    return alt.Axis(format="~s", tickCount=4, tickMinStep=1)
