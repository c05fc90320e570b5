"""Which contacts a person looks at: a period and filters, resolved against the data. Pure, no Streamlit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from voc.inference.marts import Selection, Span

PERIODS: dict[str, str] = {"7": "7 days", "28": "28 days", "90": "90 days", "all": "All"}
"""Offered periods: days counted back from the newest day of the data, or all there is."""
DEFAULT_PERIOD = "28"


@dataclass(frozen=True)
class View:
    """The chosen contacts and, where the data reaches back far enough, the equal period before."""

    selection: Selection
    before: Selection | None


def view(
    period: str,
    span: Span,
    products: Iterable[str] = (),
    channels: Iterable[str] = (),
    languages: Iterable[str] = (),
) -> View:
    """The period's days in this data.

    Days before the first contact are left out: nothing is known of them, which is not the same as no contact.
    """
    length = int(period) if period.isdecimal() else None
    first = span.first if length is None else max(span.first, span.last - timedelta(days=length - 1))
    selection = Selection(first, span.last, tuple(products), tuple(channels), tuple(languages))
    before = selection.before
    return View(selection, before if before.first >= span.first else None)
