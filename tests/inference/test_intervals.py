"""Intervals against textbooks, and how they behave."""

import pytest
from scipy.stats import binomtest

from voc.inference import intervals


def test_wilson_against_the_textbook() -> None:
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, Wilson's score method.
    for count, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        found = intervals.share(count, n)
        assert found is not None
        assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090)]
)
def test_newcombe_against_the_textbook(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    # Newcombe 1998, table II, method 10, contrasts (a) and (c).
    found = intervals.share_change(*counts)
    assert found is not None
    assert found.value == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert found.excludes_zero


@pytest.mark.parametrize("comparisons", [1, 40])
@pytest.mark.parametrize(("count", "n"), [(0, 30), (3, 50), (30, 30)])
def test_clopper_and_pearson_as_scipy_has_them(count: int, n: int, comparisons: int) -> None:
    found = intervals.exact_share(count, n, comparisons)
    expected = binomtest(count, n).proportion_ci(1 - 0.05 / comparisons, "exact")
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((count / n, expected.low, expected.high))


def test_garwood_against_the_table() -> None:
    assert intervals.poisson(3) == pytest.approx((0.6187, 8.7673), abs=1e-4)
    assert intervals.poisson(0) == pytest.approx((0.0, 3.6889), abs=1e-4)


@pytest.mark.parametrize(("count", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_no_share_without_a_sound_denominator(count: int, n: int) -> None:
    assert intervals.share(count, n) is None


def test_a_change_is_wider_where_days_vary_more() -> None:
    calm, wild = [100, 110, 105, 100, 95, 50, 45], [30, 210, 15, 190, 5, 120, 35]
    assert intervals.dispersion(calm, calm) == 1.0
    assert intervals.dispersion(wild, calm) > 10
    assert intervals.dispersion([3], [4]) == 1.0
    narrow, wide = intervals.count_change(700, 600), intervals.count_change(700, 600, 9.0)
    assert narrow and wide
    assert narrow.excludes_zero and not wide.excludes_zero
    assert narrow.value == wide.value == pytest.approx(1 / 6)
    assert intervals.count_change(5, 0) is None
    assert intervals.count_change(0, 10) == intervals.Interval(-1.0, -1.0, pytest.approx(-0.7))


def test_rate_ratio() -> None:
    found = intervals.rate_ratio(70, 7, 140, 28)
    assert found is not None
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(1.50, abs=0.01)
    assert intervals.rate_ratio(7, 7, 0, 28) is None
    assert intervals.rate_ratio(0, 7, 28, 28) == intervals.Interval(0.0, 0.0, pytest.approx(3 / 7))


def test_more_comparisons_want_more_evidence() -> None:
    assert intervals.quantile() == pytest.approx(1.96, abs=0.001)
    assert intervals.quantile(comparisons=28) == pytest.approx(3.124, abs=0.001)
