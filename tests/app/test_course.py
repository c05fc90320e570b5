"""How a customer feels turn by turn: when a course is shown, what is said of it, and the contact's page with it."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import altair as alt
import pytest
from deltalake import write_deltalake
from streamlit.testing.v1 import AppTest

from voc.app import course
from voc.app.pages import CONTACT
from voc.data.corrections import Place
from voc.data.workspace import Workspace
from voc.inference.corrections import Proposal, judge
from voc.inference.courses import TurnSentiment
from voc.inference.courses import course as course_of

Open = Callable[..., AppTest]
SAID = (
    "I have waited for a week!",
    "I am sorry.",
    "My number is 12.",
    "One moment.",
    "Great, thank you so much!",
    "Bye.",
)
MOODS = (("negative", 0.95), ("neutral", 0.8), ("positive", 0.99))
ALT = "Sentiment of the customer's turns: Negative → Neutral → Positive"


def turns(*moods: str, probability: float = 0.95) -> list[TurnSentiment]:
    return [TurnSentiment(2 * place, mood, probability) for place, mood in enumerate(moods)]


@pytest.mark.parametrize(
    ("moods", "moves", "steps", "sentence"),
    [
        (("negative", "neutral", "positive"), True, "Negative → Neutral → Positive", "Turned better towards the end."),
        (("positive", "negative", "negative"), True, "Positive → Negative", "Turned worse towards the end."),
        (("neutral", "negative", "neutral"), True, "Neutral → Negative → Neutral", None),  # there was no mood to lose
        (("negative", "positive", "negative"), True, "Negative → Positive → Negative", None),
        (("negative", "negative"), False, "Negative", None),
        (("neutral", "neutral"), False, "Neutral", None),
        ((), False, "", None),
        (("neutral", "negative") * 4, True, "Neutral → Negative → … → Neutral → Negative", None),
    ],
)
def test_what_is_said_of_a_course(moods: tuple[str, ...], moves: bool, steps: str, sentence: str | None) -> None:
    found = turns(*moods)
    assert (course.moves(found), course.steps(found), course.sentence(found)) == (moves, steps, sentence)


def test_no_sentence_is_made_of_an_unsure_turn() -> None:
    assert course.sentence(turns("negative", "positive", probability=0.85)) is None


def test_a_mark_says_its_mood_by_height_and_shape_too() -> None:
    chart = course.chart(turns("negative", "neutral", "positive", "neutral"))
    alt.Chart.from_dict(json.loads(json.dumps(chart)))
    assert [row["mood"] for row in chart["data"]["values"]] == [-1, 0, 1, 0]
    marks = chart["layer"][1]["encoding"]
    assert marks["color"]["scale"]["domain"] == marks["shape"]["scale"]["domain"] == [-1, 0, 1]
    assert len(set(marks["shape"]["scale"]["range"])) == 3


@pytest.fixture
def scored(make: Any, tmp_path: Path) -> Callable[..., Workspace]:
    """Makes a workspace with one contact, whose customer's turns have these moods; None: none is known."""

    def made(moods: tuple[tuple[str, float], ...] | None = MOODS, said: tuple[str, ...] = SAID) -> Workspace:
        workspace = make.workspace(tmp_path / "w")
        lake, day = workspace.lake, make.last_day
        lake.append("contacts", make.table("contacts", [make.contact("c", day, *said)]))
        found = None
        if moods is not None:
            found = [{"turn": 2 * n, "sentiment": mood, "probability": sure} for n, (mood, sure) in enumerate(moods)]
        score = make.score("c", day, ("roaming", 0.9), sentiment="negative", sentiment_course=found)
        lake.append("scores", make.table("scores", [score]))
        return workspace

    return made


def shown(app: AppTest) -> str:
    return " | ".join(each.value for each in app.caption)


def marks(app: AppTest) -> list[str]:
    return [each.value for said in app.chat_message for each in said.markdown]


def alts(app: AppTest) -> list[str]:
    return [chart.proto.alt for chart in app.get("vega_lite_chart")]


def test_a_contact_shows_its_course(open_page: Open, scored: Callable[..., Workspace]) -> None:
    app = open_page(scored(), CONTACT, contact="c")
    marked = [[each.value for each in said.markdown] for said in app.chat_message]
    assert marked == [
        [":orange-badge[:material/sentiment_dissatisfied: Negative]"], [], [], [],  # a neutral turn is quiet
        [":green-badge[:material/sentiment_satisfied: Positive]"], [],
    ]  # fmt: skip
    assert alts(app) == [ALT]
    assert "Negative → Neutral → Positive. Turned better towards the end." in shown(app)


@pytest.mark.parametrize("moods", [None, ()], ids=["older scores", "no turn read"])
def test_without_a_course_the_page_is_as_before(
    open_page: Open, scored: Callable[..., Workspace], moods: tuple[tuple[str, float], ...] | None
) -> None:
    app = open_page(scored(moods), CONTACT, contact="c")
    assert alts(app) == [] and "→" not in shown(app) and not marks(app)
    assert "Negative" in " ".join(each.value for each in app.markdown)  # the whole contact's


def test_a_single_turn_says_nothing_beside_the_contact(open_page: Open, scored: Callable[..., Workspace]) -> None:
    app = open_page(scored(MOODS[:1], SAID[:2]), CONTACT, contact="c")
    assert alts(app) == [] and not marks(app)


def test_what_a_person_says_of_the_whole_stands_alone(open_page: Open, scored: Callable[..., Workspace]) -> None:
    workspace = scored()
    judge(workspace, Proposal("c"), {"sentiment": ("neutral",)}, "Ana", Place.CONTACT)
    app = open_page(workspace, CONTACT, contact="c")
    assert ":gray-badge[Neutral]" in " ".join(each.value for each in app.markdown)
    assert "Turned better" not in shown(app) and alts(app) == [ALT]


def test_a_table_without_the_column_reads_as_no_course(scored: Callable[..., Workspace], make: Any) -> None:
    lake, day = scored().lake, make.last_day
    scores = lake.dataset("scores")
    assert [each.sentiment for each in course_of(scores, "c", day, make.model)] == ["negative", "neutral", "positive"]
    assert course_of(scores, "c", day, "another") == course_of(scores, "c", date(2020, 1, 1), make.model) == ()
    older = lake.dataset("scores").to_table().drop_columns(["sentiment_course"])
    write_deltalake(lake.root / "scores", older, mode="overwrite", schema_mode="overwrite", partition_by=["day"])
    assert course_of(lake.dataset("scores"), "c", day, make.model) == ()
