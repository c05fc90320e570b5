"""The sentences of the churn page: templates as pure functions, tested like any code. They return Markdown."""

from datetime import date

from voc.app import words
from voc.app.words import count, plural
from voc.inference import intervals
from voc.inference.marts_churn import BackTest, CallList, Order


def headline(found: CallList, order: Order) -> str:
    """How many are on the list, and of how many."""
    listed = len(found.customers)
    if not listed:
        return "Nobody says that they leave." if order == "stated" else "Nobody has an observed risk in this period."
    if order == "stated":
        if listed == found.total:
            return f"{plural(found.total, 'customer')} said that they leave; all are on the list."
        return f"{count(listed)} of {plural(found.total, 'customer')} who said that they leave, most certain first."
    return f"{count(listed)} of {plural(found.total, 'customer')} with an observed risk, highest first."


def back_test(found: BackTest | None, horizon: int) -> str:
    """What the list was worth on earlier days, beside a draw at random, as a manager reads it."""
    if found is None:
        return f"What this list was worth cannot be said yet: that takes lists whose next {horizon} days are known."
    if not found.listed:
        return f"Nobody would have been on this list ({words.days(found.first, found.last)}): its worth is not known."
    estimate = intervals.share(found.left, found.listed)
    spread = f" ({words.between(estimate, 0)})" if estimate else ""
    return (
        f"Of the {plural(found.listed, 'customer')} on this list ({words.days(found.first, found.last)}), "
        f"{count(found.left)} left within {plural(horizon, 'day')}{spread}; among as many drawn at random from those "
        f"who had been in touch it would have been {words.usual(found.expected)}."
    )


def how_tested(found: BackTest, period: int, capacity: int) -> str:
    """How the back-test was done, for whoever asks."""
    unknown = f" {plural(found.unknown, 'customer')} of unknown outcome left out." if found.unknown else ""
    return (
        f"On each of {plural((found.last - found.first).days + 1, 'day')} the list of {count(capacity)} is made from "
        f"the contacts of the {plural(period, 'day')} before it, with these filters and by this order. A customer "
        f"counts once, from the first day on the list; nothing that became known later plays a part.{unknown} "
        "The range is a 95 % interval."
    )


def stated(on: date, probability: float | None) -> str:
    """When somebody said so, and how sure the model is that they did."""
    if probability is None:
        return f"Said on {words.short_day(on)}"
    return f"Said on {words.short_day(on)} · {words.likelihood(probability)} likely meant"


def later(on: date, direction: str) -> str:
    """What a later contact says of the customer's standing."""
    return f"Later, on {words.short_day(on)}: {direction}"
