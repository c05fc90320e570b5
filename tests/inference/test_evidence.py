import pytest

from voc.data.text import contact_text
from voc.inference.evidence import Evidence, evidence
from voc.models.reading import segment_spans

TURNS = [
    {"speaker": "agent", "text": "How can I help?"},
    {"speaker": "customer", "text": "  "},
    {"speaker": "customer", "text": "Dobar  dan svima.\n\tОдлазим од   вас сутра.  Hvala na svemu!"},
    {"speaker": "bot", "text": "Wait, please do."},
    {"speaker": "customer", "text": "Yes."},
]


@pytest.mark.parametrize("speakers", ["customer", "everyone"])
def test_every_segment_is_found_in_the_transcript(speakers: str) -> None:
    text = contact_text(TURNS, speakers)
    spoken = [text[begin:end] for begin, end in segment_spans(text)]
    assert len(spoken) == (4 if speakers == "customer" else 6)
    for segment, found in zip(spoken, evidence(TURNS, speakers, text), strict=True):
        said = TURNS[found.turn]["text"][found.begin : found.end]
        assert " ".join(said.split()) == segment


def test_exact_place() -> None:
    text = contact_text(TURNS)
    assert evidence(TURNS, "customer", text)[1] == Evidence(2, 19, 42)
    assert TURNS[2]["text"][19:42] == "Одлазим од   вас сутра."


def test_no_words_no_evidence() -> None:
    assert evidence([{"speaker": "agent", "text": "Hello?"}], "customer", "") == []
