"""The sentences of the map page: templates as pure functions. They return Markdown."""

from voc.app.words import between, count, counted, percent
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.inference.marts_map import MapView, Marked
from voc.inference.wording import contacts_from


def headline(found: MapView) -> str:
    """What a dot is, and how many of how many there are."""
    shown = len(found.points)
    if shown == found.contacts == 1:
        return _("The dot is a contact.")
    if shown == found.contacts:
        return _("Each dot is a contact: all {count} of this view.").format(count=count(shown))
    said = _("Each dot is a contact: {shown} of {count} shown.")
    return said.format(shown=count(shown), count=count(found.contacts))


def reading() -> str:
    """How to read the map."""
    return _(
        "Dots near each other say the like, in whatever language. "
        "The axes, and how far apart two groups lie, mean nothing."
    )


def missing(found: MapView) -> str | None:
    """Contacts that have no place yet; None where all have one."""
    if not found.missing:
        return None
    said = ngettext(
        "{count} contact of this view came after the map was drawn, and is not on it yet.",
        "{count} contacts of this view came after the map was drawn, and are not on it yet.",
        found.missing,
    )
    return said.format(count=count(found.missing))


def hidden(found: MapView, least_customers: int) -> str | None:
    """Themes that are not named; None where all are."""
    if not found.hidden:
        return None
    said = ngettext(
        "{count} theme of fewer than {least} customers not named.",
        "{count} themes of fewer than {least} customers not named.",
        found.hidden,
    )
    return counted(said, found.hidden, least=count(least_customers))


def described(found: MapView) -> str:
    """The map in words, for those who do not see it."""
    said = ngettext(
        "Map of {count} contact, those that say the like near each other",
        "Map of {count} contacts, those that say the like near each other",
        len(found.points),
    )
    described = counted(said, len(found.points))
    if not found.themes:
        return described
    names = ", ".join(theme.label for theme in found.themes[:5])
    return _("{map}; the largest themes are {names}").format(map=described, names=names)


def marked(found: Marked) -> str:
    """How many contacts a mark holds."""
    if not len(found.numbers):
        return _("No contact in the marked part.")
    said = _("{contacts} in the marked part, newest first.")
    return said.format(contacts=contacts_from(len(found.numbers), found.customers))


def too_few(least_customers: int) -> str:
    """Why nothing is said of what the marked contacts have in common."""
    said = ngettext(
        "Shares are shown from {count} customer on.", "Shares are shown from {count} customers on.", least_customers
    )
    return counted(said, least_customers)


def part(theme: str, contacts: int, total: int) -> str:
    """A theme's share of the marked contacts; `theme` is Markdown."""
    estimate = intervals.share(contacts, total)
    return f"{theme}: {percent(estimate.value, 0)} ({between(estimate, 0)})" if estimate else theme
