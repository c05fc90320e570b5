"""Banking77: contacts of a bank, 77 reasons, English, the official test split."""

from collections.abc import Iterator
from pathlib import Path

from voc.data.text import one_line
from voc.experiments.sets import Row, csv_records, train_or_dev, wrong
from voc.labels import Split, TaskName


def banking(data: Path) -> Iterator[Row]:
    """Official test split; a tenth of train, fixed by a hash of the text, is dev. Raises InputError."""
    for name in ("train", "test"):
        path = data / "banking77" / f"{name}.csv"
        for number, (line, record) in enumerate(csv_records(path, ("text", "category"))):
            if not record["category"]:
                raise wrong(path, line, "category", "a reason", record["category"])
            split = Split.TEST if name == "test" else train_or_dev(record["text"])
            text = one_line(record["text"])
            yield Row(f"{name}-{number}", text, {TaskName.REASON: (record["category"],)}, split)
