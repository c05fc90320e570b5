"""The pages and the links between them. A new page is one line here and one file in `views/`."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Drawn here rather than in a file of its own, which a wheel would have to carry; its colour stands on light and dark.
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="92" height="32" viewBox="0 0 92 32">'
    '<path fill="#2A86C7" d="M6 2h20a5 5 0 0 1 5 5v12a5 5 0 0 1-5 5H15l-7.5 6.2V24H6a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5z"/>'
    '<g fill="#fff"><rect x="8" y="10" width="3" height="6" rx="1.5"/><rect x="14.5" y="7" width="3" height="12" '
    'rx="1.5"/><rect x="21" y="9" width="3" height="8" rx="1.5"/></g><text x="39" y="21" fill="#2A86C7" '
    'font-family="Helvetica, Arial, sans-serif" font-size="22" font-weight="700" '
    'letter-spacing=".5">voc</text></svg>'
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
CONTACTS = PageEntry(
    HERE / "views" / "contacts.py",
    "Contacts",
    ":material/forum:",
    "Search and read every conversation, with the labels the model gave it.",
)
PAGES = (OVERVIEW, THEMES, CONTACTS)
