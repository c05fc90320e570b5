"""Histories in which nothing can be emerging, because time is shuffled."""

from dataclasses import replace

import numpy as np

from voc.inference.emergence.series import Ints, Series


def shuffled_weeks(series: Series, random: np.random.Generator) -> Series:
    """Whole weeks in another order; days before the first whole week are left out."""
    weeks = series.days // 7
    order = random.permutation(weeks)[:, None] * 7 + np.arange(7)
    return _reordered(series, order.ravel() + series.days % 7)


def shuffled_days(series: Series, random: np.random.Generator) -> Series:
    """Every day changes places with days of the same weekday, all groups together: what was common stays common."""
    order = np.arange(series.days)
    for weekday in range(7):
        order[weekday::7] = random.permutation(order[weekday::7])
    return _reordered(series, order)


def _reordered(series: Series, order: Ints) -> Series:
    return replace(
        series,
        customers=series.customers[:, order],
        exposure=series.exposure[order],
        everyone=series.everyone[order],
    )
