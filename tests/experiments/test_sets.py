"""Rows to training sets: splits, few shots and folds that are the same on every machine."""

import numpy as np
import pytest

from voc.data.text import one_line
from voc.errors import InputError, TrainingError
from voc.experiments.sets import Row, by_split, few_shot, fold_rows, grouped_folds, labelled_set, labels_of
from voc.labels import Split
from voc.models.tasks import Task

REASON = Task("reason", "multilabel", ("a", "b"))
MOOD = Task("mood", "multiclass", ("bad", "good"))


def rows_of(count: int, split: Split = Split.TRAIN) -> list[Row]:
    return [
        Row(f"{split}-{number}", f"text {number}", {"reason": ("ab"[number % 2],)}, split, group=f"group {number // 3}")
        for number in range(count)
    ]


def test_a_missing_label_is_unknown_and_an_empty_one_is_none_of_them() -> None:
    rows = [Row("1", "x", {"reason": ("b",), "mood": "good"}), Row("2", "y", {"reason": ()}), Row("3", "z", {})]
    labelled = labelled_set(rows, (REASON, MOOD), Split.TRAIN)
    assert np.array_equal(labelled.targets(REASON), [[0, 1], [0, 0], [np.nan, np.nan]], equal_nan=True)
    assert np.array_equal(labelled.targets(MOOD), [[0, 1], [np.nan] * 2, [np.nan] * 2], equal_nan=True)
    assert (labelled.texts, labelled.languages) == (["x", "y", "z"], ["en"] * 3)
    assert labels_of(rows, "reason") == ("b",) and labels_of(rows, "mood") == ("good",)


def test_an_empty_split_is_said() -> None:
    with pytest.raises(TrainingError, match="rows in the split 'dev', got none"):
        by_split(rows_of(4), (REASON,))


def test_few_shots_are_as_many_a_class_and_leave_test_alone() -> None:
    rows = [*rows_of(40), *rows_of(6, Split.TEST)]
    drawn = list(few_shot(rows, "reason", 5, seed=1))
    train = [row for row in drawn if row.split == Split.TRAIN]
    assert [sum(row.labels["reason"] == (label,) for row in train) for label in "ab"] == [5, 5]
    assert {row.identity for row in drawn if row.split == Split.DEV} == {row.identity for row in train}
    assert [row for row in drawn if row.split == Split.TEST] == rows[40:]
    assert list(few_shot(reversed(rows[:40]), "reason", 5, seed=1)) == drawn[6:]  # whatever the order of the file
    assert list(few_shot(rows, "reason", 5, seed=2)) != drawn


def test_too_few_for_a_shot_is_said() -> None:
    with pytest.raises(InputError, match="class a: expected at least 5 train rows, got 2"):
        list(few_shot(rows_of(4), "reason", 5, seed=1))


def test_folds_keep_groups_whole_and_strata_balanced() -> None:
    rows = rows_of(300)
    folds = grouped_folds(rows, 5, seed=1, stratum=lambda row: str(row.labels["reason"]))
    assert len({(row.group, fold) for row, fold in zip(rows, folds, strict=True)}) == 100
    for label in "ab":
        firsts = [fold for row, fold in zip(rows[::3], folds[::3], strict=True) if row.labels["reason"] == (label,)]
        assert np.bincount(firsts).tolist() == [10] * 5
    assert folds == grouped_folds(rows, 5, seed=1, stratum=lambda row: str(row.labels["reason"]))
    assert folds != grouped_folds(rows, 5, seed=2, stratum=lambda row: str(row.labels["reason"]))


def test_every_row_is_judged_in_one_fold_and_its_group_is_never_learnt_there() -> None:
    rows = rows_of(300)
    folds = grouped_folds(rows, 5, seed=1, stratum=lambda row: "")
    judged: list[str] = []
    for fold in range(5):
        split = fold_rows(rows, folds, fold)
        groups = {part: {row.group for row in split if row.split == part} for part in Split}
        assert not groups[Split.TEST] & (groups[Split.TRAIN] | groups[Split.DEV])
        assert not groups[Split.TRAIN] & groups[Split.DEV] and groups[Split.DEV]
        judged += [row.identity for row in split if row.split == Split.TEST]
    assert sorted(judged) == sorted(row.identity for row in rows)


def test_more_folds_than_groups_is_said() -> None:
    with pytest.raises(TrainingError, match="expected at least 5 groups, got 1"):
        grouped_folds(rows_of(3), 5, seed=1, stratum=lambda row: "")


def test_one_line() -> None:
    assert one_line("  a\n b\t c ") == "a b c"
