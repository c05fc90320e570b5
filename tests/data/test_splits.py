"""Splits by hash."""

from collections import Counter

from voc.data.splits import split_of
from voc.labels import Split


def test_shares_and_stability() -> None:
    counts = Counter(split_of(f"contact-{number}") for number in range(20_000))
    assert abs(counts[Split.TRAIN] / 20_000 - 0.7) < 0.01
    assert abs(counts[Split.DEV] / 20_000 - 0.1) < 0.01
    assert abs(counts[Split.TEST] / 20_000 - 0.2) < 0.01


def test_the_same_for_ever() -> None:
    # Written down once: a change would move contacts from test to train.
    assert [split_of(key) for key in "abh"] == [Split.TRAIN, Split.DEV, Split.TEST]
    assert split_of("a", "voc") is split_of("a")
    assert any(split_of(f"x{n}", "other") is not split_of(f"x{n}") for n in range(20))
