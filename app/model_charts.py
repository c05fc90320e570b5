"""Charts of the models page: figures with their intervals, calibration, courses by week. No Streamlit."""

import math
from typing import Any

import altair as alt
import pandas as pd

from voc.app import chart_locale, words
from voc.app.charts import BLUE, GREY
from voc.i18n import _
from voc.inference import intervals
from voc.inference.marts_models import Judged
from voc.inference.model_report import Bin

ROW = 34
_MARGIN = 46


def figures(frame: pd.DataFrame, title: str = "F1") -> alt.LayerChart:
    """A dot and the line of its interval a row; paler where there are too few contacts to conclude from.

    Args:
        frame: Columns name, value, low, high, contacts, enough; in the order to be shown.
        title: What the figure is.
    """
    table = frame.assign(
        place=range(len(frame)),
        said=[
            f"{words.decimal(value, 2)}  ({words.bounds(words.decimal(low, 2), words.decimal(high, 2))})"
            for value, low, high in frame[["value", "low", "high"]].values
        ],
    )
    labels = alt.Y(
        "name:N",
        sort=table["name"].tolist(),
        title=None,
        axis=alt.Axis(labelLimit=190, ticks=False, domain=False, labelFontSize=13),
    )
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f"),
    )
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("said:N", title=title),
        alt.Tooltip("contacts:Q", title=_("Labelled contacts"), format=","),
    ]
    pale = alt.condition("datum.enough", alt.value(1.0), alt.value(0.4))
    base = alt.Chart(table)
    return alt.layer(
        base.mark_rule(color=BLUE, strokeWidth=3).encode(
            x=alt.X("low:Q", title=title), x2="high:Q", y=labels, opacity=pale, tooltip=tooltip
        ),
        base.mark_circle(color=BLUE, size=90).encode(x=x, y=labels, opacity=pale, tooltip=tooltip),
    ).properties(height=ROW * len(table) + _MARGIN)


def reliability(bins: tuple[Bin, ...], height: int = 300) -> alt.LayerChart:
    """How often answers are right by the probability that was stated, with intervals; grey: as often as stated."""
    found = [(each, intervals.share(each.right, each.answers)) for each in bins]
    table = pd.DataFrame(
        [
            {
                "said": each.said, "right": share.value, "low": share.low, "high": share.high, "answers": each.answers,
                "interval": words.between(share),
            }
            for each, share in found
            if share is not None
        ]
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("said:Q", title=_("Stated"), format=".0%"),
        alt.Tooltip("right:Q", title=_("Right"), format=".0%"),
        alt.Tooltip("interval:N", title=_("95 % interval")),
        alt.Tooltip("answers:Q", title=_("Answers"), format=","),
    ]
    whole = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", tickCount=4)
    x = alt.X("said:Q", title=_("Stated probability"), scale=whole, axis=axis)
    base = alt.Chart(table)
    line = alt.Chart(pd.DataFrame({"said": [0.0, 1.0], "right": [0.0, 1.0]}))
    return alt.layer(
        line.mark_line(color=GREY, strokeWidth=1.5, strokeDash=[4, 3]).encode(
            x=x, y=alt.Y("right:Q", title=_("Right"), scale=whole, axis=axis)
        ),
        base.mark_rule(color=BLUE, strokeWidth=2.5).encode(
            x=x, y=alt.Y("low:Q", title=_("Right")), y2="high:Q", tooltip=tooltip
        ),
        base.mark_circle(color=BLUE, size=90, opacity=1).encode(
            x=x, y=alt.Y("right:Q", title=_("Right"), scale=whole, axis=axis), tooltip=tooltip
        ),
    ).properties(height=height)


def unknown(weeks: pd.DataFrame, found: Judged | None, height: int = 190) -> alt.LayerChart:
    """The share of unknown by week; columns as of `Marts.weeks`."""
    rows = [intervals.share(int(row["unknown"]), int(row["scored"])) for row in weeks.to_dict("records")]
    table = weeks.assign(
        value=[each.value if each else math.nan for each in rows],
        low=[each.low if each else math.nan for each in rows],
        high=[each.high if each else math.nan for each in rows],
    )
    return _course(table, found.unknown / found.contacts if found else None, _("Unknown"), height)


def confidence(weeks: pd.DataFrame, found: Judged | None, height: int = 190) -> alt.LayerChart:
    """The mean probability of the most probable reason by week; columns as of `Marts.weeks`."""
    half = intervals.quantile() * weeks["spread"] / weeks["scored"].clip(lower=1) ** 0.5
    table = weeks.assign(
        value=weeks["confidence"],
        low=(weeks["confidence"] - half).clip(lower=0),
        high=(weeks["confidence"] + half).clip(upper=1),
    )
    return _course(table, found.confidence if found else None, _("Mean confidence"), height)


def languages(frame: pd.DataFrame, height: int = 260) -> alt.Chart:
    """Shares of languages by week as stacked areas; columns to_day, language, contacts."""
    table = frame.assign(name=frame["language"].map(words.language))
    return (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=_weeks_axis(table["to_day"]),
            y=alt.Y("contacts:Q", stack="normalize", title=None, axis=alt.Axis(format=".0%", tickCount=4)),
            color=alt.Color(
                "name:N",
                legend=alt.Legend(title=None, orient="bottom", direction="horizontal", columns=2, labelLimit=120),
            ),
            tooltip=[
                alt.Tooltip("to_day:T", title=_("Week to"), format=chart_locale.day()),
                alt.Tooltip("name:N", title=_("Language")),
                alt.Tooltip("contacts:Q", title=_("Contacts"), format=","),
            ],
        )
        .properties(height=height)
    )


def _course(table: pd.DataFrame, reference: float | None, name: str, height: int) -> alt.LayerChart:
    table = table[table["scored"] > 0].assign(
        when=lambda frame: [
            words.days(first.date(), last.date())
            for first, last in zip(frame["from_day"], frame["to_day"], strict=True)
        ]
    )
    x = _weeks_axis(table["to_day"])
    axis = alt.Axis(format=".0%", tickCount=4)
    tooltip = [
        alt.Tooltip("when:N", title=_("Days")),
        alt.Tooltip("value:Q", title=name, format=".1%"),
        alt.Tooltip("low:Q", title=_("from"), format=".1%"),
        alt.Tooltip("high:Q", title=_("to"), format=".1%"),
        alt.Tooltip("scored:Q", title=_("Scored contacts"), format=","),
    ]
    base = alt.Chart(table)
    layers: list[Any] = [
        base.mark_rule(color=BLUE, strokeWidth=6, opacity=0.25).encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q"),
        base.mark_line(color=BLUE, strokeWidth=2).encode(x=x, y=alt.Y("value:Q", title=None, axis=axis)),
        base.mark_circle(color=BLUE, size=55, opacity=1).encode(x=x, y="value:Q", tooltip=tooltip),
    ]
    if reference is not None:
        layers.append(
            alt.Chart(pd.DataFrame({"value": [reference]})).mark_rule(color=GREY, strokeWidth=2).encode(y="value:Q")
        )
    return alt.layer(*layers).properties(height=height)


def _weeks_axis(days: "pd.Series[pd.Timestamp]") -> alt.X:
    found = sorted({day.to_pydatetime() for day in days})
    ticks = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in found[:: -(-len(found) // 6) or 1]]
    axis = alt.Axis(format=chart_locale.short_day(), values=ticks, grid=False, labelOverlap=True, tickSize=0)
    return alt.X("to_day:T", title=None, axis=axis)
