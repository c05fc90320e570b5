"""A part of the map as it stands in the URL, and as a drawn mark gives it. Pure functions, no Streamlit."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from voc.inference.marts_map import Region

MOST_CORNERS = 60
_FARTHEST = 10_000.0


def parse(text: str) -> Region | None:
    """`0.5,1;2,1;2,3` as the region with these corners; None for anything else."""
    corners = []
    for corner in text.split(";")[: MOST_CORNERS + 1]:
        parts = corner.split(",")
        try:
            x, y = (float(part) for part in parts)
        except ValueError:
            return None
        if not (math.isfinite(x) and math.isfinite(y)) or max(abs(x), abs(y)) > _FARTHEST:
            return None
        corners.append((x, y))
    return Region(tuple(corners)) if 3 <= len(corners) <= MOST_CORNERS else None


def spell(region: Region) -> str:
    """The region as `parse` reads it, to a hundredth."""
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in region.corners)


def drawn(areas: Sequence[Mapping[str, Any]]) -> Region | None:
    """The region of the last mark on an ECharts chart, a lasso with at most `MOST_CORNERS` corners; None: no mark."""
    for area in reversed(areas):
        coordinates = area.get("coord_range")
        if area.get("brush_type") == "rect" and coordinates and len(coordinates) == 2:
            (left, right), (low, high) = (sorted(map(float, ends)) for ends in coordinates)
            return Region.rectangle(left, right, low, high)
        if area.get("brush_type") == "polygon" and coordinates and len(coordinates) >= 3:
            step = -(-len(coordinates) // MOST_CORNERS)
            corners = tuple((float(x), float(y)) for x, y in coordinates[::step])
            return Region(corners) if len(corners) >= 3 else None
    return None
