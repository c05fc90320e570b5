"""The sentences of the journey page: templates as pure functions, tested like any code. They return Markdown."""

from voc.app import words
from voc.app.journey_charts import LEAST, between
from voc.app.words import counted, escaped, percent
from voc.i18n import N_, Texts, _, ngettext
from voc.inference import intervals
from voc.inference.hotspots import Hotspot
from voc.inference.intervals import Interval
from voc.inference.marts import NOT_STATED
from voc.inference.marts_journey import SOON_DAYS
from voc.inference.medians import Timing

STAGES = Texts(
    {
        "join": N_("Sign-up"),
        "activate": N_("Activation"),
        "use": N_("Use"),
        "pay": N_("Payment"),
        "support": N_("Support"),
        "leave": N_("Departure"),
    }
)
"""The usual stages by their ids, in the order in which customers go through them."""
_WORST = {
    "back": N_(
        "**{stage}** and **{reason}** is worst: {share} of customers come back within {days} days ({range}), elsewhere "
        "{elsewhere}."
    ),
    "negative": N_(
        "**{stage}** and **{reason}** is worst: {share} of contacts are negative ({range}), elsewhere {elsewhere}."
    ),
}
_NONE_WORST = {
    "back": N_("No stage and reason is worse beyond chance: {share} of customers come back within {days} days."),
    "negative": N_("No stage and reason is worse beyond chance: {share} of contacts are negative."),
}
_CAPTIONS = {
    "back": N_(
        "Share of the customers of a cell who got in touch again for the same reason within {days} days; n is those "
        "customers."
    ),
    "negative": N_("Share of the contacts of a cell that are negative; n is those contacts."),
    "rate": N_("Customers of a cell per 100 active customers of an average day; n is those customers."),
}


def stage(value: str) -> str:
    """Name of a stage; of one that is not among the usual ones what the source calls it."""
    if value == NOT_STATED:
        return _("Not stated")
    return STAGES.get(value.lower(), value)


def place(value: str) -> int:
    """Where a stage stands on the way; unknown ones behind the usual ones."""
    known = list(STAGES)
    return known.index(value.lower()) if value.lower() in known else len(known)


def worst(measure: str, found: Hotspot, stage_name: str, reason: str) -> str:
    """Where it hurts most, beyond chance."""
    return _(_WORST[measure]).format(
        stage=escaped(stage_name), reason=escaped(reason), share=percent(found.share.value),
        range=words.between(found.share), elsewhere=percent(found.elsewhere), days=SOON_DAYS,
    )  # fmt: skip


def none_worst(measure: str, overall: float) -> str:
    """Nowhere beyond chance."""
    return _(_NONE_WORST[measure]).format(share=percent(overall), days=SOON_DAYS)


def most(share: Interval, stage_name: str, reason: str) -> str:
    """Which cell brings the most customers, as a contact rate."""
    return _("**{stage}** and **{reason}** brings the most customers: {rate} per 100 active ones ({range}).").format(
        stage=escaped(stage_name), reason=escaped(reason), rate=words.decimal(100 * share.value, 2),
        range=between(share, "rate"),
    )  # fmt: skip


def too_few() -> str:
    """No cell has enough for a share."""
    return _("In no stage and reason are there {least} to compare yet; a longer period may hold more.").format(
        least=LEAST
    )


def stuck(found: Hotspot | None, stage_name: str) -> str:
    """In which stage customers get stuck: where most come back, beyond chance."""
    if found is None:
        return _("In no stage do more customers come back than chance explains.")
    return _(
        "In **{stage}** customers get stuck most: {share} come back within {days} days ({range}), elsewhere "
        "{elsewhere}."
    ).format(
        stage=escaped(stage_name), share=percent(found.share.value), range=words.between(found.share),
        elsewhere=percent(found.elsewhere), days=SOON_DAYS,
    )  # fmt: skip


def caption(measure: str) -> str:
    """What the cells of the heat map say."""
    return _(_CAPTIONS[measure]).format(days=SOON_DAYS)


def without_stage(number: int, contacts: int) -> str:
    """How many contacts are in no cell."""
    said = ngettext(
        "{count} of {contacts} contacts ({share}) names no stage and is not in these figures.",
        "{count} of {contacts} contacts ({share}) name no stage and are not in these figures.",
        number,
    )
    return counted(said, number, contacts=words.count(contacts), share=percent(number / contacts))


def how_known() -> str:
    """How the ranking and the figures are made, for whoever asks."""
    return " ".join(
        [
            _(
                "A cell is worst where its share lies above that of all others together beyond chance, with 95 % for "
                "all cells at once (Clopper-Pearson, MOVER, Bonferroni), and the order is that of the lower bounds of "
                "these differences: the largest share among many small cells would mostly be luck."
            ),
            _(
                "Each customer counts once in a cell, by the first contact there; whoever was in touch less than "
                "{days} days before the newest contact is left out, since it is not known yet whether they come back."
            ).format(days=SOON_DAYS),
            _("In a cell coming back means the same reason, in a stage the same stage, on any channel."),
            _("Ranges are 95 % intervals: Wilson's of shares, order statistics of medians."),
            _("That customers come back does not say that the stage is the cause of it."),
        ]
    )


def share(estimate: Interval | None, n: int, clear: bool = False) -> str:
    """`▲ 29.8 % (27.6 to 32.0) · 1,649`, or that it is too few; the mark where it is clearly worse."""
    if estimate is None:
        return "–"
    if n < LEAST:
        said = _("Too few (< {least})").format(least=LEAST)
        return f"{said} · {words.count(n)}"
    low, high = (words.decimal(100 * bound) for bound in (estimate.low, estimate.high))
    return f"{'▲ ' if clear else ''}{percent(estimate.value)} ({words.bounds(low, high)}) · {words.count(n)}"


def rate(customers: int, active: int) -> str:
    """Customers per 100 active ones, with the interval and how many they are."""
    estimate = intervals.share(customers, active)
    if estimate is None:
        return "–"
    spread = words.bounds(words.decimal(100 * estimate.low), words.decimal(100 * estimate.high))
    return f"{words.decimal(100 * estimate.value)} ({spread}) · {words.count(customers)}"


def timing(found: Timing | None) -> str:
    """A median with its interval and n, or a dash."""
    if found is None:
        return "–"
    if found.n < LEAST:
        said = _("Too few (< {least})").format(least=LEAST)
        return f"{said} · {words.count(found.n)}"
    return f"{words.lasting(found.median.value)} ({words.lasting_between(found.median)}) · {words.count(found.n)}"
