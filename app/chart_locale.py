"""Numbers and dates on charts in the language in use, for Vega. No Streamlit."""

from babel import Locale

from voc import i18n
from voc.inference import wording


def long_day() -> str:
    """Format of a day in a tooltip: `Friday, 29 May 2026`."""
    return {"en": "%A, %-d %B %Y", "sl": "%A, %-d. %B %Y"}.get(i18n.current(), "%A, %-d. %B %Y.")


def day() -> str:
    """Format of a day: `29 May 2026`."""
    return long_day().removeprefix("%A, ")


def short_day() -> str:
    """Format of a day on an axis: `29 May`, and `29. 5.` where that is shorter."""
    return "%-d %b" if i18n.current() == i18n.DEFAULT else "%-d. %-m."


def config() -> dict[str, object]:
    """How Vega writes numbers and dates: part of every chart's description. Empty in English, which Vega speaks."""
    return {} if i18n.current() == i18n.DEFAULT else {"locale": _locale()}


def _locale() -> dict[str, dict[str, object]]:
    """What d3-format and d3-time-format need to know of the language in use."""
    known = Locale.parse(i18n.babel_locale())
    signs = known.number_symbols["latn"]
    # d3's week begins on Sunday, Babel's on Monday.
    days, short_days = (
        [known.days["format"][width][place] for place in (6, *range(6))] for width in ("wide", "abbreviated")
    )
    short_months = [known.months["format"]["abbreviated"][place] for place in range(1, 13)]
    return {
        "number": {
            "decimal": signs["decimal"],
            "thousands": signs["group"],
            "grouping": [3],
            "currency": ["", ""],
            "percent": f"{wording.SPACE}%",
            "minus": "−",
        },
        "time": {
            "dateTime": f"{long_day()}, %H:%M",
            "date": day(),
            "time": "%H:%M",
            "periods": ["AM", "PM"],
            "days": days,
            "shortDays": short_days,
            "months": list(wording.months()),
            "shortMonths": short_months,
        },
    }
