"""Which contacts a question is about: a period and filters, and the SQL that chooses them among the marts' contacts."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

NOT_STATED = ""
"""Stands for a product, language or segment that the source did not give."""
_COLUMNS = {"products": "product", "channels": "channel", "languages": "language", "segments": "segment"}


def _chosen(plural: str) -> str:
    """True where nothing is chosen. DuckDB plans with the values: then it does not even read the column."""
    return f"(len(${plural}::VARCHAR[]) = 0 OR list_contains(${plural}::VARCHAR[], {_COLUMNS[plural]}))"


FILTERED = " AND ".join(map(_chosen, _COLUMNS))
"""The filters alone, without the period."""
SELECTED = f"day BETWEEN $first::DATE AND $last::DATE AND {FILTERED}"
"""Condition on the table `contact`; its parameters are `values`."""
COUNTED = f"""day BETWEEN $first::DATE AND $last::DATE AND {_chosen("segments")}
              AND NOT list_contains($segments::VARCHAR[], '{NOT_STATED}')"""
"""Condition on the table `active`, with the days and segments of `values`. It holds nowhere where customers without a
segment are asked for: some of those in touch are not in the customers table at all, so nobody knows out of how many."""


@dataclass(frozen=True)
class Selection:
    """Contacts of the days `first` to `last`, both included, of these products and so on (none: all)."""

    first: date
    last: date
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    """Of customers."""

    @property
    def filtered(self) -> bool:
        """Whether it leaves anything out besides other days."""
        return any(getattr(self, plural) for plural in _COLUMNS)

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
    return {plural: list(getattr(selection, plural)) for plural in _COLUMNS}


def values(selection: Selection) -> dict[str, Any]:
    """Parameters of `SELECTED`."""
    return {"first": selection.first, "last": selection.last, **filter_values(selection)}
