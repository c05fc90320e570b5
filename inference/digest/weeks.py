"""Calendar weeks, Monday to Sunday, as ISO 8601 numbers them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from voc.errors import InputError

_WRITTEN = re.compile(r"(\d{4})-W(\d{2})")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, order=True)
class Week:
    """One week; `str` gives it as 2026-W10."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week that a day lies in."""
        found = day.isocalendar()
        return cls(found.year, found.week)

    @classmethod
    def parse(cls, text: str) -> "Week":
        """A week written as 2026-W10. Raises InputError."""
        written = _WRITTEN.fullmatch(text)
        try:
            if written is None:
                raise ValueError
            found = cls(int(written[1]), int(written[2]))
            date.fromisocalendar(found.year, found.number, 7)
        except (ValueError, OverflowError):
            raise InputError(f"expected a week such as 2026-W10, got {text!r}") from None
        return found

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"

    @property
    def first(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its Sunday."""
        return date.fromisocalendar(self.year, self.number, 7)


def weeks_between(first: date, last: date) -> tuple[Week, ...]:
    """Every week that a day of this span lies in, newest first."""
    monday = Week.of(last).first
    found = []
    while monday + _WEEK > first:
        found.append(Week.of(monday))
        monday -= _WEEK
    return tuple(found)


def newest_whole(first: date, last: date) -> Week:
    """The newest week that ended within the span; the newest begun one where none did."""
    found = weeks_between(first, last)
    return next((week for week in found if week.last <= last), found[0])
