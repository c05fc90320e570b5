"""Searching by meaning, in the page: when it is offered, what it says, and what is said where it cannot be."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc.app import contact_search
from voc.app.pages import CONTACT, CONTACTS
from voc.data.workspace import Workspace
from voc.errors import ModelFolderError
from voc.inference.meaning import LEAST_TYPICAL, MOST_CHARACTERS, SearchReader, typical
from voc.inference.score import score
from voc.models.manifest import EXPORT

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def scored_once(exported_with: Callable[[str], Path]) -> Path:
    """The small demo company with an export, scored by it."""
    root = exported_with("commit_contacts = 900")
    score(Workspace.open(root))
    return root


@pytest.fixture
def scored(scored_once: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The same to be changed."""
    yield Workspace.open(Path(shutil.copytree(scored_once, tmp_path / "w")))


@pytest.fixture(scope="module")
def words(scored_once: Path) -> str:
    """What a customer said, word for word."""
    rows = Workspace.open(scored_once).lake.query(
        "SELECT turns FROM contacts SEMI JOIN scores USING (contact_id) ORDER BY contact_id"
    )
    turns = next(turns for turns in rows["turns"].to_pylist() if len(turns) == 1 and len(turns[0]["text"]) > 60)
    return str(turns[0]["text"])


def model_folder(workspace: Workspace) -> Path:
    return workspace.models / str(workspace.current_model)


def headline(app: AppTest) -> str:
    return str(app.header[0].value).replace("\u00a0", " ")


def captions(app: AppTest) -> str:
    return "\n".join(each.value for each in app.caption)


def switch(app: AppTest) -> list[Any]:
    return [each for each in app.get("button_group") if each.key == "search"]


def searched(app: AppTest) -> bool:
    return "something similar" in headline(app)


def test_a_search_by_meaning_finds_its_own_words_first(open_page: Open, scored_once: Path, words: str) -> None:
    app = open_page(Workspace.open(scored_once), CONTACTS, q=words, search="meaning", period="all")
    assert searched(app) and headline(app).endswith("nearest first.")
    assert "less similar than 0.25" in captions(app)
    assert " ".join(app.text[0].value.split())[:60] == " ".join(words.split())[:60]
    assert not any("<mark" in each.value for each in app.html), "no word had to match"


def test_words_stay_the_default_and_the_switch_keeps_its_choice_in_the_url(
    open_page: Open, scored_once: Path, words: str
) -> None:
    app = open_page(Workspace.open(scored_once), CONTACTS, q="račun", period="all", page="2")
    assert "with these words, newest first" in headline(app)
    (choice,) = switch(app)
    assert choice.value == contact_search.WORDS
    choice.set_value(contact_search.MEANING).run()
    assert app.query_params["search"] == "meaning" and "page" not in app.query_params
    assert searched(app)
    (choice,) = switch(app)
    choice.set_value(contact_search.WORDS).run()
    assert "search" not in app.query_params
    assert "with these words, newest first" in headline(app)


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_looked_for_lists_everything(open_page: Open, scored_once: Path, text: str) -> None:
    app = open_page(Workspace.open(scored_once), CONTACTS, q=text, search="meaning", period="all")
    assert headline(app).endswith("contacts, newest first.")


def test_filters_hold_beside_a_meaning(open_page: Open, scored_once: Path, words: str) -> None:
    def found(**more: str) -> int:
        app = open_page(Workspace.open(scored_once), CONTACTS, q=words, search="meaning", period="all", **more)
        return int(headline(app).split()[0].replace(",", "")) if searched(app) else 0

    whole = found()
    moods = [found(sentiment=mood) for mood in ("negative", "neutral", "positive")]
    assert whole == sum(moods) and max(moods) < whole


def test_nothing_similar_keeps_what_was_typed(
    open_page: Open, scored_once: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voc.inference.marts_meaning.FLOOR", 1.01)
    app = open_page(Workspace.open(scored_once), CONTACTS, q=words, search="meaning", sentiment="negative")
    assert headline(app) == "No contact says anything similar."
    assert "Nothing similar" in [each.value for each in app.header]
    app.button(key="clear").click().run()
    assert app.query_params["q"] == words and "sentiment" not in app.query_params


def test_a_contact_found_by_meaning_has_no_marked_words(open_page: Open, scored_once: Path, words: str) -> None:
    workspace = Workspace.open(scored_once)
    contact = workspace.lake.query("SELECT contact_id FROM contacts ORDER BY contact_id LIMIT 1").to_pylist()[0]
    app = open_page(workspace, CONTACT, q=words, search="meaning", contact=contact["contact_id"])
    assert not any("<mark" in each.value for each in app.html)
    assert any("search=meaning" in each.proto.query_string for each in app.page_link)


def test_without_an_export_it_is_not_offered_and_a_link_says_why(
    open_page: Open, scored: Workspace, words: str
) -> None:
    shutil.rmtree(model_folder(scored) / EXPORT)
    assert not switch(open_page(scored, CONTACTS, period="all"))
    app = open_page(scored, CONTACTS, q=words, search="meaning", period="all")
    assert "No search by meaning here" in [each.value for each in app.header]
    assert "voc export" in app.code[0].value
    assert not app.exception and not app.text
    app.button[-1].click().run()
    assert "search" not in app.query_params and app.query_params["q"] == words


def test_a_damaged_export_is_said_in_one_sentence(open_page: Open, scored: Workspace, words: str) -> None:
    graph = model_folder(scored) / EXPORT / "encoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-10])
    app = open_page(scored, CONTACTS, q=words, search="meaning", period="all")
    assert "is damaged" in "\n".join(each.value for each in app.markdown)
    assert not app.exception and not app.text
    assert "newest first" in headline(open_page(scored, CONTACTS, q="račun", period="all"))


def test_another_models_vectors_are_not_compared(
    open_page: Open, scored: Workspace, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SearchReader, "width", 5)
    app = open_page(scored, CONTACTS, q=words, search="meaning", period="all")
    assert "No search by meaning here" in [each.value for each in app.header] and not app.exception


def test_it_is_not_offered_before_there_are_scores(open_page: Open, hundreds: Workspace, empty: Workspace) -> None:
    for workspace in (hundreds, empty):
        assert not switch(open_page(workspace, CONTACTS, period="all"))


def test_what_is_typed_is_not_logged(
    open_page: Open, scored_once: Path, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    open_page(Workspace.open(scored_once), CONTACTS, q=words, search="meaning", period="all")
    assert words[:30] not in caplog.text + "".join(capfd.readouterr())


def test_a_reader_takes_off_what_short_texts_share(scored_once: Path) -> None:
    workspace = Workspace.open(scored_once)
    short = typical(workspace.taxonomy)
    assert len(short) >= LEAST_TYPICAL
    folder = model_folder(workspace)
    reader, bare = SearchReader(folder, short), SearchReader(folder, short[:3])
    middle = (0.0,) * reader.width
    vector = reader.vector("Moj račun je prevelik", middle)
    assert len(vector) == reader.width
    assert sum(each * each for each in vector) == pytest.approx(1, abs=1e-4)
    assert vector == reader.vector("Moj račun je prevelik", bare.vector("other", middle)), "of contacts it needs none"
    assert vector != bare.vector("Moj račun je prevelik", middle)
    assert reader.vector("a " * MOST_CHARACTERS, middle) == reader.vector("a " * (MOST_CHARACTERS // 2), middle)


def test_a_reader_wants_an_export(scored: Workspace) -> None:
    shutil.rmtree(model_folder(scored) / EXPORT)
    with pytest.raises(ModelFolderError):
        SearchReader(model_folder(scored), ())
