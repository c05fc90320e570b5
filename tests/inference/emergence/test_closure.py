"""A fix is judged by the days after it; its intervals keep their promise. Synthetic counts."""

from datetime import date

import numpy as np
import pytest

from voc.errors import InputError
from voc.inference.emergence.closure import Verdict, close, exact_ratio, quasi_ratio
from voc.inference.emergence.series import Series


def series(row: np.ndarray, others: np.ndarray | int = 100) -> Series:
    row = np.asarray(row)
    everyone = row + others
    return Series(("T001",), date(2026, 1, 5), row[None, :], np.zeros(len(row)), everyone)


def test_half_as_many_after_the_fix_is_resolved() -> None:
    draw = np.random.default_rng(3)
    found = close(series(np.r_[draw.poisson(10, 28), 0, draw.poisson(4, 14)]), "T001", 28)
    assert found.verdict == Verdict.RESOLVED
    assert found.low < 0.4 < found.high < 1
    assert (found.days_before, found.days_after) == (28, 14)


def test_fewer_because_the_whole_company_had_fewer_is_not() -> None:
    row = np.r_[np.full(28, 10), 0, np.full(14, 4)]
    others = np.r_[np.full(28, 100), 100, np.full(14, 40)]
    found = close(series(row, others), "T001", 28)
    assert found.verdict == Verdict.UNPROVEN
    assert found.ratio == pytest.approx(1, abs=0.01)


def test_more_than_before_is_regressed() -> None:
    found = close(series(np.r_[np.full(28, 3), 0, np.full(14, 9)]), "T001", 28)
    assert found.verdict == Verdict.REGRESSED


def test_two_days_prove_nothing() -> None:
    found = close(series(np.r_[np.full(28, 30), 0, 0, 0]), "T001", 28)
    assert found.verdict == Verdict.UNPROVEN
    assert np.isnan(found.ratio)


def test_only_the_problem_itself_is_compared_where_its_beginning_is_known() -> None:
    row = np.r_[np.full(21, 2), np.full(7, 12), 12, np.full(14, 3)]
    assert close(series(row), "T001", 28).verdict == Verdict.UNPROVEN
    assert close(series(row), "T001", 28, began=21).verdict == Verdict.RESOLVED


def test_bursts_widen_the_interval() -> None:
    even = close(series(np.r_[np.full(28, 6), 0, np.full(14, 4)]), "T001", 28)
    bursts = close(series(np.r_[np.tile([0, 12], 14), 0, np.tile([0, 8], 7)]), "T001", 28)
    assert even.exact
    assert not bursts.exact
    assert bursts.high > even.high


@pytest.mark.parametrize(("group", "fixed"), [("T009", 5), ("T001", 40), ("T001", -1)])
def test_what_is_not_there_is_an_error(group: str, fixed: int) -> None:
    with pytest.raises(InputError):
        close(series(np.full(30, 3)), group, fixed)


def test_the_exact_interval_is_that_of_the_binomial() -> None:
    # 10 of 30 events fell after, at equal exposure: Clopper-Pearson of 10/30 is (0.1729, 0.5281).
    low, high = exact_ratio(10, 20, 1.0)
    assert low == pytest.approx(0.1729 / 0.8271, rel=1e-3)
    assert high == pytest.approx(0.5281 / 0.4719, rel=1e-3)
    assert exact_ratio(0, 5, 1.0)[0] == 0
    assert exact_ratio(5, 0, 1.0)[1] == np.inf


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(4)
    before, after = draw.poisson(40, 2000), draw.poisson(20, 2000)
    exact = [low <= 1 <= high for low, high in (exact_ratio(a, b, 0.5) for a, b in zip(after, before, strict=True))]
    assert 0.94 <= np.mean(exact) <= 0.985
    noisy = (
        draw.poisson(draw.gamma(20, 2, 1000)),
        draw.poisson(draw.gamma(10, 2, 1000)),
    )  # variance 3 x mean
    quasi = [low <= 1 <= high for low, high in (quasi_ratio(a, b, 0.5, 3.0, 40) for b, a in zip(*noisy, strict=True))]
    assert 0.93 <= np.mean(quasi) <= 0.985
