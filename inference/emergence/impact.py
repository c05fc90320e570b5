"""What a theme does to the company over some days: figures with their 95 % intervals."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from voc.data.lake import Lake
from voc.errors import InputError
from voc.inference.emergence.closure import rate_interval
from voc.inference.emergence.series import Floats

_CONFIDENCE_Z = 1.959964
_DRAWS = 2000
_SEED = 13

# The whole company's contacts of the days, one row a contact.
_CONTACTS = """
    SELECT customer_id, coalesce(theme_id = $theme, false) AS inside, sentiment = 'negative' AS negative,
           churn_intent AS leaving, csat
    FROM contacts LEFT JOIN theme_assignments USING (contact_id)
    LEFT JOIN (SELECT * FROM scores WHERE model_version = $version) AS scored USING (contact_id)
    WHERE contacts.day BETWEEN $first AND $last
    ORDER BY contact_id
"""
_EXPECTED = """
    SELECT coalesce(sum(customers), 0) AS customers, coalesce(sum(expected), 0) AS expected,
           count(*) FILTER (expected IS NULL) AS unknown
    FROM signals WHERE kind = 'theme' AND group_id = $theme AND day BETWEEN $first AND $last
"""


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval. NaN throughout where nothing is known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Impact:
    """A theme's part in the contacts of some days."""

    contacts: int
    customers: int
    """Distinct customers affected: a count, not an estimate."""
    volume_share: Estimate
    """Share of all contacts that are of this theme (Wilson)."""
    above_usual: Estimate
    """Customers above the expected, each counted once a day; the interval is that of a Poisson count. NaN without a
    baseline on each of the days."""
    negative_share: Estimate
    """Share of the theme's scored contacts that are negative (Wilson)."""
    csat_difference: Estimate
    """Mean CSAT of all contacts less that of all but this theme's: what leaving the theme out would give back, so below
    zero where it costs (bootstrap over customers)."""
    leaving_difference: Estimate
    """Share of the theme's contacts in which the customer says that he leaves, less that of all others (Newcombe)."""


def impact(lake: Lake, theme_id: str, model_version: str, first: date, last: date) -> Impact:
    """Work out the impact over the days `first` to `last`, both included.

    Raises InputError where `first` is after `last`.
    """
    if first > last:
        raise InputError(f"expected a first day not after the last, got {first} and {last}")
    values = {"theme": theme_id, "first": first, "last": last}
    table = lake.query(_CONTACTS, {**values, "version": model_version})
    inside = table["inside"].to_numpy().astype(bool)
    customers = np.array(table["customer_id"].to_pylist(), object)
    negative, leaving = (table[name].to_pandas().astype("boolean") for name in ("negative", "leaving"))
    told = (~negative.isna()).to_numpy()
    upset = negative.fillna(False).to_numpy(bool)
    leaves = leaving.fillna(False).to_numpy(bool)
    csat = table["csat"].to_pandas().to_numpy(np.float64, na_value=np.nan)
    return Impact(
        int(inside.sum()),
        len(set(customers[inside])),
        wilson(int(inside.sum()), len(inside)),
        _above_usual(lake, values),
        wilson(int((inside & told & upset).sum()), int((inside & told).sum())),
        _csat_difference(csat, inside, customers),
        newcombe(
            (int((inside & told & leaves).sum()), int((inside & told).sum())),
            (int((~inside & told & leaves).sum()), int((~inside & told).sum())),
        ),
    )


def wilson(successes: int, trials: int) -> Estimate:
    """A share with its Wilson (1927) interval; NaN of no trials."""
    if trials == 0:
        return Estimate(np.nan, np.nan, np.nan)
    share, z = successes / trials, _CONFIDENCE_Z
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return Estimate(share, max(float(middle - half), 0.0), min(float(middle + half), 1.0))


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> Estimate:
    """Difference of two shares, each (successes, trials), with Newcombe's (1998, method 10) interval."""
    a, b = wilson(*one), wilson(*other)
    low = a.value - b.value - np.hypot(a.value - a.low, b.high - b.value)
    high = a.value - b.value + np.hypot(a.high - a.value, b.value - b.low)
    return Estimate(a.value - b.value, float(low), float(high))


def _above_usual(lake: Lake, values: dict[str, object]) -> Estimate:
    found = lake.query(_EXPECTED, values).to_pylist()[0]
    days = (values["last"] - values["first"]).days + 1  # type: ignore[operator]
    if found["unknown"] or not found["expected"] or days < 1:
        return Estimate(np.nan, np.nan, np.nan)
    seen = int(found["customers"])
    low, high = rate_interval(seen)
    return Estimate(seen - found["expected"], low - found["expected"], high - found["expected"])


def _csat_difference(csat: Floats, inside: np.ndarray, customers: np.ndarray) -> Estimate:
    """Leave-one-out: the mean of all answers less the mean of the others; customers are drawn, not contacts."""
    answered = ~np.isnan(csat)
    csat, inside = csat[answered], inside[answered]
    if not inside.any() or inside.all():
        return Estimate(np.nan, np.nan, np.nan)
    names, who = np.unique(customers[answered], return_inverse=True)
    # Four sums a customer are all that a draw needs: number and sum of answers, of all and of the others.
    parts = np.stack(
        [np.bincount(who, weights, len(names)) for weights in (csat**0, csat, 1.0 * ~inside, csat * ~inside)], axis=1
    )
    draws = np.random.default_rng(_SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), _DRAWS) @ parts
    draws = draws[draws[:, 2] > 0]
    differences = draws[:, 1] / draws[:, 0] - draws[:, 3] / draws[:, 2]
    low, high = np.quantile(differences, [0.025, 0.975])
    return Estimate(float(csat.mean() - csat[~inside].mean()), float(low), float(high))
