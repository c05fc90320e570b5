"""The model in stages: shapes and ranges, that it can learn, that it survives a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from voc.errors import ModelFolderError
from voc.models.batching import pad_batch, token_ids
from voc.models.calibration import Scaling
from voc.models.classifier import Classifier, Pooled, layer_of
from voc.models.decisions import Decisions
from voc.models.encoder import load_tokenizer
from voc.models.folder import Model, load_model, save_model
from voc.models.manifest import new_manifest
from voc.models.predict import Predictor
from voc.models.reading import NO_SEGMENT, Segmented
from voc.models.tasks import Task, default_tasks

TASKS = default_tasks(("bill", "outage"))
TEXTS = ["Račun je previsok", "Интернет не ради", "no signal at home at all", "x", "Račun je previsok"]


@pytest.fixture
def predictor(tiny_encoder: Path) -> Predictor:
    torch.manual_seed(0)
    classifier = Classifier.fresh(str(tiny_encoder), TASKS, prefix="query: ", max_tokens=32).eval()
    return Predictor(classifier, load_tokenizer(str(tiny_encoder)), batch_tokens=64)


def test_shapes_and_ranges(predictor: Predictor) -> None:
    found = predictor.predict(TEXTS)
    assert {name: values.shape for name, values in found.probabilities.items()} == {
        "reason": (5, 2), "sentiment": (5, 3), "churn_intent": (5, 2), "churn_direction": (5, 6),
    }  # fmt: skip
    assert all(((values >= 0) & (values <= 1)).all() for values in found.probabilities.values())
    assert np.linalg.norm(found.embeddings, axis=1) == pytest.approx(1, abs=1e-5)


def test_order_and_batching_do_not_matter(predictor: Predictor) -> None:
    together = predictor.predict(TEXTS)
    for row, text in enumerate(TEXTS):
        alone = predictor.predict([text])
        assert alone.embeddings[0] == pytest.approx(together.embeddings[row], abs=1e-5)
    assert (together.embeddings[0] == together.embeddings[4]).all()


def test_no_texts_give_empty_arrays(predictor: Predictor) -> None:
    found = predictor.predict([])
    assert found.probabilities["sentiment"].shape == (0, 3)
    assert found.embeddings.shape == (0, 32)
    assert len(found.turns["sentiment"]) == 0


def test_heads_see_less_of_what_only_the_language_changes(tiny_encoder: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(500, 32, generator=generator)
    apart = 0.01 * torch.randn(500, 32, generator=generator)
    apart[:, 0] += 3 * torch.randn(500, generator=generator)
    classifier = Classifier.fresh(str(tiny_encoder), TASKS)
    classifier.standardise_by(vectors, vectors, apart)
    seen = classifier.whole_scale(vectors)
    assert seen.std() == pytest.approx(1, abs=0.05)
    assert seen[:, 0].std() < 0.5 * seen[:, 1:].std()
    classifier.standardise_by(vectors, vectors, apart[:20])  # too few to tell
    assert classifier.whole_scale(vectors).std(dim=0) == pytest.approx(1, abs=1e-3)


def test_can_learn_a_handful_by_heart(tiny_encoder: Path) -> None:
    torch.manual_seed(0)
    task = Task("reason", "multilabel", ("bill", "outage"))
    classifier = Classifier.fresh(str(tiny_encoder), [task], max_tokens=32)
    tokenizer = load_tokenizer(str(tiny_encoder))
    read = Segmented.of(TEXTS[:3])
    batch = pad_batch(token_ids(read.unique, tokenizer, "", 32), tokenizer) | {"rows": torch.from_numpy(read.rows)}
    targets = {"reason": torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])}
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=3e-3)
    for _ in range(60):
        loss = classifier(**batch, targets=targets).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert float(loss.detach()) < 0.1


def test_teacher_holds_the_pooled_vector(tiny_encoder: Path) -> None:
    classifier = Classifier.fresh(str(tiny_encoder), TASKS, preserve=2.0).eval()
    ids = torch.tensor([[0, 5, 6, 2]])
    mask = torch.ones_like(ids)
    targets = {task.name: torch.tensor([task.target(None)]) for task in TASKS}
    rows = torch.zeros((1, 1), dtype=torch.long)
    own = classifier(ids, mask, rows).pooled.detach()
    assert float(classifier(ids, mask, rows, targets, own).loss.detach()) == pytest.approx(0, abs=1e-5)
    assert float(classifier(ids, mask, rows, targets, -own).loss.detach()) == pytest.approx(4, abs=1e-4)


@pytest.mark.parametrize("layers", [0, 1])
def test_what_is_frozen_gets_no_gradient(tiny_encoder: Path, layers: int) -> None:
    classifier = Classifier.fresh(str(tiny_encoder), TASKS)
    classifier.freeze(word_embeddings=True, layers=layers)
    ids = torch.tensor([[0, 5, 2]])
    classifier.pool(ids, torch.ones_like(ids)).sum().backward()
    learnt = [name for name, value in classifier.encoder.named_parameters() if value.grad is not None]
    learning = {layer_of(name, classifier.layers) for name in learnt}
    assert classifier.encoder.get_input_embeddings().weight.grad is None
    assert learning == ({-1, 0, 1} if layers == 0 else {1})


def test_a_contact_is_the_mean_of_its_segments_by_tokens() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    pooled = Pooled.of(vectors, torch.tensor([3, 4, 5]), torch.tensor([[0, 1], [2, NO_SEGMENT]]))
    assert pooled.whole[0].tolist() == pytest.approx([0.6, 0.8])
    assert pooled.present.tolist() == [[True, True], [True, False]]
    assert pooled.segments[1, 1].tolist() == [0, 0]


def test_evidence_is_the_segment_that_speaks_most(predictor: Predictor) -> None:
    text = "The first thing I say.\nSomething else entirely here.\nAnd one more of that."
    found = predictor.predict([text, *TEXTS])
    (pooled,) = predictor.pooled([text])
    for name, values in predictor.classifier.read_segments(pooled).items():
        assert found.spoken[name][0].tolist() == values[0].argmax(0).tolist()
    assert (found.spoken["churn_intent"][1:] == 0).all()


def test_a_turn_is_read_as_if_it_were_the_contact(predictor: Predictor) -> None:
    lines = ["The first thing I say. And what I say with it.", "Something else entirely here.", "Thank you for that."]
    scalings = {"sentiment": {"all": Scaling(0.7), "hr": Scaling(1.4)}}
    tuned = Predictor(predictor.classifier, predictor.tokenizer, calibration=scalings)
    forms = ["hr", "en", "sl"]
    found = tuned.predict(["\n".join(lines), lines[1], ""], forms).turns
    assert set(found) == {"sentiment"}
    assert found["sentiment"].shape == (3, 3, 3)
    alone = tuned.predict(lines, ["hr"] * 3).probabilities["sentiment"]
    assert found["sentiment"][0] == pytest.approx(alone, abs=1e-5)
    assert found["sentiment"][1, 0] == pytest.approx(tuned.predict(lines[1:2]).probabilities["sentiment"][0], abs=1e-5)
    assert np.isnan(found["sentiment"][1:, 1:]).all()


def test_no_segment_is_encoded_for_its_turn(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    plain = predictor.classifier.pool

    def counted(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        read.append(len(input_ids))
        return plain(input_ids, attention_mask)

    monkeypatch.setattr(predictor.classifier, "pool", counted)
    predictor.predict(["Good morning to you. My bill is wrong.\nI am leaving you."])
    assert sum(read) == 3


def test_calibration_by_language(predictor: Predictor) -> None:
    plain = predictor.predict(TEXTS)
    scalings = {"churn_intent": {"all": Scaling(), "hr": Scaling(0.5, 1.0)}}
    tuned = Predictor(predictor.classifier, predictor.tokenizer, calibration=scalings)
    found = tuned.predict(TEXTS, ["hr", "en", "en", "en", "en"])
    assert (found.probabilities["churn_intent"][1:] == plain.probabilities["churn_intent"][1:]).all()
    expected = 1 / (1 + np.exp(-(0.5 * plain.logits["churn_intent"][0, 0] + 1)))
    assert found.probabilities["churn_intent"][0, 1] == pytest.approx(expected, abs=1e-5)


@pytest.fixture
def saved(predictor: Predictor, tmp_path: Path) -> Path:
    model = Model(
        new_manifest("tiny", "1", "abc", "seed"),
        predictor.classifier,
        predictor.tokenizer,
        Decisions({"reason": 0.4}, {"sentiment": {"all": Scaling(0.5), "hr": Scaling(0.7, 0.1)}}),
    )
    return save_model(model, tmp_path / "models" / model.version, "# Card")


def test_folder_round_trip(predictor: Predictor, saved: Path) -> None:
    loaded = load_model(saved)
    again = Predictor(loaded.classifier, loaded.tokenizer, batch_tokens=64).predict(TEXTS)
    first = predictor.predict(TEXTS)
    assert loaded.version == saved.name
    assert loaded.decisions == Decisions({"reason": 0.4}, {"sentiment": {"all": Scaling(0.5), "hr": Scaling(0.7, 0.1)}})
    for name, values in first.probabilities.items():
        assert (again.probabilities[name] == values).all()


def test_nothing_is_left_beside_the_folder(saved: Path) -> None:
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_version_is_never_written_over(predictor: Predictor, saved: Path) -> None:
    model = Model(new_manifest("tiny", "1", "abc", "s"), predictor.classifier, predictor.tokenizer, Decisions({}))
    with pytest.raises(ModelFolderError, match="never written over"):
        save_model(model, saved, "# Card")


def test_changed_weights_are_refused(saved: Path) -> None:
    path = saved / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(ModelFolderError, match=r"model\.safetensors: expected sha256"):
        load_model(saved)


def test_missing_file_is_named(saved: Path) -> None:
    (saved / "tokenizer.json").unlink()
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json: expected sha256 .* got no such file"):
        load_model(saved)


def test_strangers_are_refused(saved: Path) -> None:
    (saved / "model.pkl").write_bytes(b"x")
    with pytest.raises(ModelFolderError, match=r"do not belong to a model: model\.pkl"):
        load_model(saved)


def test_manifest_cannot_allow_other_files(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "code.py").write_text("print(1)")
    manifest["files"]["code.py"] = "0"
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelFolderError, match=r"code\.py"):
        load_model(saved)


@pytest.mark.parametrize("content", [None, "{", '{"format": 99}'], ids=["none", "broken", "other format"])
def test_not_a_model(saved: Path, content: str | None) -> None:
    path = saved / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelFolderError) as caught:
        load_model(saved)
    assert "\n" not in str(caught.value)


def test_one_decisive_sentence_outweighs_polite_ones(tiny_encoder: Path) -> None:
    """Heads that speak for one segment only are heard whatever stands around it."""
    torch.manual_seed(0)
    task = Task("churn_intent", "binary", ("no", "yes"))
    classifier = Classifier.fresh(str(tiny_encoder), [task], dropout=0.0).eval()
    width = classifier.encoder.config.hidden_size
    leaving, polite = torch.randn(2, width)
    for heads in (classifier.whole_heads, classifier.segment_heads):
        torch.nn.init.zeros_(heads["churn_intent"][-1].weight)
        torch.nn.init.zeros_(heads["churn_intent"][-1].bias)
    classifier.segment_heads["churn_intent"] = torch.nn.Linear(width, 1, bias=False)
    classifier.segment_heads["churn_intent"].weight.data = leaving[None]
    segments = torch.stack([polite, leaving, polite, torch.zeros(width)])[None]
    present = torch.tensor([[True, True, True, False]])
    with_it = classifier.read(Pooled(polite[None], segments, present))["churn_intent"]
    without = classifier.read(Pooled(polite[None], segments, torch.tensor([[True, False, True, False]])))[
        "churn_intent"
    ]
    assert float(with_it.detach()) == pytest.approx(float(leaving @ leaving), rel=1e-4)
    assert float(without.detach()) == pytest.approx(float(leaving @ polite), rel=1e-3, abs=1e-3)


def test_blank_text_has_finite_logits(predictor: Predictor) -> None:
    found = predictor.predict(["", "   "])
    assert all(np.isfinite(values).all() for values in found.probabilities.values())
