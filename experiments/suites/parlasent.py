"""ParlaSent BCS: sentences from the Croatian, Serbian and Bosnian parliaments, three moods."""

from collections.abc import Iterator
from pathlib import Path

from voc.data.text import one_line
from voc.experiments.sets import Row, json_lines, train_or_dev, wrong
from voc.labels import Sentiment, Split, TaskName

_LANGUAGES = {"HR": "hr", "SRB": "sr-Latn", "BiH": "bs"}
_FIELDS = {"sentence": str, "country": str, "label": str, "document_id": int}


def parliament(data: Path) -> Iterator[Row]:
    """Official test file; a tenth of the train file's documents, by a hash of their number, is dev. Raises InputError.

    The train file has a split column of its own, but it tears documents apart.
    """
    for name in ("ParlaSent_BCS", "ParlaSent_BCS_test"):
        path = data / "parlasent_bcs" / f"{name}.jsonl"
        for line, record in json_lines(path, _FIELDS):
            mood, country, document = record["label"].lower(), record["country"], str(record["document_id"])
            if mood not in list(Sentiment):
                raise wrong(path, line, "label", f"one of {', '.join(Sentiment)}", record["label"])
            if country not in _LANGUAGES:
                raise wrong(path, line, "country", f"one of {', '.join(_LANGUAGES)}", country)
            split = Split.TEST if name.endswith("_test") else train_or_dev(document)
            text = one_line(record["sentence"])
            yield Row(f"{name}-{line}", text, {TaskName.SENTIMENT: mood}, split, _LANGUAGES[country], document)
