from pathlib import Path

import pytest
import torch

from voc.models.encoder import EMBEDDED, load_tokenizer
from voc.models.reading import MOST_SEGMENTS, NO_SEGMENT, pad_batch, pool_segments, read_texts

TEXT = "Dobar dan. Račun je previsok!\nОдлазим од вас.  Hvala"


@pytest.mark.parametrize("name", [EMBEDDED, "tiny"])
def test_each_token_knows_its_sentence(name: str, tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(name if name == EMBEDDED else str(tiny_encoder))
    read = read_texts([TEXT], tokenizer, "query: ", 64)
    ids, segments = read["input_ids"][0], read["segments"][0]
    spoken = {
        segment: tokenizer.decode([token for token, own in zip(ids, segments, strict=True) if own == segment]).strip()
        for segment in set(segments)
    }
    assert spoken[0] == "Dobar dan."
    assert spoken[1] == "Račun je previsok!"
    assert spoken[2] == "Одлазим од вас."
    assert spoken[3] == "Hvala"
    assert segments[0] == segments[-1] == NO_SEGMENT
    assert "query" not in " ".join(text for segment, text in spoken.items() if segment >= 0)


def test_ids_are_those_of_the_plain_text(tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    assert (
        read_texts([TEXT], tokenizer, "query: ", 20)["input_ids"][0]
        == tokenizer("query: " + TEXT, truncation=True, max_length=20)["input_ids"]
    )


def test_late_segments_count_to_the_last(tiny_encoder: Path) -> None:
    read = read_texts([" ".join(["Da."] * 30)], load_tokenizer(str(tiny_encoder)), "", 128)
    assert max(read["segments"][0]) == MOST_SEGMENTS - 1


def test_padding_belongs_to_no_segment(tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    read = read_texts(["Da.", TEXT], tokenizer, "", 64)
    batch = pad_batch([{name: read[name][row] for name in read} for row in range(2)], tokenizer)
    assert batch["segments"].shape == batch["input_ids"].shape == batch["attention_mask"].shape
    assert (batch["segments"][batch["attention_mask"] == 0] == NO_SEGMENT).all()


def test_segments_are_means_of_their_tokens() -> None:
    hidden = torch.arange(10.0).view(1, 5, 2)
    vectors, present = pool_segments(hidden, torch.tensor([[NO_SEGMENT, 0, 0, 2, NO_SEGMENT]]))
    assert vectors[0, 0].tolist() == [3, 4]
    assert vectors[0, 2].tolist() == [6, 7]
    assert present[0, :4].tolist() == [True, False, True, False]
