"""The three pages in a real browser."""

from typing import Any

import pytest

from voc.data.workspace import Workspace

pytestmark = pytest.mark.browser


def test_pages_show_no_error(tools: Any, browser_page: Any, hundreds: Workspace) -> None:
    page = browser_page
    with tools.served(hundreds.root) as address:
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
