"""Contact reasons of a period as rows for a table: shares, rates and changes with their intervals. No Streamlit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from voc.app import words
from voc.i18n import N_, Texts, _
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import Totals
from voc.taxonomy import Taxonomy

NO_AREA = N_("Not in the taxonomy")
"""Area of reasons that an older taxonomy had."""
ORDERS = Texts(
    {
        "size": N_("Most contacts"),
        "rose": N_("Rose most"),
        "negative": N_("Most negative"),
        "leaving": N_("Most leaving"),
    }
)


@dataclass(frozen=True)
class ReasonRow:
    """One reason in a period. Intervals are None without a denominator, or where too few customers stand behind."""

    reason: str
    name: str
    area: str
    class_: str | None
    contacts: int
    customers: int
    share: Interval | None
    """Of the scored contacts."""
    rate: Interval | None
    """Distinct customers per active customer, of the company or of the chosen segments."""
    change: Interval | None
    """Of the share, less that of the period before; wide enough for all reasons at once."""
    negative: Interval | None
    leaving: Interval | None
    hidden: bool
    """Whether `negative` and `leaving` were left out because of too few customers."""
    cost: float | None

    @property
    def shown_area(self) -> str:
        """Its area as people read it."""
        return area_name(self.area)


def area_name(area: str) -> str:
    """An area as people read it: as the taxonomy names it, which is never translated."""
    return _(NO_AREA) if area == NO_AREA else area


def rows(
    frame: pd.DataFrame,
    taxonomy: Taxonomy,
    totals: Totals,
    before: Totals | None,
    least_customers: int,
    costs: Mapping[str, float] | None = None,
) -> tuple[ReasonRow, ...]:
    """One row a reason, in the order of `frame`.

    Args:
        frame: As of `queries.reasons`.
        taxonomy: Areas and classes.
        totals: Of the period.
        before: Of the period before; None leaves the changes out.
        least_customers: With fewer customers nothing is said of how they feel.
        costs: Cost of each reason's contacts.
    """
    z = intervals.quantile(comparisons=len(frame))
    found = []
    for row in frame.to_dict("records"):
        reason, contacts, customers = str(row["reason"]), int(row["contacts"]), int(row["customers"])
        known = taxonomy.reasons.get(reason)
        hidden = customers < least_customers
        change = None
        if before is not None:
            change = intervals.share_change(contacts, totals.scored, int(row["contacts_before"]), before.scored, z)
        found.append(
            ReasonRow(
                reason=reason,
                name=str(row["name"]),
                area=taxonomy.groups[known.group].name if known else NO_AREA,
                class_=str(known.class_) if known else None,
                contacts=contacts,
                customers=customers,
                share=intervals.share(contacts, totals.scored),
                rate=intervals.share(customers, round(totals.active)),
                change=change,
                negative=None if hidden else intervals.share(int(row["negative"]), contacts),
                leaving=None if hidden else intervals.share(int(row["leaving"]), contacts),
                hidden=hidden,
                cost=costs.get(reason, 0.0) if costs is not None else None,
            )
        )
    return tuple(found)


def ordered(found: tuple[ReasonRow, ...], order: str) -> tuple[ReasonRow, ...]:
    """In one of `ORDERS`; by lower bounds, so that a small reason's chance does not lead the list."""
    bounds: dict[str, Callable[[ReasonRow], Interval | None]] = {
        "rose": lambda row: row.change,
        "negative": lambda row: row.negative,
        "leaving": lambda row: row.leaving,
    }
    if order not in bounds:
        return found
    bound = bounds[order]
    return tuple(sorted(found, key=lambda row: estimate.low if (estimate := bound(row)) else -1.0, reverse=True))


def costs(by_channel: pd.DataFrame, per_contact: Mapping[str, float]) -> dict[str, float] | None:
    """Cost of each reason's contacts; None where no cost is set. A contact with two reasons counts in both.

    Args:
        by_channel: As of `marts_reasons.slices` by channel.
        per_contact: Cost of a contact by channel; other channels cost nothing that is known.
    """
    if not per_contact:
        return None
    each = by_channel["value"].map(lambda channel: per_contact.get(channel, 0.0)).astype(float)
    cost = by_channel["contacts"] * each
    return {str(reason): float(total) for reason, total in cost.groupby(by_channel["reason"]).sum().items()}


def share(estimate: Interval | None) -> str:
    """`14.0 % (13.1 to 15.0)`, or a dash."""
    if estimate is None:
        return "–"
    low, high = words.decimal(100 * estimate.low), words.decimal(100 * estimate.high)
    return f"{words.percent(estimate.value)} ({words.bounds(low, high)})"


def per_hundred(estimate: Interval | None) -> str:
    """A rate per 100 with its interval, or a dash."""
    if estimate is None:
        return "–"
    value, low, high = (words.decimal(100 * each, 2) for each in _ends(estimate))
    return f"{value} ({words.bounds(low, high)})"


def change(estimate: Interval | None) -> str:
    """Change of a share in points, with an arrow where it is clear."""
    if estimate is None:
        return "–"
    sign = "≈" if not estimate.excludes_zero else "▲" if estimate.value > 0 else "▼"
    value, low, high = (words.signed(100 * each, 1) for each in _ends(estimate))
    return f"{sign} {value} ({words.bounds(low, high)})"


def _ends(estimate: Interval) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high
