"""Blocks of the journey page: stages by reasons on rates, and the stages one by one."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from voc.app import (
    components,
    contact_list,
    downloads,
    journey_charts,
    journey_sentences,
    queries,
    reader,
    sentences,
    url,
    words,
)
from voc.app.filters import View
from voc.app.pages import CONTACTS
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.inference.hotspots import Hotspot, hotspots
from voc.inference.marts import NOT_STATED, Totals
from voc.inference.marts_journey import SOON_DAYS, Stage

SHORT_LIST = 10
"""Reasons that the heat map shows before somebody asks for all."""


@dataclass(frozen=True)
class Journey:
    """What the page shows of a selection."""

    measure: str
    frame: pd.DataFrame
    """As of `marts_journey.cells`, with columns column and name: what stage and reason are called."""
    cells: pd.DataFrame
    """The same rows as of `journey_charts.cells`."""
    stages: tuple[Stage, ...]
    """With a name, in the order in which customers go through them."""
    without: int
    """Contacts of no stage."""
    counts: list[tuple[int, int]]
    """Of each cell what is counted, and out of how many."""
    spots: tuple[Hotspot, ...]
    """Shown cells that are clearly worse than all others, surest first."""


def choice(totals: Totals) -> str:
    """Which rate the cells show. A contact rate needs to know how many customers there are."""
    offered = {key: name for key, name in journey_charts.MEASURES.items() if key != "rate" or totals.active}
    return url.segments("show", offered, _("Rate"), "back")


def fetch(view: View, totals: Totals, measure: str) -> Journey:
    """The stages and cells of the view."""
    workspace = queries.workspace()
    frame = queries.stage_cells(view.selection)
    frame = frame.assign(
        column=[words.visible(journey_sentences.stage(value)) for value in frame["stage"]],
        name=[words.visible(workspace.taxonomy.name(reason)) for reason in frame["reason"]],
    )
    least = workspace.config.privacy.least_customers
    counts = journey_charts.counts(frame, measure, round(totals.active))
    clear = journey_charts.worst(counts, measure)
    cells = journey_charts.cells(frame, measure, counts, clear, least)
    known = queries.stages(view.selection)
    named = sorted(
        (each for each in known if each.stage != NOT_STATED),
        key=lambda each: (journey_sentences.place(each.stage), -each.contacts, each.stage),
    )
    without = sum(each.contacts for each in known if each.stage == NOT_STATED)
    cells = cells.assign(column=frame["column"], name=frame["name"])
    spots = tuple(spot for spot in clear if cells["clear"].iloc[spot.place])
    return Journey(measure, frame, cells, tuple(named), without, counts, spots)


def said(found: Journey, totals: Totals) -> tuple[str, ...]:
    """Where it hurts most, and how many contacts are in no stage."""
    more = (journey_sentences.without_stage(found.without, totals.contacts),) if found.without else ()
    return (_headline(found), *more)


def explained() -> None:
    """How the ranking is made."""
    with st.popover(_("How do we know?"), icon=":material/help:"):
        st.markdown(journey_sentences.how_known())


def picture(found: Journey, view: View) -> None:
    """Stages by reasons; a click opens the contacts of a cell."""
    order = _reasons(found)
    everything = len(order) > SHORT_LIST and st.session_state.get("all_journey", False)
    shown = order if everything else order[:SHORT_LIST]
    cells = found.cells[found.cells["reason"].isin(shown)]
    names = [queries.workspace().taxonomy.name(reason) for reason in shown]
    least = queries.workspace().config.privacy.least_customers
    with st.container(border=True):
        st.header(_("Which stage, for which reason?"), anchor=False)
        notes = [journey_sentences.caption(found.measure)]
        if cells["clear"].any():
            notes.append(_("▲: clearly worse than all others."))
        if (cells["state"] == "few").any():
            notes.append(_("Hatched: too few (< {least}) for a share.").format(least=journey_charts.LEAST))
        if (cells["state"] == "hidden").any():
            notes.append(_("×: fewer than {least} customers, who could be guessed.").format(least=least))
        notes.append(_("Click a cell to read its contacts."))
        st.caption(" ".join(notes))
        opened = st.session_state.get("journey_opened", 0)  # as in `overview.reasons_card`
        event = st.vega_lite_chart(
            journey_charts.heat_map(
                cells,
                found.measure,
                [words.visible(journey_sentences.stage(each.stage)) for each in found.stages],
                [words.visible(name) for name in names],
                reader.dark(),
            ),
            on_select="rerun",
            key=f"journey_{found.measure}_{opened}",
            alt=_("Rates by stage of the customer journey and contact reason"),
        )
        if len(order) > SHORT_LIST:
            st.toggle(_("All {count} reasons").format(count=len(order)), key="all_journey")
        days = (view.selection.first, view.selection.last)
        downloads.buttons(downloads.name("journey", *days), lambda: file(found, least), downloads.floor(least))
    if picked := event["selection"].get("cell"):
        stage, reason = picked[0]["stage"], picked[0]["reason"]
        here = cells[(cells["stage"] == stage) & (cells["reason"] == reason)]
        if len(here) and not (here["state"] == "hidden").all():
            st.session_state["journey_opened"] = opened + 1
            st.switch_page(CONTACTS.path, query_params=link(found.measure, stage, reason))


def link(measure: str, stage: str, reason: str | None = None) -> url.Parameters:
    """Parameters of the contacts page that list the contacts of a stage or cell."""
    parameters = url.current(url.FILTERS) | {"stage": stage or contact_list.NO_STAGE}
    if reason is not None:
        parameters["reason"] = reason
    return parameters | ({"sentiment": "negative"} if measure == "negative" else {})


def file(found: Journey, least_customers: int) -> pd.DataFrame:
    """All cells as a file: counts as numbers; those of too few customers left out."""
    frame = found.frame
    table = pd.DataFrame(
        {
            "stage": frame["stage"],
            "reason_id": frame["reason"],
            "reason": frame["name"],
            "contacts": frame["contacts"],
            "customers": frame["customers"],
            "negative": frame["negative"],
            "customers_followed": frame["asked"],
            "customers_back": frame["back"],
        }
    )
    few = (frame["asked"] > 0) & (frame["asked"] < least_customers)
    table[["customers_followed", "customers_back"]] = table[["customers_followed", "customers_back"]].mask(few)
    return downloads.without_small_groups(table, table["customers"], least_customers)


def stages(found: Journey, totals: Totals, view: View) -> None:
    """The stages one by one: how many, how they feel, who comes back, how long it takes."""
    least = queries.workspace().config.privacy.least_customers
    shown = [each for each in found.stages if each.customers >= least]
    back = hotspots([(each.back, each.asked) for each in shown], journey_charts.LEAST)
    negative = hotspots([(each.negative, each.scored) for each in shown], journey_charts.LEAST)
    worst = back[0] if back else None
    with st.container(border=True):
        st.header(_("Where do customers get stuck?"), anchor=False)
        st.markdown(journey_sentences.stuck(worst, _name(shown[worst.place]) if worst else ""))
        if shown:
            _table(shown, back, negative, round(totals.active))
        notes = [_("After each range its n. ▲: clearly worse than the other stages.")]
        if hidden := len(found.stages) - len(shown):
            text = ngettext(
                "Not shown: {count} stage of fewer than {least} customers.",
                "Not shown: {count} stages of fewer than {least} customers.",
                hidden,
            )
            notes.append(words.counted(text, hidden, least=words.count(least)))
        if unknown := sentences.rate_unknown(view.selection):
            notes.append(unknown)
        st.caption(" ".join(notes))
        with st.container(horizontal=True, gap="small"):
            for each in shown:
                _read(_name(each), link("", each.stage))
            if found.without:
                _read(_("No stage"), link("", NOT_STATED))
        days = (view.selection.first, view.selection.last)
        name = downloads.name("journey-stages", *days)
        downloads.buttons(name, lambda: stage_file(tuple(shown), round(totals.active), least), downloads.floor(least))


def stage_file(found: tuple[Stage, ...], active: int, least_customers: int) -> pd.DataFrame:
    """The stages as a file: numbers as numbers, shares from 0 to 1, times in seconds."""
    rows = []
    for each in found:
        row: dict[str, object] = {"stage": each.stage, "contacts": each.contacts, "customers": each.customers}
        followed = each.asked if each.asked >= least_customers else 0
        shares = {
            "customers_per_active": (each.customers, active, active),
            "negative": (each.negative, each.scored, each.scored),
            "came_back": (each.back, followed, followed),
        }
        for name, (count, n, said_n) in shares.items():
            share = intervals.share(count, n)
            row |= {
                name: share.value if share else None,
                f"{name}_low": share.low if share else None,
                f"{name}_high": share.high if share else None,
                f"{name}_n": said_n,
            }
        for name, timing in (("first_response_s", each.first_response), ("duration_s", each.duration)):
            median = timing.median if timing else None
            row |= {
                name: median.value if median else None,
                f"{name}_low": median.low if median else None,
                f"{name}_high": median.high if median else None,
                f"{name}_n": timing.n if timing else 0,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def no_stages() -> None:
    """Contacts are there, what they say of the journey is not."""
    with st.container(border=True, gap="small"):
        st.header(_("No stages of the journey"), anchor=False, icon=":material/route:")
        st.markdown(
            _(
                "No contact says in which stage of the journey its customer was. It stands in the field "
                "`journey_stage` of the source, for example join, activate, use, pay, support or leave:"
            )
        )
        st.code(components.command_line("ingest", "contacts.csv"), language=None, width="content", wrap_lines=True)


def _headline(found: Journey) -> str:
    shown = found.cells[found.cells["state"] == "shown"]
    if shown.empty:
        return journey_sentences.too_few()
    if found.measure == "rate":
        rates = {place: intervals.share(*found.counts[place]) for place in shown.index}
        known = {place: rate for place, rate in rates.items() if rate is not None}
        place = max(known, key=lambda each: known[each].low)
        return journey_sentences.most(known[place], *_named(found, place))
    if found.spots:
        return journey_sentences.worst(found.measure, found.spots[0], *_named(found, found.spots[0].place))
    overall = sum(count for count, _n in found.counts) / max(sum(n for _count, n in found.counts), 1)
    return journey_sentences.none_worst(found.measure, overall)


def _named(found: Journey, place: int) -> tuple[str, str]:
    row = found.frame.iloc[place]
    return str(row["column"]), str(row["name"])


def _reasons(found: Journey) -> list[str]:
    """Those that hurt clearly first, the surest of them before the others, then the most frequent."""
    clear = [str(found.frame["reason"].iloc[spot.place]) for spot in found.spots]
    sizes = found.frame.groupby("reason")["contacts"].sum().sort_values(ascending=False, kind="stable")
    return list(dict.fromkeys([*clear, *map(str, sizes.index)]))


def _table(shown: list[Stage], back: tuple[Hotspot, ...], negative: tuple[Hotspot, ...], active: int) -> None:
    """Stages in which customers get stuck first, the others as customers go through them."""
    stuck, angry = [spot.place for spot in back], {spot.place for spot in negative}
    order = sorted(range(len(shown)), key=lambda place: stuck.index(place) if place in stuck else len(shown) + place)
    rows = [(place, shown[place]) for place in order]
    responses, durations = any(each.first_response for each in shown), any(each.duration for each in shown)
    frame = pd.DataFrame(
        {
            "stage": [_name(each) for _place, each in rows],
            "back": [
                journey_sentences.share(intervals.share(each.back, each.asked), each.asked, place in stuck)
                for place, each in rows
            ],
            "negative": [
                journey_sentences.share(intervals.share(each.negative, each.scored), each.scored, place in angry)
                for place, each in rows
            ],
            **({"rate": [journey_sentences.rate(each.customers, active) for _place, each in rows]} if active else {}),
            **(
                {"first": [journey_sentences.timing(each.first_response) for _place, each in rows]} if responses else {}
            ),
            **({"lasts": [journey_sentences.timing(each.duration) for _place, each in rows]} if durations else {}),
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        key="journey_stages",
        column_config={
            "stage": st.column_config.TextColumn(_("Stage"), width=95),
            "back": st.column_config.TextColumn(
                _("Come back"), width=200,
                help=_(
                    "Customers who got in touch again in the same stage within {days} days of their first contact "
                    "in it."
                ).format(days=SOON_DAYS),
            ),
            "negative": st.column_config.TextColumn(
                _("Negative"), width=195, help=_("Share in which the customer is negative.")
            ),
            "rate": st.column_config.TextColumn(
                _("Contact rate"), width=165, help=_("Customers in this stage per 100 active ones of an average day.")
            ),
            "first": st.column_config.TextColumn(
                _("First response"), width=185, help=_("Median over all channels; half waited longer.")
            ),
            "lasts": st.column_config.TextColumn(
                _("To the end"), width=185, help=_("Median time from a contact's beginning to its end.")
            ),
        },
        alt=_("Stages of the journey with the share that comes back, mood, contact rate and times"),
    )  # fmt: skip


def _name(stage: Stage) -> str:
    return words.visible(journey_sentences.stage(stage.stage))


def _read(name: str, parameters: url.Parameters) -> None:
    st.page_link(
        CONTACTS.path, label=words.escaped(name), icon=":material/arrow_forward:", query_params=parameters, help="",
        width="content",
    )  # fmt: skip
