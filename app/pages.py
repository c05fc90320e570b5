"""The pages. A new one is an entry here and a file in `views/`."""

from dataclasses import dataclass
from pathlib import Path

from voc.i18n import N_

HERE = Path(__file__).resolve().parent
# Drawn here, not in files that a wheel would have to carry; the colour stands on light and on dark.
_BLUE = "#2A86C7"
SIGN = (
    f'<path fill="{_BLUE}" d="M6 2h20a5 5 0 0 1 5 5v12a5 5 0 0 1-5 5H15l-7.5 6.2V24H6a5 5 0 0 1-5-5V7a5 5 0 '
    '0 1 5-5z"/>'
    '<g fill="#fff"><rect x="8" y="10" width="3" height="6" rx="1.5"/><rect x="14.5" y="7" width="3" '
    'height="12" rx="1.5"/><rect x="21" y="9" width="3" height="8" rx="1.5"/></g>'
)
_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" '
ICON = f'{_OPEN}width="32" height="32" viewBox="0 0 32 32">{SIGN}</svg>'
LOGO = (
    f'{_OPEN}width="92" height="32" viewBox="0 0 92 32">{SIGN}<text x="39" y="21" fill="{_BLUE}" '
    'font-family="Helvetica, Arial, sans-serif" font-size="22" font-weight="700">voc</text></svg>'
)


@dataclass(frozen=True)
class PageEntry:
    """One page of the navigation; title and help are looked up where they are shown."""

    path: Path
    title: str
    icon: str
    help: str


OVERVIEW = PageEntry(
    HERE / "views" / "overview.py",
    N_("Overview"),
    ":material/monitoring:",
    N_("What changed: contacts, contact rate, reasons and sentiment against the period before."),
)
THEMES = PageEntry(
    HERE / "views" / "themes.py",
    N_("Themes"),
    ":material/bubble_chart:",
    N_("What customers talk about in their own words, found without labels, with examples to read."),
)
REASONS = PageEntry(
    HERE / "views" / "reasons.py",
    N_("Reasons"),
    ":material/category:",
    N_("Why customers get in touch: shares, contact rates and changes, by channel, product, segment and language."),
)
CHURN = PageEntry(
    HERE / "views" / "churn.py",
    N_("Churn"),
    ":material/logout:",
    N_("Whom to call first: who says that they leave, who probably will, and what the list was worth before."),
)
JOURNEY = PageEntry(
    HERE / "views" / "journey.py",
    N_("Journey"),
    ":material/route:",
    N_("Where it hurts: stages of the customer journey by reason, and where customers come back unhelped."),
)
MAP = PageEntry(
    HERE / "views" / "map.py",
    N_("Map"),
    ":material/scatter_plot:",
    N_("All contacts and themes at a glance: what lies together says the like. Mark a part to read it."),
)
MODELS = PageEntry(
    HERE / "views" / "models.py",
    N_("Models"),
    ":material/verified:",
    N_("How good the labels are, in which language and for which reason, and whether contacts have changed since."),
)
REPORT = PageEntry(
    HERE / "views" / "report.py",
    N_("Report"),
    ":material/description:",
    N_("The week in one page, to read, to print and to send."),
)
CONTACTS = PageEntry(
    HERE / "views" / "contacts.py",
    N_("Contacts"),
    ":material/forum:",
    N_("Search and read every conversation, with the labels the model gave it."),
)
REVIEW = PageEntry(
    HERE / "views" / "review.py",
    N_("Review"),
    ":material/rule:",
    N_("Contacts that the model is unsure of, one at a time: say what they are about, and it learns."),
)
PEOPLE = PageEntry(
    HERE / "views" / "people.py",
    N_("People"),
    ":material/group:",
    N_("Who may use the app: roles, and whose contacts each of them sees."),
)
CONTACT = PageEntry(
    HERE / "views" / "contact.py",
    N_("Contact"),
    ":material/chat:",
    N_("One conversation, word for word, and what the model says about it."),
)
THEME = PageEntry(
    HERE / "views" / "theme.py",
    N_("Theme"),
    ":material/bubble_chart:",
    N_("One theme: its course, its words, who speaks of it, and what they say."),
)
PAGES = (OVERVIEW, REASONS, THEMES, MAP, CHURN, JOURNEY, CONTACTS, REVIEW, MODELS, REPORT)
"""In the navigation, the first is where the app begins."""
ADMINISTRATION = (PEOPLE,)
"""In the navigation of those who may, after the others."""
DETAILS = (CONTACT, THEME)
"""Reached by links. Pages of their own: a link from a page to itself does not change the address bar."""
