"""What a theme does to the company over some days: figures with their 95 % intervals, None where nothing is known."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from voc.data.lake import Lake
from voc.errors import InputError
from voc.inference import intervals
from voc.inference.emergence.series import Floats
from voc.inference.intervals import Interval

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
           count(expected) AS known
    FROM signals WHERE kind = 'theme' AND group_id = $theme AND day BETWEEN $first AND $last
"""


@dataclass(frozen=True)
class Impact:
    """A theme's part in the contacts of some days."""

    contacts: int
    customers: int
    """Distinct customers affected: a count, not an estimate."""
    volume_share: Interval | None
    """Share of all contacts that are of this theme (Wilson)."""
    above_usual: Interval | None
    """Customers above the expected, each counted once a day; the interval is that of a Poisson count. None without
    a baseline on each of the days."""
    negative_share: Interval | None
    """Share of the theme's scored contacts that are negative (Wilson)."""
    csat_difference: Interval | None
    """Mean CSAT of all contacts less that of all but this theme's: what leaving the theme out would give back, so below
    zero where it costs (bootstrap over customers)."""
    leaving_difference: Interval | None
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
        intervals.share(int(inside.sum()), len(inside)),
        _above_usual(lake, values, (last - first).days + 1),
        intervals.share(int((inside & told & upset).sum()), int((inside & told).sum())),
        _csat_difference(csat, inside, customers),
        intervals.share_change(
            int((inside & told & leaves).sum()),
            int((inside & told).sum()),
            int((~inside & told & leaves).sum()),
            int((~inside & told).sum()),
        ),
    )


def _above_usual(lake: Lake, values: dict[str, object], days: int) -> Interval | None:
    found = lake.query(_EXPECTED, values).to_pylist()[0]
    if found["known"] < days or not found["expected"]:
        return None
    seen = int(found["customers"])
    low, high = intervals.poisson(seen)
    return Interval(seen - found["expected"], low - found["expected"], high - found["expected"])


def _csat_difference(csat: Floats, inside: np.ndarray, customers: np.ndarray) -> Interval | None:
    """Leave-one-out: the mean of all answers less the mean of the others; customers are drawn, not contacts."""
    answered = ~np.isnan(csat)
    csat, inside = csat[answered], inside[answered]
    if not inside.any() or inside.all():
        return None
    names, who = np.unique(customers[answered], return_inverse=True)
    # Four sums a customer are all that a draw needs: number and sum of answers, of all and of the others.
    parts = np.stack(
        [np.bincount(who, weights, len(names)) for weights in (csat**0, csat, 1.0 * ~inside, csat * ~inside)], axis=1
    )
    draws = np.random.default_rng(_SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), _DRAWS) @ parts
    draws = draws[draws[:, 2] > 0]
    differences = draws[:, 1] / draws[:, 0] - draws[:, 3] / draws[:, 2]
    low, high = np.quantile(differences, [0.025, 0.975])
    return Interval(float(csat.mean() - csat[~inside].mean()), float(low), float(high))
