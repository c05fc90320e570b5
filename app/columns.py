"""Columns of downloaded tables as people read them, in the language in use. No Streamlit."""

from collections.abc import Callable, Mapping
from typing import Any

from voc.app import journey_sentences, review_sentences, words
from voc.app.reason_rows import area_name
from voc.i18n import N_, Texts, _

_TITLES = Texts(
    {
        "area": N_("Area"),
        "came_back": N_("Come back"),
        "change_of_share": N_("Change of the share"),
        "channel": N_("Channel"),
        "class": N_("To do"),
        "contact_id": N_("Contact"),
        "contacts": N_("Contacts"),
        "cost": N_("Cost"),
        "customer_id": N_("Customer"),
        "customers": N_("Customers"),
        "customers_back": N_("Customers who came back"),
        "customers_followed": N_("Customers followed for a week"),
        "customers_per_active": N_("Customers per active customer"),
        "duration_s": N_("To the end, in seconds"),
        "first_day": N_("First day"),
        "first_response_s": N_("First response, in seconds"),
        "keywords": N_("Keywords"),
        "label_after": N_("Label after"),
        "label_before": N_("Label before"),
        "language": N_("Language"),
        "leaving": N_("Leaving"),
        "negative": N_("Negative"),
        "observed_risk": N_("Observed risk"),
        "owner": N_("Owner"),
        "product": N_("Product"),
        "reason": N_("Reason"),
        "reason_id": N_("Id of the reason"),
        "reasons": N_("Reasons"),
        "said_on": N_("Said on"),
        "says_they_leave": N_("Says they leave"),
        "sentiment": N_("Sentiment"),
        "share": N_("Share"),
        "stage": N_("Stage"),
        "started_at": N_("Started"),
        "stated_intent": N_("Stated intent"),
        "status": N_("Status"),
        "task": N_("Task"),
        "theme": N_("Theme"),
        "theme_id": N_("Id of the theme"),
        "times_as_frequent": N_("Times as frequent"),
        "unknown": N_("Unknown"),
    }
)
_BOUNDS = {"from": "times_as_frequent_low", "to": "times_as_frequent_high"}
_VALUES: Mapping[str, Callable[[str], str]] = {
    "area": area_name,
    "channel": words.channel,
    "class": lambda value: _(words.CLASSES[value][0]) if value in words.CLASSES else value,
    "label_after": review_sentences.fixed,
    "label_before": review_sentences.fixed,
    "language": words.language,
    "product": words.product,
    "stage": journey_sentences.stage,
    "sentiment": lambda value: words.SENTIMENT_NAMES.get(value, value),
    "task": lambda value: review_sentences.TASKS.get(value, value),
    "status": lambda value: _(words.STANDINGS[value][0]) if value in words.STANDINGS else value,
}


def title(column: str) -> str:
    """What stands over a column; a name that is not known here stays."""
    name, _part, bound = _BOUNDS.get(column, column).rpartition("_")
    if bound == "low" and name in _TITLES:
        return _("{column}, lower bound").format(column=_TITLES[name])
    if bound == "high" and name in _TITLES:
        return _("{column}, upper bound").format(column=_TITLES[name])
    if bound == "n" and name in _TITLES:
        return f"{_TITLES[name]}, n"
    return _TITLES.get(column, column)


def value(column: str, found: Any) -> Any:
    """A cell: words from fixed lists by their names, yes and no in words, everything else as it is."""
    if isinstance(found, bool):
        return _("Yes") if found else _("No")
    return _VALUES[column](found) if column in _VALUES and isinstance(found, str) else found
