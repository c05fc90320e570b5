"""The three pages in a real browser."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from voc.data.workspace import Workspace

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tools() -> Any:
    """The module that takes screenshots: it knows how to start the app and when a page stands still."""
    pytest.importorskip("playwright")
    spec = importlib.util.spec_from_file_location("screenshots", Path(__file__).with_name("screenshots.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.chromium() is None:
        pytest.skip("no Chromium")
    return module


def test_pages_show_no_error(tools: Any, hundreds: Workspace) -> None:
    from playwright.sync_api import sync_playwright

    with tools.served(hundreds.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.chromium(), args=tools.BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(1000 * tools.PATIENCE)
        said: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: elsewhere.append(request.url))
        for path in ("", "themes", "contacts", "themes?theme=t-roaming", "contacts?q=racun", "contact?contact=c000599"):
            page.goto(f"{address}/{path}")
            tools.settled(page)
            assert page.locator('[data-testid="stException"]').count() == 0, path
        # Streamlit looks for its server under the page's path first and logs the 404.
        assert [text for text in said if "404" not in text] == []
        assert [url for url in elsewhere if not url.startswith((address, "data:", "blob:", "ws"))] == []

        # A bar opens exactly the contacts that it counts, within the filters.
        page.goto(f"{address}/?period=all")
        tools.settled(page)
        bars = page.locator('[aria-label="Share of contacts by reason, most frequent first"]')
        bars.click(position={"x": 60, "y": 20})
        page.wait_for_url("**/contacts?*reason=*")
        assert "period=all" in page.url
        page.get_by_text("All", exact=True).first.wait_for()
        browser.close()
