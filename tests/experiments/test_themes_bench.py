"""Figures of theme discovery, on clusterings whose figures are known by hand."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.inference.topics import WORDS, add, without_contacts
from voc.config import EncoderSettings
from voc.data.columns import vectors_of
from voc.data.contracts import LABELS
from voc.errors import WorkspaceError
from voc.experiments.suites.theme_reasons import agreement, meanings, theme_reasons
from voc.experiments.suites.theme_stability import _equal_texts, _rematched
from voc.experiments.suites.themes import ThemeSuite, Utterance, judge


class NoRun:
    """A tracker that keeps nothing."""

    def parameters(self, values: Mapping[str, object]) -> None: ...


def made_up(data: Path) -> list[Utterance]:
    marks = [a + b for a in "abcdefgh" for b in "klmnopqr"]
    said = {"router": "router overheats", "bill": "račun naplaćen", "signal": "у селу нема сигнала"}
    return [Utterance(f"{text} {mark * 2}", intent) for intent, text in said.items() for mark in marks]


def test_a_suite_judges_ours_and_the_rivals_on_the_same_texts(tiny_encoder: Path) -> None:
    encoder = EncoderSettings(name=str(tiny_encoder))
    suite = ThemeSuite("made-up", made_up, "made up")
    result = suite(Path(), lambda what, share: None, NoRun(), encoder)  # type: ignore[arg-type]
    assert result.bench == "themes made-up"
    assert result.figures["true_themes"] == 3
    for name in ("", "baseline.bertopic.", "baseline.kmeans."):
        for key in ("accuracy", "nmi", "ari", "outliers", "themes", "seconds"):
            assert f"{name}{key}" in result.figures
    assert result.figures["baseline.kmeans.themes"] == 3
    assert 0 < result.figures["accuracy"] <= 1


TRUTH = np.array([0, 0, 0, 1, 1, 2])


def test_names_of_themes_do_not_matter() -> None:
    figures = judge(TRUTH, np.array([2, 2, 2, 0, 0, 1]))
    assert figures == {"accuracy": 1.0, "nmi": 1.0, "ari": 1.0, "outliers": 0.0, "themes": 3.0}


def test_texts_in_no_theme_are_wrong_even_where_they_are_one_class() -> None:
    figures = judge(TRUTH, np.array([0, 0, 0, 1, 1, -1]))
    assert figures["accuracy"] == pytest.approx(5 / 6)
    assert figures["outliers"] == pytest.approx(1 / 6)


def test_a_split_class_counts_by_its_larger_half() -> None:
    assert judge(TRUTH, np.array([0, 0, 3, 1, 1, 2]))["accuracy"] == pytest.approx(5 / 6)


def test_nothing_found() -> None:
    assert judge(TRUTH, np.full(6, -1))["accuracy"] == 0


def test_themes_of_a_new_fit_are_named_by_what_they_share() -> None:
    before = {"a": "T1", "b": "T1", "c": "T2", "d": None}
    after = {"a": "T9", "b": "T9", "c": "T1", "d": None, "e": "T3"}
    assert _rematched(before, after) == {"a": "T1", "b": "T1", "c": "T2", "d": None, "e": "new T3"}


def test_equal_texts_in_two_themes_are_noticed() -> None:
    turns = [[{"speaker": "customer", "text": text, "at": None}] for text in ("Račun", "РАЧУН", "racun", "ruter")]
    contacts = pa.table({"contact_id": list("abcd"), "turns": turns})
    assert _equal_texts(contacts, {"a": "T1", "b": "T1", "c": "T2", "d": None}) == 0.5


def test_a_theme_stands_for_the_reason_of_most() -> None:
    one = {"a": "bill", "b": "bill", "c": "router", "d": "router", "e": "router", "f": "signal"}
    found = {"a": ["T1"], "b": ["T1"], "c": ["T1"], "d": ["T2", "T3"], "e": ["T2"]}
    assert meanings(one, found) == {"T1": "bill", "T2": "router", "T3": "router"}


def test_agreement_by_hand() -> None:
    truth = {"x": ["bill", "router"], "y": ["bill", "signal"], "z": ["bill", "signal"]}
    meaning = {"T1": "bill", "T2": "router", "T3": "router"}
    found = {"x": ["T1", "T2"], "y": ["T3", "T1"], "z": []}
    assert agreement(truth, found, meaning) == pytest.approx((1.5 / 3, 1.5 / 3, 1.5 / 3))
    assert agreement({"x": ["bill", "router"]}, {"x": ["T2", "T3", "T9"]}, meaning) == pytest.approx((1, 0.5, 2 / 3))


def test_themes_against_reasons(tmp_path: Path) -> None:
    workspace = without_contacts(tmp_path / "company", "")
    for topic in WORDS:
        add(workspace, topic, 60)
    labels = [
        {"contact_id": f"c{topic}-{row:04d}", "reasons": [f"reason {topic}"]} for topic in WORDS for row in range(60)
    ]
    workspace.lake.append("labels", pa.Table.from_pylist(labels, schema=LABELS.schema))
    with pytest.raises(WorkspaceError, match="expected contacts labelled with several reasons"):
        theme_reasons(workspace, lambda what, share: None, Tables())  # type: ignore[arg-type]
    scores = workspace.lake.query("SELECT * FROM scores")
    vectors = vectors_of(scores["embedding"])
    places = {name: place for place, name in enumerate(scores["contact_id"].to_pylist())}
    mentions = [
        {"turn": 0, "begin": 7 * topic, "end": 7 * topic + 6, "embedding": vectors[places[f"c{topic}-0007"]].tolist()}
        for topic in (0, 1)
    ]
    rows = [
        row | {"mentions": mentions} if row["contact_id"].startswith("c0-000") else row for row in scores.to_pylist()
    ]
    workspace.lake.replace("scores", pa.Table.from_pylist(rows, schema=scores.schema))
    both = [
        row | {"reasons": ["reason 0", "reason 1"]} if row["contact_id"].startswith("c0-000") else row for row in labels
    ]
    workspace.lake.replace("labels", pa.Table.from_pylist(both, schema=LABELS.schema))
    figures = theme_reasons(workspace, lambda what, share: None, Tables()).figures  # type: ignore[arg-type]
    assert figures["several.f1"] == figures["several.with_themes"] == 1
    assert (figures["baseline.whole.several.recall"], figures["baseline.whole.several.precision"]) == (0.5, 1)
    assert (figures["several.contacts"], figures["nmi"], figures["themes"]) == (10, pytest.approx(1), 3)


class Tables(NoRun):
    """One that takes tables as well."""

    def table(self, name: str, values: Mapping[str, float]) -> None: ...
