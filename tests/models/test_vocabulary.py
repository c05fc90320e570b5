"""A vocabulary without other scripts reads texts in its own exactly as before, and the model is smaller."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from voc.data.text import to_latin
from voc.errors import EncoderError
from voc.labels import Script
from voc.models.classifier import Classifier
from voc.models.encoder import EMBEDDED, load_encoder, load_tokenizer
from voc.models.tasks import Task
from voc.models.vocabulary import cut_vocabulary
from voc.training.seed import FORMS, seed_contacts

BOTH = (Script.LATIN, Script.CYRILLIC)
ODD = [
    "", " ", "Račun je 1.234,56 € – tisuću posto!!! 😡😡 #fail @zvono", "ﬁne ½ ² ™ ª º „navodnici“ “quotes” …",
    "e\u0301 combining, ĳ, ǆ, ŉ, ß, ẞ, ı, Đorđe, Ђорђе, Љубиша", "http://zvono.hr/?q=1&x=%20", "a\u200bb\u00adc\ufeffd",
]  # fmt: skip


@pytest.fixture(scope="module")
def cut() -> tuple[PreTrainedTokenizerFast, object]:
    encoder = load_encoder(EMBEDDED)
    return cut_vocabulary(encoder, load_tokenizer(EMBEDDED), BOTH), encoder


def texts() -> list[str]:
    some = [contact.texts[form] for contact in seed_contacts()[::5] for form in FORMS]
    return [*some, *ODD, *(to_latin(text) for text in ODD)]


def test_every_text_of_these_scripts_is_cut_into_the_same_pieces(cut: tuple[PreTrainedTokenizerFast, object]) -> None:
    whole, less = load_tokenizer(EMBEDDED), cut[0]
    assert len(less) < 0.6 * len(whole)
    for text in texts():
        assert less.tokenize(text) == whole.tokenize(text), text
        ids = less(text)["input_ids"]
        assert less.convert_ids_to_tokens(ids) == whole.convert_ids_to_tokens(whole(text)["input_ids"])


def test_every_vector_is_the_same_to_the_last_bit(cut: tuple[PreTrainedTokenizerFast, object]) -> None:
    whole, encoder = load_tokenizer(EMBEDDED), load_encoder(EMBEDDED)
    less, smaller = cut
    some = texts()[:: len(texts()) // 24]
    with torch.inference_mode():
        before = encoder(**whole(some, padding=True, return_tensors="pt")).last_hidden_state
        after = smaller(**less(some, padding=True, return_tensors="pt")).last_hidden_state  # type: ignore[operator]
    assert torch.equal(before, after)
    assert smaller.config.vocab_size == len(less)  # type: ignore[attr-defined]


def test_another_script_is_unknown_then(cut: tuple[PreTrainedTokenizerFast, object]) -> None:
    less = cut[0]
    assert (
        less.unk_token_id in less("η κάρτα μου")["input_ids"] and less.unk_token_id in less("私のカード")["input_ids"]
    )
    latin = cut_vocabulary(load_encoder(EMBEDDED), load_tokenizer(EMBEDDED), [Script.LATIN])
    assert latin.unk_token_id in latin("картица")["input_ids"] and len(latin) < len(less)


def test_a_trained_model_with_a_cut_vocabulary_is_saved_and_read(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    classifier = Classifier.fresh(str(tiny_encoder), (Task("reason", "multilabel", ("a", "b")),), prefix="query: ")
    before = classifier.encoder.get_input_embeddings().num_embeddings
    less = classifier.cut_vocabulary(tokenizer, [Script.LATIN])
    assert classifier.encoder.get_input_embeddings().num_embeddings == len(less) < before == len(tokenizer)
    classifier.save_pretrained(tmp_path)
    less.save_pretrained(tmp_path)
    again, read = Classifier.from_pretrained(tmp_path), PreTrainedTokenizerFast.from_pretrained(tmp_path)
    batch = read(["Račun je visok"], return_tensors="pt")
    with torch.inference_mode():
        ours, theirs = (each.eval().pool(batch["input_ids"], batch["attention_mask"]) for each in (again, classifier))
    assert torch.equal(ours, theirs) and read.tokenize("Račun je visok") == tokenizer.tokenize("Račun je visok")


def test_another_kind_of_vocabulary_is_refused() -> None:
    words = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")))
    encoder = BertModel(BertConfig(vocab_size=1, hidden_size=8, num_hidden_layers=1, num_attention_heads=1))
    with pytest.raises(EncoderError, match="expected a Unigram vocabulary, got WordLevel"):
        cut_vocabulary(encoder, words, BOTH)
