from pathlib import Path

import numpy as np
import pytest

from voc.models.batching import pad_batch, token_ids
from voc.models.calibration import Scaling
from voc.models.encoder import load_tokenizer
from voc.models.reading import MOST_SEGMENTS, NO_SEGMENT, Segmented, segment_spans
from voc.models.tasks import Task
from voc.models.turns import Turns

TEXT = "Dobar dan, imam pitanje. Račun je previsok!\nОдлазим од вас данас.  Hvala"


def cut(text: str) -> list[str]:
    return [text[begin:end] for begin, end in segment_spans(text)]


def test_turns_and_their_sentences_are_segments() -> None:
    assert cut(TEXT) == ["Dobar dan, imam pitanje.", "Račun je previsok!", "Одлазим од вас данас.  Hvala"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("No. I want to stay with you.", ["No. I want to stay with you."]),
        ("It broke again today. Thanks.", ["It broke again today. Thanks."]),
        ("Yes.\nNo.", ["Yes.", "No."]),  # a turn is never joined with another one
        ("\n\nhello\n", ["hello"]),
        ("Version 2.4 fails. Why is that…  Who knows why?", ["Version 2.4 fails.", "Why is that…", "Who knows why?"]),
        ("", [""]),
        ("   ", ["   "]),
    ],
)  # fmt: skip
def test_cutting(text: str, segments: list[str]) -> None:
    assert cut(text) == segments


def test_what_comes_late_is_not_read() -> None:
    assert len(segment_spans("\n".join(["one turn of many"] * 200))) == MOST_SEGMENTS


def test_equal_segments_are_one() -> None:
    read = Segmented.of(["Good morning to you.\nMy bill is wrong.", "Good morning to you.", "a\na\na"])
    assert read.unique == ["Good morning to you.", "My bill is wrong.", "a"]
    assert read.rows.tolist() == [[0, 1, NO_SEGMENT], [0, NO_SEGMENT, NO_SEGMENT], [2, 2, 2]]
    assert Segmented.of([]).unique == []


def test_turns_are_made_of_the_same_segments() -> None:
    read = Segmented.of(["Good morning to you. My bill is wrong.\nYes.\n\nMy bill is wrong.", "Yes.", ""])
    assert read.unique == ["Good morning to you.", "My bill is wrong.", "Yes.", ""]
    turns = Turns.of(read)
    assert turns.texts.tolist() == [0, 0, 0, 1, 2]
    assert turns.lines.tolist() == [0, 1, 3, 0, 0]  # a blank line is no turn, and counts as a line
    assert turns.rows.tolist() == [[0, 1], [2, NO_SEGMENT], [1, NO_SEGMENT], [2, NO_SEGMENT], [3, NO_SEGMENT]]
    assert len(Turns.of(Segmented.of([])).texts) == 0


def test_probabilities_of_turns_stand_at_their_lines() -> None:
    task = Task("sentiment", "multiclass", ("negative", "positive"))
    turns = Turns.of(Segmented.of(["I am angry.\nI am glad.", "I am glad."]))
    logits = np.array([[4.0, 0.0], [0.0, 4.0], [0.0, 4.0]], dtype=np.float32)
    scalings = {"all": Scaling(), "hr": Scaling(slope=0.0)}
    found = turns.probabilities(task, logits, scalings, ["en", "hr"], 2)
    assert found.shape == (2, 2, 2)
    assert found[0].argmax(axis=1).tolist() == [0, 1]
    assert found[1, 0].tolist() == [0.5, 0.5]  # by the calibration of its own contact's language
    assert np.isnan(found[1, 1]).all()


def test_ids_are_those_of_the_plain_text(tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    plain = tokenizer("query: " + TEXT, truncation=True, max_length=20)["input_ids"]
    assert token_ids([TEXT], tokenizer, "query: ", 20) == [plain]
    assert token_ids([], tokenizer, "query: ", 20) == []


def test_padding_is_masked(tiny_encoder: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_encoder))
    batch = pad_batch(token_ids(["Da.", TEXT], tokenizer, "", 64), tokenizer)
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["attention_mask"].sum(1)[0] < batch["attention_mask"].sum(1)[1] == batch["input_ids"].shape[1]
