"""Alignment with a tiny real encoder: translations come to lie where their originals do."""

from pathlib import Path

import pytest
from transformers import AutoModel

from voc.config import AlignmentSettings, EncoderSettings
from voc.data.text import to_latin
from voc.data.translations import Pair
from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.labels import Language, Script, Split
from voc.models.encoder import load_encoder
from voc.training.align import align, align_workspace, pair_table
from voc.training.seed import seed_contacts

SETTINGS = AlignmentSettings(judged=20, epochs=4, learning_rate=3e-3, batch_tokens=512)


class Curves:
    """The part of a RunLog that alignment writes to."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}

    def metrics(self, values: dict[str, float], step: int | None = None) -> None:
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    contacts = [contact for contact in seed_contacts() if contact.split == Split.TRAIN][:300]
    return [(contact.texts["en"], contact.texts[form], form[:2]) for contact in contacts for form in ("sl", "sr-Cyrl")]


def test_translations_move_to_their_originals(tiny_encoder: Path, rows: list[tuple[str, str, str]]) -> None:
    curves = Curves()
    english = sorted({source for source, _, _ in rows})[:100]
    aligned = align(pair_table(rows), english, EncoderSettings(name=str(tiny_encoder)), SETTINGS, curves)  # type: ignore[arg-type]
    assert set(aligned.before) == set(aligned.after) == {"sl", "sr-Cyrl", "sr-Latn"}
    assert curves.values["angle"][-1] < 0.9 * curves.values["angle"][0]  # 0.81 seen; 1.0 when nothing is learnt
    untouched = load_encoder(str(tiny_encoder)).get_input_embeddings().weight
    assert (aligned.encoder.get_input_embeddings().weight == untouched).all()


def test_same_seed_same_encoder(tiny_encoder: Path, rows: list[tuple[str, str, str]]) -> None:
    few = SETTINGS.model_copy(update={"epochs": 1, "most_pairs": 120})
    encoder = EncoderSettings(name=str(tiny_encoder))
    first, second = (align(pair_table(rows), [], encoder, few, Curves()) for _ in range(2))  # type: ignore[arg-type]
    assert first.after == second.after
    for one, other in zip(first.encoder.parameters(), second.encoder.parameters(), strict=True):
        assert (one == other).all()


def test_too_few_pairs_are_one_line(tiny_encoder: Path) -> None:
    pairs = pair_table([("Open a new account today", "Odprite nov račun danes", "sl"), ("Close", "Zapri", "sl")])
    with pytest.raises(TrainingError, match="expected at least 40 pairs of 4 or more words, got 1 of 2 given"):
        align(pairs, [], EncoderSettings(name=str(tiny_encoder)), SETTINGS, Curves())  # type: ignore[arg-type]


def test_workspace_uses_the_aligned_encoder_once_it_is_named(workspace: Workspace) -> None:
    settings = workspace.root / "voc.toml"
    settings.write_text(settings.read_text() + "[alignment]\njudged = 20\nmost_pairs = 150\nmost_held = 30\n")
    opened = Workspace.open(workspace.root)
    pair = Pair("Your bill is ready to be paid", "Ваш рачун је спреман за плаћање", Language.SERBIAN, Script.CYRILLIC)
    folder, aligned = align_workspace(opened, [pair])
    assert folder.parent == opened.encoders
    assert {"hr", "sl", "sr-Cyrl", "sr-Latn"} == set(aligned.after)
    AutoModel.from_pretrained(folder)
    old = opened.config.encoder.name
    settings.write_text(settings.read_text().replace(old, f"encoders/{folder.name}"))
    assert Workspace.open(workspace.root).config.encoder.name == str(folder.resolve())
    assert to_latin(pair.target) == "Vaš račun je spreman za plaćanje"
