"""What a person chose to look at, and how the URL says it. Pure functions, no Streamlit."""

from dataclasses import dataclass
from datetime import timedelta

from voc.app import words
from voc.inference.marts import Selection, Span

PERIODS: dict[str, int | None] = {"7 days": 7, "28 days": 28, "90 days": 90, "All": None}
"""Offered periods in days, counted back from the newest day of the data; None: all there is."""
DEFAULT_PERIOD = "28 days"
Parameters = dict[str, str | list[str]]


@dataclass(frozen=True)
class View:
    """The chosen contacts and, where the data reaches back far enough, the equal period before."""

    period: str
    selection: Selection
    before: Selection | None

    @property
    def narrowed(self) -> bool:
        """Whether any filter besides the period is set."""
        chosen = self.selection
        return bool(chosen.products or chosen.channels or chosen.languages)

    @property
    def parameters(self) -> Parameters:
        """Query parameters that give the same view on any page; what is default is left out."""
        chosen = self.selection
        found: Parameters = {
            "product": [words.product(value) for value in chosen.products],
            "channel": [words.channel(value) for value in chosen.channels],
            "language": [words.language(value) for value in chosen.languages],
        }
        if self.period != DEFAULT_PERIOD:
            found["period"] = self.period
        return {key: value for key, value in found.items() if value}


def view(
    period: str,
    span: Span,
    products: list[str] | None = None,
    channels: list[str] | None = None,
    languages: list[str] | None = None,
) -> View:
    """The period's days in this data; an unknown period counts as the default.

    Days before the first contact are left out: nothing is known of them, which is not the same as no contact.
    """
    period = period if period in PERIODS else DEFAULT_PERIOD
    length = PERIODS[period]
    first = span.first if length is None else max(span.first, span.last - timedelta(days=length - 1))
    selection = Selection(
        first, span.last, tuple(products or ()), tuple(channels or ()), tuple(languages or ())
    )
    before = selection.before
    return View(period, selection, before if before.first >= span.first else None)
