"""The detector finds what rises, leaves alone what does not, and bears any input. All series here are synthetic."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from voc.config import EmergenceSettings
from voc.inference.emergence.alerts import Test as Which
from voc.inference.emergence.alerts import ThemeStatus, thresholds
from voc.inference.emergence.baseline import Baseline
from voc.inference.emergence.detect import Signals, detect
from voc.inference.emergence.scan import scan
from voc.inference.emergence.series import Series

# Chance alerts are within any budget: this one is so small that the few companies drawn here have none.
SETTINGS = EmergenceSettings(false_alerts_per_month=0.3)
START = date(2026, 1, 5)
WEEK = np.array([1.5, 1.3, 1.2, 1.2, 1.1, 0.45, 0.25])


def usual(groups: int = 30, days: int = 120, size: float = 10.0, seed: int = 1) -> Series:
    """A company in which nothing happens: sizes from a fifth of `size` to twice of it, strong weekdays."""
    draw = np.random.default_rng(seed)
    sizes = size * np.geomspace(0.2, 2, groups)
    customers = draw.poisson(sizes[:, None] * WEEK[np.arange(days) % 7])
    return series(customers, customers.sum(axis=0) + draw.poisson(50, days))


def series(customers: np.ndarray, everyone: np.ndarray | None = None) -> Series:
    groups, days = customers.shape
    total = customers.sum(axis=0) if everyone is None else everyone
    names = tuple(f"T{row:03d}" for row in range(groups))
    return Series(names, START, customers.astype(np.int64), np.zeros(days), total.astype(np.int64))


def with_spike(given: Series, row: int, first: int, extra: np.ndarray) -> Series:
    customers, everyone = given.customers.copy(), given.everyone.copy()
    customers[row, first : first + len(extra)] += extra
    everyone[first : first + len(extra)] += extra
    return replace(given, customers=customers, everyone=everyone)


def opened(signals: Signals, group: str) -> list[int]:
    return [alert.first_day for alert in signals.alerts if alert.group == group]


def test_a_doubled_theme_is_found_within_four_days_and_its_alert_ends_after_it() -> None:
    calm = usual()
    assert detect(calm, SETTINGS).alerts == ()
    extra = np.random.default_rng(2).poisson(calm.customers[25].mean(), 7)
    found = detect(with_spike(calm, 25, 80, extra), SETTINGS)
    (alert,) = found.alerts
    assert alert.group == "T025"
    assert 80 <= alert.first_day <= 83
    assert alert.test == Which.EXCESS
    assert alert.last_day is not None
    assert 85 <= alert.last_day <= 96
    assert alert.peak > 1.5
    assert found.status[25, 82] == ThemeStatus.EMERGING
    assert found.status[25, alert.last_day + 8] == ThemeStatus.RESOLVED
    assert found.status[25, 119] == ThemeStatus.STABLE


def test_a_theme_that_was_never_there_is_named_new() -> None:
    calm = usual()
    customers = calm.customers.copy()
    customers[0] = 0
    fresh = with_spike(replace(calm, customers=customers), 0, 90, np.full(20, 5))
    found = detect(fresh, SETTINGS)
    (alert,) = found.alerts
    assert (alert.group, alert.test) == ("T000", Which.NEW)
    assert 90 <= alert.first_day <= 92
    assert found.status[0, 92] == ThemeStatus.NEW


def test_slow_growth_is_found_though_no_single_week_stands_out_much() -> None:
    calm = usual()
    rise = np.round(calm.customers[29, 80:110] * np.linspace(0.02, 0.7, 30)).astype(int)
    days = opened(detect(with_spike(calm, 29, 80, rise), EmergenceSettings()), "T029")
    assert len(days) == 1
    assert 85 <= days[0] <= 110


def test_a_day_on_which_everything_rises_is_nobodys_alert_but_does_not_hide_one() -> None:
    calm = usual()
    customers = calm.customers.copy()
    customers[:, 93] *= 3
    loud = replace(calm, customers=customers, everyone=calm.everyone * np.where(np.arange(120) == 93, 3, 1))
    assert detect(loud, SETTINGS).alerts == ()
    both = with_spike(loud, 20, 93, np.array([120]))
    assert opened(detect(both, SETTINGS), "T020") == [93]


def test_one_huge_spike_raises_no_other_theme() -> None:
    calm = usual()
    found = detect(with_spike(calm, 29, 90, np.full(5, 2000)), SETTINGS)
    assert {alert.group for alert in found.alerts} == {"T029"}
    # Nor does it hide another: what is expected of the others stays what it was.
    without = detect(calm, SETTINGS).expected[:29, 90:95]
    np.testing.assert_allclose(found.expected[:29, 90:95], without, rtol=0.3)


def test_a_relapse_is_called_so() -> None:
    calm = usual()
    twice = with_spike(with_spike(calm, 25, 70, np.full(5, 30)), 25, 90, np.full(5, 30))
    found = detect(twice, SETTINGS)
    assert [alert.group for alert in found.alerts] == ["T025", "T025"]
    assert found.status[25, 71] == ThemeStatus.EMERGING
    assert found.status[25, 92] == ThemeStatus.REGRESSED


def test_later_days_change_nothing_about_earlier_ones() -> None:
    spiky = with_spike(usual(), 25, 80, np.full(10, 20))
    whole, part = detect(spiky, SETTINGS), detect(spiky.upto(85), SETTINGS)
    for name in ("expected", "lower", "upper", "p_value", "q_value", "cusum"):
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name)[:, :85], err_msg=name)
    assert (part.status == whole.status[:, :85]).all()
    assert part.alerts[0].last_day is None
    assert whole.alerts[0].last_day is not None


def test_fewer_false_alerts_when_fewer_are_asked_for() -> None:
    draw = np.random.default_rng(5)
    many = series(draw.poisson(6.0, (200, 150)))
    strict, loose = (len(detect(many, EmergenceSettings(false_alerts_per_month=budget)).alerts) for budget in (0.5, 60))
    assert strict <= 5
    assert 50 <= loose <= 500  # five months at sixty


def test_the_budget_is_dealt_to_where_it_buys_most_and_never_exceeded() -> None:
    sizes = np.array([0.5, 4.0, 8.0, 12.0, 30.0, 200.0])
    dealt = thresholds(np.tile(sizes, 20), SETTINGS)
    assert dealt.sum() == pytest.approx(SETTINGS.false_alerts_per_month / 30)
    tiny, small, medium, sure, large, huge = dealt[:6]
    assert tiny < small < medium == sure > large > huge > 0
    *_, medium, sure, large, huge = thresholds(np.tile(sizes, 20), SETTINGS, Which.CUSUM)
    assert medium == sure == large == huge


def test_one_day_has_to_stand_out_more_than_several() -> None:
    steady = np.full((1, 40), 10.0)
    baseline = Baseline(np.arange(40), steady, steady / 10, 0 * steady, 0 * steady, np.full(40, 30))
    sudden, lasting = steady.copy(), steady.copy()
    sudden[0, 30], lasting[0, 28:31] = 20, 16  # 1 in 290 by chance, 1 in 590
    one, three = (scan(customers, baseline, SETTINGS) for customers in (sudden, lasting))
    assert one.p_value[0, 30] > 8 * three.p_value[0, 30]
    assert three.window[0, 30] == 3


def gap(days: slice) -> Series:
    calm = usual()
    customers, everyone = calm.customers.copy(), calm.everyone.copy()
    customers[:, days], everyone[days] = 0, 0
    return replace(calm, customers=customers, everyone=everyone)


def hundredfold() -> Series:
    calm = usual()
    customers, everyone = calm.customers.copy(), calm.everyone.copy()
    customers[:, 60] *= 100
    everyone[60] *= 100
    return replace(calm, customers=customers, everyone=everyone)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(gap(slice(60, 61)), id="a day without contacts"),
        pytest.param(gap(slice(40, 75)), id="a gap of five weeks"),
        pytest.param(gap(slice(0, 30)), id="begins late"),
        pytest.param(hundredfold(), id="a day with a hundredfold"),
        pytest.param(series(np.full((10, 100), 7)), id="all days alike"),
        pytest.param(series(np.zeros((10, 100))), id="nothing at all"),
        pytest.param(usual().upto(3), id="three days"),
        pytest.param(usual().upto(1), id="one day"),
        pytest.param(usual().upto(0), id="no day"),
        pytest.param(series(np.zeros((0, 50)), np.full(50, 9)), id="no group"),
        pytest.param(series(usual().customers[-1:]), id="one group"),
        pytest.param(usual(size=0.2), id="hardly any contacts"),
    ],
)
def test_odd_input_makes_no_alert(given: Series) -> None:
    found = detect(given, SETTINGS)
    assert found.alerts == ()
    assert found.p_value.shape == found.status.shape == given.customers.shape
    assert not np.isnan(found.p_value).any()
    assert (found.lower <= found.upper)[~np.isnan(found.expected)].all()


def test_a_spike_after_a_gap_is_still_found() -> None:
    found = detect(with_spike(gap(slice(40, 75)), 25, 100, np.full(5, 30)), SETTINGS)
    assert np.isnan(found.expected[:, 40:75]).all()
    assert found.expected[25, 75:82].mean() == pytest.approx(usual().customers[25].mean(), rel=0.25)
    days = opened(found, "T025")
    assert days
    assert 100 <= days[0] <= 102


def test_the_first_weeks_have_a_test_of_their_own() -> None:
    found = detect(with_spike(usual().upto(24), 25, 18, np.full(5, 60)), SETTINGS)
    assert [alert.test for alert in found.alerts] == [Which.SHORT]


def test_the_band_holds_nineteen_of_twenty_days() -> None:
    given = usual(groups=60)
    found = detect(given, SETTINGS)
    known = ~np.isnan(found.expected)
    known[:, :28] = False
    inside = ((given.customers >= found.lower) & (given.customers <= found.upper))[known].mean()
    assert 0.94 <= inside <= 0.99  # whole numbers: never quite 0.95
    assert found.expected[known].mean() == pytest.approx(given.customers[known].mean(), rel=0.03)


def test_q_values_pay_for_the_groups_of_the_day_alone() -> None:
    calm = usual()
    found = detect(with_spike(calm, 25, 80, np.full(3, 40)), SETTINGS)
    day = 82
    ranked = np.sort(found.p_value[:, day]) * len(calm.groups) / np.arange(1, len(calm.groups) + 1)
    expected = np.minimum.accumulate(ranked[::-1])[::-1].clip(max=1)  # Benjamini and Hochberg 1995
    assert np.sort(found.q_value[:, day]) == pytest.approx(expected)
    assert found.q_value[25, day] < 0.01 < found.q_value[24, day]
