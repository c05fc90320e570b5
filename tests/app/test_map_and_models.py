"""The pages Map and Models in every state, through Streamlit's own test harness."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc import i18n
from voc.app import model_sentences
from voc.app.pages import MAP, MODELS
from voc.config import ExportSettings
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.inference.marts_models import Judged
from voc.inference.model_report import Gap, Quality, TaskFigures, model_reports
from voc.models.storage import write_json
from voc.training.exporting import GateLine, GateReport

Open = Callable[..., AppTest]


@pytest.fixture
def visit(open_page: Open) -> Open:
    return open_page


def headline(app: AppTest) -> str:
    return str(app.header[0].value).replace("\u00a0", " ")


def everything(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.code, app.warning)
    return "\n".join(str(each.value) for kind in kinds for each in kind).replace("\u00a0", " ")


def places(workspace: Workspace, make: Any, every: int = 1) -> None:
    """Give every contact (or one in so many) a place: its number modulo 20, and the rest over 20."""
    rows = workspace.lake.query("SELECT contact_id, day FROM contacts ORDER BY contact_id").to_pylist()
    found = [
        row | {"x": float(number % 20), "y": float(number // 20)}
        for number, row in enumerate(rows)
        if number % every == 0
    ]
    workspace.lake.replace("theme_map", make.table("theme_map", found))


@pytest.fixture(scope="module")
def mapped(hundreds: Workspace, make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six hundred contacts in a grid of 20 by 30."""
    root = tmp_path_factory.mktemp("mapped") / "w"
    shutil.copytree(hundreds.root, root)
    workspace = Workspace.open(root)
    places(workspace, make)
    return workspace


def chart(app: AppTest) -> dict[str, Any]:
    (found,) = app.get("echarts_chart")
    option: dict[str, Any] = json.loads(found.proto.spec)
    return option


def test_the_map_of_a_period(visit: Open, mapped: Workspace) -> None:
    app = visit(mapped, MAP, period="all")
    assert app.title[0].value == "How do contacts relate?"
    assert headline(app) == "Each dot is a contact: all 600 of this view."
    option = chart(app)
    names = [each["name"] for each in option["series"]]
    assert names[0] == "Themes" and "Other themes" in names and "No theme" in names
    assert len(option["series"][0]["data"]) == 20
    assert "in the marked part" not in everything(app)
    moods = [each["name"] for each in chart(visit(mapped, MAP, period="all", colour="sentiment"))["series"]]
    assert moods == ["Themes", "Neutral", "Positive", "Negative"]


def test_filters_narrow_the_map(visit: Open, mapped: Workspace) -> None:
    expected = mapped.lake.query("SELECT count(*) AS n FROM contacts WHERE product = 'Mobile'").to_pylist()[0]["n"]
    app = visit(mapped, MAP, period="all", product="Mobile")
    assert headline(app) == f"Each dot is a contact: all {expected} of this view."


def test_a_marked_part_is_read_below(visit: Open, mapped: Workspace) -> None:
    inside = mapped.lake.query(
        """SELECT contact_id, turns, customer_id FROM theme_map JOIN contacts USING (contact_id)
           WHERE x BETWEEN 4 AND 9 AND y BETWEEN 10 AND 19 ORDER BY started_at DESC, contact_id"""
    ).to_pylist()
    area = "3.5,9.5;9.5,9.5;9.5,19.5;3.5,19.5"
    app = visit(mapped, MAP, period="all", area=area)
    people = len({row["customer_id"] for row in inside})
    assert f"{len(inside)} contacts from {people} customers in the marked part, newest first." in everything(app)
    assert len(app.text) == 20
    links = [link.proto.query_string for link in app.page_link if "contact=" in link.proto.query_string]
    assert [link.split("contact=")[1] for link in links] == [row["contact_id"] for row in inside[:20]]
    assert any("%" in link.label and "theme=" in link.proto.query_string for link in app.page_link)
    assert chart(app)["series"][-1]["name"] == "Marked"
    last = visit(mapped, MAP, period="all", area=area, page="99")
    assert len(last.text) == len(inside) - 20 * ((len(inside) - 1) // 20)
    app.button(key="clear_mark").click().run()
    assert not app.exception
    assert "area" not in app.query_params and "in the marked part" not in everything(app)


def test_of_few_customers_no_shares_are_shown(visit: Open, mapped: Workspace) -> None:
    app = visit(mapped, MAP, period="all", area="3.5,9.5;5.5,9.5;5.5,10.5;3.5,10.5")
    assert "2 contacts from 2 customers in the marked part" in everything(app)
    assert "Shares are shown from 5 customers on." in everything(app)
    assert not [link for link in app.page_link if "theme=" in link.proto.query_string]


def test_nonsense_marks_nothing(visit: Open, mapped: Workspace) -> None:
    for area in ("x", "1,2;3,4", "1,2;3,4;inf,1"):
        assert "marked part" not in everything(visit(mapped, MAP, area=area))


def test_a_mark_around_nobody(visit: Open, mapped: Workspace) -> None:
    assert "No contact in the marked part." in everything(visit(mapped, MAP, area="100,0;101,0;101,1"))


def test_themes_of_few_customers_have_no_name(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    make.fill(workspace.lake, contacts=60, days=20)
    places(workspace, make)
    app = visit(workspace, MAP, period="all")
    named = workspace.lake.query(
        """SELECT theme_id FROM theme_assignments JOIN contacts USING (contact_id) WHERE theme_id IS NOT NULL
           GROUP BY 1 HAVING count(DISTINCT customer_id) >= 5"""
    )
    assert 0 < len(named) < 20
    assert len(chart(app)["series"][0]["data"]) == len(named)
    assert "themes of fewer than 5 customers not named." in everything(app)


def test_contacts_that_came_later_are_counted(visit: Open, hundreds: Workspace, make: Any, tmp_path: Path) -> None:
    workspace = Workspace.open(Path(shutil.copytree(hundreds.root, tmp_path / "w")))
    places(workspace, make, every=2)
    app = visit(workspace, MAP, period="all")
    assert headline(app) == "Each dot is a contact: all 300 of this view."
    assert "300 contacts of this view came after the map was drawn, and are not on it yet." in everything(app)


def test_without_a_map_the_page_says_what_to_do(visit: Open, hundreds: Workspace, one: Workspace) -> None:
    for workspace in (hundreds, one):
        app = visit(workspace, MAP)
        assert headline(app) == "No map yet"
        assert app.code[0].value == f"voc themes --workspace {workspace.root}"


def test_the_map_of_one_contact(visit: Open, one: Workspace, make: Any, tmp_path: Path) -> None:
    workspace = Workspace.open(Path(shutil.copytree(one.root, tmp_path / "w")))
    workspace.lake.append(
        "theme_map", make.table("theme_map", [{"contact_id": "only", "day": make.last_day, "x": 0.0, "y": 0.0}])
    )
    app = visit(workspace, MAP, area="-1,-1;1,-1;1,1;-1,1")
    assert headline(app) == "The dot is a contact."
    assert "1 contact from 1 customer in the marked part, newest first." in everything(app)
    assert [each.value for each in app.text] == ["Naplaćen mi je roaming, račun je velik."]


HOSTILE = "<b>**x**</b> :red[z] {a|b} <img src=x onerror=alert(1)>"


def test_what_a_theme_is_called_is_text_on_the_map(visit: Open, make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w")
    lake, day = workspace.lake, make.last_day
    rows = [make.contact(f"c{n}", day, HOSTILE) for n in range(6)]
    lake.append("contacts", make.table("contacts", rows))
    lake.append("scores", make.table("scores", [make.score(f"c{n}", day) for n in range(6)]))
    theme = {"theme_id": "t", "label": HOSTILE, "first_day": day, "last_day": day, "status": "active"}
    lake.append("themes", make.table("themes", [theme]))
    found = [{"contact_id": f"c{n}", "day": day, "theme_id": "t", "similarity": 1.0} for n in range(6)]
    lake.append("theme_assignments", make.table("theme_assignments", found))
    places(workspace, make)
    app = visit(workspace, MAP, area="-1,-1;9,-1;9,9;-1,9")
    assert chart(app)["tooltip"]["renderMode"] == "richText"
    assert [each.value for each in app.text] == [HOSTILE] * 6
    for each in (*app.markdown, *app.header, *app.caption):
        assert "<" not in each.value.replace("\\<", "")
    (link,) = [link for link in app.page_link if "theme=t" in link.proto.query_string]
    assert "<b" not in link.label.replace("\\<", "") and "**x" not in link.label


# --- Models ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def trained_company(hundreds: Workspace, make: Any, tmp_path: Path) -> Iterator[Workspace]:
    """Six hundred contacts, scored by a model with figures; one challenger was refused; labels in dev and test."""
    workspace = Workspace.open(Path(shutil.copytree(hundreds.root, tmp_path / "w")))
    make.saved_model(workspace, make.model, make.quality)
    make.saved_model(workspace, "20260530-challenger", None, teacher=make.model)
    now = datetime(2026, 5, 30, 5, tzinfo=UTC)
    record_run(
        workspace.lake, "promote", now, 3.0, counts={"worse": 1},
        inputs={"outcome": "refused", "refusal": "task reason, sl: worse"}, versions={"model": "20260530-challenger"},
    )  # fmt: skip
    record_run(workspace.lake, "score", now, 725.0, counts={"contacts": 600}, versions={"model": make.model})
    ids = workspace.lake.query("SELECT contact_id FROM contacts ORDER BY contact_id LIMIT 300").to_pylist()
    labels = [row | {"split": ("train", "dev", "test")[n % 3], "digest": "x"} for n, row in enumerate(ids)]
    workspace.lake.append("labels", make.table("labels", labels))
    yield workspace


def test_models_of_an_empty_workspace(visit: Open, empty: Workspace) -> None:
    app = visit(empty, MODELS)
    assert app.title[0].value == "Can I trust it?"
    assert headline(app) == "No contacts yet"


def test_a_model_with_figures(visit: Open, trained_company: Workspace) -> None:
    app = visit(trained_company, MODELS)
    shown = everything(app)
    assert headline(app) == (
        "Reasons: macro-F1 0.61 (0.59 to 0.63) on 2,897 held-out contacts; English best, Slovenian worst."
    )
    assert {each.label: each.value for each in app.metric} == {"Reasons": "0.61", "Sentiment": "0.70"}
    name = trained_company.taxonomy.name
    assert f"Weakest: **{name('bill_higher')}**, F1 0.31 (0.22 to 0.40), n = 80." in shown.replace("\\", "")
    assert f"Strongest: **{name('roaming')}**, F1 0.91 (0.86 to 0.95), n = 120." in shown.replace("\\", "")
    assert "off by 4.1 points on average" in shown
    assert "Learnt from 9,000 labelled contacts" in shown and "judged on 2,897" in shown
    assert "These figures are of generated contacts." in shown
    assert "Not exported" in shown
    assert "mlflow ui --backend-store-uri sqlite:///" in shown
    assert "200 labelled contacts" in shown
    assert "Unknown in the last week: " in shown and "no clear change" in shown
    models, runs = (each.value for each in app.dataframe)
    assert models["role"].tolist() == ["Challenger", "In use"]
    assert models["promotion"].tolist() == ["Refused: task reason, sl: worse", "In use since it was made"]
    assert models["reasons"].tolist() == ["–", "0.61 (0.59 to 0.63)"]
    assert set(runs["step"]) == {"Contacts scored", "Model put to use"}
    assert runs["took"].str.replace("\u00a0", " ").tolist() in (["12 min", "3 s"], ["3 s", "12 min"])
    assert len(app.get("vega_lite_chart")) == 6
    sentiment = visit(trained_company, MODELS, task="sentiment")
    assert "off by 2.0 points on average" in everything(sentiment)


def test_a_model_without_figures_shows_its_card(visit: Open, trained_company: Workspace, make: Any) -> None:
    make.saved_model(trained_company, make.model, None)
    app = visit(trained_company, MODELS)
    assert headline(app) == "Not yet measured: this model keeps no figures of its quality."
    assert f"# Model {make.model}\n\n<script>" in [each.value for each in app.code]
    assert not app.metric


def test_a_model_that_cannot_be_read_says_why(visit: Open, trained_company: Workspace, make: Any) -> None:
    folder = trained_company.models / make.model
    values = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    write_json(folder / "manifest.json", values | {"format": 1})
    app = visit(trained_company, MODELS)
    assert headline(app) == "What the model in use says of itself cannot be read."
    assert "expected a model of format 2, got 1" in everything(app).replace("\\", "")
    assert "Not readable" not in app.dataframe[0].value["role"].tolist()  # it is the one in use all the same


class QualityOfTomorrow(Quality):
    """Figures as a later version may write them."""

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"of_tomorrow": 1}


def test_figures_of_another_version_are_said_to_be_that(visit: Open, trained_company: Workspace, make: Any) -> None:
    make.saved_model(trained_company, make.model, QualityOfTomorrow(**vars(make.quality)))
    app = visit(trained_company, MODELS)
    assert headline(app) == "What the model in use says of itself cannot be read."
    shown = everything(app).replace("\\", "")
    assert "expected figures of quality as this version writes them, got those of another" in shown
    assert "__init__" not in shown


def test_models_of_one_contact(visit: Open, one: Workspace) -> None:
    app = visit(one, MODELS)
    assert "No model yet" in everything(app)  # its folder is empty
    assert "Unknown in the last week: 0.0 % (0.0 to 79.3 %) of 1 scored contact." in everything(app)
    assert "nothing to compare the weeks with" in everything(app)
    assert "No run is recorded yet." in everything(app)


def test_the_export_is_said_to_be_let_through_or_not(trained_company: Workspace, make: Any) -> None:
    line = GateLine("reason", "all", 900, 0.99, {"macro_f1": 0.61}, {"macro_f1": 0.608}, -0.01, 4000, 0.001, 0.0)
    some = replace(line, where="sl", rows=90, exported={"macro_f1": 0.1})
    gate = GateReport("m", "int8", 4000, 900, 0.998, 0.99, (line, some), ExportSettings())
    report = gate.to_json()
    assert report["refusal"] is None  # of one form, and chance explains it
    folder = trained_company.models / make.model

    def said() -> str:
        (found,) = (each for each in model_reports(trained_company) if each.version == make.model)
        return model_sentences.gate(found.gate).replace("\u00a0", " ")

    assert said().startswith("Not exported")
    write_json(folder / "onnx-refused.json", {**report, "refusal": "reason (all) loses too much"})
    assert "was not let through on 4,000 contacts: reason \\(all\\) loses too much." in said()
    (folder / "onnx").mkdir()
    write_json(folder / "onnx" / "report.json", report)
    assert "it is expected to lose at most 0.10 points of macro-F1 (0.30 are allowed)" in said()


def test_a_drift_is_said_where_it_is_clear() -> None:
    judged = Judged(
        1000, 50, 0.8, 0.1, datetime(2026, 1, 1).date(), datetime(2026, 2, 1).date(), {"hr": 600, "en": 400}
    )
    more = model_sentences.unknown_change(90, 600, judged).replace("\u00a0", " ")
    assert "15.0 % (12.4 to 18.1 %) of 600 scored contacts, 5.0 % of those it was judged on: 10.0 points more" in more
    assert "no clear change" in model_sentences.unknown_change(33, 600, judged)
    less = model_sentences.confidence_change(0.7, 0.2, 400, judged)
    assert less is not None and "10.0 points less (7.9 to 12.1)" in less
    mix = model_sentences.language_change({"hr": 200, "en": 200, "sl": 200}, judged)
    assert mix is not None and mix.startswith("Slovenian is 33.3")
    same = model_sentences.language_change({"hr": 60, "en": 40}, judged)
    assert same is not None and "same mix" in same


def test_languages_are_only_compared_where_they_differ(make: Any) -> None:
    task = make.quality.tasks["reason"]
    close = make.figures(en=(0.70, 0.6, 0.8, 900), sl=(0.65, 0.55, 0.75, 700))
    unclear = Quality("test", {}, {"reason": TaskFigures(task.whole, close, {}, 0.1, {}, ())})
    assert "no clear difference between languages" in model_sentences.headline(unclear)
    english = make.figures(en=(0.7, 0.6, 0.8, 900))
    alone = Quality("test", {}, {"reason": TaskFigures(task.whole, english, {}, 0.1, {}, ())})
    assert "too few of them to compare languages" in model_sentences.headline(alone)
    assert model_sentences.headline(Quality("test", {}, {})).startswith("Not yet measured")


def test_weeks_count_what_sql_counts(hundreds: Workspace, make: Any) -> None:
    from voc.inference.marts import Marts

    marts = Marts.load(hundreds.lake, make.model)
    weeks, mix = marts.weeks(), marts.week_languages()
    last = hundreds.lake.query(
        """SELECT count(*) AS contacts, count(*) FILTER (abstained) AS unknown, avg(top_probability) AS confidence
           FROM scores WHERE day > $day""",
        {"day": make.last_day - timedelta(days=7)},
    ).to_pylist()[0]
    row = weeks.iloc[-1]
    assert (row["contacts"], row["scored"], row["unknown"]) == (last["contacts"], last["contacts"], last["unknown"])
    assert row["confidence"] == pytest.approx(last["confidence"])
    assert len(weeks) == 10 and weeks["contacts"].sum() == 600
    assert mix["contacts"].sum() == 600 and len(mix) == 40
    assert marts.judged() is None
    marts.close()


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("hr", "Razlozi: makro-F1 0,61 (od 0,59 do 0,63), 2.897 kontakata ostavljenih za provjeru; najbolje: "),
        ("sr-Cyrl", "Разлози: макро-F1 0,61 (од 0,59 до 0,63), 2.897 контаката остављених за проверу; најбоље: "),
    ],
)
def test_models_in_another_language(
    visit: Open, trained_company: Workspace, left_in_english: Callable[..., list[str]], tag: str, said: str
) -> None:
    app = visit(trained_company, MODELS, lang=tag)
    assert headline(app).startswith(said)
    english = visit(trained_company, MODELS)
    assert not left_in_english(english, app)
    for table, other in zip(app.dataframe, english.dataframe, strict=True):
        for column in ("role", "promotion", "step", "counts"):
            if column in table.value:
                assert not set(table.value[column]) & set(other.value[column])


def test_a_gap_between_model_and_taxonomy_is_named_in_the_readers_language() -> None:
    found = Gap(missing=tuple(f"r{n}" for n in range(10)), extra=("old",))
    assert model_sentences.gap(None) is None
    said = str(model_sentences.gap(found)).replace("\\", "")
    assert "It does not know: r0, r1, r2, r3, r4, r5, r6, r7 and 2 more. No longer in taxonomy.toml: old." in said
    assert str(model_sentences.gap(Gap((), ()))).endswith("They are the same, in another order.")
    with i18n.using("sl"):
        assert "Ne pozna: r0, r1, r2, r3, r4, r5, r6, r7 in še 2." in str(model_sentences.gap(found)).replace("\\", "")
