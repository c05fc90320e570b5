"""Blocks of the reasons page."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from voc.app import (
    access,
    charts,
    components,
    downloads,
    queries,
    reader,
    reason_charts,
    reason_rows,
    sentences,
    url,
    words,
)
from voc.app.filters import View
from voc.app.pages import CONTACTS
from voc.app.reason_rows import ReasonRow
from voc.app.words import counted
from voc.i18n import _, ngettext
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts import Totals

SHORT_LIST = 12
"""Reasons that the heat map shows before somebody asks for all."""
MOST_SLICES = 8
_KINDS: dict[str, Callable[[str], str]] = {
    "channel": words.channel,
    "product": words.product,
    "segment": words.segment,
    "language": words.language,
}


def rows(reasons: pd.DataFrame, totals: Totals, before: Totals | None, view: View) -> tuple[ReasonRow, ...]:
    """The reasons of the view, with costs where the workspace sets them."""
    workspace = queries.workspace()
    per_contact = {str(channel): cost for channel, cost in workspace.config.costs.per_contact.items()}
    costs = None
    if per_contact:
        costs = reason_rows.costs(queries.reason_slices(view.selection, "channel"), per_contact)
    least = workspace.config.privacy.least_customers
    return reason_rows.rows(reasons, workspace.taxonomy, totals, before, least, costs)


def class_tiles(totals: Totals, view: View) -> None:
    """How much of the contacts asks for what kind of answer."""
    found = queries.reason_classes(view.selection)
    used = {str(reason.class_) for reason in queries.workspace().taxonomy.reasons.values()}
    with st.grid(4, min_column_width=160, gap="small"):
        for class_, (name, meaning) in words.CLASSES.items():
            estimate = intervals.share(found.get(class_, 0), totals.scored)
            if class_ in used and estimate is not None:
                components.tile(
                    _(name),
                    words.percent(estimate.value),
                    note=f"{words.between(estimate)} · n = {words.count(found.get(class_, 0))}",
                    help=" ".join((_("Share of scored contacts with a reason of this class."), _(meaning))),
                )


def picture(found: tuple[ReasonRow, ...], compared: bool) -> None:
    """Areas and reasons by their size; a click on a reason shows its movement."""
    with st.container(border=True):
        st.header(_("What are the contacts about?"), anchor=False)
        said = _(
            "The larger, the more contacts; a contact with two reasons stands in both. Click one to see how it moves."
        )
        if compared:
            said += " " + _("Orange: its share rose clearly. Blue: it fell clearly. Grey: no clear change.")
        st.caption(said)
        option, places = reason_charts.treemap(found, compared, reader.dark())
        opened = st.session_state.get("treemap_opened", 0)  # as in `overview.reasons_card`
        event = st.echarts_chart(
            option,
            height=420,
            on_select="rerun",
            key=f"treemap_{opened}",
            alt=_("Areas and contact reasons by their number of contacts"),
        )
    indices = [index for group in event["selection"]["selected"] for index in group["data_indices"]]
    picked = [reason for index in indices if index < len(places) and (reason := places[index])]
    if picked:
        _show("treemap_opened", opened, picked[0])


def course(found: tuple[ReasonRow, ...], view: View) -> None:
    """The chosen reason day by day, and the way to the contacts that it counts."""
    names = {row.reason: row.name for row in found}
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.header(_("How does a reason move?"), anchor=False, width="content")
            reason = url.one("reason", names, _("Choose a reason"))
        if reason is None:
            st.caption(_("Choose a reason here, or click one in the picture or in the table."))
            return
        row = next(each for each in found if each.reason == reason)
        st.markdown(sentences_of(row, view))
        _course(row, view)
        if row.contacts:
            st.page_link(
                CONTACTS.path,
                label=counted(ngettext("Read {count} contact", "Read {count} contacts", row.contacts), row.contacts),
                icon=":material/arrow_forward:",
                query_params=url.current(url.FILTERS) | {"reason": reason},
                help="",
            )


def sentences_of(row: ReasonRow, view: View) -> str:
    """The chosen reason in one sentence, as Markdown."""
    days = view.selection.days
    compared = counted(ngettext("{count} day", "{count} days", days), days) if view.before else ""
    return sentences.reason(row.name, row.contacts, row.customers, row.share, row.change, compared)


def table(found: tuple[ReasonRow, ...], totals: Totals, compared: bool, view: View) -> None:
    """All reasons with their figures; a click on one shows its movement."""
    config = queries.workspace().config
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        st.header(_("All reasons"), anchor=False, width="content")
        order = url.segments("order", reason_rows.ORDERS, _("Order"), "size")
    shown = reason_rows.ordered(found, order)
    frame = pd.DataFrame(
        {
            "reason": [words.visible(row.name) for row in shown],
            "area": [words.visible(row.shown_area) for row in shown],
            "class": [_(words.CLASSES[row.class_][0]) if row.class_ in words.CLASSES else "–" for row in shown],
            "contacts": [row.contacts for row in shown],
            "share": [reason_rows.share(row.share) for row in shown],
            "rate": [reason_rows.per_hundred(row.rate) for row in shown],
            **({"change": [reason_rows.change(row.change) for row in shown]} if compared else {}),
            "negative": [reason_rows.share(row.negative) for row in shown],
            "leaving": [reason_rows.share(row.leaving) for row in shown],
            **({"cost": [row.cost for row in shown]} if any(row.cost is not None for row in shown) else {}),
        }
    )
    styled = words.with_counts(frame, "contacts", *(["cost"] if "cost" in frame else []))
    if compared:
        styled = styled.map(_grey, subset=["change"])
    st.dataframe(
        styled,
        hide_index=True,
        column_config={
            "reason": st.column_config.ButtonColumn(  # as in `theme_views.table`
                _("Reason"), width=190, type="tertiary", alignment="left", key="reason_clicked"
            ),
            "area": st.column_config.TextColumn(_("Area"), width=120),
            "class": st.column_config.TextColumn(
                _("To do"), width=85, help=_("What the taxonomy says to do about it.")
            ),
            "contacts": st.column_config.NumberColumn(_("Contacts"), width=75),
            "share": st.column_config.TextColumn(
                _("Share"), width=150,
                help=_("Of the scored contacts, with a 95 % interval. Several reasons may be named."),
            ),
            "rate": st.column_config.TextColumn(
                _("Contact rate"), width=155,
                help=_("Customers who got in touch about it per 100 active customers of an average day."),
            ),
            "change": st.column_config.TextColumn(
                _("Change"), width=150,
                help=_(
                    "Of the share, in points against the period before. Intervals hold for all reasons together at "
                    "95 %. ≈, in grey: no clear change."
                ),
            ),
            "negative": st.column_config.TextColumn(
                _("Negative"), width=150, help=_("Share in which the customer is negative.")
            ),
            "leaving": st.column_config.TextColumn(
                _("Says they leave"), width=145, help=_("Share in which the customer says that they leave.")
            ),
            "cost": st.column_config.NumberColumn(
                _("Cost, {currency}").format(currency=words.visible(config.costs.currency)), width=95,
                help=_("Contacts times the cost of one on its channel, as set in voc.toml."),
            ),
        },
        alt=_("Contact reasons with size, rate, change, sentiment and stated intent"),
    )  # fmt: skip
    hidden = sum(row.hidden for row in shown)
    said = ngettext("n = {count} scored contact.", "n = {count} scored contacts.", totals.scored)
    notes = [counted(said, totals.scored), _("Click a reason to see how it moves.")]
    if hidden:
        notes.append(sentences.hidden(hidden, config.privacy.least_customers))
    if unknown := sentences.rate_unknown(view.selection):
        notes.append(unknown)
    st.caption(" ".join(notes))
    least = config.privacy.least_customers
    name = downloads.name("reasons", view.selection.first, view.selection.last)
    downloads.buttons(name, lambda: file(shown, least), downloads.floor(least))
    if clicked := st.session_state.get("reason_clicked"):
        st.query_params["reason"] = shown[clicked["row"]].reason
        st.rerun()


def file(found: tuple[ReasonRow, ...], least_customers: int) -> pd.DataFrame:
    """The table as a file: numbers as numbers, shares from 0 to 1; groups of too few customers left out."""
    table = pd.DataFrame(
        [
            {
                "reason_id": row.reason,
                "reason": row.name,
                "area": row.area,
                "class": row.class_,
                "contacts": row.contacts,
                "customers": row.customers,
                **_columns("share", row.share),
                **_columns("customers_per_active", row.rate),
                **_columns("change_of_share", row.change),
                **_columns("negative", row.negative),
                **_columns("says_they_leave", row.leaving),
                **({} if row.cost is None else {"cost": row.cost}),
            }
            for row in found
        ]
    )
    return downloads.without_small_groups(table, table["customers"], least_customers)


def by_slice(found: tuple[ReasonRow, ...], view: View) -> None:
    """Which part of the customers names which reason; a click opens the contacts of a cell."""
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.header(_("Who has which reason?"), anchor=False, width="content")
            by = url.segments("by", words.SLICES, _("Slices"), "channel")
        everything = len(found) > SHORT_LIST and st.session_state.get("all_cells", False)
        rows = found if everything else found[:SHORT_LIST]
        named = {row.reason: words.visible(row.name) for row in rows}
        frame = queries.reason_slices(view.selection, by)
        values = list(dict.fromkeys(frame["value"]))[:MOST_SLICES]
        slices = {value: words.visible(_KINDS[by](value)) for value in values}
        frame = frame[frame["reason"].isin(named) & frame["value"].isin(slices)]
        frame = frame.assign(name=frame["reason"].map(named), slice=frame["value"].map(slices))
        least = queries.workspace().config.privacy.least_customers
        cells = reason_charts.cells(frame, least)
        linked = by in url.FILTERS
        notes = [_("Share of the scored contacts of each slice that name the reason.")]
        if linked:
            notes.append(_("Click a cell to read its contacts."))
        if cells["hidden"].any():
            notes.append(sentences.hidden_cells(least))
        st.caption(" ".join(notes))
        opened = st.session_state.get("cells_opened", 0)  # as in `overview.reasons_card`
        event = st.vega_lite_chart(
            reason_charts.heat_map(cells, list(slices.values()), list(named.values()), reader.dark()),
            on_select="rerun",
            key=f"cells_{by}_{opened}",
            alt=_("Share of contacts by reason and slice"),
        )
        if len(found) > SHORT_LIST:
            st.toggle(_("All {count} reasons").format(count=len(found)), key="all_cells")
    picked = event["selection"].get("cell")
    if picked and linked:
        reason, value = picked[0]["reason"], picked[0]["value"]
        if not cells[(cells["reason"] == reason) & (cells["value"] == value)]["hidden"].all():
            st.session_state["cells_opened"] = opened + 1
            st.switch_page(CONTACTS.path, query_params=url.current(url.FILTERS) | {"reason": reason, by: value})


def _course(row: ReasonRow, view: View) -> None:
    daily = queries.reason_daily(view.selection, row.reason)
    usual = queries.baseline("reason", row.reason, view.selection.first)
    if len(usual) and queries.everybody(view.selection):
        alerts = [each for each in queries.emergence().alerts if (each.kind, each.group_id) == ("reason", row.reason)]
        frame = daily.merge(usual.drop(columns="customers"), on="day", how="left")
        frame["alert"] = [any(each.began <= day.date() <= each.last for each in alerts) for day in frame["day"]]
        frame["range"] = list(map(charts.usual_range, frame["lower"], frame["upper"]))
        opened = pd.DataFrame(
            {
                "day": pd.to_datetime([each.opened for each in alerts]),
                "test": [words.TESTS.get(each.test, each.test) for each in alerts],
            }
        )
        said = _(
            "Customers a day with this reason; paler bars are weekends. Grey line and band: what would be usual, and "
            "where {level} of usual days lie."
        )
        st.caption(said.format(level=words.percent(0.95, 0)))
        inside = opened[opened["day"] >= pd.Timestamp(view.selection.first)]
        alt = _("Customers a day with this reason, with the usual range")
        st.vega_lite_chart(charts.usual(frame, inside), alt=alt)
        for alert in alerts:
            st.markdown(f":material/notifications_active: {sentences.rise(alert)}")
        return
    said = _("Contacts a day with this reason. Paler bars are weekends.")
    if len(usual) and access.current().area is None:
        said += f" {sentences.usual_of_all()}"
    if view.before:
        said += f" {charts.grey_line(view.selection.days)}"
    st.caption(said)
    before = queries.reason_daily(view.before, row.reason) if view.before else None
    st.vega_lite_chart(charts.daily(daily, before), alt=_("Contacts a day with this reason"))


def _columns(name: str, estimate: Interval | None) -> dict[str, float | None]:
    if estimate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _grey(said: object) -> str:
    return f"color: {charts.SOFT[reader.dark()]}" if str(said).startswith(("≈", "–")) else ""


def _show(counter: str, opened: int, reason: str) -> None:
    """Put the reason into the URL and draw anew: a new picture, which does not hold the selection."""
    st.session_state[counter] = opened + 1
    st.query_params["reason"] = reason
    st.rerun()
