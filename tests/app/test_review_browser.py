"""The page Review with the keyboard alone, in a real browser."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from voc.data.contracts import REVIEW_QUEUE
from voc.data.corrections import current, history
from voc.data.people import USER_VARIABLE
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.inference.corrections import blind
from voc.labels import Split

pytestmark = pytest.mark.browser
IDS = [each for each in (f"r{number}" for number in range(40)) if split_of(each) != Split.TEST]
HIDDEN = next(each for each in IDS if blind(each))
SHOWN = [each for each in IDS if not blind(each)][:4]


def queued(make: Any, root: Path, contacts: Sequence[str]) -> Workspace:
    """Contacts that wait to be judged, about their bill and negative as the model sees them."""
    workspace: Workspace = make.workspace(root)
    said = [make.contact(each, make.last_day, f"My phone is dead abroad: case {each}.") for each in contacts]
    scores = [make.score(each, make.last_day, ("bill_higher", 0.8), sentiment="negative") for each in contacts]
    rows = [
        {"contact_id": each, "place": place, "why": "uncertain", "uncertainty": 0.5, "reviewers": 1}
        for place, each in enumerate(contacts)
    ]
    workspace.lake.append("contacts", make.table("contacts", said))
    workspace.lake.append("scores", make.table("scores", scores))
    workspace.lake.append("review_queue", pa.Table.from_pylist(rows, schema=REVIEW_QUEUE.schema))
    return workspace


def test_keys_alone_suffice_and_type_into_the_note_without_judging(
    tools: Any, browser_page: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser_page
    monkeypatch.setenv(USER_VARIABLE, "Ana")
    workspace = queued(make, tmp_path / "w", [HIDDEN])
    lake = workspace.lake

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


def test_keys_may_come_as_fast_as_fingers_are(
    tools: Any, browser_page: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser_page
    monkeypatch.setenv(USER_VARIABLE, "Ana")
    workspace = queued(make, tmp_path / "w", SHOWN)
    asked: list[str] = []  # which part of the page each key asked for

    def hear(sent: bytes | str) -> None:
        question = BackMsg.FromString(sent if isinstance(sent, bytes) else sent.encode()).rerun_script
        if any(state.trigger_value for state in question.widget_states.widgets):
            asked.append(question.fragment_id)

    page.on("websocket", lambda socket: socket.on("framesent", hear))
    with tools.served(workspace.root) as address:
        page.goto(f"{address}/review")
        for left in range(len(SHOWN), 0, -1):
            page.get_by_text(re.compile(rf"^{left}\scontacts?\sleft")).wait_for()
            page.get_by_role("button", name="Accept").wait_for()
            page.keyboard.press("W")
            page.keyboard.press("A")
        page.get_by_text("Everything is judged").wait_for()
    held = {key: row.new for key, row in current(history(workspace.lake)).items()}
    assert {contact: held[contact, "sentiment"] for contact in SHOWN} == dict.fromkeys(SHOWN, ("neutral",))
    # A click on a whole page would stop the one before it, on a slow machine before it has counted.
    assert len(asked) >= len(SHOWN) and all(asked)
