"""The filter by segment of customers: every page counts those alone, and says what it cannot know of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc.app import contact_list, filters, queries
from voc.app.filters import View
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.pages import (
    CHURN,
    CONTACTS,
    JOURNEY,
    MAP,
    OVERVIEW,
    REASONS,
    REPORT,
    THEME,
    THEMES,
    PageEntry,
)
from voc.data.workspace import Workspace
from voc.inference.marts import Criteria, Selection

Open = Callable[..., AppTest]
LAST = date(2026, 5, 29)
BARRED = (OVERVIEW, REASONS, THEMES, THEME, MAP, CHURN, JOURNEY, CONTACTS)
NOT_KNOWN = "Contact rates are not known of customers without a segment"
OWN = "contacts JOIN customers USING (customer_id) JOIN scores USING (contact_id, day) WHERE segment = 'business'"


@pytest.fixture(scope="module")
def company(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six hundred contacts on a map, in stages; a quarter of the customers has no segment. Read only."""
    workspace: Workspace = make.workspace(tmp_path_factory.mktemp("segments") / "w")
    make.fill(workspace.lake, contacts=600, days=70)
    rows = workspace.lake.query("SELECT * FROM contacts").to_pylist()
    staged = [row | {"journey_stage": ("pay", "use")[number % 2]} for number, row in enumerate(rows)]
    workspace.lake.replace("contacts", make.table("contacts", staged))
    places = [
        {"contact_id": row["contact_id"], "day": row["day"], "x": float(number % 20), "y": float(number // 20)}
        for number, row in enumerate(rows)
    ]
    workspace.lake.append("theme_map", make.table("theme_map", places))
    return workspace


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\\", "")


def headline(app: AppTest) -> str:
    return plain(app.header[0].value)


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.warning)
    return plain("\n".join(str(each.value) for kind in kinds for each in kind))


def asked(workspace: Workspace, sql: str) -> dict[str, Any]:
    row: dict[str, Any] = workspace.lake.query(sql).to_pylist()[0]
    return row


def chosen(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *segments: str) -> View:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(workspace.root))
    span = queries.span()
    assert span is not None
    return filters.view("all", span, segments=segments)


@pytest.mark.parametrize("page", BARRED, ids=lambda page: page.title)
def test_every_page_of_filters_offers_the_segments_and_keeps_them_in_the_url(
    open_page: Open, company: Workspace, page: PageEntry
) -> None:
    app = open_page(company, page, theme="t-roaming", segment="prepaid")
    bar = app.multiselect(key="segment")
    assert bar.placeholder == "All segments" and bar.value == ["prepaid"]
    assert sorted(bar.options) == ["Not stated", "business", "home", "prepaid"]
    bar.set_value(["prepaid", "business"]).run()
    assert not app.exception
    assert app.query_params["segment"] == ["prepaid", "business"]
    bar.set_value([]).run()
    assert "segment" not in app.query_params


def test_where_no_customer_has_a_segment_there_is_nothing_to_choose(open_page: Open, one: Workspace) -> None:
    app = open_page(one, segment="business")
    assert not [each for each in app.multiselect if each.key == "segment"]
    assert app.metric[0].value == "1", "and what the URL asks for counts as nothing"


def test_the_overview_is_of_the_segment_and_so_is_its_contact_rate(open_page: Open, company: Workspace) -> None:
    expected = asked(
        company,
        f"""SELECT count(*) AS contacts, count(DISTINCT customer_id) AS customers,
                   avg((sentiment = 'negative')::INT) AS negative FROM {OWN}""",
    )
    active = asked(
        company,
        """SELECT count(*) / 70 AS mean FROM customers, generate_series(DATE '2026-03-21', DATE '2026-05-29',
           INTERVAL 1 DAY) AS calendar (day)
           WHERE segment = 'business' AND active_from <= day AND coalesce(active_to > day, TRUE)""",
    )["mean"]
    app = open_page(company, period="all", segment="business")
    found = {each.label: plain(each.value) for each in app.metric}
    assert found["Contacts"] == str(expected["contacts"]) and found["Customers"] == str(expected["customers"])
    assert found["Negative"] == f"{100 * expected['negative']:.1f} %"
    assert found["Contact rate"] == f"{100 * expected['customers'] / round(active):.1f}"
    assert f"{expected['customers']} of {round(active)}" in everything(app)


@pytest.mark.parametrize("segments", [[""], ["home", ""]], ids=["not stated", "one more"])
def test_without_a_segment_there_is_no_contact_rate_and_pages_say_so(
    open_page: Open, company: Workspace, segments: list[str]
) -> None:
    overview = open_page(company, OVERVIEW, period="all", segment=segments)
    assert {each.label: each.value for each in overview.metric}["Contact rate"] == "–"
    assert NOT_KNOWN in everything(overview)
    reasons = open_page(company, REASONS, period="all", segment=segments)
    assert set(reasons.dataframe[0].value["rate"]) == {"–"} and NOT_KNOWN in everything(reasons)
    journey = open_page(company, JOURNEY, period="all", segment=segments)
    assert "rate" not in journey.dataframe[0].value and NOT_KNOWN in everything(journey)
    for page in (OVERVIEW, REASONS, JOURNEY):
        assert NOT_KNOWN not in everything(open_page(company, page, period="all", segment="home"))


def test_reasons_themes_journey_and_contacts_count_the_segment_alone(open_page: Open, company: Workspace) -> None:
    count = asked(company, f"SELECT count(*) AS n FROM {OWN}")["n"]
    reasons = asked(
        company,
        f"""SELECT count(*) AS n, reason FROM (SELECT unnest(reasons).reason AS reason FROM {OWN})
            GROUP BY 2 ORDER BY 1 DESC, 2""",
    )
    table = open_page(company, REASONS, period="all", segment="business").dataframe[0].value
    assert table["contacts"].iloc[0] == reasons["n"]
    themes = company.lake.query(
        f"""SELECT theme_id, count(*) AS n FROM theme_assignments JOIN (SELECT contact_id FROM {OWN}) USING (contact_id)
            WHERE theme_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"""
    ).to_pylist()
    shown = open_page(company, THEMES, period="all", segment="business").dataframe[0].value
    assert shown["contacts"].max() == themes[0]["n"]
    theme = open_page(company, THEME, period="all", segment="business", theme=themes[0]["theme_id"])
    assert headline(theme).startswith(f"{themes[0]['n']} contacts from ")
    journey = open_page(company, JOURNEY, period="all", segment="business").dataframe[0].value
    assert sum(int(plain(said).rpartition(" · ")[2]) for said in journey["negative"]) == count
    contacts = open_page(company, CONTACTS, period="all", segment="business")
    assert headline(contacts) == f"{count} contacts, newest first."
    on_map = open_page(company, MAP, period="all", segment="business")
    assert headline(on_map) == f"Each dot is a contact: all {count} of this view."


def test_the_call_list_holds_the_segment_alone(open_page: Open, company: Workspace) -> None:
    own = {row["customer_id"] for row in company.lake.query(f"SELECT customer_id FROM {OWN}").to_pylist()}
    app = open_page(company, CHURN, period="all", segment="business", capacity="500")
    links = [each for each in app.page_link if "contact=" in each.proto.query_string]
    assert links and {each.label for each in links} <= own
    assert all("segment=business" in each.proto.query_string for each in links)


def test_the_report_is_of_all_customers_whatever_the_filter(open_page: Open, company: Workspace) -> None:
    whole, filtered = open_page(company, REPORT), open_page(company, REPORT, segment="business")
    assert [each.value for each in whole.metric] == [each.value for each in filtered.metric]
    links = [each.proto.query_string for each in filtered.main.get("page_link")]
    assert links and not [link for link in links if "segment=" in link]


def test_a_file_of_contacts_holds_the_segment_alone(company: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {row["contact_id"] for row in company.lake.query(f"SELECT contact_id FROM {OWN}").to_pylist()}
    view = chosen(company, monkeypatch, "business")
    assert set(contact_list.file(view, Criteria())["contact_id"]) == own


def test_what_a_theme_does_above_the_usual_is_not_said_of_a_segment(
    rising: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = chosen(rising, monkeypatch)
    week = Selection(date(2026, 5, 23), LAST)
    assert queries.impact("t-roaming", week).above_usual is not None
    assert queries.impact("t-roaming", replace(week, segments=("home",))).above_usual is None
    assert queries.everybody(view.selection) and not queries.everybody(replace(week, segments=("home",)))
