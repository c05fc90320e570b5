"""Figures of theme discovery, on clusterings whose figures are known by hand."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from voc.config import EncoderSettings
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
