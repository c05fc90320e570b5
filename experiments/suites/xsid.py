"""xSID: the same queries to an assistant in English and in Serbian (Latin script), 16 intents.

Only the evaluation files are here, so the model learns from the 300 English validation queries.
"""

from collections.abc import Iterator
from pathlib import Path

from voc.data.text import one_line
from voc.experiments.sets import Row, lines_of, train_or_dev, wrong
from voc.labels import Split, TaskName

_FILES = (("en", "valid"), ("en", "test"), ("sr", "test"))


def queries(data: Path) -> Iterator[Row]:
    """English validation queries, a tenth of them dev by a hash of the text; both test files. Raises InputError."""
    for language, part in _FILES:
        path = data / "xsid" / f"{language}.{part}.conll"
        for number, (text, intent) in enumerate(_records(path)):
            split = Split.TEST if part == "test" else train_or_dev(text)
            yield Row(f"{language}-{part}-{number}", text, {TaskName.REASON: (intent,)}, split, language)


def _records(path: Path) -> Iterator[tuple[str, str]]:
    """Text and intent of each query: the comments `# text = …` and `# intent = …` before its tokens."""
    comments: dict[str, str] = {}
    for number, line in lines_of(path):
        if line.startswith("#"):
            name, _, value = line.removeprefix("#").partition("=")
            comments[name.strip()] = one_line(value)
        elif line.strip() and comments:
            for field in ("text", "intent"):
                if not comments.get(field):
                    raise wrong(path, number, field, f"# {field} = … before the tokens", comments.get(field))
            yield comments["text"], comments["intent"]
            comments = {}
