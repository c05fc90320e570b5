"""The pages Journey and Overview, and what they are made of, in every state."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from voc.app import columns, journey_charts, journey_sentences, journey_views, pulse_news, pulse_sentences, words
from voc.app.pages import CHURN, CONTACTS, JOURNEY, OVERVIEW
from voc.app.sparkline import Point, sparkline
from voc.data.workspace import Workspace
from voc.inference import intervals
from voc.inference.hotspots import Hotspot, hotspots
from voc.inference.intervals import Interval
from voc.inference.marts import Totals
from voc.inference.marts_journey import Stage
from voc.inference.medians import Timing
from voc.inference.movers import Mover

Open = Callable[..., AppTest]
HEAD = "20260530-head"
STAGES = ("join", "activate", "use", "pay", "support", "leave")
SETTINGS = """
[company]
name = "Zvono"
benchmark_contact_rate = 60.5
opening_hours = { mon = "08:00-20:00", tue = "08:00-20:00", wed = "08:00-20:00", thu = "08:00-20:00" }
"""


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\\", "")


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.code)
    return plain("\n".join(str(each.value) for kind in kinds for each in kind))


def figures(app: AppTest) -> dict[str, str]:
    return {each.label: plain(each.value) for each in app.metric}


def notes(app: AppTest) -> str:
    return plain("\n".join(each.value for each in app.caption))


# By the first letter of their names; the others have none.
SEGMENT_OF = defaultdict(lambda: None, {"p": "business", "q": "home", "s": "home"})


@pytest.fixture(scope="session")
def staged(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four hundred and one contacts of five weeks with stages, answers, times; half about the bill while paying.

    Of those who pay, four in five are back the next day about the bill again; nobody else ever is.
    """
    workspace = make.workspace(tmp_path_factory.mktemp("staged") / "w", settings=SETTINGS)
    lake, last = workspace.lake, make.last_day
    contacts, scores, risks = [], [], []

    def add(number: int, who: str, day: date, stage: str | None, reason: str, **more: Any) -> None:
        key = f"c{number:04d}"
        contacts.append(make.contact(key, day, "Račun", customer_id=who, journey_stage=stage, **more))
        mood = "negative" if number % 3 == 0 else "neutral"
        scores.append(make.score(key, day, (reason, 0.9), sentiment=mood))
        risks.append({"contact_id": key, "model_version": HEAD, "day": day, "outcome_probability": 0.25})

    for place in range(100):
        day = last - timedelta(days=place % 28 + 8)
        rated = {"csat": 1 + place % 5, "nps": place % 11, "first_response_s": 60 + place, "duration_s": 600}
        add(4 * place, f"p{place}", day, "pay", "bill_higher", **rated)
        again = ("pay", "bill_higher") if place % 5 else ("use", "roaming")
        add(4 * place + 1, f"p{place}" if place % 5 else f"x{place}", day + timedelta(days=1), *again)
        add(4 * place + 2, f"q{place}", day, STAGES[place % 3], "roaming", channel="email")
        add(4 * place + 3, f"r{place}", day, None if place % 10 == 0 else "leave", "service_cancel")
    add(400, "z", last, None, "roaming")
    lake.append("contacts", make.table("contacts", contacts))
    lake.append("scores", make.table("scores", scores))
    lake.append("outcome_scores", make.table("outcome_scores", risks))
    people = sorted({row["customer_id"] for row in contacts} | {f"s{place}" for place in range(200)})
    rows = [
        {"customer_id": name, "active_from": date(2025, 1, 1), "digest": name, "segment": SEGMENT_OF[name[0]]}
        for name in people
    ]
    lake.append("customers", make.table("customers", rows))
    make.saved_head(workspace, HEAD, 60)
    return workspace


def test_the_journey_names_what_is_worst_beyond_chance(open_page: Open, staged: Workspace) -> None:
    app = open_page(staged, JOURNEY, period="all")
    assert app.title[0].value == "Where does it hurt?"
    said = plain(app.header[0].value)
    assert said.startswith("**Payment** and **Bill higher than expected** is worst: 80.0 % of customers come back")
    assert said.endswith("within 7 days (71.1 to 86.7 %), elsewhere 0.0 %.")
    text = everything(app)
    assert "11 of 401 contacts (2.7 %) name no stage and are not in these figures." in text
    assert "In **Payment** customers get stuck most: 80.0 % come back within 7 days" in text
    table = app.dataframe[0].value
    assert table["stage"].tolist()[0] == "Payment"
    assert plain(table["back"].tolist()[0]) == "▲ 80.0 % (71.1 to 86.7) · 100"
    assert plain(table["first"].tolist()[0]) == "110 s (99 to 120 s) · 100"
    assert set(table["first"].tolist()[1:]) == {"–"}


def test_the_journey_shows_other_rates(open_page: Open, staged: Workspace) -> None:
    rate = open_page(staged, JOURNEY, period="all", show="rate")
    assert plain(rate.header[0].value).startswith("**Payment** and **Bill higher than expected** brings the most")
    negative = open_page(staged, JOURNEY, period="all", show="negative")
    assert "contacts are negative" in plain(negative.header[0].value)
    assert "n is those contacts." in everything(negative)
    assert open_page(staged, JOURNEY, show="x").segmented_control(key="show").value == "back"


def test_a_stage_leads_to_its_contacts(open_page: Open, staged: Workspace) -> None:
    app = open_page(staged, JOURNEY, period="all", channel="chat")
    (link,) = [each.proto.query_string for each in app.page_link if each.proto.label == "Payment"]
    assert "stage=pay" in link and "channel=chat" in link and "period=all" in link
    (none,) = [each.proto.query_string for each in app.page_link if each.proto.label == "No stage"]
    assert "stage=-none" in none
    contacts = open_page(staged, CONTACTS, period="all", stage="pay", reason="bill_higher")
    assert plain(contacts.header[0].value) == "180 contacts, newest first."
    assert contacts.selectbox(key="stage").value == "pay"
    assert plain(open_page(staged, CONTACTS, period="all", stage="-none").header[0].value).startswith("11 contacts")
    assert plain(open_page(staged, CONTACTS, period="all", stage="no such").header[0].value).startswith("401 ")


def test_a_cell_leads_to_exactly_the_contacts_of_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_views.url, "current", lambda keys: {"period": "7"})
    assert journey_views.link("back", "pay", "roaming") == {"period": "7", "stage": "pay", "reason": "roaming"}
    assert journey_views.link("negative", "", None) == {"period": "7", "stage": "-none", "sentiment": "negative"}


def test_without_stages_the_journey_says_what_is_missing(open_page: Open, hundreds: Workspace, one: Workspace) -> None:
    assert "No stages of the journey" in everything(open_page(hundreds, JOURNEY))
    assert "No stages of the journey" in everything(open_page(one, JOURNEY))


def test_the_journey_of_one_contact_says_nothing_of_one_customer(open_page: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    row = make.contact("c", make.last_day, "Račun", journey_stage="Onboarding <b>")
    workspace.lake.append("contacts", make.table("contacts", [row]))
    workspace.lake.append("scores", make.table("scores", [make.score("c", make.last_day, ("roaming", 0.9))]))
    app = open_page(workspace, JOURNEY)
    assert plain(app.header[0].value).startswith("In no stage and reason are there 30 to compare yet")
    assert "Not shown: 1 stage of fewer than 5 customers." in everything(app)
    assert not app.dataframe and "×: fewer than 5 customers" not in everything(app)


FRAME = pd.DataFrame(
    {
        "stage": ["pay", "pay", "use", "use", "join"],
        "reason": ["a", "b", "a", "b", "a"],
        "contacts": [200, 40, 180, 29, 8],
        "customers": [150, 30, 160, 20, 4],
        "negative": [120, 10, 40, 5, 8],
        "asked": [100, 3, 150, 12, 0],
        "back": [40, 3, 9, 6, 0],
    }
)


def _cells(measure: str) -> pd.DataFrame:
    counts = journey_charts.counts(FRAME, measure, 1000)
    return journey_charts.cells(FRAME, measure, counts, journey_charts.worst(counts, measure), 5)


def test_small_shares_have_a_digit_more() -> None:
    frame = FRAME.assign(contacts=2000, asked=2000, back=[4, 8, 12, 6, 10])
    counts = journey_charts.counts(frame, "back", 1000)
    said = journey_charts.cells(frame, "back", counts, (), 5)["said"]
    assert [plain(each) for each in said] == ["0.2 %", "0.4 %", "0.6 %", "0.3 %", "0.5 %"]


def test_cells_are_shown_hatched_or_hidden() -> None:
    back = _cells("back")
    assert back["state"].tolist() == ["shown", "hidden", "shown", "few", "few"]
    assert [plain(said) for said in back["said"]] == ["40 % ▲", "", "6 %", "", ""]
    assert back["of"].tolist() == ["n 100", "×", "n 150", "n 12", "n 0"]
    assert plain(back["interval"][3]) == "Too few (< 30)" and back["share"].isna().tolist()[3]
    assert not {"contacts", "customers", "asked", "back"} & set(back.columns), "numbers would reach the browser"
    negative = _cells("negative")
    assert negative["state"].tolist() == ["shown", "shown", "shown", "few", "hidden"]
    assert negative["clear"].tolist() == [True, False, False, False, False]
    rate = _cells("rate")
    assert rate["state"].tolist() == ["shown"] * 4 + ["hidden"] and not rate["clear"].any()
    assert (rate["said"][0], rate["of"][0]) == ("15.00", "n 150")


def test_the_heat_map_draws_each_state() -> None:
    table = _cells("back").assign(column=FRAME["stage"], name=FRAME["reason"])
    chart = journey_charts.heat_map(table, "back", ["join", "use", "pay"], ["a", "b"])
    assert len(chart["layer"]) == 7
    # Of a layer without cells a screen reader would hear a picture without a name.
    assert [layer["mark"].get("aria", True) for layer in chart["layer"]] == [False] * 6 + [True]
    assert chart["params"][0]["name"] == "cell" and chart["params"][0]["select"]["fields"] == ["stage", "reason"]


def test_files_of_the_journey_leave_out_few_customers() -> None:
    journey = journey_views.Journey("back", FRAME.assign(column=FRAME["stage"], name="A"), FRAME, (), 0, [], ())
    table = journey_views.file(journey, 5)
    assert table["customers"].tolist() == [150, 30, 160, 20]
    assert table["customers_back"].isna().tolist() == [False, True, False, False]
    assert all(columns.title(name) != name for name in table.columns)
    stage = Stage("pay", 9, 6, 9, 3, 4, 2, Timing(9, Interval(60.0, 50.0, 70.0)), None)
    (row,) = journey_views.stage_file((stage,), 100, 5).to_dict("records")
    assert (row["customers_per_active"], row["came_back"], row["came_back_n"]) == (0.06, None, 0)
    assert all(columns.title(name) != name for name in row) and columns.title("negative_n") == "Negative, n"
    assert columns.value("stage", "pay") == "Payment"
    assert (row["first_response_s"], row["first_response_s_n"], row["duration_s"]) == (60.0, 9, None)


def test_hotspots_are_ranked_by_what_is_sure() -> None:
    # The second group has the largest share, the first the surest excess, the fourth too few to be compared.
    found = hotspots([(300, 1000), (20, 40), (100, 1000), (9, 9)], least=30)
    assert [each.place for each in found] == [0, 1]
    first = found[0]
    assert first.share.value == 0.3 and first.elsewhere == pytest.approx(129 / 1049)
    assert first.change.low > found[1].change.low > 0
    assert hotspots([(5, 50), (6, 50), (4, 50)]) == () and hotspots([(5, 5)]) == () and hotspots([]) == ()


def test_a_clustered_mean_is_wider_than_one_of_single_answers() -> None:
    # Ten customers with two equal answers each: 1, 1, 5, 5 and so on.
    sums = [2.0 if place % 2 else 10.0 for place in range(10)]
    together = intervals.clustered_mean(20, sum(sums), 10, sum(each**2 for each in sums), 2 * sum(sums), 40)
    alone = intervals.clustered_mean(20, 60.0, 20, 10 * 1.0 + 10 * 25.0, 60.0, 20)
    assert together is not None and alone is not None and together.value == alone.value == 3.0
    # Student's t with 9 degrees of freedom; ten residuals of 4 in sums of two.
    assert together.high - 3 == pytest.approx(2.26216 * (160 * 10 / 9) ** 0.5 / 20, rel=1e-4)
    assert together.high > alone.high
    assert intervals.clustered_mean(5, 25.0, 5, 125.0, 25.0, 5.0) is None, "all the same"
    assert intervals.clustered_mean(3, 9.0, 1, 81.0, 27.0, 9.0) is None


def test_waiting_times_in_words() -> None:
    said = [plain(words.lasting(seconds)) for seconds in (53, 119, 252, 1500, 19_440, 276_480)]
    assert said == ["53 s", "119 s", "4.2 min", "25 min", "5.4 h", "3.2 days"]
    assert plain(words.lasting_between(Interval(300.0, 110.0, 900.0))) == "1.8 to 15.0 min"
    assert plain(journey_sentences.timing(Timing(29, Interval(1.0, 1.0, 1.0)))) == "Too few (< 30) · 29"
    assert journey_sentences.timing(None) == "–"


def test_stages_have_names_and_an_order() -> None:
    assert journey_sentences.stage("PAY") == "Payment" and journey_sentences.stage("Onboarding") == "Onboarding"
    assert journey_sentences.stage("") == "Not stated"
    assert sorted(["x", "leave", "Join", "use"], key=journey_sentences.place) == ["Join", "use", "leave", "x"]


def test_sentences_of_the_journey_escape_names() -> None:
    found = Hotspot(0, Interval(0.22, 0.18, 0.27), 0.1, Interval(0.12, 0.05, 0.2))
    said = journey_sentences.worst("back", found, "*Pay*", "<b>")
    assert said.startswith("**\\*Pay\\*** and **\\<b\\>** is worst: 22.0")
    assert "contacts are negative: 10.0" not in plain(journey_sentences.none_worst("negative", 0.1))
    assert plain(journey_sentences.none_worst("negative", 0.1)).endswith("10.0 % of contacts are negative.")
    assert journey_sentences.share(None, 0) == "–"
    assert plain(journey_sentences.share(Interval(0.5, 0.2, 0.8), 12)) == "Too few (< 30) · 12"


def test_the_pulse_has_all_figures_that_the_data_know(open_page: Open, staged: Workspace) -> None:
    app = open_page(staged)
    found = figures(app)
    assert list(found)[:4] == ["Contacts", "Contact rate", "Negative", "Leaving"]
    counted = staged.lake.query(
        """SELECT count(*) AS contacts, count(DISTINCT customer_id) AS customers, avg(csat) AS csat,
                  avg(CASE WHEN nps >= 9 THEN 100.0 WHEN nps <= 6 THEN -100 WHEN nps IS NOT NULL THEN 0 END) AS nps,
                  median(first_response_s) AS first,
                  avg((isodow(day) > 4)::INT) AS closed
           FROM contacts WHERE day > $day""",
        {"day": staged.lake.query("SELECT max(day) AS day FROM contacts").to_pylist()[0]["day"] - timedelta(days=28)},
    ).to_pylist()[0]
    assert found["Contacts"] == str(counted["contacts"]) and found["Customers"] == str(counted["customers"])
    assert found["CSAT"] == f"{counted['csat']:.2f}" and found["NPS"] == f"{counted['nps']:.0f}".replace("-", "−")
    assert found["First response"] == plain(words.lasting(counted["first"]))
    # All begin at 11:30 in Zagreb: closed from Friday to Sunday.
    assert found["Out of hours"] == f"{100 * counted['closed']:.1f} %"
    assert "CES" not in found


def test_the_benchmark_is_of_28_days_and_all_customers(open_page: Open, staged: Workspace) -> None:
    assert "benchmark 60.5" in notes(open_page(staged, OVERVIEW, period="28"))
    assert "benchmark" not in notes(open_page(staged, OVERVIEW, period="7"))
    assert "benchmark" not in notes(open_page(staged, OVERVIEW, period="28", channel="chat"))
    assert "benchmark" not in notes(open_page(staged, OVERVIEW, period="28", segment="business"))


def test_settings_that_are_not_there_leave_no_trace(open_page: Open, hundreds: Workspace) -> None:
    found = figures(open_page(hundreds))
    assert not {"Out of hours", "At risk", "CSAT", "NPS", "CES", "First response"} & set(found)


def test_few_answers_are_not_shown(open_page: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    rows = [make.contact(f"c{number}", make.last_day, "Hi", csat=1) for number in range(4)]
    workspace.lake.append("contacts", make.table("contacts", rows))
    app = open_page(workspace)
    assert figures(app)["CSAT"] == "–" and "Fewer than 5 customers" in notes(app)


def test_customers_at_risk_lead_to_the_call_list(open_page: Open, staged: Workspace) -> None:
    app = open_page(staged, period="all")
    assert figures(app)["At risk"] == "80", "321 customers, each with a chance of a quarter"
    assert "65 to 95 of 321 in touch, within 60 days" in notes(app)
    (link,) = [each.proto for each in app.page_link if "order=risk" in each.proto.query_string]
    assert link.page == CHURN.path.stem


def test_what_moved_is_said_one_by_one_and_few_customers_left_out() -> None:
    frame = pd.DataFrame(
        [("a", 300, 200, 100), ("b", 4, 4, 60), ("c", 400, 300, 410), ("d", 10, 9, 90)],
        columns=["reason", "contacts", "customers", "contacts_before"],
    )
    totals = Totals(1000, 900, 0.0, 1000, 0, 0, 0)
    shown, hidden = pulse_news.shown_movers(frame, totals, totals, 5)
    assert [each.reason for each in shown] == ["a", "d"] and hidden == 1
    rose = Mover("a", 0.1, 0.3, Interval(0.2, 0.15, 0.25))
    assert plain(pulse_sentences.moved("<A>", rose)) == "**<A>** rose from 10.0 % to 30.0 % (+15.0 to +25.0 points)."
    fell = Mover("a", 0.3, 0.1, Interval(-0.2, -0.25, -0.15))
    assert "fell from 30.0 % to 10.0 % (−25.0 to −15.0 points)" in plain(pulse_sentences.moved("A", fell))


def test_what_was_fixed_is_said_with_whether_it_worked(open_page: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    lake, last = workspace.lake, make.last_day
    people = [make.contact(f"c{number}", last - timedelta(days=number), "Hi") for number in range(9)]
    lake.append("contacts", make.table("contacts", people))
    lake.append("scores", make.table("scores", [make.score(row["contact_id"], row["day"]) for row in people]))
    theme = {"theme_id": "t", "label": "[Router](http://x.y)", "keywords": ["router"], "status": "active"}
    fixed = theme | {"fixed_on": last - timedelta(days=10), "first_day": last - timedelta(days=40)}
    lake.append("themes", make.table("themes", [fixed, theme | {"theme_id": "u", "label": "Other"}]))
    app = open_page(workspace)
    (link,) = [each.proto for each in app.page_link if "theme=" in each.proto.query_string]
    assert "theme=t" in link.query_string and link.label.startswith("\\[Router\\]")
    assert "The next nightly run tests whether it helped." in notes(app)
    assert "Nothing was marked as fixed" not in notes(app)


def test_nothing_moved_and_nothing_was_fixed_are_said(open_page: Open, hundreds: Workspace) -> None:
    text = notes(open_page(hundreds, period="7"))
    assert "Nothing was marked as fixed in the last eight weeks." in text
    assert "all reasons compared at once" in text
    assert "no earlier period of equal length" in notes(open_page(hundreds, period="all"))


def test_small_lines_leave_out_what_is_not_known_and_do_not_dramatise() -> None:
    points = [Point(f"day {number}", value, str(value)) for number, value in enumerate((100.0, 101.0, 100.5))]
    spec = sparkline(points)
    low, high = spec["encoding"]["y"]["scale"]["domain"]
    assert high - low == pytest.approx(0.15 * 100.5) and low < 100 < 101 < high
    assert [row["said"] for row in spec["data"]["values"]] == ["100.0", "101.0", "100.5"]
    flat = sparkline([Point("a", 0.0, "0"), Point("b", 0.0, "0")])["encoding"]["y"]["scale"]["domain"]
    assert flat[0] < flat[1]


@pytest.mark.parametrize("language", ["hr", "sr-Cyrl"])
def test_both_pages_speak_the_language(open_page: Open, staged: Workspace, language: str) -> None:
    for page in (OVERVIEW, JOURNEY):
        app = open_page(staged, page, lang=language, period="all")
        text = everything(app)
        assert "customers" not in text and "contacts" not in text.replace("contacts.csv", "")
