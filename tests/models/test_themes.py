"""Theme discovery on vectors whose clusters are known."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from voc.config import ThemeSettings
from voc.errors import ModelFolderError
from voc.models.stopwords import stop_words
from voc.models.theme_space import Centres, ThemeSpace
from voc.models.themes import Themes, assign, find_themes

SETTINGS = ThemeSettings(min_theme_size=10, neighbours=8)
TOPICS = {
    0: ["Router se pregrijava", "рутер се прегрева", "the router overheats"],
    1: ["Račun je dvostruko naplaćen", "рачун је дупло наплаћен", "invoice charged double"],
    2: ["Nema signala u selu", "нема сигнала у селу", "no signal village"],
}


def corpus(per_topic: int = 60) -> tuple[list[str], np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    centres = np.eye(16)[:3] * 4
    texts, vectors, truth = [], [], []
    for number in range(per_topic * 3):
        topic = number % 3
        phrase = TOPICS[topic][int(generator.integers(3))]
        texts.append(f"{phrase} {'abcdefghij'[number % 10] * 3}{'klmnopqrst'[number // 10 % 10] * 3}")
        vectors.append(centres[topic] + generator.normal(scale=0.4, size=16))
        truth.append(topic)
    found = np.asarray(vectors, dtype=np.float32)
    return texts, found / np.linalg.norm(found, axis=1, keepdims=True), np.asarray(truth)


@pytest.fixture(scope="module")
def found() -> Themes:
    texts, vectors, _ = corpus()
    return find_themes(texts, vectors, SETTINGS)


def test_known_clusters_are_found(found: Themes) -> None:
    _, _, truth = corpus()
    assert len(found) == 3
    for topic in range(3):
        members = found.members[truth == topic]
        assert (members == np.bincount(members[members >= 0]).argmax()).mean() > 0.9


def test_many_texts_give_the_same_themes(found: Themes, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, vectors, _ = corpus()
    monkeypatch.setattr("voc.models.themes.MANY", len(texts) - 1)
    many = find_themes(texts, vectors, SETTINGS)
    assert normalized_mutual_info_score(many.members, found.members) > 0.95


def test_keywords_are_written_as_customers_write_and_scripts_are_one_word(found: Themes) -> None:
    words = {word for keywords in found.keywords for word in keywords}
    assert words & {"naplaćen", "наплаћен"}
    assert not {"naplaćen", "наплаћен"} <= words  # the same word in two scripts counts once
    assert not words & {"nema", "the", "je", "се"}


def test_same_input_same_themes(found: Themes) -> None:
    texts, vectors, _ = corpus()
    again = find_themes(texts, vectors, SETTINGS)
    assert (again.members == found.members).all()
    assert again.keywords == found.keywords


def test_identical_texts_share_a_theme_whatever_their_script() -> None:
    texts, vectors, _ = corpus()
    doubled = find_themes([*texts, *(text.upper() for text in texts)], np.concatenate([vectors, vectors]), SETTINGS)
    assert (doubled.members[: len(texts)] == doubled.members[len(texts) :]).all()


def test_form_letters_are_one_text_whatever_numbers_they_have() -> None:
    texts, vectors, _ = corpus()
    letters = [f"Vaš zahtjev broj {number} je zaprimljen" for number in range(60)]
    far = np.tile(np.roll(vectors[:1], 7, axis=1), (60, 1))
    with_letters = find_themes([*texts, *letters], np.concatenate([vectors, far]), SETTINGS)
    assert len(with_letters) == len(find_themes(texts, vectors, SETTINGS))
    assert len(set(with_letters.members[len(texts) :].tolist())) == 1


def test_assignment_follows_the_fit_and_refuses_strangers(found: Themes) -> None:
    _, vectors, _ = corpus()
    nearest, similarity = found.assign(vectors)
    placed = nearest >= 0
    fitted = found.members >= 0
    assert (nearest[placed & fitted] == found.members[placed & fitted]).all()
    assert placed.mean() > 0.85
    stranger = np.eye(16, dtype=np.float32)[[9]]
    assert found.assign(stranger)[0].tolist() == [-1]
    assert similarity.max() <= 1.0001


def test_centres_bring_languages_together() -> None:
    texts, vectors, truth = corpus()
    shift = np.zeros(16, dtype=np.float32)
    shift[10] = 3.0
    languages = ["hr" if number % 2 else "sl" for number in range(len(texts))]
    apart = np.where((np.asarray(languages) == "sl")[:, None], vectors + shift, vectors)
    centred = Centres.of(apart, languages, least=20).apply(apart, languages)
    assert np.linalg.norm(centred, axis=1) == pytest.approx(1, abs=1e-5)
    for topic in range(3):
        one, other = (centred[(truth == topic) & (np.asarray(languages) == name)].mean(0) for name in ("hr", "sl"))
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.95
    assert len(find_themes(texts, centred, SETTINGS)) == 3


def test_small_groups_go_by_the_mean_of_all() -> None:
    _, vectors, _ = corpus()
    centres = Centres.of(vectors, ["hr"] * (len(vectors) - 1) + ["en"], least=20)
    assert list(centres.groups) == ["hr"]
    assert centres.apply(vectors[-1:], ["xx"]) == pytest.approx(centres.apply(vectors[-1:], ["en"]))


def test_too_few_texts_give_no_themes() -> None:
    texts, vectors, _ = corpus()
    few = find_themes(texts[:5], vectors[:5], SETTINGS)
    assert len(few) == 0
    assert few.assign(vectors)[0].tolist() == [-1] * len(vectors)


def test_any_order_gives_the_same_themes(found: Themes) -> None:
    texts, vectors, _ = corpus()
    order = np.random.default_rng(3).permutation(len(texts))
    shuffled = find_themes([texts[row] for row in order], vectors[order], SETTINGS)
    assert (shuffled.members == found.members[order]).all()
    assert shuffled.keywords == found.keywords


def test_members_are_what_assignment_says(found: Themes) -> None:
    _, vectors, _ = corpus()
    assert (found.assign(vectors)[0] == found.members).all()


def test_the_space_is_the_same_after_it_was_stored(tmp_path: Path) -> None:
    texts, vectors, _ = corpus()
    groups = ["hr" if number % 2 else "sl" for number in range(len(texts))]
    space = ThemeSpace.of(vectors, groups)
    again = ThemeSpace.load(tmp_path, space.save(tmp_path))
    assert (again.apply(vectors, groups) == space.apply(vectors, groups)).all()
    assert space.save(tmp_path) == again.save(tmp_path)
    assert space.apply(vectors, groups).shape == (len(texts), space.width)
    with pytest.raises(ModelFolderError, match="expected the themes' space"):
        ThemeSpace.load(tmp_path, "missing")


def test_the_space_evens_out_what_all_texts_vary_in() -> None:
    # One loud direction that says nothing, as length or channel would be: topics are found behind it.
    texts, vectors, truth = corpus()
    loud = vectors.copy()
    loud[:, 12] += np.random.default_rng(8).normal(scale=3.0, size=len(texts)).astype(np.float32)
    loud /= np.linalg.norm(loud, axis=1, keepdims=True)
    groups = ["hr"] * len(texts)

    def apart(points: np.ndarray) -> float:
        """Mean cosine within topics less that between them."""
        cosines, same = points @ points.T, truth[:, None] == truth[None, :]
        return float(cosines[same].mean() - cosines[~same].mean())

    centred = Centres.of(loud, groups).apply(loud, groups)
    assert apart(ThemeSpace.of(loud, groups).apply(loud, groups)) > 1.1 * apart(centred)


def test_all_texts_identical_give_no_themes() -> None:
    _, vectors, _ = corpus()
    assert len(find_themes(["isto"] * len(vectors), vectors, SETTINGS)) == 0


def test_stop_words_of_all_languages() -> None:
    assert {"the", "jesam", "ampak", "gde", "hvala", "zato", "sam", "tko", "niko", "dni"} <= stop_words()
    assert "racun" not in stop_words()


def test_two_themes_have_words_though_they_share_none() -> None:
    # BERTopic counts a word once a theme: a floor on that count would drop what only one theme speaks of.
    texts, vectors, truth = corpus(160)
    rows = np.flatnonzero(truth < 2)
    themes = find_themes([texts[row] for row in rows], vectors[rows], SETTINGS)
    assert len(themes) == 2
    first, second = (set(keywords) for keywords in themes.keywords)
    assert {"router", "double"} <= first | second
    assert not {"router", "double"} <= first and not {"router", "double"} <= second


def test_a_theme_may_ask_more_of_some_contacts() -> None:
    centres, floors = np.eye(2, dtype=np.float32), np.array([0.2, 0.2], dtype=np.float32)
    vectors = np.array([[0.8, 0.6], [0.8, 0.6]], dtype=np.float32)
    least = np.array([[0.9, -1.0], [-1.0, -1.0]], dtype=np.float32)
    nearest, similarity = assign(vectors, centres, floors, least)
    assert nearest.tolist() == [1, 0]
    assert similarity == pytest.approx([0.6, 0.8])
