"""What would be usual: one regression a group and day on the days before, all groups at once.

The expected number of a group on a day is exp(level + weekday + trend) x volume, fitted on a trailing window by
penalised quasi-Poisson regression. The volume of a day is the company's own rhythm (its weekdays, trend and
active customers) times the factor by which that very day is off for everybody, so that a day on which all
rises lifts no group above its expectation. Each group's factor is taken from the others: none hides behind itself.

Sources: quasi-Poisson regression with past outbreaks down-weighted and the latest days left out is Farrington Flexible
(Noufaily et al. 2013); the priors of weekdays and trend are learnt across groups by expectation-maximisation
(empirical Bayes), so that a company without such rhythms pays nothing for them.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from voc.config import EmergenceSettings
from voc.inference.emergence.series import Floats, Ints, Series

Bools = npt.NDArray[np.bool_]

_LEVEL, _TREND, _COLUMNS = 0, 8, 9  # columns 1 to 7 are the weekdays, Monday first
_TREND_UNIT = 28.0  # days in which the trend is counted
_OUTLIER = 2.58  # Noufaily et al. 2013: past days farther off count less
_PSEUDO = 0.5  # customers added to every window (Jeffreys' prior of a rate): a group that was never seen has a level
_ELASTICITY = 0.25  # how differently groups answer to a common day: standard deviation of their exponents
_CUT_OFF = 1.04  # what the mean square loses by counting days far out as just out
_LEAST_FIT = 4  # days
_QUIET_COMPANY = 3.0  # customers a day below which a day without any contact is no gap


@dataclass(frozen=True)
class Baseline:
    """The usual, for each group (rows) on each observed day (columns); NaN where no day before allows it.

    `days` has the observed days' places in the series. The variance of the customers of a day is
    `dispersion` x `expected` + `expected`² x (`level_variance` + `day_variance`): chance, error of the level (shared by
    neighbouring days), error of the day's own factor.
    """

    days: Ints
    expected: Floats
    dispersion: Floats
    level_variance: Floats
    day_variance: Floats
    history: Ints
    """(days,): observed days that the baseline of a day was learnt from."""
    slow: "Baseline | None" = None
    """The same with more of the latest days left out (`slow_skip_days`): what slow growth is compared with."""

    @property
    def variance(self) -> Floats:
        """Variance of one day's customers about `expected`."""
        return self.dispersion * self.expected + self.expected**2 * (self.level_variance + self.day_variance)


def observed_days(series: Series) -> Ints:
    """Places of the days on which contacts were collected at all.

    A day without a single contact is a gap (closed, or files that never came), unless the company is so small that such
    days are usual. Days before the first contact are none either. Causal: a later day changes no earlier one.
    """
    total = np.maximum(series.everyone, series.customers.max(axis=0, initial=0)).astype(np.float64)
    seen = np.cumsum(total > 0)
    mean = np.cumsum(total) / np.maximum(np.arange(len(total)) + 1, 1)
    return np.flatnonzero((total > 0) | ((seen > 0) & (mean < _QUIET_COMPANY)))


def fit_baseline(series: Series, settings: EmergenceSettings) -> Baseline:
    """The baseline of every group on every observed day, each from the days before it alone, and its slow twin."""
    days = observed_days(series)
    slow = _fit_days(series, days, settings.baseline_days, settings.slow_skip_days)
    return replace(_fit_days(series, days, settings.baseline_days, settings.skip_days), slow=slow)


def _fit_days(series: Series, days: Ints, window: int, skip: int) -> Baseline:
    fitter = _Fitter(series, days, window, skip)
    for place in range(len(days)):
        fitter.step(place)
    return fitter.result()


def skipped(place: int, most: int) -> int:
    """Latest days left out of the baseline of the day at `place`: fewer while history is short, but two at least."""
    return min(most, max(2, place // 4))


class _Fitter:
    """The state that goes from day to day. Rows: the groups, all other customers, and the whole company."""

    def __init__(self, series: Series, days: Ints, window: int, skip: int) -> None:
        customers = series.customers[:, days].astype(np.float64)
        everyone = np.maximum(series.everyone[days], customers.max(axis=0, initial=0))
        rest = np.maximum(everyone - customers.sum(axis=0), 0)
        self.counts = np.vstack([customers, rest, customers.sum(axis=0) + rest])
        self.days, self.window, self.skip = days, window, skip
        self.weekday = (series.first_day.weekday() + days) % 7
        rows, count = self.counts.shape
        self.log_volume = np.zeros((rows, count))
        self.log_volume[-1] = _log_exposure(series.exposure[days])
        self.log_volume[:-1] = np.log(np.maximum(self.counts[-1], 0.5))  # until the company's rhythm is known
        self.weight = np.ones((rows, count))
        self.beta = np.zeros((rows, _COLUMNS))
        self.squares, self.usual = np.zeros((rows, count)), np.zeros((rows, count))
        self.weekday_prior, self.trend_prior, self.factor_prior = 0.1**2, 0.1**2, 0.1**2
        self.expected = np.full((rows, count), np.nan)
        self.dispersion, self.level_variance = np.full((rows, count), np.nan), np.full((rows, count), np.nan)
        self.day_variance, self.burst = np.zeros((rows, count)), np.ones((rows, count))
        self.history = np.zeros(count, np.int64)

    def result(self) -> Baseline:
        """What was found for the groups themselves."""
        groups = slice(0, -2)
        return Baseline(
            self.days,
            self.expected[groups],
            self.dispersion[groups],
            self.level_variance[groups],
            self.day_variance[groups],
            self.history,
        )

    def step(self, place: int) -> None:
        """Fit on the days before, and say what is usual on the day at `place`."""
        end = place - skipped(place, self.skip)
        begin = max(0, end - self.window)
        if end - begin < _LEAST_FIT:
            return
        dispersion = self._dispersion(begin, end)
        covariance = self._fit(begin, end, place, dispersion)
        today = _design(self.weekday[place : place + 1], np.zeros(1))[0]
        log_usual = self.beta @ today
        log_usual[-1] += self.log_volume[-1, place]
        log_usual[:-1] += log_usual[-1]
        usual = np.exp(np.clip(log_usual, -20, 20))
        self.history[place] = end - begin
        # The fit takes the days as independent and the regression as true; a level is never known better than this.
        self.level_variance[:, place] = np.minimum(np.einsum("i,rij,j->r", today, covariance, today), 4) + 0.03**2
        factor, error = self._common_day(usual[:-1], dispersion[:-1], place)
        self.expected[:-1, place] = usual[:-1] * np.exp(factor)
        self.expected[-1, place] = usual[-1]
        self.day_variance[:-1, place] = error + (_ELASTICITY * factor) ** 2
        # Where a day brings three times as many, what is chance about them comes three times as well.
        self.burst[:-1, place] = np.exp(np.maximum(factor, 0))
        self.dispersion[:, place] = dispersion * self.burst[:, place]
        self.log_volume[:-1, place] = log_usual[-1] + factor
        self._record(place)

    def _fit(self, begin: int, end: int, place: int, dispersion: Floats) -> Floats:
        """Newton steps of the penalised regression from where it stood yesterday. Returns (rows, 9, 9) covariances."""
        ages = np.arange(begin, end) - place
        design = _design(self.weekday[begin:end], ages / _TREND_UNIT)
        products = (design[:, :, None] * design[:, None, :]).reshape(len(ages), -1)
        counts, log_volume = self.counts[:, begin:end], self.log_volume[:, begin:end]
        precision = np.zeros((len(counts), _COLUMNS))
        precision[:, 1:8], precision[:, _TREND] = 1 / self.weekday_prior, 1 / self.trend_prior
        precision[-1, 1:8], precision[-1, _TREND] = 1.0, 1 / 0.3**2  # the company's own rhythm is free
        scale = dispersion[:, None]
        day_variance, burst = self.day_variance[:, begin:end], self.burst[:, begin:end]
        diagonal = np.arange(_COLUMNS)
        for _ in range(2):
            mean = self._means(design, log_volume, counts, begin, end)
            weight = self.weight[:, begin:end]
            bend = ((weight * mean / scale) @ products).reshape(-1, _COLUMNS, _COLUMNS)
            bend[:, diagonal, diagonal] += precision + 1e-9
            slope = (weight * (counts - mean) / scale) @ design - precision * self.beta
            slope[:, _LEVEL] += _PSEUDO / scale[:, 0]
            self.beta += np.clip(np.linalg.solve(bend, slope[:, :, None])[:, :, 0], -1, 1)
            mean = self._means(design, log_volume, counts, begin, end)
            # Anscombe residuals, near normal for small counts too.
            off: Floats = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(scale))
            # A day that is far off for everybody tells little of each: its own variance grows with the square.
            trust = 1 / (burst + mean * day_variance / scale)
            self.weight[:, begin:end] = trust * np.minimum(
                1, (_OUTLIER / np.maximum(np.abs(off) * np.sqrt(trust), 1e-9)) ** 2
            )
        covariance: Floats = np.asarray(np.linalg.inv(bend), np.float64)
        spread = np.diagonal(covariance, axis1=1, axis2=2)[:-2] + self.beta[:-2] ** 2
        if len(spread):
            self.weekday_prior = _learnt(self.weekday_prior, spread[:, 1:8])
            self.trend_prior = _learnt(self.trend_prior, spread[:, _TREND])
        return covariance

    def _means(self, design: Floats, log_volume: Floats, counts: Floats, begin: int, end: int) -> Floats:
        """Expected numbers on the days of the window, after the level is set so that their sum is right."""
        weight = self.weight[:, begin:end]
        shape = np.exp(np.clip(self.beta[:, 1:] @ design[:, 1:].T + log_volume, -30, 30))
        level = ((weight * counts).sum(axis=1) + _PSEUDO) / (weight * shape).sum(axis=1)
        self.beta[:, _LEVEL] = np.log(level)
        means: Floats = np.maximum(shape * level[:, None], 1e-9)
        return means

    def _dispersion(self, begin: int, end: int) -> Floats:
        """Variance over mean of each row as its forecasts have missed so far, drawn to the middle of all groups."""
        squares, usual = self.squares[:, begin:end].sum(axis=1), self.usual[:, begin:end].sum(axis=1)
        days = (self.usual[:, begin:end] > 0).sum(axis=1)
        mean = usual / np.maximum(days, 1)
        own = squares / np.maximum(usual, 1e-9)
        # A forecast error's square is itself the noisier the smaller the mean; 1.3 with the weight of 20 such days.
        weight = np.where(usual > 0, days / (2 + 1 / np.maximum(mean, 1e-9)), 0)
        groups = slice(0, -2)
        own[groups] *= _CUT_OFF
        middle = (10 * 1.3 + (weight * own)[groups].sum()) / (10 + weight[groups].sum())
        prior = 20.0
        return np.asarray(np.maximum((prior * middle + weight * own) / (prior + weight), 1.0), np.float64)

    def _record(self, place: int) -> None:
        """Keep how far off the forecast was, in units that chance alone explains; days far out count as just out."""
        expected = np.maximum(self.expected[:, place], 1e-9)
        chance = self.dispersion[:, place] * expected
        all_variance = chance + expected**2 * (self.level_variance[:, place] + self.day_variance[:, place])
        plain = chance / self.burst[:, place]
        square = (self.counts[:, place] - expected) ** 2 * plain / all_variance
        self.squares[:, place] = np.minimum(square, np.maximum(9 * plain, 2))
        self.usual[:, place] = expected

    def _common_day(self, usual: Floats, dispersion: Floats, place: int) -> tuple[Floats, Floats]:
        """Log factor of the day as the other rows tell it, for each row and for the company, and its variance.

        Rows that are themselves far off do not vote. The factor is drawn to none by as much as the votes are noisy
        (James-Stein), by the spread of earlier days' factors.
        """
        counts = self.counts[:-1, place]
        level = self.level_variance[:-1, place]
        factor = _middle_ratio(counts, usual)
        votes = np.ones(len(usual), bool)
        for _ in range(2):
            mean = usual * factor
            variance = (
                dispersion * max(factor, 1.0) * mean + mean**2 * (level + (_ELASTICITY * np.log(factor)) ** 2) + 0.5
            )
            votes = np.abs(counts - mean) < 3 * np.sqrt(variance)
            factor = (counts[votes].sum() + 0.5) / (usual[votes].sum() + 0.5)
        seen, foretold = (counts * votes).sum() - counts * votes, (usual * votes).sum() - usual * votes
        noise = (dispersion * usual * votes).sum() - dispersion * usual * votes
        log_factor = np.log((seen + 0.5) / (foretold + 0.5))
        error = (noise * np.exp(log_factor) + 0.5) / (foretold * np.exp(log_factor) + 0.5) ** 2
        kept = np.maximum(self.factor_prior / (self.factor_prior + error), 1 - error / np.maximum(log_factor**2, 1e-12))
        log_factor = np.clip(log_factor * kept, -12, 12)
        whole = float(np.median(log_factor**2 + kept * error))
        self.factor_prior = min(max(0.97 * self.factor_prior + 0.03 * min(whole, 9 * self.factor_prior), 0.03**2), 1.0)
        return log_factor, kept * error


def _design(weekday: Ints, trend: Floats) -> Floats:
    """(days, 9): level, seven weekdays (a prior holds them near zero), trend."""
    columns = np.zeros((len(weekday), _COLUMNS))
    columns[:, _LEVEL] = 1
    columns[np.arange(len(weekday)), 1 + weekday] = 1
    columns[:, _TREND] = trend
    return columns


def _learnt(prior: float, spread: Floats) -> float:
    """One step of expectation-maximisation for the variance of effects; single groups far out do not decide."""
    return float(np.clip(np.minimum(spread, 9 * prior).mean(), 0.03**2, 0.5**2))


def _middle_ratio(counts: Floats, usual: Floats) -> float:
    """Weighted median of seen over foretold; rows of less than one customer a day vote together."""
    large = usual >= 1
    seen = np.append(counts[large], counts[~large].sum())
    foretold = np.append(usual[large], max(usual[~large].sum(), 1e-9))
    order = np.argsort(seen / foretold, kind="stable")
    half = np.cumsum(foretold[order])
    chosen = order[np.searchsorted(half, half[-1] / 2)]
    return float(np.clip(seen[chosen] / foretold[chosen], 1e-3, 1e4))


def _log_exposure(exposure: Floats) -> Floats:
    """Log of active customers, as a median over a week: customers come and go slowly, and rhythms are not theirs."""
    logs = np.zeros(len(exposure))
    known = 0.0
    for place in range(len(exposure)):
        week = exposure[max(0, place - 6) : place + 1]
        if (week > 0).any():
            known = float(np.log(np.median(week[week > 0])))
        logs[place] = known
    return logs
