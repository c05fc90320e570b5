"""Blocks of the churn page: the list of today, one customer a row, and what it was worth before."""

import pandas as pd
import streamlit as st

from voc.app import churn_sentences, components, downloads, highlight, queries, url, words
from voc.app.filters import View
from voc.app.pages import CONTACT
from voc.app.url import Parameters
from voc.app.words import counted, escaped
from voc.i18n import N_, Texts, _, ngettext
from voc.inference.marts import ContactView, Span
from voc.inference.marts_churn import AtRisk, BackTest, CallList, Order
from voc.labels import Speaker
from voc.taxonomy import Taxonomy

MOST = 500
"""Customers that a list may hold."""
PAGE_SIZE = 20
ORDERS = Texts({"stated": N_("By what they say"), "risk": N_("By observed risk")})


def controls(default: int) -> tuple[int, Order]:
    """How many can be called, and which of the two signals decides; the second only where there is one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        capacity = url.number("capacity", _("The team can call"), default, MOST)
        by_risk = queries.at_risk() and url.segments("order", ORDERS, _("Order"), "stated") == "risk"
    return capacity, "risk" if by_risk else "stated"


def explained(found: BackTest | None, view: View, capacity: int) -> None:
    """How the back-test was done."""
    if found is not None and found.listed:
        with st.popover(_("How do we know?"), icon=":material/help:"):
            st.markdown(churn_sentences.how_tested(found, view.selection.days, capacity))


def rows(found: CallList, view: View) -> None:
    """One page of the list, and all of it as a file; each row leads to the contact that speaks for it."""
    pages = -(-len(found.customers) // PAGE_SIZE)
    start = (min(url.page(), max(pages, 1)) - 1) * PAGE_SIZE
    shown = found.customers[start : start + PAGE_SIZE]
    wanted = dict.fromkeys(each for row in shown for each in (row.stated_id or row.latest_id, row.latest_id))
    contacts = {contact.contact_id: contact for contact in queries.contacts_by_id(tuple(wanted))}
    parameters = url.current((*url.FILTERS, "capacity", "order"))
    taxonomy, horizon = queries.workspace().taxonomy, queries.horizon() if queries.at_risk() else None
    for row in shown:
        _row(row, contacts, parameters, taxonomy, horizon)
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            url.pager(pages)
    downloads.buttons(downloads.name("call-list", view.selection.first, view.selection.last), lambda: file(found))


def file(found: CallList) -> pd.DataFrame:
    """The whole list as a file; the two signals stand in columns of their own. What customers said stays in the app."""
    return pd.DataFrame(
        [
            {
                "customer_id": row.customer_id,
                "contact_id": row.stated_id or row.latest_id,
                "said_on": row.stated_on,
                "stated_intent": row.stated_probability,
                "observed_risk": row.risk,
            }
            for row in found.customers
        ]
    )


def nobody() -> None:
    """No customer has the signal that was asked for."""
    with st.container(border=True, gap="small"):
        st.header(_("Nobody to call"), anchor=False, icon=":material/check_circle:")
        st.caption(_("In these contacts no customer of today says that they leave. A longer period may hold some."))


def footer(span: Span, view: View) -> None:
    """What counts, and what the page's figures rest on."""
    said = _(
        "Contacts of {days} count. Customers who are gone are left out. What they say and what they may do are two "
        "answers: neither is worked into the other."
    )
    st.caption(said.format(days=words.days(view.selection.first, view.selection.last)))
    components.footer(span, queries.totals(view.selection))


def _row(
    row: AtRisk, contacts: dict[str, ContactView], parameters: Parameters, taxonomy: Taxonomy, horizon: int | None
) -> None:
    telling = contacts.get(row.stated_id or row.latest_id)
    if telling is None:
        return
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(
                CONTACT.path,
                label=escaped(row.customer_id),
                icon=":material/person:",
                query_params=parameters | {"contact": telling.contact_id},
                help="",
            )
            st.caption(
                escaped(
                    f"{words.channel(telling.channel)} · {words.product(telling.product)} · "
                    f"{words.language(telling.language)}"
                ),
                width="content",
            )
            for reason, _probability in telling.reasons[:3]:
                st.badge(escaped(taxonomy.name(reason)), color="blue")
        said, risk = st.columns([3, 1], gap="medium")
        with said:
            _stated(row, telling, contacts.get(row.latest_id))
        with risk:
            _risk(row, horizon)


def _stated(row: AtRisk, telling: ContactView, latest: ContactView | None) -> None:
    if row.stated_on is None:
        st.caption(_("Does not say that they leave"))
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(_("Leaving"), color="red", icon=":material/logout:")
            st.caption(churn_sentences.stated(row.stated_on, row.stated_probability), width="content")
    components.customer_text(quote(telling))
    if latest is not None and (direction := words.DIRECTIONS.get(latest.churn_direction or "")):
        own = latest.contact_id == telling.contact_id
        st.caption(direction if own else churn_sentences.later(latest.day, direction))


def _risk(row: AtRisk, horizon: int | None) -> None:
    if horizon is None:
        return
    st.caption(counted(ngettext("Observed risk, {count} day", "Observed risk, {count} days", horizon), horizon))
    st.badge("–" if row.risk is None else words.likelihood(row.risk), color="gray" if row.risk is None else "orange")


def quote(contact: ContactView) -> str:
    """The customer's own words that say so; of a contact without evidence its beginning."""
    found = contact.evidence
    if found is not None and found.turn < len(contact.turns):
        return highlight.excerpt(contact.turns[found.turn].text[found.begin : found.end])
    own = " ".join(turn.text for turn in contact.turns if turn.speaker == Speaker.CUSTOMER)
    return highlight.excerpt(own)
