"""The page Review with the keyboard alone, in a real browser."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from voc.data.contracts import REVIEW_QUEUE
from voc.data.corrections import current, history
from voc.data.people import USER_VARIABLE
from voc.data.splits import split_of
from voc.inference.corrections import blind
from voc.labels import Split

pytestmark = pytest.mark.browser
IDS = [each for each in (f"r{number}" for number in range(40)) if split_of(each) != Split.TEST]
HIDDEN = next(each for each in IDS if blind(each))


def test_keys_alone_suffice_and_type_into_the_note_without_judging(
    tools: Any, browser_page: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser_page
    monkeypatch.setenv(USER_VARIABLE, "Ana")
    workspace = make.workspace(tmp_path / "w")
    lake = workspace.lake
    lake.append("contacts", make.table("contacts", [make.contact(HIDDEN, make.last_day, "My phone is dead abroad.")]))
    lake.append("scores", make.table("scores", [make.score(HIDDEN, make.last_day, ("bill_higher", 0.8))]))
    row = {"contact_id": HIDDEN, "place": 0, "why": "uncertain", "uncertainty": 0.5, "reviewers": 1}
    lake.append("review_queue", pa.Table.from_pylist([row], schema=REVIEW_QUEUE.schema))

    def held() -> dict[str, tuple[str, ...]]:
        return {task: each.new for (_, task), each in current(history(lake)).items()}

    with tools.served(workspace.root) as address:
        page.goto(f"{address}/review")
        tools.settled(page)

        def press(*keys: str) -> None:
            for key in keys:
                page.keyboard.press(key)
                page.wait_for_timeout(200)
                tools.settled(page)

        def button(name: str) -> Any:
            return page.locator("button", has_text=name)

        press("S")
        page.get_by_text("All that is left was put off.").wait_for()
        press("S")
        button("Mobile").wait_for()
        assert "3" in button("Mobile").inner_text()  # the key stands on the button
        press("3")
        button("Roaming").wait_for()
        press("4", "Q", "F")
        page.get_by_placeholder("Note, if there is something to say").focus()
        page.keyboard.type("asz1")
        page.keyboard.press("Tab")
        tools.settled(page)
        assert held() == {}
        press("A")
        page.get_by_text("Everything is judged").wait_for()
        assert held() == {"reason": ("roaming",), "sentiment": ("negative",), "churn_intent": ("yes",)}
        assert history(lake)[0].note == "asz1"
        press("Z")
        button("Save").wait_for()
        assert held() == {}
