"""What the charts are made of: parts of Vega-Lite's descriptions. No Streamlit.

They are plain dictionaries. A library that builds and checks them takes longer than the rest of a page; the tests hold
every chart of every page against Vega-Lite's schema instead.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from voc.app import chart_locale

Part = dict[str, Any]
TABLE = "table"
"""Name of a chart's own table."""
_TARGET = "target"
SHARES: Part = {"format": ".0%", "tickCount": 4}
"""An axis of shares."""


def quantity(field: str, **more: Any) -> Part:
    """A channel that shows numbers of a column; without a title, unless one is given."""
    return {"field": field, "type": "quantitative", "title": None, **more}


def moment(field: str, **more: Any) -> Part:
    """The same of days."""
    return {"field": field, "type": "temporal", "title": None, **more}


def name(field: str, **more: Any) -> Part:
    """The same of names, in no order but that of `sort`."""
    return {"field": field, "type": "nominal", "title": None, **more}


def place(field: str, **more: Any) -> Part:
    """The same of places in a row."""
    return {"field": field, "type": "ordinal", "title": None, **more}


def told(field: str, title: str) -> Part:
    """A line of a tooltip: the text of a column."""
    return {"field": field, "type": "nominal", "title": title}


def counted(field: str, title: str, written: str = ",") -> Part:
    """The same of a number."""
    return {"field": field, "type": "quantitative", "title": title, "format": written}


def dated(field: str, title: str, written: str) -> Part:
    """The same of a day."""
    return {"field": field, "type": "temporal", "title": title, "format": written}


def either(test: str, then: Part, otherwise: Part) -> Part:
    """A channel that depends on the row."""
    return {"condition": {"test": test, **then}, **otherwise}


def day(stamp: Any, **more: int) -> Part:
    """A day, or an hour of it, as a place on an axis."""
    return {"year": stamp.year, "month": stamp.month, "date": stamp.day, **more}


def layer(mark: str, encoding: Part, where: str | None = None, /, **look: Any) -> Part:
    """Marks of one kind, of the rows for which the expression `where` is true.

    Args:
        mark: bar, line, area, rule, circle, point, rect, text or tick.
        encoding: Channels.
        where: Vega expression; None: all rows.
        look: Properties of the marks.
    """
    chosen = {"transform": [{"filter": where}]} if where else {}
    return {**chosen, "mark": {"type": mark, **look}, "encoding": encoding}


def drawing(
    table: pd.DataFrame, layers: Sequence[Part], height: int, click: tuple[str, Sequence[str]] | None = None
) -> Part:
    """Layers over one table, which is given once, as `st.vega_lite_chart` takes it.

    Args:
        table: Columns as the layers name them.
        layers: From the lowest to the highest.
        height: In pixels.
        click: Name of the selection that a click on the highest layer gives, and the columns in it.
    """
    said: Part = {"data": {"name": TABLE}, "datasets": {TABLE: table}, "layer": list(layers), "height": height}
    if config := chart_locale.config():
        said["config"] = config
    if click:
        name, fields = click
        said["layer"][-1] = {**said["layer"][-1], "name": _TARGET}
        select = {"type": "point", "fields": list(fields), "on": "click"}
        said["params"] = [{"name": name, "select": select, "views": [_TARGET]}]
    return said
