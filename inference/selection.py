"""Which contacts a question is about: a period and filters, and the SQL that chooses them among the marts' contacts."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

NOT_STATED = ""
"""Stands for a product, language or segment that the source did not give."""
FILTERED = " AND ".join(
    f"(len(${plural}::VARCHAR[]) = 0 OR list_contains(${plural}::VARCHAR[], {column}))"
    for plural, column in (("products", "product"), ("channels", "channel"), ("languages", "language"))
)
"""The filters alone, without the period."""
SELECTED = f"day BETWEEN $first::DATE AND $last::DATE AND {FILTERED}"
"""Condition on the table `contact`; its parameters are `values`."""


@dataclass(frozen=True)
class Selection:
    """Contacts of the days `first` to `last`, both included, of these products and so on (none: all)."""

    first: date
    last: date
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Selection":
        """The period of equal length right before, with the same filters."""
        return self.shifted(self.days)

    def shifted(self, days: int) -> "Selection":
        """So many days earlier, with the same filters."""
        return replace(self, first=self.first - timedelta(days=days), last=self.last - timedelta(days=days))


def filter_values(selection: Selection) -> dict[str, Any]:
    """Parameters of `FILTERED`."""
    return {
        "products": list(selection.products),
        "channels": list(selection.channels),
        "languages": list(selection.languages),
    }


def values(selection: Selection) -> dict[str, Any]:
    """Parameters of `SELECTED`."""
    return {"first": selection.first, "last": selection.last, **filter_values(selection)}
