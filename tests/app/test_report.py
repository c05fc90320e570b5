"""The report page: filled, empty, with one contact, and what its links lead to."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc.app.pages import CONTACTS, PAGES, REPORT, PageEntry
from voc.data.workspace import Workspace

Open = Callable[..., AppTest]


@pytest.fixture
def visit(open_page: Open) -> Open:
    def visit(workspace: Workspace, page: PageEntry = REPORT, /, **parameters: str | list[str]) -> AppTest:
        return open_page(workspace, page, **parameters)

    return visit


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.code, app.warning)
    return "\n".join(str(each.value) for kind in kinds for each in kind).replace("\u00a0", " ").replace("\\", "")


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value.replace("\u00a0", " ") for each in app.metric}


def links(app: AppTest, label: str) -> list[str]:
    return [link.proto.query_string for link in app.page_link if link.label == label]


def test_it_is_the_last_page() -> None:
    assert PAGES[-1] is REPORT


def test_an_empty_workspace_says_what_to_do(visit: Open, empty: Workspace) -> None:
    app = visit(empty)
    assert app.title[0].value == "What was the week like?"
    assert app.header[0].value == "No contacts yet"
    assert not app.metric and not app.get("download_button")


def test_one_contact(visit: Open, one: Workspace) -> None:
    app = visit(one)
    assert metrics(app) == {"Contacts": "1", "Customers": "1"}
    assert "nothing more is shown of it, since they could be recognised" in everything(app)
    assert "Naplaćen" not in everything(app)


def test_the_newest_whole_week_and_its_figures(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds)
    assert app.selectbox(key="week").value == "2026-W21"
    expected = hundreds.lake.query(
        """SELECT count(*) AS contacts, count(*) FILTER (churn_intent) AS leaving,
                  avg((sentiment = 'negative')::INT) AS negative
           FROM contacts JOIN scores USING (contact_id, day) WHERE day BETWEEN '2026-05-18' AND '2026-05-24'"""
    ).to_pylist()[0]
    found = metrics(app)
    assert found["Contacts"] == str(expected["contacts"])
    assert found["Stated churn intents"] == str(expected["leaving"])
    assert found["Negative"] == f"{100 * expected['negative']:.1f} %"
    assert "18 to 24 May 2026, compared with 11 to 17 May 2026." in everything(app)
    assert "Themes were not tested in this week" in everything(app)
    # Every number opens exactly the contacts that it counts.
    (query,) = [link for link in links(app, "Read them") if "sentiment=negative" in link]
    assert "period=2026-W21" in query
    listed = visit(hundreds, CONTACTS, period="2026-W21", sentiment="negative")
    counted = round(expected["negative"] * expected["contacts"])
    assert listed.header[0].value.replace("\u00a0", " ") == f"{counted} contacts, newest first."


def test_a_week_by_link_and_by_choice(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, week="2026-W18")
    assert app.selectbox(key="week").value == "2026-W18"
    assert "27 April to 3 May 2026" in everything(app)
    app.selectbox(key="week").set_value("2026-W20").run()
    assert app.query_params["week"] == "2026-W20" and not app.exception
    assert "11 to 17 May 2026, compared" in everything(app)
    for nonsense in ("2026-W60", "2030-W01", "x"):
        assert visit(hundreds, week=nonsense).selectbox(key="week").value == "2026-W21"


def test_what_rises_with_a_quote_as_text_and_links(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.rising(tmp_path / "w")
    hostile = "<b>x</b> **y** :red[z] \u202e =1+1"
    day = make.last_day - timedelta(days=1)
    workspace.lake.append("contacts", make.table("contacts", [make.contact("zz", day, hostile)]))
    place = {"contact_id": "zz", "day": day, "theme_id": "t-roaming", "similarity": 1.0}
    workspace.lake.append("theme_assignments", make.table("theme_assignments", [place]))
    settings = workspace.root / "voc.toml"
    settings.write_text(settings.read_text() + "\n[privacy]\nleast_customers = 2\n")
    app = visit(workspace, week="2026-W22")
    shown = everything(app)
    assert "38 customers since Monday, 25 May, usually 15: 2.5 times as many." in shown
    assert "(the week is not whole)" in shown
    assert any("theme=t-roaming" in link and "period=2026-W22" in link for link in links(app, "See the theme"))
    assert any("contact=zz" in link.proto.query_string for link in app.page_link)
    assert "<b>x</b> **y** :red[z] ⟨U+202E⟩ =1+1" in [each.value for each in app.text]
    assert not any("<b>" in each.value or "\u202e" in each.value for each in (*app.markdown, *app.caption))


def test_a_small_theme_is_left_out_with_a_word_why(visit: Open, rising: Workspace) -> None:
    app = visit(rising, week="2026-W22")
    assert "Not shown: 1 theme of fewer than 5 customers, who could be recognised." in everything(app)
    assert not links(app, "See the theme") and not app.text


def test_its_files_can_be_downloaded(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds)
    assert [each.proto.label for each in app.get("download_button")] == ["PDF", "HTML", "Markdown"]


def test_a_week_as_period_can_be_seen_and_left(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, CONTACTS, period="2026-W21")
    control = app.segmented_control(key="period")
    assert control.value == "2026-W21"
    control.set_value("28").run()
    assert not app.exception and "period" not in app.query_params


@pytest.mark.parametrize(
    ("tag", "title", "week", "figure"),
    [
        ("hr", "Kakav je bio tjedan?", "21. tjedan 2026.", "Najave odlaska"),
        ("sr-Cyrl", "Каква је била недеља?", "21. недеља 2026.", "Најаве одласка"),
    ],
)
def test_it_is_in_the_readers_language(
    visit: Open,
    hundreds: Workspace,
    left_in_english: Callable[..., list[str]],
    tag: str,
    title: str,
    week: str,
    figure: str,
) -> None:
    app, english = visit(hundreds, lang=tag), visit(hundreds)
    assert app.title[0].value == title and week in everything(app)
    assert figure in metrics(app) and set(metrics(app).values()) != set(metrics(english).values())  # 31,2 and 31.2
    assert not left_in_english(english, app)
    assert all(f"lang={tag}" in link for link in links(app, {"hr": "Pročitajte ih"}.get(tag, "Прочитајте их")))
