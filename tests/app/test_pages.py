"""Every page in every state, through Streamlit's own test harness."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.pages import (
    CHURN,
    CONTACT,
    CONTACTS,
    DETAILS,
    JOURNEY,
    MAP,
    MODELS,
    OVERVIEW,
    PAGES,
    REASONS,
    REPORT,
    REVIEW,
    THEME,
    THEMES,
    PageEntry,
)
from voc.data.workspace import Workspace
from voc.taxonomy import load_taxonomy

MAIN = OVERVIEW.path.parents[1] / "main.py"
Open = Callable[..., AppTest]


@pytest.fixture
def visit(open_page: Open) -> Open:
    return open_page


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def headline(app: AppTest) -> str:
    return plain(app.header[0].value)


def texts(app: AppTest) -> list[str]:
    return [each.value for each in app.text]


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.html, app.code, app.warning)
    return plain("\n".join(str(each.value) for kind in kinds for each in kind))


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: plain(each.value) for each in app.metric}


TITLES = {
    OVERVIEW: "What changed?",
    REASONS: "Why do customers contact us?",
    CHURN: "Whom should we call first?",
    JOURNEY: "Where does it hurt?",
    THEMES: "What do customers talk about?",
    MAP: "How do contacts relate?",
    MODELS: "Can I trust it?",
    CONTACTS: "What do customers say?",
    CONTACT: "What was said?",
    REPORT: "What was the week like?",
    REVIEW: "What should I label?",
}


@pytest.mark.parametrize("page", [*PAGES, *DETAILS], ids=lambda page: page.title)
def test_an_empty_workspace_says_what_to_do(visit: Open, empty: Workspace, page: PageEntry) -> None:
    app = visit(empty, page)
    assert app.title[0].value == TITLES.get(page, "Which theme?")
    assert headline(app) == "No contacts yet"
    assert app.code[0].value == f"voc ingest contacts.csv --workspace {empty.root}"
    assert not app.metric


def test_overview_of_one_contact(visit: Open, one: Workspace) -> None:
    app = visit(one)
    assert headline(app) == "1 contact from 1 customer, 29 May 2026."
    assert "**Roaming** leads: 100.0 % of 1 scored contact (20.7 to 100.0 %)." in everything(app)
    assert metrics(app) == {
        "Contacts": "1", "Customers": "1", "Contact rate": "100.0", "Negative": "100.0 %", "Leaving": "1",
        "Unknown": "0.0 %",
    }  # fmt: skip
    assert "No earlier period to compare" in everything(app)


def test_themes_and_contacts_of_one_contact(visit: Open, one: Workspace) -> None:
    app = visit(one, THEMES)
    assert headline(app) == "No themes yet"
    assert app.code[0].value == f"voc themes --workspace {one.root}"
    app = visit(one, CONTACTS)
    assert headline(app) == "1 contact, newest first."
    assert texts(app) == ["Naplaćen mi je roaming, račun je velik."]


def test_overview_counts_what_sql_counts(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds)
    last = hundreds.lake.query("SELECT max(day) AS day FROM contacts").to_pylist()[0]["day"]
    expected = hundreds.lake.query(
        """SELECT count(*) AS contacts, count(DISTINCT customer_id) AS customers,
                  count(*) FILTER (churn_intent) AS leaving, avg((sentiment = 'negative')::INT) AS negative,
                  avg(abstained::INT) AS unknown
           FROM contacts JOIN scores USING (contact_id, day) WHERE day > $day""",
        {"day": last - timedelta(days=28)},
    ).to_pylist()[0]
    found = metrics(app)
    assert found["Contacts"] == str(expected["contacts"])
    assert found["Customers"] == str(expected["customers"])
    assert found["Leaving"] == str(expected["leaving"])
    assert found["Negative"] == f"{100 * expected['negative']:.1f} %"
    assert found["Unknown"] == f"{100 * expected['unknown']:.1f} %"
    assert headline(app).startswith(f"{expected['contacts']} contacts from {expected['customers']} customers, 2 to 29")
    assert len(app.get("vega_lite_chart")) == 3 + 6, "and a small line under each of six figures"
    assert f"n = {expected['contacts']} · " in everything(app)


def test_every_page_says_that_demo_data_are_generated(
    visit: Open, hundreds: Workspace, make: Any, tmp_path: Path
) -> None:
    for page in PAGES:
        assert "Every contact here is generated." in everything(visit(hundreds, page))
    real = make.workspace(tmp_path / "real", settings='[company]\nname = "Real & Sons"\n', model=None)
    assert "generated" not in everything(visit(real))


def test_the_url_keeps_period_and_filters(visit: Open, hundreds: Workspace) -> None:
    app = visit(
        hundreds, period="all", product=["Mobile", "Television"], language="sr", channel="call", segment=["home", ""]
    )
    chosen = app.session_state
    assert chosen["period"] == "all"
    assert chosen["product"] == ["Mobile", "Television"]
    assert (chosen["language"], chosen["channel"], chosen["segment"]) == (["sr"], ["call"], ["home", ""])
    expected = hundreds.lake.query(
        """SELECT count(*) AS n FROM contacts JOIN customers USING (customer_id)
           WHERE product IN ('Mobile', 'Television') AND language = 'sr' AND channel = 'call'
             AND coalesce(segment, 'home') = 'home'"""
    ).to_pylist()[0]["n"]
    assert metrics(app)["Contacts"] == str(expected)
    assert "No earlier period to compare" in everything(app)


def test_choosing_changes_the_url(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds)
    app.multiselect(key="product").select("Mobile").run()
    assert app.query_params["product"] == "Mobile"
    app.segmented_control(key="period").set_value("7").run()
    assert app.query_params["period"] == "7"
    app.segmented_control(key="period").set_value("28").run()
    assert "period" not in app.query_params
    assert not app.exception


def test_nonsense_in_the_url_counts_as_nothing(visit: Open, hundreds: Workspace) -> None:
    default = metrics(visit(hundreds))
    assert metrics(visit(hundreds, period="a year", product="no such", channel=["", "fax"], segment="x")) == default
    app = visit(hundreds, CONTACTS, page="-3", reason="no such", sentiment="angry", churn="maybe", theme="x")
    assert headline(app) == f"{default['Contacts']} contacts, newest first."


@pytest.mark.parametrize(
    "page", [OVERVIEW, REASONS, THEMES, MAP, CHURN, JOURNEY, CONTACTS], ids=lambda page: page.title
)
def test_filters_that_exclude_everything_can_be_cleared(visit: Open, hundreds: Workspace, page: PageEntry) -> None:
    # No contact of the test data has Prepaid as product and comes as a ticket in English in one week.
    excluded = {"period": "7", "product": "Prepaid", "channel": "ticket", "language": "en", "segment": "home"}
    app = visit(hundreds, page, **excluded)
    assert "No contact fits these filters" in everything(app)
    app.button(key="clear").click().run()
    assert not app.exception
    assert "No contact fits these filters" not in everything(app)
    assert not set(excluded) & set(app.query_params)


def test_without_scores_the_counts_stay_and_the_next_step_is_named(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w", model=None)
    rows = [make.contact(f"c{number}", make.last_day, "Dobar dan", "Hello") for number in range(3)]
    workspace.lake.append("contacts", make.table("contacts", rows))
    app = visit(workspace)
    assert metrics(app) == {
        "Contacts": "3", "Customers": "3", "Contact rate": "–", "Negative": "–", "Leaving": "–", "Unknown": "–",
    }  # fmt: skip
    assert "Needs the customers table" in everything(app)
    assert app.code[0].value == f"voc train --workspace {workspace.root}\nvoc score --workspace {workspace.root}"
    app = visit(workspace, CONTACTS)
    assert headline(app) == "3 contacts, newest first."
    assert app.code[0].value == f"voc train --workspace {workspace.root}\nvoc score --workspace {workspace.root}"


def test_scores_of_other_models_do_not_count(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    workspace.lake.append("contacts", make.table("contacts", [make.contact("c", make.last_day, "Hello")]))
    other = make.score("c", make.last_day, ("roaming", 0.9), model_version="older")
    workspace.lake.append("scores", make.table("scores", [other]))
    app = visit(workspace)
    assert metrics(app)["Negative"] == "–"
    assert app.code[0].value == f"voc score --workspace {workspace.root}"


def test_themes_by_size_and_by_change(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, THEMES)
    table = app.dataframe[0].value
    assert len(table) == len(hundreds.lake.query("SELECT * FROM themes"))
    assert table["contacts"].is_monotonic_decreasing
    assert headline(app).startswith(f"{len(table)} themes in what customers say. They hold ")
    assert all(len(trend) == 10 for trend in table["trend"])
    by_change = visit(hundreds, THEMES, order="change").dataframe[0].value
    assert sorted(by_change["theme"]) == sorted(table["theme"])
    assert list(by_change["theme"]) != list(table["theme"])


def test_groups_of_themes_and_the_themes_of_one(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, THEMES, level="groups", period="all")
    table = app.dataframe[0].value
    themes = visit(hundreds, THEMES, period="all").dataframe[0].value
    assert table["contacts"].is_monotonic_decreasing and table["contacts"].sum() == themes["contacts"].sum()
    assert len(table) == 4 and table["themes"].sum() == len(themes) == 20
    assert all("%" in reasons and "," in reasons for reasons in table["reasons"])
    largest = hundreds.lake.query("SELECT theme_group, theme_group_label AS label FROM themes").to_pylist()
    group = next(row["theme_group"] for row in largest if row["label"] == table["group"][0])
    own = visit(hundreds, THEMES, group=group, period="all").dataframe[0].value
    assert len(own) == table["themes"][0] and own["contacts"].sum() == table["contacts"][0]
    app.selectbox(key="group_picked_0").select(group).run()
    assert not app.exception
    assert app.query_params["group"] == group and "level" not in app.query_params
    assert list(app.dataframe[0].value["theme"]) == list(own["theme"])


def test_a_group_that_is_gone_shows_all_themes(visit: Open, hundreds: Workspace) -> None:
    assert len(visit(hundreds, THEMES, group="G99").dataframe[0].value) == 20


def test_without_groups_themes_are_listed_as_they_are(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.rising(tmp_path / "w")
    rows = [row | {"theme_group": None} for row in workspace.lake.query("SELECT * FROM themes").to_pylist()]
    workspace.lake.replace("themes", make.table("themes", rows))
    app = visit(workspace, THEMES, level="groups")
    assert len(app.dataframe[0].value) == 20 and "Groups" not in everything(app)


def test_a_theme_by_link(visit: Open, hundreds: Workspace) -> None:
    theme = hundreds.lake.query("SELECT * FROM themes ORDER BY contacts DESC").to_pylist()[0]
    for page in (THEMES, THEME):
        app = visit(hundreds, page, theme=theme["theme_id"], period="all")
        assert app.title[0].value.replace("\\", "") == theme["label"]
        assert headline(app).startswith(f"{theme['contacts']} contacts from {theme['customers']} customers, ")
    assert len(app.get("vega_lite_chart")) == 3
    assert len(texts(app)) == len(theme["verbatim_ids"])
    assert any(link.proto.query_string.endswith(f"theme={theme['theme_id']}") for link in app.page_link)


@pytest.mark.parametrize(("page", "parameter"), [(THEME, "theme"), (CONTACT, "contact")])
def test_a_dead_link_says_so(visit: Open, hundreds: Workspace, page: PageEntry, parameter: str) -> None:
    app = visit(hundreds, page, **{parameter: "gone"})
    assert "the link is incomplete" in app.warning[0].value


@pytest.mark.parametrize("words", ["racun", "RAČUN", "рачун"])
def test_search_finds_all_spellings(visit: Open, hundreds: Workspace, words: str) -> None:
    app = visit(hundreds, CONTACTS, q=words, period="all")
    expected = hundreds.lake.query("SELECT count(*) AS n FROM contacts WHERE search_text LIKE '%racun%'")
    assert headline(app) == f"{expected.to_pylist()[0]['n']} contacts with these words, newest first."
    marked = "\n".join(each.value for each in app.html)
    assert "<mark" in marked
    assert ">račun</mark>" in marked.lower() and ">рачун</mark>" in marked.lower()


def test_searching_begins_at_the_first_page(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, CONTACTS, period="all", page="3")
    first = visit(hundreds, CONTACTS, period="all")
    assert set(texts(app)) != set() and app.query_params["page"] == "3"
    assert headline(app) == headline(first)
    app.text_input(key="q").set_value("roaming").run()
    assert app.query_params["q"] == "roaming"
    assert "page" not in app.query_params
    assert "with these words" in headline(app)


def test_pages_hold_twenty_and_the_last_the_rest(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, CONTACTS, period="all", page="2")
    assert len(texts(app)) == 20
    app = visit(hundreds, CONTACTS, period="all", page="9999")
    assert headline(app) == "600 contacts, newest first."
    assert len(texts(app)) == 20


def test_filters_by_label(visit: Open, hundreds: Workspace) -> None:
    def count(condition: str) -> int:
        return hundreds.lake.query(
            f"""SELECT count(*) AS n FROM scores LEFT JOIN theme_assignments USING (contact_id)
                WHERE {condition}"""
        ).to_pylist()[0]["n"]

    for parameters, condition in (
        ({"reason": "roaming"}, "list_contains([item.reason for item in reasons], 'roaming')"),
        ({"reason": "-unknown"}, "abstained"),
        ({"sentiment": "negative"}, "sentiment = 'negative'"),
        ({"churn": "yes"}, "churn_intent"),
        ({"theme": "t-bill_higher"}, "theme_id = 't-bill_higher'"),
        ({"sentiment": "positive", "churn": "no"}, "sentiment = 'positive' AND NOT churn_intent"),
    ):
        app = visit(hundreds, CONTACTS, period="all", **parameters)
        assert headline(app) == f"{count(condition)} contacts, newest first."


def test_choosing_a_reason_keeps_its_id_in_the_url(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, CONTACTS)
    app.selectbox(key="reason").set_value("roaming").run()
    assert app.query_params["reason"] == "roaming"
    app.selectbox(key="reason").set_value(None).run()
    assert "reason" not in app.query_params


def test_a_contact_by_link(visit: Open, hundreds: Workspace) -> None:
    row = hundreds.lake.query(
        """SELECT contact_id, turns, reasons, sentiment FROM contacts JOIN scores USING (contact_id)
           WHERE NOT abstained ORDER BY contact_id DESC LIMIT 1"""
    ).to_pylist()[0]
    taxonomy = load_taxonomy(hundreds.root / "taxonomy.toml")
    for page in (CONTACTS, CONTACT):
        app = visit(hundreds, page, contact=row["contact_id"], period="7")
        assert texts(app) == [turn["text"] for turn in row["turns"]]
        assert len(app.chat_message) == 3
        shown = everything(app).replace("\\", "")
        for reason in row["reasons"]:
            assert f"{taxonomy.name(reason['reason'])} · {100 * reason['probability']:.0f} %" in shown
        assert row["sentiment"].capitalize() in shown
        assert any("period=7" in link.proto.query_string for link in app.page_link if link.value == "All contacts")


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\n# Not a heading **not bold** [x](javascript:alert(3))\n"
    "=1+1 :red[no] :material/home: $x$ `code` http://evil.example \u202egnp.exe"
)


def test_what_customers_write_is_shown_as_text(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    lake, day = workspace.lake, make.last_day
    lake.append("contacts", make.table("contacts", [make.contact("c", day, HOSTILE, product="<b>**P**</b>")]))
    lake.append("scores", make.table("scores", [make.score("c", day, ("<i>odd</i>", 0.9))]))
    theme = {
        "theme_id": "t", "label": "=1+1 <b>**x**</b>", "keywords": ["<u>k</u>", ":red[z]"], "verbatim_ids": ["c"],
        "first_day": day, "last_day": day, "status": "active",
    }  # fmt: skip
    lake.append("themes", make.table("themes", [theme]))
    lake.append(
        "theme_assignments",
        make.table("theme_assignments", [{"contact_id": "c", "day": day, "theme_id": "t", "similarity": 1.0}]),
    )
    shown = HOSTILE.replace("\u202e", "⟨U+202E⟩")
    for page in (CONTACTS, THEME, CONTACT):
        app = visit(
            workspace, page, **({"theme": "t"} if page is THEME else {"contact": "c"} if page is CONTACT else {})
        )
        assert texts(app) == [shown if page is CONTACT else " ".join(shown.split())]
        assert "\u202e" not in everything(app)
        for each in (*app.markdown, *app.title, *app.header, *app.caption):
            assert "<" not in each.value.replace("\\<", ""), each.value
            assert "**P**" not in each.value and "**x**" not in each.value and ":red[z" not in each.value
    app = visit(workspace, CONTACTS, q="script alert")
    assert "<script" not in app.html[0].value and "<img" not in app.html[0].value
    assert "&lt;<mark" in app.html[0].value
    table = visit(workspace, THEMES).dataframe[0].value
    assert table["theme"].tolist() == ["=1+1 <b>**x**</b>"]
    visit(workspace)


@pytest.mark.parametrize("chosen", [{"product": "Mobile"}, {"segment": "business"}])
def test_links_carry_the_filters(visit: Open, hundreds: Workspace, chosen: dict[str, str]) -> None:
    app = visit(hundreds, period="all", **chosen)
    links = [link.proto.query_string for link in app.page_link]
    assert len(links) == len(PAGES) + 5
    wanted = {f"{name}={value}" for name, value in {"period": "all", **chosen}.items()}
    assert all(wanted <= set(link.split("&")) for link in links)
    assert [link for link in links if "churn=yes" in link]


def test_a_wrong_folder_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path))
    app = AppTest.from_file(str(MAIN)).run()
    assert not app.exception
    assert "not a workspace" in app.error[0].value.replace("\\", "")
    monkeypatch.delenv(WORKSPACE_VARIABLE)
    app = AppTest.from_file(str(MAIN)).run()
    assert "voc app --workspace" in app.error[0].value.replace("\\", "")


def test_new_contacts_appear(visit: Open, make: Any, tmp_path: Path) -> None:
    import streamlit as st

    workspace = make.workspace(tmp_path / "w")
    row = make.contact("a", make.last_day, "Hello")
    workspace.lake.append("contacts", make.table("contacts", [row]))
    assert metrics(visit(workspace))["Contacts"] == "1"
    workspace.lake.append("contacts", make.table("contacts", [make.contact("b", make.last_day, "Hi")]))
    st.cache_data.clear()  # the state is looked up every ten seconds; the marts know by its versions
    assert metrics(visit(workspace))["Contacts"] == "2"


def test_the_overview_shows_what_is_emerging(visit: Open, rising: Workspace) -> None:
    app = visit(rising, product="Mobile")
    shown = everything(app)
    assert "50 customers since Monday, 25 May, usually 12: 4.2 times as many." in shown
    assert "38 customers since Monday, 25 May, usually 12: 3.2 times as many." in shown
    assert shown.index("50 customers") < shown.index("38 customers")
    assert "more within a week than chance explains · 26 above the usual (15 to 40)" in shown
    assert "Above the usual by itself: product Mobile." in shown
    assert "language Slovenian: 9, usually 2" in shown
    assert "30 customers" not in shown
    assert "About one false alert a month is to be expected." in shown
    links = [link.proto.query_string for link in app.page_link if link.label == "See the theme"]
    assert ["theme=t-roaming" in link and "product=Mobile" in link for link in links] == [True]
    assert len(app.get("vega_lite_chart")) == 3 + 6 + 2


def test_an_overview_without_alerts_says_what_was_tested(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.rising(tmp_path / "w")
    workspace.lake.replace("alerts", make.table("alerts", []))
    shown = everything(visit(workspace))
    assert (
        "Nothing is emerging among 20 themes and 1 reason, tested to 29 May 2026. "
        "About one false alert a month is to be expected."
    ) in shown


def test_an_overview_before_the_first_test_says_what_to_do(visit: Open, hundreds: Workspace, one: Workspace) -> None:
    app = visit(hundreds)
    assert f"voc signals --workspace {hundreds.root}" in [each.value for each in app.code]
    assert "Emerging now" not in everything(visit(one))


def test_themes_can_be_narrowed_to_those_that_emerge(visit: Open, rising: Workspace, hundreds: Workspace) -> None:
    table = visit(rising, THEMES).dataframe[0].value
    assert set(table["status"]) == {"Emerging", "Resolved", "Stable"}
    table = visit(rising, THEMES, show="emerging").dataframe[0].value
    assert table["status"].tolist() == ["Emerging"]
    app = visit(hundreds, THEMES, show="emerging")
    assert "status" not in app.dataframe[0].value and len(app.dataframe[0].value) == 20


def test_where_no_theme_emerges_the_list_says_so(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.rising(tmp_path / "w")
    quiet = [row for theme in ("t-roaming", "t-payment_plan") for row in make.signals(theme, [3] * 30, "fading")]
    workspace.lake.replace("signals", make.table("signals", quiet))
    app = visit(workspace, THEMES, show="emerging")
    assert "No theme is emerging" in everything(app)
    app.button(key="show_all").click().run()
    assert not app.exception
    assert "show" not in app.query_params and len(app.dataframe[0].value) == 20


def test_a_theme_stands_before_its_usual_range(visit: Open, rising: Workspace) -> None:
    app = visit(rising, THEME, theme="t-roaming")
    shown = everything(app)
    assert "How many customers a day, and is that usual?" in shown
    assert "Emerging" in shown
    assert "38 customers since Monday, 25 May, usually 12: 3.2 times as many." in shown
    shown = everything(visit(rising, THEME, theme="t-bill_higher", period="all"))
    assert "Over: 30 customers from 29 April to 5 May 2026, usually 9: 3.3 times as many." in shown
    assert "by a history of less than four weeks" in shown
    assert "30 customers" not in everything(visit(rising, THEME, theme="t-bill_higher", period="7"))
    # What is usual is known of all customers together alone.
    shown = everything(visit(rising, THEME, theme="t-roaming", product="Mobile"))
    assert "is that usual?" not in shown and "clear the filters" in shown
    shown = everything(visit(rising, THEME, theme="t-roaming", segment="home"))
    assert "is that usual?" not in shown and "clear the filters" in shown


def test_a_retired_theme_can_be_read_but_is_not_listed(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.rising(tmp_path / "w")
    rows = workspace.lake.query("SELECT * FROM themes").to_pylist()
    retired = {"status": "retired", "owner": "**Ana**", "fixed_release": "2.1"}
    rows = [row | retired if row["theme_id"] == "t-roaming" else row for row in rows]
    workspace.lake.replace("themes", make.table("themes", rows))
    assert len(visit(workspace, THEMES).dataframe[0].value) == 19
    shown = everything(visit(workspace, THEME, theme="t-roaming"))
    assert "Retired" in shown
    assert r"Looked after by \*\*Ana\*\*. Marked as fixed in release 2\.1." in shown
    assert "38 customers" not in everything(visit(workspace))
