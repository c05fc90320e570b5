"""Public data sets as training sets: one row type for every reader, files read with errors that name the place,
splits, folds and samples that are the same on every machine."""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from datasets import Dataset

from voc.data.splits import split_of
from voc.errors import InputError, TrainingError
from voc.labels import Split
from voc.models.tasks import Task
from voc.training.labelled import LabelledSet, target_column

Label = str | bool | tuple[str, ...]
"""As Task.target takes it: an id, yes or no, or all ids that fit."""


@dataclass(frozen=True)
class Row:
    """One labelled text of a public data set.

    `labels` are by task. A task that is not there has no label; an empty tuple says that none of its labels fits.
    Rows of one `group` never stand on both sides of a split.
    """

    identity: str
    text: str
    labels: Mapping[str, Label]
    split: Split = Split.TRAIN
    language: str = "en"
    group: str = ""


def labelled_set(rows: Sequence[Row], tasks: Sequence[Task], split: Split) -> LabelledSet:
    """Rows as one training set. Raises TrainingError where there are none."""
    if not rows:
        raise TrainingError(f"data set: expected rows in the split {split.value!r}, got none")
    columns: dict[str, list[Any]] = {
        "contact_id": [row.identity for row in rows],
        "split": [split.value] * len(rows),
        "language": [row.language for row in rows],
        "text": [row.text for row in rows],
    }
    for task in tasks:
        columns[target_column(task)] = [task.target(row.labels.get(task.name)) for row in rows]
    return LabelledSet(split, Dataset.from_dict(columns))


def by_split(rows: Iterable[Row], tasks: Sequence[Task]) -> dict[Split, LabelledSet]:
    """Rows as training sets by their split. Raises TrainingError where a split is empty."""
    found: dict[Split, list[Row]] = {split: [] for split in Split}
    for row in rows:
        found[row.split].append(row)
    return {split: labelled_set(part, tasks, split) for split, part in found.items()}


def labels_of(rows: Iterable[Row], task: str) -> tuple[str, ...]:
    """Every label that the rows have for a task, in order of name."""
    return tuple(sorted({label for row in rows for label in _ids(row.labels.get(task, ()))}))


def train_or_dev(key: str) -> Split:
    """Dev for a tenth of the keys, by hash: for data whose official split has no dev part. The rest is train."""
    return Split.DEV if split_of(key) == Split.DEV else Split.TRAIN


def few_shot(rows: Iterable[Row], task: str, shots: int, seed: int) -> Iterator[Row]:
    """So many train rows of each class, by a seeded hash of the text, and every test row.

    The same few rows are dev as well: who has ten examples a class has no others to choose by.
    Raises InputError where a class has too few.
    """
    classes: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.split == Split.TEST:
            yield row
        else:
            classes[_ids(row.labels[task])[0]].append(row)
    for label, members in sorted(classes.items()):
        if len(members) < shots:
            raise InputError(f"class {label}: expected at least {shots} train rows, got {len(members)}")
        for row in sorted(members, key=lambda row: _place(seed, row.text))[:shots]:
            yield replace(row, split=Split.TRAIN)
            yield replace(row, split=Split.DEV)


def grouped_folds(rows: Sequence[Row], count: int, seed: int, stratum: Callable[[Row], str]) -> list[int]:
    """A fold number for each row: groups stay whole, and groups of each stratum are dealt out evenly.

    A group's stratum is that of its first row. Raises TrainingError where there are fewer groups than folds.
    """
    strata: dict[str, str] = {}
    for row in rows:
        strata.setdefault(row.group, stratum(row))
    if len(strata) < count:
        raise TrainingError(f"{count}-fold cross-validation: expected at least {count} groups, got {len(strata)}")
    dealt = sorted(strata, key=lambda group: (strata[group], _place(seed, group)))
    folds = {group: number % count for number, group in enumerate(dealt)}
    return [folds[row.group] for row in rows]


def fold_rows(rows: Sequence[Row], folds: Sequence[int], fold: int) -> list[Row]:
    """The rows with the split they have while `fold` is judged: a tenth of the other groups, by hash, is dev."""
    return [
        replace(row, split=Split.TEST if number == fold else train_or_dev(row.group))
        for row, number in zip(rows, folds, strict=True)
    ]


def wrong(path: Path, line: int, field: str, expected: str, got: object) -> InputError:
    """The error of a field that is not what its format says."""
    return InputError(f"{path}:{line}: field {field}: expected {expected}, got {got!r}")


def csv_records(
    path: Path, fields: Sequence[str], *, header: bool = True, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> Iterator[tuple[int, dict[str, str]]]:
    """Records with the line they end on; blank lines are none. `fields` are all that a record has to have.

    Without a `header` they are its columns. Raises InputError.
    """
    with _text_of(path) as lines:
        reader = csv.reader(lines, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        names = next(reader, []) if header else list(fields)
        missing = [field for field in fields if field not in names]
        if missing:
            raise wrong(path, 1, "header", f"the columns {', '.join(fields)}", ", ".join(names))
        for values in reader:
            if not values:
                continue
            if len(values) != len(names):
                raise wrong(path, reader.line_num, "record", f"{len(names)} columns", len(values))
            yield reader.line_num, dict(zip(names, values, strict=True))


def json_lines(path: Path, fields: Mapping[str, type]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects with their line, each with at least `fields` of these types. Raises InputError."""
    for number, line in lines_of(path):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise wrong(path, number, "line", "a JSON object", error.msg) from None
        for field, kind in fields.items():
            if not isinstance(values, dict) or not isinstance(values.get(field), kind):
                got = values.get(field) if isinstance(values, dict) else values
                raise wrong(path, number, field, kind.__name__, got)
        yield number, values


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers. Raises InputError where the file is missing or not UTF-8."""
    with _text_of(path) as lines:
        yield from enumerate(lines, start=1)


def _ids(label: Label) -> tuple[str, ...]:
    return label if isinstance(label, tuple) else (str(label),)


def _place(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}\0{key}".encode()).hexdigest()


@contextmanager
def _text_of(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield lines
    except FileNotFoundError:
        raise InputError(f"{path}: expected a file of the data set, got no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8, got byte {error.object[error.start]:#x}") from None
