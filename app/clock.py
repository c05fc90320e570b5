"""The time zone that a reader chose, for moments that are shown. A contact's day stays the company's. No Streamlit."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def _nobody() -> str | None:
    return None


_source: Callable[[], str | None] = _nobody


def ask(source: Callable[[], str | None]) -> None:
    """Who knows the name of the reader's time zone. One source a process: the app's."""
    global _source
    _source = source


def zone(company: ZoneInfo) -> ZoneInfo:
    """The reader's time zone; the company's where they chose none, or what is no time zone."""
    return known(_source()) or company


def known(name: str | None) -> ZoneInfo | None:
    """A time zone by its name, such as `Europe/Zagreb`; None for anything else."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
