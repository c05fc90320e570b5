"""The bench of speed, on a few hundred contacts, with every side in its own process as in the large run."""

from pathlib import Path

import numpy as np
import pytest

from voc.config import EncoderSettings, ThemeSettings
from voc.errors import InputError
from voc.experiments.processes import Watched
from voc.experiments.suites.theme_scale import Sizes, in_own_process, theme_scale
from voc.experiments.suites.theme_scale_data import PER_DAY, Intents, Synthetic, contacts_like, fill_workspace
from voc.experiments.suites.theme_scale_side import SIDES
from voc.models.theme_space import unit

TOPICS = ("router", "bill", "signal")


def made_up(width: int = 24, texts: int = 40) -> Intents:
    generator = np.random.default_rng(1)
    centres = generator.normal(size=(len(TOPICS), width)) * 2
    spread = np.diag(np.linspace(0.1, 0.9, width))
    marks = ["abcdefghij"[number % 10] * (2 + number // 10) for number in range(texts)]
    labelled = [(f"{topic} fails {mark} {topic}", topic) for topic in TOPICS for mark in marks]

    def encode(said: list[str]) -> np.ndarray:
        places = [TOPICS.index(text.split()[0]) for text in said]
        return unit((centres[places] + generator.normal(size=(len(said), width)) @ spread).astype(np.float32))

    return Intents.of(labelled, encode, 13)  # type: ignore[arg-type]


def joined(intents: Intents, count: int, seed: int = 13) -> Synthetic:
    (part,) = contacts_like(intents, count, seed)
    return part


def test_mixtures_keep_the_mean_and_the_spread_of_their_intent() -> None:
    intents = made_up()
    made = joined(intents, 6000)
    for place in range(len(intents)):
        real = intents.vectors[intents.first[place] : intents.first[place + 1]]
        mixed = made.vectors[made.truth == place]
        assert mixed.mean(axis=0) == pytest.approx(real.mean(axis=0), abs=0.02)
        assert mixed.var(axis=0).sum() == pytest.approx(real.var(axis=0).sum(), rel=0.1)


def test_both_parts_of_a_text_are_of_the_contact_s_intent() -> None:
    made = joined(made_up(), 500)
    for text, place in zip(made.texts, made.truth.tolist(), strict=True):
        assert {text.split()[0], text.split()[-1]} == {sorted(TOPICS)[place]}


def test_the_same_seed_gives_the_same_contacts_and_another_one_others() -> None:
    intents = made_up()
    one, again, other = (joined(intents, 50, seed) for seed in (1, 1, 2))
    assert one.texts == again.texts
    assert np.array_equal(one.vectors, again.vectors)
    assert one.texts != other.texts


def test_an_intent_with_one_text_is_left_out_and_none_at_all_is_an_error() -> None:
    labelled = [("a b", "one"), ("c d", "two"), ("e f", "two")]
    assert len(Intents.of(labelled, lambda texts: np.eye(len(texts), dtype=np.float32), 1)) == 1
    with pytest.raises(InputError, match="two texts"):
        Intents.of(labelled[:2], lambda texts: np.eye(len(texts), dtype=np.float32), 1)


def test_contacts_are_dealt_to_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voc.experiments.suites.theme_scale_data.PER_DAY", 40)
    workspace = fill_workspace(tmp_path / "ws", contacts_like(made_up(), 100, 13))
    days = workspace.lake.query("SELECT count(*) AS n FROM scores GROUP BY day ORDER BY day")["n"].to_pylist()
    assert days == [40, 40, 20]
    assert len(np.load(tmp_path / "ws" / "truth.npy")) == 100
    assert PER_DAY == 10_000


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a workspace"):
        in_own_process("fit", tmp_path)


def test_a_side_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    workspace = fill_workspace(tmp_path / "ws", contacts_like(made_up(), 20, 13))
    took = in_own_process("daily", workspace.root)
    assert took.seconds > 0
    assert 50 < took.peak_mb < 5000
    assert workspace.lake.query("SELECT * FROM theme_assignments").num_rows == 20


def in_this_process(side: str, folder: Path) -> Watched:
    """Libraries are loaded once; what each side takes is made up."""
    SIDES[side](folder)
    return {"fit": Watched(4.0, 10.0), "daily": Watched(3.0, 20.0), "bertopic": Watched(6.0, 30.0)}[side]


class NoRun:
    """A tracker that keeps nothing."""

    def parameters(self, values: object) -> None: ...

    def table(self, name: str, content: object) -> None: ...


def test_every_side_runs_and_is_measured(handmade: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voc.experiments.suites.theme_scale.real_intents", lambda data, encode: made_up())
    result = theme_scale(
        handmade,
        lambda what, share: None,
        NoRun(),  # type: ignore[arg-type]
        EncoderSettings(name=str(tiny_encoder)),
        Sizes(contacts=150, many=15, themes=7),
        in_this_process,
    )
    figures = result.figures
    took = {"": (4, 10), "baseline.bertopic.": (6, 30), "many.": (4, 10)}
    assert {name: (figures[f"{name}seconds"], figures[f"{name}peak_rss_mb"]) for name in took} == took
    assert (figures["assign_seconds"], figures["assign_peak_rss_mb"]) == (3, 20)
    assert figures["ratio_to_bertopic"] == 1.5
    assert {"accuracy", "baseline.bertopic.accuracy", "many.accuracy"} <= set(figures)
    assert figures["nmi"] > 0.5
    assert figures["many.themes"] == 0


def test_of_very_many_texts_smaller_themes_can_be_told() -> None:
    sizes = [ThemeSettings().size_for(texts) for texts in (400, 10_000, 50_000, 250_000)]
    assert sizes == [10, 40, 112, 250]
    assert ThemeSettings(min_theme_size=7).size_for(50_000) == 7
