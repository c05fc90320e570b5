"""Charts of the models page: figures with their intervals, calibration, courses by week. No Streamlit."""

import math

import pandas as pd

from voc.app import chart_locale, vega, words
from voc.app.charts import BLUE, GREY, steps
from voc.app.vega import Part
from voc.i18n import _
from voc.inference import intervals
from voc.inference.marts_models import Judged
from voc.inference.model_report import Bin

ROW = 34
_MARGIN = 46
_WHOLE: Part = {"domain": [0, 1]}


def figures(frame: pd.DataFrame, title: str = "F1") -> Part:
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
    names = {"labelLimit": 190, "ticks": False, "domain": False, "labelFontSize": 13}
    row = {
        "y": vega.name("name", sort=table["name"].tolist(), axis=names),
        "opacity": vega.either("datum.enough", {"value": 1.0}, {"value": 0.4}),
        "tooltip": [
            vega.told("name", " "),
            vega.told("said", title),
            vega.counted("contacts", _("Labelled contacts")),
        ],
    }
    axis = {"values": [0, 0.25, 0.5, 0.75, 1], "format": ".2f"}
    line = {"x": vega.quantity("low", title=title), "x2": {"field": "high"}, **row}
    dot = {"x": vega.quantity("value", title=title, scale=_WHOLE, axis=axis), **row}
    layers = [
        vega.layer("rule", line, color=BLUE, strokeWidth=3),
        vega.layer("circle", dot, color=BLUE, size=90),
    ]
    return vega.drawing(table, layers, ROW * len(table) + _MARGIN)


def reliability(bins: tuple[Bin, ...], height: int = 300) -> Part:
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
        vega.counted("said", _("Stated"), ".0%"),
        vega.counted("right", _("Right"), ".0%"),
        vega.told("interval", _("95 % interval")),
        vega.counted("answers", _("Answers")),
    ]
    x = vega.quantity("said", title=_("Stated probability"), scale=_WHOLE, axis=vega.SHARES)
    right = {"x": x, "y": vega.quantity("right", title=_("Right"), scale=_WHOLE, axis=vega.SHARES)}
    interval = {"x": x, "y": vega.quantity("low", title=_("Right")), "y2": {"field": "high"}, "tooltip": tooltip}
    as_stated = vega.layer("line", right, color=GREY, strokeWidth=1.5, strokeDash=[4, 3])
    layers = [
        as_stated | {"data": {"values": [{"said": 0, "right": 0}, {"said": 1, "right": 1}]}},
        vega.layer("rule", interval, color=BLUE, strokeWidth=2.5),
        vega.layer("circle", {**right, "tooltip": tooltip}, color=BLUE, size=90, opacity=1),
    ]
    return vega.drawing(table, layers, height)


def unknown(weeks: pd.DataFrame, found: Judged | None, height: int = 190) -> Part:
    """The share of unknown by week; columns as of `Marts.weeks`."""
    rows = [intervals.share(int(row["unknown"]), int(row["scored"])) for row in weeks.to_dict("records")]
    table = weeks.assign(
        value=[each.value if each else math.nan for each in rows],
        low=[each.low if each else math.nan for each in rows],
        high=[each.high if each else math.nan for each in rows],
    )
    return _course(table, found.unknown / found.contacts if found else None, _("Unknown"), height)


def confidence(weeks: pd.DataFrame, found: Judged | None, height: int = 190) -> Part:
    """The mean probability of the most probable reason by week; columns as of `Marts.weeks`."""
    half = intervals.quantile() * weeks["spread"] / weeks["scored"].clip(lower=1) ** 0.5
    table = weeks.assign(
        value=weeks["confidence"],
        low=(weeks["confidence"] - half).clip(lower=0),
        high=(weeks["confidence"] + half).clip(upper=1),
    )
    return _course(table, found.confidence if found else None, _("Mean confidence"), height)


def languages(frame: pd.DataFrame, height: int = 260) -> Part:
    """Shares of languages by week as stacked areas; columns to_day, language, contacts."""
    table = frame.assign(name=frame["language"].map(words.language))
    legend = {"title": None, "orient": "bottom", "direction": "horizontal", "columns": 2, "labelLimit": 120}
    bars = {
        "x": steps(table["to_day"], 6),
        "y": vega.quantity("contacts", stack="normalize", axis=vega.SHARES),
        "color": vega.name("name", legend=legend),
        "tooltip": [
            vega.dated("to_day", _("Week to"), chart_locale.day()),
            vega.told("name", _("Language")),
            vega.counted("contacts", _("Contacts")),
        ],
    }
    return vega.drawing(table, [vega.layer("bar", bars)], height)


def _course(table: pd.DataFrame, reference: float | None, name: str, height: int) -> Part:
    table = table[table["scored"] > 0].assign(
        when=lambda frame: [
            words.days(first.date(), last.date())
            for first, last in zip(frame["from_day"], frame["to_day"], strict=True)
        ]
    )
    x = steps(table["to_day"], 6)
    tooltip = [
        vega.told("when", _("Days")),
        vega.counted("value", name, ".1%"),
        vega.counted("low", _("from"), ".1%"),
        vega.counted("high", _("to"), ".1%"),
        vega.counted("scored", _("Scored contacts")),
    ]
    interval = {"x": x, "y": vega.quantity("low"), "y2": {"field": "high"}}
    course = {"x": x, "y": vega.quantity("value", axis=vega.SHARES)}
    layers = [
        vega.layer("rule", interval, color=BLUE, strokeWidth=6, opacity=0.25),
        vega.layer("line", course, color=BLUE, strokeWidth=2),
        vega.layer("circle", {**course, "tooltip": tooltip}, color=BLUE, size=55, opacity=1),
    ]
    if reference is not None:
        line = vega.layer("rule", {"y": vega.quantity("value")}, color=GREY, strokeWidth=2)
        layers.append(line | {"data": {"values": [{"value": reference}]}})
    return vega.drawing(table, layers, height)
