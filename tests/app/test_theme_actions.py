"""What people do on a theme's page is stored and shown, through Streamlit's own test harness."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from voc.app.pages import THEME, THEMES, PageEntry
from voc.data.people import USER_VARIABLE
from voc.data.workspace import Workspace
from voc.inference.theme_edits import Edit, current_edits, history, mark_fixed, merge, rename

ROAMING, BILL = "t-roaming", "t-bill_higher"
Open = Callable[..., AppTest]


@pytest.fixture
def visit(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """A theme's page, as Ana."""
    monkeypatch.setenv(USER_VARIABLE, "Ana")

    def visit(workspace: Workspace, page: PageEntry = THEME, /, **parameters: str) -> AppTest:
        return open_page(workspace, page, **{"period": "all", **parameters})

    return visit


@pytest.fixture
def company(make: Any, tmp_path: Path) -> Workspace:
    """Two hundred contacts in forty days, with themes of long ago: every edit came later."""
    workspace: Workspace = make.workspace(tmp_path / "w")
    make.fill(workspace.lake, contacts=200, days=40)
    rows = workspace.lake.query("SELECT * FROM themes").to_pylist()
    rows = [row | {"fitted_at": datetime(2025, 1, 1, tzinfo=UTC)} for row in rows]
    workspace.lake.replace("themes", make.table("themes", rows))
    return workspace


def shown(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.success, app.error, app.info)
    text = "\n".join(str(each.value) for kind in kinds for each in kind)
    return text.replace("\u00a0", " ").replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [each for each in app.button if each.label == label]
    button.click().run()
    assert not app.exception, app.exception[0].value
    return app


def choose(app: AppTest, action: str) -> AppTest:
    app.segmented_control(key="theme_action").set_value(action).run()
    assert not app.exception, app.exception[0].value
    return app


def last(workspace: Workspace) -> Edit:
    return history(workspace.lake)[-1]


def test_a_name_is_stored_with_who_and_shown_everywhere_at_once(visit: Open, company: Workspace) -> None:
    app = visit(company, theme=ROAMING)
    before = app.title[0].value
    app.text_input(key=f"name_{ROAMING}").input("  Roaming u *Srbiji*  ")
    press(app, "Store the name")
    assert (last(company).kind, last(company).who, last(company).value) == ("rename", "Ana", "Roaming u *Srbiji*")
    assert app.title[0].value == r"Roaming u \*Srbiji\*"
    assert "The theme has its new name everywhere in the app." in shown(app)
    assert "Named “Roaming u *Srbiji*”, by Ana." in shown(app)
    assert "Roaming u *Srbiji*" in visit(company, THEMES).dataframe[0].value["theme"].tolist()
    press(app, "Undo the last change")
    assert app.title[0].value == before
    assert current_edits(company.lake).labels == {}


def test_an_owner_and_a_fix_are_shown_at_once(visit: Open, company: Workspace) -> None:
    app = choose(visit(company, theme=ROAMING), "owner")
    app.text_input(key=f"owner_{ROAMING}").input("Network team")
    press(app, "Store the owner")
    assert "Looked after by Network team." in shown(app)
    choose(app, "fixed")
    press(app, "Mark as fixed")
    assert "expected a day or a release, got neither" in shown(app)
    app.date_input(key=f"fixed_on_{ROAMING}").set_value(date(2026, 5, 20))
    app.text_input(key=f"release_{ROAMING}").input("4.2")
    press(app, "Mark as fixed")
    found = current_edits(company.lake).fixed[ROAMING]
    assert (found.day, found.release) == (date(2026, 5, 20), "4.2")
    assert "Marked as fixed on 20 May 2026." in shown(app)
    assert "The next nightly run tests whether it helped." in shown(app)
    assert "Marked as fixed (20 May 2026, 4.2), by Ana." in shown(app)


def test_what_is_not_a_theme_is_hidden_at_once_and_can_come_back(visit: Open, company: Workspace) -> None:
    app = choose(visit(company, theme=ROAMING), "dismiss")
    press(app, "This is not a theme")
    assert last(company).kind == "dismiss"
    assert "This was marked as not a theme, and is hidden." in shown(app)
    listed = len(visit(company, THEMES).dataframe[0].value)
    press(visit(company, theme=ROAMING), "Undo the last change")
    assert len(visit(company, THEMES).dataframe[0].value) == listed + 1


def test_a_merge_waits_for_the_next_run_and_says_so(visit: Open, company: Workspace) -> None:
    app = choose(visit(company, theme=ROAMING), "merge")
    press(app, "Merge")
    assert "expected a theme to merge it into, got none" in shown(app)
    app.selectbox(key=f"into_{ROAMING}").set_value(BILL)
    press(app, "Merge")
    assert (last(company).kind, last(company).other_theme_id) == ("merge", BILL)
    assert "From the next nightly run on its contacts count as those of" in shown(app)
    assert "count as its own" in shown(visit(company, theme=BILL))


def test_a_split_takes_chosen_contacts_and_those_who_say_words(visit: Open, company: Workspace) -> None:
    app = choose(visit(company, theme=ROAMING), "split")
    row = company.lake.query("SELECT * FROM themes WHERE theme_id = $theme", {"theme": ROAMING}).to_pylist()[0]
    press(app, "Split")
    assert "expected words that some of its" in shown(app)
    app.multiselect(key=f"contacts_{ROAMING}").set_value(row["verbatim_ids"][:2])
    press(app, "Split")
    assert last(company).contact_ids == tuple(row["verbatim_ids"][:2])
    assert "The next nightly run makes a new theme of 2 contacts and of others like them." in shown(app)


def test_what_somebody_else_decided_meanwhile_is_kept(visit: Open, company: Workspace) -> None:
    app = visit(company, theme=ROAMING)
    rename(company.lake, ROAMING, "Ivo's name", "Ivo")
    choose(app, "owner").text_input(key=f"owner_{ROAMING}").input("Network team")
    press(app, "Store the owner")
    assert app.title[0].value == r"Ivo\'s name"
    assert [edit.who for edit in history(company.lake)] == ["Ivo", "Ana"]


def test_the_form_of_a_theme_does_not_keep_what_was_typed_for_another(visit: Open, company: Workspace) -> None:
    app = visit(company, theme=ROAMING)
    app.text_input(key=f"name_{ROAMING}").input("Roaming").run()
    app.query_params["theme"] = BILL
    app.run()
    (name,) = [each for each in app.text_input if each.label == "Name"]
    assert name.value not in ("", "Roaming")


CLOSURES = {
    "resolved": ({"ratio": 0.3, "low": 0.2, "high": 0.5}, "Resolved", "The fix of 19 May 2026 helped: 10.0 customers a "
                 "day before, 3.0 in the last 9 days; against all other customers 0.30 times as many (0.20 to 0.50)."),
    "unproven": ({}, "Fix unproven", "The fix of 19 May 2026 is too young to be judged: 2 days of 3."),
    "regressed": ({"ratio": 1.4, "low": 1.1, "high": 1.9}, "Regressed", "The fix of 19 May 2026 does not hold:"),
}  # fmt: skip


@pytest.mark.parametrize("verdict", CLOSURES)
def test_the_test_of_a_fix_is_one_sentence_and_the_status(
    visit: Open, make: Any, company: Workspace, verdict: str
) -> None:
    figures, status, sentence = CLOSURES[verdict]
    edit = mark_fixed(company.lake, ROAMING, "Ana", day=date(2026, 5, 19))
    days = 2 if verdict == "unproven" else 9
    row = {
        "edit_id": edit.edit_id, "theme_id": ROAMING, "fixed_on": date(2026, 5, 19), "tested_on": make.last_day,
        "verdict": verdict, "before": 280, "after": 3 * days, "days_before": 28, "days_after": days,
    }  # fmt: skip
    company.lake.append("closures", make.table("closures", [row | figures]))
    app = visit(company, theme=ROAMING)
    assert sentence in shown(app)
    table = visit(company, THEMES).dataframe[0].value
    assert sorted(set(table["status"])) == sorted({"–", status})
    # A newer mark is not what was tested.
    mark_fixed(company.lake, ROAMING, "Ana", release="4.3")
    st.cache_data.clear()  # what others decide is seen within ten seconds
    assert "The next nightly run tests whether it helped." in shown(visit(company, theme=ROAMING))


def test_impact_lineage_and_neighbours_are_shown(visit: Open, make: Any, company: Workspace) -> None:
    lake = company.lake
    rows = lake.query("SELECT * FROM themes").to_pylist()
    centres = {ROAMING: [1.0, 0.0], BILL: [0.9, 0.4]}
    rows = [row | {"centroid": centres.get(row["theme_id"], [-1.0, 0.1])} for row in rows]
    lake.replace("themes", make.table("themes", rows))
    at = datetime(2026, 5, 2, 3, tzinfo=UTC)
    events = [
        {"event_id": "1", "at": at, "kind": "born", "theme_id": ROAMING, "other_theme_ids": []},
        {"event_id": "2", "at": at + timedelta(7), "kind": "merged", "theme_id": "t-x", "other_theme_ids": [ROAMING]},
        {"event_id": "3", "at": at + timedelta(8), "kind": "retired", "theme_id": "t-y", "other_theme_ids": []},
    ]
    lake.append("theme_events", make.table("theme_events", events))
    app = visit(company, theme=ROAMING)
    text = shown(app)
    assert "2 May 2026] Found for the first time." in text
    assert "9 May 2026] t-x was merged into it." in text
    assert "Retired" not in text
    label = next(row["label"] for row in rows if row["theme_id"] == BILL)
    links = [link for link in app.page_link if f"theme={BILL}" in link.proto.query_string]
    assert [link.label.replace("\\", "") for link in links] == [label]
    found = lake.query(
        """SELECT count(DISTINCT customer_id) AS customers, avg((sentiment = 'negative')::INT) AS negative
           FROM theme_assignments JOIN contacts USING (contact_id) JOIN scores USING (contact_id)
           WHERE theme_id = $theme""",
        {"theme": ROAMING},
    ).to_pylist()[0]
    tiles = {each.label: each.value.replace("\u00a0", " ") for each in app.metric}
    assert tiles["Customers"] == str(found["customers"])
    assert tiles["Negative"] == f"{100 * found['negative']:.1f} %"
    assert "Handling cost" not in tiles


def test_a_cost_is_shown_where_the_settings_name_one(visit: Open, make: Any, tmp_path: Path) -> None:
    prices = '\n[costs]\ncurrency = "EUR"\nper_contact = { call = 6.0, chat = 6.0, email = 6.0, ticket = 6.0 }\n'
    workspace = make.workspace(tmp_path / "w", settings=f'[company]\nname = "Zvono"\n{prices}')
    make.fill(workspace.lake, contacts=200, days=40)
    count = workspace.lake.query("SELECT count(*) AS n FROM theme_assignments WHERE theme_id = $t", {"t": ROAMING})
    tiles = {each.label: each.value.replace("\u00a0", " ") for each in visit(workspace, theme=ROAMING).metric}
    assert tiles["Handling cost"] == f"{6 * count['n'][0].as_py():,} EUR"


def test_a_merged_theme_leads_to_where_it_went(visit: Open, make: Any, company: Workspace) -> None:
    merge(company.lake, ROAMING, BILL, "Ana")
    rows = company.lake.query("SELECT * FROM themes").to_pylist()
    rows = [row | ({"status": "merged", "merged_into": BILL} if row["theme_id"] == ROAMING else {}) for row in rows]
    company.lake.replace("themes", make.table("themes", rows))
    app = visit(company, theme=ROAMING)
    assert "This theme was merged" in shown(app)
    assert any(f"theme={BILL}" in link.proto.query_string for link in app.page_link)
