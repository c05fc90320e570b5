"""The map: the app's questions over the table `theme_map`, as small frames and dataclasses.

A lake without the table, as older versions wrote it, answers that there is no map.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from voc.inference.selection import SELECTED, Selection, values
from voc.inference.spoken_themes import SPOKEN

Point = tuple[float, float]


@dataclass(frozen=True)
class Region:
    """A part of the map: the inside of a polygon, by the even-odd rule."""

    corners: tuple[Point, ...]

    @classmethod
    def rectangle(cls, left: float, right: float, low: float, high: float) -> "Region":
        """The part between these places."""
        return cls(((left, low), (right, low), (right, high), (left, high)))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Least and greatest x, least and greatest y."""
        x, y = [corner[0] for corner in self.corners], [corner[1] for corner in self.corners]
        return min(x), max(x), min(y), max(y)

    def holds(self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
        """Which of (rows,) places lie inside."""
        inside = np.zeros(len(x), dtype=np.bool_)
        for (x0, y0), (x1, y1) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if y0 == y1:
                continue
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        return inside


@dataclass(frozen=True)
class MapTheme:
    """A theme's name on the map: in the middle of its contacts."""

    theme_id: str
    label: str
    x: float
    y: float
    contacts: int
    customers: int


@dataclass(frozen=True)
class MapView:
    """What the map shows of a selection.

    `points` has columns x, y, theme (place among `themes`, -1: in none of them), sentiment (None: not scored): at most
    as many rows as were asked for. `contacts` are all of the selection that have a place, `missing` those that have
    none yet. `themes` are those of enough customers, largest first; `hidden` counts the others. `frame` is the region
    that holds the places of all contacts, whatever the selection; None where no contact has one: no map was drawn.
    """

    frame: Region | None
    points: pd.DataFrame
    contacts: int
    missing: int
    themes: tuple[MapTheme, ...]
    hidden: int


@dataclass(frozen=True)
class Marked:
    """Contacts in a region: their numbers, newest first, and customers.

    `themes` gives contacts and customers by theme (None: in none), those with the most contacts first.
    """

    numbers: npt.NDArray[np.int32]
    customers: int
    themes: tuple[tuple[str | None, int, int], ...]


def view(connection: duckdb.DuckDBPyConnection, selection: Selection, most: int, least_customers: int) -> MapView:
    """The selection's dots and names.

    Themes of fewer than `least_customers` customers are not named, and their dots are those of no theme.
    """
    chosen = values(selection)
    with connection.cursor() as cursor:
        total, placed = _one(
            cursor,
            f"SELECT count(*), count(x) FROM contact WHERE {SELECTED}",
            chosen,
        )
        edges = _one(cursor, "SELECT min(x), max(x), min(y), max(y) FROM contact", {})
        rows = cursor.execute(
            f"""SELECT theme_id, label, median(x), median(y), count(*) AS n, count(DISTINCT customer)
                FROM {SPOKEN} JOIN theme USING (theme_id)
                WHERE {SELECTED} AND x IS NOT NULL AND status = 'active' GROUP BY ALL ORDER BY n DESC, theme_id""",
            chosen,
        ).fetchall()
        named = tuple(MapTheme(*row) for row in rows if row[5] >= least_customers)
        points = cursor.execute(
            f"""SELECT x, y, sentiment,
                       coalesce(list_position($named::VARCHAR[], theme_id), 0)::SMALLINT - 1::SMALLINT AS theme
                FROM contact WHERE {SELECTED} AND x IS NOT NULL ORDER BY rank, number LIMIT $most""",
            chosen | {"named": [theme.theme_id for theme in named], "most": most},
        ).df()
        points["sentiment"] = points["sentiment"].astype("category")
    frame = Region.rectangle(*edges) if edges[0] is not None else None
    return MapView(frame, points, placed, total - placed, named, len(rows) - len(named))


def marked(connection: duckdb.DuckDBPyConnection, selection: Selection, region: Region) -> Marked:
    """The selection's contacts inside a region, also those that the map does not show."""
    left, right, low, high = region.box
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"""SELECT number, x, y FROM contact
                WHERE {SELECTED} AND x BETWEEN $left AND $right AND y BETWEEN $low AND $high ORDER BY number""",
            values(selection) | {"left": left, "right": right, "low": low, "high": high},
        ).fetchnumpy()
        numbers = np.asarray(found["number"], dtype=np.int32)[
            region.holds(np.asarray(found["x"], dtype=np.float64), np.asarray(found["y"], dtype=np.float64))
        ]
        cursor.register("inside", pa.table({"number": numbers}))
        (customers,) = _one(cursor, "SELECT count(DISTINCT customer) FROM contact JOIN inside USING (number)", {})
        themes = cursor.execute(
            f"""SELECT spoken.theme_id, count(*) AS n, count(DISTINCT contact.customer)
                FROM inside JOIN contact USING (number) LEFT JOIN {SPOKEN} AS spoken USING (number)
                GROUP BY 1 ORDER BY n DESC, 1 NULLS LAST"""
        ).fetchall()
        cursor.unregister("inside")
    return Marked(numbers, customers, tuple((theme, contacts, people) for theme, contacts, people in themes))


def _one(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> Sequence[Any]:
    row: Sequence[Any] = cursor.execute(sql, parameters).fetchall()[0]
    return row
