"""The reasons page and the churn page: what they say, what they hide, where they lead."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from voc import i18n
from voc.app import churn_sentences, reason_charts, reason_rows, reason_views, sentences, words
from voc.app.pages import CHURN, REASONS, PageEntry
from voc.data.workspace import Workspace
from voc.inference.intervals import Interval
from voc.inference.marts import Totals
from voc.inference.marts_churn import AtRisk, BackTest, CallList
from voc.taxonomy import load_taxonomy

Open = Callable[..., AppTest]
HEAD = "head-1"
MAY = date(2026, 5, 4)


@pytest.fixture
def visit(open_page: Open) -> Open:
    def visit(workspace: Workspace, page: PageEntry = REASONS, /, **parameters: str | list[str]) -> AppTest:
        return open_page(workspace, page, **parameters)

    return visit


@pytest.fixture(scope="module")
def leaving(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six hundred contacts with outcomes of every customer and the risk of every contact. Read only."""
    workspace: Workspace = make.workspace(tmp_path_factory.mktemp("leaving") / "w", settings=SETTINGS)
    lake = workspace.lake
    make.fill(lake, contacts=600, days=70)
    rows = lake.query(
        """SELECT customer_id, max(day) FILTER (churn_intent) AS said, max(day) AS last
           FROM contacts JOIN scores USING (contact_id, day) GROUP BY 1 ORDER BY 1"""
    ).to_pylist()
    # Every second of those who say so leaves five days later, if they are not heard of again.
    outcomes = [
        {"customer_id": row["customer_id"], "kind": "stayed", "digest": row["customer_id"]}
        | (
            {"kind": "churned", "churned_at": row["said"] + timedelta(days=5)}
            if place % 2 and row["said"] == row["last"]
            else {}
        )
        for place, row in enumerate(rows)
    ]
    lake.append("outcomes", make.table("outcomes", outcomes))
    contacts = lake.query("SELECT contact_id, day FROM contacts ORDER BY contact_id").to_pylist()
    risks = [
        row | {"model_version": HEAD, "outcome_probability": place / 1000, "horizon_days": 10}
        for place, row in enumerate(contacts)
    ]
    lake.append("outcome_scores", make.table("outcome_scores", risks))
    make.saved_head(workspace, HEAD, 10)
    return workspace


SETTINGS = '[company]\nname = "Zvono"\n[outcomes]\nhorizon_days = 10\n[costs]\nper_contact = { call = 6.5, chat = 2 }\n'


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\\", "")


def headline(app: AppTest) -> str:
    return plain(app.header[0].value)


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.html, app.code, app.warning)
    return plain("\n".join(str(each.value) for kind in kinds for each in kind))


def links(app: AppTest, label: str) -> list[str]:
    return [link.proto.query_string for link in app.page_link if plain(link.label).startswith(label)]


def test_the_reasons_page_counts_what_sql_counts(visit: Open, leaving: Workspace) -> None:
    app = visit(leaving, period="28")
    last = date(2026, 5, 29)
    expected = leaving.lake.query(
        """WITH said AS (SELECT contact_id, unnest(reasons).reason AS reason, sentiment FROM scores WHERE day > $day)
           SELECT reason, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
                  count(*) FILTER (sentiment = 'negative') AS negative,
                  count(*) FILTER (channel = 'call') * 6.5 + count(*) FILTER (channel = 'chat') * 2 AS cost
           FROM said JOIN contacts USING (contact_id) GROUP BY 1 ORDER BY 2 DESC, 1""",
        {"day": last - timedelta(days=28)},
    ).to_pylist()
    taxonomy = load_taxonomy(leaving.root / "taxonomy.toml")
    table = app.dataframe[0].value
    first = expected[0]
    row = table.iloc[0]
    assert headline(app).startswith(f"**{taxonomy.name(first['reason'])}** leads: ")
    shown = table[table["contacts"] > 0]
    assert shown["contacts"].tolist() == [each["contacts"] for each in expected]
    assert shown["cost"].tolist() == pytest.approx([float(each["cost"]) for each in expected])
    assert plain(row["negative"]).startswith(f"{100 * first['negative'] / first['contacts']:.1f} % (")
    rare = [each["customers"] < 5 for each in expected]
    assert (shown["negative"] == "–").tolist() == rare and any(rare)
    assert "fewer than 5 customers, who could be guessed" in everything(app)
    assert len(app.get("vega_lite_chart")) == 1 and len(app.get("echarts_chart")) == 1
    assert [metric.label for metric in app.metric] == ["Eliminate", "Automate", "Self-serve", "Keep"]


def test_a_chosen_reason_shows_its_movement_and_leads_to_its_contacts(
    visit: Open, leaving: Workspace, rising: Workspace
) -> None:
    app = visit(leaving, reason="roaming", period="28", channel="chat")
    counted = leaving.lake.query(
        """SELECT count(*) AS n FROM scores JOIN contacts USING (contact_id, day)
           WHERE list_contains([item.reason for item in reasons], 'roaming') AND channel = 'chat' AND day > $day""",
        {"day": date(2026, 5, 1)},
    ).to_pylist()[0]["n"]
    assert f"**Roaming**: {counted} contacts from" in everything(app)
    (link,) = links(app, f"Read {counted} contacts")
    assert "reason=roaming" in link and "channel=chat" in link and "period=28" in link
    assert len(app.get("vega_lite_chart")) == 2
    assert "The grey line is the 28 days before" in everything(app)
    app.selectbox(key="reason").set_value(None).run()
    assert "reason" not in app.query_params and not links(app, "Read ")
    usual = everything(visit(rising, reason="roaming"))
    assert "where 95 % of usual days lie" in usual
    assert "50 customers since Monday, 25 May, usually 12: 4.2 times as many." in usual
    of_few = everything(visit(rising, reason="roaming", segment="home"))
    assert "usual days" not in of_few and "clear the filters" in of_few


def test_reasons_can_be_ordered_and_cut_into_slices(visit: Open, leaving: Workspace) -> None:
    by_size = visit(leaving, period="all").dataframe[0].value
    assert by_size["contacts"].is_monotonic_decreasing and "change" not in by_size
    app = visit(leaving, period="28", order="negative", by="segment")
    by_mood = app.dataframe[0].value
    assert not by_mood["contacts"].is_monotonic_decreasing and "change" in by_mood
    assert app.segmented_control(key="by").value == "segment"
    assert "Click a cell" in everything(app) and "Click a cell" in everything(visit(leaving, by="nonsense"))


def test_reasons_of_one_contact(visit: Open, one: Workspace) -> None:
    app = visit(one, reason="roaming")
    assert headline(app) == "**Roaming** leads: 100.0 % of 1 scored contact (20.7 to 100.0 %)."
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["contacts"], row["negative"], row["leaving"]) == (1, "–", "–")
    assert "change" not in row and "cost" not in row
    assert "×: hidden, since it is fewer than 5 customers, who could be guessed." in everything(app)


@pytest.mark.parametrize("page", [REASONS, CHURN], ids=lambda page: page.title)
def test_what_is_missing_is_named(visit: Open, make: Any, tmp_path: Path, page: PageEntry) -> None:
    workspace = make.workspace(tmp_path / "w", model=None)
    workspace.lake.append("contacts", make.table("contacts", [make.contact("c", make.last_day, "Dobar dan")]))
    app = visit(workspace, page)
    assert app.code[0].value == f"voc train --workspace {workspace.root}\nvoc score --workspace {workspace.root}"


def test_when_the_model_abstained_on_everything_it_says_so(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    workspace.lake.append("contacts", make.table("contacts", [make.contact("c", make.last_day, "Hm")]))
    workspace.lake.append("scores", make.table("scores", [make.score("c", make.last_day)]))
    app = visit(workspace)
    assert headline(app) == "The model named no reason in 1 scored contact: it abstained."
    assert not app.dataframe


def totals(scored: int, active: float = 0) -> Totals:
    return Totals(scored, scored, active, scored, 0, 0, 0)


def frame(*rows: tuple[str, int, int, int]) -> pd.DataFrame:
    """Reason, contacts, customers, contacts before; half of the contacts are negative."""
    columns = ["reason", "contacts", "customers", "contacts_before"]
    return pd.DataFrame(rows, columns=columns).assign(
        name=lambda table: table["reason"], negative=lambda table: table["contacts"] // 2, leaving=0
    )


def test_rows_have_intervals_and_hide_how_few_customers_feel(hundreds: Workspace) -> None:
    taxonomy = load_taxonomy(hundreds.root / "taxonomy.toml")
    table = frame(("bill_higher", 300, 200, 100), ("roaming", 10, 4, 11), ("of_old", 6, 6, 0))
    bill, roaming, old = reason_rows.rows(table, taxonomy, totals(1000, 5000.4), totals(1000), 5)
    assert (bill.area, bill.class_, old.area, old.class_) == (
        "Billing and payments", "eliminate", reason_rows.NO_AREA, None,
    )  # fmt: skip
    assert bill.share == Interval(0.3, pytest.approx(0.2724, abs=1e-4), pytest.approx(0.3291, abs=1e-4))
    assert bill.rate is not None and bill.rate.value == 200 / 5000
    assert bill.change is not None and bill.change.excludes_zero
    assert roaming.change is not None and not roaming.change.excludes_zero
    assert roaming.hidden and roaming.negative is None and bill.negative is not None
    assert bill.cost is None
    (alone,) = reason_rows.rows(table.head(1), taxonomy, totals(1000), None, 5)
    assert alone.change is None and alone.rate is None
    assert reason_rows.ordered((roaming, bill), "rose") == (bill, roaming)
    assert reason_rows.ordered((roaming, bill), "negative") == (bill, roaming)
    assert reason_rows.ordered((roaming, bill), "size") == (roaming, bill)


def test_the_file_of_reasons_leaves_out_few_customers(hundreds: Workspace) -> None:
    taxonomy = load_taxonomy(hundreds.root / "taxonomy.toml")
    table = frame(("bill_higher", 300, 200, 100), ("roaming", 10, 4, 11))
    rows = reason_rows.rows(table, taxonomy, totals(1000), totals(1000), 5, {"bill_higher": 7.5})
    (row,) = reason_views.file(rows, 5).to_dict("records")
    assert (row["reason_id"], row["contacts"], row["share"], row["cost"]) == ("bill_higher", 300, 0.3, 7.5)
    assert row["share_low"] < row["share"] < row["share_high"] and row["customers_per_active"] is None


def test_costs_add_up_by_channel() -> None:
    table = pd.DataFrame(
        {"reason": ["a", "a", "b", "b"], "value": ["call", "chat", "call", "chat"], "contacts": [2, 3, 0, 1]}
    )
    assert reason_rows.costs(table, {"call": 10.0}) == {"a": 20.0, "b": 0.0}
    assert reason_rows.costs(table, {"call": 10.0, "chat": 1.0}) == {"a": 23.0, "b": 1.0}
    assert reason_rows.costs(table, {}) is None


def test_numbers_of_the_table_in_words() -> None:
    assert plain(reason_rows.share(Interval(0.14, 0.131, 0.15))) == "14.0 % (13.1 to 15.0)"
    assert reason_rows.per_hundred(Interval(0.0123, 0.01, 0.02)) == "1.23 (1.00 to 2.00)"
    assert reason_rows.change(Interval(0.021, 0.01, 0.03)) == "▲ +2.1 (+1.0 to +3.0)"
    assert reason_rows.change(Interval(-0.021, -0.03, -0.01)) == "▼ −2.1 (−3.0 to −1.0)"
    assert reason_rows.change(Interval(0.001, -0.01, 0.012)) == "≈ +0.1 (−1.0 to +1.2)"
    assert {reason_rows.share(None), reason_rows.per_hundred(None), reason_rows.change(None)} == {"–"}


def test_the_treemap_is_numbered_as_echarts_numbers_it(hundreds: Workspace) -> None:
    taxonomy = load_taxonomy(hundreds.root / "taxonomy.toml")
    table = frame(("bill_higher", 90, 60, 30), ("roaming", 50, 40, 50), ("charge_unknown", 20, 9, 60))
    table = pd.concat([table, frame(("of_old", 0, 0, 9))], ignore_index=True)
    rows = reason_rows.rows(table, taxonomy, totals(1000), totals(1000), 5)
    option, places = reason_charts.treemap(rows, True)
    assert places == [None, None, "bill_higher", "charge_unknown", None, "roaming"]
    billing, mobile = option["series"][0]["data"]
    assert [leaf["value"] for leaf in billing["children"]] == [90, 20]
    colours = [leaf["itemStyle"]["color"] for leaf in (*billing["children"], *mobile["children"])]
    assert colours == [reason_charts.ORANGE, reason_charts.BLUE, reason_charts.GREY]


def test_small_cells_lose_their_numbers() -> None:
    table = pd.DataFrame(
        {
            "reason": ["a", "b", "c", "a"], "value": ["x", "x", "x", "y"], "contacts": [50, 6, 0, 4],
            "customers": [40, 4, 0, 4], "scored": [100, 100, 100, 4], "people": [90, 90, 90, 4],
        }
    )  # fmt: skip
    cells = reason_charts.cells(table, 5)
    assert cells["hidden"].tolist() == [False, True, False, True]
    assert [plain(said) for said in cells["said"]] == ["50 %", "×", "0 %", "×"]
    assert cells["counted"].tolist() == ["50", "–", "0", "–"]
    assert not {"contacts", "customers", "people"} & set(cells.columns), "hidden numbers would reach the browser"
    assert cells["share"].isna().tolist() == cells["hidden"].tolist()
    assert reason_charts.cells(table, 1)["hidden"].tolist() == [False] * 4
    said = reason_charts.cells(table.assign(scored=2000), 1)["said"]
    assert [plain(each) for each in said] == ["2.5 %", "0.3 %", "0.0 %", "0.2 %"], "small shares have a digit more"


def test_the_sentence_of_a_reason() -> None:
    share, rose = Interval(0.14, 0.13, 0.15), Interval(0.021, 0.01, 0.03)
    assert plain(sentences.reason("<b>", 10, 8, share, rose, "28 days")) == (
        "**<b>**: 10 contacts from 8 customers, 14.0 % of the scored contacts (13.0 to 15.0 %). "
        "Its share rose by 2.1 points against the 28 days before (+1.0 to +3.0)."
    )
    same = Interval(0.001, -0.01, 0.012)
    assert plain(sentences.reason("R", 1, 1, share, same, "7 days")).endswith(
        "No clear change of its share against the 7 days before (−1.0 to +1.2 points)."
    )
    assert plain(sentences.reason("R", 1, 1, None, None, "")) == "**R**: 1 contact from 1 customer."


def test_the_call_list_shows_both_signals_apart(visit: Open, leaving: Workspace) -> None:
    app = visit(leaving, CHURN, capacity="4", period="all")
    expected = leaving.lake.query(
        """SELECT arg_max(contact_id, started_at) AS contact_id FROM contacts JOIN scores USING (contact_id, day)
           LEFT JOIN outcomes USING (customer_id) LEFT JOIN customers USING (customer_id)
           WHERE churn_intent AND coalesce(churned_at, DATE '2099-01-01') > DATE '2026-05-29'
             AND coalesce(active_to, DATE '2099-01-01') > DATE '2026-05-29'
           GROUP BY customer_id ORDER BY max(started_at) DESC"""
    ).to_pylist()
    assert headline(app) == f"4 of {len(expected)} customers who said that they leave, most certain first."
    meant = "By the model's probabilities nearly all of these 4 mean it."  # .9 each
    assert meant in everything(app)
    to_contacts = [link for link in (each.proto.query_string for each in app.page_link) if "contact=" in link]
    assert len(to_contacts) == 4 and all("capacity=4" in link and "period=all" in link for link in to_contacts)
    shown = {row["contact_id"] for row in expected}
    assert all(link.rpartition("contact=")[2].partition("&")[0] in shown for link in to_contacts)
    text = everything(app)
    assert text.count("90 % likely meant") == 4 and text.count("Observed risk, 10 days") == 4
    assert "among as many drawn at random from those who had been in touch it would have been" in text
    assert "left within 10 days" in text
    by_risk = visit(leaving, CHURN, capacity="4", period="all", order="risk")
    assert headline(by_risk).startswith("4 of ") and headline(by_risk).endswith("an observed risk, highest first.")
    assert "Does not say that they leave" in everything(by_risk) and meant not in everything(by_risk)


def test_the_capacity_stays_in_the_url(visit: Open, leaving: Workspace) -> None:
    app = visit(leaving, CHURN, period="all")
    assert app.number_input(key="capacity").value == 20
    app.number_input(key="capacity").set_value(3).run()
    assert app.query_params["capacity"] == "3"
    assert headline(app).startswith("3 of ")
    app.number_input(key="capacity").set_value(20).run()
    assert "capacity" not in app.query_params
    assert visit(leaving, CHURN, capacity="501").number_input(key="capacity").value == 20


def test_without_outcomes_the_list_stands_and_the_next_step_is_named(visit: Open, hundreds: Workspace) -> None:
    app = visit(hundreds, CHURN, order="risk")
    assert headline(app).endswith("customers said that they leave; all are on the list.")
    assert " By the model's " in everything(app).replace("\n", " ")
    assert "It is not known who left" in everything(app) and "Observed risk" not in everything(app)
    assert "cannot be said yet" in everything(app)
    root = hundreds.root
    assert app.code[0].value == f"voc ingest outcomes.csv --workspace {root}\nvoc train-outcomes --workspace {root}"


def test_churn_of_one_contact_quotes_the_words_that_say_so(
    visit: Open, one: Workspace, make: Any, tmp_path: Path
) -> None:
    app = visit(one, CHURN)
    assert headline(app) == "1 customer said that they leave; all are on the list."
    assert [text.value for text in app.text] == ["Naplaćen mi je roaming, račun je velik."]
    workspace = make.workspace(tmp_path / "w")
    lake, day = workspace.lake, make.last_day
    said = "Hello. <b>I leave</b> =1+1 **now**. Bye."
    begin, end = said.index("<b>"), said.index(" Bye")
    rows = [
        make.contact("c", day - timedelta(days=1), said, customer_id="<i>x</i>"),
        make.contact("d", day, "Fine, I stay", customer_id="<i>x</i>"),
    ]
    lake.append("contacts", make.table("contacts", rows))
    leaving = {"churn_intent": True, "churn_probability": 0.83, "churn_direction": "leaving"}
    evidence = {"churn_evidence": {"turn": 0, "begin": begin, "end": end}}
    scores = [
        make.score("c", day - timedelta(days=1), **leaving, **evidence),
        make.score("d", day, churn_direction="staying"),
    ]
    lake.append("scores", make.table("scores", scores))
    app = visit(workspace, CHURN)
    assert [text.value for text in app.text] == [said[begin:end]]
    assert not app.main.get("html")
    shown = everything(app)
    assert "Said on 28 May · 83 % likely meant" in shown
    assert "Later, on 29 May: Speaks of leaving, and stays." in shown
    assert any("contact=c" in link.proto.query_string for link in app.page_link)


def test_nobody_to_call_is_said(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    workspace.lake.append("contacts", make.table("contacts", [make.contact("c", make.last_day, "Hi")]))
    workspace.lake.append("scores", make.table("scores", [make.score("c", make.last_day, ("roaming", 0.9))]))
    app = visit(workspace, CHURN)
    assert headline(app) == "Nobody says that they leave."
    assert "Nobody to call" in everything(app)


def listed(count: int, probability: float | None = 0.5) -> tuple[AtRisk, ...]:
    return tuple(AtRisk(str(place), "c", MAY, probability, "c", None) for place in range(count))


@pytest.mark.parametrize(
    ("count", "probability", "said"),
    [
        (20, 0.45, "By the model's probabilities about 9 of these 20 mean it."),
        (20, 0.07, "By the model's probabilities about 1 of these 20 means it."),
        (20, 0.02, "By the model's probabilities hardly one of these 20 means it."),
        (3, None, "By the model's probabilities nearly all of these 3 mean it."),  # corrected by a person
        (1, 0.45, ""),
    ],
)
def test_how_many_of_the_list_mean_it(count: int, probability: float | None, said: str) -> None:
    assert plain(churn_sentences.meant(CallList(count, count, listed(count, probability)))) == said


def test_the_sentences_of_the_churn_page() -> None:
    assert plain(churn_sentences.headline(CallList(140, 140, listed(20)), "stated")) == (
        "20 of 140 customers who said that they leave, most certain first."
    )
    assert plain(churn_sentences.headline(CallList(0, 3, ()), "risk")) == (
        "Nobody has an observed risk in this period."
    )
    found = BackTest(MAY, date(2026, 5, 31), 100, 31, 9.2, 3)
    assert plain(churn_sentences.back_test(found, 30)) == (
        "Of the 100 customers on this list (4 to 31 May 2026), 31 left within 30 days (23 to 41 %); among as many "
        "drawn at random from those who had been in touch it would have been 9.2."
    )
    assert "3 customers of unknown outcome left out." in plain(churn_sentences.how_tested(found, 28, 20))
    assert "On each of 28 days the list of 20 is made from" in plain(churn_sentences.how_tested(found, 28, 20))
    assert "its worth is not known" in churn_sentences.back_test(BackTest(MAY, MAY, 0, 0, 0.0, 0), 30)
    assert "whose next 30 days are known" in churn_sentences.back_test(None, 30)
    assert words.SPACE in churn_sentences.stated(MAY, 0.5) and churn_sentences.stated(MAY, None) == "Said on 4\u00a0May"


LANGUAGES = {
    "hr": ("Zašto nam se korisnici javljaju?", "Koga prvo nazvati?", "Razlog", "kažu da odlaze|kaže da odlazi"),
    "sr-Cyrl": ("Зашто нам се корисници јављају?", "Кога прво позвати?", "Разлог", "кажу да одлазе|каже да одлази"),
}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_both_pages_in_another_language(
    visit: Open, leaving: Workspace, left_in_english: Callable[..., list[str]], tag: str
) -> None:
    reasons, churn, column, said = LANGUAGES[tag]
    chosen = {"period": "28", "reason": "roaming"}
    app = visit(leaving, REASONS, lang=tag, **chosen)
    assert app.title[0].value == reasons
    assert json.loads(app.dataframe[0].proto.columns)["reason"]["label"] == column
    assert not left_in_english(visit(leaving, REASONS, **chosen), app)
    name = leaving.taxonomy.name("roaming")
    assert name in everything(app).replace("\\", "")  # reasons are called what the taxonomy calls them
    app = visit(leaving, CHURN, lang=tag, period="all")
    assert app.title[0].value == churn and re.search(said, headline(app))
    assert not left_in_english(visit(leaving, CHURN, period="all"), app)


def test_a_call_list_in_four_plural_forms() -> None:
    with i18n.using("sl"):
        said = [plain(churn_sentences.headline(CallList(n, n, listed(n)), "stated")) for n in (1, 2, 3, 5)]
        meant = plain(churn_sentences.meant(CallList(5, 5, listed(5))))
    assert said == [
        "1 stranka pravi, da odhaja; vse so na seznamu.",
        "2 stranki pravita, da odhajata; vse so na seznamu.",
        "3 stranke pravijo, da odhajajo; vse so na seznamu.",
        "5 strank pravi, da odhaja; vse so na seznamu.",
    ]
    assert meant == "Po verjetnostih modela to zares misli približno 2 od teh 5."
