"""IDEA's task on an app that was made up: which themes rise, and by which rule they are judged."""

from pathlib import Path

import numpy as np
import pytest

from voc.config import EncoderSettings
from voc.errors import InputError
from voc.experiments.suites.idea import IdeaSuite
from voc.experiments.suites.idea_data import (
    NearWords,
    Report,
    Theme,
    Version,
    chance_cosine,
    judge,
    read_app,
    same_word,
)
from voc.experiments.suites.idea_finders import far_above, risen

WORDS = ("camera", "sticker", "battery", "keyboard", "message", "sound")
LINE = "{stars}.0******the {what} menu of my phone number {number} do not {verb}******2015-05-0{day}******{version}"


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions with 60 reviews each, of which one rises in the last; another app with one version."""
    root = tmp_path_factory.mktemp("idea")
    app, other = root / "idea_appreviews" / "android_made_up", root / "idea_appreviews" / "ios_youtube_sample"
    for folder in (app, other):
        folder.mkdir(parents=True)
    lines = []
    for place, version in enumerate(("1.9", "1.10", "1.11")):
        for number in range(60):
            what = "battery" if place == 2 and number % 2 else WORDS[number % len(WORDS)]
            verb = ("open", "start", "load")[number % 3]
            lines.append(
                LINE.format(stars=1 + number % 5, what=what, number=number, verb=verb, day=1 + place, version=version)
            )
    lines += [LINE.format(stars=1, what="camera", number=1, verb="open", day=1, version="1.12")]
    (app / "total_info.txt").write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
    (app / "changelog_made_up.txt").write_text("\nsticker menu\nbattery drain, sign in\n", encoding="utf-8")
    said = [
        f"3.0******video {word} never play again {number}******t******d******1.0******SG"
        for number, word in enumerate(WORDS * 10)
    ]
    (other / "total_info.txt").write_text("\n".join(said) + "\n", encoding="utf-8")
    (other / "changelog_youtube.txt").write_text("autoplay\n", encoding="utf-8")
    return root


def test_versions_go_by_number_and_have_their_lines_of_the_change_log(reviews: Path) -> None:
    versions = read_app(reviews, "android_made_up")
    assert [version.name for version in versions] == ["1.9", "1.10", "1.11"]
    assert [len(version.own) for version in versions] == [0, 1, 2]
    assert versions[1].issues == ({"sticker", "menu"}, {"battery", "drain"}, {"sign", "in"})
    assert {len(version.reviews) for version in versions} == {60}
    assert set(WORDS) >= {review.split()[1] for review in versions[0].reviews}


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "idea_appreviews" / "android_made_up"
    folder.mkdir(parents=True)
    (folder / "total_info.txt").write_text("no review\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"total_info.txt:1: field line"):
        read_app(tmp_path, "android_made_up")
    with pytest.raises(InputError, match="no such file"):
        read_app(tmp_path, "android_other")


def version(own: tuple[str, ...], following: tuple[str, ...] = ()) -> Version:
    return Version("1", ("x",), *(tuple(frozenset(issue.split()) for issue in part) for part in (own, following)))


def report(themes: tuple[str, ...], emerging: tuple[str, ...] = ()) -> Report:
    return Report(*(tuple(Theme((said,), (said,)) for said in part) for part in (themes, emerging)))


def test_the_rule_by_hand() -> None:
    versions = [version(("crash",)), version(()), version(("sticker menu",), ("sound",)), version(("sound",))]
    reports = [
        report(("it crashes", "theme"), ("the first has none",)),
        report(("whatever",), ("not judged",)),
        report(("menu item",), ("sticker", "price")),
        report(("battery",)),
    ]
    figures = judge(versions, reports, same_word, sentences=False)
    assert figures["recall"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert figures["precision"] == pytest.approx(1 / 2)
    assert figures["f"] == pytest.approx(1 / 2)


def test_sentences_are_judged_by_their_own_words() -> None:
    found = [Report((Theme(("camera",), ("the sticker is gone!",)),), ())]
    assert judge([version(("sticker",))], found, same_word, sentences=True)["recall"] == 1
    assert judge([version(("sticker",))], found, same_word, sentences=False)["recall"] == 0


def test_nothing_found_is_nought() -> None:
    assert judge([version(("sound",))], [report(())], same_word, sentences=False)["f"] == 0


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("crash", "crashes", True), ("sticker", "stickers", True), ("sort", "sound", False), ("chat", "change", False)],
)
def test_words_are_the_same_but_for_their_ending(one: str, other: str, alike: bool) -> None:
    assert same_word(one, other) is alike


def test_words_are_alike_from_a_cosine_on() -> None:
    vectors = {"emoji": np.array([1.0, 0.0]), "smiley": np.array([0.8, 0.6]), "bill": np.array([0.0, 1.0])}
    near = NearWords({word: vector.astype(np.float32) for word, vector in vectors.items()}, 0.7)
    assert near("emoji", "smiley")
    assert not near("emoji", "bill")
    assert not near("emoji", "unknown")
    assert near("unknown", "unknowns")


def test_so_many_pairs_reach_the_cosine_of_chance() -> None:
    vectors = np.random.default_rng(1).normal(size=(300, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    cosines = (vectors @ vectors.T)[np.triu_indices(300, k=1)]
    assert (cosines >= chance_cosine(vectors, 0.01)).mean() == pytest.approx(0.01, rel=0.1)


def test_what_rises_is_what_earlier_versions_do_not_explain() -> None:
    counts = np.array([[60, 20, 20], [21, 20, 20], [7, 0, 0], [4, 0, 0], [12, 30, 30]])
    assert set(risen(counts, np.array([500, 500, 500]))) == {0, 2}
    assert risen(counts * 3, np.array([1500, 500, 500])) != []
    assert risen(counts[:, :1], np.array([500])) == []


def test_a_version_with_more_reviews_has_not_more_of_everything() -> None:
    counts = np.array([[60, 20, 20], [63, 20, 20], [57, 20, 20]])
    assert risen(counts, np.array([1500, 500, 500])) == []


def test_far_above_needs_two_versions_before() -> None:
    shares = np.array([[0.3, 0.1, 0.11], [0.1, 0.1, 0.11]])
    assert far_above(shares) == [0]
    assert far_above(shares[:, :2]) == []


class NoRun:
    """A tracker that keeps nothing."""

    def parameters(self, values: object) -> None: ...

    def table(self, name: str, content: object) -> None: ...


def test_the_suite_judges_all_on_the_same_reviews(reviews: Path, tiny_encoder: Path) -> None:
    suite = IdeaSuite("idea-made-up", "android_made_up", ("maker",))
    encoder = EncoderSettings(name=str(tiny_encoder))
    figures = suite(reviews, lambda what, share: None, NoRun(), encoder).figures  # type: ignore[arg-type]
    for name in ("", "baseline.zscore.", "baseline.bigrams.", "baseline.bertopic.", "baseline.chance."):
        for key in ("f", "precision", "recall", "f.words", "f.sentences", "f.words_sentences", "emerging"):
            assert figures[f"{name}{key}"] >= 0
    assert figures["versions"] == 3
    assert figures["versions.judged"] == 2
    assert figures["baseline.bigrams.f.words"] > 0
