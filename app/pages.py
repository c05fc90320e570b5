"""The pages. A new one is an entry here and a file in `views/`."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Drawn here, not in files that a wheel would have to carry; the colour stands on light and on dark.
_BLUE = "#2A86C7"
_SIGN = (
    f'<path fill="{_BLUE}" d="M6 2h20a5 5 0 0 1 5 5v12a5 5 0 0 1-5 5H15l-7.5 6.2V24H6a5 5 0 0 1-5-5V7a5 5 0 '
    '0 1 5-5z"/>'
    '<g fill="#fff"><rect x="8" y="10" width="3" height="6" rx="1.5"/><rect x="14.5" y="7" width="3" '
    'height="12" rx="1.5"/><rect x="21" y="9" width="3" height="8" rx="1.5"/></g>'
)
_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" '
ICON = f'{_OPEN}width="32" height="32" viewBox="0 0 32 32">{_SIGN}</svg>'
LOGO = (
    f'{_OPEN}width="92" height="32" viewBox="0 0 92 32">{_SIGN}<text x="39" y="21" fill="{_BLUE}" '
    'font-family="Helvetica, Arial, sans-serif" font-size="22" font-weight="700">voc</text></svg>'
)


@dataclass(frozen=True)
class PageEntry:
    """One page of the navigation."""

    path: Path
    title: str
    icon: str
    help: str


OVERVIEW = PageEntry(
    HERE / "views" / "overview.py",
    "Overview",
    ":material/monitoring:",
    "What changed: contacts, contact rate, reasons and sentiment against the period before.",
)
THEMES = PageEntry(
    HERE / "views" / "themes.py",
    "Themes",
    ":material/bubble_chart:",
    "What customers talk about in their own words, found without labels, with examples to read.",
)
REASONS = PageEntry(
    HERE / "views" / "reasons.py",
    "Reasons",
    ":material/category:",
    "Why customers get in touch: shares, contact rates and changes, by channel, product, segment and language.",
)
CHURN = PageEntry(
    HERE / "views" / "churn.py",
    "Churn",
    ":material/logout:",
    "Whom to call first: who says that they leave, who probably will, and what the list was worth before.",
)
MAP = PageEntry(
    HERE / "views" / "map.py",
    "Map",
    ":material/scatter_plot:",
    "All contacts and themes at a glance: what lies together says the like. Mark a part to read it.",
)
MODELS = PageEntry(
    HERE / "views" / "models.py",
    "Models",
    ":material/verified:",
    "How good the labels are, in which language and for which reason, and whether contacts have changed since.",
)
REPORT = PageEntry(
    HERE / "views" / "report.py",
    "Report",
    ":material/description:",
    "The week in one page, to read, to print and to send.",
)
CONTACTS = PageEntry(
    HERE / "views" / "contacts.py",
    "Contacts",
    ":material/forum:",
    "Search and read every conversation, with the labels the model gave it.",
)
CONTACT = PageEntry(
    HERE / "views" / "contact.py",
    "Contact",
    ":material/chat:",
    "One conversation, word for word, and what the model says about it.",
)
THEME = PageEntry(
    HERE / "views" / "theme.py",
    "Theme",
    ":material/bubble_chart:",
    "One theme: its course, its words, who speaks of it, and what they say.",
)
PAGES = (OVERVIEW, REASONS, THEMES, MAP, CHURN, CONTACTS, MODELS, REPORT)
"""In the navigation, the first is where the app begins."""
DETAILS = (CONTACT, THEME)
"""Reached by links. Pages of their own: a link from a page to itself does not change the address bar."""
