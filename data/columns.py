"""What several tables' readers need alike: vectors in a column, groups of days, a contact's written form."""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.labels import Language

Vectors = npt.NDArray[np.float32]

FORM_SQL = f"CASE WHEN language = '{Language.SERBIAN}' THEN language || '-' || script ELSE language END"
"""`form_of` in SQL, over the columns `language` and `script`."""


def form_of(language: str, script: str) -> str:
    """The language of a contact as quality is reported by it: Serbian says its script as well."""
    return f"{language}-{script}" if language == Language.SERBIAN else language


def forms_of(contacts: pa.Table) -> list[str]:
    """`form_of` of each row of a table with the columns `language` and `script`."""
    pairs: Iterable[tuple[str, str]] = zip(
        contacts["language"].to_pylist(), contacts["script"].to_pylist(), strict=True
    )
    return [form_of(language, script) for language, script in pairs]


def vectors_column(vectors: Vectors) -> pa.Array:
    """(rows, width) vectors as a list column, without a Python object a number."""
    rows, width = vectors.shape
    offsets = pa.array(np.arange(0, (rows + 1) * width, width, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1)))


def vectors_of(column: pa.ChunkedArray) -> Vectors:
    """The list column back as (rows, width)."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(len(column), -1)


def day_groups(days: Mapping[date, int], contacts: int) -> list[tuple[date, date]]:
    """First and last day of groups that have at least so many contacts together, given the contacts of each day."""
    groups: list[tuple[date, date]] = []
    first, count = None, 0
    for day in sorted(days):
        first = first or day
        count += days[day]
        if count >= contacts:
            groups.append((first, day))
            first, count = None, 0
    if first is not None:
        groups.append((first, max(days)))
    return groups
