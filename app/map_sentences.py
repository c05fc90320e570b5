"""The sentences of the map page: templates as pure functions. They return Markdown."""

from voc.app.words import between, count, percent, plural
from voc.inference import intervals
from voc.inference.marts_map import MapView, Marked


def headline(found: MapView) -> str:
    """What a dot is, and how many of how many there are."""
    shown = len(found.points)
    if shown == found.contacts:
        return f"Each dot is a contact: all {count(shown)} of this view." if shown > 1 else "The dot is a contact."
    return f"Each dot is a contact: {count(shown)} of {count(found.contacts)} shown."


def reading() -> str:
    """How to read the map."""
    return (
        "Dots near each other say the like, in whatever language. "
        "The axes, and how far apart two groups lie, mean nothing."
    )


def missing(found: MapView) -> str | None:
    """Contacts that have no place yet; None where all have one."""
    if not found.missing:
        return None
    if found.missing == 1:
        return "1 contact of this view came after the map was drawn, and is not on it yet."
    return f"{count(found.missing)} contacts of this view came after the map was drawn, and are not on it yet."


def hidden(found: MapView, least_customers: int) -> str | None:
    """Themes that are not named; None where all are."""
    if not found.hidden:
        return None
    return f"{plural(found.hidden, 'theme')} of fewer than {plural(least_customers, 'customer')} not named."


def described(found: MapView) -> str:
    """The map in words, for those who do not see it."""
    names = ", ".join(theme.label for theme in found.themes[:5])
    largest = f"; the largest themes are {names}" if names else ""
    return f"Map of {plural(len(found.points), 'contact')}, those that say the like near each other{largest}"


def marked(found: Marked) -> str:
    """How many contacts a mark holds."""
    if not len(found.numbers):
        return "No contact in the marked part."
    contacts = plural(len(found.numbers), "contact")
    return f"{contacts} from {plural(found.customers, 'customer')} in the marked part, newest first."


def too_few(least_customers: int) -> str:
    """Why nothing is said of what the marked contacts have in common."""
    return f"Shares are shown from {plural(least_customers, 'customer')} on."


def part(theme: str, contacts: int, total: int) -> str:
    """A theme's share of the marked contacts; `theme` is Markdown."""
    estimate = intervals.share(contacts, total)
    return f"{theme}: {percent(estimate.value, 0)} ({between(estimate, 0)})" if estimate else theme
