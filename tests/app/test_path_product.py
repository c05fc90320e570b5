"""A product manager's path, click by click: what is new, what people say, whose it is, since when it is fixed."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from voc.app import theme_sentences, words
from voc.app.pages import REPORT
from voc.data.workspace import Workspace
from voc.inference.marts_themes import Happened
from voc.inference.theme_edits import history

pytestmark = pytest.mark.browser
THEME = "t-roaming"
NAME = "Roaming in *Serbia* <EU>"
OWNER = "Network team"
FIXED = date(2026, 5, 20)
"""In the newest whole week of the data, which the report shows by itself."""


@pytest.fixture
def company(make: Any, tmp_path: Path) -> Workspace:
    """Roaming rises; Ana looks after two of five products."""
    workspace: Workspace = make.rising(tmp_path / "w", make.guarded)
    make.let_in(workspace, {"Ana": ("product", ("Television", "Mobile"))})
    return workspace


@pytest.mark.parametrize("language", ["en", "hr"])
def test_a_new_theme_is_read_named_owned_fixed_and_reported(
    language: str, company: Workspace, visits: Callable[..., Any]
) -> None:
    with visits(company, language) as come:
        ana = come()
        ana.open()
        ana.sign_in("Ana")

        # What is new stands on the first page; its card leads to the theme.
        ana.sees(ana.text("What changed?"))
        ana.sees(ana.text("Emerging now"))
        to_theme = ana.page.get_by_role("link", name=ana.text("See the theme"))
        card = ana.main.get_by_test_id("stGridCell").filter(has=to_theme).first
        ana.sees(ana.text("Emerging"), card)
        called = card.locator("strong").first.inner_text()
        card.get_by_role("link", name=ana.text("See the theme")).click()
        ana.page.wait_for_url(f"**/theme?*theme={THEME}*")
        ana.sees(called, ana.main.locator("h1"))

        # What customers say, and the whole conversation; the browser's own button leads back.
        ana.sees(ana.text("What do they say?"))
        quote = ana.main.get_by_test_id("stText").first.inner_text()
        ana.main.locator('a[href*="contact="]').first.click()
        ana.page.wait_for_url("**/contact?*")
        ana.sees(quote[:25], ana.main.get_by_test_id("stChatMessage").first)
        ana.page.go_back()
        ana.sees(called, ana.main.locator("h1"))

        # A name, by keys; an owner, by a button; the day of the fix, typed into its field.
        ana.unfold("Change this theme")
        ana.field("Name").fill(NAME)
        ana.page.keyboard.press("Enter")
        ana.sees(ana.text("The theme has its new name everywhere in the app."))
        ana.sees(NAME, ana.main.locator("h1"))
        panel = ana.main.get_by_test_id("stExpander")
        panel.get_by_text(ana.text("Owner"), exact=True).click()
        ana.field("Who looks after it?").fill(OWNER)
        ana.press("Store the owner")
        ana.sees(ana.text("The owner is stored."))
        panel.get_by_text(ana.text("Fixed"), exact=True).click()
        ana.main.get_by_test_id("stDateInputField").get_by_role("spinbutton").first.click()
        ana.page.keyboard.type(f"{FIXED:%Y%m%d}" if language == "en" else f"{FIXED:%d%m%Y}")
        ana.press("Mark as fixed")
        ana.sees(ana.text("Marked as fixed. The nightly runs from that day on test whether it helped."))

        # The report has it, by its new name, among what is being watched.
        ana.go(REPORT)
        ana.sees(ana.text("What was fixed, and did it work?"))
        item = ana.main.get_by_test_id("stVerticalBlock").filter(has_text=NAME).last
        marked = ana.text("Marked as fixed on {day}.", day=ana.told(words.day, FIXED))
        ana.sees(marked, item)
        ana.sees(ana.text("Not tested"), item)
        ana.sees(ana.text("The next nightly run tests whether it helped."), item)
        item.get_by_role("link", name=ana.text("See the theme")).click()
        ana.page.wait_for_url(f"**/theme?*theme={THEME}*")

        # The address alone tells the same to whoever opens it anew.
        anew = come()
        anew.page.goto(ana.page.url)
        anew.sign_in("ANA")
        for reader in (ana, anew):
            reader.sees(NAME, reader.main.locator("h1"))
            reader.sees(reader.text("Looked after by {name}.", name=OWNER))
            reader.sees(marked)
            reader.sees(reader.told(theme_sentences.happened, Happened(FIXED, "fixed", (), "Ana", None, FIXED)))

    edits = [(each.kind, each.theme_id, each.who, each.value) for each in history(company.lake)]
    assert edits == [
        ("rename", THEME, "Ana", NAME),
        ("owner", THEME, "Ana", OWNER),
        ("fixed", THEME, "Ana", f"day:{FIXED}"),
    ]
