"""The sentences of the churn page: templates as pure functions, tested like any code. They return Markdown."""

from datetime import date

from voc.app import words
from voc.app.words import count, counted, percent
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.inference.marts_churn import BackTest, CallList, Order


def headline(found: CallList, order: Order) -> str:
    """How many are on the list, and of how many."""
    listed = len(found.customers)
    if not listed:
        return (
            _("Nobody says that they leave.") if order == "stated" else _("Nobody has an observed risk in this period.")
        )
    if order == "risk":
        said = ngettext(
            "{listed} of {count} customer with an observed risk, highest first.",
            "{listed} of {count} customers with an observed risk, highest first.",
            found.total,
        )
    elif listed == found.total:
        said = ngettext(
            "{count} customer said that they leave; all are on the list.",
            "{count} customers said that they leave; all are on the list.",
            found.total,
        )
    else:
        said = ngettext(
            "{listed} of {count} customer who said that they leave, most certain first.",
            "{listed} of {count} customers who said that they leave, most certain first.",
            found.total,
        )
    return counted(said, found.total, listed=count(listed))


def worth(found: CallList, order: Order, tested: BackTest | None, horizon: int) -> str:
    """What the list is worth: by the model's word, where it goes by what customers say, and on earlier days."""
    return f"{meant(found) if order == 'stated' else ''} {back_test(tested, horizon)}".strip()


def meant(found: CallList) -> str:
    """How many of those listed by stated intent mean it, by the model's probabilities; a person's word is certain.

    Empty for one customer alone, whose own probability stands beside the name.
    """
    listed = len(found.customers)
    if listed < 2:
        return ""
    expected = round(sum(1.0 if one.stated_probability is None else one.stated_probability for one in found.customers))
    if expected == listed:
        said = _("By the model's probabilities nearly all of these {listed} mean it.")
    elif not expected:
        said = _("By the model's probabilities hardly one of these {listed} means it.")
    else:
        said = ngettext(
            "By the model's probabilities about {count} of these {listed} means it.",
            "By the model's probabilities about {count} of these {listed} mean it.",
            expected,
        )
    return said.format(count=count(expected), listed=count(listed))


def back_test(found: BackTest | None, horizon: int) -> str:
    """What the list was worth on earlier days, beside a draw at random, as a manager reads it."""
    if found is None:
        said = ngettext(
            "What this list was worth cannot be said yet: that takes lists whose next {count} day is known.",
            "What this list was worth cannot be said yet: that takes lists whose next {count} days are known.",
            horizon,
        )
        return said.format(count=count(horizon))
    days = words.days(found.first, found.last)
    estimate = intervals.share(found.left, found.listed)
    if estimate is None:
        return _("Nobody would have been on this list ({days}): its worth is not known.").format(days=days)
    said = ngettext(
        "Of the {count} customer on this list ({days}), {left} left {within} ({range}); among as many drawn at random "
        "from those who had been in touch it would have been {usual}.",
        "Of the {count} customers on this list ({days}), {left} left {within} ({range}); among as many drawn at random "
        "from those who had been in touch it would have been {usual}.",
        found.listed,
    )
    return counted(
        said,
        found.listed,
        days=days,
        left=count(found.left),
        within=counted(ngettext("within {count} day", "within {count} days", horizon), horizon),
        range=words.between(estimate, 0),
        usual=words.usual(found.expected),
    )


def how_tested(found: BackTest, period: int, capacity: int) -> str:
    """How the back-test was done, for whoever asks."""
    days = (found.last - found.first).days + 1
    made = ngettext(
        "On {count} day the list of {capacity} is made from the contacts of {before}, with these filters and by this "
        "order.",
        "On each of {count} days the list of {capacity} is made from the contacts of {before}, with these filters and "
        "by this order.",
        days,
    )
    before = counted(ngettext("the {count} day before it", "the {count} days before it", period), period)
    said = [
        counted(made, days, capacity=count(capacity), before=before),
        _("A customer counts once, from the first day on the list; nothing that became known later plays a part."),
    ]
    if found.unknown:
        unknown = ngettext(
            "{count} customer of unknown outcome left out.",
            "{count} customers of unknown outcome left out.",
            found.unknown,
        )
        said.append(counted(unknown, found.unknown))
    said.append(_("The range is a {level} interval.").format(level=percent(0.95, 0)))
    return " ".join(said)


def stated(on: date, probability: float | None) -> str:
    """When somebody said so, and how sure the model is that they did."""
    day = words.short_day(on)
    if probability is None:
        return _("Said on {day}").format(day=day)
    return _("Said on {day} · {likelihood} likely meant").format(day=day, likelihood=words.likelihood(probability))


def later(on: date, direction: str) -> str:
    """What a later contact says of the customer's standing."""
    return _("Later, on {day}: {direction}").format(day=words.short_day(on), direction=direction)
