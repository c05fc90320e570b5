"""Distinct customers by group and day: what the statistics of emergence read."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.data.customers import active_customers
from voc.data.lake import Lake
from voc.inference.spoken_themes import spoken_themes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Dimension = Literal["product", "version", "channel", "language", "segment", "sentiment"]
DIMENSIONS: tuple[Dimension, ...] = ("product", "version", "channel", "language", "segment", "sentiment")
"""What themes are sliced by: `version` is the contact's attribute of that name, of `sentiment` only the negative slice
is looked at. Where that rises and the theme does not, its customers' mood has shifted."""
SEPARATOR = " | "
"""Between the parts of a slice's id, as in `T004 | product | router`."""

_THEMES = f"""
    SELECT theme_id AS name, contacts.day, count(DISTINCT customer_id) AS customers
    FROM {spoken_themes()} JOIN contacts USING (contact_id) GROUP BY ALL ORDER BY ALL
"""
# A contact may have several reasons, and a reason counts where it passed the threshold.
_REASONS = """
    WITH told AS (
        SELECT contact_id, unnest(list_distinct([found.reason FOR found IN reasons])) AS name
        FROM scores WHERE model_version = $version
    )
    SELECT name, contacts.day, count(DISTINCT customer_id) AS customers
    FROM told JOIN contacts USING (contact_id) GROUP BY ALL ORDER BY ALL
"""
_SLICES = """
    WITH assigned AS (
        SELECT theme_id, contacts.day, customer_id, {value} AS value
        FROM {spoken} JOIN contacts USING (contact_id) {join}
    )
    SELECT theme_id || '{between}' || '{dimension}' || '{between}' || value AS name, day,
           count(DISTINCT customer_id) AS customers
    FROM assigned WHERE coalesce(value, '') <> '' GROUP BY ALL ORDER BY ALL
"""
_VALUES = {
    "product": "product", "version": "json_extract_string(attributes, '$.version')", "channel": "channel",
    "language": "language", "segment": "segment", "sentiment": "sentiment",
}  # fmt: skip
_JOINS = {
    "segment": "LEFT JOIN customers USING (customer_id)",
    "sentiment": """JOIN (
        SELECT contact_id, sentiment FROM scores WHERE model_version = $version AND sentiment = 'negative'
    ) USING (contact_id)""",
}
_EVERYONE = "SELECT day, count(DISTINCT customer_id) AS customers FROM contacts GROUP BY day ORDER BY day"


@dataclass(frozen=True)
class Series:
    """Distinct customers by group (theme, reason, slice) and day."""

    groups: tuple[str, ...]
    first_day: date
    customers: Ints
    """(groups, days): distinct customers who had a contact of that group on that day."""
    exposure: Floats
    """(days,): active customers of the company; 0 where nobody knows."""
    everyone: Ints
    """(days,): distinct customers who contacted the company at all on that day."""

    def __post_init__(self) -> None:
        groups, days = self.customers.shape if self.customers.ndim == 2 else (-1, -1)
        if groups != len(self.groups) or self.exposure.shape != (days,) or self.everyone.shape != (days,):
            raise ValueError(
                f"expected customers ({len(self.groups)} groups, days) with exposure and everyone (days,), got "
                f"{self.customers.shape}, {self.exposure.shape} and {self.everyone.shape}"
            )

    @property
    def days(self) -> int:
        """How many days."""
        return int(self.customers.shape[1])

    def day(self, index: int) -> date:
        """The date of a column."""
        return self.first_day + timedelta(days=index)

    def upto(self, days: int) -> "Series":
        """The first `days` days alone: what was known on the last of them."""
        return replace(
            self,
            customers=self.customers[:, :days],
            exposure=self.exposure[:days],
            everyone=self.everyone[:days],
        )


def theme_series(lake: Lake) -> Series:
    """Every theme's customers a day, from the lake's first day with a contact to its last."""
    return _series(lake, lake.query(_THEMES))


def reason_series(lake: Lake, model_version: str) -> Series:
    """Every contact reason's customers a day, as this model read them."""
    return _series(lake, lake.query(_REASONS, {"version": model_version}))


def slice_series(lake: Lake, dimension: Dimension, model_version: str | None, minimum: int = 30) -> Series:
    """Every theme's customers a day among those of one product (version, channel, language, segment) each, or among
    those whose contact this model read as negative.

    Groups are named `theme | dimension | value`. Slices with fewer than `minimum` customer-days in all are left out:
    nothing can be said of them.
    """
    sql = _SLICES.format(
        spoken=spoken_themes(),
        value=_VALUES[dimension],
        dimension=dimension,
        between=SEPARATOR,
        join=_JOINS.get(dimension, ""),
    )
    found = _series(lake, lake.query(sql, {"version": model_version} if "$version" in sql else None))
    kept = np.flatnonzero(found.customers.sum(axis=1) >= minimum)
    return replace(found, groups=tuple(found.groups[row] for row in kept), customers=found.customers[kept])


def _series(lake: Lake, counts: pa.Table) -> Series:
    """Long counts (`name`, `day`, `customers`) as a matrix over every day that the lake spans."""
    everyone = lake.query(_EVERYONE)
    if everyone.num_rows == 0:
        return Series((), date.min, np.zeros((0, 0), np.int64), np.zeros(0), np.zeros(0, np.int64))
    first, last = everyone["day"][0].as_py(), everyone["day"][-1].as_py()
    days = (last - first).days + 1
    groups = sorted(set(counts["name"].to_pylist()))
    row = {name: place for place, name in enumerate(groups)}
    customers = np.zeros((len(groups), days), np.int64)
    rows = [row[name] for name in counts["name"].to_pylist()]
    customers[rows, _columns(counts["day"], first)] = counts["customers"].to_numpy()
    total = np.zeros(days, np.int64)
    total[_columns(everyone["day"], first)] = everyone["customers"].to_numpy()
    active = active_customers(lake, first, last)["active"].to_numpy().astype(np.float64)
    return Series(tuple(groups), first, customers, active, total)


def _columns(days: pa.ChunkedArray, first: date) -> Ints:
    stamps: npt.NDArray[np.datetime64] = days.to_numpy().astype("datetime64[D]")
    columns: Ints = (stamps - np.datetime64(first, "D")).astype(np.int64)
    return columns
